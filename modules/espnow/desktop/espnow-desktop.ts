import { air } from "board/air";
import { type FromAir, fromHex, toHex } from "board/air-messages";
import type { Call, Frame, Radio as OnBoard, RadioCounters, RadioOptions, SendStatus } from "../esp32/espnow-esp32";

export type { Call, Frame, RadioCounters, RadioOptions, SendStatus } from "../esp32/espnow-esp32";

/** As in the driver's own C. */
const FRAME_SLOTS = 16;
const STATUS_SLOTS = 8;
const CALL_SLOTS = 4;
const PEERS = 20;
const LONGEST = 250;
const LONGEST_V2 = 1470;
/** Frames that the driver takes before it has no buffer. */
const IN_FLIGHT = 32;

const EVERYBODY = "ffffffffffff";
/** The joining call, `ping`. */
const PING = "70696e67";

const ESP_OK = 0;
const NOT_INIT = 0x3065;
const ARGUMENT = 0x3066;
const NO_MEMORY = 0x3067;
const FULL = 0x3068;
const NOT_FOUND = 0x3069;
const EXISTS = 0x306b;
const INTERFACE = 0x306c;

interface Waiting {
	readonly from: string;
	readonly rssi: number;
	readonly bytes: Uint8Array;
}

let opened = false;

/** ESP-NOW over the desk's air, with the driver's rules and error numbers. */
export class Radio implements OnBoard {
	readonly #onActivity: RadioOptions["onActivity"];
	readonly #counters: RadioCounters = {
		received: 0,
		whileClosed: 0,
		ringFull: 0,
		tooLong: 0,
		notForUs: 0,
		joiningCalls: 0,
		statusFull: 0,
		postFailed: 0,
	};
	readonly #frames: Waiting[] = [];
	readonly #frameBytes: number;
	readonly #statuses: SendStatus[] = [];
	/** RSSI by MAC, the oldest first. */
	readonly #calls = new Map<string, number>();
	readonly #peers = new Set<string>();
	/** Frames on their way: number to peer. */
	readonly #sent = new Map<number, string>();
	/** One above the station's, as on the chip. */
	readonly #accessPoint = (Number.parseInt(air().mac, 16) + 1).toString(16).padStart(12, "0");
	#nextId = 1;
	#ignore: (() => void) | undefined;

	constructor(options: RadioOptions) {
		if (opened) throw new Error("ESP-NOW is open");
		if (!air().state.on) throw new Error("ESP-NOW 12289");
		opened = true;
		this.#frameBytes = options.frameBytes ?? LONGEST;
		if (this.#frameBytes < LONGEST || this.#frameBytes > LONGEST_V2) throw new RangeError("invalid frameBytes");
		this.#onActivity = options.onActivity;
		this.#ignore = air().listen((message) => this.take(message));
	}
	close(): void {
		if (!this.#ignore) return;
		this.#ignore();
		this.#ignore = undefined;
		opened = false;
	}
	send(mac: string, bytes: Uint8Array, length: number): number {
		if (!this.#ignore) return NOT_INIT;
		if (length <= 0 || length > LONGEST || length > bytes.length) return ARGUMENT;
		if (!this.#peers.has(mac)) return NOT_FOUND;
		if (!air().state.sta) return INTERFACE;
		if (this.#sent.size >= IN_FLIGHT) return NO_MEMORY;
		const id = this.#nextId++;
		this.#sent.set(id, mac);
		air().send({ do: "tx", id, to: mac, from: air().mac, hex: toHex(bytes.subarray(0, length)) });
		return ESP_OK;
	}
	addPeer(mac: string): number {
		if (!this.#ignore) return NOT_INIT;
		if (this.#peers.has(mac)) return EXISTS;
		if (this.#peers.size >= PEERS) return FULL;
		this.#peers.add(mac);
		return ESP_OK;
	}
	/** The desk's air has no channel but the one that the station is on. */
	sendOn(_mac: string, _channel: number, _bytes: Uint8Array, _length: number, _waitMs: number): number {
		return -1;
	}
	comeHome(): void {}
	removePeer(mac: string): number {
		if (!this.#ignore) return NOT_INIT;
		return this.#peers.delete(mac) ? ESP_OK : NOT_FOUND;
	}
	read(frame: Frame): boolean {
		const next = this.#frames.shift();
		if (!next) return false;
		frame.from = next.from;
		frame.rssi = next.rssi;
		frame.length = next.bytes.length;
		frame.bytes.set(next.bytes.subarray(0, frame.bytes.length));
		return true;
	}
	readStatus(status: SendStatus): boolean {
		const next = this.#statuses.shift();
		if (next) Object.assign(status, next);
		return next !== undefined;
	}
	readCall(call: Call): boolean {
		for (const [from, rssi] of this.#calls) {
			this.#calls.delete(from);
			call.from = from;
			call.rssi = rssi;
			return true;
		}
		return false;
	}
	counters(target: RadioCounters): void {
		Object.assign(target, this.#counters);
	}

	private take(message: FromAir): void {
		if (message.type === "rx") this.#receive(message);
		else if (message.type === "tx-done") this.done(message.id, message.acked);
	}

	#receive({ from, to, rssi, hex }: { from: string; to: string; rssi: number; hex: string }): void {
		const bytes = fromHex(hex);
		this.#counters.received += 1;
		if (to !== air().mac && to !== this.#accessPoint) {
			if (to === EVERYBODY && hex === PING) {
				this.#counters.joiningCalls += 1;
				this.called(from, rssi);
			} else this.#counters.notForUs += 1;
			return;
		}
		if (bytes.length > this.#frameBytes) {
			this.#counters.tooLong += 1;
			return;
		}
		if (this.#frames.length === FRAME_SLOTS) {
			this.#counters.ringFull += 1;
			return;
		}
		this.#frames.push({ from, rssi, bytes });
		this.#onActivity(this.#frames.length, this.#statuses.length);
	}

	private called(from: string, rssi: number): void {
		this.#calls.delete(from);
		const [oldest] = this.#calls.keys();
		if (oldest !== undefined && this.#calls.size === CALL_SLOTS) this.#calls.delete(oldest);
		this.#calls.set(from, rssi);
	}

	private done(id: number, acked: boolean): void {
		const to = this.#sent.get(id);
		if (to === undefined) return;
		this.#sent.delete(id);
		if (this.#statuses.length === STATUS_SLOTS) {
			this.#counters.statusFull += 1;
			return;
		}
		this.#statuses.push({ to, acked });
		this.#onActivity(this.#frames.length, this.#statuses.length);
	}
}
