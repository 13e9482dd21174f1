import { createDecipheriv, createHmac, hkdfSync } from "node:crypto";
import { SEALED, sealedHead } from "./sealed-frames";

const HELLO_BYTES = 38;
const WELCOME_BYTES = 46;
const HEAD_BYTES = 14;
const TAG_BYTES = 8;
const RANDOM_BYTES = 16;
const KEY_BYTES = 16;
const SESSION_INFO = "rbr-now session 1";
/** Hellos and sessions that are remembered; then the oldest go. */
const MOST_HELLOS = 256;
const MOST_SESSIONS = 4096;
/** A relayed frame holds the next address and the frame for it. */
const MAC_BYTES = 6;

interface Session {
	readonly number: number;
	readonly key: Buffer;
	/** Who said hello, and who answered. */
	readonly initiator: string;
	readonly responder: string;
}

/** What is in a sealed frame. */
export interface Opened {
	/** The two ends, whoever passes it on. */
	readonly from: string;
	readonly to: string;
	/** Names the key and the direction: with the counter, what must never be used twice. */
	readonly nonce: string;
	readonly text: Buffer;
	/** Of a relayed one: the next address, and what is in the frame for it. */
	readonly next?: string;
	readonly inner?: Opened;
}

/** Looks into sealed frames with the keys of both ends, a second implementation beside the boards' own. It has to see the handshakes. */
export class SealedWatch {
	#keyOf: (a: string, b: string) => Buffer | undefined;
	#hellos = new Map<string, { readonly random: Buffer; readonly initiator: string; readonly responder: string }>();
	#sessions = new Map<number, Session[]>();

	/** @param keyOf the key that two boards share, by their station MACs */
	constructor(keyOf: (a: string, b: string) => Buffer | undefined) {
		this.#keyOf = keyOf;
	}

	/** Takes a frame that was on the air. @returns what is in it; undefined when there is no key for it, or it was forged */
	see(bytes: Buffer): Opened | undefined {
		const kind = sealedHead(bytes)?.kind;
		if (kind === "hello") this.#hello(bytes);
		else if (kind === "welcome") this.#welcome(bytes);
		else if (bytes[0] === SEALED) return this.#open(bytes);
		return undefined;
	}

	#hello(bytes: Buffer): void {
		const ends = this.#ends(bytes, HELLO_BYTES);
		if (!ends || !isTagged(ends.key, bytes, "hello", HELLO_BYTES)) return;
		const random = Buffer.from(bytes.subarray(HEAD_BYTES, HEAD_BYTES + RANDOM_BYTES));
		this.#hellos.set(`${ends.from} ${ends.to} ${random.toString("hex", 0, 4)}`, { random, initiator: ends.from, responder: ends.to });
		dropFirst(this.#hellos, MOST_HELLOS);
	}

	#welcome(bytes: Buffer): void {
		const ends = this.#ends(bytes, WELCOME_BYTES);
		if (!ends) return;
		const { from, to, key } = ends;
		const hello = this.#hellos.get(`${to} ${from} ${bytes.toString("hex", 34, 38)}`);
		if (!hello || !isTagged(key, bytes, "welcome", WELCOME_BYTES, hello.random)) return;
		const number = bytes.readUInt32LE(30);
		const salt = Buffer.concat([hello.random, bytes.subarray(HEAD_BYTES, HEAD_BYTES + RANDOM_BYTES)]);
		const info = Buffer.concat([Buffer.from(SESSION_INFO), Buffer.from(to, "hex"), Buffer.from(from, "hex")]);
		const session = { number, key: Buffer.from(hkdfSync("sha256", key, salt, info, KEY_BYTES)), initiator: to, responder: from };
		const before = this.#sessions.get(number) ?? [];
		if (before.some((each) => each.key.equals(session.key))) return;
		this.#sessions.set(number, [...before, session]);
		dropFirst(this.#sessions, MOST_SESSIONS);
	}

	/** Sender and receiver of a handshake's frame, and their key. */
	#ends(bytes: Buffer, length: number): { from: string; to: string; key: Buffer } | undefined {
		if (bytes.length !== length) return undefined;
		const from = bytes.toString("hex", 2, 8);
		const to = bytes.toString("hex", 8, 14);
		const key = this.#keyOf(from, to);
		return key && { from, to, key };
	}

	#open(bytes: Buffer): Opened | undefined {
		if (bytes.length < HEAD_BYTES + TAG_BYTES) return undefined;
		for (const session of this.#sessions.get(bytes.readUInt32LE(2)) ?? []) {
			for (const direction of [0, 1] as const) {
				const text = openUnder(session, direction, bytes);
				if (!text) continue;
				const { initiator, responder, key } = session;
				const [from, to] = direction === 0 ? [initiator, responder] : [responder, initiator];
				const opened = { from, to, nonce: `${key.toString("hex")} ${direction} ${bytes.readUInt32LE(6)}`, text };
				if (sealedHead(bytes)?.kind !== "relay" || text.length < MAC_BYTES) return opened;
				const inner = this.see(Buffer.from(text.subarray(MAC_BYTES)));
				return { ...opened, next: text.toString("hex", 0, MAC_BYTES), ...(inner ? { inner } : {}) };
			}
		}
		return undefined;
	}
}

function isTagged(key: Buffer, bytes: Buffer, word: string, length: number, ...more: readonly Buffer[]): boolean {
	const mac = createHmac("sha256", key)
		.update(word)
		.update(bytes.subarray(0, length - TAG_BYTES));
	for (const each of more) mac.update(each);
	return mac.digest().subarray(0, TAG_BYTES).equals(bytes.subarray(-TAG_BYTES));
}

/** Nonce: direction, session, counter, four zeros. Associated data: the head, and the station MACs of both ends. */
function openUnder({ key, initiator, responder }: Session, direction: 0 | 1, bytes: Buffer): Buffer | undefined {
	const nonce = Buffer.concat([Buffer.from([direction]), bytes.subarray(2, 10), Buffer.alloc(4)]);
	const ends = direction === 0 ? initiator + responder : responder + initiator;
	const ciphertext = bytes.subarray(HEAD_BYTES, -TAG_BYTES);
	const decipher = createDecipheriv("aes-128-ccm", key, nonce, { authTagLength: TAG_BYTES });
	decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
	decipher.setAAD(Buffer.concat([bytes.subarray(0, HEAD_BYTES), Buffer.from(ends, "hex")]), { plaintextLength: ciphertext.length });
	const text = decipher.update(ciphertext);
	try {
		decipher.final();
		return text;
	} catch {
		return undefined;
	}
}

function dropFirst(map: Map<unknown, unknown>, most: number): void {
	if (map.size <= most) return;
	for (const first of map.keys()) {
		map.delete(first);
		return;
	}
}
