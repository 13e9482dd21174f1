/** What a board's command `meter` tells (modules/board/meter.ts). */
export interface Cost {
	readonly counts: number;
	readonly us: number;
	/** No clock has measured it. */
	readonly assumed: boolean;
	readonly turnsUs: number;
	/** From the start, in ms; -1: not yet. */
	readonly radioMs: number;
	readonly frameMs: number;
}

const FORM = /^OK (\d+) counts (\d+) us( assumed)?; \d+ turns (\d+) us; radio (-?\d+) ms; frame (-?\d+) ms/;

/** @returns undefined for another text */
export function readCost(text: string): Cost | undefined {
	const found = FORM.exec(text);
	if (!found) return undefined;
	const [, counts, us, assumed, turnsUs, radioMs, frameMs] = found;
	return {
		counts: Number(counts),
		us: Number(us),
		assumed: assumed !== undefined,
		turnsUs: Number(turnsUs),
		radioMs: Number(radioMs),
		frameMs: Number(frameMs),
	};
}

/**
 * @param before read before the round trips @param trips how many of them were this board's
 */
export function costOf(before: Cost, after: Cost, trips: number): { value: string; figures: Record<string, number> } {
	const countNs = Math.round((1000 * after.us) / after.counts);
	const tripUs = trips > 0 ? Math.max(0, Math.round((after.turnsUs - before.turnsUs) / trips)) : 0;
	const { radioMs, frameMs } = after;
	const work = after.assumed ? "no time passes in turns" : `${tripUs} us in turns for each round trip`;
	const first = frameMs < 0 ? "no frame yet" : `first frame after ${frameMs} ms`;
	return {
		value: `${countNs} ns a count${after.assumed ? " (assumed)" : ` (${after.counts} in ${after.us} us)`}; ${work}; ESP-NOW after ${radioMs} ms, ${first}`,
		figures: after.assumed ? { radioMs, frameMs } : { countNs, tripUs, radioMs, frameMs },
	};
}
