import type { Ending, Handlers, TcpConnection } from "./tcp";

export interface HttpRequest {
	readonly method?: string;
	readonly path: string;
	readonly headers?: Readonly<Record<string, string>>;
	/** An object goes out as JSON. */
	readonly body?: string | Buffer | object;
}

export interface HttpResponse {
	readonly status: number;
	/** Names in lower case. */
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
}

/** Bytes of a request; `host` is used unless the headers name another one. */
export function encodeRequest(request: HttpRequest, host: string): Buffer {
	const headers = new Map<string, string>([["host", host]]);
	let body = Buffer.alloc(0);
	if (request.body !== undefined) {
		const { body: given } = request;
		if (typeof given === "string" || Buffer.isBuffer(given)) body = Buffer.from(given);
		else {
			body = Buffer.from(JSON.stringify(given));
			headers.set("content-type", "application/json");
		}
		headers.set("content-length", String(body.length));
	}
	for (const [name, value] of Object.entries(request.headers ?? {})) headers.set(name.toLowerCase(), value);
	const lines = [`${request.method ?? "GET"} ${request.path} HTTP/1.1`, ...[...headers].map(([name, value]) => `${name}: ${value}`)];
	return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), body]);
}

/** Reads one response as its bytes arrive. */
export class ResponseReader {
	#bytes = Buffer.alloc(0);
	#head: { status: number; headers: Record<string, string>; bodyAt: number } | undefined;

	/** Takes bytes; returns the response when it is complete. */
	push(bytes: Buffer): HttpResponse | undefined {
		this.#bytes = Buffer.concat([this.#bytes, bytes]);
		return this.#complete(false);
	}

	/** The connection has ended: a body without a length is complete now. */
	end(): HttpResponse | undefined {
		return this.#complete(true);
	}

	#complete(ended: boolean): HttpResponse | undefined {
		this.#head ??= readHead(this.#bytes);
		if (!this.#head) return undefined;
		const { status, headers, bodyAt } = this.#head;
		const rest = this.#bytes.subarray(bodyAt);
		let body: Buffer | undefined;
		if (headers["transfer-encoding"]?.toLowerCase() === "chunked") body = unchunk(rest);
		else if (headers["content-length"] !== undefined) {
			const length = Number(headers["content-length"]);
			if (rest.length >= length) body = rest.subarray(0, length);
		} else if (status === 204 || status === 304) body = Buffer.alloc(0);
		else if (ended) body = rest;
		return body && { status, headers, body: body.toString("utf8") };
	}
}

function readHead(bytes: Buffer): { status: number; headers: Record<string, string>; bodyAt: number } | undefined {
	const end = bytes.indexOf("\r\n\r\n");
	if (end < 0) return undefined;
	const [first = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
	const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1]);
	if (!status) throw new Error(`not an HTTP response: ${first}`);
	const headers: Record<string, string> = {};
	for (const line of lines) {
		const colon = line.indexOf(":");
		if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
	}
	return { status, headers, bodyAt: end + 4 };
}

function unchunk(bytes: Buffer): Buffer | undefined {
	const parts: Buffer[] = [];
	let at = 0;
	for (;;) {
		const end = bytes.indexOf("\r\n", at);
		if (end < 0) return undefined;
		const size = Number.parseInt(bytes.toString("latin1", at, end), 16);
		if (Number.isNaN(size)) throw new Error("a chunk has no length");
		at = end + 2;
		if (bytes.length < at + size + 2) return undefined;
		if (size === 0) return Buffer.concat(parts);
		parts.push(bytes.subarray(at, at + size));
		at += size + 2;
	}
}

/** One request under way: poll `done`, or let `World.http` wait for it. */
export class HttpExchange {
	response: HttpResponse | undefined;
	/** Why there is no response. */
	error: string | undefined;
	#reader = new ResponseReader();
	#connection: TcpConnection | undefined;

	get done(): boolean {
		return this.response !== undefined || this.error !== undefined;
	}

	/** @param open makes the connection with the handlers given */
	start(request: HttpRequest, host: string, open: (handlers: Handlers) => TcpConnection): void {
		this.#connection = open({ onData: (bytes) => this.#data(bytes), onClose: (ending) => this.#closed(ending) });
		this.#connection.send(encodeRequest(request, host));
	}

	/** Gives up: closes the connection. */
	cancel(why: string): void {
		if (this.done) return;
		this.error = why;
		this.#connection?.close();
	}

	#data(bytes: Buffer): void {
		if (this.done) return;
		try {
			this.response = this.#reader.push(bytes);
		} catch (error) {
			this.error = String(error);
		}
		if (this.done) this.#connection?.end();
	}

	#closed(ending: Ending): void {
		if (this.done) return;
		if (ending === "closed") this.response = this.#reader.end();
		if (!this.response) this.error = `connection ${ending}`;
	}
}
