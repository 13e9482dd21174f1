import type { RepeatTimers } from "./leds";

/** The chip's pins, as far as a button needs them. `input` answers an esp_err_t. */
export interface InputPins {
	input(pin: number): number;
	level(pin: number): number;
}

const POLL_MS = 100;
/** Polls that make 10 s. */
const HELD_POLLS = 100;
const PRESSED = 0;

/**
 * The pin of the factory button: the one that people told, else the one that this kind of board is sold with (its BOOT button), unless
 * something else is wired to that: a relay that switches must not read as a press.
 * @param pins the configuration's pins, unknown ones included
 * @param usual number of the BOOT button's pin, undefined when there is none
 */
export function buttonPin(pins: object, usual: number | undefined): number | undefined {
	if ("button" in pins && typeof pins.button === "number") return pins.button;
	const uses: readonly unknown[] = Object.values(pins);
	return uses.some((use) => pinOf(use) === usual) ? undefined : usual;
}

/** A pin of the configuration is a number, or an object around one; in RBR-Now's files a text, empty when nothing is fitted. */
function pinOf(use: unknown): number | undefined {
	const pin = typeof use === "object" && use !== null && "pin" in use ? use.pin : use;
	return typeof pin === "number" || (typeof pin === "string" && pin !== "") ? Number(pin) : undefined;
}

export interface FactoryButtonOptions {
	chip: InputPins;
	/** undefined: no button is fitted. Pressed is low; the chip pulls the pin up. */
	pin?: number | undefined;
	timers: RepeatTimers;
	/** The button was held for 10 s; called once for each press. */
	onHeld(): void;
	trace?(line: string): void;
}

/**
 * The button that brings the factory configuration back. It counts as held for 10 s when a hundred polls in a row find it pressed. So two short presses do not
 * make a long one while the loop stands still between them. A pin that is low from the start counts only after it was high once: a wrong wire would
 * otherwise wipe the configuration at every start.
 */
export class FactoryButton {
	readonly #chip: InputPins;
	readonly #timers: RepeatTimers;
	readonly #pin: number;
	readonly #onHeld: () => void;
	readonly #isFitted: boolean;
	#wasReleased = false;
	#polls = 0;
	#timer: unknown;

	constructor(options: FactoryButtonOptions) {
		this.#chip = options.chip;
		this.#timers = options.timers;
		this.#pin = options.pin ?? -1;
		this.#onHeld = options.onHeld;
		const error = options.pin === undefined ? 0 : this.#chip.input(this.#pin);
		if (error !== 0) options.trace?.(`button: pin ${this.#pin} is no input (${error})`);
		this.#isFitted = options.pin !== undefined && error === 0;
	}

	/** Begins to look at the button. */
	start(): void {
		if (!this.#isFitted || this.#timer !== undefined) return;
		this.#timer = this.#timers.repeat(() => this.poll(), POLL_MS);
	}

	/** Stops looking at the button. May be called again, also by `onHeld`. */
	close(): void {
		if (this.#timer === undefined) return;
		this.#timers.clear(this.#timer);
		this.#timer = undefined;
	}

	private poll(): void {
		if (this.#chip.level(this.#pin) !== PRESSED) {
			this.#wasReleased = true;
			this.#polls = 0;
		} else if (this.#wasReleased && this.#polls < HELD_POLLS) {
			this.#polls += 1;
			if (this.#polls === HELD_POLLS) this.#onHeld();
		}
	}
}
