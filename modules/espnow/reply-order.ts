/**
 * Matches the replies of a peer whose messages carry no ids. A link delivers in order, and only that order ties a reply to its request. So one request to the
 * peer is open at a time, and the others wait behind it. The radio may deliver a frame twice. When a reply is in doubt, the peer needs a resync: it is pinged
 * before the next request, and all that it sends before its `pong` is dropped.
 */
import { removeFrom } from "./due-list";
import { Kind, type Message } from "./message";
import { isRelayedPing, PONG } from "./plain-text";
import type { Match, ReplyMatching, Request, RequestTable } from "./request";
import type { RequestHandler } from "./types";

/** A resync takes at most this long, from its ping on, in ms. */
const RESYNC_MS = 500;
/** A reply that may be a repetition of the last one is taken when no other comes within this time, in ms. */
const HOLD_MS = 300;
/** A radio that missed our acknowledgement repeats its frame within this time, in ms. Nothing filters the repetition. */
const AGAIN_MS = 250;
/** A reply takes at least this long after its request went to the driver, in ms: two frames of one byte and an acknowledgement at 1 Mbit/s. */
const QUICKEST_MS = 1.5;
/** A board whose reply was taken twice sends the reply that is still due within this time, in ms. */
const OWED_MS = 1_000;
/** A link on which something went wrong is trusted again after this time, in ms. */
const LOSSY_MS = 60_000;
/**
 * How many characters of a peer's last reply and last request are remembered: texts may have 250 bytes, and many boards are known. A longer reply with the
 * same beginning counts as the same one; a longer request counts as another one. Both only cause more resyncs.
 */
const REMEMBERED = 48;

/** A peer's open and waiting requests, and its last reply. */
export class ReplyOrder implements ReplyMatching {
	readonly #table: RequestTable;
	request: Request | null = null;
	/** The requests behind it, in order. */
	#queue: Request[] | null = null;
	needsResync: boolean;
	/** The beginning of its last reply, when that came (ms), and the request that it answered ("": a long one). */
	#lastReply = "";
	#lastReplyAt = 0;
	#lastAsked = "";
	/** One more reply to {@link #lastAsked} may come. */
	#mayReplyAgain = false;
	/** Its link counts as lossy until then, in ms: frames on it are repeated. */
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
				// The peer may have heard the unacknowledged ping, too. Its second pong would be taken for the far board's.
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
		// A text that does not look like a reply may be one.
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

	/** Acknowledgements are lost, so frames are repeated. */
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
		// Its reply may still come: it got none, or it was sent more than once.
		if ((!ok || request.sends > 1 || request.held) && request.sends > 0 && request.kind !== Kind.ping) this.needsResync = true;
		const queue = this.#queue;
		if (this.request === request) {
			this.request = null;
			if (queue) this.beginNext(queue, now);
		} else if (queue) removeFrom(queue, request);
	}

	/**
	 * Decides whether a text is the reply to the open request.
	 * @returns "reply" when it is; "early" when it came sooner than a reply can; "perhaps" when it may be a repetition of the last reply
	 */
	private match(request: Request, text: string, now: number): "reply" | "early" | "perhaps" {
		// An early text is a repetition of the last reply, or the reply to a request from before a restart.
		// A request that waits for another try has been on the air longer.
		const early = request.sends === 1 && request.state !== "due" && now - request.at < QUICKEST_MS;
		if (now - this.#lastReplyAt < AGAIN_MS && (text.length > REMEMBERED ? beginsAs(text, this.#lastReply) : text === this.#lastReply)) {
			// The air probably delivered the last reply twice: its sender may still repeat it when our next request has reached it.
			if (request.text !== this.#lastAsked) {
				this.notAcked(now);
				return early ? "early" : "perhaps";
			}
			// The same request has the same reply, so this one is as good as the next, which may still come.
			this.#mayReplyAgain = true;
		}
		if (early) return "early";
		// The reply came before our status: the radio missed an acknowledgement and repeats a request that was served already.
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

	/** Makes a request the peer's open one. */
	private begin(request: Request, now: number): void {
		this.request = request;
		// Nearly all links are good, and no second reply is due on them.
		if (now < this.#lossyUntil || this.#mayReplyAgain) this.distrust(request, now);
		// A request that is a ping needs no ping before it: only `pong` answers it.
		request.resyncUntil = this.needsResync && request.kind !== Kind.ping ? Infinity : 0;
		this.#table.enter(request, now);
	}

	/**
	 * Decides whether the peer needs a resync before a request. Its last reply may come once more and be taken for the reply to this request. That happens on a
	 * lossy link, and when one more reply to another request may come. A pong in between tells the replies apart.
	 */
	private distrust(request: Request, now: number): void {
		const since = now - this.#lastReplyAt;
		if (since < AGAIN_MS && now < this.#lossyUntil) this.needsResync = true;
		if (request.text === this.#lastAsked) return;
		if (this.#mayReplyAgain && since < OWED_MS) this.needsResync = true;
		this.#mayReplyAgain = false;
	}

	/** The resync is done: the peer's next reply belongs to this request. */
	private resynced(request: Request, now: number): void {
		this.needsResync = false;
		request.resyncUntil = 0;
		this.#table.withdraw(request);
		// The tries of the ping do not count when the peer has acknowledged it.
		if (request.state === "acked") request.tries = 0;
		this.#table.enter(request, now);
	}
}

/** Whether a long text may be the one whose beginning is kept. */
function beginsAs(text: string, kept: string): boolean {
	return kept.length === REMEMBERED && text.startsWith(kept);
}
