/**
 * The text that bytes hold.
 * @param length how many of them
 * @param start index of the first; default 0
 * @returns null when they are no UTF-8 in its shortest form, or hold a surrogate or a NUL
 */
export function decode(this: void, bytes: Uint8Array, length: number, start?: number): string | null {
	return native("xs_utf8_decode").call(this, bytes, length, start);
}

/**
 * Writes a text as UTF-8.
 * @param text without NUL
 * @returns its length in bytes; -1, and nothing is written, when `into` is shorter
 */
export function encode(this: void, text: string, into: Uint8Array): number {
	return native("xs_utf8_encode").call(this, text, into);
}
