import type { Clock } from "./clock";
import type { Links } from "./links";
import { BROADCAST } from "./mac";
import { type AirRadio, airtimeUs, Medium, Timing, type Transmission, type Tuned } from "./medium";
import type { Random } from "./random";

/** Contention window of the first try; it doubles with every further one. */
export const CW_MIN = 31;
/**
 * Tries and the largest window are not documented for the chip. Six tries with a window of at most 511 make a silent peer cost
 * 21 ms (20 bytes) to 24 ms (60 bytes) on average, which is what is seen on hardware: 20 to 26 ms.
 */
export const CW_MAX = 511;
export const TRIES = 6;

/** A frame that is handed over twice comes again after this time: before the next one of its sender can, since links are first-in first-out. */
const DUPLICATE_US = 900;

export type Outcome = "acked" | "lost" | "broadcast";

export interface FrameReport {
	/** Key of the radio that sent it, whatever MAC it used. */
	readonly sender: string;
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

/** One frame with all its repetitions, as it goes over the air. */
export interface FrameOnAir {
	/** Key of the radio that sends it. */
	readonly sender: string;
	readonly from: string;
	readonly to: string;
	readonly payload: Buffer;
}

/** What a radio hears instead of a frame: other bytes, or nothing; and whether the sender gets an acknowledgement all the same. */
export interface Interference {
	readonly payload: Buffer | undefined;
	readonly acknowledged: boolean;
}

/** Somebody on the air who hears every frame, and may spoil it where it arrives. */
export interface Interceptor {
	/** Every transmission, repetitions too, at its end. */
	hear(frame: FrameOnAir, channel: number): void;
	/** A radio is about to take a frame; undefined: it does. */
	meddle(frame: FrameOnAir, channel: number): Interference | undefined;
}

interface Job extends FrameOnAir {
	readonly id: number;
	readonly queuedUs: number;
	readonly done: (outcome: Outcome) => void;
	tries: number;
	window: number;
	/** Back-off slots still to wait. */
	slots: number;
}

interface Station extends Tuned {
	readonly jobs: Job[];
	/** The frame taken last: a repetition of it is not passed on. The chip remembers just one, whoever sent it. */
	last: number;
}

/** The channel that all radios share. */
export class Air {
	/** Probability that a received frame is handed to the firmware twice. */
	duplicate = 0;
	interceptor: Interceptor | undefined;
	#clock: Clock;
	#links: Links;
	#random: Random;
	#stations = new Map<AirRadio, Station>();
	#medium: Medium;
	#nextId = 1;
	#onFrame: (report: FrameReport) => void;

	constructor(options: { clock: Clock; links: Links; random: Random; onFrame: (report: FrameReport) => void }) {
		this.#clock = options.clock;
		this.#links = options.links;
		this.#random = options.random;
		this.#medium = new Medium(options);
		this.#onFrame = options.onFrame;
	}

	/** Probability that one transmission, data or acknowledgement, is missed by one receiver. */
	get loss(): number {
		return this.#medium.loss;
	}
	set loss(probability: number) {
		this.#medium.loss = probability;
	}

	/** Probability that a transmission on a neighbour channel, data or acknowledgement, is heard all the same. */
	get leak(): number {
		return this.#medium.leak;
	}
	set leak(probability: number) {
		this.#medium.leak = probability;
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
		station.jobs.push({ ...frame, sender: radio.key, id: this.#nextId++, queuedUs: this.#clock.nowUs, tries: 0, window: CW_MIN, slots: 0 });
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
		const idleFromUs = this.#medium.busyUntil(station);
		const startUs = idleFromUs + Timing.difs + job.slots * Timing.slot;
		this.#clock.at(startUs, () => {
			if (station.jobs[0] !== job) return;
			const disturbedUs = this.#medium.disturbed(station, idleFromUs, startUs - Timing.noticed);
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
		this.#medium.begin(transmission);
		this.#clock.at(endUs, () => this.#dataEnds(station, transmission, job));
	}

	#dataEnds(sender: Station, transmission: Transmission, job: Job): void {
		const { channel, endUs } = transmission;
		let answering: Station | undefined;
		this.interceptor?.hear(job, channel);
		for (const station of [...this.#stations.values()]) {
			const wanted = job.to === BROADCAST || station.radio.hasAddress(job.to);
			if (!wanted || station === sender || !this.#medium.hears(station, transmission)) continue;
			const interference = this.interceptor?.meddle(job, channel);
			if (job.to !== BROADCAST && interference?.acknowledged !== false) answering ??= station;
			const payload = interference ? interference.payload : job.payload;
			if (payload) this.#deliver(station, sender, job, payload);
		}
		if (sender.jobs[0] !== job) return;
		if (job.to === BROADCAST) this.#settle(sender, job, "broadcast", channel);
		else if (answering) this.#acknowledge(answering, sender, job, channel);
		else this.#clock.at(endUs + Timing.ackTimeout, () => this.#unacknowledged(sender, job, channel));
	}

	#deliver(station: Station, sender: Station, job: Job, payload: Buffer): void {
		if (station.last === job.id) return;
		station.last = job.id;
		const rssi = this.#links.rssi(station.radio.key, sender.radio.key);
		if (rssi === null) return;
		const frame = { from: job.from, to: job.to, rssi, payload };
		if (this.#random.next() < this.duplicate) this.#clock.after(DUPLICATE_US, () => station.radio.receive(frame));
		station.radio.receive(frame);
	}

	#acknowledge(answering: Station, sender: Station, job: Job, channel: number): void {
		const startUs = this.#clock.nowUs + Timing.sifs;
		const endUs = startUs + Timing.ack;
		const ack: Transmission = { sender: answering, channel: answering.radio.channel(), startUs, endUs, reservedUs: endUs, answer: true };
		this.#medium.begin(ack);
		this.#clock.at(endUs, () => {
			if (sender.jobs[0] !== job) return;
			if (this.#medium.hears(sender, ack)) this.#settle(sender, job, "acked", channel);
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
			sender: sender.radio.key,
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
}
