import { type MemoryBudget, SHORT_TEXT } from "common/memory-budget";
import type { Counters } from "./counters";
import { DueList, removeFrom } from "./due-list";
import { Kind } from "./message";
import type { NextDeadline } from "./next-deadline";
import type { Outbox, Outgoing } from "./outbox";
import type { Peer } from "./peers";
import type { InboundRequest } from "./reply-cache";
import {
	current,
	deadlineOf,
	deadlineReason,
	newRequest,
	type Request,
	type RequestLimits,
	type RequestTable,
	type Resolve,
} from "./request";
import type { AskResult, Random } from "./types";

/** Requests that may wait for their first sending. */
export const UNSENT_LIMIT = 256;
/** The pause before the second try, in ms; it doubles with each. */
const RETRY_MS = 10;
const RETRY_SPREAD_MS = 20;

export interface RequestsOptions {
	outbox: Outbox;
	counters: Counters;
	random: Random;
	memory: MemoryBudget;
	wake: NextDeadline;
	/** Called once for each request on another's behalf. */
	onForwarded(inbound: InboundRequest, result: AskResult, now: number): void;
}

/**
 * Keeps all requests until they are settled: their tries, their deadlines, their way into the outbox. The peer's {@link ReplyMatching} says how replies
 * find their requests, and whether several requests to one peer are open at once.
 */
export class Requests implements RequestTable {
	readonly #outbox: Outbox;
	readonly #counters: Counters;
	readonly #random: Random;
	readonly #memory: MemoryBudget;
	readonly #wake: NextDeadline;
	readonly #onForwarded: RequestsOptions["onForwarded"];
	readonly #all: Request[] = [];
	readonly #waiting = new DueList();
	#unsent = 0;
	#nextDeadline = Infinity;

	constructor(options: RequestsOptions) {
		this.#outbox = options.outbox;
		this.#counters = options.counters;
		this.#random = options.random;
		this.#memory = options.memory;
		this.#wake = options.wake;
		this.#onForwarded = options.onForwarded;
	}

	get size(): number {
		return this.#all.length;
	}

	get unsent(): number {
		return this.#unsent;
	}

	/** Takes a request. Its asker gets the result later. @returns false when too many wait: busy */
	add(peer: Peer, kind: Kind, text: string, now: number, limits: RequestLimits, asker: InboundRequest | Resolve): boolean {
		const forwarded = typeof asker !== "function";
		if (this.#unsent >= UNSENT_LIMIT || !this.#memory.takesRequest(text, forwarded)) return false;
		this.#memory.requests++;
		if (text.length > SHORT_TEXT) this.#memory.longTexts++;
		if (forwarded) this.#memory.forwarded++;
		const request = newRequest(peer, kind, text, now, limits, asker);
		this.#unsent++;
		this.#all.push(request);
		if (now + limits.timeoutMs < this.#nextDeadline) this.lookAt(now + limits.timeoutMs);
		peer.replies.add(request, now);
		return true;
	}

	enter(request: Request, now: number): void {
		request.state = "due";
		request.at = now;
		if (!this.#waiting.hasFresh && this.#outbox.takesRequests) {
			this.put(request, now);
			return;
		}
		this.#waiting.addFresh(request);
		this.fill(now);
	}

	withdraw(request: Request): void {
		if (request.entry) this.#outbox.remove(request.entry);
		request.entry = null;
		this.#waiting.remove(request);
	}

	lookAt(time: number): void {
		if (time >= this.#nextDeadline) return;
		this.#nextDeadline = time;
		this.#wake.by(time);
	}

	/** The driver took a request's frame. */
	sent(entry: Outgoing, now: number): void {
		const request = entry.request;
		if (!request || request.state === "settled") return;
		request.state = "sending";
		request.entry = null;
		request.error = "";
		// The ping before it.
		if (request.kind !== entry.kind) {
			request.peer.replies.resyncSent(request, now);
			return;
		}
		if (entry.id !== null) {
			request.id = entry.id;
			request.ack = entry.ack;
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
		request.peer.replies.notAcked(now);
		if (unknown && request.tries + 1 >= request.limits.tries) {
			request.tries++;
			request.state = "acked";
		} else this.tryAgain(request, now);
	}

	tryAgain(request: Request, now: number): void {
		if (++request.tries < request.limits.tries) this.retry(request, now);
		else if (request.held) request.state = "acked";
		else this.fail(request, request.error || "no result", now);
	}

	/** The driver refused a frame for a reason that another try may cure. */
	refused(entry: Outgoing, error: string, now: number): void {
		const request = entry.request;
		if (!request || request.state === "settled") return;
		request.entry = null;
		request.error = error;
		if (++request.tries < request.limits.tries) this.retry(request, now);
		else this.fail(request, error, now);
	}

	/** Settles a request that cannot be sent. */
	giveUp(request: Request, reason: string, now: number): void {
		this.fail(request, reason, now);
	}

	/** Settles all requests to a peer that is to be forgotten. */
	cancel(peer: Peer, now: number): void {
		for (const request of [...this.#all].reverse()) if (request.peer === peer) this.fail(request, "cancelled", now);
	}

	/** Settles a forwarded request whose asker has given up: the requests behind it need not wait. */
	abandon(inbound: InboundRequest, now: number): void {
		const request = this.#all.find((each) => each.asker === inbound);
		if (request) this.fail(request, "cancelled", now);
	}

	/** Settles everything. */
	cancelAll(reason: string, now: number): void {
		// The last ones go first: a settled request would begin the one behind it.
		for (const request of [...this.#all].reverse()) this.fail(request, reason, now);
	}

	/** Does what is due: deadlines, the ends of doubts, tries. */
	expire(now: number): void {
		if (now >= this.#nextDeadline) {
			this.#nextDeadline = Infinity;
			for (const request of [...this.#all]) this.check(request, now);
		}
		this.#wake.by(this.#nextDeadline);
		this.fill(now);
	}

	/** Puts requests into the outbox that wait for room or for their next try. */
	fill(now: number): void {
		if (this.#waiting.size === 0) return;
		while (this.#outbox.takesRequests) {
			const request = this.#waiting.take(now);
			if (!request) {
				this.#wake.by(this.#waiting.nextDue);
				return;
			}
			this.put(request, now);
		}
	}

	private check(request: Request, now: number): void {
		if (request.state === "settled") return;
		const deadline = deadlineOf(request);
		if (now >= deadline) {
			this.fail(request, deadlineReason(request), now);
			return;
		}
		this.lookAt(deadline);
		request.peer.replies.check(request, now);
	}

	private retry(request: Request, now: number): void {
		const pause = (RETRY_MS + this.#random.random() * RETRY_SPREAD_MS) * 2 ** (request.tries - 1);
		request.state = "due";
		request.at = now + pause;
		this.#waiting.addLater(request);
		this.#wake.by(request.at);
	}

	private put(request: Request, now: number): void {
		if (request.resyncUntil !== 0) {
			request.entry = this.#outbox.put(Kind.ping, null, request.peer, "", now, request, null);
			return;
		}
		request.entry = this.#outbox.put(request.kind, request.id, request.peer, request.text, now, request, null);
		if (request.id !== null && request.entry) request.entry.ack = request.ack;
	}

	fail(request: Request, reason: string, now: number): void {
		if (request.state === "settled") return;
		if (reason === "no reply") this.#counters.event("noReply");
		else if (reason === "no result") this.#counters.event("noResult");
		this.settle(request, { ok: false, reason, ms: now - request.started }, now);
	}

	settle(request: Request, result: AskResult, now: number): void {
		// Only a request that is due is in the outbox, or waits for room or for its next try.
		if (request.state === "due") this.withdraw(request);
		request.state = "settled";
		if (this.#all[this.#all.length - 1] === request) this.#all.pop();
		else removeFrom(this.#all, request);
		this.#memory.requests--;
		if (request.text.length > SHORT_TEXT) this.#memory.longTexts--;
		if (request.sends === 0) this.#unsent--;
		// The board may have moved: the next request goes to it without a relay device.
		if (!result.ok) request.peer.via = null;
		request.peer.replies.settled(request, result.ok, now);
		const asker = request.asker;
		if (typeof asker === "function") asker(result);
		else {
			this.#memory.forwarded--;
			this.#onForwarded(asker, result, now);
		}
	}
}
