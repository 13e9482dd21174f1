import type { RecoveryView } from "./types";

/** What to do about a radio that no longer works. */
export type Step = "none" | "espnow" | "wifi" | "board";

/** How many frames in a row must lack a status: a single one may be lost. */
const STATUS_ROW = 2;
/**
 * How long the driver must be silent before each step, in ms, counted from the step before it. On a full air a frame waits behind the frames of all radios in
 * reach, also frames that this board does not get. Its status then comes late, but it comes. Nobody's frames may restart a board, so the last step
 * takes longest.
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
	/** When the first status was found missing, or the last step of this silence was taken, in ms. */
	#silentSince = 0;
	/** The last step of this silence. */
	#silent: Step = "none";
	/** Frames that the driver has taken and given no status for. */
	#unsettled = 0;
	#noMemorySince = -1;
	#noMemoryAt = -1;
	#last: Step = "none";
	#lastAt = 0;
	#boardAllowedAt: number;
	readonly #counts: RecoveryView = { espnow: 0, wifi: 0, board: 0 };

	/** @param restartedByRecovery the last restart was a step of recovery, so the next such step has to wait */
	constructor(restartedByRecovery: boolean) {
		this.#boardAllowedAt = restartedByRecovery ? BOARD_PAUSE_MS : 0;
	}

	/** A send status came, in time or late: the driver works and frees its buffers. */
	status(): void {
		this.#missing = 0;
		this.#silent = "none";
		this.#noMemorySince = -1;
		if (this.#unsettled > 0) this.#unsettled--;
	}

	/** A send status did not come in time. */
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

	/** The driver had no buffer. While it holds frames of ours this counts as silence: on a full air they wait for their turn. */
	noMemory(now: number): Step {
		if (this.#unsettled > 0) return this.statusMissing(now);
		// A pause ends the row: the next frame may find no memory for the first time.
		if (this.#noMemorySince < 0 || now - this.#noMemoryAt >= NO_MEMORY_MS) this.#noMemorySince = now;
		this.#noMemoryAt = now;
		if (now - this.#noMemorySince < NO_MEMORY_MS) return "none";
		return this.climb(now);
	}

	/** ESP-NOW could not be started although it should run. */
	openFailed(now: number): Step {
		return this.climb(now);
	}

	/** ESP-NOW is up again: from now on it shows whether the step has helped. */
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
