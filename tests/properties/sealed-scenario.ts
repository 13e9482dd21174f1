import fc from "fast-check";
import type { Trouble } from "./scenario";

/** What happens in a sealed house with somebody on the air; all times in ms. A scenario and nothing else decides what comes of it. */
export interface SealedScenario {
	/** Of everything random in the world. */
	readonly seed: number;
	/** The hub, which is the first, and its devices. */
	readonly boards: number;
	readonly loss: number;
	readonly duplicate: number;
	readonly asks: readonly SealedAsk[];
	readonly troubles: readonly Trouble[];
	readonly attacks: readonly Attack[];
}

/** Something that the hub asks a device, or a device its hub; boards are numbers, taken modulo how many there are. */
export interface SealedAsk {
	readonly device: number;
	/** A device that passes it on; the same one: none. */
	readonly via: number;
	readonly atMs: number;
	readonly what: "request" | "from-device" | "report";
	readonly answerMs: number;
}

/** What the attacker does. Rules hold for a time; held frames are let go later, in this order, one each `everyMs`. */
export interface Attack {
	readonly do: "drop" | "hold" | "delay" | "flip" | "reorder" | "replay" | "replay-all" | "forge";
	readonly atMs: number;
	/** The board it is about: frames to it, or from it. */
	readonly board: number;
	readonly way: "to" | "from" | "any";
	/** Of frames, or `any`. */
	readonly kind: string;
	readonly forMs: number;
	readonly laterMs: number;
	readonly everyMs: number;
	readonly order: "first" | "last" | "random";
	/** How many frames, or which one. */
	readonly number: number;
}

export const MOST_BOARDS = 4;
/** When asking and troubles end, after the start. */
export const BUSY_MS = 9_000;
/** The latest that something held back is let go. */
export const LATEST_MS = 45_000;

const board = fc.nat(MOST_BOARDS - 1);
const moment = fc.nat(BUSY_MS);

const ask: fc.Arbitrary<SealedAsk> = fc.record({
	device: board,
	via: board,
	// Many at once, so that a window passes, or one soon after the other.
	atMs: fc.oneof(moment, fc.constantFrom(0, 3_000), fc.integer({ min: 3_000, max: 3_100 })),
	what: fc.oneof(
		{ weight: 6, arbitrary: fc.constant("request" as const) },
		{ weight: 1, arbitrary: fc.constant("from-device" as const) },
		{ weight: 1, arbitrary: fc.constant("report" as const) },
	),
	answerMs: fc.constantFrom(0, 0, 0, 0, 2, 25, 300, 3_000),
});

const trouble: fc.Arbitrary<Trouble> = fc.record({
	board,
	atMs: moment,
	kind: fc.constantFrom("reset", "reset", "power", "status-late", "burst"),
	count: fc.integer({ min: 1, max: 6 }),
});

const attack: fc.Arbitrary<Attack> = fc.record({
	do: fc.constantFrom("drop", "hold", "hold", "delay", "flip", "reorder", "replay", "replay-all", "replay-all", "forge", "forge"),
	atMs: moment,
	board,
	way: fc.constantFrom("to", "to", "from", "any"),
	kind: fc.constantFrom("any", "any", "any", "request", "request", "reply", "hello", "welcome", "relay", "pong"),
	forMs: fc.constantFrom(300, 1_000, 5_000, 15_000),
	laterMs: fc.constantFrom(0, 500, 3_000, 9_000, 13_000, LATEST_MS - BUSY_MS),
	everyMs: fc.constantFrom(0, 0, 5, 100, 4_000, 9_000),
	order: fc.constantFrom("first", "first", "last", "random"),
	number: fc.nat(60),
});

export const sealedScenario: fc.Arbitrary<SealedScenario> = fc.record({
	seed: fc.nat(0xffff),
	boards: fc.integer({ min: 2, max: MOST_BOARDS }),
	loss: fc.constantFrom(0, 0, 0, 0.1, 0.3),
	duplicate: fc.constantFrom(0, 0, 0.05, 0.3),
	asks: fc.oneof(
		{ weight: 4, arbitrary: fc.array(ask, { minLength: 3, maxLength: 12 }) },
		{ weight: 1, arbitrary: fc.array(ask, { minLength: 45, maxLength: 60 }) },
	),
	troubles: fc.array(trouble, { maxLength: 3 }),
	attacks: fc.array(attack, { minLength: 1, maxLength: 5 }),
});

/** Whether the attacker only adds frames to an air that loses none, beside boards that nothing is done to. */
export function addsOnly({ loss, duplicate, troubles, attacks }: SealedScenario): boolean {
	const added = ["replay", "replay-all", "forge"];
	return loss === 0 && duplicate === 0 && troubles.length === 0 && attacks.every((each) => added.includes(each.do));
}

/** The number of a board that is not the hub. */
export function deviceOf(number: number, boards: number): number {
	return 1 + (number % (boards - 1));
}
