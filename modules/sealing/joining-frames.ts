/**
 * The frames by which a device gets its hub. They are the sealed network's kind 13; none is encrypted, and the last three carry a proof that their
 * sender has the key K which both ends share: the first 16 bytes of HMAC-SHA-256 under K over a label, a zero byte and all bytes before the proof.
 *
 * | offset | bytes | content |
 * | --- | --- | --- |
 * | 0 | 1 | 0xFE |
 * | 1 | 1 | 0x1D: version 1, kind 13 |
 * | 2 | 1 | sub-kind |
 * | 3 | 6 | station MAC of the end that made the frame |
 * | 9 | 6 | station MAC of the end that it is for |
 * | 15 | n | by sub-kind |
 *
 * | sub-kind | from, to | offset: content |
 * | --- | --- | --- |
 * | 1 offer | hub to who called | 15: token (8), the same during two minutes of adding; 23: public key (32); 55: seconds left (1); 56: channel (1) |
 * | 2 here | device to hub | 15: that token (8); 23: public key (32); 55: length of the name (1); 56: name, at most 32 bytes of UTF-8 |
 * | 3 accept | hub to device | 15: random bytes (16); 31: public key (32); 63: proof, label `join accept` (16) |
 * | 4 prove | device to hub | 15: the hub's random bytes (16), zeros when it asks how a broken off joining ended; 31: random bytes (16); 47: proof, label `join prove` (16) |
 * | 5 confirm | hub to device | 15: the device's random bytes (16); 31: proof, label `join confirm` (16) |
 * | 6 pass | between a relay device and either end | 3 and 9 are the ends of this hop; 15: MAC of the far end (6); 21: one of the frames above |
 * | 7 heard | relay device to hub | 15: MAC of a board that called (6); 21: RSSI of its call in dBm (1, signed) |
 *
 * The call itself is the text `ping` to everybody. Shorter and longer frames than these are none.
 */
export const Join = Object.freeze({ offer: 1, here: 2, accept: 3, prove: 4, confirm: 5, pass: 6, heard: 7 } as const);
export type Join = (typeof Join)[keyof typeof Join];

export const SEALED_BYTE = 0xfe;
const JOIN_KIND = 0x1d;
export const BODY = 15;
export const TOKEN_BYTES = 8;
export const KEY_BYTES = 32;
export const RANDOM_BYTES = 16;
export const PROOF_BYTES = 16;
export const LONGEST_NAME = 32;
/** Of a frame that is passed on: those of 250 bytes and its own head. */
export const PASS_HEAD = 21;

/** Where the proof of a frame begins, and what it is made with. */
export const PROOF_AT: Readonly<Record<3 | 4 | 5, number>> = Object.freeze({ 3: 63, 4: 47, 5: 31 });
export const PROOF_LABEL: Readonly<Record<3 | 4 | 5, string>> = Object.freeze({ 3: "join accept", 4: "join prove", 5: "join confirm" });

const OFFER_LENGTH = 57;
const SHORTEST_HERE = 56;
const HEARD_LENGTH = 22;

/** The sub-kind of a frame, 0 when it is none of these. @param at where it begins @param end where it ends */
export function joinKind(bytes: Uint8Array, at: number, end: number): Join | 0 {
	const length = end - at;
	if (length < BODY || bytes[at] !== SEALED_BYTE || bytes[at + 1] !== JOIN_KIND) return 0;
	const kind = bytes[at + 2];
	switch (kind) {
		case Join.offer:
			return length === OFFER_LENGTH ? kind : 0;
		case Join.here: {
			const name = bytes[at + 55] ?? 0;
			return length >= SHORTEST_HERE && name <= LONGEST_NAME && length === SHORTEST_HERE + name ? kind : 0;
		}
		case Join.accept:
		case Join.prove:
		case Join.confirm:
			return length === PROOF_AT[kind] + PROOF_BYTES ? kind : 0;
		case Join.pass:
			return length >= PASS_HEAD + BODY ? kind : 0;
		case Join.heard:
			return length === HEARD_LENGTH ? kind : 0;
		default:
			return 0;
	}
}

/** Who made a frame, and whom it is for. */
export const makerOf = (bytes: Uint8Array): string => readMac(bytes, 3);
export const addresseeOf = (bytes: Uint8Array): string => readMac(bytes, 9);

export function offerFrame(
	from: string,
	to: string,
	token: Uint8Array,
	publicKey: Uint8Array,
	secondsLeft: number,
	channel: number,
): Uint8Array {
	const bytes = frame(Join.offer, from, to, OFFER_LENGTH);
	bytes.set(token, BODY);
	bytes.set(publicKey, 23);
	bytes[55] = secondsLeft;
	bytes[56] = channel;
	return bytes;
}

/** @param name in UTF-8, at most 32 bytes */
export function hereFrame(from: string, to: string, token: Uint8Array, publicKey: Uint8Array, name: Uint8Array): Uint8Array {
	const bytes = frame(Join.here, from, to, SHORTEST_HERE + name.length);
	bytes.set(token, BODY);
	bytes.set(publicKey, 23);
	bytes[55] = name.length;
	bytes.set(name, SHORTEST_HERE);
	return bytes;
}

/** A frame with a proof, which is missing yet. @param parts what stands between the head and the proof */
export function provedFrame(kind: 3 | 4 | 5, from: string, to: string, parts: readonly Uint8Array[]): Uint8Array {
	const bytes = frame(kind, from, to, PROOF_AT[kind] + PROOF_BYTES);
	let at = BODY;
	for (const part of parts) {
		bytes.set(part, at);
		at += part.length;
	}
	return bytes;
}

export function passFrame(from: string, to: string, farEnd: string, inner: Uint8Array, innerLength: number): Uint8Array {
	const bytes = frame(Join.pass, from, to, PASS_HEAD + innerLength);
	writeMac(bytes, BODY, farEnd);
	bytes.set(inner.subarray(0, innerLength), PASS_HEAD);
	return bytes;
}

export function heardFrame(from: string, to: string, caller: string, rssi: number): Uint8Array {
	const bytes = frame(Join.heard, from, to, HEARD_LENGTH);
	writeMac(bytes, BODY, caller);
	bytes[PASS_HEAD] = Math.max(-127, Math.min(0, rssi)) & 0xff;
	return bytes;
}

/** The signed byte at a place. */
export function signedAt(bytes: Uint8Array, at: number): number {
	const byte = bytes[at] ?? 0;
	return byte > 127 ? byte - 256 : byte;
}

/** 12 lower-case hex digits. */
export function readMac(bytes: Uint8Array, at: number): string {
	return hex(bytes, at, 6);
}

export function writeMac(bytes: Uint8Array, at: number, mac: string): void {
	for (let i = 0; i < 6; i++) bytes[at + i] = parseInt(mac.slice(2 * i, 2 * i + 2), 16);
}

export function hex(bytes: Uint8Array, at: number, length: number): string {
	let text = "";
	for (let i = at; i < at + length; i++) text += (bytes[i] ?? 0).toString(16).padStart(2, "0");
	return text;
}

/** @returns undefined when a text is not `length` bytes in hex digits */
export function fromHex(text: string, length: number): Uint8Array | undefined {
	if (text.length !== 2 * length || !HEX.test(text)) return undefined;
	const bytes = new Uint8Array(length);
	for (let i = 0; i < length; i++) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
	return bytes;
}

/** Whether two runs of bytes are the same. */
export function isSame(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number, length: number): boolean {
	for (let i = 0; i < length; i++) if (a[aAt + i] !== b[bAt + i]) return false;
	return true;
}

/** `K7QF-2M9D-XA3T`, as people read a code. */
export function shownCode(code: string): string {
	return code === "" ? "" : `${code.slice(0, 4)}-${code.slice(4, 8)}-${code.slice(8)}`;
}

const HEX = /^[0-9a-f]*$/;

function frame(kind: Join, from: string, to: string, length: number): Uint8Array {
	const bytes = new Uint8Array(length);
	bytes[0] = SEALED_BYTE;
	bytes[1] = JOIN_KIND;
	bytes[2] = kind;
	writeMac(bytes, 3, from);
	writeMac(bytes, 9, to);
	return bytes;
}
