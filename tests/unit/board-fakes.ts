/** The chip's pins, with all that was done to them in order. */
export class FakePins {
	readonly levels = new Map<number, number>();
	readonly log: string[] = [];
	/** esp_err_t that every call answers. */
	error = 0;

	output(pin: number, level: number): number {
		return this.#do("output", pin, level);
	}
	write(pin: number, level: number): number {
		return this.#do("write", pin, level);
	}
	input(pin: number): number {
		this.log.push(`input ${pin}`);
		return this.error;
	}
	level(pin: number): number {
		return this.levels.get(pin) ?? 1;
	}

	#do(call: string, pin: number, level: number): number {
		this.log.push(`${call} ${pin} ${level}`);
		if (this.error === 0) this.levels.set(pin, level);
		return this.error;
	}
}
