import { sealedHead } from "./sealed-frames";
import { type Handshake, openFrame, readHello, readWelcome, type SealedSession } from "./sealing";

/** Hellos and sessions that are remembered; then the oldest go. */
const MOST_HELLOS = 256;
const MOST_SESSIONS = 4096;
/** A relayed frame holds the next address and the frame for it. */
const MAC_BYTES = 6;

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
	#hellos = new Map<string, Handshake>();
	#sessions = new Map<number, SealedSession[]>();

	/** @param keyOf the key that two boards share, by their station MACs */
	constructor(keyOf: (a: string, b: string) => Buffer | undefined) {
		this.#keyOf = keyOf;
	}

	/** Takes a frame that was on the air. @returns what is in it; undefined when there is no key for it, or it was forged */
	see(bytes: Buffer): Opened | undefined {
		const kind = sealedHead(bytes)?.kind;
		if (kind === "hello") this.#hello(bytes);
		else if (kind === "welcome") this.#welcome(bytes);
		else if (kind !== undefined && kind !== "join") return this.#open(bytes, kind);
		return undefined;
	}

	#hello(bytes: Buffer): void {
		const key = this.#keyOf(bytes.toString("hex", 2, 8), bytes.toString("hex", 8, 14));
		const hello = key && readHello(key, Buffer.from(bytes));
		if (!hello) return;
		this.#hellos.set(`${hello.from} ${hello.to} ${Buffer.from(hello.random.subarray(0, 4)).toString("hex")}`, hello);
		dropFirst(this.#hellos, MOST_HELLOS);
	}

	#welcome(bytes: Buffer): void {
		const [from, to] = [bytes.toString("hex", 2, 8), bytes.toString("hex", 8, 14)];
		const key = this.#keyOf(from, to);
		const hello = this.#hellos.get(`${to} ${from} ${bytes.toString("hex", 34, 38)}`);
		const session = key && hello && readWelcome(key, hello, bytes);
		if (!session) return;
		const before = this.#sessions.get(session.number) ?? [];
		if (before.some(({ key: known }) => Buffer.from(known).equals(session.key))) return;
		this.#sessions.set(session.number, [...before, session]);
		dropFirst(this.#sessions, MOST_SESSIONS);
	}

	#open(bytes: Buffer, kind: string): Opened | undefined {
		if (bytes.length < 6) return undefined;
		for (const session of this.#sessions.get(bytes.readUInt32LE(2)) ?? []) {
			const frame = openFrame(session, bytes);
			if (!frame) continue;
			const { initiator, responder, key } = session;
			const { direction, counter, text } = frame;
			const [from, to] = direction === 0 ? [initiator, responder] : [responder, initiator];
			const opened = { from, to, nonce: `${Buffer.from(key).toString("hex")} ${direction} ${counter}`, text };
			if (kind !== "relay" || text.length < MAC_BYTES) return opened;
			const inner = this.see(Buffer.from(text.subarray(MAC_BYTES)));
			return { ...opened, next: text.toString("hex", 0, MAC_BYTES), ...(inner ? { inner } : {}) };
		}
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
