import { alteredApp } from "../../sim/build/altered-app";

/** What a board's ledger says about its requests: its own and those it forwards, since its start. */
export interface Ledger {
	/** Taken up. */
	taken: number;
	/** Settled; no request may count twice here. */
	settled: number;
	/** Settled a second time. */
	twice: number;
	/** Settled more than half a second after their deadline. */
	late: number;
}

/** A request that was taken up is settled once, by its deadline: counted where every request of the firmware passes. */
const REQUESTS = `
import { Requests as Shipped } from "espnow/requests-shipped";
const GRACE_MS = 500;
export { UNSENT_LIMIT } from "espnow/requests-shipped";
function settle(entry, result) {
	const ledger = globalThis.ledger;
	if (entry.settled) ledger.twice++;
	else ledger.settled++;
	entry.settled = true;
	// What is no number is late, too: nothing else would tell that a result is made otherwise now.
	if (!(result.ms <= entry.timeoutMs + GRACE_MS)) ledger.late++;
}
export class Requests extends Shipped {
	#forwarded = new WeakMap();
	constructor(options) {
		globalThis.ledger = { taken: 0, settled: 0, twice: 0, late: 0 };
		super({
			...options,
			onForwarded: (answer, result, now) => {
				settle(this.#forwarded.get(answer), result);
				options.onForwarded(answer, result, now);
			},
		});
	}
	add(peer, kind, text, now, limits, asker) {
		const entry = { settled: false, timeoutMs: limits.timeoutMs };
		const told = typeof asker !== "function" ? asker : (result) => {
			settle(entry, result);
			asker(result);
		};
		if (!super.add(peer, kind, text, now, limits, told)) return false;
		if (told === asker) this.#forwarded.set(asker, entry);
		globalThis.ledger.taken++;
		return true;
	}
}
`;

const COUNTERS = `
import { Counters as Shipped } from "espnow/counters-shipped";
export { Outcome } from "espnow/counters-shipped";
export class Counters extends Shipped {
	view(native) {
		return { ...super.view(native), ledger: { ...globalThis.ledger } };
	}
}
`;

/** What keeps the ledger, to be put in front of the modules that ship. */
export const LEDGER = Object.freeze({ "espnow/requests": REQUESTS, "espnow/counters": COUNTERS });

/**
 * The firmware with a ledger of its requests, which appears as `counters.ledger` in its status.
 * @param folder where the files are written
 * @returns the path of its app.json
 */
export function appWithLedger(shipped: string, folder: string): string {
	return alteredApp({ shipped, folder, modules: LEDGER });
}
