import type { CountersView } from "./types";

/** What became of a received frame; each frame has exactly one outcome, so that framesIn is their sum. Those up to `sealing` are the usual ones. */
export const Outcome = Object.freeze({
	pong: 0,
	reply: 1,
	relayed: 2,
	command: 3,
	/** What a device told its hub by itself. */
	report: 4,
	/** A frame of a handshake, or a relay device's report that it did not reach a board. */
	sealing: 5,
	/** Nothing in it. */
	empty: 6,
	/** Not UTF-8, or with a NUL inside. */
	notText: 7,
	/** Begins with `!`, but names no board or says nothing; or its sender is forged. */
	malformed: 8,
	/** A reply, an error report or a pong that nobody waits for. */
	strayReply: 9,
	strayError: 10,
	strayPong: 11,
	/** From a peer whose next reply may belong to an earlier request. */
	needsResync: 12,
	/** It wants an answer and there is no room for one, or its sender has taken its share. */
	outboxFull: 13,
	/** An error inside this board. */
	fault: 14,
	/** Plain text where only sealed frames are taken. */
	plainRefused: 15,
	/** Sealed frames: of a session that is not known, or of a board whose key is not held; with a wrong tag; seen before; made too long ago; of another version. */
	unknownSession: 16,
	badTag: 17,
	replay: 18,
	stale: 19,
	version: 20,
	/** More attempts at a session than a board may make. */
	tooManyHellos: 21,
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
	/** Frames for which there was no key, or no session any more. */
	| "unsendable"
	/** Changes that were not forwarded. */
	| "notAllowed"
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
	notForUs: number;
	joiningCalls: number;
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
	/** How often each of the usual outcomes came about: a map would cost twice as much, with every frame. */
	readonly #usual = [0, 0, 0, 0, 0, 0];
	readonly #dropped = new Map<Outcome, number>();
	readonly #events = new Map<Event, number>();

	/** One frame was read from the ring, and this became of it. */
	frame(outcome: Outcome): void {
		if (outcome <= Outcome.sealing) this.#usual[outcome] = (this.#usual[outcome] ?? 0) + 1;
		else this.#dropped.set(outcome, (this.#dropped.get(outcome) ?? 0) + 1);
	}

	event(event: Event): void {
		this.#events.set(event, (this.#events.get(event) ?? 0) + 1);
	}

	/** @param native drops of all radios since boot; they count as frames that came in */
	view(native: NativeDrops): CountersView {
		const [pongs = 0, replies = 0, relayed = 0, commands = 0, reports = 0, sealing = 0] = this.#usual;
		let read = pongs + replies + relayed + commands + reports + sealing;
		const causes: Record<string, number> = {};
		// Their entries as a list would take 2 KB.
		let name: keyof typeof Outcome;
		for (name in Outcome) {
			const count = this.#dropped.get(Outcome[name]) ?? 0;
			if (count > 0) causes[name] = count;
			read += count;
		}
		if (native.ringFull) causes.ringFull = native.ringFull;
		if (native.tooLong) causes.tooLong = native.tooLong;
		if (native.notForUs) causes.notForUs = native.notForUs;
		if (native.joiningCalls) causes.joiningCall = native.joiningCalls;
		if (native.abandoned) causes.abandoned = native.abandoned;
		if (native.whileClosed) causes.whileClosed = native.whileClosed;
		const events: Record<string, number> = {};
		for (const [event, count] of this.#events) events[event] = count;
		if (native.statusFull) events.statusFull = native.statusFull;
		if (native.postFailed) events.postFailed = native.postFailed;
		return {
			framesIn: read + native.ringFull + native.tooLong + native.notForUs + native.joiningCalls + native.abandoned + native.whileClosed,
			framesOut: this.framesOut,
			pongs,
			replies,
			relayed,
			commands,
			reports,
			sealing,
			dropped: causes,
			events,
		};
	}
}
