import fc from "fast-check";

/** What happens in a house within half a minute; all times in ms. A scenario and nothing else decides what comes of it. */
export interface Scenario {
	/** Of everything random in the world. */
	readonly seed: number;
	readonly boards: number;
	/** Whether the first board is a hub on the router; else all are devices. */
	readonly hub: boolean;
	/** For each pair of boards, in the order of {@link pairIndex}: whether they hear each other. */
	readonly reach: readonly boolean[];
	readonly loss: number;
	readonly duplicate: number;
	readonly asks: readonly Ask[];
	readonly troubles: readonly Trouble[];
	readonly strangers: readonly Frame[];
}

/** A request; boards are numbers, taken modulo how many there are. */
export interface Ask {
	readonly from: number;
	readonly to: number;
	/** Boards that are to pass it on, in order. */
	readonly via: readonly number[];
	/** After the asking board's start. */
	readonly atMs: number;
	/** `ping`, or a command of which each request is unlike any other. */
	readonly what: "question" | "ping";
	/** How long the far board takes for its answer; it gives up after 8 s. */
	readonly answerMs: number;
}

/** Something done to a board: reset, power off for a while, or a fault that is planted `count` times. */
export interface Trouble {
	readonly board: number;
	readonly atMs: number;
	readonly kind: string;
	readonly count: number;
}

/** A frame of a radio that is no board. */
export interface Frame {
	readonly to: number;
	readonly atMs: number;
	readonly stranger: number;
	readonly text: string;
}

export const MOST_BOARDS = 6;
const PAIRS = (MOST_BOARDS * (MOST_BOARDS - 1)) / 2;
/** When asking and troubles end, after the start. */
export const BUSY_MS = 9_000;

/** Place of a pair in `reach`, whatever its order. */
export function pairIndex(a: number, b: number): number {
	const [low, high] = a < b ? [a, b] : [b, a];
	return (high * (high - 1)) / 2 + low;
}

/** Faults that make a radio acknowledge a frame which its board never sees. */
const DEAFNESS = ["mute", "queue-full", "burst"];

/**
 * Whether plain texts can tell what must be told apart. A reply has no id. A board that restarts forgets what it has asked, and when the board that is
 * still at the answer, or waits for it to pass it on, acknowledges the next request and never sees it, nobody can know what the answer is to.
 */
export function isDecidable({ boards, troubles, asks }: Scenario): boolean {
	const troubled = (board: number, kinds: readonly string[]) =>
		troubles.some((trouble) => trouble.board % boards === board % boards && kinds.includes(trouble.kind));
	return !asks.some(({ from, via, to, answerMs }) => {
		if (answerMs === 0) return false;
		const path = [from, ...via, to];
		const forgets = path.findIndex((board) => troubled(board, ["reset", "power"]));
		return forgets >= 0 && path.slice(forgets + 1).some((board) => troubled(board, DEAFNESS));
	});
}

/** Mostly the first boards, so that many requests meet. */
const number = fc.oneof({ weight: 2, arbitrary: fc.nat(1) }, { weight: 1, arbitrary: fc.nat(MOST_BOARDS - 1) });
const moment = fc.nat(BUSY_MS);

const ask: fc.Arbitrary<Ask> = fc.record({
	from: number,
	to: number,
	via: fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, { weight: 3, arbitrary: fc.array(number, { minLength: 1, maxLength: 3 }) }),
	// Many at once, or one soon after the other.
	atMs: fc.oneof(moment, fc.constantFrom(0, 3_000), fc.integer({ min: 3_000, max: 3_100 })),
	what: fc.oneof({ weight: 6, arbitrary: fc.constant("question" as const) }, { weight: 1, arbitrary: fc.constant("ping" as const) }),
	answerMs: fc.constantFrom(0, 0, 0, 0, 2, 25, 300, 3_000, 7_900, 9_000),
});

const FAULTS = ["mute", "status-lost", "status-late", "status-doubled", "no-mem", "queue-full", "burst"];

const trouble: fc.Arbitrary<Trouble> = fc.record({
	board: number,
	atMs: moment,
	kind: fc.constantFrom("reset", "reset", "power", ...FAULTS),
	count: fc.integer({ min: 1, max: 6 }),
});

const stranger: fc.Arbitrary<Frame> = fc.record({
	to: number,
	atMs: moment,
	stranger: fc.nat(2),
	text: fc.oneof(
		fc.constantFrom("ping", "ping", "pong", "uptime", "OK 1 -50", "Fail (no reply)", "Unknown message: x", "nobody knows", "!", "!x,y", ""),
		fc.string({ unit: "binary", maxLength: 40 }),
	),
});

export const scenario: fc.Arbitrary<Scenario> = fc.record({
	seed: fc.nat(0xffff),
	boards: fc.integer({ min: 2, max: MOST_BOARDS }),
	hub: fc.boolean(),
	reach: fc.array(fc.oneof({ weight: 7, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }), {
		minLength: PAIRS,
		maxLength: PAIRS,
	}),
	loss: fc.constantFrom(0, 0, 0.1, 0.3, 0.5, 0.6),
	duplicate: fc.constantFrom(0, 0, 0.05, 0.3),
	asks: fc.array(ask, { minLength: 3, maxLength: 14 }),
	troubles: fc.array(trouble, { maxLength: 4 }),
	strangers: fc.array(stranger, { maxLength: 5 }),
});
