import {
	createHash,
	createHmac,
	createPrivateKey,
	createPublicKey,
	diffieHellman,
	generateKeyPairSync,
	hkdfSync,
	randomInt,
	timingSafeEqual,
} from "node:crypto";
import { Joining } from "sealing/joining";
import type { JoinDevices, JoinVault } from "sealing/joining-types";
import { utf8 } from "./espnow-fakes";
import { FakeTimers } from "./fake-timers";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** First 60 bits of SHA-256 in Crockford's base 32. */
export function codeOf(...parts: Uint8Array[]): string {
	const hash = createHash("sha256");
	for (const part of parts) hash.update(part);
	let bits = BigInt(`0x${hash.digest("hex").slice(0, 15)}`);
	let code = "";
	for (let i = 0; i < 12; i++) {
		code = (ALPHABET[Number(bits & 31n)] ?? "") + code;
		bits >>= 5n;
	}
	return code;
}

interface Held {
	mac: string;
	key: Buffer;
	publicKey: Buffer;
}

/** The vault over Node's own cryptography; `flash` outlives it. */
export class MemoryVault implements JoinVault {
	trouble = "";
	/** The flash takes nothing. */
	refuses = false;
	agreements = 0;
	readonly flash: { kept: (Held | null)[]; privateKey: Buffer | null; publicKey: Buffer };
	readonly #capacity: number;
	readonly #candidates = new Map<number, Held>();

	constructor(capacity: number, flash?: MemoryVault["flash"]) {
		this.#capacity = capacity;
		this.flash = flash ?? { kept: Array.from({ length: capacity }, () => null), privateKey: null, publicKey: Buffer.alloc(32) };
	}

	get hasKeys(): boolean {
		return this.flash.privateKey !== null;
	}
	makeKeys(): boolean {
		if (this.hasKeys) return true;
		const { privateKey, publicKey } = generateKeyPairSync("x25519");
		this.flash.privateKey = Buffer.from(String(privateKey.export({ format: "jwk" }).d), "base64url");
		this.flash.publicKey = Buffer.from(String(publicKey.export({ format: "jwk" }).x), "base64url");
		return true;
	}
	publicKey(into: Uint8Array): void {
		into.set(this.flash.publicKey);
	}
	code(): string {
		return this.hasKeys ? codeOf(this.flash.publicKey) : "";
	}
	codeOf(publicKey: Uint8Array): string {
		return codeOf(publicKey);
	}
	pairCode(slot: number): string {
		const other = this.held(slot)?.publicKey ?? Buffer.alloc(32);
		return this.#capacity > 1 ? codeOf(this.flash.publicKey, other) : codeOf(other, this.flash.publicKey);
	}
	get count(): number {
		return this.flash.kept.filter((each) => each !== null).length;
	}
	find(mac: string): number {
		return this.flash.kept.findIndex((each) => each?.mac === mac);
	}
	macAt(slot: number): string {
		return this.flash.kept[slot]?.mac ?? "";
	}
	/** As the vault: candidates have slots of their own behind the others, one on a device. */
	agree(mac: string, publicKey: Uint8Array): number {
		this.agreements++;
		const at = this.find(mac);
		if (at >= 0 && this.flash.kept[at]?.publicKey.equals(publicKey)) return at;
		if ((at < 0 && !this.flash.kept.includes(null)) || !this.flash.privateKey) return -1;
		const free = Array.from({ length: 8 }, (_, index) => this.#capacity + index).find((slot) => !this.#candidates.has(slot)) ?? -1;
		const slot = this.#capacity > 1 ? free : this.#capacity;
		const x = this.flash.publicKey.toString("base64url");
		const own = createPrivateKey({ key: { kty: "OKP", crv: "X25519", x, d: this.flash.privateKey.toString("base64url") }, format: "jwk" });
		try {
			const theirs = createPublicKey({
				key: { kty: "OKP", crv: "X25519", x: Buffer.from(publicKey).toString("base64url") },
				format: "jwk",
			});
			const shared = diffieHellman({ privateKey: own, publicKey: theirs });
			const [hub, device] = this.#capacity > 1 ? [this.flash.publicKey, publicKey] : [publicKey, this.flash.publicKey];
			const info = Buffer.concat([Buffer.from("rbr-now sealed 1"), hub, device]);
			const key = Buffer.from(hkdfSync("sha256", shared, Buffer.alloc(0), info, 16));
			this.#candidates.set(slot, { mac, key, publicKey: Buffer.from(publicKey) });
		} catch {
			return -1;
		}
		return slot;
	}
	keep(slot: number): boolean {
		const candidate = this.#candidates.get(slot);
		if (!candidate) return this.macAt(slot) !== "";
		const known = this.find(candidate.mac);
		const at = known >= 0 ? known : this.flash.kept.indexOf(null);
		if (this.refuses || at < 0) return false;
		this.flash.kept[at] = candidate;
		this.#candidates.delete(slot);
		return true;
	}
	abandon(slot: number): void {
		this.#candidates.delete(slot);
	}
	remove(slot: number): void {
		this.abandon(slot);
		this.flash.kept[slot] = null;
	}
	removeAll(): void {
		this.#candidates.clear();
		this.flash.kept.fill(null);
	}
	proof(slot: number, label: string, bytes: Uint8Array, length: number, into: Uint8Array, at: number): void {
		into.set(this.hmac(slot, label, bytes, length), at);
	}
	checkProof(slot: number, label: string, bytes: Uint8Array, length: number, proof: Uint8Array, at: number): boolean {
		return timingSafeEqual(this.hmac(slot, label, bytes, length), proof.slice(at, at + 16));
	}
	random(into: Uint8Array): void {
		for (let i = 0; i < into.length; i++) {
			this.#state = (this.#state * 48271) % 0x7fffffff;
			into[i] = this.#state & 0xff;
		}
	}
	/** Two boards that hold each other hold the same. */
	keyAt(slot: number): string {
		return this.flash.kept[slot]?.key.toString("hex") ?? "";
	}
	#state = randomInt(1, 0x7fffffff);

	private held(slot: number): Held | null {
		return this.#candidates.get(slot) ?? this.flash.kept[slot] ?? null;
	}
	private hmac(slot: number, label: string, bytes: Uint8Array, length: number): Uint8Array {
		const key = this.held(slot)?.key ?? Buffer.alloc(16);
		return createHmac("sha256", key).update(`${label}\0`).update(bytes.subarray(0, length)).digest().subarray(0, 16);
	}
}

/** The roster as joining sees it. */
export class FakeDevices implements JoinDevices {
	readonly names = new Map<string, string>();
	isFull = false;

	has(mac: string): boolean {
		return this.names.has(mac);
	}
	nameOf(mac: string): string {
		return this.names.get(mac) ?? "";
	}
	add(mac: string, name: string): boolean {
		if (this.isFull) return false;
		this.names.set(mac, name);
		return true;
	}
	remove(mac: string): boolean {
		this.names.delete(mac);
		return true;
	}
	rename(mac: string, name: string): boolean {
		if (name === "" || name.length > 32) return false;
		this.names.set(mac, name);
		return true;
	}
	*each(): Iterable<object> {
		for (const [mac, name] of this.names) yield { mac, name };
	}
}

/** What flew: the kind of a frame by its number, 0 for the call. */
export interface Flown {
	readonly at: number;
	readonly from: string;
	readonly to: string;
	readonly kind: number;
	readonly bytes: Uint8Array;
}

const CHANNELS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13];

/** A board that joins, and all that it does so with. */
export class FakeBoard {
	readonly devices = new FakeDevices();
	readonly records = new Map<string, string>();
	readonly forgotten: string[] = [];
	readonly traces: string[] = [];
	readonly moves: number[] = [];
	vault: MemoryVault;
	joining: Joining;
	channel: number;
	plainHub = "";
	/** A phone is on its access point. */
	isHeld = false;
	isOn = true;
	name: string;
	asked: string[] = [];
	readonly #air: FakeAir;
	readonly mac: string;
	role: "hub" | "device";

	constructor(air: FakeAir, role: "hub" | "device", mac: string, channel: number, name: string) {
		this.#air = air;
		this.role = role;
		this.mac = mac;
		this.channel = channel;
		this.name = name;
		this.vault = new MemoryVault(role === "hub" ? 4 : 1);
		this.joining = this.make();
	}

	/** Power comes back: what was in RAM is gone. */
	restart(): void {
		this.joining.close();
		this.vault = new MemoryVault(this.role === "hub" ? 4 : 1, this.vault.flash);
		this.joining = this.make();
		this.isOn = true;
		this.joining.start();
	}

	off(): void {
		this.joining.close();
		this.isOn = false;
	}

	view(): Record<string, unknown> {
		return this.joining.view() as Record<string, unknown>;
	}

	found(): Record<string, unknown>[] {
		return [...this.joining.found()] as Record<string, unknown>[];
	}

	private make(): Joining {
		const board = this;
		return new Joining({
			mac: this.mac,
			role: this.role,
			vault: this.vault,
			radio: {
				call: () => this.#air.call(this),
				sendRaw: (mac, bytes) => this.#air.send(this, mac, bytes.slice()),
				forgetPeer: (mac) => this.forgotten.push(mac),
				ask: async (mac, text) => this.asked.push(`${mac} ${text}`),
			},
			devices: this.role === "hub" ? this.devices : null,
			keysChanged: () => {},
			plainHub: () => this.plainHub,
			forgetHub: () => {
				this.plainHub = "";
			},
			confirm: () => {},
			name: () => this.name,
			tuner: {
				get home() {
					return board.channel;
				},
				allowed: CHANNELS,
				retune: (channel) => {
					if (this.isHeld) return "busy";
					this.channel = channel;
					this.moves.push(channel);
					return "ok";
				},
			},
			records: {
				read: (key) => this.records.get(key),
				write: (key, text) => this.records.set(key, text),
				erase: (key) => this.records.delete(key),
			},
			text: utf8,
			clock: { now: () => this.#air.time.nowMs },
			timers: this.#air.time,
			random: { random: () => this.#air.random() },
			trace: (line) => this.traces.push(line),
		});
	}
}

/** Boards in range of one another, in virtual time. */
export class FakeAir {
	readonly time = new FakeTimers();
	readonly boards: FakeBoard[] = [];
	readonly flown: Flown[] = [];
	/** Pairs that do not hear each other. */
	readonly deaf = new Set<string>();
	/** Whether a frame is lost. */
	loses: (frame: Flown) => boolean = () => false;
	#seed = 7;

	random(): number {
		this.#seed = (this.#seed * 48271) % 0x7fffffff;
		return this.#seed / 0x7fffffff;
	}

	hub(mac = "a0b1c2d30000", channel = 6): FakeBoard {
		return this.add(new FakeBoard(this, "hub", mac, channel, "Hall"));
	}

	device(mac: string, name: string, channel = 1): FakeBoard {
		return this.add(new FakeBoard(this, "device", mac, channel, name));
	}

	/** Two boards are out of each other's range. */
	part(a: FakeBoard, b: FakeBoard): void {
		this.deaf.add(a.mac + b.mac);
		this.deaf.add(b.mac + a.mac);
	}

	start(): void {
		for (const board of this.boards) board.joining.start();
	}

	call(from: FakeBoard): void {
		const channel = from.channel;
		this.note({ at: this.time.nowMs, from: from.mac, to: "ffffffffffff", kind: 0, bytes: new Uint8Array() }, () => {
			for (const board of this.boards) if (board !== from && this.hears(board, from, channel)) board.joining.onCall(from.mac, -50);
			return true;
		});
	}

	send(from: FakeBoard, to: string, bytes: Uint8Array): Promise<boolean> {
		return this.fly(from.mac, to, bytes, from.channel, from);
	}

	/** A stranger on a channel sends a frame. */
	forge(from: string, to: string, bytes: Uint8Array, channel: number): Promise<boolean> {
		return this.fly(from, to, bytes, channel);
	}

	/** A stranger calls. */
	forgeCall(from: string, channel: number, rssi = -50): void {
		for (const board of this.boards) if (board.isOn && board.channel === channel) board.joining.onCall(from, rssi);
	}

	frames(kind: number, from?: FakeBoard): Flown[] {
		return this.flown.filter((frame) => frame.kind === kind && (!from || frame.from === from.mac));
	}

	async advance(ms: number): Promise<void> {
		for (const end = this.time.nowMs + ms; this.time.nowMs < end; ) {
			this.time.advance(1);
			await null;
			await null;
		}
	}

	/** @returns whether it came true in time */
	async until(condition: () => boolean, maxMs = 60_000): Promise<boolean> {
		for (let ms = 0; ms < maxMs && !condition(); ms++) await this.advance(1);
		return condition();
	}

	private add(board: FakeBoard): FakeBoard {
		this.boards.push(board);
		return board;
	}

	private hears(board: FakeBoard, from: FakeBoard, channel: number): boolean {
		return board.isOn && board.channel === channel && !this.deaf.has(from.mac + board.mac);
	}

	private fly(from: string, to: string, bytes: Uint8Array, channel: number, sender?: FakeBoard): Promise<boolean> {
		const frame = { at: this.time.nowMs, from, to, kind: bytes[2] ?? 0, bytes };
		return this.note(frame, () => {
			const board = this.boards.find(({ mac }) => mac === to);
			if (!board || board.channel !== channel || !board.isOn || (sender && !this.hears(board, sender, channel))) return false;
			// The radio's buffer holds the next frame soon.
			const buffer = new Uint8Array(250);
			buffer.set(bytes);
			board.joining.onJoin(from, buffer, bytes.length, -50);
			buffer.fill(0xaa);
			return true;
		});
	}

	private note(frame: Flown, arrive: () => boolean): Promise<boolean> {
		this.flown.push(frame);
		return new Promise((resolve) => {
			this.time.set(() => resolve(this.loses(frame) ? false : arrive()), 1);
		});
	}
}
