import { createHmac } from "node:crypto";

/** What the vault promises, with keys that are MACs and tags that are hashes: sessions, windows and freshness are as in the vault, secrets are not. */

interface Session {
	number: number;
	isInitiator: boolean;
	sent: number;
	highest: number;
	window: number;
	/** When each of our counters was sent, in ms; [0] is the handshake's. */
	sentAt: number[];
}

interface Slot {
	mac: string;
	key: string;
	current: Session | null;
	/** Still opened until one of the current one is. */
	previous: Session | null;
	pending: Session[];
	hello: { random: Buffer; at: number } | null;
	provenAt: number;
}

export class ToyVault {
	readonly #slots: Slot[] = [];
	readonly #mac: string;
	readonly #clock: { now(): number };
	lastCounter = 0;
	lastReply = 0;
	lastSlot = -1;
	#randoms = 0;

	constructor(mac: string, clock: { now(): number }) {
		this.#mac = mac;
		this.#clock = clock;
	}

	add(mac: string, key: string): void {
		this.#slots.push({ mac, key, current: null, previous: null, pending: [], hello: null, provenAt: -Infinity });
	}
	find(mac: string): number {
		return this.#slots.findIndex((slot) => slot.mac === mac);
	}
	slotOf(session: number): number {
		return this.#slots.findIndex((slot) => slot.current?.number === session);
	}
	macAt(slot: number): string {
		return this.#slots[slot]?.mac ?? "";
	}
	session(slot: number): number {
		return this.#slots[slot]?.current?.number ?? 0;
	}
	awaiting(slot: number): number {
		const found = this.#slots[slot];
		return found?.current ? this.#clock.now() - found.provenAt : Infinity;
	}
	greeting(slot: number): number {
		const hello = this.#slots[slot]?.hello;
		return hello ? this.#clock.now() - hello.at : Infinity;
	}
	#random(): Buffer {
		return createHmac("sha256", this.#mac)
			.update(`${++this.#randoms}`)
			.digest()
			.subarray(0, 16);
	}
	#tag(slot: Slot, ...parts: (string | Buffer)[]): Buffer {
		const hash = createHmac("sha256", slot.key);
		for (const part of parts) hash.update(part);
		return hash.digest().subarray(0, 8);
	}
	hello(slot: number, into: Uint8Array): number {
		const found = this.#slots[slot];
		if (!found) return -10;
		const random = this.#random();
		const head = Buffer.concat([Buffer.from([0xfe, 0x18]), Buffer.from(this.#mac + found.mac, "hex"), random]);
		into.set(Buffer.concat([head, this.#tag(found, "hello", head)]));
		found.hello = { random, at: this.#clock.now() };
		return 38;
	}
	onHello(bytes: Uint8Array, length: number, from: string, into: Uint8Array): number {
		const slot = this.#slots[this.find(from)];
		if (!slot) return -10;
		if (length !== 38) return -4;
		const head = Buffer.from(bytes.subarray(0, 30));
		if (!this.#tag(slot, "hello", head).equals(bytes.subarray(30, 38))) return -2;
		const number = this.#random().readUInt32LE() || 1;
		slot.hello = null;
		slot.pending.push({ number, isInitiator: false, sent: 0, highest: 0, window: 0, sentAt: [this.#clock.now()] });
		if (slot.pending.length > 2) slot.pending.shift();
		const session = Buffer.alloc(4);
		session.writeUInt32LE(number);
		const random = this.#random();
		const welcome = Buffer.concat([
			Buffer.from([0xfe, 0x19]),
			Buffer.from(this.#mac + from, "hex"),
			random,
			session,
			head.subarray(14, 18),
		]);
		into.set(Buffer.concat([welcome, this.#tag(slot, "welcome", welcome, head.subarray(14, 30))]));
		return 46;
	}
	onWelcome(bytes: Uint8Array, length: number, from: string): number {
		const index = this.find(from);
		const slot = this.#slots[index];
		if (!slot) return -10;
		if (length !== 46) return -4;
		if (!slot.hello) return -12;
		const welcome = Buffer.from(bytes.subarray(0, 38));
		if (!this.#tag(slot, "welcome", welcome, slot.hello.random).equals(bytes.subarray(38, 46))) return -2;
		slot.previous = slot.current;
		slot.current = { number: welcome.readUInt32LE(30), isInitiator: true, sent: 0, highest: 0, window: 0, sentAt: [slot.hello.at] };
		slot.provenAt = slot.hello.at;
		slot.hello = null;
		return index;
	}
	seal(slot: number, kind: number, counter: number, reply: number, text: string, into: Uint8Array, at: number): number {
		return this.#seal(slot, kind, counter, reply, Buffer.from(text), into, at);
	}
	sealBytes(
		slot: number,
		kind: number,
		counter: number,
		reply: number,
		bytes: Uint8Array,
		from: number,
		length: number,
		into: Uint8Array,
		at: number,
	): number {
		return this.#seal(slot, kind, counter, reply, Buffer.from(bytes.subarray(from, from + length)), into, at);
	}
	#seal(index: number, kind: number, counter: number, reply: number, text: Buffer, into: Uint8Array, at: number): number {
		const slot = this.#slots[index];
		const session = slot?.current;
		if (!slot || !session) return -6;
		if (at + 22 + text.length > into.length) return -7;
		if (counter > session.sent) return -8;
		const used = counter || ++session.sent;
		if (!counter) session.sentAt[used] = this.#clock.now();
		this.lastCounter = used;
		this.lastReply = reply < 0 ? session.highest : reply;
		const head = Buffer.alloc(14);
		head.set([0xfe, 0x10 | kind]);
		head.writeUInt32LE(session.number, 2);
		head.writeUInt32LE(used, 6);
		head.writeUInt32LE(this.lastReply, 10);
		const tag = this.#tag(slot, `${session.isInitiator}${this.#mac}${slot.mac}`, head, text);
		into.set(Buffer.concat([head, text, tag]), at);
		return 22 + text.length;
	}
	open(bytes: Uint8Array, length: number, from: string, opened: Int32Array): number {
		if (length < 22) return -4;
		const frame = Buffer.from(bytes.subarray(0, length));
		const number = frame.readUInt32LE(2);
		const counter = frame.readUInt32LE(6);
		const reply = frame.readUInt32LE(10);
		const text = frame.subarray(14, length - 8);
		let known = false;
		const own = this.#slots[this.find(from)];
		for (const slot of own ? [own, ...this.#slots] : this.#slots) {
			for (const session of [slot.current, slot.previous, ...slot.pending]) {
				if (session?.number !== number) continue;
				known = true;
				if (
					!this.#tag(slot, `${!session.isInitiator}${slot.mac}${this.#mac}`, frame.subarray(0, 14), text).equals(frame.subarray(length - 8))
				)
					continue;
				const behind = session.highest - counter;
				if (behind >= 32) return -3;
				const seen = behind >= 0 && (session.window & (1 << behind)) !== 0;
				if (behind < 0) {
					session.window = -behind >= 32 ? 1 : (session.window << -behind) | 1;
					session.highest = counter;
				} else session.window |= 1 << behind;
				if (slot.pending.includes(session)) {
					slot.previous = slot.current;
					slot.current = session;
					slot.pending = [];
				} else if (session === slot.current) slot.previous = null;
				const challenged = session.sentAt[reply];
				const fresh = challenged !== undefined && this.#clock.now() - challenged <= 10_000;
				if (fresh && session === slot.current) slot.provenAt = Math.max(slot.provenAt, challenged);
				opened.set([
					(frame[1] ?? 0) & 15,
					counter,
					reply,
					(seen ? 1 : 0) | (fresh ? 2 : 0) | (session === slot.current ? 0 : 4),
					text.length,
					number,
				]);
				bytes.set(text, 14);
				return this.#slots.indexOf(slot);
			}
		}
		return known ? -2 : -1;
	}
}
