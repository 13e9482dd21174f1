import type { LogEvent } from "../../sim/world/log";
import type { Side, World } from "../../sim/world/world";
import { events, macOf, OWNER, type Snapshot, snapshot } from "./network";

/** A radio that is no board of the world. */
export const STRANGER = "ce0000000010";

/** A request that is under way in the house. */
export interface Call {
	/** The response's body; undefined while there is none. */
	body: string | undefined;
	/** From the call to the response, in ms. */
	ms: number;
}

/** Begins a request to a board, through the hub's page unless told otherwise; time does not pass. */
export function call(made: World, name: string, message: string, via: { board?: string; side?: Side } = {}): Call {
	const path = `/?mac=${macOf(made, name)}&msg=${encodeURIComponent(message)}`;
	const exchange = made.request(via.board ?? "Hub", via.side ?? "lan", { path, headers: OWNER });
	const from = made.timeMs;
	const begun: Call = { body: undefined, ms: 0 };
	const look = () => {
		if (!exchange.done) {
			// Fine at first, where it is about milliseconds, then coarse.
			made.clock.after(made.timeMs - from < 100 ? 500 : 5_000, look);
			return;
		}
		begun.body = exchange.response?.body ?? `no response: ${exchange.error}`;
		begun.ms = made.timeMs - from;
	};
	look();
	return begun;
}

/** Lets time pass until these requests have their responses. */
export function finish(made: World, calls: readonly Call[], maxMs = 30_000): void {
	const done = () => calls.every(({ body }) => body !== undefined);
	if (!made.advanceUntil(done, maxMs)) throw new Error(`no response within ${maxMs} ms`);
}

/** A radio sends one frame to a board; time passes until it has arrived (or not) and its consequences are on the air. */
export function inject(made: World, frame: { to: string; from: string; payload: string | Buffer | readonly number[] }): string {
	const { payload } = frame;
	const bytes = typeof payload === "string" ? Buffer.from(payload, "utf8") : Buffer.from(payload as Buffer);
	let outcome: string | undefined;
	made.sendFrame({ to: macOf(made, frame.to), from: macOf(made, frame.from), payload: bytes }, (report) => {
		outcome = report.outcome;
	});
	made.advanceUntil(() => outcome !== undefined, 1_000);
	made.advance(50);
	return outcome ?? "never sent";
}

/** The frames a board sent, from a place in the log on; `to` is a name or a MAC. */
export function framesOf(made: World, name: string, since = 0, to?: string): LogEvent[] {
	const mac = to === undefined ? undefined : macOf(made, to);
	return events(made, "frame", name).filter(({ seq, to: addressee }) => seq >= since && (mac === undefined || addressee === mac));
}

/** The texts of those frames. */
export function textsOf(made: World, name: string, since = 0, to?: string): unknown[] {
	return framesOf(made, name, since, to).map(({ text }) => text);
}

/** What became of the frames that came in, added up: pongs, replies, relayed, commands and all drops. */
export function accounted(counters: Snapshot["counters"]): number {
	const { pongs, replies, relayed, commands, reports, sealing, dropped } = counters;
	return pongs + replies + relayed + commands + reports + sealing + Object.values(dropped).reduce((sum, count) => sum + count, 0);
}

/** Which counters an act moved, by how much; those in `dropped` by their cause. */
export function moved(made: World, name: string, act: () => void): Record<string, number> {
	const flat = () => {
		const { dropped, events: _, ...rest } = snapshot(made, name).counters;
		return { ...rest, ...dropped };
	};
	const before: Record<string, number> = flat();
	act();
	const changes: Record<string, number> = {};
	for (const [counter, count] of Object.entries(flat())) {
		const change = count - (before[counter] ?? 0);
		if (change !== 0) changes[counter] = change;
	}
	return changes;
}
