import { hops, type RelayPath } from "./codec";

/** Answers asked for on another's behalf have to be back before the asker gives up after 10 s. */
const ON_BEHALF_MS = 8_000;
const PER_HOP_MS = 1_000;
const AT_LEAST_MS = 2_000;
/**
 * Whether a relayed message would pass a board twice.
 * @param from station MACs of those it has passed: the sender and this board
 */
export function isLoop(from: readonly string[], path: RelayPath): boolean {
	const seen = new Set(from);
	for (const mac of path.macs) {
		if (seen.has(mac)) return true;
		seen.add(mac);
	}
	return false;
}

/**
 * How long a request on another's behalf may take, in ms: the fewer relays lie before it, the longer.
 * @param text what is to be forwarded, its remaining `!` included
 */
export function relayDeadlineMs(text: string): number {
	return Math.max(AT_LEAST_MS, ON_BEHALF_MS - PER_HOP_MS * hops(text));
}
