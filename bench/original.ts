import { boardMac } from "../sim/world/mac";
import type { World } from "../sim/world/world";
import { HUB } from "./network";

/** Both ways of opening a connection and of a request and its answer, in ms: sim/world's TCP takes 2 ms each way. */
const TCP_MS = 8;

export interface Asked {
	readonly ms: number;
	/** Whether the reply is the one to this request. */
	readonly right: boolean;
	readonly reply: string;
}

/** A text of this length whose reply can be told from others'. */
function textOf(id: number, bytes: number): string {
	return `like:${id}.`.padEnd(bytes, "x");
}

/** Starts a request to a device through the page of the hub, as the original's controller does. */
function start(world: World, id: number, to: number, bytes: number, via: readonly number[]) {
	const boards = [...via, to].map(boardMac);
	const text = `${boards
		.slice(1)
		.map((mac) => `!${mac},`)
		.join("")}${textOf(id, bytes)}`;
	const startMs = world.timeMs;
	const exchange = world.request(HUB, "lan", { path: `/?mac=${boards[0]}&msg=${encodeURIComponent(text)}` });
	let endMs = Number.NaN;
	return {
		/** Notes the moment at which it ended. */
		look() {
			if (exchange.done && Number.isNaN(endMs)) endMs = world.timeMs;
			return exchange.done;
		},
		result: (): Asked => {
			const reply = exchange.response?.body ?? exchange.error ?? "";
			return { ms: endMs - startMs - TCP_MS, right: reply.startsWith(`OK e:${id}.`), reply };
		},
	};
}

let ids = 0;

/** Asks one device and lets time pass until the answer is there. */
export function askOriginal(world: World, to: number, bytes: number, via: readonly number[] = []): Asked {
	const asked = start(world, ids++, to, bytes, via);
	world.advanceUntil(asked.look, 60_000);
	return asked.result();
}

/** Asks several at once. */
export function askTogether(world: World, to: readonly number[], bytes: number): Asked[] {
	const all = to.map((each) => start(world, ids++, each, bytes, []));
	world.advanceUntil(() => all.map((each) => each.look()).every(Boolean), 120_000);
	return all.map((each) => each.result());
}
