/** Round trips and what they tell. */

export interface Trip {
	readonly device: number;
	readonly ok: boolean;
	/** Of the radio, as the hub measured it. */
	readonly ms: number;
	readonly httpMs: number;
	readonly why: string;
}

/** Over its device's median by more than this, in ms, a frame was repeated on the air or had to wait for the channel. */
export const LATE_MS = 3;
/** So many of a thousand may be late: the engine's collections, beacons and other people's frames take some. */
export const LATE_LIMIT = 50;
/** So many of a thousand may be lost. */
export const LOST_LIMIT = 2;

/** @param part 0.5 for the median @returns 0 for no values */
export function percentile(values: readonly number[], part: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? 0;
}

/** How many of those that were answered took longer than their device's usual time. */
export function lateOnes(trips: readonly Trip[]): number {
	const answered = trips.filter(({ ok }) => ok);
	let late = 0;
	for (const device of new Set(answered.map((trip) => trip.device))) {
		const times = answered.filter((trip) => trip.device === device).map(({ ms }) => ms);
		const usual = percentile(times, 0.5);
		late += times.filter((ms) => ms > usual + LATE_MS).length;
	}
	return late;
}

/** In a thousand, rounded. */
export function perMille(count: number, of: number): number {
	return of === 0 ? 0 : Math.round((1000 * count) / of);
}
