import { fletcher32 } from "common/text";
import type { Records } from "./types";

/** Devices in one record: 16 with names of 32 bytes take 750 bytes of it, 25 of the chip's 32-byte entries. */
const IN_GROUP = 16;
/** 13 records hold 208 devices; one more is always free, to be written to. With the longest names that is 364 entries, with usual ones some 220. */
export const GROUPS = 13;
const KEYS = GROUPS + 1;
const MAC_LENGTH = 12;

/** One device as flash keeps it. */
export interface Kept {
	readonly mac: string;
	readonly name: string;
	readonly isSealed: boolean;
}

/**
 * The devices that people added, in flash: several to a record. A change is written to the record that is free, whose predecessor is free from then on: a
 * power cut at any moment leaves the old or the new one. A record is
 *
 * | part | form |
 * | --- | --- |
 * | format | `1` |
 * | sequence | decimal, one more than any seen before |
 * | group | decimal, which part of the devices this is |
 * | checksum | Fletcher-32 over `<sequence> <group> <text>`, 8 hex digits |
 * | text | a line for each device: 12 hex digits of its MAC, `s` for sealed or `p` for plain, its name |
 *
 * with one space between. Of two records of one group the one with the higher sequence counts.
 */
export class Roster {
	readonly #records: Records;
	/** The record of each group, -1: it has none. */
	readonly #keyOf = new Int8Array(GROUPS).fill(-1);
	#free = 0;
	#sequence = 0;
	#writes = 0;

	constructor(records: Records) {
		this.#records = records;
	}

	/** Records written since the start. */
	get writes(): number {
		return this.#writes;
	}

	/**
	 * Reads what is kept. Damaged records are left out.
	 * @param take is told of each device and its group
	 */
	load(take: (kept: Kept, group: number) => void): void {
		const sequences = new Float64Array(GROUPS);
		for (let key = 0; key < KEYS; key++) {
			const found = this.read(key);
			if (!found) continue;
			this.#sequence = Math.max(this.#sequence, found.sequence);
			if (found.sequence <= (sequences[found.group] ?? 0)) continue;
			sequences[found.group] = found.sequence;
			this.#keyOf[found.group] = key;
		}
		this.findFree();
		for (let group = 0; group < GROUPS; group++) for (const kept of this.members(group)) take(kept, group);
	}

	/** The devices of a group. */
	members(group: number): Kept[] {
		const text = this.textOf(group);
		return text === "" ? [] : text.split("\n").map(parse);
	}

	/** How many devices a group has room for. */
	room(group: number): number {
		const text = this.textOf(group);
		return text === "" ? IN_GROUP : IN_GROUP - text.split("\n").length;
	}

	/** Replaces a group. @returns false when the flash did not take it: the old one stays */
	write(group: number, members: readonly Kept[]): boolean {
		const text = members.map(({ mac, name, isSealed }) => `${mac}${isSealed ? "s" : "p"}${name}`).join("\n");
		if (text === this.textOf(group)) return true;
		const numbered = `${this.#sequence + 1} ${group} ${text}`;
		const record = `1 ${this.#sequence + 1} ${group} ${fletcher32(numbered)} ${text}`;
		const key = this.#free;
		this.#writes++;
		try {
			this.#records.write(name(key), record);
			if (this.#records.read(name(key)) !== record) return false;
		} catch {
			return false;
		}
		this.#sequence++;
		this.#keyOf[group] = key;
		this.findFree();
		return true;
	}

	private findFree(): void {
		for (let key = 0; key < KEYS; key++) {
			if (this.#keyOf.includes(key)) continue;
			this.#free = key;
			return;
		}
	}

	private textOf(group: number): string {
		const key = this.#keyOf[group] ?? -1;
		return key < 0 ? "" : (this.read(key)?.text ?? "");
	}

	private read(key: number): { sequence: number; group: number; text: string } | undefined {
		let record: string | undefined;
		try {
			record = this.#records.read(name(key));
		} catch {
			return undefined;
		}
		const parts = record === undefined ? null : /^1 (\d{1,15}) (\d{1,2}) ([0-9a-f]{8}) /.exec(record);
		if (record === undefined || !parts) return undefined;
		const text = record.slice(parts[0].length);
		const group = Number(parts[2]);
		if (group >= GROUPS || fletcher32(`${parts[1]} ${parts[2]} ${text}`) !== parts[3]) return undefined;
		return { sequence: Number(parts[1]), group, text };
	}
}

function name(key: number): string {
	return `devices-${key}`;
}

function parse(line: string): Kept {
	return { mac: line.slice(0, MAC_LENGTH), isSealed: line.charAt(MAC_LENGTH) === "s", name: line.slice(MAC_LENGTH + 1) };
}
