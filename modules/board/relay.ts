/** The chip's pins, as far as an output needs them. Both answer an esp_err_t. */
export interface OutputPins {
	output(pin: number, level: number): number;
	write(pin: number, level: number): number;
}

export interface RelayOptions {
	chip: OutputPins;
	/** undefined: no relay is fitted. `invert`: low is on. */
	pin?: { readonly pin: number; readonly invert: boolean } | undefined;
	trace?(line: string): void;
}

/** The relay. It is off from the moment this is made. */
export class Relay {
	readonly #chip: OutputPins;
	readonly #pin: number;
	readonly #onLevel: number;
	readonly #isFitted: boolean;
	#isOn = false;

	constructor(options: RelayOptions) {
		this.#chip = options.chip;
		this.#pin = options.pin?.pin ?? -1;
		this.#onLevel = options.pin?.invert ? 0 : 1;
		const error = options.pin ? this.#chip.output(this.#pin, 1 - this.#onLevel) : 0;
		// A pin that this chip lacks must not keep the board from starting: only its configuration is wrong.
		if (error !== 0) options.trace?.(`relay: pin ${this.#pin} is no output (${error})`);
		this.#isFitted = options.pin !== undefined && error === 0;
	}

	get isFitted(): boolean {
		return this.#isFitted;
	}

	get isOn(): boolean {
		return this.#isOn;
	}

	/** For the status page; null when there is no relay. */
	get state(): "ON" | "OFF" | null {
		return this.#isFitted ? (this.#isOn ? "ON" : "OFF") : null;
	}

	/**
	 * Switches the relay; without one nothing happens.
	 * @throws Error with the esp_err number when the pin was not driven; the state is as before then
	 */
	set(on: boolean): void {
		if (!this.#isFitted) return;
		const error = this.#chip.write(this.#pin, on ? this.#onLevel : 1 - this.#onLevel);
		if (error !== 0) throw new Error(`relay ${error}`);
		this.#isOn = on;
	}
}
