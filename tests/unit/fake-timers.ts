interface FakeTimer {
	readonly callback: () => void;
	readonly repeatMs: number;
	dueMs: number;
}

/** The SDK's timers in virtual time: they go off in the order of their times, those of one time in the order in which they were set. */
export class FakeTimers {
	readonly #timers = new Set<FakeTimer>();
	nowMs = 0;

	/** @param repeatMs 0: it goes off once */
	set(callback: () => void, delayMs = 0, repeatMs = 0): object {
		const timer = { callback, repeatMs, dueMs: this.nowMs + delayMs };
		this.#timers.add(timer);
		return timer;
	}

	repeat(callback: () => void, intervalMs: number): object {
		return this.set(callback, intervalMs, intervalMs);
	}

	/** One that is gone is no error, in the SDK neither. */
	clear(timer: unknown): void {
		this.#timers.delete(timer as FakeTimer);
	}

	get pending(): number {
		return this.#timers.size;
	}

	advance(ms: number): void {
		const endMs = this.nowMs + ms;
		for (let next = this.#next(endMs); next; next = this.#next(endMs)) {
			this.nowMs = Math.max(this.nowMs, next.dueMs);
			if (next.repeatMs > 0) next.dueMs += next.repeatMs;
			else this.#timers.delete(next);
			next.callback();
		}
		this.nowMs = endMs;
	}

	#next(endMs: number): FakeTimer | undefined {
		let first: FakeTimer | undefined;
		for (const timer of this.#timers) if (timer.dueMs <= endMs && (!first || timer.dueMs < first.dueMs)) first = timer;
		return first;
	}
}
