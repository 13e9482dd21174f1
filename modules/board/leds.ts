import type { OutputPins } from "./relay";

/** The part of the SDK's `timer` that LED and button need. */
export interface RepeatTimers {
	repeat(callback: () => void, intervalMs: number): unknown;
	clear(timer: unknown): void;
}

/** What the LED tells: the setup access point is open; a hub, or a device, with the access point closed. */
export type LedPattern = "window" | "hub" | "device";

const STEP_MS = 100;

/**
 * One character for each step of 100 ms, `#` is on: 0.5 s on and off in the window, two flashes of 0.2 s in 5 s for a hub,
 * one for a device.
 */
const patterns: Readonly<Record<LedPattern, string>> = Object.freeze({
	window: "#####.....",
	hub: "##..##".padEnd(50, "."),
	device: "##".padEnd(50, "."),
});

export interface LedsOptions {
	chip: OutputPins;
	/** undefined: no LED is fitted. `invert`: low is on. */
	pin?: { readonly pin: number; readonly invert: boolean } | undefined;
	timers: RepeatTimers;
	/** What is to be told now; asked at every step. */
	pattern(): LedPattern;
	trace?(line: string): void;
}

/** The LED. It is off until it is started. */
export class Leds {
	readonly #chip: OutputPins;
	readonly #timers: RepeatTimers;
	readonly #pattern: () => LedPattern;
	readonly #pin: number;
	readonly #onLevel: number;
	readonly #isFitted: boolean;
	/** The pattern that is being shown. */
	#steps = "";
	#step = 0;
	#lit = false;
	#timer: unknown;

	constructor(options: LedsOptions) {
		this.#chip = options.chip;
		this.#timers = options.timers;
		this.#pattern = options.pattern;
		this.#pin = options.pin?.pin ?? -1;
		this.#onLevel = options.pin?.invert ? 0 : 1;
		const error = options.pin ? this.#chip.output(this.#pin, 1 - this.#onLevel) : 0;
		if (error !== 0) options.trace?.(`led: pin ${this.#pin} is no output (${error})`);
		this.#isFitted = options.pin !== undefined && error === 0;
	}

	/** Shows the present pattern from its beginning, and each other one from the moment it is due. */
	start(): void {
		if (!this.#isFitted || this.#timer !== undefined) return;
		this.#timer = this.#timers.repeat(() => this.next(), STEP_MS);
		this.next();
	}

	/** Puts the LED out and stops. May be called again. */
	close(): void {
		if (this.#timer === undefined) return;
		this.#timers.clear(this.#timer);
		this.#timer = undefined;
		this.#steps = "";
		this.light(false);
	}

	private next(): void {
		const steps = patterns[this.#pattern()];
		this.#step = steps === this.#steps ? (this.#step + 1) % steps.length : 0;
		this.#steps = steps;
		this.light(steps.charAt(this.#step) === "#");
	}

	private light(lit: boolean): void {
		if (lit === this.#lit) return;
		this.#lit = lit;
		// An LED that cannot be written is not worth a restart, and its pin was good at the start.
		this.#chip.write(this.#pin, lit ? this.#onLevel : 1 - this.#onLevel);
	}
}
