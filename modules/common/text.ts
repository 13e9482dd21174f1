/**
 * Texts as bytes of UTF-8, for all parts of the firmware: lengths, what can be encoded, checksums.
 */

/** Whether a text has code units below space or DEL to U+009F: nothing that a name, an SSID or a password may hold. */
export function hasControlCharacters(text: string): boolean {
	for (let index = 0; index < text.length; index++) {
		const unit = text.charCodeAt(index);
		if (unit < 0x20 || (unit >= 0x7f && unit <= 0x9f)) return true;
	}
	return false;
}

/*
 * XS counts a character beyond the basic plane as one unit of more than 16 bits, other engines as two surrogates. What
 * follows gives the same on both: the desk writes records that a board reads.
 */

/** Length of a text in bytes of UTF-8. A surrogate without its partner counts three, as the engine stores it. */
export function utf8Length(text: string): number {
	const units = text.length;
	let bytes = 0;
	for (let index = 0; index < units; index++) {
		const unit = text.charCodeAt(index);
		if (unit < 0x80) bytes += 1;
		else if (unit < 0x800) bytes += 2;
		else if (unit > 0xffff) bytes += 4;
		else if (unit >= 0xd800 && unit <= 0xdbff && index + 1 < units && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00) {
			bytes += 4;
			index += 1;
		} else bytes += 3;
	}
	return bytes;
}

// Not `[^\0-\x7f]`: XS takes every text for a match of that.
const UNUSUAL = /[^ -~]/;

/**
 * Whether a text takes at most `limit` bytes of UTF-8. Most texts are short or printable ASCII and are not counted: a unit of XS takes up to four bytes, and
 * the engine's own search for anything else takes a hundredth of the time of counting.
 */
export function fitsBytes(text: string, limit: number): boolean {
	const units = text.length;
	if (units * 4 <= limit) return true;
	return units <= limit && (!UNUSUAL.test(text) || utf8Length(text) <= limit);
}

/** Whether every surrogate in a text has its partner, so that it can be written as UTF-8. */
export function isWellFormed(text: string): boolean {
	const units = text.length;
	for (let index = 0; index < units; index++) {
		const unit = text.charCodeAt(index);
		if (unit < 0xd800 || unit > 0xdfff) continue;
		if (unit >= 0xdc00 || index + 1 >= units || (text.charCodeAt(index + 1) & 0xfc00) !== 0xdc00) return false;
		index += 1;
	}
	return true;
}

/**
 * Fletcher's checksum over the UTF-16 code units of a text: two sums modulo 65,535, as 8 hex digits. Any single changed
 * unit and any two exchanged ones are noticed; it costs two additions per unit, where a CRC without a table costs sixteen steps.
 */
export function fletcher32(text: string): string {
	const units = text.length;
	let sum = 0xffff;
	let weighted = 0xffff;
	for (let index = 0; index < units; index++) {
		let unit = text.charCodeAt(index);
		if (unit > 0xffff) {
			sum = (sum + 0xd7c0 + (unit >> 10)) % 0xffff;
			weighted = (weighted + sum) % 0xffff;
			unit = 0xdc00 + (unit & 0x3ff);
		}
		sum = (sum + unit) % 0xffff;
		weighted = (weighted + sum) % 0xffff;
	}
	return sum.toString(16).padStart(4, "0") + weighted.toString(16).padStart(4, "0");
}

/** The longest start of a text that takes at most `limit` bytes of UTF-8 and ends with a whole character. */
export function cutBytes(text: string, limit: number): string {
	if (fitsBytes(text, limit)) return text;
	let end = 0;
	let bytes = 0;
	while (end < text.length) {
		const unit = text.charCodeAt(end);
		const isPair = unit >= 0xd800 && unit <= 0xdbff && (text.charCodeAt(end + 1) & 0xfc00) === 0xdc00;
		bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : isPair || unit > 0xffff ? 4 : 3;
		if (bytes > limit) break;
		end += isPair ? 2 : 1;
	}
	return text.slice(0, end);
}
