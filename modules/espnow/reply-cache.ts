import type { MemoryBudget } from "common/memory-budget";
import { Kind, type Message } from "./message";
import type { NextDeadline } from "./next-deadline";
import type { Outbox, Outgoing } from "./outbox";
import type { Peer } from "./peers";

/** Requests of others that may be under way here at once. */
const ANSWERS = 32;
/** An asker has given up by then, in ms. */
const ANSWER_MS = 10_000;

/** Another board's request and our reply to it. */
export interface InboundRequest {
	readonly peer: Peer;
	/** The id of its message; null: the peer's codec has no ids. */
	readonly id: number | null;
	readonly text: string;
	/** RSSI of the request, in dBm. */
	readonly rssi: number;
	readonly expires: number;
	reply: string;
	/**
	 * running: its reply is being made; waiting: that is in the outbox; sending: with the driver; failed: it left without being
	 * acknowledged; closed: done with.
	 */
	state: "running" | "waiting" | "sending" | "failed" | "closed";
	/**
	 * true: the request came again while its reply was with the driver. null: its asker has sent another request or a ping since, so the same text would
	 * be a new request.
	 */
	again: boolean | null;
	entry: Outgoing | null;
}

/** The requests that are forwarded for others. */
interface Forwarded {
	/** The asker of a forwarded request has given up. */
	abandon(inbound: InboundRequest, now: number): void;
}

/**
 * Keeps the requests of other boards until our reply is acknowledged. A board whose radio missed our acknowledgement sends its request again. Such a
 * request must not run twice.
 */
export class ReplyCache {
	readonly #outbox: Outbox;
	readonly #requests: Forwarded;
	readonly #memory: MemoryBudget;
	readonly #wake: NextDeadline;
	readonly #list: InboundRequest[] = [];
	#nextExpiry = Infinity;

	constructor(outbox: Outbox, requests: Forwarded, memory: MemoryBudget, wake: NextDeadline) {
		this.#outbox = outbox;
		this.#requests = requests;
		this.#memory = memory;
		this.#wake = wake;
	}

	get size(): number {
		return this.#list.length;
	}

	/** The same request, if its reply is not acknowledged yet. */
	find(peer: Peer, { id, text }: Readonly<Message>): InboundRequest | undefined {
		for (const inbound of this.#list) {
			if (inbound.peer === peer && inbound.id === id && (id !== null || inbound.text === text) && inbound.again !== null) return inbound;
		}
		return undefined;
	}

	/** Keeps a new request. @returns null when too many are under way */
	open(peer: Peer, { id, text }: Readonly<Message>, rssi: number, now: number): InboundRequest | null {
		if (peer.inbound && id === null) this.overtaken(peer, now);
		if (this.#list.length >= ANSWERS && !this.closeFailed()) return null;
		const expires = now + ANSWER_MS;
		const inbound: InboundRequest = { peer, id, text, rssi, expires, reply: "", state: "running", again: false, entry: null };
		this.#list.push(inbound);
		peer.inbound++;
		const memory = this.#memory;
		memory.answers++;
		if (memory.failed > 0) this.makeRoom();
		if (expires < this.#nextExpiry) {
			this.#nextExpiry = expires;
			this.#wake.by(expires);
		}
		return inbound;
	}

	/** Drops failed replies while memory is tight. */
	makeRoom(): void {
		const memory = this.#memory;
		while (memory.isTight) if (!this.closeFailed()) return;
	}

	/** Puts the reply into the outbox. @returns false when there is no room, or the asker has given up */
	reply(inbound: InboundRequest, reply: string, now: number): boolean {
		if (inbound.state === "closed") return false;
		inbound.reply = reply;
		return this.put(inbound, now);
	}

	/** The same request came again: sends the same reply again, unless that is on its way. */
	repeat(inbound: InboundRequest, now: number): void {
		if (inbound.state === "failed") this.put(inbound, now);
		else if (inbound.state === "sending") inbound.again = true;
	}

	/** The driver has the reply. */
	sent(inbound: InboundRequest): void {
		if (inbound.state === "closed") return;
		inbound.state = "sending";
		inbound.entry = null;
	}

	/** The reply left without being acknowledged. */
	failed(inbound: InboundRequest, now: number): void {
		if (inbound.state === "closed") return;
		inbound.state = "failed";
		this.#memory.failed++;
		inbound.entry = null;
		if (inbound.again === null) this.close(inbound);
		if (!inbound.again) {
			this.makeRoom();
			return;
		}
		inbound.again = false;
		this.put(inbound, now);
	}

	/** Forgets a request that is done. */
	close(inbound: InboundRequest): void {
		const index = this.#list.indexOf(inbound);
		if (index < 0) return;
		this.#list.splice(index, 1);
		inbound.peer.inbound--;
		this.#memory.answers--;
		if (inbound.state === "failed") this.#memory.failed--;
		inbound.state = "closed";
		if (inbound.entry) this.#outbox.remove(inbound.entry);
		inbound.entry = null;
	}

	/**
	 * Gives up what a board has asked before its ping. A board without ids pings when it has given up a request, never while one of its own is open. A reply
	 * that is made after the pong would be taken for the reply to its next request.
	 */
	giveUp(peer: Peer, now: number): void {
		if (peer.inbound === 0 || peer.codec.hasIds) return;
		for (let i = this.#list.length - 1; i >= 0; i--) {
			const inbound = this.#list[i];
			if (inbound?.peer !== peer) continue;
			if (inbound.state === "running" || inbound.state === "failed") this.#giveUp(inbound, now);
			else inbound.again = null;
		}
	}

	/** Forgets all requests of a board that has restarted or is to be forgotten. */
	forget(peer: Peer, now: number): void {
		if (peer.inbound === 0) return;
		for (let i = this.#list.length - 1; i >= 0; i--) {
			const inbound = this.#list[i];
			if (inbound?.peer === peer) this.#giveUp(inbound, now);
		}
	}

	/** Gives up the requests whose askers have given up. */
	expire(now: number): void {
		if (now >= this.#nextExpiry) this.expireNow(now);
		this.#wake.by(this.#nextExpiry);
	}

	private expireNow(now: number): void {
		for (let i = this.#list.length - 1; i >= 0; i--) {
			const inbound = this.#list[i];
			if (inbound && inbound.expires <= now) this.#giveUp(inbound, now);
		}
		this.#nextExpiry = Infinity;
		for (const inbound of this.#list) this.#nextExpiry = Math.min(this.#nextExpiry, inbound.expires);
	}

	#giveUp(inbound: InboundRequest, now: number): void {
		const running = inbound.state === "running";
		this.close(inbound);
		if (running) this.#requests.abandon(inbound, now);
	}

	private put(inbound: InboundRequest, now: number): boolean {
		if (inbound.state === "failed") this.#memory.failed--;
		inbound.state = "waiting";
		inbound.entry = this.#outbox.put(Kind.reply, inbound.id, inbound.peer, inbound.reply, now, null, inbound);
		if (inbound.entry) return true;
		this.failed(inbound, now);
		return false;
	}

	/**
	 * A board without ids sends a new request: it has its earlier reply, or has given it up, or has restarted. An earlier reply that leaves from now on would
	 * be taken for the reply to the new request. The earlier request runs again when it comes again, as the new one may have changed its result.
	 */
	private overtaken(peer: Peer, now: number): void {
		for (let i = this.#list.length - 1; i >= 0; i--) {
			const inbound = this.#list[i];
			if (inbound?.peer !== peer) continue;
			if (inbound.state === "sending") inbound.again = null;
			else this.#giveUp(inbound, now);
		}
	}

	/** Drops the oldest failed reply: it is kept only in case its request comes again. @returns false when there is none */
	private closeFailed(): boolean {
		for (const inbound of this.#list) {
			if (inbound.state !== "failed") continue;
			this.close(inbound);
			return true;
		}
		return false;
	}
}
