/** As common/esp32/utf8-esp32, with what the engine itself has. */
export function decode(this: void, bytes: Uint8Array, length: number, start = 0): string | null {
	const part = bytes.slice(start, start + length);
	if (part.includes(0)) return null;
	try {
		return String.fromArrayBuffer(part.buffer);
	} catch {
		return null;
	}
}

/** As common/esp32/utf8-esp32. */
export function encode(this: void, text: string, into: Uint8Array): number {
	const bytes = new Uint8Array(ArrayBuffer.fromString(text));
	if (bytes.length > into.length) return -1;
	into.set(bytes);
	return bytes.length;
}
