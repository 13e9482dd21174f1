import type { Clock } from "./clock";

/** Longest stretch of work before sockets and signals get their turn again, in ms. */
const SLICE_MS = 20;
/** The world is looked at least this often, in ms. */
const IDLE_MS = 50;

/**
 * Ties the world's clock to real time. The target is always computed from the moment of the start, so that it never
 * drifts; a desk that fell behind catches up.
 */
export class RealTime {
	#clock: Clock;
	#onProgress: () => void;
	#onError: (error: unknown) => void;
	/** Real time, in µs, at which the world was at 0. */
	#zeroUs: number;
	#timer: NodeJS.Timeout | NodeJS.Immediate | undefined;
	#running = true;
	#behind = false;
	#jumps: { goalUs: number; done: () => void }[] = [];

	/** @param options.onProgress called after everything that may have changed the world */
	constructor(options: { clock: Clock; onProgress: () => void; onError: (error: unknown) => void }) {
		this.#clock = options.clock;
		this.#onProgress = options.onProgress;
		this.#onError = options.onError;
		this.#zeroUs = realUs() - options.clock.nowUs;
		this.#timer = setImmediate(() => this.#tick());
	}

	/** Does something to the world at the present moment, in real time. What it throws reaches the caller. */
	touch<Result>(action: () => Result): Result {
		if (!this.#behind) this.#guard(() => this.#clock.runUntil(this.#targetUs()));
		try {
			return action();
		} finally {
			this.#onProgress();
			this.#schedule();
		}
	}

	/** Jumps ahead; everything due on the way happens. Resolves when done. */
	jump(ms: number): Promise<void> {
		const goalUs = Math.max(this.#clock.nowUs, this.#targetUs()) + Math.round(ms * 1000);
		this.#zeroUs -= Math.round(ms * 1000);
		return new Promise((done) => {
			this.#jumps.push({ goalUs, done });
			this.#behind = true;
			this.#schedule();
		});
	}

	stop(): void {
		this.#running = false;
		this.#cancel();
	}

	#targetUs(): number {
		return realUs() - this.#zeroUs;
	}

	#tick(): void {
		const untilMs = performance.now() + SLICE_MS;
		this.#guard(() => {
			const targetUs = this.#targetUs();
			this.#behind = false;
			while (this.#clock.step(targetUs)) {
				if (performance.now() < untilMs) continue;
				this.#behind = true;
				break;
			}
			if (!this.#behind) this.#clock.runUntil(targetUs);
		});
		if (!this.#running) return;
		const { nowUs } = this.#clock;
		const reached = this.#jumps.filter(({ goalUs }) => goalUs <= nowUs);
		this.#jumps = this.#jumps.filter(({ goalUs }) => goalUs > nowUs);
		this.#onProgress();
		for (const { done } of reached) done();
		this.#schedule();
	}

	#schedule(): void {
		if (!this.#running) return;
		this.#cancel();
		if (this.#behind) {
			this.#timer = setImmediate(() => this.#tick());
			return;
		}
		const nextUs = this.#clock.nextUs();
		const waitMs = nextUs === undefined ? IDLE_MS : (nextUs - this.#targetUs()) / 1000;
		this.#timer = setTimeout(() => this.#tick(), Math.min(IDLE_MS, Math.max(0, waitMs)));
	}

	#cancel(): void {
		clearTimeout(this.#timer as NodeJS.Timeout);
		clearImmediate(this.#timer as NodeJS.Immediate);
		this.#timer = undefined;
	}

	#guard(action: () => void): void {
		try {
			action();
		} catch (error) {
			this.stop();
			this.#onError(error);
		}
	}
}

function realUs(): number {
	return Math.floor(performance.now() * 1000);
}
