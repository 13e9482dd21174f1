/** One answer. Bodies are bytes, in pieces: the length of a string is not its length on the wire. */
export interface Reply {
	readonly status: number;
	readonly type: string;
	readonly body: readonly Uint8Array[];
	/** Its body lies in flash, and takes no memory while it waits to be sent. */
	readonly inFlash?: boolean;
	/** Further headers, name and value in turn. */
	readonly headers?: readonly string[];
	/** Whether whoever waits for this answer to be out is told. */
	readonly announced?: boolean;
}

const reasons: Readonly<Record<number, string>> = Object.freeze({
	200: "OK",
	204: "No Content",
	302: "Found",
	400: "Bad Request",
	401: "Unauthorized",
	403: "Forbidden",
	404: "Not Found",
	405: "Method Not Allowed",
	411: "Length Required",
	413: "Content Too Large",
	415: "Unsupported Media Type",
	421: "Misdirected Request",
	429: "Too Many Requests",
	431: "Request Header Fields Too Large",
	500: "Internal Server Error",
	503: "Service Unavailable",
	505: "HTTP Version Not Supported",
});

const EMPTY_OBJECT = "{}";
const COMMA = 0x2c;
/** Items of a list that are made into text at once. */
const ITEMS_AT_ONCE = 8;

export const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

/** A plain text answer. */
export function text(status: number, body: string, headers: readonly string[] = []): Reply {
	return { status, type: "text/plain; charset=utf-8", body: [bytes(body)], headers };
}

/** A JSON answer. @throws TypeError when the value is no JSON, which is a fault of ours */
export function json(status: number, value: object): Reply {
	return { status, type: "application/json", body: [bytes(JSON.stringify(value))] };
}

/** A part of an object that is a list: its items are made a few at a time, as they are written. */
export class JSONList {
	readonly name: string;
	readonly items: Iterable<object>;

	constructor(name: string, items: Iterable<object>) {
		this.name = name;
		this.items = items;
	}
}

/** The JSON of one object that comes in parts: neither the whole object nor its whole text is ever there. */
export function joinedJSON(parts: Iterable<object>): Reply {
	const body: Uint8Array[] = [];
	for (const part of parts) {
		if (part instanceof JSONList) {
			writeList(body, part);
			continue;
		}
		const piece = bytes(JSON.stringify(part));
		if (piece.length === EMPTY_OBJECT.length) continue;
		// In place of its opening brace.
		if (body.length > 0) piece[0] = COMMA;
		body.push(piece.subarray(0, -1));
	}
	body.push(bytes(body.length > 0 ? "}" : EMPTY_OBJECT));
	return { status: 200, type: "application/json", body };
}

function writeList(body: Uint8Array[], { name, items }: JSONList): void {
	body.push(bytes(`${body.length > 0 ? "," : "{"}"${name}":`));
	const first = body.length;
	let some: object[] = [];
	for (const item of items) {
		some.push(item);
		if (some.length < ITEMS_AT_ONCE) continue;
		writeItems(body, some, body.length === first);
		some = [];
	}
	if (some.length > 0 || body.length === first) writeItems(body, some, body.length === first);
	body.push(bytes("]"));
}

function writeItems(body: Uint8Array[], items: object[], first: boolean): void {
	const piece = bytes(JSON.stringify(items));
	// In place of its opening bracket.
	if (!first) piece[0] = COMMA;
	body.push(piece.subarray(0, -1));
}

/** Refuses a request in the form its caller reads: a sentence, under `/api/` as JSON. */
export function refuse(target: string, status: number, sentence: string): Reply {
	return target.startsWith("/api/") ? json(status, { error: sentence }) : text(status, sentence);
}

/**
 * A page. It needs nothing from elsewhere and talks to its own board only; nobody may frame it, since a click on it
 * may switch a heater.
 */
export function page(body: Uint8Array): Reply {
	const policy =
		"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
	return {
		status: 200,
		type: "text/html; charset=utf-8",
		body: [body],
		inFlash: true,
		headers: ["Content-Security-Policy", policy, "Vary", "Accept"],
	};
}

/** Status line and headers of an answer as bytes. A text echoed under `nosniff` is never taken for a page. */
export function head(reply: Reply): Uint8Array {
	let lines = `HTTP/1.1 ${reply.status} ${reasons[reply.status] ?? "Status"}\r\nConnection: close\r\n`;
	let length = 0;
	for (const piece of reply.body) length += piece.length;
	if (reply.status !== 204) lines += `Content-Type: ${reply.type}\r\nContent-Length: ${length}\r\n`;
	lines += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
	const headers = reply.headers ?? [];
	for (let i = 0; i + 1 < headers.length; i += 2) lines += `${headers[i]}: ${headers[i + 1]}\r\n`;
	return bytes(`${lines}\r\n`);
}

export function bytes(string: string): Uint8Array {
	return new Uint8Array(ArrayBuffer.fromString(string));
}
