import { isMac, parseMac, stationMac } from "common/mac";
import { fitsBytes } from "common/text";
import { Outcome } from "./counters";
import { type Codec, Kind, type Message } from "./message";

/**
 * The original's wire format: plain text, UTF-8, 1 to 250 bytes, one message to a frame, no id, no version, never broadcast.
 *
 * | text | what it is | answered with |
 * | --- | --- | --- |
 * | `ping` | is anybody there? | `pong` |
 * | `Moved <n>` | a notice: the sender's home channel is `n` now; never sent to boards with the original's code | nothing |
 * | `pong` | the answer to `ping` | nothing |
 * | `!<mac>,<text>` | relay: send <text> to the board <mac>, hand back its reply; <text> may begin with `!` again | the far board's reply as it came, or `Fail (<reason>)` |
 * | `OK`, `OK …` | a reply | nothing |
 * | `Fail`, `Fail …`, `Unknown message…` | a reply that reports an error | nothing |
 * | `<n> <n>…`, `Sequence error…`, `Save error…`, `Bad save…`, `No update…`, `No data…`, `No relay…` | replies of the file commands and of older firmware | nothing |
 * | anything else | a request for this board | the answer, a space, and the request's RSSI in dBm (0: unknown) |
 *
 * `!<mac>,` by offset: 0 `!`; 1-12 the next board's MAC in hex digits; 13 `,`; 14… the text for it, not empty. What people write instead of the 12 digits
 * (upper case, `:`, `-`, `.`, blanks around) is understood, and never sent: boards with the original's code do not understand it.
 */
export const FRAME_LIMIT = 250;

/** Also the call by which a new board looks for a hub. */
export const PING = "ping";
/** Also what the asker of a ping gets. */
export const PONG = "pong";
const MOVED = "Moved ";
const BANG = 33;
const MINUS = 45;
/** Length of `!<mac>,` */
export const STEP = 14;
const ERRORS: readonly string[] = Object.freeze([
	"Fail (",
	"Fail ",
	"Unknown message",
	"Sequence error",
	"Save error",
	"Bad save",
	"No update",
	"No data",
	"No relay",
]);
const NUMBERS = /^-?\d+( -?\d+)+$/;

/** The engine's own conversions between bytes and texts: common/utf8. */
interface Utf8 {
	decode(this: void, bytes: Uint8Array, length: number): string | null;
	encode(this: void, text: string, into: Uint8Array): number;
}

/** The codec of networks with the original's text frames: no ids. */
export class PlainText implements Codec {
	readonly hasIds = false;
	readonly sessions = null;
	readonly maxTextBytes = FRAME_LIMIT;
	readonly #decode: Utf8["decode"];
	readonly #encode: Utf8["encode"];

	constructor({ decode, encode }: Utf8) {
		this.#decode = decode;
		this.#encode = encode;
	}

	decode(bytes: Uint8Array, length: number, into: Message): Outcome | null {
		const text = this.#decode(bytes, length);
		if (!text) return text === null ? Outcome.notText : Outcome.empty;
		into.kind = classify(text);
		into.id = null;
		into.text = text;
		return null;
	}

	encode(message: Readonly<Message>, into: Uint8Array): number {
		// Pings and pongs alone have no text of their own.
		return this.#encode(message.text || (message.kind === Kind.ping ? PING : PONG), into);
	}
}

/** What the text of a request asks for: `ping`, `relay` or `request`. */
export function requestKind(text: string): Kind {
	if (text.charCodeAt(0) === BANG) return Kind.relay;
	return text === PING ? Kind.ping : Kind.request;
}

/** The kind of a received text, from the text alone. The requests decide whether a reply is expected. */
export function classify(text: string): Kind {
	const first = text.charCodeAt(0);
	// Most requests begin with a small letter. Texts with `p` go on, since `ping` and `pong` are among them.
	if (first >= 0x61 && first !== 0x70) return Kind.request;
	// The first character decides most texts, and regular expressions are dear on XS: B, F, M, N, O, S, U, digits.
	switch (first) {
		case BANG:
			return Kind.relay;
		case 0x4d:
			return text.startsWith(MOVED) ? Kind.notice : Kind.request;
		case 0x4f:
			return text === "OK" || text.startsWith("OK ") ? Kind.reply : Kind.request;
		case 0x42:
		case 0x46:
		case 0x4e:
		case 0x53:
		case 0x55:
			return text === "Fail" || startsWithError(text) ? Kind.error : Kind.request;
		case 0x70:
			return text === PING ? Kind.ping : text === PONG ? Kind.pong : Kind.request;
	}
	return (first === MINUS || (first >= 0x30 && first <= 0x39)) && NUMBERS.test(text) ? Kind.reply : Kind.request;
}

function startsWithError(text: string): boolean {
	for (const start of ERRORS) if (text.startsWith(start)) return true;
	return false;
}

/** The way of a relayed message. */
export interface RelayPath {
	/** Station MACs of the boards still to pass, the last one being the addressee. */
	macs: string[];
	/** What the first of them is to get, its MACs in our one form. */
	inner: string;
	/** The whole, likewise. */
	text: string;
}

/**
 * Takes a text that begins with `!` apart, to the last board.
 * @returns null when any step of it is malformed
 */
export function parseRelay(text: string): RelayPath | null {
	const macs: string[] = [];
	let way = "";
	let rest = text;
	let isUsual = true;
	while (rest.charCodeAt(0) === BANG) {
		const comma = rest.indexOf(",");
		const written = comma < 0 ? "" : rest.slice(1, comma);
		const mac = isMac(written) ? written : parseMac(written);
		if (!mac || comma + 1 === rest.length) return null;
		if (mac !== written) isUsual = false;
		macs.push(stationMac(mac));
		way += `!${mac},`;
		rest = rest.slice(comma + 1);
	}
	if (macs.length === 0) return null;
	return isUsual ? { macs, inner: text.slice(STEP), text } : { macs, inner: way.slice(STEP) + rest, text: way + rest };
}

/** The text for the last board of a relay path. A text without a path is returned as it is. */
export function innermost(text: string): string {
	let start = 0;
	while (text.charCodeAt(start) === BANG && text.charAt(start + 13) === ",") start += 14;
	return start ? text.slice(start) : text;
}

/** Whether a text asks for a ping of a board behind others: `pong` may be its reply. */
export function isRelayedPing(text: string): boolean {
	return text.charCodeAt(0) === BANG && innermost(text) === PING;
}

/** How many boards a text is to be relayed over: the `!` in front of its message. */
export function hops(text: string): number {
	let count = 0;
	while (text.charCodeAt(count * 14) === BANG && text.charAt(count * 14 + 13) === ",") count++;
	return count;
}

/**
 * Why a text cannot be sent, "" when it can. `not text`: nothing in it, or a NUL, at which the far board's C would end it.
 * @param limit what the codec carries, in bytes
 */
export function unsendable(text: string, limit: number): "" | "too long" | "not text" {
	if (!fitsBytes(text, limit)) return "too long";
	return text === "" || text.includes("\0") ? "not text" : "";
}

/**
 * The reply to a request for this board: the handler's text and how well the request was heard, in dBm.
 * @param limit what the codec carries, in bytes
 */
export function buildReply(text: string, rssi: number, limit: number): string {
	const reply = `${text} ${rssi}`;
	const trouble = unsendable(reply, limit);
	return trouble ? `${failure(trouble)} ${rssi}` : reply;
}

/** How a failure is told to people and to boards. */
export function failure(reason: string): string {
	return `Fail (${reason})`;
}
