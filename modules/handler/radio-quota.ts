/** Changes that may come one right after the other. */
const MOST_CHANGES = 4;
/** After this time there may be one more, in ms. */
const CHANGE_MS = 20_000;
/** From one restart that was ordered by radio to the next, in ms. */
const RESTART_MS = 10_000;

/**
 * How often the radio may write the flash and restart the board. In a plain network anybody in range can send from the hub's address. Flash lasts for 100,000
 * erasures and must outlive that by years, and a board that restarts all the time does not heat.
 */
export class RadioQuota {
	readonly #clock: { now(): number };
	#changes = MOST_CHANGES;
	/** Since when the next change is gathered. */
	#since = 0;
	#restartFrom = 0;

	/** @param restartedByRadio whether the last restart was ordered by radio: what was used up before it stays so */
	constructor(clock: { now(): number }, restartedByRadio: boolean) {
		this.#clock = clock;
		if (!restartedByRadio) return;
		this.#changes = 0;
		this.#restartFrom = RESTART_MS;
	}

	/** Whether a change may be written now. */
	get mayChange(): boolean {
		const gathered = Math.floor((this.#clock.now() - this.#since) / CHANGE_MS);
		if (gathered > 0) {
			this.#changes = Math.min(MOST_CHANGES, this.#changes + gathered);
			this.#since += gathered * CHANGE_MS;
		}
		return this.#changes > 0;
	}

	/** A change was written. */
	changed(): void {
		// Time beyond a full allowance does not count.
		if (this.#changes === MOST_CHANGES) this.#since = this.#clock.now();
		this.#changes -= 1;
	}

	/** Asks for a restart. @returns whether it may be */
	mayRestart(): boolean {
		const now = this.#clock.now();
		if (now < this.#restartFrom) return false;
		this.#restartFrom = now + RESTART_MS;
		return true;
	}
}
