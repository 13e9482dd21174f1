import type Timer from "timer";
import { encodeWords, type RestartCause } from "./last-words";

/** A restart never waits longer than this for its own reply, in ms. */
const LATEST_MS = 500;
/** After the reply has gone out the rest of the connection gets this long, in ms. */
const AFTER_REPLY_MS = 50;

export interface RestartChip {
	keep(words: string): void;
	setRecovered(recovered: boolean): void;
	restart(): void;
}

/**
 * Restarts the board after the reply to the order has gone out, at most 500 ms later, and leaves the cause in the chip's memory
 * so that the next start knows whether it opens the setup access point.
 */
export class Restarter {
	readonly #chip: RestartChip;
	readonly #timers: Pick<typeof Timer, "set" | "schedule">;
	#timer: Timer | undefined;
	#replied = false;

	constructor(options: { chip: RestartChip; timers: Pick<typeof Timer, "set" | "schedule"> }) {
		this.#chip = options.chip;
		this.#timers = options.timers;
	}

	/** Orders a restart. A second order while one is under way changes nothing. @param text for people, may be empty */
	request(cause: RestartCause, text = ""): void {
		if (this.#timer) return;
		this.#timer = this.#timers.set(() => this.now(cause, text), LATEST_MS);
	}

	/** A reply has gone out: an ordered restart need not wait for the clock. */
	replySent(): void {
		if (!this.#timer || this.#replied) return;
		this.#replied = true;
		this.#timers.schedule(this.#timer, AFTER_REPLY_MS);
	}

	/** Restarts at once: recovery and the factory button have nobody to answer. */
	now(cause: RestartCause, text = ""): void {
		this.#chip.keep(encodeWords({ cause, text }));
		// Kept apart from the words, which the next restart replaces: recovery remembers its own restart over others.
		if (cause === "recovery") this.#chip.setRecovered(true);
		this.#chip.restart();
	}
}
