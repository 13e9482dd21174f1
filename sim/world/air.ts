import type { Clock } from "./clock";
import type { Links } from "./links";
import { BROADCAST } from "./mac";
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

/** Contention window of the first try; it doubles with every further one. */
const CW_MIN = 31;
/**
 * Tries and the largest window are not documented for the chip. Six tries with a window of at most 511 make a silent peer cost
 * 21 ms (20 bytes) to 24 ms (60 bytes) on average, which is what is seen on hardware: 20 to 26 ms.
 */
const CW_MAX = 511;
const TRIES = 6;

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

export type Outcome = "acked" | "lost" | "broadcast";

export interface FrameReport {
	readonly from: string;
	readonly to: string;
	readonly channel: number;
	/** At the addressed radio, or null when there is none in range. */
	readonly rssi: number | null;
	readonly payload: Buffer;
	readonly outcome: Outcome;
	readonly tries: number;
	/** From being handed to the radio until the outcome was known. */
	readonly tookUs: number;
}

interface Job {
	readonly id: number;
	readonly from: string;
	readonly to: string;
	readonly payload: Buffer;
	readonly queuedUs: number;
	readonly done: (outcome: Outcome) => void;
	tries: number;
	window: number;
	/** Back-off slots still to wait. */
	slots: number;
}

/** A stretch of time in which a radio fills its channel. */
interface Transmission {
	readonly sender: Station;
	readonly channel: number;
	readonly startUs: number;
	readonly endUs: number;
	/** Until when those who heard it leave the channel alone: the end of the acknowledgement. */
	readonly reservedUs: number;
	/** An acknowledgement: the radio it is for has just sent and is awake. */
	readonly answer: boolean;
}

interface Station {
	readonly radio: AirRadio;
	readonly jobs: Job[];
	/** When the radio last changed its channel or was switched on: what began earlier was missed. */
	tunedUs: number;
	/** The frame taken last: a repetition of it is not passed on. The chip remembers just one, whoever sent it. */
	last: number;
}

/** The channel that all radios share. */
export class Air {
	/** Probability that one transmission, data or acknowledgement, is missed by one receiver. */
	loss = 0;
	/** Probability that a received frame is handed to the firmware twice. */
	duplicate = 0;
	#clock: Clock;
	#links: Links;
	#random: Random;
	#stations = new Map<AirRadio, Station>();
	#recent: Transmission[] = [];
	#nextId = 1;
	#onFrame: (report: FrameReport) => void;

	constructor(options: { clock: Clock; links: Links; random: Random; onFrame: (report: FrameReport) => void }) {
		this.#clock = options.clock;
		this.#links = options.links;
		this.#random = options.random;
		this.#onFrame = options.onFrame;
	}

	add(radio: AirRadio): void {
		this.#stations.set(radio, { radio, jobs: [], tunedUs: this.#clock.nowUs, last: 0 });
	}

	/** Takes a radio away, with what it had still to send. */
	remove(radio: AirRadio): void {
		const station = this.#stations.get(radio);
		if (station) station.jobs.length = 0;
		this.#stations.delete(radio);
	}

	/** To be called when a radio's channel changes or it goes on or off. */
	retuned(radio: AirRadio): void {
		const station = this.#stations.get(radio);
		if (station) station.tunedUs = this.#clock.nowUs;
	}

	/** Forgets what a radio had still to send: its board has stopped. `done` of those frames is never called. */
	silence(radio: AirRadio): void {
		const station = this.#stations.get(radio);
		if (station) station.jobs.length = 0;
	}

	/** Queues one frame; frames of one radio go out in order, one at a time. */
	send(radio: AirRadio, frame: { from: string; to: string; payload: Buffer; done: (outcome: Outcome) => void }): void {
		const station = this.#stations.get(radio);
		if (!station) throw new Error("a radio that is not on the air cannot send");
		station.jobs.push({ ...frame, id: this.#nextId++, queuedUs: this.#clock.nowUs, tries: 0, window: CW_MIN, slots: 0 });
		if (station.jobs.length === 1) this.#begin(station);
	}

	#begin(station: Station): void {
		const job = station.jobs[0];
		if (!job) return;
		job.slots = this.#random.below(job.window + 1);
		this.#contend(station, job);
	}

	/** Waits until the channel has been idle for DIFS and the back-off. */
	#contend(station: Station, job: Job): void {
		const idleFromUs = this.#busyUntil(station);
		const startUs = idleFromUs + Timing.difs + job.slots * Timing.slot;
		this.#clock.at(startUs, () => {
			if (station.jobs[0] !== job) return;
			const disturbedUs = this.#disturbed(station, idleFromUs, startUs - Timing.noticed);
			if (disturbedUs === undefined) {
				this.#transmit(station, job);
				return;
			}
			// The back-off counts only slots in which the channel was idle.
			const passed = Math.floor((disturbedUs - idleFromUs - Timing.difs) / Timing.slot);
			job.slots -= Math.min(job.slots, Math.max(0, passed));
			this.#contend(station, job);
		});
	}

	#transmit(station: Station, job: Job): void {
		const channel = station.radio.channel();
		if (channel === 0) {
			this.#settle(station, job, "lost", 0);
			return;
		}
		job.tries++;
		const startUs = this.#clock.nowUs;
		const endUs = startUs + airtimeUs(job.payload.length);
		const unicast = job.to !== BROADCAST;
		const transmission: Transmission = {
			sender: station,
			channel,
			startUs,
			endUs,
			reservedUs: unicast ? endUs + Timing.sifs + Timing.ack : endUs,
			answer: false,
		};
		this.#recent.push(transmission);
		this.#clock.at(endUs, () => this.#dataEnds(transmission, job));
	}

	#dataEnds(transmission: Transmission, job: Job): void {
		const { sender, channel, endUs } = transmission;
		let answering: Station | undefined;
		for (const station of [...this.#stations.values()]) {
			const wanted = job.to === BROADCAST || station.radio.hasAddress(job.to);
			if (!wanted || station === sender || !this.#hears(station, transmission)) continue;
			if (job.to !== BROADCAST) answering ??= station;
			this.#deliver(station, sender, job);
		}
		if (sender.jobs[0] !== job) return;
		if (job.to === BROADCAST) this.#settle(sender, job, "broadcast", channel);
		else if (answering) this.#acknowledge(answering, sender, job, channel);
		else this.#clock.at(endUs + Timing.ackTimeout, () => this.#unacknowledged(sender, job, channel));
	}

	#deliver(station: Station, sender: Station, job: Job): void {
		if (station.last === job.id) return;
		station.last = job.id;
		const rssi = this.#links.rssi(station.radio.key, sender.radio.key);
		if (rssi === null) return;
		const frame = { from: job.from, to: job.to, rssi, payload: job.payload };
		if (this.#random.next() < this.duplicate) this.#clock.after(1000, () => station.radio.receive(frame));
		station.radio.receive(frame);
	}

	#acknowledge(answering: Station, sender: Station, job: Job, channel: number): void {
		const startUs = this.#clock.nowUs + Timing.sifs;
		const endUs = startUs + Timing.ack;
		const ack: Transmission = { sender: answering, channel, startUs, endUs, reservedUs: endUs, answer: true };
		this.#recent.push(ack);
		this.#clock.at(endUs, () => {
			if (sender.jobs[0] !== job) return;
			if (this.#hears(sender, ack)) this.#settle(sender, job, "acked", channel);
			else this.#unacknowledged(sender, job, channel);
		});
	}

	#unacknowledged(sender: Station, job: Job, channel: number): void {
		if (sender.jobs[0] !== job) return;
		if (job.tries >= TRIES) {
			this.#settle(sender, job, "lost", channel);
			return;
		}
		job.window = Math.min(CW_MAX, job.window * 2 + 1);
		this.#begin(sender);
	}

	#settle(sender: Station, job: Job, outcome: Outcome, channel: number): void {
		sender.jobs.shift();
		const far = [...this.#stations.values()].find((station) => station !== sender && station.radio.hasAddress(job.to));
		this.#onFrame({
			from: job.from,
			to: job.to,
			channel,
			rssi: far ? this.#links.rssi(sender.radio.key, far.radio.key) : null,
			payload: job.payload,
			outcome,
			tries: job.tries,
			tookUs: this.#clock.nowUs - job.queuedUs,
		});
		this.#begin(sender);
		job.done(outcome);
	}

	/** Whether a radio took a whole transmission: there all the time, in range, nothing else on the channel, and no bad luck. */
	#hears(station: Station, transmission: Transmission): boolean {
		const { radio } = station;
		const { sender, channel, startUs, endUs } = transmission;
		if (radio.channel() !== channel || station.tunedUs > startUs) return false;
		if (!this.#inRange(station, sender)) return false;
		for (const other of this.#recent) {
			if (other === transmission || other.endUs <= startUs || other.startUs >= endUs) continue;
			if (other.sender === station || (other.channel === channel && this.#inRange(station, other.sender))) return false;
		}
		if (!transmission.answer && radio.sleepy() && startUs % BEACON_US > AWAKE_US) return false;
		return this.#random.next() >= this.loss;
	}

	#inRange(a: Station, b: Station): boolean {
		return this.#links.rssi(a.radio.key, b.radio.key) !== null;
	}

	/** From when on the channel is free, as far as this radio knows. */
	#busyUntil(station: Station): number {
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
	#disturbed(station: Station, idleFromUs: number, toUs: number): number | undefined {
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

/** Longest frame (1470 bytes) and longest wait for a turn, both of which look back at what was on the air. */
const REMEMBERED_US = 30_000;

/** Time on the air of a frame with `bytes` of payload, in µs. */
export function airtimeUs(bytes: number): number {
	return Timing.preamble + Timing.usPerByte * (Timing.overheadBytes + bytes);
}
