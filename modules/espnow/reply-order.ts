/**
 * Matches the replies of a peer whose messages carry no ids. All that ties a reply to a request is the order in which a link delivers, so that one request to
 * the peer is open at a time, the others behind it. The radio may hand a frame over again. Where that leaves doubt the peer needs a resync: it is pinged before
 * the next request, and what it says before its `pong` is dropped.
 */
import { removeFrom } from "./due-list";
import { Kind, type Message } from "./message";
import { isRelayedPing, PONG } from "./plain-text";
import type { Match, ReplyMatching, Request, RequestTable } from "./request";
import type { RequestHandler } from "./types";

/** A peer that needs a resync is not waited for longer than this, from its ping on, in ms. */
const RESYNC_MS = 500;
/** A reply that may be the last one over again is taken if no other comes for so long, in ms. */
const HOLD_MS = 300;
/** A radio that missed our acknowledgement sends its frame again, and no filter keeps that from us; not later than so, in ms. */
const AGAIN_MS = 250;
/** No reply is there earlier after its request was handed to the driver, in ms: two frames of a byte and an acknowledgement at 1 Mbit/s. */
const QUICKEST_MS = 1.5;
/** A board that was given an answer too many gets its own out within this time, in ms. */
const OWED_MS = 1_000;
/** A link on which something went wrong is trusted again after this time, in ms. */
const LOSSY_MS = 60_000;
/**
 * So many characters of a peer's last reply are remembered, and no longer question: texts may have 250 bytes, and many boards are known. A longer
 * reply that begins alike is taken for the same, a longer question for another one: the peer is resynced rather too often.
 */
const REMEMBERED = 48;

/** A peer's requests, and what it said last. */
export class ReplyOrder implements ReplyMatching {
	readonly #table: RequestTable;
	request: Request | null = null;
	/** Those behind it, in order. */
	#queue: Request[] | null = null;
	needsResync: boolean;
	/** How its last reply began, when that came (ms) and to which text of ours ("": a long one). */
	#lastReply = "";
	#lastReplyAt = 0;
	#lastAsked = "";
	/** It may still reply to {@link #lastAsked} once more. */
	#mayReplyAgain = false;
	/** Until then (ms) its link is one on which frames are lost, and so sent again and again. */
	#lossyUntil = 0;

	constructor(table: RequestTable, needsResync = false) {
		this.#table = table;
		this.needsResync = needsResync;
	}

	get mayRepeat(): boolean {
		return this.#lastReply !== "";
	}

	add(request: Request, now: number): void {
		if (this.request) {
			this.#queue ??= [];
			this.#queue.push(request);
		} else this.begin(request, now);
	}

	pong(_: Readonly<Message>, rssi: number, now: number): boolean {
		const request = this.request;
		if (!request) return false;
		if (request.resyncUntil !== 0) {
			if (request.resyncUntil === Infinity) return false;
			if (request.tries > 0 && isRelayedPing(request.text)) {
				// The ping that was not acknowledged may have been heard too: its pong, still to come, would be taken for the far board's.
				this.#table.withdraw(request);
				request.state = "acked";
				return true;
			}
			request.tries = 0;
			this.resynced(request, now);
			return true;
		}
		if (request.sends === 0) return false;
		if (request.kind === Kind.ping) this.needsResync = false;
		else if (!isRelayedPing(request.text)) return false;
		this.#table.settle(request, { ok: true, reply: PONG, rssi, ms: now - request.started }, now);
		return true;
	}

	reply(message: Readonly<Message>, handler: Pick<RequestHandler, "isCommand">, rssi: number, now: number): Match {
		const request = this.request;
		const text = message.text;
		// What is not said to be a reply may be one all the same.
		if (message.kind === Kind.request && handler.isCommand(text)) return "none";
		if (this.needsResync) return "doubtful";
		// Only a pong answers a ping.
		if (!request || request.sends === 0 || request.kind === Kind.ping) return "none";
		const verdict = this.match(request, text, now);
		if (verdict === "early") return "doubtful";
		if (verdict === "reply") this.#table.settle(request, { ok: true, reply: text, rssi, ms: now - request.started }, now);
		else this.hold(request, text, rssi, now);
		return "taken";
	}

	met(): boolean {
		return false;
	}

	undelivered(): void {}

	resyncSent(request: Request, now: number): void {
		if (request.resyncUntil !== Infinity) return;
		request.resyncUntil = now + RESYNC_MS;
		this.#table.lookAt(request.resyncUntil);
	}

	/** Acknowledgements are lost, and so frames are sent again and again. */
	notAcked(now: number): void {
		this.#lossyUntil = now + LOSSY_MS;
	}

	check(request: Request, now: number): void {
		const held = request.held;
		if (held && now >= held.until) {
			this.#table.settle(request, { ok: true, reply: held.text, rssi: held.rssi, ms: now - request.started }, now);
			return;
		}
		if (request.resyncUntil !== 0 && now >= request.resyncUntil) this.resynced(request, now);
		if (request.resyncUntil !== 0) this.#table.lookAt(request.resyncUntil);
		if (held) this.#table.lookAt(held.until);
	}

	settled(request: Request, ok: boolean, now: number): void {
		// It ended without its reply, or was sent more than once and may get two.
		if ((!ok || request.sends > 1 || request.held) && request.sends > 0 && request.kind !== Kind.ping) this.needsResync = true;
		const queue = this.#queue;
		if (this.request === request) {
			this.request = null;
			if (queue) this.beginNext(queue, now);
		} else if (queue) removeFrom(queue, request);
	}

	/**
	 * Judges a text that can be the reply to the open request.
	 * @returns "reply" when it is taken for that; "early" when it came before that can have been made; "perhaps" when it may as well be the last reply over again
	 */
	private match(request: Request, text: string, now: number): "reply" | "early" | "perhaps" {
		// Whatever it is: the last reply over again, or that to something asked before a restart.
		// A request that waits for another try has been on the air longer.
		const early = request.sends === 1 && request.state !== "due" && now - request.at < QUICKEST_MS;
		if (now - this.#lastReplyAt < AGAIN_MS && (text.length > REMEMBERED ? beginsAs(text, this.#lastReply) : text === this.#lastReply)) {
			// More likely the air gave us the last reply twice: its sender may still be at it after our next request has reached it.
			if (request.text !== this.#lastAsked) {
				this.notAcked(now);
				return early ? "early" : "perhaps";
			}
			// To the same question it is an answer as good as the next, which may still come.
			this.#mayReplyAgain = true;
		}
		if (early) return "early";
		// A reply that outruns our status: the radio missed an acknowledgement and repeats a request that is served already, perhaps once more.
		if (request.state === "sending") this.notAcked(now);
		this.#lastAsked = request.text.length > REMEMBERED ? "" : request.text;
		this.#lastReply = text.length > REMEMBERED ? text.slice(0, REMEMBERED) : text;
		this.#lastReplyAt = now;
		return "reply";
	}

	private hold(request: Request, text: string, rssi: number, now: number): void {
		if (request.held) return;
		request.held = { text, rssi, until: now + HOLD_MS };
		this.#table.lookAt(request.held.until);
	}

	private beginNext(queue: Request[], now: number): void {
		const next = queue.shift();
		if (next) this.begin(next, now);
	}

	/** It is the peer's open request now. */
	private begin(request: Request, now: number): void {
		this.request = request;
		// Nearly all links are good, and their boards owe nothing.
		if (now < this.#lossyUntil || this.#mayReplyAgain) this.distrust(request, now);
		// A ping as the request is as good as one before it: only `pong` answers either.
		request.resyncUntil = this.needsResync && request.kind !== Kind.ping ? Infinity : 0;
		this.#table.enter(request, now);
	}

	/**
	 * A request is about to be the open one: what the peer said last may be heard once more and be taken for the reply to this. On a lossy link, or
	 * when the peer may owe a reply to another question, a pong in between tells them apart.
	 */
	private distrust(request: Request, now: number): void {
		const since = now - this.#lastReplyAt;
		if (since < AGAIN_MS && now < this.#lossyUntil) this.needsResync = true;
		if (request.text === this.#lastAsked) return;
		if (this.#mayReplyAgain && since < OWED_MS) this.needsResync = true;
		this.#mayReplyAgain = false;
	}

	/** The peer's next words belong to this request. */
	private resynced(request: Request, now: number): void {
		this.needsResync = false;
		request.resyncUntil = 0;
		this.#table.withdraw(request);
		// The tries that the ping took are not its own, if the peer is there.
		if (request.state === "acked") request.tries = 0;
		this.#table.enter(request, now);
	}
}

/** Whether a long text may be the one of which this is remembered. */
function beginsAs(text: string, kept: string): boolean {
	return kept.length === REMEMBERED && text.startsWith(kept);
}
