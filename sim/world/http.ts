import { HTTPParser } from "http-parser-js";
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
	readonly #parser = new HTTPParser(HTTPParser.RESPONSE);
	readonly #body: Buffer[] = [];
	#head: { status: number; headers: Record<string, string> } | undefined;
	#complete = false;

	/** @param method of the request: an answer to HEAD has no body, whatever length it states */
	constructor(method = "GET") {
		this.#parser[HTTPParser.kOnHeadersComplete] = ({ statusCode, headers }) => {
			this.#head = { status: statusCode, headers: byName(headers) };
			if (method === "HEAD") this.#complete = true;
		};
		this.#parser[HTTPParser.kOnBody] = (bytes, offset, length) => {
			this.#body.push(Buffer.from(bytes.subarray(offset, offset + length)));
		};
		this.#parser[HTTPParser.kOnMessageComplete] = () => {
			this.#complete = true;
		};
	}

	/** Takes bytes; returns the response when it is complete. @throws Error when they are none */
	push(bytes: Buffer): HttpResponse | undefined {
		const result = this.#complete ? 0 : this.#parser.execute(bytes);
		if (typeof result !== "number") throw new Error(`not an HTTP response: ${result.message}`);
		return this.#response();
	}

	/** The connection has ended: a body without a length is complete now. */
	end(): HttpResponse | undefined {
		if (!this.#complete && this.#head) this.#parser.finish();
		return this.#response();
	}

	#response(): HttpResponse | undefined {
		if (!this.#complete || !this.#head) return undefined;
		return { ...this.#head, body: Buffer.concat(this.#body).toString("utf8") };
	}
}

/** Headers by their names in lower case, from the list of names and values in turn. */
function byName(list: readonly string[]): Record<string, string> {
	const headers: Record<string, string> = {};
	for (let i = 0; i < list.length; i += 2) headers[(list[i] ?? "").toLowerCase()] = list[i + 1] ?? "";
	return headers;
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
		this.#reader = new ResponseReader(request.method);
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
