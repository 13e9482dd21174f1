import type { CountersView } from "./faces";

/** What became of a received frame; each frame has exactly one outcome, so that framesIn is their sum. */
export const Outcome = Object.freeze({
	pong: "pongs",
	reply: "replies",
	relayed: "relayed",
	command: "commands",
	/** Nothing in it. */
	empty: "empty",
	/** Over 250 bytes. */
	tooLong: "tooLong",
	/** Not UTF-8, or with a NUL inside. */
	notText: "notText",
	/** Begins with `!`, but names no board or says nothing. */
	malformed: "malformed",
	/** A reply, an error report or a pong that nobody waits for. */
	strayReply: "strayReply",
	strayError: "strayError",
	strayPong: "strayPong",
	/** From a peer whose next words may belong to an earlier request. */
	unclear: "unclear",
	/** It wants an answer and there is no room for one, or its sender has taken its share. */
	outboxFull: "outboxFull",
	/** An error inside this board. */
	fault: "fault",
} as const);
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

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
	#framesRead = 0;
	framesOut = 0;
	readonly #outcomes = new Map<Outcome, number>();
	readonly #events = new Map<Event, number>();

	/** One frame was read from the ring, and this became of it. */
	frame(outcome: Outcome): void {
		this.#framesRead++;
		this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
	}

	event(event: Event): void {
		this.#events.set(event, (this.#events.get(event) ?? 0) + 1);
	}

	/** @param native drops of all radios since boot; they count as frames that came in */
	view(native: NativeDrops): CountersView {
		const dropped: Record<string, number> = {};
		for (const [outcome, count] of this.#outcomes) dropped[outcome] = count;
		const { pongs = 0, replies = 0, relayed = 0, commands = 0, ...causes } = dropped;
		if (native.ringFull) causes.ringFull = native.ringFull;
		if (native.tooLong) causes.tooLong = (causes.tooLong ?? 0) + native.tooLong;
		if (native.abandoned) causes.abandoned = native.abandoned;
		if (native.whileClosed) causes.whileClosed = native.whileClosed;
		const events: Record<string, number> = {};
		for (const [event, count] of this.#events) events[event] = count;
		if (native.statusFull) events.statusFull = native.statusFull;
		if (native.postFailed) events.postFailed = native.postFailed;
		return {
			framesIn: this.#framesRead + native.ringFull + native.tooLong + native.abandoned + native.whileClosed,
			framesOut: this.framesOut,
			pongs,
			replies,
			relayed,
			commands,
			dropped: causes,
			events,
		};
	}
}
