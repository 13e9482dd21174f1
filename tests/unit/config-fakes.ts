import type { Records } from "config/records";

/** The board died: nothing after this reaches the flash. */
export class PowerCut extends Error {}

/** Flash as NVS behaves: a write erases first, and the power may go before any step. */
export class FakeRecords implements Records {
	readonly texts = new Map<string, string>();
	/** Physical steps so far, one for each erase and one for each set. */
	steps = 0;
	/** Calls of write and erase. */
	writes = 0;
	/** The step before which the power goes. */
	cutBefore = Number.POSITIVE_INFINITY;

	read(key: string): string | undefined {
		if (this.steps >= this.cutBefore) throw new PowerCut();
		return this.texts.get(key);
	}

	write(key: string, text: string): void {
		this.writes += 1;
		this.#step(() => this.texts.delete(key));
		this.#step(() => this.texts.set(key, text));
	}

	erase(key: string): void {
		this.writes += 1;
		this.#step(() => this.texts.delete(key));
	}

	/** The same flash after the power came back. */
	restarted(): FakeRecords {
		const records = new FakeRecords();
		for (const [key, text] of this.texts) records.texts.set(key, text);
		return records;
	}

	#step(run: () => void): void {
		if (this.steps >= this.cutBefore) throw new PowerCut();
		run();
		this.steps += 1;
	}
}
