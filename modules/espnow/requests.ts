import { type MemoryBudget, requestBytes } from "common/memory-budget";
import type { Counters } from "./counters";
import { DueList, removeFrom } from "./due-list";
import type { NextDeadline } from "./next-deadline";
import type { Outbox, Outgoing } from "./outbox";
import type { Peer } from "./peers";
import type { InboundRequest } from "./reply-cache";
import { distrust, doubt, markLossy, matchReply } from "./reply-order";
import {
	current,
	deadlineOf,
	deadlineReason,
	isPing,
	isRelayedPing,
	newRequest,
	type Request,
	type RequestLimits,
	type Resolve,
} from "./request";
import type { AskResult, Random } from "./types";

/** Requests that wait for their first sending. */
export const UNSENT_LIMIT = 256;
/** A peer whose words are doubtful is not waited for longer than this, from its ping on, in ms. */
const RESYNC_MS = 500;
/** A reply that may be the last one over again is taken if no other comes for so long, in ms. */
const HOLD_MS = 300;
/** The pause before the second try, in ms; it doubles with each. */
const RETRY_MS = 10;
const RETRY_SPREAD_MS = 20;

export interface RequestsOptions {
	outbox: Outbox;
	counters: Counters;
	chance: Random;
	room: MemoryBudget;
	wake: NextDeadline;
	/** Called once for each request on another's behalf. */
	onForwarded(answer: InboundRequest, result: AskResult, now: number): void;
}

/** All requests until they are settled: one open for each peer, the others behind it in order; different peers side by side. */
export class Requests {
	readonly #outbox: Outbox;
	readonly #counters: Counters;
	readonly #chance: Random;
	readonly #room: MemoryBudget;
	readonly #wake: NextDeadline;
	readonly #onForwarded: RequestsOptions["onForwarded"];
	readonly #all: Request[] = [];
	readonly #waiting = new DueList();
	#unsent = 0;
	#nextDeadline = Infinity;

	constructor(options: RequestsOptions) {
		this.#outbox = options.outbox;
		this.#counters = options.counters;
		this.#chance = options.chance;
		this.#room = options.room;
		this.#wake = options.wake;
		this.#onForwarded = options.onForwarded;
	}

	get size(): number {
		return this.#all.length;
	}

	get unsent(): number {
		return this.#unsent;
	}

	/** Takes a request, whose asker is told its result later. @returns false when too many wait: busy */
	add(peer: Peer, text: string, now: number, limits: RequestLimits, asker: InboundRequest | Resolve): boolean {
		const forwarded = typeof asker !== "function";
		if (this.#unsent >= UNSENT_LIMIT || !this.#room.takesRequest(text, forwarded)) return false;
		this.#room.requests++;
		this.#room.requestBytes += requestBytes(text, forwarded);
		if (forwarded) this.#room.forwarded++;
		const request = newRequest(peer, text, now, limits, asker);
		this.#unsent++;
		this.#all.push(request);
		if (now + limits.timeoutMs < this.#nextDeadline) this.#wakeAt(now + limits.timeoutMs);
		if (peer.open) {
			peer.queue ??= [];
			peer.queue.push(request);
		} else this.#begin(request, now);
		return true;
	}

	/**
	 * A `pong` came.
	 * @returns false when nobody waits for one
	 */
	pong(peer: Peer, rssi: number, now: number): boolean {
		const request = peer.open;
		if (!request) return false;
		if (request.resyncUntil !== 0) {
			if (request.resyncUntil === Infinity) return false;
			if (request.tries > 0 && isRelayedPing(request)) {
				// The ping that was not acknowledged may have been heard too: its pong, still to come, would be taken for the far board's.
				this.#withdraw(request);
				request.state = "acked";
				return true;
			}
			request.tries = 0;
			this.#cleared(request, now);
			return true;
		}
		if (request.sends === 0) return false;
		if (isPing(request)) peer.needsResync = false;
		else if (!isRelayedPing(request)) return false;
		this.#settle(request, { ok: true, reply: "pong", rssi, ms: now - request.started }, now);
		return true;
	}

	/**
	 * A text came that can be a reply.
	 * @returns "none" when it is none, since only `pong` answers a ping; "early" when it came before a reply can have been made
	 */
	reply(peer: Peer, text: string, rssi: number, now: number): "taken" | "early" | "none" {
		const request = peer.open;
		if (!request || request.sends === 0 || isPing(request)) return "none";
		const verdict = matchReply(peer, request, text, now);
		if (verdict === "early") return "early";
		if (verdict === "reply") this.#settle(request, { ok: true, reply: text, rssi, ms: now - request.started }, now);
		else this.#hold(request, text, rssi, now);
		return "taken";
	}

	/** The driver took a request's frame. */
	sent(entry: Outgoing, now: number): void {
		const request = entry.request;
		if (!request || request.state === "settled") return;
		request.state = "sending";
		request.entry = null;
		request.error = "";
		if (entry.kind === "resyncPing") {
			if (request.resyncUntil !== Infinity) return;
			request.resyncUntil = now + RESYNC_MS;
			this.#wakeAt(request.resyncUntil);
			return;
		}
		request.at = now;
		if (request.sends++ === 0) this.#unsent--;
		else this.#counters.event("retries");
	}

	/** The peer's radio acknowledged a frame. */
	acked(entry: Outgoing): void {
		const request = current(entry);
		if (request) request.state = "acked";
	}

	/**
	 * A frame was not acknowledged.
	 * @param unknown its status never came: the frame may have arrived
	 */
	failed(entry: Outgoing, unknown: boolean, now: number): void {
		const request = current(entry);
		if (!request) return;
		markLossy(request.peer, now);
		if (++request.tries < request.limits.tries) this.#retry(request, now);
		else if (unknown) request.state = "acked";
		else this.#fail(request, request.error || "no result", now);
	}

	/** The driver refused a frame for a reason that another try may cure. */
	refused(entry: Outgoing, error: string, now: number): void {
		const request = entry.request;
		if (!request || request.state === "settled") return;
		request.entry = null;
		request.error = error;
		if (++request.tries < request.limits.tries) this.#retry(request, now);
		else this.#fail(request, error, now);
	}

	/** A request can not be sent at all. */
	giveUp(request: Request, reason: string, now: number): void {
		this.#fail(request, reason, now);
	}

	/** Nobody waits any more for what is forwarded for this one: those behind it need not, either. */
	abandon(answer: InboundRequest, now: number): void {
		const request = this.#all.find((each) => each.asker === answer);
		if (request) this.#fail(request, "cancelled", now);
	}

	/** Settles everything. */
	cancelAll(reason: string, now: number): void {
		// Those that wait behind others go first, so that none of them is begun.
		for (const request of [...this.#all].reverse()) this.#fail(request, reason, now);
	}

	/** Does what is due: deadlines, doubts that have lasted long enough, tries. */
	expire(now: number): void {
		if (now >= this.#nextDeadline) {
			this.#nextDeadline = Infinity;
			for (const request of [...this.#all]) this.#check(request, now);
		}
		this.#wake.by(this.#nextDeadline);
		this.fill(now);
	}

	/** Puts those into the outbox that wait for room there, or for their next try. */
	fill(now: number): void {
		if (this.#waiting.size === 0) return;
		while (this.#outbox.takesRequests) {
			const request = this.#waiting.take(now);
			if (!request) {
				this.#wake.by(this.#waiting.nextDue);
				return;
			}
			this.#put(request, now);
		}
	}

	#check(request: Request, now: number): void {
		if (request.state === "settled") return;
		const deadline = deadlineOf(request);
		if (now >= deadline) {
			this.#fail(request, deadlineReason(request), now);
			return;
		}
		const held = request.held;
		if (held && now >= held.until) {
			this.#settle(request, { ok: true, reply: held.text, rssi: held.rssi, ms: now - request.started }, now);
			return;
		}
		if (request.resyncUntil !== 0 && now >= request.resyncUntil) this.#cleared(request, now);
		this.#wakeAt(deadline);
		if (request.resyncUntil !== 0) this.#wakeAt(request.resyncUntil);
		if (held) this.#wakeAt(held.until);
	}

	#hold(request: Request, text: string, rssi: number, now: number): void {
		if (request.held) return;
		request.held = { text, rssi, until: now + HOLD_MS };
		this.#wakeAt(request.held.until);
	}

	/** It is the peer's open request now. */
	#begin(request: Request, now: number): void {
		const peer = request.peer;
		peer.open = request;
		// Nearly all links are good, and their boards owe nothing.
		if (now < peer.lossyUntil || peer.mayReplyAgain) distrust(peer, request, now);
		// A ping as the request is as good as one before it: only `pong` answers either.
		request.resyncUntil = peer.needsResync && !isPing(request) ? Infinity : 0;
		this.#enter(request, now);
	}

	/** The peer's next words belong to this request. */
	#cleared(request: Request, now: number): void {
		request.peer.needsResync = false;
		request.resyncUntil = 0;
		this.#withdraw(request);
		// The tries that the ping took are not its own, if the peer is there.
		if (request.state === "acked") request.tries = 0;
		this.#enter(request, now);
	}

	#retry(request: Request, now: number): void {
		const pause = (RETRY_MS + this.#chance.random() * RETRY_SPREAD_MS) * 2 ** (request.tries - 1);
		request.state = "due";
		request.at = now + pause;
		this.#waiting.addLater(request);
		this.#wake.by(request.at);
	}

	#enter(request: Request, now: number): void {
		request.state = "due";
		request.at = now;
		if (!this.#waiting.hasFresh && this.#outbox.takesRequests) {
			this.#put(request, now);
			return;
		}
		this.#waiting.addFresh(request);
		this.fill(now);
	}

	#put(request: Request, now: number): void {
		request.entry =
			request.resyncUntil === 0
				? this.#outbox.put("request", request.peer, request.text, now, request, null)
				: this.#outbox.put("resyncPing", request.peer, "ping", now, request, null);
	}

	/** Takes a request out of whatever it waits in. */
	#withdraw(request: Request): void {
		if (request.entry) this.#outbox.remove(request.entry);
		request.entry = null;
		this.#waiting.remove(request);
	}

	#fail(request: Request, reason: string, now: number): void {
		if (request.state === "settled") return;
		if (reason === "no reply") this.#counters.event("noReply");
		else if (reason === "no result") this.#counters.event("noResult");
		this.#settle(request, { ok: false, reason, ms: now - request.started }, now);
	}

	#settle(request: Request, result: AskResult, now: number): void {
		const peer = request.peer;
		// Only then it is in the outbox, or waits for room there or for its next try.
		if (request.state === "due") this.#withdraw(request);
		request.state = "settled";
		if (this.#all[this.#all.length - 1] === request) this.#all.pop();
		else removeFrom(this.#all, request);
		this.#room.requests--;
		this.#room.requestBytes -= requestBytes(request.text, typeof request.asker !== "function");
		if (request.sends === 0) this.#unsent--;
		else if (!result.ok || request.sends > 1 || request.held) doubt(request);
		if (peer.open === request) {
			peer.open = null;
			if (peer.queue) this.#beginNext(peer.queue, now);
		} else if (peer.queue) removeFrom(peer.queue, request);
		const asker = request.asker;
		if (typeof asker === "function") asker(result);
		else {
			this.#room.forwarded--;
			this.#onForwarded(asker, result, now);
		}
	}

	#beginNext(queue: Request[], now: number): void {
		const next = queue.shift();
		if (next) this.#begin(next, now);
	}

	#wakeAt(time: number): void {
		if (time >= this.#nextDeadline) return;
		this.#nextDeadline = time;
		this.#wake.by(time);
	}
}
