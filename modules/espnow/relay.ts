import { hops, type RelayPath } from "./plain-text";

/** A board has 8 s for its reply (handler), and the first asker gives up after 10 s. The deadlines of the relay devices lie between. */
const LAST_RELAY_MS = 8_500;
const PER_RELAY_MS = 500;
const AT_MOST_MS = 9_500;

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
 * How long a forwarded request may take, in ms. The board nearest to the far one gives up first, so its reason reaches the boards that wait, one after the
 * other.
 * @param text what is to be forwarded, its remaining `!` included
 */
export function relayDeadlineMs(text: string): number {
	return Math.min(AT_MOST_MS, LAST_RELAY_MS + PER_RELAY_MS * hops(text));
}
