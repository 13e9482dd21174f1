import { fromHex, hex } from "./joining-frames";
import type { Clock, JoinDevices, Timers } from "./joining-types";

/** Of PBKDF2: what whoever finds the file has to do for each guess. */
const ROUNDS = 120_000;
/** A turn of the derivation takes at most some 20 ms; it begins with few rounds, and never does more than these. */
const TURN_MS = 15;
const FIRST_ROUNDS = 50;
const MOST_ROUNDS = 2_000;
/** Between two turns, in ms: the board does everything else meanwhile. */
const PAUSE_MS = 5;
/** The derived key is forgotten when nobody has used it for so long, in ms. */
const IDLE_MS = 300_000;
const SHORTEST_PASSPHRASE = 10;
const LONGEST_PASSPHRASE = 64;

/**
 * A backup is a text of lines, each some bytes in hex digits: the header, a part for each device, and last the hub's own keys. The header:
 *
 * | offset | bytes | content |
 * | --- | --- | --- |
 * | 0 | 4 | `RBRB` |
 * | 4 | 1 | version 1 |
 * | 5 | 16 | salt, random for each backup |
 * | 21 | 4 | rounds of PBKDF2-HMAC-SHA-256, little-endian, at least 100,000 |
 * | 25 | 2 | number of devices, little-endian |
 *
 * A part: nonce (13, random), ciphertext, tag (16) by AES-128-CCM under the derived key, the header as associated data. Its text: 0, private key (32), public
 * key (32); or 1, a device's MAC (6), public key (32), K (16), name. Parts are made and read by the vault: no key is ever in the engine's memory.
 */
const HEADER = 27;
const SALT_AT = 5;
const SALT_BYTES = 16;
const ROUNDS_AT = 21;
const BOARDS_AT = 25;
const LONGEST_PART = 160;
/** What {@link BackupVault.restorePart} says for the hub's own keys. */
const RESTORED_KEYS = 1000;
const BAD_TAG = -2;

export interface BackupVault {
	readonly hasKeys: boolean;
	macAt(slot: number): string;
	random(into: Uint8Array): void;
	/** @returns false when the header is none, or the crypto library refuses */
	backupBegin(passphrase: string, header: Uint8Array, length: number): boolean;
	/** Does at most so many rounds. @returns how many are left, 0: the key is there */
	backupTurn(rounds: number): number;
	/** @returns length of the part; negative: why there is none */
	backupKeys(into: Uint8Array): number;
	backupBoard(slot: number, name: string, into: Uint8Array): number;
	/** @param isKeys whether it must be the hub's own keys: a part of the other kind is refused @returns the slot of a device, whose name is in `name` behind its length; 1000 for the own keys; negative: why it is refused */
	restorePart(bytes: Uint8Array, length: number, isKeys: boolean, name: Uint8Array): number;
	backupEnd(): void;
}

export interface BackupOptions {
	vault: BackupVault;
	/** Slots of the vault. */
	capacity: number;
	/** The hub's roster, null on a device. */
	devices: JoinDevices | null;
	/** How a restored device is spoken to is asked anew. */
	forgetPeer(mac: string): void;
	decode(bytes: Uint8Array, length: number): string | null;
	clock: Clock;
	timers: Timers;
}

type State = "idle" | "deriving" | "saving" | "restoring";

/** The hub's backup under a passphrase, and the way back. One at a time; its key is in the vault while that goes on, and nowhere else. */
export class Backup {
	readonly #options: BackupOptions;
	#state: State = "idle";
	#isRestore = false;
	readonly #header = new Uint8Array(HEADER);
	#rounds = ROUNDS;
	#left = 0;
	#turn = FIRST_ROUNDS;
	#timer: object | null = null;
	/** Slots that are saved, as they were at the beginning. */
	#slots: number[] = [];
	/** Devices that were restored. */
	readonly #restored: string[] = [];

	constructor(options: BackupOptions) {
		this.#options = options;
	}

	view(): object {
		const percent = this.#state === "deriving" ? Math.floor(100 * (1 - this.#left / this.#rounds)) : this.#state === "idle" ? 0 : 100;
		if (this.#state === "idle") return { state: this.#state };
		return { state: this.#state, percent, devices: this.boards, header: hex(this.#header, 0, HEADER), restored: this.#restored.length };
	}

	/** Begins to derive the key for a backup. @returns "" or why that cannot be */
	save(passphrase: string): string {
		const { devices, vault, capacity } = this.#options;
		const refusal = this.refusal(passphrase);
		if (refusal !== "" || !devices) return refusal;
		if (!vault.hasKeys) return "this hub has no keys yet: add a device first";
		this.#slots = [];
		for (let slot = 0; slot < capacity; slot++) if (vault.macAt(slot) !== "") this.#slots.push(slot);
		const header = this.#header;
		const salt = new Uint8Array(SALT_BYTES);
		vault.random(salt);
		header.set(MAGIC);
		header.set(salt, SALT_AT);
		writeLittle(header, ROUNDS_AT, 4, ROUNDS);
		writeLittle(header, BOARDS_AT, 2, this.#slots.length);
		return this.begin(passphrase, false);
	}

	/** Begins to derive the key of a backup. @param line its first line @returns "" or why that cannot be */
	restore(passphrase: string, line: string): string {
		const refusal = this.refusal(passphrase);
		if (refusal !== "") return refusal;
		const header = fromHex(line, HEADER);
		if (!header) return "the first line of a backup: 54 hex digits";
		this.#header.set(header);
		this.#slots = [];
		return this.begin(passphrase, true);
	}

	/** A line of the backup: 0 is the header, then the devices, then the hub's own keys. @returns undefined when there is none, or not yet */
	line(number: number): string | undefined {
		const { vault, devices } = this.#options;
		if (this.#state !== "saving" || !devices) return undefined;
		this.rest();
		if (number === 0) return hex(this.#header, 0, HEADER);
		const part = new Uint8Array(LONGEST_PART);
		const slot = this.#slots[number - 1];
		let length = -1;
		if (slot !== undefined) length = vault.backupBoard(slot, devices.nameOf(vault.macAt(slot)), part);
		else if (number === this.#slots.length + 1) length = vault.backupKeys(part);
		return length > 0 ? hex(part, 0, length) : undefined;
	}

	/** Takes a line behind the header; the hub's own keys must be the last. @returns "" or why it is refused */
	take(line: string): string {
		const { vault, devices, forgetPeer, decode } = this.#options;
		if (this.#state !== "restoring" || !devices) return "not yet";
		this.rest();
		const bytes = line.length <= 2 * LONGEST_PART ? fromHex(line, line.length >> 1) : undefined;
		if (!bytes) return "a line of a backup: hex digits";
		const name = new Uint8Array(33);
		// The hub's own keys come last: a backup that ends before them has changed nothing that this hub was.
		const slot = vault.restorePart(bytes, bytes.length, this.#restored.length >= this.boards, name);
		if (slot === RESTORED_KEYS) {
			this.end();
			return "";
		}
		if (slot < 0)
			return slot === BAD_TAG
				? "a wrong passphrase, or a damaged line"
				: "a line that is missing, or twice there, or one that this board cannot take";
		const mac = vault.macAt(slot);
		const length = Math.min(32, name[0] ?? 0);
		if (!devices.add(mac, decode(name.slice(1, 1 + length), length) || mac, true)) return "no room for another device";
		if (!this.#restored.includes(mac)) this.#restored.push(mac);
		forgetPeer(mac);
		return "";
	}

	/** The key is forgotten. What was restored stays. */
	end(): void {
		if (this.#state === "idle") return;
		this.#options.timers.clear(this.#timer);
		this.#timer = null;
		this.#state = "idle";
		this.#restored.length = 0;
		this.#slots = [];
		this.#options.vault.backupEnd();
	}

	private get boards(): number {
		return (this.#header[BOARDS_AT] ?? 0) + 256 * (this.#header[BOARDS_AT + 1] ?? 0);
	}

	private refusal(passphrase: string): string {
		if (!this.#options.devices) return "this is no hub";
		if (this.#state === "deriving") return "a backup is being made already";
		if (passphrase.length < SHORTEST_PASSPHRASE || passphrase.length > LONGEST_PASSPHRASE)
			return `a passphrase of ${SHORTEST_PASSPHRASE} to ${LONGEST_PASSPHRASE} characters`;
		return "";
	}

	private begin(passphrase: string, isRestore: boolean): string {
		this.#options.vault.backupEnd();
		this.#options.timers.clear(this.#timer);
		this.#restored.length = 0;
		this.#state = "idle";
		if (!this.#options.vault.backupBegin(passphrase, this.#header, HEADER)) return "not a backup that this board knows";
		this.#rounds = readLittle(this.#header, ROUNDS_AT, 4);
		this.#left = this.#rounds;
		this.#turn = FIRST_ROUNDS;
		this.#isRestore = isRestore;
		this.#state = "deriving";
		this.#timer = this.#options.timers.set(() => this.derive(), PAUSE_MS);
		return "";
	}

	private derive(): void {
		const { vault, clock, timers } = this.#options;
		const start = clock.now();
		this.#left = vault.backupTurn(this.#turn);
		const took = clock.now() - start;
		if (this.#left > 0) {
			this.#turn = Math.max(
				1,
				Math.min(MOST_ROUNDS, took > 0 ? Math.floor((this.#turn * TURN_MS) / took) : this.#turn * 2, this.#turn * 2),
			);
			this.#timer = timers.set(() => this.derive(), PAUSE_MS);
			return;
		}
		this.#timer = null;
		if (this.#left < 0) {
			this.end();
			return;
		}
		this.#state = this.#isRestore ? "restoring" : "saving";
		this.rest();
	}

	/** It is in use. */
	private rest(): void {
		const { timers } = this.#options;
		timers.clear(this.#timer);
		this.#timer = timers.set(() => this.end(), IDLE_MS);
	}
}

/** `RBRB`, version 1. */
const MAGIC: readonly number[] = Object.freeze([0x52, 0x42, 0x52, 0x42, 1]);

function writeLittle(bytes: Uint8Array, at: number, length: number, value: number): void {
	for (let i = 0; i < length; i++) bytes[at + i] = Math.floor(value / 256 ** i) & 0xff;
}

function readLittle(bytes: Uint8Array, at: number, length: number): number {
	let value = 0;
	for (let i = length - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0);
	return value;
}
