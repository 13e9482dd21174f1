/** A 32-bit number that depends on nothing but the text (FNV-1a with a final mix). */
export function stableHash(text: string): number {
	let hash = 0x811c9dc5;
	for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
	hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
	hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
	return (hash ^ (hash >>> 16)) >>> 0;
}

/** Seeded random numbers (mulberry32): the same seed and purpose give the same row of numbers. */
export class Random {
	#state: number;

	/** @param purpose keeps the rows of different users apart, so that one more draw here changes nothing there */
	constructor(seed: number, purpose: string) {
		this.#state = stableHash(`${seed}/${purpose}`);
	}

	/** In [0, 1). */
	next(): number {
		this.#state = (this.#state + 0x6d2b79f5) >>> 0;
		let t = this.#state;
		t = Math.imul(t ^ (t >>> 15), t | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 0x100000000;
	}

	/** A whole number in [0, below). */
	below(below: number): number {
		return Math.floor(this.next() * below);
	}
}
