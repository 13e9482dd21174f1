import type { HttpRequest } from "../world/http";
import { boardMac } from "../world/mac";
import { ROUTER_DEFAULTS } from "../world/router";
import { type BoardSpec, type Side, World } from "../world/world";
import type { Apps } from "./apps";

/** Slots, and bytes of chunks. */
export interface Amount {
	readonly slots: number;
	readonly chunks: number;
}

export interface AtRest {
	readonly rest: Amount;
	/** The deepest that the JavaScript stack has been, in slots. */
	readonly stack: number;
	readonly budget: Budget;
	/** Module to what main's statements about it have left in the heap, in their order; they add up to `rest`. */
	readonly parts: ReadonlyMap<string, Amount>;
}

/** What main gives to all parts together, in bytes. */
export interface Budget {
	readonly bytes: number;
	readonly requests: number;
	readonly others: number;
	readonly web: number;
}

export interface RequestCost {
	readonly request: string;
	readonly board: string;
	/** What the request has taken from the heap, garbage included. */
	readonly taken: Amount;
	/** What it has left there after a collection. */
	readonly left: Amount;
}

/** A slot on the chip has so many bytes. */
export const SLOT_BYTES = 16;
export const bytes = ({ slots, chunks }: Amount) => slots * SLOT_BYTES + chunks;

/** Labels of what no statement of main makes. */
export const BEFORE_MAIN = "the engine, main's functions";
export const AFTER_MAIN = "later: sockets, peers, main has ended";

const HUB = "Hub";
const DEVICE = "Kitchen";
const FAR = "Attic";
/** Long enough for the access points to close, the hub to be found and the last socket to be gone. */
const TO_REST_MS = 20 * 60_000;

const boards: readonly BoardSpec[] = [
	{ name: HUB, config: { name: HUB, role: "hub", router: { ssid: ROUTER_DEFAULTS.ssid, password: ROUTER_DEFAULTS.password } } },
	...[DEVICE, FAR].map((name) => ({
		name,
		config: {
			name,
			role: "device",
			hub: boardMac(0),
			channel: ROUTER_DEFAULTS.channel,
			pins: { relay: { pin: 4, invert: false } },
		} as const,
	})),
];

const minus = (a: Amount, b: Amount): Amount => ({ slots: a.slots - b.slots, chunks: a.chunks - b.chunks });
const plus = (a: Amount, b: Amount): Amount => ({ slots: a.slots + b.slots, chunks: a.chunks + b.chunks });

/** A house on this app and board program, up and at rest; it is closed afterwards. */
function inNetwork<Result>(app: string, program: string, work: (world: World) => Result): Result {
	const world = new World({ seed: 1, app, program, machine: "chip", boards });
	try {
		world.boot();
		world.advance(TO_REST_MS);
		return work(world);
	} finally {
		world.close();
	}
}

/** The marks of a board's log, in order. */
function marks(world: World, board: string): (Amount & { readonly label: string })[] {
	return world.log.of("heap", world.board(board).mac).map(({ label, slots, chunks }) => ({
		label: String(label),
		slots: Number(slots),
		chunks: Number(chunks),
	}));
}

/** What is in the heap of a hub and of a device at rest, twenty minutes after power-on. */
export function atRest(apps: Apps, program: string): { readonly hub: AtRest; readonly device: AtRest } {
	return inNetwork(apps.marked(), program, (world) => {
		const of = (name: string): AtRest => {
			const { slots, chunks, peakStack } = world.board(name).collect();
			const parts = new Map<string, Amount>();
			let before: Amount = { slots: 0, chunks: 0 };
			const add = (label: string, now: Amount) => {
				parts.set(label, plus(parts.get(label) ?? { slots: 0, chunks: 0 }, minus(now, before)));
				before = now;
			};
			for (const { label, ...now } of marks(world, name)) add(label || BEFORE_MAIN, now);
			add(AFTER_MAIN, { slots, chunks });
			const { heap } = world.board(name).snapshot() as unknown as { heap: { budget: Budget } };
			return { rest: { slots, chunks }, stack: peakStack, budget: heap.budget, parts };
		};
		return { hub: of(HUB), device: of(DEVICE) };
	});
}

/** Module to what it takes when it is loaded into RAM instead of lying in flash. */
export function modules(apps: Apps, program: string): Map<string, Amount> {
	const world = new World({ seed: 1, app: apps.oneByOne(), program, machine: "chip", boards: [{ name: HUB }] });
	try {
		world.boot();
		world.advance(1000);
		const costs = new Map<string, Amount>();
		let before: Amount | undefined;
		for (const { label, ...now } of marks(world, HUB)) {
			if (before) costs.set(label, minus(now, before));
			before = now;
		}
		return costs;
	} finally {
		world.close();
	}
}

const message = (name: string, text: string) =>
	`/?mac=${boardMac(boards.findIndex((each) => each.name === name))}&msg=${encodeURIComponent(text)}`;

/** What is measured: who is asked, from which side, and what. */
const REQUESTS: readonly (readonly [what: string, side: Side, request: HttpRequest, boards: readonly string[]])[] = [
	["GET /", "lan", { path: "/" }, [HUB]],
	["GET /api/status", "lan", { path: "/api/status" }, [HUB]],
	["GET /devices, a page", "lan", { path: "/devices" }, [HUB]],
	["GET /api/config", "lan", { path: "/api/config" }, [HUB]],
	["uptime, asked of the device", "lan", { path: message(DEVICE, "uptime") }, [HUB, DEVICE]],
	["uptime, passed on by the device", "lan", { path: message(DEVICE, `!${boardMac(2)},uptime`) }, [HUB, DEVICE, FAR]],
];

/** What single requests cost, each made for the second time, so that what stays for all of them is there. */
export function requests(apps: Apps, program: string): RequestCost[] {
	return inNetwork(apps.roomy(), program, (world) =>
		REQUESTS.flatMap(([request, side, http, names]) => {
			world.http(HUB, side, http);
			world.advance(10_000);
			const before = names.map((name) => ({ ...world.board(name).collect() }));
			const { status, body } = world.http(HUB, side, http);
			if (status !== 200) throw new Error(`${request} is answered with ${status} ${body}`);
			const after = names.map((name) => ({ ...world.board(name).heap }));
			world.advance(10_000);
			return names.map((board, i): RequestCost => {
				const [first, last] = [before[i], after[i]];
				if (!first || !last) throw new Error("a board has no heap");
				return { request, board, taken: minus(last, first), left: minus(world.board(board).collect(), first) };
			});
		}),
	);
}
