import type { LogEvent } from "../sim/world/log";
import type { World } from "../sim/world/world";
import { HUB } from "./network";

/** What a hub of the bench is to do by itself; see `firmware.ts`. */
export interface Plan {
	/** How many requests are under way at once. */
	readonly open: number;
	/** Number of the first device, and how many take turns. */
	readonly from: number;
	readonly count: number;
	/** Requests in all. */
	readonly times: number;
	/** Length of a request, and of its reply, without what relaying puts in front. */
	readonly bytes: number;
	/** Between a result and the next request, in ms. */
	readonly pause?: number;
	/** Devices that pass the request on, in order. */
	readonly via?: readonly number[];
	/** No new request after so long. */
	readonly ms?: number;
	/** Number of a request that is left out. */
	readonly skip?: number;
	/** Tells only the sums. */
	readonly quiet?: boolean;
}

export interface Result {
	readonly id: number;
	/** World time of the question and from there to the result, in ms. */
	readonly askedMs: number;
	readonly ms: number;
	/** "" when the right reply came. */
	readonly failure: string;
}

export interface Outcome {
	readonly results: readonly Result[];
	readonly answered: number;
	readonly failed: number;
	/** World time at which the plan began and ended, in ms. */
	readonly startMs: number;
	readonly endMs: number;
}

/** Has the hub carry out a plan. */
export function carryOut(world: World, plan: Plan, patienceMs = 600_000): Outcome {
	const hub = world.board(HUB);
	const bootMs = world.log.of("power-on", hub.mac).at(-1)?.timeMs ?? 0;
	const exchange = world.request(HUB, "lan", { path: `/?mac=${hub.mac}&msg=${encodeURIComponent(`bench:${JSON.stringify(plan)}`)}` });
	const startMs = world.timeMs;
	const lines: LogEvent[] = [];
	let seen = world.log.next;
	const ended = () => {
		for (const entry of world.log.since(seen)) if (entry.event === "trace" && entry.board === hub.mac) lines.push(entry);
		seen = world.log.next;
		return String(lines.at(-1)?.line).startsWith("e ");
	};
	if (!world.advanceUntil(ended, patienceMs))
		throw new Error(`a plan did not end: ${JSON.stringify(plan)}: ${exchange.response?.body ?? exchange.error}`);
	const results: Result[] = [];
	let sums = { answered: 0, failed: 0, endMs: 0 };
	for (const { timeMs, line } of lines) {
		const [kind, first = "", second = "", ...rest] = String(line).split(" ");
		if (kind === "b") {
			const askedMs = bootMs + Number(second);
			results.push({ id: Number(first), askedMs, ms: timeMs - askedMs, failure: rest.join(" ") === "1" ? "" : rest.join(" ") });
		} else if (kind === "e") sums = { answered: Number(first), failed: Number(second), endMs: timeMs };
	}
	world.advance(20);
	return { results, ...sums, startMs };
}

/** The value below which this part of the values lies (nearest rank). */
export function percentile(values: readonly number[], part: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}
