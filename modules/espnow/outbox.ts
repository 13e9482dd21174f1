import { KEPT_FOR_OTHERS, MemoryBudget } from "common/memory-budget";
import type { Kind, Message } from "./message";
import { NextDeadline } from "./next-deadline";
import type { Peer } from "./peers";
import type { InboundRequest } from "./reply-cache";
import type { Request } from "./request";

/** Frames that may wait at once. */
export const OUTBOX_LIMIT = 32;
/** A request enters while fewer frames than this wait: the other places are for pongs and replies. A request that waits outside takes less memory. */
const FOR_REQUESTS = 8;
/** Replies to one board that may wait at once: a board may ask without end and never acknowledge. */
const FOR_ONE_BOARD = 8;
/** Frames with bytes that may wait at once: each takes some 350 bytes of memory. */
const RAWS = 8;
/** Objects that are kept for the next frames. */
const SPARE = 8;
/** A frame for a board that did not acknowledge waits at most this long while others go first, in ms: enough for 30 series of MAC retries. */
const PATIENCE_MS = 1_000;

/** Bytes that are sent as they are, or sealed: of `bytes`, `relay` and `undelivered` (sealed networks). */
export interface RawBytes {
	readonly bytes: Uint8Array;
	/** Is told whether the board's radio acknowledged them. */
	readonly done: ((acked: boolean) => void) | null;
}

/** A message that waits for the radio. The object is used again for another message. */
export interface Outgoing extends Message {
	peer: Peer | null;
	/** Our request that it belongs to: it is that request's message, or the ping before it. */
	request: Request | null;
	/** The request of another board to which it is the reply. */
	inbound: InboundRequest | null;
	/** What a codec with ids writes into the frame beside the id. */
	ack: number;
	/** Instead of a text. */
	raw: RawBytes | null;
	/** Clock time at which it came, in ms. */
	since: number;
	/** The next frame for the same peer. */
	next: Outgoing | null;
}

/**
 * The frames that wait for the radio. Each peer's frames keep their order, and peers take turns. Peers that did not acknowledge stand in a second
 * ring. A frame of the second ring goes when the first ring is empty, or when it has waited for a second.
 */
export class Outbox {
	/** The only frame that waits. Most frames wait alone, and need no ring. */
	#only: Outgoing | null = null;
	readonly #responsive: Peer[] = [];
	readonly #deferred: Peer[] = [];
	readonly #free: Outgoing[] = [];
	readonly #memory: MemoryBudget;
	readonly #wake: NextDeadline;
	#size = 0;
	#raws = 0;
	#pausedUntil = 0;

	/**
	 * @param memory counts the frames that are no requests of ours
	 * @param wake is due when a removed frame made room for requests
	 */
	constructor(memory = new MemoryBudget(), wake = new NextDeadline()) {
		this.#memory = memory;
		this.#wake = wake;
	}

	get size(): number {
		return this.#size;
	}

	/** Whether a reply to this board may wait here. @param peer undefined: a board that is not known yet */
	takesReply(peer: Peer | undefined): boolean {
		const memory = this.#memory;
		// True for nearly all replies.
		if (this.#size < KEPT_FOR_OTHERS && memory.answers < KEPT_FOR_OTHERS) return true;
		if (!memory.takesAnswer) return false;
		if (this.#size < FOR_ONE_BOARD) return true;
		if (this.#size >= OUTBOX_LIMIT) return false;
		let count = 0;
		for (let entry = peer?.frames; entry; entry = entry.next) count++;
		return count < FOR_ONE_BOARD;
	}

	/** Whether another request may wait here. */
	get takesRequests(): boolean {
		return this.#size < FOR_REQUESTS;
	}

	/**
	 * Puts a frame behind those for the same peer.
	 * @returns the entry, null when 32 wait already
	 */
	put(
		kind: Kind,
		id: number | null,
		peer: Peer,
		text: string,
		now: number,
		request: Request | null,
		inbound: InboundRequest | null,
	): Outgoing | null {
		if (this.#size >= OUTBOX_LIMIT) return null;
		const entry = this.#free.pop() ?? { kind, id, peer, text, request, inbound, ack: 0, raw: null, since: now, next: null };
		entry.kind = kind;
		entry.id = id;
		entry.peer = peer;
		entry.text = text;
		entry.request = request;
		entry.inbound = inbound;
		entry.since = now;
		if (request === null) this.#memory.frames++;
		if (this.#size++ === 0) {
			this.#only = entry;
			peer.frames = entry;
			return entry;
		}
		this.spread();
		let last = peer.frames;
		if (last) {
			while (last.next) last = last.next;
			last.next = entry;
		} else peer.frames = entry;
		this.place(entry);
		return entry;
	}

	/** Puts bytes behind the frames for the same peer. @returns false when there is no room */
	putBytes(kind: Kind, peer: Peer, raw: RawBytes, now: number): boolean {
		if (this.#raws >= RAWS || !this.takesReply(peer)) return false;
		const entry = this.put(kind, null, peer, "", now, null, null);
		if (!entry) return false;
		entry.raw = raw;
		this.#raws++;
		return true;
	}

	/** Puts a frame that the driver refused back to where it was. @param until no frame goes before this time, in ms */
	putBack(entry: Outgoing, until: number): void {
		const peer = entry.peer;
		if (!peer) return;
		this.spread();
		this.#pausedUntil = until;
		this.#size++;
		if (entry.request === null) this.#memory.frames++;
		entry.next = peer.frames;
		peer.frames = entry;
		this.leave(peer);
		peer.ring = "responsive";
		this.#responsive.unshift(peer);
	}

	/** Takes the frame whose turn it is; null when none is due. The caller gives it back with release(). */
	take(now: number): Outgoing | null {
		if (this.#size === 0 || now < this.#pausedUntil) return null;
		if (this.#only) return this.takeOnly(this.#only);
		if (this.#deferred.length === 0) return this.takeFrom(this.#responsive);
		const waiting = this.#deferred[0]?.frames;
		const first = waiting && now - waiting.since >= PATIENCE_MS ? this.#deferred : this.#responsive;
		return this.takeFrom(first) ?? this.takeFrom(this.#deferred);
	}

	/** Whether a frame waits that may go now. */
	hasDue(now: number): boolean {
		return this.#size > 0 && now >= this.#pausedUntil;
	}

	/** No frame goes before this time, in ms. */
	get pausedUntil(): number {
		return this.#pausedUntil;
	}

	/** Ends a pause: the radio is new. */
	resume(): void {
		this.#pausedUntil = 0;
	}

	/** Drops a frame that waits: nobody wants it any more. */
	remove(entry: Outgoing): void {
		const peer = entry.peer;
		if (!peer) return;
		if (this.#only === entry) this.#only = null;
		if (peer.frames === entry) peer.frames = entry.next;
		else {
			let before = peer.frames;
			while (before && before.next !== entry) before = before.next;
			if (!before) return;
			before.next = entry.next;
		}
		this.#size--;
		if (entry.request === null) this.#memory.frames--;
		if (!peer.frames) this.leave(peer);
		this.release(entry);
		if (this.#size === FOR_REQUESTS - 1) this.#wake.by(0);
	}

	/** Takes an entry back, for the next frame. */
	release(entry: Outgoing): void {
		entry.peer = null;
		entry.request = null;
		entry.inbound = null;
		if (entry.raw !== null) {
			entry.raw = null;
			this.#raws--;
		}
		entry.text = "";
		entry.next = null;
		if (this.#free.length < SPARE) this.#free.push(entry);
	}

	private takeOnly(entry: Outgoing): Outgoing {
		this.#only = null;
		this.#size = 0;
		if (entry.request === null) this.#memory.frames--;
		if (entry.peer) entry.peer.frames = null;
		return entry;
	}

	private takeFrom(ring: Peer[]): Outgoing | null {
		const peer = ring.shift();
		const entry = peer?.frames;
		if (!peer || !entry) return null;
		peer.frames = entry.next;
		entry.next = null;
		this.#size--;
		if (entry.request === null) this.#memory.frames--;
		if (peer.frames) ring.push(peer);
		else peer.ring = "none";
		return entry;
	}

	/** A second frame comes: the peer of the first one gets its place in a ring. */
	private spread(): void {
		const entry = this.#only;
		this.#only = null;
		if (entry) this.place(entry);
	}

	/** Puts the peer of a frame into the ring in which it has to wait now. */
	private place({ peer, request }: Outgoing): void {
		// A board that gets a reply has just been heard: its frames need not wait behind others.
		if (!peer || peer.ring === "responsive") return;
		const mayWait = request !== null && (peer.absent || request.tries > 0);
		const ring = mayWait ? "deferred" : "responsive";
		if (peer.ring === ring) return;
		this.leave(peer);
		peer.ring = ring;
		(mayWait ? this.#deferred : this.#responsive).push(peer);
	}

	private leave(peer: Peer): void {
		if (peer.ring === "none") return;
		const ring = peer.ring === "deferred" ? this.#deferred : this.#responsive;
		ring.splice(ring.indexOf(peer), 1);
		peer.ring = "none";
	}
}
