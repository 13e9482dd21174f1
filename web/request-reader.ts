import { notUTF8At } from "./utf8";

/** Most bytes from the first of the request line to the empty line after the headers. */
export const HEAD_LIMIT = 2048;
/** Most bytes of a request's body. */
export const BODY_LIMIT = 4096;

const LINE_FEED = 10;
const SCHEME = "http://";

/** What a request says before its body; header values as sent, "" when absent. */
export interface RequestHead {
	method: string;
	/** Path and query, still percent-encoded. */
	target: string;
	host: string;
	accept: string;
	contentType: string;
	origin: string;
	authorization: string;
	/** Whether that is the house password; told by whoever checks it. */
	signedIn: boolean;
	/** It names languages, as browsers do and programs do not. */
	acceptsLanguage: boolean;
	/** The client waits for `100 Continue` before it sends the body. */
	expectsContinue: boolean;
	contentLength: number;
}

/** A request that cannot be served, and the answer it gets. */
export interface BadRequest {
	readonly status: number;
	readonly sentence: string;
}

/** `head`: the headers are complete; `body`: so is the body. */
export type Progress = "more" | "head" | "body" | BadRequest;

/**
 * Reads one HTTP/1.x request from the bytes of a connection. Pure: bytes in, values out.
 *
 * It holds at most one header line, and no body before `acceptBody` was called, so that the caller decides how many
 * bodies are in memory at once. What comes after the body is ignored: every connection carries one request.
 */
export class RequestReader {
	readonly head: RequestHead = {
		method: "",
		target: "",
		host: "",
		accept: "",
		contentType: "",
		origin: "",
		authorization: "",
		signedIn: false,
		acceptsLanguage: false,
		expectsContinue: false,
		contentLength: 0,
	};
	#step: "request line" | "headers" | "between" | "body" | "done" = "request line";
	/** The beginning of a line that did not come in one piece. */
	#begun: Uint8Array<ArrayBuffer> | undefined;
	#headBytes = 0;
	#lengthSeen = false;
	#chunked = false;
	/** The address was a whole one: its host counts, not the header (RFC 9112, 3.2.2). */
	#hostInTarget = false;
	/** Body bytes that came along with the last header line. */
	#early: Uint8Array | undefined;
	#body: Uint8Array<ArrayBuffer> | undefined;
	#bodyLength = 0;

	/** True until the first byte of a request line has come. */
	get isEmpty(): boolean {
		return this.#headBytes === 0;
	}

	/** Whether there is room for the body. */
	get hasBody(): boolean {
		return this.#step === "body" || this.#step === "done";
	}

	/** Takes the next bytes of the connection, which the reader may keep until `acceptBody`. */
	feed(bytes: Uint8Array<ArrayBuffer>): Progress {
		if (this.#step === "body") return this.feedBody(bytes);
		let start = 0;
		while (this.#step === "request line" || this.#step === "headers") {
			const feedAt = bytes.indexOf(LINE_FEED, start);
			const end = feedAt < 0 ? bytes.length : feedAt + 1;
			this.#headBytes += end - start;
			if (this.#headBytes > HEAD_LIMIT) return { status: 431, sentence: `The request line and headers exceed ${HEAD_LIMIT} bytes.` };
			const piece = bytes.subarray(start, end);
			if (feedAt < 0) {
				this.#begun = joined(this.#begun, piece);
				return "more";
			}
			const line = this.#begun ? joined(this.#begun, piece) : piece;
			this.#begun = undefined;
			start = end;
			const bad = this.endLine(lineText(line));
			if (bad) return bad;
		}
		if (start < bytes.length && this.head.contentLength > 0 && !this.#early) this.#early = bytes.subarray(start);
		return this.#step === "between" ? "head" : "more";
	}

	/** Makes room for the body, after `head`. The bytes of it that came already are taken at once. */
	acceptBody(): Progress {
		this.#step = "body";
		this.#body = new Uint8Array(this.head.contentLength);
		const early = this.#early;
		this.#early = undefined;
		return this.feedBody(early ?? new Uint8Array(0));
	}

	/** Hands the body over, once, after `body`. */
	takeBody(): ArrayBuffer {
		const body = this.#body?.buffer;
		this.#body = undefined;
		return body ?? new ArrayBuffer(0);
	}

	private feedBody(bytes: Uint8Array): Progress {
		if (!this.#body) return "more";
		const room = this.#body.length - this.#bodyLength;
		const fitting = bytes.length > room ? bytes.subarray(0, room) : bytes;
		this.#body.set(fitting, this.#bodyLength);
		this.#bodyLength += fitting.length;
		if (this.#bodyLength < this.#body.length) return "more";
		this.#step = "done";
		return "body";
	}

	/** @param line without its end; undefined when its bytes are no text */
	private endLine(line: string | undefined): BadRequest | undefined {
		if (line === undefined) return bad("The request line and headers must be UTF-8 without NUL.");
		if (this.#step === "request line") {
			// Some clients send an empty line before the request (RFC 9112, 2.2).
			if (line === "") return undefined;
			this.#step = "headers";
			return this.readRequestLine(line);
		}
		return line === "" ? this.endHead() : this.readHeader(line);
	}

	private readRequestLine(line: string): BadRequest | undefined {
		const first = line.indexOf(" ");
		const last = line.lastIndexOf(" ");
		const version = line.slice(last + 1);
		if (first <= 0 || last === first || !version.startsWith("HTTP/")) return bad("The request line must be: method, address, HTTP/1.1.");
		if (!version.startsWith("HTTP/1.")) return { status: 505, sentence: "HTTP/1.1 only." };
		this.head.method = line.slice(0, first);
		this.readTarget(line.slice(first + 1, last));
		if (!this.head.target.startsWith("/") && this.head.target !== "*") return bad("The address must begin with /.");
		return undefined;
	}

	/** Proxies, and clients that take the board for one, send the whole address. */
	private readTarget(target: string): void {
		this.head.target = target;
		if (target.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return;
		let end = SCHEME.length;
		while (end < target.length && target.charAt(end) !== "/" && target.charAt(end) !== "?") end += 1;
		this.#hostInTarget = true;
		this.head.host = target.slice(SCHEME.length, end);
		this.head.target = target.charAt(end) === "/" ? target.slice(end) : `/${target.slice(end)}`;
	}

	private readHeader(line: string): BadRequest | undefined {
		const colon = line.indexOf(":");
		const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
		// A name with blanks around it, or a folded line, is how requests are smuggled (RFC 9112, 5.1).
		if (name === "" || name.trim() !== name) return bad("A header must be: name, colon, value.");
		const value = line.slice(colon + 1).trim();
		switch (name) {
			case "host":
				if (!this.#hostInTarget) this.head.host = value;
				break;
			case "accept":
				this.head.accept = value;
				break;
			case "content-type":
				this.head.contentType = value;
				break;
			case "origin":
				this.head.origin = value;
				break;
			case "authorization":
				this.head.authorization = value;
				break;
			case "accept-language":
				this.head.acceptsLanguage = true;
				break;
			case "expect":
				this.head.expectsContinue = value.toLowerCase() === "100-continue";
				break;
			case "transfer-encoding":
				this.#chunked = true;
				break;
			case "content-length":
				return this.readLength(value);
		}
		return undefined;
	}

	private readLength(value: string): BadRequest | undefined {
		if (!/^[0-9]{1,10}$/.test(value)) return bad("Content-Length must be a number of bytes.");
		const length = Number(value);
		if (this.#lengthSeen && length !== this.head.contentLength) return bad("Content-Length is given twice.");
		this.#lengthSeen = true;
		this.head.contentLength = length;
		return undefined;
	}

	private endHead(): BadRequest | undefined {
		if (this.#chunked) return { status: 411, sentence: "Send the body with a Content-Length, not in chunks." };
		if (this.head.contentLength > BODY_LIMIT) return { status: 413, sentence: `The body exceeds ${BODY_LIMIT} bytes.` };
		this.#step = "between";
		return undefined;
	}
}

/** Both in a buffer of their own size; whatever they were part of is let go. */
function joined(first: Uint8Array | undefined, second: Uint8Array): Uint8Array<ArrayBuffer> {
	const length = first?.length ?? 0;
	const whole = new Uint8Array(length + second.length);
	if (first) whole.set(first);
	whole.set(second, length);
	return whole;
}

/** A line without its end; undefined when its bytes are no text. */
function lineText(line: Uint8Array<ArrayBuffer>): string | undefined {
	let length = line.length - 1;
	if (length > 0 && line[length - 1] === 13) length -= 1;
	const text = line.subarray(0, length);
	// Here a byte order mark is part of the text.
	return notUTF8At(text) < 0 && text.indexOf(0) < 0
		? String.fromArrayBuffer(line.buffer.slice(line.byteOffset, line.byteOffset + length))
		: undefined;
}

function bad(sentence: string): BadRequest {
	return { status: 400, sentence };
}
