import {
	createCipheriv,
	createDecipheriv,
	createHash,
	createHmac,
	createPrivateKey,
	createPublicKey,
	diffieHellman,
	hkdfSync,
	type KeyObject,
	timingSafeEqual,
} from "node:crypto";

/**
 * The sealed network's frames once more, over Node's crypto: for the world's log, for attackers who hold a key, and to compare the boards'
 * C with. The offset tables stand in modules/sealing/esp32/vault-sessions-esp32.h. MACs are 12 lower-case hex digits.
 */

export const HEAD_BYTES = 14;
export const TAG_BYTES = 8;
export const HELLO_BYTES = 38;
export const WELCOME_BYTES = 46;
const MARK = 0xfe;
const VERSION = 1;
const KIND_HELLO = 8;
const KIND_WELCOME = 9;

const mac = (text: string) => Buffer.from(text, "hex");
const macOf = (bytes: Uint8Array, at: number) => Buffer.from(bytes.subarray(at, at + 6)).toString("hex");
const u32 = (value: number) => {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32LE(value >>> 0);
	return bytes;
};
const readU32 = (bytes: Uint8Array, at: number) => Buffer.from(bytes).readUInt32LE(at);

/** Who sends: the one that said hello (0), or the one that answered it with a welcome (1). */
export type Direction = 0 | 1;

export interface SealedSession {
	/** 16 bytes */
	readonly key: Uint8Array;
	readonly number: number;
	readonly initiator: string;
	readonly responder: string;
}

export interface SealedHead {
	readonly kind: number;
	readonly session: number;
	readonly counter: number;
	readonly reply: number;
}

export interface SealedFrame extends SealedHead {
	readonly direction: Direction;
	readonly text: Buffer;
}

/** AES-128-CCM with a tag of 8 bytes. @returns ciphertext and tag */
export function ccmSeal(key: Uint8Array, nonce: Uint8Array, header: Uint8Array, text: Uint8Array): Buffer {
	const cipher = createCipheriv("aes-128-ccm", key, nonce, { authTagLength: TAG_BYTES });
	cipher.setAAD(header, { plaintextLength: text.length });
	return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

/** @returns undefined when the tag is wrong */
export function ccmOpen(key: Uint8Array, nonce: Uint8Array, header: Uint8Array, sealed: Uint8Array): Buffer | undefined {
	const length = sealed.length - TAG_BYTES;
	const decipher = createDecipheriv("aes-128-ccm", key, nonce, { authTagLength: TAG_BYTES });
	decipher.setAuthTag(sealed.subarray(length));
	decipher.setAAD(header, { plaintextLength: length });
	try {
		return Buffer.concat([decipher.update(sealed.subarray(0, length)), decipher.final()]);
	} catch {
		return undefined;
	}
}

/** What the frame tells to everybody, or undefined when it is no sealed frame. */
export function headOf(bytes: Uint8Array): SealedHead | undefined {
	const kind = (bytes[1] ?? 0) & 15;
	if (bytes[0] !== MARK || (bytes[1] ?? 0) >> 4 !== VERSION || bytes.length < HEAD_BYTES + TAG_BYTES) return undefined;
	return { kind, session: readU32(bytes, 2), counter: readU32(bytes, 6), reply: readU32(bytes, 10) };
}

function ends(session: SealedSession, direction: Direction): Buffer {
	const both = [mac(session.initiator), mac(session.responder)];
	return Buffer.concat(direction === 0 ? both : both.reverse());
}

const nonceOf = (direction: Direction, head: Uint8Array) => Buffer.concat([Buffer.of(direction), head.subarray(2, 10), Buffer.alloc(4)]);

export function sealFrame(
	session: SealedSession,
	frame: { kind: number; counter: number; reply: number; direction: Direction; text: Uint8Array },
): Buffer {
	const head = Buffer.concat([Buffer.of(MARK, (VERSION << 4) | frame.kind), u32(session.number), u32(frame.counter), u32(frame.reply)]);
	const header = Buffer.concat([head, ends(session, frame.direction)]);
	return Buffer.concat([head, ccmSeal(session.key, nonceOf(frame.direction, head), header, frame.text)]);
}

/** @returns undefined when it is not of this session, or changed */
export function openFrame(session: SealedSession, bytes: Uint8Array): SealedFrame | undefined {
	const head = headOf(bytes);
	if (!head || head.session !== session.number) return undefined;
	for (const direction of [0, 1] as const) {
		const header = Buffer.concat([bytes.subarray(0, HEAD_BYTES), ends(session, direction)]);
		const text = ccmOpen(session.key, nonceOf(direction, bytes), header, bytes.subarray(HEAD_BYTES));
		if (text) return { ...head, direction, text };
	}
	return undefined;
}

export const hkdf = (secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number) =>
	Buffer.from(hkdfSync("sha256", secret, salt, info, length));

/** The first 8 bytes of HMAC-SHA-256. */
export const tagOf = (key: Uint8Array, ...pieces: Uint8Array[]) =>
	createHmac("sha256", key).update(Buffer.concat(pieces)).digest().subarray(0, TAG_BYTES);

function privateKey(raw: Uint8Array): KeyObject {
	// RFC 8410: the prefix of an X25519 private key in PKCS #8
	return createPrivateKey({
		key: Buffer.concat([Buffer.from("302e020100300506032b656e04220420", "hex"), raw]),
		format: "der",
		type: "pkcs8",
	});
}

function publicKey(raw: Uint8Array): KeyObject {
	return createPublicKey({ key: Buffer.concat([Buffer.from("302a300506032b656e032100", "hex"), raw]), format: "der", type: "spki" });
}

/** The public key of a private one, 32 bytes each. */
export const publicOf = (own: Uint8Array): Buffer => createPublicKey(privateKey(own)).export({ format: "der", type: "spki" }).subarray(-32);

export const x25519 = (own: Uint8Array, theirs: Uint8Array): Buffer =>
	diffieHellman({ privateKey: privateKey(own), publicKey: publicKey(theirs) });

/** K of a hub and a device, 16 bytes. `own` is the private key of either, `theirs` the other's public key. */
export function sharedKey(own: Uint8Array, theirs: Uint8Array, isHub: boolean): Buffer {
	const keys = isHub ? [publicOf(own), theirs] : [theirs, publicOf(own)];
	return hkdf(x25519(own, theirs), Buffer.alloc(0), Buffer.concat([Buffer.from("rbr-now sealed 1"), ...keys]), 16);
}

/** 12 characters of Crockford's base 32: the first 60 bits of SHA-256. */
export function codeOf(...keys: Uint8Array[]): string {
	const bits = createHash("sha256").update(Buffer.concat(keys)).digest().readBigUInt64BE() >> 4n;
	const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	return Array.from({ length: 12 }, (_, i) => letters[Number((bits >> BigInt(55 - 5 * i)) & 31n)]).join("");
}

export function makeHello(key: Uint8Array, from: string, to: string, random: Uint8Array): Buffer {
	const head = Buffer.concat([Buffer.of(MARK, (VERSION << 4) | KIND_HELLO), mac(from), mac(to), random]);
	return Buffer.concat([head, tagOf(key, Buffer.from("hello"), head)]);
}

export interface Handshake {
	readonly from: string;
	readonly to: string;
	readonly random: Uint8Array;
}

/** @returns undefined when it is no hello under this key */
export function readHello(key: Uint8Array, bytes: Uint8Array): Handshake | undefined {
	if (bytes.length !== HELLO_BYTES || bytes[0] !== MARK || bytes[1] !== ((VERSION << 4) | KIND_HELLO)) return undefined;
	const tag = tagOf(key, Buffer.from("hello"), bytes.subarray(0, HELLO_BYTES - TAG_BYTES));
	if (!timingSafeEqual(tag, bytes.subarray(-TAG_BYTES))) return undefined;
	return { from: macOf(bytes, 2), to: macOf(bytes, 8), random: bytes.subarray(14, 30) };
}

/** @returns the welcome for a hello, and the session that it begins */
export function makeWelcome(
	key: Uint8Array,
	hello: Handshake,
	random: Uint8Array,
	number: number,
): { frame: Buffer; session: SealedSession } {
	const head = Buffer.concat([
		Buffer.of(MARK, (VERSION << 4) | KIND_WELCOME),
		mac(hello.to),
		mac(hello.from),
		random,
		u32(number),
		hello.random.subarray(0, 4),
	]);
	const frame = Buffer.concat([head, tagOf(key, Buffer.from("welcome"), head, hello.random)]);
	return { frame, session: sessionOf(key, hello, random, number) };
}

/** @returns the session that a welcome begins for the sender of the hello; undefined when it answers another, or is not under this key */
export function readWelcome(key: Uint8Array, hello: Handshake, bytes: Uint8Array): SealedSession | undefined {
	if (bytes.length !== WELCOME_BYTES || bytes[0] !== MARK || bytes[1] !== ((VERSION << 4) | KIND_WELCOME)) return undefined;
	const tag = tagOf(key, Buffer.from("welcome"), bytes.subarray(0, WELCOME_BYTES - TAG_BYTES), hello.random);
	if (!timingSafeEqual(tag, bytes.subarray(-TAG_BYTES))) return undefined;
	if (macOf(bytes, 2) !== hello.to || macOf(bytes, 8) !== hello.from) return undefined;
	return sessionOf(key, hello, bytes.subarray(14, 30), readU32(bytes, 30));
}

function sessionOf(key: Uint8Array, hello: Handshake, random: Uint8Array, number: number): SealedSession {
	const info = Buffer.concat([Buffer.from("rbr-now session 1"), mac(hello.from), mac(hello.to)]);
	return {
		key: hkdf(key, Buffer.concat([hello.random, random]), info, 16),
		number,
		initiator: hello.from,
		responder: hello.to,
	};
}
