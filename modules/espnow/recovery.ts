import type { RecoveryView } from "./types";

/** What has to be done about a radio that no longer works. */
export type Step = "none" | "espnow" | "wifi" | "board";

const STATUS_ROW = 2;
/**
 * So long, in ms, no status at all comes from a driver that is broken. On a full air each frame waits for its turn among those of all radios in reach,
 * also of frames that are for others, which this board never hears of: its status comes late, but it comes.
 */
const SILENT_MS = 3_000;
const NO_MEMORY_MS = 1_000;
/** A step that did not help shows within this time. */
const AGAIN_MS = 5_000;
const BOARD_PAUSE_MS = 600_000;

/**
 * The ladder of recovery: ESP-NOW off and on; within 5 s again: Wi-Fi from scratch, since a stuck NO_MEM was only cured by
 * deinit/init (espressif/esp-idf#18682); again: restart of the board, at most once in 10 minutes. Each step is counted.
 */
export class Recovery {
	#missing = 0;
	/** When the first of them was found missing, in ms. */
	#missingSince = 0;
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
		this.#noMemorySince = -1;
	}

	/** A send status did not come within its time. One that is late shows that the driver works: the row begins anew. */
	statusMissing(now: number): Step {
		if (this.#missing++ === 0) this.#missingSince = now;
		if (this.#missing < STATUS_ROW || now - this.#missingSince < SILENT_MS) return "none";
		return this.climb(now);
	}

	/** The driver took a frame. */
	accepted(): void {
		this.#noMemorySince = -1;
	}

	/** The driver had no buffer. */
	noMemory(now: number): Step {
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
		this.#missing = 0;
		this.#noMemorySince = -1;
		const again = this.#last !== "none" && now - this.#lastAt <= AGAIN_MS;
		let step: Step = "espnow";
		if (again && this.#last === "espnow") step = "wifi";
		else if (again) step = now >= this.#boardAllowedAt ? "board" : "wifi";
		if (step === "board") this.#boardAllowedAt = now + BOARD_PAUSE_MS;
		this.#last = step;
		this.#lastAt = now;
		this.#counts[step as "espnow" | "wifi" | "board"]++;
		return step;
	}
}
