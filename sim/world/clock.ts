/** A scheduled action; `cancel()` may be called at any time, also after it ran. */
export interface Alarm {
	readonly atUs: number;
	cancel(): void;
}

interface Entry extends Alarm {
	readonly order: number;
	run: (() => void) | undefined;
}

/**
 * The world's time: integer microseconds and a queue of actions.
 * Actions of the same microsecond run in the order in which they were scheduled, so that a run can be repeated to the byte.
 */
export class Clock {
	#nowUs = 0;
	#order = 0;
	#heap: Entry[] = [];

	/** Microseconds since the world began. */
	get nowUs(): number {
		return this.#nowUs;
	}

	/** Runs `action` at `atUs`; a time that has passed means: next. */
	at(atUs: number, action: () => void): Alarm {
		if (!Number.isSafeInteger(atUs)) throw new RangeError(`a time must be whole microseconds, not ${atUs}`);
		const entry: Entry = {
			atUs: Math.max(atUs, this.#nowUs),
			order: this.#order++,
			run: action,
			cancel() {
				entry.run = undefined;
			},
		};
		this.#push(entry);
		return entry;
	}

	/** Runs `action` in `delayUs` microseconds. */
	after(delayUs: number, action: () => void): Alarm {
		return this.at(this.#nowUs + delayUs, action);
	}

	/** Time of the next action, or `undefined` when nothing is scheduled. */
	nextUs(): number | undefined {
		this.#dropCancelled();
		return this.#heap[0]?.atUs;
	}

	/** Runs the next action if it is due by `untilUs`; tells whether there was one. */
	step(untilUs: number): boolean {
		this.#dropCancelled();
		const first = this.#heap[0];
		if (!first || first.atUs > untilUs) return false;
		this.#pop();
		this.#nowUs = first.atUs;
		first.run?.();
		return true;
	}

	/** Runs everything due up to and including `untilUs`, then rests there. */
	runUntil(untilUs: number): void {
		while (this.step(untilUs));
		this.#nowUs = Math.max(this.#nowUs, untilUs);
	}

	#dropCancelled(): void {
		for (let first = this.#heap[0]; first && !first.run; first = this.#heap[0]) this.#pop();
	}

	#push(entry: Entry): void {
		const heap = this.#heap;
		let i = heap.length;
		heap.push(entry);
		while (i > 0) {
			const up = (i - 1) >> 1;
			const parent = heap[up];
			if (!parent || before(parent, entry)) break;
			heap[i] = parent;
			i = up;
		}
		heap[i] = entry;
	}

	#pop(): void {
		const heap = this.#heap;
		const last = heap.pop();
		if (!last || heap.length === 0) return;
		let i = 0;
		for (;;) {
			let child = 2 * i + 1;
			const left = heap[child];
			if (!left) break;
			const right = heap[child + 1];
			let least = left;
			if (right && before(right, left)) {
				child += 1;
				least = right;
			}
			if (before(last, least)) break;
			heap[i] = least;
			i = child;
		}
		heap[i] = last;
	}
}

function before(a: Entry, b: Entry): boolean {
	return a.atUs < b.atUs || (a.atUs === b.atUs && a.order < b.order);
}
