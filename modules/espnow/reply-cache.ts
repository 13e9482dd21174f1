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
	/** Of its message; null where the peer's codec knows none. */
	readonly id: number | null;
	readonly text: string;
	/** Of the request, in dBm. */
	readonly rssi: number;
	readonly expires: number;
	reply: string;
	/**
	 * running: its reply is being made; waiting: that is in the outbox; sending: with the driver; failed: it left without being
	 * acknowledged; closed: done with.
	 */
	state: "running" | "waiting" | "sending" | "failed" | "closed";
	/**
	 * The request came again while its reply was with the driver; null: its asker has asked something else since, or has pinged, so that the same
	 * text is a new request.
	 */
	again: boolean | null;
	entry: Outgoing | null;
}

/** The requests that are forwarded for others. */
interface Forwarded {
	/** Nobody waits any more for the reply that one of them would make. */
	abandon(inbound: InboundRequest, now: number): void;
}

/**
 * Requests of others until our reply to them is acknowledged. A board whose radio missed our acknowledgement sends its request again: it must
 * not be run twice.
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

	/** The same request, if our reply to it is unacknowledged. */
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

	/** Lets answers go that are only kept, where there is no room for them. */
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

	/** The same request came again: it gets the same reply again, if that is not on its way already. */
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

	/** All is done with a request. */
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
	 * The board pings. Without ids it does that before a new request when it has given up an earlier one, and never while one of its own is open: a
	 * reply that is still being made would come after the pong, and be taken for that to the new request.
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

	/** A board has started anew, or is to be forgotten: it waits for nothing that it asked before. */
	forget(peer: Peer, now: number): void {
		if (peer.inbound === 0) return;
		for (let i = this.#list.length - 1; i >= 0; i--) {
			const inbound = this.#list[i];
			if (inbound?.peer === peer) this.#giveUp(inbound, now);
		}
	}

	/** Gives up those whose askers have. */
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
	 * Who asks something else has what it asked before, or has given it up, or does not remember it after a restart: an earlier reply that goes out
	 * from now on would be taken for the next one's. Asked once more it is to be run: what was asked between may have changed what it does.
	 */
	private overtaken(peer: Peer, now: number): void {
		for (let i = this.#list.length - 1; i >= 0; i--) {
			const inbound = this.#list[i];
			if (inbound?.peer !== peer) continue;
			if (inbound.state === "sending") inbound.again = null;
			else this.#giveUp(inbound, now);
		}
	}

	/** Makes room: a reply that left unacknowledged is kept only in case its request comes again. */
	private closeFailed(): boolean {
		for (const inbound of this.#list) {
			if (inbound.state !== "failed") continue;
			this.close(inbound);
			return true;
		}
		return false;
	}
}
