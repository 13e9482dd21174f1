import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

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
export class Requests extends Shipped {
	constructor(options) {
		const ledger = { taken: 0, settled: 0, twice: 0, late: 0 };
		globalThis.ledger = ledger;
		super({
			...options,
			onSettled(request, result, now) {
				if (request.wasSettled) ledger.twice++;
				else ledger.settled++;
				request.wasSettled = true;
				if (now > request.deadline + GRACE_MS) ledger.late++;
				options.onSettled(request, result, now);
			},
		});
	}
	add(...request) {
		const taken = super.add(...request);
		if (taken) globalThis.ledger.taken++;
		return taken;
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

/**
 * The firmware with a ledger of its requests, which appears as `counters.ledger` in its status.
 * @param folder where the files are written
 * @returns the path of its app.json
 */
export function appWithLedger(shipped: string, folder: string): string {
	const app = JSON.parse(readFileSync(shipped, "utf8")) as { modules: Record<string, string> };
	for (const [specifier, source] of [
		["espnow/requests", REQUESTS],
		["espnow/counters", COUNTERS],
	] as const) {
		const path = app.modules[specifier];
		if (path === undefined) throw new Error(`the firmware has no module ${specifier}`);
		const replacement = join(folder, `${specifier.replace("/", "-")}.js`);
		writeFileSync(replacement, source);
		app.modules[`${specifier}-shipped`] = path;
		app.modules[specifier] = replacement;
	}
	const made = join(folder, "app.json");
	writeFileSync(made, JSON.stringify(app));
	return made;
}
