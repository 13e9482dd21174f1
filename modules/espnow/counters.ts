import type { CountersView } from "./faces";

/** What became of a received frame; each frame has exactly one outcome, so that framesIn is their sum. */
export const Outcome = Object.freeze({
	pong: 0,
	reply: 1,
	relayed: 2,
	command: 3,
	/** Nothing in it. */
	empty: 4,
	/** Over 250 bytes. */
	tooLong: 5,
	/** Not UTF-8, or with a NUL inside. */
	notText: 6,
	/** Begins with `!`, but names no board or says nothing. */
	malformed: 7,
	/** A reply, an error report or a pong that nobody waits for. */
	strayReply: 8,
	strayError: 9,
	strayPong: 10,
	/** From a peer whose next words may belong to an earlier request. */
	unclear: 11,
	/** It wants an answer and there is no room for one, or its sender has taken its share. */
	outboxFull: 12,
	/** An error inside this board. */
	fault: 13,
} as const);
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/** Causes for which a frame is dropped, by name. */
const DROPPED = Object.freeze([
	"empty",
	"tooLong",
	"notText",
	"malformed",
	"strayReply",
	"strayError",
	"strayPong",
	"unclear",
	"outboxFull",
	"fault",
] as const);

/** Things worth counting besides frames that came in. */
export type Event =
	/** A status that came after its 250 ms, or for a frame we know nothing of. */
	| "lateStatus"
	| "statusTimeout"
	| "sendFailed"
	| "noMemory"
	| "driverError"
	/** A request came again while our reply to it was unacknowledged. */
	| "repeated"
	/** A reply that could not go out, for want of room or because it was too late. */
	| "replyLost"
	/** One-way messages and relay requests refused for want of room. */
	| "busy"
	| "retries"
	| "noReply"
	| "noResult"
	| "radioFailed"
	| "statusFull"
	| "postFailed"
	| "fault";

/** The frames that the driver itself dropped, from the native ring's own counters. */
interface NativeDrops {
	ringFull: number;
	tooLong: number;
	statusFull: number;
	postFailed: number;
	/** Frames that waited in the ring of a radio that was closed. */
	abandoned: number;
	/** Frames that came in the middle of that. */
	whileClosed: number;
}

/** Counts since boot. */
export class Counters {
	framesOut = 0;
	/** By {@link Outcome}: one count for each. */
	readonly #outcomes: number[] = new Array(Object.keys(Outcome).length).fill(0);
	readonly #events = new Map<Event, number>();

	/** One frame was read from the ring, and this became of it. */
	frame(outcome: Outcome): void {
		// A map would cost twice as much, with every frame.
		this.#outcomes[outcome] = (this.#outcomes[outcome] as number) + 1;
	}

	event(event: Event): void {
		this.#events.set(event, (this.#events.get(event) ?? 0) + 1);
	}

	/** @param native drops of all radios since boot; they count as frames that came in */
	view(native: NativeDrops): CountersView {
		const count = (outcome: Outcome) => this.#outcomes[outcome] ?? 0;
		const causes: Record<string, number> = {};
		for (const cause of DROPPED) if (count(Outcome[cause]) > 0) causes[cause] = count(Outcome[cause]);
		if (native.ringFull) causes.ringFull = native.ringFull;
		if (native.tooLong) causes.tooLong = (causes.tooLong ?? 0) + native.tooLong;
		if (native.abandoned) causes.abandoned = native.abandoned;
		if (native.whileClosed) causes.whileClosed = native.whileClosed;
		const events: Record<string, number> = {};
		for (const [event, count] of this.#events) events[event] = count;
		if (native.statusFull) events.statusFull = native.statusFull;
		if (native.postFailed) events.postFailed = native.postFailed;
		return {
			framesIn:
				this.#outcomes.reduce((sum, each) => sum + each, 0) + native.ringFull + native.tooLong + native.abandoned + native.whileClosed,
			framesOut: this.framesOut,
			pongs: count(Outcome.pong),
			replies: count(Outcome.reply),
			relayed: count(Outcome.relayed),
			commands: count(Outcome.command),
			dropped: causes,
			events,
		};
	}
}
