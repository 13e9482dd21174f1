import { hasControlCharacters } from "common/text";
import { isSame, KEY_BYTES, LONGEST_NAME, readMac, signedAt, writeMac } from "./joining-frames";

/** So many boards are listed at once. */
export const PLACES = 16;
/** Of those, so many belong to the boards that are heard best, whoever else comes. */
const STRONGEST = PLACES / 2;
/** One MAC has so many at most: a forged board beside the real one. */
const PLACES_FOR_MAC = 2;
/** A board that was not heard for so long is no longer there, in ms: a device with a phone on its access point calls every 5 s. */
const GONE_MS = 20_000;

// One record: how often it was heard (1, 0: free), MAC (6), relay's MAC (6), RSSI (1), public key (32), length of the name (1), name (32).
const MAC = 1;
const VIA = 7;
const RSSI = 13;
const KEY = 14;
const NAME = KEY + KEY_BYTES;
const RECORD = NAME + 1 + LONGEST_NAME;

/**
 * The boards that want to join. Anybody on the radio can say that he is one, under any MAC, as often as he likes: the list is bounded, one board is known
 * by its MAC and its key together, and when it is full the one heard longest ago gives way, but none of the eight heard best. A device that goes on to
 * call comes in again and again, whatever others send.
 */
export class Candidates {
	readonly #bytes = new Uint8Array(PLACES * RECORD);
	readonly #heardAt = new Float64Array(PLACES);
	readonly #decode: (bytes: Uint8Array, length: number) => string | null;

	/** @param decode makes a text of UTF-8, null when it is none */
	constructor(decode: (bytes: Uint8Array, length: number) => string | null) {
		this.#decode = decode;
	}

	/**
	 * A board says that it is there.
	 * @param via MAC of the relay device through which it was heard, its own when it was heard itself
	 * @param here holds its key from `keyAt` on, then the length of its name, and that
	 * @returns its place
	 */
	heard(now: number, mac: string, via: string, rssi: number, here: Uint8Array, keyAt: number): number {
		const known = this.find(mac, here, keyAt);
		const place = known >= 0 ? known : this.placeFor(now, mac);
		const at = place * RECORD;
		const bytes = this.#bytes;
		bytes[at] = known >= 0 ? Math.min(255, (bytes[at] ?? 0) + 1) : 1;
		writeMac(bytes, at + MAC, mac);
		writeMac(bytes, at + VIA, via);
		bytes[at + RSSI] = rssi & 0xff;
		const length = Math.min(LONGEST_NAME, here[keyAt + KEY_BYTES] ?? 0);
		bytes.set(here.subarray(keyAt, keyAt + KEY_BYTES + 1 + length), at + KEY);
		this.#heardAt[place] = now;
		return place;
	}

	/** The places in use. */
	*places(now: number): Generator<number> {
		for (let place = 0; place < PLACES; place++) if (this.isListed(place, now)) yield place;
	}

	macAt(place: number): string {
		return readMac(this.#bytes, place * RECORD + MAC);
	}

	/** The relay device through which it was heard; its own MAC without one. */
	viaAt(place: number): string {
		return readMac(this.#bytes, place * RECORD + VIA);
	}

	rssiAt(place: number): number {
		return signedAt(this.#bytes, place * RECORD + RSSI);
	}

	/** Its public key, in a view that is good until the next call of {@link heard}. */
	keyAt(place: number): Uint8Array {
		return this.#bytes.subarray(place * RECORD + KEY, place * RECORD + KEY + KEY_BYTES);
	}

	/** What it calls itself, "" when that is no name. */
	nameAt(place: number): string {
		const at = place * RECORD + NAME;
		const length = this.#bytes[at] ?? 0;
		const name = length > 0 ? this.#decode(this.#bytes.slice(at + 1, at + 1 + length), length) : "";
		return name === null || hasControlCharacters(name) ? "" : name;
	}

	/** All entries of a board leave the list. */
	drop(mac: string): void {
		for (let place = 0; place < PLACES; place++) if (this.isUsed(place) && this.macAt(place) === mac) this.#bytes[place * RECORD] = 0;
	}

	private isUsed(place: number): boolean {
		return this.#bytes[place * RECORD] !== 0;
	}

	private isListed(place: number, now: number): boolean {
		return this.isUsed(place) && now - (this.#heardAt[place] ?? 0) < GONE_MS;
	}

	private find(mac: string, key: Uint8Array, keyAt: number): number {
		for (let place = 0; place < PLACES; place++) {
			if (this.isUsed(place) && isSame(this.#bytes, place * RECORD + KEY, key, keyAt, KEY_BYTES) && this.macAt(place) === mac) return place;
		}
		return -1;
	}

	private placeFor(now: number, mac: string): number {
		let free = -1;
		let same = 0;
		let leastHeard = -1;
		for (let place = 0; place < PLACES; place++) {
			if (!this.isListed(place, now)) {
				if (free < 0) free = place;
			} else if (this.macAt(place) === mac) {
				same++;
				if (leastHeard < 0 || (this.#bytes[place * RECORD] ?? 0) < (this.#bytes[leastHeard * RECORD] ?? 0)) leastHeard = place;
			}
		}
		if (same >= PLACES_FOR_MAC) return leastHeard;
		return free >= 0 ? free : this.oldest();
	}

	/** The place heard longest ago that is none of the strongest. */
	private oldest(): number {
		let oldest = -1;
		for (let place = 0; place < PLACES; place++) {
			if (this.stronger(place) < STRONGEST) continue;
			if (oldest < 0 || (this.#heardAt[place] ?? 0) < (this.#heardAt[oldest] ?? 0)) oldest = place;
		}
		return oldest;
	}

	/** How many are heard better than one; of equal ones those in earlier places. */
	private stronger(place: number): number {
		const rssi = this.rssiAt(place);
		let count = 0;
		for (let other = 0; other < PLACES; other++) {
			const theirs = this.rssiAt(other);
			if (theirs > rssi || (theirs === rssi && other < place)) count++;
		}
		return count;
	}
}

// The engine freezes a class for the flash, but not what its generators make.
Object.freeze(Candidates.prototype.places.prototype);
