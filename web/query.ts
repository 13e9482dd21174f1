import { parseMac } from "common/mac";

/** What the query of `/` asks for, in the seed's way. */
export type Question =
	| { readonly kind: "status" }
	| { readonly kind: "command"; readonly text: string }
	| { readonly kind: "ask"; readonly mac: string; readonly text: string }
	| { readonly kind: "bad"; readonly sentence: string };

const NOT_TEXT: Question = Object.freeze({ kind: "bad", sentence: "The address must be percent-encoded UTF-8." });

/**
 * Understands `?<command>` and `?mac=<12hex>&msg=<command>`. A command is the first item, `=` included; `msg` reaches to the
 * next `&`, `=` included. `+` is a plus: commands and their replies use it.
 * @param query what follows the `?`, undefined without one
 */
export function parseQuery(query: string | undefined): Question {
	if (query === undefined || query === "") return { kind: "status" };
	const items = query.split("&");
	const first = items[0] ?? "";
	const mac = itemValue(items, "mac=");
	if (mac === undefined || !(first.startsWith("mac=") || first.startsWith("msg="))) {
		const text = decode(first);
		return text === undefined ? NOT_TEXT : { kind: "command", text };
	}
	const address = parseMac(decode(mac) ?? "");
	if (!address) return { kind: "bad", sentence: "mac must be the 12 hex digits of one board." };
	const message = itemValue(items, "msg=");
	if (!message) return { kind: "bad", sentence: "msg is missing: /?mac=<12 hex digits>&msg=<command>" };
	const text = decode(message);
	return text === undefined ? NOT_TEXT : { kind: "ask", mac: address, text };
}

/** `!<mac>,<text>`: a request to be passed on. Undefined when a text is none. */
export function parseRelay(text: string): { mac: string; text: string } | undefined {
	if (!text.startsWith("!") || text.charAt(13) !== "," || text.length < 15) return undefined;
	const mac = parseMac(text.slice(1, 13));
	return mac ? { mac, text: text.slice(14) } : undefined;
}

function itemValue(items: readonly string[], key: string): string | undefined {
	return items.find((item) => item.startsWith(key))?.slice(key.length);
}

/** Undoes percent-encoding. @returns undefined when an escape is broken, or the bytes are not UTF-8 or hold a NUL */
export function decode(encoded: string): string | undefined {
	if (encoded.indexOf("%") < 0) return encoded;
	const bytes = new Uint8Array(ArrayBuffer.fromString(encoded));
	let length = 0;
	for (let i = 0; i < bytes.length; i++) {
		let byte = bytes[i] ?? 0;
		if (byte === PERCENT) {
			byte = hexValue(bytes[i + 1]) * 16 + hexValue(bytes[i + 2]);
			if (!(byte > 0)) return undefined;
			i += 2;
		}
		bytes[length++] = byte;
	}
	try {
		return String.fromArrayBuffer(bytes.buffer.slice(0, length));
	} catch {
		return undefined;
	}
}

const PERCENT = 0x25;

function hexValue(byte: number | undefined): number {
	if (byte === undefined) return Number.NaN;
	if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
	const letter = byte | 0x20;
	return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : Number.NaN;
}
