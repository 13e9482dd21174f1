import { describe, expect, test } from "@jest/globals";
import { fitsBytes, fletcher32, hasControlCharacters, isWellFormed, utf8Length } from "common/text";
import fc from "fast-check";

describe("text", () => {
	test("the length in UTF-8 is that of the encoded text, surrogates without partner included", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary" }), (text) => {
				expect(utf8Length(text)).toBe(Buffer.byteLength(text));
			}),
		);
		expect(utf8Length("\ud83d")).toBe(3);
		expect(utf8Length("a\u00fc\u20ac\u{1f600}")).toBe(1 + 2 + 3 + 4);
	});

	test("whether a text fits is told by its bytes of UTF-8", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary", maxLength: 300 }), fc.nat(300), (text, limit) => {
				expect(fitsBytes(text, limit)).toBe(Buffer.byteLength(text) <= limit);
			}),
		);
	});

	test("a surrogate without its partner is not well formed", () => {
		expect(isWellFormed("\u{1f600}")).toBe(true);
		for (const text of ["\ud83d", "\ude00", "\ude00\ud83d", "a\ud83db", "\ud83d\ud83d\ude00"]) expect(isWellFormed(text)).toBe(false);
	});

	test("control characters are those below space and from DEL to U+009F", () => {
		for (const text of ["\0", "a\n", "\x1f", "\x7f", "\x80", "b\x9f"]) expect(hasControlCharacters(text)).toBe(true);
		for (const text of ["", " ~", "\u00a0", "\u00fc"]) expect(hasControlCharacters(text)).toBe(false);
	});

	test("the checksum notices any one changed character", () => {
		fc.assert(
			fc.property(fc.string({ minLength: 1 }), fc.nat(), fc.integer({ min: 1, max: 127 }), (text, place, change) => {
				const index = place % text.length;
				const changed = text.slice(0, index) + String.fromCharCode(text.charCodeAt(index) ^ change) + text.slice(index + 1);
				expect(fletcher32(changed)).not.toBe(fletcher32(text));
			}),
		);
	});

	test("an engine that counts a character beyond the basic plane as one unit gets the same", () => {
		/** A text as XS shows it: its units are code points. */
		const asOnXs = (text: string) => {
			const points = Array.from(text, (character) => character.codePointAt(0) ?? 0);
			return { length: points.length, charCodeAt: (index: number) => points[index] } as unknown as string;
		};
		fc.assert(
			fc.property(fc.string({ unit: "binary" }), (text) => {
				expect(utf8Length(asOnXs(text))).toBe(utf8Length(text));
				expect(fletcher32(asOnXs(text))).toBe(fletcher32(text));
				expect(isWellFormed(asOnXs(text))).toBe(isWellFormed(text));
			}),
		);
		expect(isWellFormed(asOnXs("\u{1d800}\u{1dfff}"))).toBe(true);
	});

	test("the checksum is 8 hex digits and stays as it is, since flash holds it", () => {
		expect(fletcher32("")).toBe("ffffffff");
		expect(fletcher32("1 {}")).toMatch(/^[0-9a-f]{8}$/);
		expect(fletcher32("ab")).not.toBe(fletcher32("ba"));
		expect(fletcher32("1 {}")).toBe("01490297");
	});
});
