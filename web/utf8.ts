/**
 * The first byte from which on bytes are no UTF-8 (RFC 3629), or -1 when all are. XS takes overlong forms and halves of characters for
 * text, and boards with the original's firmware stop listening for good at such a frame.
 * @param length how many bytes of `bytes` are looked at
 */
export function notUTF8At(bytes: Uint8Array, length = bytes.length): number {
	let at = 0;
	while (at < length) {
		const first = bytes[at] ?? 0;
		if (first < 0x80) {
			at += 1;
			continue;
		}
		const more = first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xf0 && first < 0xf5 ? 3 : 0;
		if (more === 0 || at + more >= length) return at;
		const second = bytes[at + 1] ?? 0;
		// The shortest form only, no surrogates, nothing above U+10FFFF.
		const lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
		const highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
		if (second < lowest || second > highest) return at;
		for (let index = 2; index <= more; index++) if (((bytes[at + index] ?? 0) & 0xc0) !== 0x80) return at;
		at += more + 1;
	}
	return -1;
}

/**
 * The text that bytes hold, without the byte order mark that some editors put before it.
 * @returns undefined when they are no UTF-8, or hold a NUL
 */
export function textOf(bytes: Uint8Array<ArrayBuffer>): string | undefined {
	if (notUTF8At(bytes) >= 0 || bytes.indexOf(0) >= 0) return undefined;
	const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
	const start = bytes.byteOffset + (marked ? 3 : 0);
	return String.fromArrayBuffer(bytes.buffer.slice(start, bytes.byteOffset + bytes.length));
}
