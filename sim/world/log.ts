import type { Clock } from "./clock";

/** One thing that happened; further fields depend on `event`. */
export interface LogEvent {
	readonly seq: number;
	readonly timeMs: number;
	/** Station MAC of the board it happened to, or null. */
	readonly board: string | null;
	readonly event: string;
	readonly [field: string]: unknown;
}

/** What the desk keeps; older events are forgotten, their numbers are not used again. */
const KEPT = 100_000;

/** What happened in the world, in order. */
export class EventLog {
	#clock: Clock;
	#events: LogEvent[] = [];
	#next = 0;
	#limit: number;

	constructor(clock: Clock, limit = KEPT) {
		this.#clock = clock;
		this.#limit = limit;
	}

	add(board: string | null, event: string, fields: Readonly<Record<string, unknown>> = {}): void {
		this.#events.push({ seq: this.#next++, timeMs: this.#clock.nowUs / 1000, board, event, ...fields });
		if (this.#events.length > this.#limit * 1.25) this.#events = this.#events.slice(-this.#limit);
	}

	/** Number that the next event will have: give it to `since` to read on. */
	get next(): number {
		return this.#next;
	}

	/** Events with this number and later, in order. */
	since(seq: number): LogEvent[] {
		const first = this.#events[0]?.seq ?? this.#next;
		return this.#events.slice(Math.max(0, seq - first));
	}

	/** Events of one kind, of one board if given. */
	of(event: string, board?: string): LogEvent[] {
		return this.#events.filter((entry) => entry.event === event && (board === undefined || entry.board === board));
	}
}
