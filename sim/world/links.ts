import { stableHash } from "./random";

/** Who hears whom, and how well. Both directions of a pair are alike. */
export class Links {
	#set = new Map<string, number | null>();

	/** Sets what a pair hears of each other: dBm, or null when out of range. */
	set(a: string, b: string, rssi: number | null): void {
		this.#set.set(key(a, b), rssi);
	}

	/** Signal strength in dBm: as set, else a fixed figure between -45 and -60 for each pair; null when out of range. */
	rssi(a: string, b: string): number | null {
		const pair = key(a, b);
		const set = this.#set.get(pair);
		return set === undefined ? -45 - (stableHash(pair) % 16) : set;
	}
}

function key(a: string, b: string): string {
	return a < b ? `${a}-${b}` : `${b}-${a}`;
}
