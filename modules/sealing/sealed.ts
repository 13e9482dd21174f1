import { stationMac } from "common/mac";
import { Outcome } from "espnow/counters";
import { LONGEST } from "espnow/fragments";
import { type Codec, Kind, type Sessions } from "espnow/message";
import type { Outgoing } from "espnow/outbox";
import type { Peer } from "espnow/peers";
import { requestKind } from "espnow/plain-text";
import type { Frame } from "espnow/radio";
import type { Received, SealedFrames, SealedPort } from "espnow/types";
import { Drop, FORMER, FRAME_BYTES, FRESH, HEAD_BYTES, type Keys, OPENED_FIELDS, Opened, OVERHEAD_BYTES, SEEN } from "./types";

/**
 * Sealed frames, unicast, to boards whose key is held; numbers are little-endian.
 *
 * | offset | bytes | content |
 * | --- | --- | --- |
 * | 0 | 1 | 0xfe, never UTF-8 |
 * | 1 | 1 | version in the high nibble, kind in the low one |
 * | 2 | 4 | session |
 * | 6 | 4 | counter |
 * | 10 | 4 | reply: of a reply the counter of its request; else the highest counter that was opened from the other side |
 * | 14 | n | ciphertext of the text |
 * | 14 + n | 8 | tag |
 *
 * The text of a `relay` is the next board's MAC (6 bytes) and the frame for it; from a relay device back to the hub, the MAC that the frame came from, and the
 * frame. That of `undelivered` is session and counter of the frame that a relay device could not hand on. A request whose text begins with `!` asks the hub to
 * forward it. Hello and welcome are laid out in vault-esp32.c.
 */
const VERSION = 1;
const MAC_BYTES = 6;

/** Kinds that are no messages. */
const HELLO = 8;
const WELCOME = 9;
const JOIN = 13;
/** Maker's and receiver's MAC in hello and welcome. */
const MAKER = 2;
const RECEIVER = 8;

/** A board whose newest frame is older answers a ping before it gets a request, in ms. It takes requests for 10 s at most (vault). */
const FRESH_MS = 4_000;
/** Our hello is under way for so long, in ms: of two that cross the lower MAC's counts. */
const CROSSING_MS = 500;
/** A board that uses a session we do not know is greeted if we have opened nothing of it for so long, in ms: anybody can send such frames. */
const SILENT_MS = 10_000;
const GREET_MS = 1_000;
/** Boards that a relay device forwards for, and for how long after it carried something to them, in ms. */
const SERVED = 8;
const SERVED_MS = 60_000;
/** Relay devices on the way. */
const MOST_HOPS = 4;

/** Reasons of the vault for opening nothing, by their number. */
const DROPS: readonly Outcome[] = Object.freeze([
	Outcome.unknownSession,
	Outcome.unknownSession,
	Outcome.badTag,
	Outcome.replay,
	Outcome.malformed,
	Outcome.version,
	Outcome.unknownSession,
	Outcome.malformed,
	Outcome.replay,
	Outcome.tooManyHellos,
	Outcome.unknownSession,
	Outcome.fault,
	Outcome.replay,
]);
/** The engine's own conversion from bytes to text: common/utf8. */
type Decode = (this: void, bytes: Uint8Array, length: number, start: number) => string | null;

export interface SealedOptions {
	vault: Keys;
	/** This board's station MAC. */
	mac: string;
	/** MAC of the hub by whose key this device was joined, "" when there is none, and on a hub. */
	hub(): string;
	decode: Decode;
	/** The hub of this device has another MAC from now on: it was restored on another board. */
	onHubMoved?(): void;
	/** A frame of the joining conversation came (sealing/joining). */
	onJoin?(from: string, bytes: Uint8Array, length: number, rssi: number): void;
	clock: { now(): number };
}

/** The codec of boards whose key is held, and what opens the frames of all of them. Keys and sessions are the vault's. */
export class Sealed implements Codec, Sessions, SealedFrames {
	readonly hasIds = true;
	readonly maxTextBytes = LONGEST;
	readonly #options: SealedOptions;
	readonly #vault: Keys;
	readonly #decode: Decode;
	readonly #opened = new Int32Array(OPENED_FIELDS);
	/** For a frame that is not the one that is sent: a hello's reply, or what a relay device is to carry. */
	#buffer: Uint8Array | null = null;
	#port: SealedPort | null = null;
	/** A relay device: MACs that it has carried something to, and when, in clock ms. */
	readonly #served: string[] = [];
	readonly #servedAt: number[] = [];
	#greetedAt = -GREET_MS;

	constructor(options: SealedOptions) {
		this.#options = options;
		this.#vault = options.vault;
		this.#decode = options.decode;
	}

	/** Made when it is first needed. */
	private get scratch(): Uint8Array {
		this.#buffer ??= new Uint8Array(FRAME_BYTES);
		return this.#buffer;
	}

	get sessions(): Sessions {
		return this;
	}

	attach(port: SealedPort): void {
		this.#port = port;
	}

	holdsKey(mac: string): boolean {
		return this.#vault.find(mac) >= 0;
	}

	current(mac: string): number {
		const slot = this.#vault.find(mac);
		return slot < 0 ? 0 : this.#vault.session(slot);
	}

	isFresh(mac: string): boolean {
		const slot = this.#vault.find(mac);
		return slot >= 0 && this.#vault.awaiting(slot) < FRESH_MS;
	}

	/** Whoever has a key is spoken to, and speaks, in sealed frames only. */
	decode(): Outcome {
		return Outcome.plainRefused;
	}

	encode(message: Outgoing, into: Uint8Array): number {
		const peer = message.peer;
		if (peer === null) return -1;
		// Who carries frames for a device's hub seals nothing for it; on a hub each relay device's share is sealed for that.
		if (peer.via === null || this.#options.hub() !== "") return this.write(peer, message, into, 0);
		return this.wrap(peer, this.write(peer, message, this.scratch, MAC_BYTES), into);
	}

	open(frame: Frame, into: Received): Outcome | null {
		return this.read(frame, frame.length, stationMac(frame.from), "", into, 0);
	}

	/** A message as its board is to get it. @returns its length; negative when there is no key, no session, or no room */
	private write(peer: Peer, message: Outgoing, into: Uint8Array, at: number): number {
		const { kind, raw } = message;
		const vault = this.#vault;
		if (raw !== null && kind === Kind.bytes) {
			if (at + raw.bytes.length > into.length) return -1;
			into.set(raw.bytes, at);
			return raw.bytes.length;
		}
		const slot = vault.find(peer.mac);
		if (slot < 0) return Drop.noKey;
		if (raw !== null) return vault.sealBytes(slot, kind, 0, -1, raw.bytes, 0, raw.bytes.length, into, at);
		if (kind === Kind.ping && vault.session(slot) === 0) return this.greet(slot, into, at);
		if (kind === Kind.reply || kind === Kind.pong) return vault.seal(slot, kind, 0, message.id ?? 0, message.text, into, at);
		const text = kind === Kind.ping ? "" : message.text;
		if (message.id !== null) return vault.seal(slot, kind, message.id, message.ack, text, into, at);
		const length = vault.seal(slot, kind, 0, -1, text, into, at);
		if (length > 0) {
			message.id = vault.lastCounter;
			message.ack = vault.lastReply;
		}
		return length;
	}

	private greet(slot: number, into: Uint8Array, at: number): number {
		const length = this.#vault.hello(slot, into);
		if (length > 0 && at > 0) into.copyWithin(at, 0, length);
		return length;
	}

	/** Seals what stands in the scratch buffer, for each relay device on the way to a board. @param length of the frame, from 6 on */
	private wrap(peer: Peer, length: number, into: Uint8Array): number {
		const scratch = this.scratch;
		let hop = peer;
		let whole = length;
		while (hop.via !== null) {
			if (whole < 0) return whole;
			writeMac(hop.mac, scratch);
			hop = hop.via;
			const slot = this.#vault.find(hop.mac);
			if (slot < 0) return Drop.noKey;
			whole = this.#vault.sealBytes(slot, Kind.relay, 0, -1, scratch, 0, MAC_BYTES + whole, into, 0);
			if (whole > 0 && hop.via !== null) {
				if (MAC_BYTES + whole > FRAME_BYTES) return -1;
				scratch.set(into.subarray(0, whole), MAC_BYTES);
			}
		}
		return whole;
	}

	/**
	 * Opens a frame that stands at the start of the buffer.
	 * @param sender station MAC of the board that sent it or, when a relay device has brought it, of the one that device says it has it from
	 * @param via MAC of that relay device, "" when there is none
	 */
	private read(frame: Frame, length: number, sender: string, via: string, into: Received, depth: number): Outcome | null {
		const bytes = frame.bytes;
		const head = bytes[1] ?? 0;
		if (length < HEAD_BYTES) return Outcome.malformed;
		if (head >> 4 !== VERSION) return Outcome.version;
		const kind = head & 15;
		if (kind === HELLO || kind === WELCOME) return this.handshake(kind, bytes, length, sender, via);
		if (kind === JOIN) {
			this.#options.onJoin?.(sender, bytes, length, frame.rssi);
			return Outcome.sealing;
		}
		const opened = this.#opened;
		const slot = this.#vault.open(bytes, length, sender, opened);
		if (slot < 0) return this.unopened(slot, bytes, length, sender);
		const mac = this.#vault.macAt(slot);
		const hub = this.#options.hub();
		if (hub !== "" && mac !== hub) this.#options.onHubMoved?.();
		// On a hub another board's frames come sealed by the relay device that brings them.
		if (via === "" && mac !== sender) {
			if (hub === "") return Outcome.unknownSession;
			into.via = sender;
		} else into.via = via;
		into.from = mac;
		const flags = opened[Opened.flags] ?? 0;
		into.isRepeated = (flags & SEEN) !== 0;
		const isFresh = (flags & FRESH) !== 0;
		const textLength = opened[Opened.length] ?? 0;
		if (kind === Kind.reply || kind === Kind.pong) {
			if ((flags & FORMER) !== 0) return Outcome.strayReply;
			into.id = (opened[Opened.reply] ?? 0) >>> 0;
		} else into.id = (opened[Opened.counter] ?? 0) >>> 0;
		// A notice is a hint: whom it concerns asks there.
		if (!isFresh && kind !== Kind.ping && kind !== Kind.reply && kind !== Kind.notice) return Outcome.stale;
		if (kind === Kind.relay || kind === Kind.undelivered) {
			if (into.isRepeated) return Outcome.replay;
			this.#port?.met(mac);
			if (kind === Kind.undelivered) return this.notDelivered(bytes, textLength);
			if (textLength < MAC_BYTES + HEAD_BYTES) return Outcome.malformed;
			if (hub !== "") return this.carry(bytes, textLength);
			if (depth === MOST_HOPS) return Outcome.malformed;
			const from = readMac(bytes, HEAD_BYTES);
			bytes.copyWithin(0, HEAD_BYTES + MAC_BYTES, HEAD_BYTES + textLength);
			return this.read(frame, textLength - MAC_BYTES, from, mac, into, depth + 1);
		}
		return this.message(kind, bytes, textLength, into);
	}

	private message(kind: number, bytes: Uint8Array, textLength: number, into: Received): Outcome | null {
		const text = textLength === 0 ? "" : this.#decode(bytes, textLength, HEAD_BYTES);
		if (text === null) return Outcome.notText;
		switch (kind) {
			case Kind.request:
				if (text === "") return Outcome.empty;
				into.kind = requestKind(text) === Kind.relay ? Kind.relay : kind;
				break;
			case Kind.ping:
			case Kind.pong:
			case Kind.reply:
			case Kind.report:
			case Kind.fragment:
			case Kind.notice:
				into.kind = kind;
				break;
			default:
				return Outcome.malformed;
		}
		into.text = text;
		return null;
	}

	private handshake(kind: number, bytes: Uint8Array, length: number, sender: string, via: string): Outcome {
		if (length < RECEIVER + MAC_BYTES) return Outcome.malformed;
		const maker = readMac(bytes, MAKER);
		if (readMac(bytes, RECEIVER) !== this.#options.mac) return this.carryBack(bytes, length, sender, Outcome.unknownSession);
		const isHub = this.#options.hub() === "";
		if (isHub && maker !== sender) return Outcome.unknownSession;
		if (kind === WELCOME) {
			const slot = this.#vault.onWelcome(bytes, length, maker);
			if (slot < 0) return DROPS[-slot] ?? Outcome.malformed;
			this.#port?.route(maker, isHub ? via : sender === maker ? "" : sender);
			this.#port?.welcomed(maker);
			return Outcome.sealing;
		}
		const ours = this.welcome(bytes, length, maker);
		if (ours < 0) return DROPS[-ours] ?? Outcome.malformed;
		if (ours > 0) {
			// One that is replayed is answered where it comes from, and nothing else changes.
			if (isHub) this.#port?.route(maker, via);
			this.#port?.sendBytes(isHub ? maker : sender, this.scratch.slice(0, ours));
		}
		return Outcome.sealing;
	}

	/** @returns the length of our welcome in the scratch buffer; 0: our own hello counts; negative: none is due */
	private welcome(bytes: Uint8Array, length: number, maker: string): number {
		// A device's hub may have another MAC since it was restored on another board: the vault knows it by its key.
		const slot = this.#options.hub() === "" ? this.#vault.find(maker) : 0;
		if (slot < 0) return Drop.noKey;
		if (this.#options.mac < maker && this.#vault.greeting(slot) < CROSSING_MS) return 0;
		return this.#vault.onHello(bytes, length, maker, this.scratch);
	}

	/** A frame that could not be opened: it may be for somebody else, or a board uses a session that we do not know (any more). */
	private unopened(drop: number, bytes: Uint8Array, length: number, sender: string): Outcome {
		const outcome = DROPS[-drop] ?? Outcome.malformed;
		if (drop !== Drop.unknownSession && drop !== Drop.badTag && drop !== Drop.noKey) return outcome;
		const slot = this.#vault.find(sender);
		if (slot < 0) return this.carryBack(bytes, length, sender, outcome);
		const port = this.#port;
		if (drop !== Drop.unknownSession || !port) return outcome;
		const now = this.#options.clock.now();
		const heardAt = port.heardAt(sender);
		if (now - this.#greetedAt < GREET_MS || (this.#vault.session(slot) !== 0 && heardAt >= 0 && now - heardAt < SILENT_MS)) return outcome;
		this.#greetedAt = now;
		const hello = this.#vault.hello(slot, this.scratch);
		if (hello > 0) port.sendBytes(sender, this.scratch.slice(0, hello));
		return outcome;
	}

	/** A relay device: the hub wants a frame carried on. */
	private carry(bytes: Uint8Array, textLength: number): Outcome {
		const port = this.#port;
		const next = readMac(bytes, HEAD_BYTES);
		if (!port || next === this.#options.mac) return Outcome.malformed;
		const inner = bytes.slice(HEAD_BYTES + MAC_BYTES, HEAD_BYTES + textLength);
		this.serve(next);
		const tell = (acked: boolean) => {
			if (!acked) port.sendSealed(this.#options.hub(), Kind.undelivered, inner.slice(2, 10));
		};
		return port.sendBytes(next, inner, tell) ? Outcome.relayed : Outcome.outboxFull;
	}

	/** A relay device: a frame for its hub from a board that it has carried something to. */
	private carryBack(bytes: Uint8Array, length: number, sender: string, otherwise: Outcome): Outcome {
		const index = this.#served.indexOf(sender);
		const at = this.#servedAt[index] ?? -SERVED_MS;
		const hub = this.#options.hub();
		if (index < 0 || hub === "" || this.#options.clock.now() - at >= SERVED_MS) return otherwise;
		if (length > FRAME_BYTES - OVERHEAD_BYTES - MAC_BYTES) return Outcome.malformed;
		const whole = new Uint8Array(MAC_BYTES + length);
		writeMac(sender, whole);
		whole.set(bytes.subarray(0, length), MAC_BYTES);
		return this.#port?.sendSealed(hub, Kind.relay, whole) ? Outcome.relayed : Outcome.outboxFull;
	}

	private serve(mac: string): void {
		let index = this.#served.indexOf(mac);
		if (index < 0 && this.#served.length < SERVED) index = this.#served.length;
		if (index < 0) {
			index = 0;
			for (let i = 1; i < SERVED; i++) if ((this.#servedAt[i] ?? 0) < (this.#servedAt[index] ?? 0)) index = i;
		}
		this.#served[index] = mac;
		this.#servedAt[index] = this.#options.clock.now();
	}

	/** A hub: a relay device did not reach the board of this session. */
	private notDelivered(bytes: Uint8Array, textLength: number): Outcome {
		if (textLength !== 8) return Outcome.malformed;
		const slot = this.#vault.slotOf(readNumber(bytes, HEAD_BYTES));
		if (slot >= 0) this.#port?.undelivered(this.#vault.macAt(slot), readNumber(bytes, HEAD_BYTES + 4));
		return Outcome.sealing;
	}
}

function readNumber(bytes: Uint8Array, at: number): number {
	return ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0;
}

/** 12 lower-case hex digits of six bytes. */
function readMac(bytes: Uint8Array, at: number): string {
	let mac = "";
	for (let i = at; i < at + MAC_BYTES; i++) mac += (0x100 + (bytes[i] ?? 0)).toString(16).slice(1);
	return mac;
}

function writeMac(mac: string, into: Uint8Array): void {
	for (let i = 0; i < MAC_BYTES; i++) into[i] = parseInt(mac.slice(2 * i, 2 * i + 2), 16);
}
