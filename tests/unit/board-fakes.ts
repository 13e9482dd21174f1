/** Timers that a test advances; they repeat until cleared. */
export class FakeRepeatTimers {
	#timers = new Map<object, { callback: () => void; intervalMs: number; dueMs: number }>();
	nowMs = 0;

	repeat(callback: () => void, intervalMs: number): object {
		const timer = {};
		this.#timers.set(timer, { callback, intervalMs, dueMs: this.nowMs + intervalMs });
		return timer;
	}

	/** One that is gone is no error, in the SDK neither. */
	clear(timer: unknown): void {
		this.#timers.delete(timer as object);
	}

	get running(): number {
		return this.#timers.size;
	}

	advance(ms: number): void {
		for (let end = this.nowMs + ms; this.nowMs < end; ) {
			this.nowMs += 1;
			for (const timer of [...this.#timers.values()]) {
				if (timer.dueMs > this.nowMs) continue;
				timer.dueMs += timer.intervalMs;
				timer.callback();
			}
		}
	}
}

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
