import { utf8Length } from "common/text";
import { DEEPEST_JSON, LONGEST_JSON, type Refusal } from "./schema";

/** Most values, objects and arrays included: each takes slots of the engine's memory, and a change has three of them for a moment. */
const MOST_VALUES = 100;
/** Most names that are neither ours nor RBR-Now's, from one start of the board to the next. */
export const MOST_NEW_NAMES = 8;
/** Longest of those, in bytes. */
export const LONGEST_NAME = 32;

/** Every name of our configuration and of RBR-Now's `config.json`. */
export const KNOWN_NAMES: readonly string[] = Object.freeze([
	...["name", "role", "router", "ssid", "password", "hub", "channel", "country", "plain", "setupAP", "minutes", "afterwards", "house"],
	...["pins", "led", "relay", "button", "pin", "invert"],
	...["master", "myMaster", "hostssid", "hostpass", "path", "ipaddr", "dht22"],
]);

/**
 * XS takes a list of names in place of the reviver and leaves out what has another one, without making it (xsJSON.c): a name that was made once
 * takes memory until the next start. Other engines take no notice of the list.
 */
const parseOnly = JSON.parse as unknown as (text: string, names: readonly string[]) => unknown;

export type Read = { readonly ok: true; readonly value: unknown } | Refusal;

/** Reads configurations that anybody may have sent. What they can take of memory is known before they are parsed. */
export class JSONReader {
	/** The names that were met so far and are not ours; at most MOST_NEW_NAMES. */
	readonly #met: string[] = [];

	/** Reads what people or tools have sent. A byte order mark before it is left out. */
	read(json: string): Read {
		const text = json.charCodeAt(0) === BYTE_ORDER_MARK ? json.slice(1) : json;
		// Bytes are never fewer than code units, so most of a long text need not be looked at.
		if (text.length > LONGEST_JSON || utf8Length(text) > LONGEST_JSON) return refuse("", TOO_LONG);
		return this.admit(text, true) ?? this.parse(text);
	}

	/** Reads what this board has kept. Names beyond those that may be new are left out. */
	kept(json: string): Read {
		return this.admit(json, false) ?? this.parse(json);
	}

	/** Why a text is refused before it is parsed. Notes the names that the engine will make, even if the text turns out to be no JSON. */
	private admit(text: string, strict: boolean): Refusal | undefined {
		const { depth, values, names } = measure(text);
		if (depth > DEEPEST_JSON) return refuse("", `at most ${DEEPEST_JSON} levels of JSON`);
		if (values > MOST_VALUES) return refuse("", `at most ${MOST_VALUES} values`);
		const before = this.#met.length;
		for (const name of names) {
			if (this.#met.includes(name)) continue;
			const isLong = name.length > LONGEST_NAME || utf8Length(name) > LONGEST_NAME;
			if (!isLong && this.#met.length < MOST_NEW_NAMES) this.#met.push(name);
			else if (strict) {
				this.#met.length = before;
				return refuse("", isLong ? LONG_NAME : NEW_NAME);
			}
		}
		return undefined;
	}

	/** A function of its own: its caller's checks are off the stack by then, and the engine's parser takes some of it for each level. */
	private parse(text: string): Read {
		try {
			return { ok: true, value: parseOnly(text, this.#met.length === 0 ? KNOWN_NAMES : [...KNOWN_NAMES, ...this.#met]) };
		} catch {
			return refuse("", "JSON");
		}
	}
}

const TOO_LONG = `at most ${LONGEST_JSON} bytes of JSON`;
const LONG_NAME = `no unknown key of more than ${LONGEST_NAME} bytes`;
const NEW_NAME = `at most ${MOST_NEW_NAMES} keys that are unknown here, from one start of the board to the next`;

export function refuse(path: string, expected: string): Refusal {
	return { ok: false, path, expected };
}

/**
 * Depth, values and unknown names of a JSON text, found without parsing it: 2,000 brackets would overflow the parser's small stack. A text that is no JSON
 * gives some numbers, and the parser refuses it.
 */
function measure(text: string): { depth: number; values: number; names: string[] } {
	const units = text.length;
	const names: string[] = [];
	let level = 0;
	let depth = 0;
	let values = 1;
	for (let index = 0; index < units; index++) {
		switch (text.charCodeAt(index)) {
			case QUOTE: {
				const start = index;
				index = endOfString(text, index);
				if (names.length <= MOST_NEW_NAMES && isName(text, index)) note(names, text.slice(start, index + 1));
				break;
			}
			case OPEN_BRACE:
			case OPEN_BRACKET:
				level += 1;
				values += 1;
				if (level > depth) depth = level;
				break;
			case CLOSE_BRACE:
			case CLOSE_BRACKET:
				level -= 1;
				break;
			case COMMA:
				values += 1;
		}
	}
	return { depth, values, names };
}

/** Keeps a name, given with its quotes, if it is unknown: one more than may be new is enough. */
function note(names: string[], quoted: string): void {
	let name = quoted.slice(1, -1);
	if (name.includes("\\")) {
		try {
			name = String(JSON.parse(quoted));
		} catch {
			return;
		}
	}
	if (!KNOWN_NAMES.includes(name) && !names.includes(name)) names.push(name);
}

/** @returns where the string that begins at `index` has its last quote, or the text its end */
function endOfString(text: string, index: number): number {
	for (let at = index + 1; at < text.length; at++) {
		const unit = text.charCodeAt(at);
		if (unit === QUOTE) return at;
		if (unit === BACKSLASH) at += 1;
	}
	return text.length;
}

/** Whether the string that ends at `index` is followed by a colon. */
function isName(text: string, index: number): boolean {
	for (let at = index + 1; at < text.length; at++) {
		const unit = text.charCodeAt(at);
		if (unit === COLON) return true;
		if (unit !== 0x20 && unit !== 0x09 && unit !== 0x0a && unit !== 0x0d) return false;
	}
	return false;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const BYTE_ORDER_MARK = 0xfeff;
