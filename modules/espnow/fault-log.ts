import type { Counters } from "./counters";

/** Errors of this part. Each is counted, traced once, and stays on the status page. */
export class FaultLog {
	readonly #counters: Counters;
	readonly #trace: (line: string) => void;
	lastError = "";

	constructor(counters: Counters, trace: (line: string) => void) {
		this.#counters = counters;
		this.#trace = trace;
	}

	/** @param error for people; it is traced unless it is the same as the last one */
	note(error: string): void {
		if (error === this.lastError) return;
		this.lastError = error;
		this.#trace(`ESP-NOW: ${error}`);
	}

	/** An error inside this board. */
	fault(where: string, error: unknown): void {
		this.#counters.event("fault");
		this.note(`${where}: ${error instanceof Error ? error.message : String(error)}`);
	}
}
