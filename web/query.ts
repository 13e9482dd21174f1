import { parseMac } from "common/mac";
import { textOf } from "./utf8";

/** What the query of `/` asks for, as the original spells it. */
export type Question =
	| { readonly kind: "status" }
	| { readonly kind: "command"; readonly text: string }
	| { readonly kind: "ask"; readonly mac: string; readonly text: string }
	| { readonly kind: "bad"; readonly sentence: string };

const NOT_TEXT: Question = Object.freeze({ kind: "bad", sentence: "The address must be percent-encoded UTF-8." });
const NO_MESSAGE: Question = Object.freeze({ kind: "bad", sentence: "msg is missing: /?mac=<12 hex digits>&msg=<command>" });

/**
 * Understands `?<command>` and `?mac=<12hex>&msg=<command>`. A command is the first item, `=` included; `msg` reaches to the
 * next `&`, `=` included. As in forms `+` is a blank (a plus is `%2B`), and the line end that tools leave behind a command is no part of it.
 * The query is never split into a list: a stranger chooses how many items it has.
 * @param query what follows the `?`, undefined without one
 */
export function parseQuery(query: string | undefined): Question {
	if (query === undefined || query === "") return { kind: "status" };
	const mac = itemValue(query, "mac=");
	if (mac === undefined || !(query.startsWith("mac=") || query.startsWith("msg="))) {
		const text = decode(itemAt(query, 0));
		return text === undefined ? NOT_TEXT : { kind: "command", text: withoutLineEnd(text) };
	}
	const address = parseMac(decode(mac) ?? "");
	if (!address) return { kind: "bad", sentence: "mac must be the 12 hex digits of one board." };
	const message = itemValue(query, "msg=");
	if (!message) return NO_MESSAGE;
	const text = decode(message);
	if (text === undefined) return NOT_TEXT;
	const command = withoutLineEnd(text);
	return command === "" ? NO_MESSAGE : { kind: "ask", mac: address, text: command };
}

/** `!<mac>,<text>`: a request to be passed on. Undefined when a text is none. */
export function parseRelay(text: string): { mac: string; text: string } | undefined {
	if (!text.startsWith("!")) return undefined;
	const comma = text.indexOf(",");
	if (comma < 0 || comma + 1 === text.length) return undefined;
	const mac = parseMac(text.slice(1, comma));
	return mac ? { mac, text: text.slice(comma + 1) } : undefined;
}

/** A text that is to be passed on with its addresses in our one form, or the text as it is. */
export function normalRelay(text: string): string {
	let path = "";
	let rest = text;
	for (let relay = parseRelay(rest); relay; relay = parseRelay(rest)) {
		path += `!${relay.mac},`;
		rest = relay.text;
	}
	return path + rest;
}

/** A command without the line ends behind it. */
export function withoutLineEnd(text: string): string {
	let length = text.length;
	while (length > 0 && isLineEnd(text.charCodeAt(length - 1))) length -= 1;
	return length === text.length ? text : text.slice(0, length);
}

function isLineEnd(unit: number): boolean {
	return unit === LINE_FEED || unit === CARRIAGE_RETURN;
}

/** What follows the first item that begins with a key. */
function itemValue(query: string, key: string): string | undefined {
	if (query.startsWith(key)) return itemAt(query, key.length);
	const before = query.indexOf(`&${key}`);
	return before < 0 ? undefined : itemAt(query, before + 1 + key.length);
}

/** The rest of the item at a place. */
function itemAt(query: string, start: number): string {
	const end = query.indexOf("&", start);
	return end < 0 ? query.slice(start) : query.slice(start, end);
}

/** Undoes percent-encoding and `+`. @returns undefined when an escape is broken, or the bytes are not UTF-8 or hold a NUL */
export function decode(encoded: string): string | undefined {
	if (encoded.indexOf("%") < 0 && encoded.indexOf("+") < 0) return encoded;
	const bytes = new Uint8Array(ArrayBuffer.fromString(encoded));
	let length = 0;
	for (let i = 0; i < bytes.length; i++) {
		let byte = bytes[i] ?? 0;
		if (byte === PERCENT) {
			byte = hexValue(bytes[i + 1]) * 16 + hexValue(bytes[i + 2]);
			if (!(byte > 0)) return undefined;
			i += 2;
		} else if (byte === PLUS) byte = BLANK;
		bytes[length++] = byte;
	}
	return textOf(bytes.subarray(0, length));
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BLANK = 0x20;
const PLUS = 0x2b;
const PERCENT = 0x25;

function hexValue(byte: number | undefined): number {
	if (byte === undefined) return Number.NaN;
	if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
	const letter = byte | 0x20;
	return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : Number.NaN;
}
