import { fletcher32 } from "common/text";
import type { Records } from "./records";

/**
 * One text kept twice, so that a power cut at any moment leaves the old or the new one: a write replaces only the copy
 * that is not in use. A record is
 *
 * | part | form |
 * | --- | --- |
 * | format | `1` |
 * | sequence | decimal, one more than any seen before |
 * | checksum | Fletcher-32 over `<sequence> <text>`, 8 hex digits |
 * | text | the rest |
 *
 * with one space between. The valid record with the highest sequence counts.
 */
export class TwoCopies {
	#records: Records;
	#keys: readonly [string, string];
	/** Index of the key in use; 1 while there is none, so that the first write goes to the first key. */
	#current = 1;
	#sequence = 0;
	#writes = 0;

	/** @param options.keys where the two copies live */
	constructor(options: { records: Records; keys: readonly [string, string] }) {
		this.#records = options.records;
		this.#keys = options.keys;
	}

	/** Flash writes since the start of the board. */
	get writes(): number {
		return this.#writes;
	}

	/** Of the newest copy seen or written, 0 when there was none. */
	get sequence(): number {
		return this.#sequence;
	}

	/**
	 * Looks for the newest copy that is whole and that `accept` takes.
	 * @returns whether there was one, and the keys of copies that exist but are damaged or were not accepted
	 */
	load(accept: (text: string) => boolean): { readonly found: boolean; readonly damaged: readonly string[] } {
		const copies = this.#keys.map((key, index) => this.read(key, index));
		this.#current = 1;
		this.#sequence = Math.max(0, ...copies.map((copy) => copy?.sequence ?? 0));
		copies.sort((a, b) => (b?.sequence ?? 0) - (a?.sequence ?? 0));
		let found = false;
		const damaged: string[] = [];
		for (const copy of copies) {
			if (!copy) continue;
			if (copy.text === undefined || (!found && !accept(copy.text))) damaged.push(this.#keys[copy.index] ?? "");
			else if (!found) {
				found = true;
				this.#current = copy.index;
			}
		}
		return { found, damaged };
	}

	/**
	 * Writes a text over the older copy and reads it back.
	 * @throws Error when the flash did not take it; the copy in use is untouched then
	 */
	save(text: string): void {
		const next = 1 - this.#current;
		const key = this.#keys[next] ?? "";
		const numbered = `${this.#sequence + 1} ${text}`;
		const space = numbered.indexOf(" ");
		const record = `${FORMAT} ${numbered.slice(0, space)} ${fletcher32(numbered)} ${text}`;
		this.#writes += 1;
		this.#records.write(key, record);
		if (this.#records.read(key) !== record) throw new Error("flash did not keep what was written");
		this.#current = next;
		this.#sequence += 1;
	}

	/** Erases both copies, the one in use last: a power cut in between leaves it. */
	erase(): void {
		for (const index of [1 - this.#current, this.#current]) {
			const key = this.#keys[index] ?? "";
			if (this.#records.read(key) === undefined) continue;
			this.#writes += 1;
			this.#records.erase(key);
		}
		this.#current = 1;
	}

	/** @returns undefined when there is nothing under this key, a copy without text when it is damaged */
	private read(key: string, index: number): { index: number; sequence: number; text?: string } | undefined {
		let record: string | undefined;
		try {
			record = this.#records.read(key);
		} catch {
			return { index, sequence: 0 };
		}
		if (record === undefined) return undefined;
		const parts = /^1 (\d{1,15}) ([0-9a-f]{8}) /.exec(record);
		if (!parts) return { index, sequence: 0 };
		const text = record.slice(parts[0].length);
		if (fletcher32(`${parts[1]} ${text}`) !== parts[2]) return { index, sequence: 0 };
		return { index, sequence: Number(parts[1]), text };
	}
}

const FORMAT = "1";
