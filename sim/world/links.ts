import { stableHash } from "./random";

/** Who hears whom, and how well. Both directions of a pair are alike. */
export class Links {
	#set = new Map<string, number | null>();
	/** The figures of pairs that nobody set: asked for with every frame, by every radio in the air. */
	#usual = new Map<string, Map<string, number>>();

	/** Sets what a pair hears of each other: dBm, or null when out of range. */
	set(a: string, b: string, rssi: number | null): void {
		this.#set.set(key(a, b), rssi);
	}

	/** Signal strength in dBm: as set, else a fixed figure between -45 and -60 for each pair; null when out of range. */
	rssi(a: string, b: string): number | null {
		const set = this.#set.size > 0 ? this.#set.get(key(a, b)) : undefined;
		if (set !== undefined) return set;
		const usual = this.#usual.get(a) ?? new Map<string, number>();
		const rssi = usual.get(b) ?? -45 - (stableHash(key(a, b)) % 16);
		this.#usual.set(a, usual.set(b, rssi));
		return rssi;
	}
}

function key(a: string, b: string): string {
	return a < b ? `${a}-${b}` : `${b}-${a}`;
}
