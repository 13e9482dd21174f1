/** Longest time the setup access point stays open on a configured board, in ms after it opened: ten minutes. */
export const LONGEST_WINDOW_MS = 600_000;
/** A request in the last 30 s keeps the window open. */
export const IN_USE_MS = 30_000;

/**
 * When the setup access point closes: `minutes` after it opened, not while it is in use, at the latest after ten minutes.
 * A board that was never configured keeps it open: its time begins when it is told something. Pure: the caller brings the time, in ms.
 */
export class SetupWindow {
	#openedMs: number;
	readonly #plannedMs: number;
	#lastUseMs = Number.NEGATIVE_INFINITY;

	constructor(openedMs: number, minutes: number) {
		this.#openedMs = openedMs;
		this.#plannedMs = minutes * 60_000;
	}

	/** Begins to count the time, from now on. */
	begin(nowMs: number): void {
		this.#openedMs = nowMs;
	}

	/** A request came in through the access point. */
	use(nowMs: number): void {
		this.#lastUseMs = nowMs;
	}

	/** Whether somebody made a request in the last 30 s. A client that is only joined does not count. */
	inUse(nowMs: number): boolean {
		return nowMs - this.#lastUseMs < IN_USE_MS;
	}

	/** True once the access point has to close. */
	isOver(nowMs: number): boolean {
		return this.leftMs(nowMs) <= 0;
	}

	/** Time left in ms, as things stand now; 0 when it is over. */
	leftMs(nowMs: number): number {
		const planned = Math.max(this.#openedMs + this.#plannedMs, this.#lastUseMs + IN_USE_MS);
		return Math.max(0, Math.min(planned, this.#openedMs + LONGEST_WINDOW_MS) - nowMs);
	}
}
