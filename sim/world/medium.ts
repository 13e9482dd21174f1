import type { Clock } from "./clock";
import type { Links } from "./links";
import type { Random } from "./random";

/** Times of a 2.4 GHz radio at 1 Mbit/s with long preamble, in µs. */
export const Timing = {
	preamble: 192,
	/** Around the payload: 24 MAC, 1 category, 3 OUI, 4 random, 7 element head, 4 FCS. */
	overheadBytes: 43,
	usPerByte: 8,
	sifs: 10,
	/** 14 bytes. */
	ack: 304,
	difs: 50,
	slot: 20,
	/** A transmission younger than this is not yet noticed by others. */
	noticed: 15,
	/** An acknowledgement that has not begun within this time is not coming. */
	ackTimeout: 10 + 20 + 192,
} as const;

/** A sleeping station listens for this long at every beacon (102.4 ms apart). */
const AWAKE_US = 20_000;
const BEACON_US = 102_400;

/** A radio as the air sees it. `key` names it in the table of links. */
export interface AirRadio {
	readonly key: string;
	/** Channel it stands on now; 0 when it is off. */
	channel(): number;
	/** Whether one of its running interfaces has this MAC. */
	hasAddress(mac: string): boolean;
	sleepy(): boolean;
	receive(frame: { from: string; to: string; rssi: number; payload: Buffer }): void;
}

/** A radio and since when it stands where it stands. */
export interface Tuned {
	readonly radio: AirRadio;
	/** When the radio last changed its channel or was switched on: what began earlier was missed. */
	tunedUs: number;
}

/** A stretch of time in which a radio fills its channel. */
export interface Transmission {
	readonly sender: Tuned;
	readonly channel: number;
	readonly startUs: number;
	readonly endUs: number;
	/** Until when those who heard it leave the channel alone: the end of the acknowledgement. */
	readonly reservedUs: number;
	/** An acknowledgement: the radio it is for has just sent and is awake. */
	readonly answer: boolean;
}

/** How long what was on the air is remembered: the longest frame (1470 bytes) and the longest wait for a turn. */
const REMEMBERED_US = 30_000;

/** What is on the air and who hears it. */
export class Medium {
	/** Probability that one transmission is missed by one receiver. */
	loss = 0;
	/** Probability that a transmission on a neighbour channel is heard all the same. */
	leak = 0;
	#clock: Clock;
	#links: Links;
	#random: Random;
	#recent: Transmission[] = [];

	constructor(options: { clock: Clock; links: Links; random: Random }) {
		this.#clock = options.clock;
		this.#links = options.links;
		this.#random = options.random;
	}

	/** Something goes on the air now. */
	begin(transmission: Transmission): void {
		this.#recent.push(transmission);
	}

	/** Whether a radio took a whole transmission: there all the time, in range, nothing else on the channel, and no bad luck. */
	hears(station: Tuned, transmission: Transmission): boolean {
		const { radio } = station;
		const { sender, channel, startUs, endUs } = transmission;
		if (!this.#isTuned(radio, channel) || station.tunedUs > startUs) return false;
		if (!this.#inRange(station, sender)) return false;
		for (const other of this.#recent) {
			if (other === transmission || other.endUs <= startUs || other.startUs >= endUs) continue;
			if (other.sender === station || (other.channel === channel && this.#inRange(station, other.sender))) return false;
		}
		if (!transmission.answer && radio.sleepy() && startUs % BEACON_US > AWAKE_US) return false;
		return this.#random.next() >= this.loss;
	}

	#isTuned(radio: AirRadio, channel: number): boolean {
		const own = radio.channel();
		if (own === channel) return true;
		return own !== 0 && Math.abs(own - channel) === 1 && this.leak > 0 && this.#random.next() < this.leak;
	}

	#inRange(a: Tuned, b: Tuned): boolean {
		return this.#links.rssi(a.radio.key, b.radio.key) !== null;
	}

	/** From when on the channel is free, as far as this radio knows. */
	busyUntil(station: Tuned): number {
		const { nowUs } = this.#clock;
		this.#recent = this.#recent.filter((each) => each.reservedUs > nowUs - REMEMBERED_US);
		let untilUs = nowUs;
		const channel = station.radio.channel();
		for (const each of this.#recent) {
			if (each.sender === station) untilUs = Math.max(untilUs, each.endUs);
			else if (each.channel === channel && this.#inRange(station, each.sender)) untilUs = Math.max(untilUs, each.reservedUs);
		}
		return untilUs;
	}

	/** When a wait that began at `idleFromUs` was first disturbed by something this radio noticed until `toUs`. */
	disturbed(station: Tuned, idleFromUs: number, toUs: number): number | undefined {
		const channel = station.radio.channel();
		let firstUs: number | undefined;
		for (const each of this.#recent) {
			const own = each.sender === station;
			if (each.startUs > toUs || (own ? each.endUs : each.reservedUs) <= idleFromUs) continue;
			if (!own && (each.channel !== channel || !this.#inRange(station, each.sender))) continue;
			const fromUs = Math.max(each.startUs, idleFromUs);
			if (firstUs === undefined || fromUs < firstUs) firstUs = fromUs;
		}
		return firstUs;
	}
}

/** Time on the air of a frame with `bytes` of payload, in µs. */
export function airtimeUs(bytes: number): number {
	return Timing.preamble + Timing.usPerByte * (Timing.overheadBytes + bytes);
}
