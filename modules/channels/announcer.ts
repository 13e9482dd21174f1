import type { Clock, Timers } from "./types";

/** So long after a move devices are called, in ms. */
const CALL_MS = 20_000;
/** The radio stays at home between two calls, in ms: a device that was called asks there at once; one that did not hear it took the air for long. */
const HEARD_MS = 12;
const UNHEARD_MS = 25;
/** Before everybody who is still missing is called again; it doubles. */
const ROUND_MS = 150;
const LONGEST_ROUND_MS = 3_000;
/** On so many channels: the one that the hub has just left, and the one before. */
const CHANNELS = 2;

export interface AnnouncerOptions {
	/** The hub's devices, by their place. */
	devices: {
		readonly count: number;
		macAt(index: number): string;
		isOurs(index: number): boolean;
		isTold(index: number): boolean;
		setTold(index: number, isTold: boolean): void;
		isAbsent(index: number): boolean;
	};
	comms: {
		announce(mac: string, text: string, channel: number): Promise<boolean>;
		heardAt(mac: string): number;
	};
	/** Channels on which the hub was before, the last one first. */
	memory: { readonly channels: readonly number[] };
	clock: Clock;
	timers: Timers;
	trace(line: string): void;
}

/**
 * A hub that has moved calls its devices where they still are: each gets `Moved <channel>`, one after another. Those that were heard at home since are not
 * called, nor are boards that may have the original's code.
 */
export class Announcer {
	readonly #options: AnnouncerOptions;
	#moves = 0;
	#movedAt = -1;
	#isCalling = false;

	constructor(options: AnnouncerOptions) {
		this.#options = options;
	}

	/** Since when devices are being called, in clock ms; -1: they are not. */
	get movedAt(): number {
		return this.#isCalling ? this.#movedAt : -1;
	}

	/** The home channel is another one now. @param from 0: none yet */
	onHomeChannel(from: number, to: number): void {
		const { clock, devices, memory, trace } = this.#options;
		this.#movedAt = clock.now();
		const move = ++this.#moves;
		for (let index = 0; index < devices.count; index++) devices.setTold(index, false);
		const left = [from, ...memory.channels].filter((channel, i, all) => channel !== 0 && channel !== to && all.indexOf(channel) === i);
		if (left.length === 0 || devices.count === 0) return;
		this.#isCalling = true;
		this.#call(move, to, left.slice(0, CHANNELS))
			.catch((error) => trace(`channels: ${error instanceof Error ? error.message : String(error)}`))
			.finally(() => {
				if (move === this.#moves) this.#isCalling = false;
			});
	}

	snapshot() {
		return { state: this.#isCalling ? "calling" : "listening", moves: this.#moves };
	}

	async #call(move: number, to: number, channels: readonly number[]): Promise<void> {
		const { clock, devices } = this.#options;
		let pause = ROUND_MS;
		for (let round = 0; ; round++) {
			let missing = 0;
			for (const channel of channels) {
				for (let index = 0; index < devices.count; index++) {
					if (!this.isMissing(index, round)) continue;
					missing++;
					if (await this.#tell(index, to, channel)) await this.#delay(HEARD_MS);
					else await this.#delay(UNHEARD_MS);
					if (move !== this.#moves) return;
				}
			}
			if (missing === 0 || clock.now() - this.#movedAt >= CALL_MS) return;
			await this.#delay(pause);
			if (move !== this.#moves) return;
			pause = Math.min(LONGEST_ROUND_MS, pause * 2);
		}
	}

	/** Absent ones are called once. */
	private isMissing(index: number, round: number): boolean {
		const { devices, comms } = this.#options;
		if (!devices.isOurs(index) || (round > 0 && devices.isAbsent(index))) return false;
		// One that was told and has not come was told in vain if it is not heard within a round.
		if (round < 2 && devices.isTold(index)) return false;
		return comms.heardAt(devices.macAt(index)) < this.#movedAt;
	}

	async #tell(index: number, to: number, channel: number): Promise<boolean> {
		const { devices, comms } = this.#options;
		const mac = devices.macAt(index);
		const acked = await comms.announce(mac, `Moved ${to}`, channel);
		if (acked && devices.macAt(index) === mac) devices.setTold(index, true);
		return acked;
	}

	#delay(ms: number): Promise<void> {
		return new Promise((resolve) => {
			this.#options.timers.set(() => resolve(), ms);
		});
	}
}
