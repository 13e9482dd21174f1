import type { RecoveryView } from "./types";

/** What has to be done about a radio that no longer works. */
export type Step = "none" | "espnow" | "wifi" | "board";

/** So many frames without a status in a row; one may be lost. */
const STATUS_ROW = 2;
/**
 * So long, in ms, no status at all comes before each step, counted from the step before it. On a full air a frame waits for its turn among those of all radios
 * in reach, also of frames that are for others, of which this board never hears: its status comes late, but it comes. What somebody sends must not restart a
 * board, so that the last step takes patience.
 */
const SILENT_MS: Readonly<Record<Exclude<Step, "none">, number>> = Object.freeze({ espnow: 3_000, wifi: 7_000, board: 30_000 });
const NO_MEMORY_MS = 1_000;
/** A step that did not help shows within this time. */
const AGAIN_MS = 5_000;
const BOARD_PAUSE_MS = 600_000;

/**
 * The ladder of recovery: ESP-NOW off and on; Wi-Fi from scratch, since a stuck NO_MEM was only cured by deinit/init (espressif/esp-idf#18682); restart of
 * the board, at most once in 10 minutes. Each step is counted. A driver that sends nothing climbs it by silence. One that refuses everything climbs a step
 * when the one before has not helped within 5 s.
 */
export class Recovery {
	#missing = 0;
	/** When the first of them was found missing, or the last step of this silence was taken, in ms. */
	#silentSince = 0;
	/** The last step of this silence. */
	#silent: Step = "none";
	/** Frames that the driver has taken and told nothing of. */
	#unsettled = 0;
	#noMemorySince = -1;
	#noMemoryAt = -1;
	#last: Step = "none";
	#lastAt = 0;
	#boardAllowedAt: number;
	readonly #counts: RecoveryView = { espnow: 0, wifi: 0, board: 0 };

	/** @param restartedByRecovery the last restart was such a step: the next one has to wait */
	constructor(restartedByRecovery: boolean) {
		this.#boardAllowedAt = restartedByRecovery ? BOARD_PAUSE_MS : 0;
	}

	/** A send status came: the driver works, however late it is, and its buffers come free. */
	status(): void {
		this.#missing = 0;
		this.#silent = "none";
		this.#noMemorySince = -1;
		if (this.#unsettled > 0) this.#unsettled--;
	}

	/** A send status did not come within its time. One that is late shows that the driver works: the silence is over. */
	statusMissing(now: number): Step {
		if (this.#missing++ === 0 && this.#silent === "none") this.#silentSince = now;
		if (this.#missing < STATUS_ROW) return "none";
		let next: Exclude<Step, "none"> = this.#silent === "none" ? "espnow" : this.#silent === "espnow" ? "wifi" : "board";
		if (now - this.#silentSince < SILENT_MS[next]) return "none";
		if (next === "board" && now < this.#boardAllowedAt) next = "wifi";
		this.#silentSince = now;
		this.#silent = next;
		return this.take(next, now);
	}

	/** The driver took a frame. */
	accepted(): void {
		this.#noMemorySince = -1;
		this.#unsettled++;
	}

	/** The driver had no buffer. As long as it holds frames of ours this is a kind of silence: on a full air they are on their way. */
	noMemory(now: number): Step {
		if (this.#unsettled > 0) return this.statusMissing(now);
		// A frame that was given up meanwhile ends a row as well: the next one may find no memory for the first time.
		if (this.#noMemorySince < 0 || now - this.#noMemoryAt >= NO_MEMORY_MS) this.#noMemorySince = now;
		this.#noMemoryAt = now;
		if (now - this.#noMemorySince < NO_MEMORY_MS) return "none";
		return this.climb(now);
	}

	/** ESP-NOW could not be started although it should run. */
	openFailed(now: number): Step {
		return this.climb(now);
	}

	/** ESP-NOW is up again: only from here on can a step be seen to have helped. */
	opened(now: number): void {
		if (this.#last !== "none") this.#lastAt = now;
	}

	/** Counts of the steps since boot. */
	view(): RecoveryView {
		return { ...this.#counts };
	}

	private climb(now: number): Step {
		const again = this.#last !== "none" && now - this.#lastAt <= AGAIN_MS;
		let step: Exclude<Step, "none"> = "espnow";
		if (again && this.#last === "espnow") step = "wifi";
		else if (again) step = now >= this.#boardAllowedAt ? "board" : "wifi";
		return this.take(step, now);
	}

	private take(step: Exclude<Step, "none">, now: number): Step {
		this.#missing = 0;
		this.#noMemorySince = -1;
		// Frames wait in Wi-Fi's own buffers, which outlive ESP-NOW.
		if (step === "wifi") this.#unsettled = 0;
		if (step === "board") this.#boardAllowedAt = now + BOARD_PAUSE_MS;
		this.#last = step;
		this.#lastAt = now;
		this.#counts[step]++;
		return step;
	}
}
