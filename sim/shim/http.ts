/**
 * Stand-in for the server half of the SDK's classic `http`, above `socket`. It behaves like the original, its traps
 * included: README.md lists them.
 */
import { Listener, Socket, type Writable } from "./socket";
import Timer from "./timer";

type BodyType = StringConstructor | ArrayBufferConstructor | boolean | undefined;
type Body = string | ArrayBuffer | true | undefined;

interface Response {
	status?: number;
	reason?: unknown;
	/** Name, value, name, value … */
	headers?: (string | number)[];
	/** Also a String object. */
	body?: unknown;
}

type Callback = (this: Connection, message: number, first?: unknown, second?: unknown) => unknown;

type Phase = "request line" | "headers" | "body" | "prepare" | "sending" | "ending" | "complete" | "closed";

/** Bytes that a chunk costs beside its data: eight is what the original reckons with. */
const CHUNK_OVERHEAD = 8;

/** Reason phrases of HTTP/1.1 (RFC 9110, section 15); any other status goes out as OK. */
const PHRASES: Readonly<Record<number, string>> = {
	100: "Continue",
	101: "Switching Protocols",
	200: "OK",
	201: "Created",
	202: "Accepted",
	203: "Non-Authoritative Information",
	204: "No Content",
	205: "Reset Content",
	206: "Partial Content",
	207: "Multi-Status",
	300: "Multiple Choices",
	301: "Moved Permanently",
	302: "Found",
	303: "See Other",
	304: "Not Modified",
	305: "Use Proxy",
	307: "Temporary Redirect",
	400: "Bad Request",
	401: "Unauthorized",
	402: "Payment Required",
	403: "Forbidden",
	404: "Not Found",
	405: "Method Not Allowed",
	406: "Not Acceptable",
	407: "Proxy Authentication Required",
	408: "Request Timeout",
	409: "Conflict",
	410: "Gone",
	411: "Length Required",
	412: "Precondition Failed",
	413: "Request Entity Too Large",
	414: "Request-URI Too Long",
	415: "Unsupported Media Type",
	416: "Requested Range Not Satisfiable",
	417: "Expectation Failed",
	500: "Internal Server Error",
	501: "Not Implemented",
	502: "Bad Gateway",
	503: "Service Unavailable",
	504: "Gateway Timeout",
	505: "HTTP Version Not Supported",
};

function sizeOf(body: string | ArrayBuffer): number {
	return typeof body === "string" ? body.length : body.byteLength;
}

function join(buffers: ArrayBuffer[]): ArrayBuffer {
	const joined = new Uint8Array(buffers.reduce((total, buffer) => total + buffer.byteLength, 0));
	let offset = 0;
	for (const buffer of buffers) {
		joined.set(new Uint8Array(buffer), offset);
		offset += buffer.byteLength;
	}
	return joined.buffer;
}

/** One accepted connection, the `this` of the server's callback: one request, one response. */
class Connection {
	socket: Socket | undefined;
	server: Server | undefined;
	callback: Callback | undefined;
	#phase: Phase = "request line";
	#line = "";
	/** Bytes of the request's body still to come; undefined without a body. */
	#total: number | undefined;
	#bodyType: BodyType;
	#buffers: unknown[] = [];
	#body: Body;
	#framing: "whole" | "chunked" | "counted" | "none" = "none";
	#endTimer: ReturnType<typeof Timer.set> | undefined;

	constructor(socket: Socket, server: Server, callback: Callback | undefined) {
		this.socket = socket;
		this.server = server;
		this.callback = callback;
		socket.callback = (message, value) => this.#onMessage(message, value ?? 0);
	}

	/** For bodies that the application streams (headersComplete returned true). */
	read(type?: StringConstructor | NumberConstructor | ArrayBufferConstructor | null, limit?: number | string): unknown {
		const socket = this.#open();
		const available = socket.read();
		if (type === undefined) return available;
		const result = socket.read(type, limit);
		if (this.#total) {
			this.#total -= available - socket.read();
			// The original schedules the end of its client half here, which shuts this connection in the next round.
			if (!this.#total) {
				this.#endTimer = Timer.set(() => {
					if (this.#endTimer) this.close();
				});
			}
		}
		return result;
	}

	close(): void {
		this.socket?.close();
		this.socket = undefined;
		this.callback = undefined;
		this.server = undefined;
		this.#buffers = [];
		this.#endTimer = undefined;
		this.#phase = "closed";
	}

	/** Gives up the socket without closing it. */
	release(): Socket {
		const socket = this.#open();
		delete socket.callback;
		this.socket = undefined;
		this.close();
		return socket;
	}

	/** Passes a message to the application; a connection that was closed meanwhile throws, as in the original. */
	tell(message: number, first?: unknown, second?: unknown): unknown {
		if (!this.callback) throw new TypeError("no callback");
		return this.callback(message, first, second);
	}

	#open(): Socket {
		if (!this.socket) throw new TypeError("no socket");
		return this.socket;
	}

	#onMessage(message: number, value: number): void {
		if (!this.socket) return;
		let gone = message === Socket.disconnected;
		try {
			if (message === Socket.readable ? this.#receive(value) : message === Socket.writable) this.#respond();
		} catch {
			gone = true;
		}
		if (gone) this.#finish(this.#phase === "complete" ? Server.responseComplete : Server.error);
	}

	#finish(message: number): void {
		try {
			this.tell(message);
		} finally {
			this.#leave();
		}
	}

	#leave(): void {
		if (!this.server) throw new TypeError("no server");
		this.server.connections.splice(this.server.connections.indexOf(this), 1);
		this.close();
	}

	/** Takes received data. @returns whether the response is to be sent now */
	#receive(count: number): boolean {
		if (this.#phase === "request line" || this.#phase === "headers") {
			if (!this.#receiveHead()) return false;
			const type = this.tell(Server.headersComplete) as BodyType;
			if (this.#total === undefined) {
				this.#phase = "prepare";
				return true;
			}
			this.#bodyType = type;
			this.#phase = "body";
			return this.#receiveBody(this.#open().read());
		}
		return this.#phase === "body" && this.#receiveBody(count);
	}

	/**
	 * Reads lines until the empty one. A segment that ends exactly at a line's end makes the next read throw, which
	 * closes the connection.
	 * @returns whether the head is complete
	 */
	#receiveHead(): boolean {
		for (;;) {
			const socket = this.#open();
			const line = this.#line + socket.read(String, "\n");
			this.#line = "";
			if (!line.endsWith("\n")) {
				this.#line = line;
				return false;
			}
			if (line === "\r\n") return true;
			if (this.#phase === "request line") {
				this.#receiveRequestLine(line);
				if (!this.socket) return false;
			} else this.#receiveHeader(line);
		}
	}

	#receiveRequestLine(line: string): void {
		const words = line.split(" ");
		const protocol = words.pop()?.trim();
		const method = words.shift();
		if (words.length < 1) throw new Error("unexpected status format");
		if (protocol !== "HTTP/1.1" && protocol !== "HTTP/1.0") throw new Error("bad protocol ID");
		this.tell(Server.status, words.join(" "), method);
		if (!this.socket) return;
		this.#total = undefined;
		this.#phase = "headers";
	}

	#receiveHeader(line: string): void {
		const colon = line.indexOf(":");
		const name = line.substring(0, colon).trim().toLowerCase();
		const value = line.substring(colon + 1).trim();
		if (name === "content-length") this.#total = Number.parseInt(value, 10) || this.#total;
		if (name === "transfer-encoding" && value.toLowerCase() === "chunked") throw new Error("chunked request body not implemented");
		this.tell(Server.header, name, value);
	}

	#receiveBody(available: number): boolean {
		const socket = this.#open();
		const total = this.#total ?? 0;
		const count = Math.min(available, total);
		if (count === 0) return false;
		if (this.#bodyType === true) this.tell(Server.requestFragment, socket.read());
		else {
			if (this.#bodyType === String || this.#bodyType === ArrayBuffer) this.#buffers.push(socket.read(this.#bodyType, count));
			else socket.read(null, count);
			this.#total = total - count;
		}
		if (this.#total !== 0) return false;
		const data = this.#takeBody();
		this.#total = undefined;
		this.#phase = "prepare";
		this.tell(Server.requestComplete, data);
		return true;
	}

	#takeBody(): string | ArrayBuffer | undefined {
		const buffers = this.#buffers;
		this.#buffers = [];
		if (this.#bodyType === String) return buffers.join("");
		if (this.#bodyType === ArrayBuffer) return join(buffers as ArrayBuffer[]);
		return undefined;
	}

	/** Goes on with the response as far as the send buffer allows. */
	#respond(): void {
		let first = false;
		if (this.#phase === "prepare") {
			this.#sendHead(this.tell(Server.prepareResponse) as Response | undefined);
			this.#phase = "sending";
			first = true;
			const body = this.#body;
			if (body && body !== true && sizeOf(body) > this.#room()) return;
		}
		if (this.#phase === "sending") this.#sendBody(first);
		if (this.#phase === "ending") {
			this.#phase = "complete";
			if (this.#framing === "chunked") this.#open().write("0\r\n\r\n");
			return;
		}
		if (this.#phase === "complete") this.#finish(Server.responseComplete);
	}

	#room(): number {
		return this.#open().write() - (this.#framing === "chunked" ? CHUNK_OVERHEAD : 0);
	}

	#sendHead(response: Response | undefined): void {
		const status = response?.status ?? 200;
		const reason = response?.reason?.toString() ?? PHRASES[status] ?? "OK";
		const parts = [`HTTP/1.1 ${status} ${reason}\r\nconnection: close\r\n`];
		if (response) {
			let length: number | undefined;
			const headers = response.headers ?? [];
			for (let i = 0; i < headers.length; i += 2) {
				const name = String(headers[i]);
				const value = headers[i + 1];
				if (value === undefined) throw new TypeError("header without a value");
				parts.push(`${name}: ${value}\r\n`);
				if (name.toLowerCase() === "content-length") length = Number.parseInt(String(value), 10);
			}
			this.#body = response.body instanceof String ? response.body.valueOf() : (response.body as Body);
			if (this.#body === true) {
				this.#framing = length === undefined ? "chunked" : "counted";
				if (length === undefined) parts.push("transfer-encoding: chunked\r\n");
			} else {
				this.#framing = "whole";
				// The length of a string is not that of its bytes: text beyond ASCII arrives cut off.
				parts.push(`content-length: ${this.#body ? sizeOf(this.#body) : 0}\r\n`);
			}
		} else parts.push("content-length: 0\r\n");
		parts.push("\r\n");
		this.#open().write(...(parts as Writable[]));
	}

	#sendBody(first: boolean): void {
		const socket = this.#open();
		const body = (this.#body === true ? this.tell(Server.responseFragment, this.#room()) : this.#body) as string | ArrayBuffer | undefined;
		const count = body === undefined ? 0 : sizeOf(body);
		if (body === undefined || count === 0) {
			if (!first) this.#phase = "ending";
			return;
		}
		if (this.#framing === "chunked") socket.write(count.toString(16).toUpperCase(), "\r\n", body, "\r\n");
		else socket.write(body);
		if (this.#framing === "whole") {
			this.#body = undefined;
			this.#phase = "complete";
		}
	}
}

export class Server {
	static readonly connection = 1;
	static readonly status = 2;
	static readonly header = 3;
	static readonly headersComplete = 4;
	static readonly requestFragment = 5;
	static readonly requestComplete = 6;
	static readonly prepareResponse = 8;
	static readonly responseFragment = 9;
	static readonly responseComplete = 10;
	static readonly error = -1;

	/** Open connections, detached ones excepted. */
	connections: Connection[] = [];
	/** Takes all messages of all connections, `this` being the connection. It is copied when a connection comes in. */
	declare callback?: Callback;
	readonly #listener: Listener;

	/** @param options port (80), address of the interface (all) */
	constructor(options: { port?: number; address?: string } = {}) {
		this.#listener = new Listener({ port: 80, ...options });
		this.#listener.callback = () => {
			const socket = new Socket({ listener: this.#listener, noDelay: true });
			const connection = new Connection(socket, this, this.callback);
			this.connections.push(connection);
			connection.tell(Server.connection);
		};
	}

	/** Stops listening; closes the open connections unless told not to. */
	close(connections = true): void {
		if (connections) {
			for (const connection of this.connections) {
				try {
					connection.close();
				} catch {
					// As in the original: the others are closed all the same.
				}
			}
			this.connections = [];
		}
		this.#listener.close();
	}

	/** Takes a connection out of the server. @returns its socket, without a callback @throws Error for a stranger */
	detach(connection: Connection): Socket {
		const index = this.connections.indexOf(connection);
		if (index < 0) throw new Error("not a connection of this server");
		this.connections.splice(index, 1);
		return connection.release();
	}
}

export default Object.freeze({ Server });
