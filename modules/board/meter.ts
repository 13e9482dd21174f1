/**
 * What one count of the engine's meter is assumed to cost on an ESP32-C3, in ns, until a chip has told (bench/engine.ts has the reasoning).
 */
export const ASSUMED_NS = 520;
/** Counts of the engine's meter that {@link Meter} spends on one measurement, as a virtual board's engine counts them: 10 ms of a C3. */
export const METERED_COUNTS = 19_964;
const ROUNDS = 31;

/** A frame's text, and what a board does with it in small. */
const TEXT = "!34b4720a1004,uptime";

/** What costs in time: a known number of engine counts, the receive loop's turns, the start. */
export class Meter {
	readonly #clock: { now(): number };
	readonly #entry = { text: "", length: 0 };
	readonly #every: number;
	#turns = 0;
	#turnsMs = 0;
	/** When a measurement has ended: it is no turn's own work. */
	#measuredMs = -1;
	#radioMs = -1;
	#frameMs = -1;

	/** @param clock in ms, with fractions where the chip has them @param every the time of one in so many turns is taken and stands for all */
	constructor(clock: { now(): number }, every: number) {
		this.#every = every;
		this.#clock = clock;
	}

	/** ESP-NOW may start: the first time is kept. */
	radioReady(): void {
		if (this.#radioMs < 0) this.#radioMs = this.#clock.now();
	}

	/** A frame is with the driver for the first time. */
	firstFrame(): void {
		this.#frameMs = this.#clock.now();
	}

	/** One of the turns whose time is taken ends. @param startMs when it began */
	turn(startMs: number): void {
		if (this.#measuredMs >= startMs) return;
		this.#turns += this.#every;
		this.#turnsMs += this.#every * (this.#clock.now() - startMs);
	}

	/**
	 * Measures, which blocks the board for some 10 ms, and tells all in one line; -1 is the time of what has not happened yet.
	 * A clock that stood still is a virtual one: the assumed cost is told.
	 */
	line(): string {
		const start = this.#clock.now();
		this.work(ROUNDS);
		this.#measuredMs = this.#clock.now();
		const us = Math.round(1000 * (this.#measuredMs - start));
		const cost = us > 0 ? `${us} us` : `${Math.round((METERED_COUNTS * ASSUMED_NS) / 1000)} us assumed`;
		const turns = `${this.#turns} turns ${Math.round(1000 * this.#turnsMs)} us`;
		return `${METERED_COUNTS} counts ${cost}; ${turns}; radio ${Math.round(this.#radioMs)} ms; frame ${Math.round(this.#frameMs)} ms`;
	}

	/** Calls, properties, comparisons and a short text each round, as a message takes them. */
	private work(rounds: number): void {
		const entry = this.#entry;
		for (let i = 0; i < rounds; i++) {
			entry.text = TEXT.slice(1, 13);
			entry.length = 0;
			for (let k = 0; k < 12; k++) if (isHexDigit(entry.text.charCodeAt(k))) entry.length++;
		}
	}
}

function isHexDigit(code: number): boolean {
	return (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66);
}
