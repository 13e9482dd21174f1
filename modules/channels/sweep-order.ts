/** Where routers mostly are: the channels that do not overlap. */
const COMMON: readonly number[] = Object.freeze([1, 6, 11]);

/**
 * The order in which a device looks for its hub.
 * @param allowed channels of the configured country
 * @param hints likely ones, the likeliest first; 0 is none
 * @returns each allowed channel once: hints, then 1, 6, 11, then the rest
 */
export function sweepOrder(allowed: readonly number[], hints: readonly number[]): number[] {
	const order = new Set<number>();
	for (const channel of [...hints, ...COMMON, ...allowed]) if (allowed.includes(channel)) order.add(channel);
	return [...order];
}
