import { LONGEST_JSON } from "config/schema";

const FILE = "config.json";
const TEXT = ",text:";

/**
 * Receives a `config.json` in pieces, the way RBR-Now's tools send files:
 *
 * | message | reply |
 * | --- | --- |
 * | `part:<n>,text:<hex of UTF-8>` | `<n> <characters in it>`; `Sequence error: <got> <expected>`, then `Save error` until part 0 |
 * | `save:config.json` | `<characters in all>`; `No data`; `Bad save` when a part is missing or a character is cut |
 * | `update` | `OK`; `No data`; `Fail (<path>: <expected>)` |
 *
 * A character cut between two parts counts in the second. Only what was saved whole is ever applied.
 */
export class Upload {
	#apply: (json: string) => Applied;
	/** undefined: no part 0 yet. */
	#text: string | undefined;
	/** Hex digits of a character whose rest is still to come. */
	#cut = "";
	#expected = 0;
	#bytes = 0;
	#characters = 0;
	#broken = false;
	#saved: string | undefined;
	#applied = false;

	/** @param apply takes the whole file into use */
	constructor(apply: (json: string) => Applied) {
		this.#apply = apply;
	}

	/** @param args `<n>,text:<hex>` */
	part(args: string): string {
		const comma = args.indexOf(",");
		const digits = args.slice(0, comma);
		const hex = args.slice(comma + TEXT.length);
		if (!args.startsWith(TEXT, comma) || !/^\d{1,4}$/.test(digits) || !isHex(hex)) return "Fail (part:<n>,text:<hex>)";
		const number = Number(digits);
		if (number === 0) this.begin();
		else if (this.#broken) return "Save error";
		else if (number !== this.#expected) {
			this.#broken = true;
			return `Sequence error: ${number} ${this.#expected}`;
		}
		return this.append(number, hex);
	}

	/** @param file only config.json is taken: this board has no other files */
	save(file: string): string {
		if (file !== FILE) return `Fail (only ${FILE})`;
		if (this.#text === undefined || (this.#bytes === 0 && !this.#broken)) return "No data";
		if (this.#broken || this.#cut !== "") return "Bad save";
		this.#saved = this.#text;
		this.#text = undefined;
		this.#applied = false;
		return String(this.#characters);
	}

	/** Applies what was saved. Asked again after that it says the same, since its reply may have been lost. */
	update(): Applied | "OK" | "No data" {
		if (this.#saved === undefined) return this.#applied ? "OK" : "No data";
		const result = this.#apply(this.#saved);
		this.#saved = undefined;
		this.#applied = result.ok;
		return result;
	}

	private begin(): void {
		this.#text = "";
		this.#cut = "";
		this.#expected = 0;
		this.#bytes = 0;
		this.#characters = 0;
		this.#broken = false;
		this.#saved = undefined;
		this.#applied = false;
	}

	private append(number: number, hex: string): string {
		this.#bytes += hex.length / 2;
		if (this.#bytes > LONGEST_JSON) return this.break(`Fail (over ${LONGEST_JSON} bytes)`);
		const pending = this.#cut + hex;
		const whole = wholeCharacters(pending);
		let text: string;
		try {
			text = decoded(whole);
		} catch {
			return this.break("Fail (no UTF-8)");
		}
		this.#cut = pending.slice(whole.length);
		this.#text = (this.#text ?? "") + text;
		this.#expected = number + 1;
		const characters = countCharacters(whole);
		this.#characters += characters;
		return `${number} ${characters}`;
	}

	private break(reply: string): string {
		this.#broken = true;
		this.#text = "";
		return reply;
	}
}

/** What became of a file that was to be applied. */
export type Applied =
	| { readonly ok: true; readonly changed: boolean }
	| { readonly ok: false; readonly path: string; readonly expected: string };

/** A refused configuration as one line. */
export function refusalText(refusal: { readonly path: string; readonly expected: string }): string {
	return `Fail (${refusal.path === "" ? "" : `${refusal.path}: `}${refusal.expected})`;
}

/** The hex digits without those of an unfinished character at their end. */
function wholeCharacters(hex: string): string {
	const longest = Math.min(3, hex.length / 2);
	for (let back = 1; back <= longest; back++) {
		const byte = Number.parseInt(hex.slice(hex.length - 2 * back, hex.length - 2 * back + 2), 16);
		if ((byte & 0xc0) === 0x80) continue;
		const length = byte >= 0xf8 || byte < 0xc0 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
		return length > back ? hex.slice(0, hex.length - 2 * back) : hex;
	}
	return hex;
}

/** Hex digits that are decoded at once: what that takes of the engine's memory does not depend on how many a caller sends. */
const SLICE_DIGITS = 64;

/**
 * The text of whole characters.
 * @throws URIError when they are no UTF-8
 */
function decoded(hex: string): string {
	let text = "";
	let start = 0;
	while (start < hex.length) {
		const slice = wholeCharacters(hex.slice(start, start + SLICE_DIGITS));
		let escaped = "";
		for (let index = 0; index < slice.length; index += 2) escaped += `%${slice.slice(index, index + 2)}`;
		text += decodeURIComponent(escaped);
		start += slice.length;
	}
	return text;
}

/** Bytes that begin a character, as RBR-Now counts (code points, not UTF-16 units): the first digit of all others is 8, 9, A or B. */
function countCharacters(hex: string): number {
	let count = 0;
	for (let index = 0; index < hex.length; index += 2) {
		const digit = hex.charCodeAt(index) | LOWER_CASE;
		if (digit < 0x38 || digit > 0x62 || (digit > 0x39 && digit < 0x61)) count += 1;
	}
	return count;
}

/** Makes capitals small, and leaves digits as they are. */
const LOWER_CASE = 0x20;

/** Looks for what must not be there: a pattern for the whole text would have the engine take memory for each of its characters. */
function isHex(text: string): boolean {
	return text.length % 2 === 0 && !/[^0-9a-fA-F]/.test(text);
}
