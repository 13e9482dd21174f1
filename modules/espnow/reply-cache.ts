import type { MemoryBudget } from "common/memory-budget";
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
	abandon(answer: InboundRequest, now: number): void;
}

/**
 * Requests of others until our reply to them is acknowledged. A board whose radio missed our acknowledgement sends its request again: it must
 * not be run twice.
 */
export class ReplyCache {
	readonly #outbox: Outbox;
	readonly #requests: Forwarded;
	readonly #room: MemoryBudget;
	readonly #wake: NextDeadline;
	readonly #list: InboundRequest[] = [];
	#nextExpiry = Infinity;

	constructor(outbox: Outbox, requests: Forwarded, room: MemoryBudget, wake: NextDeadline) {
		this.#outbox = outbox;
		this.#requests = requests;
		this.#room = room;
		this.#wake = wake;
	}

	get size(): number {
		return this.#list.length;
	}

	/** The same request, if our reply to it is unacknowledged. */
	find(peer: Peer, text: string): InboundRequest | undefined {
		for (const answer of this.#list) if (answer.peer === peer && answer.text === text && answer.again !== null) return answer;
		return undefined;
	}

	/** Keeps a new request. @returns null when too many are under way */
	open(peer: Peer, text: string, rssi: number, now: number): InboundRequest | null {
		if (peer.answers) this.#overtaken(peer, now);
		if (this.#list.length >= ANSWERS && !this.#closeFailed()) return null;
		const expires = now + ANSWER_MS;
		const answer: InboundRequest = { peer, text, rssi, expires, reply: "", state: "running", again: false, entry: null };
		this.#list.push(answer);
		peer.answers++;
		const room = this.#room;
		room.answers++;
		if (room.failed > 0) this.makeRoom();
		if (expires < this.#nextExpiry) {
			this.#nextExpiry = expires;
			this.#wake.by(expires);
		}
		return answer;
	}

	/** Lets answers go that are only kept, where there is no room for them. */
	makeRoom(): void {
		const room = this.#room;
		while (room.isTight) if (!this.#closeFailed()) return;
	}

	/** Puts the reply into the outbox. @returns false when there is no room, or the asker has given up */
	reply(answer: InboundRequest, reply: string, now: number): boolean {
		if (answer.state === "closed") return false;
		answer.reply = reply;
		return this.#put(answer, now);
	}

	/** The same request came again: it gets the same reply again, if that is not on its way already. */
	repeat(answer: InboundRequest, now: number): void {
		if (answer.state === "failed") this.#put(answer, now);
		else if (answer.state === "sending") answer.again = true;
	}

	/** The driver has the reply. */
	sent(answer: InboundRequest): void {
		if (answer.state === "closed") return;
		answer.state = "sending";
		answer.entry = null;
	}

	/** The reply left without being acknowledged. */
	failed(answer: InboundRequest, now: number): void {
		if (answer.state === "closed") return;
		answer.state = "failed";
		this.#room.failed++;
		answer.entry = null;
		if (answer.again === null) this.close(answer);
		if (!answer.again) {
			this.makeRoom();
			return;
		}
		answer.again = false;
		this.#put(answer, now);
	}

	/** All is done with a request. */
	close(answer: InboundRequest): void {
		const index = this.#list.indexOf(answer);
		if (index < 0) return;
		this.#list.splice(index, 1);
		answer.peer.answers--;
		this.#room.answers--;
		if (answer.state === "failed") this.#room.failed--;
		answer.state = "closed";
		if (answer.entry) this.#outbox.remove(answer.entry);
		answer.entry = null;
	}

	/**
	 * The board pings. It does that before a new request when it has given up an earlier one, and never while one of its own is open: a reply that is
	 * still being made would come after the pong, and be taken for that to the new request.
	 */
	giveUp(peer: Peer, now: number): void {
		if (peer.answers === 0) return;
		for (let i = this.#list.length - 1; i >= 0; i--) {
			const answer = this.#list[i];
			if (answer?.peer !== peer) continue;
			if (answer.state === "running" || answer.state === "failed") this.#giveUp(answer, now);
			else answer.again = null;
		}
	}

	/** Gives up those whose askers have. */
	expire(now: number): void {
		if (now >= this.#nextExpiry) this.#expireNow(now);
		this.#wake.by(this.#nextExpiry);
	}

	#expireNow(now: number): void {
		for (let i = this.#list.length - 1; i >= 0; i--) {
			const answer = this.#list[i];
			if (answer && answer.expires <= now) this.#giveUp(answer, now);
		}
		this.#nextExpiry = Infinity;
		for (const answer of this.#list) this.#nextExpiry = Math.min(this.#nextExpiry, answer.expires);
	}

	#giveUp(answer: InboundRequest, now: number): void {
		const running = answer.state === "running";
		this.close(answer);
		if (running) this.#requests.abandon(answer, now);
	}

	#put(answer: InboundRequest, now: number): boolean {
		if (answer.state === "failed") this.#room.failed--;
		answer.state = "waiting";
		answer.entry = this.#outbox.put("reply", answer.peer, answer.reply, now, null, answer);
		if (answer.entry) return true;
		this.failed(answer, now);
		return false;
	}

	/**
	 * Who asks something else has what it asked before, or has given it up, or does not remember it after a restart: an earlier reply that goes out
	 * from now on would be taken for the next one's. Asked once more it is to be run: what was asked between may have changed what it does.
	 */
	#overtaken(peer: Peer, now: number): void {
		for (let i = this.#list.length - 1; i >= 0; i--) {
			const answer = this.#list[i];
			if (answer?.peer !== peer) continue;
			if (answer.state === "sending") answer.again = null;
			else this.#giveUp(answer, now);
		}
	}

	/** Makes room: a reply that left unacknowledged is kept only in case its request comes again. */
	#closeFailed(): boolean {
		for (const answer of this.#list) {
			if (answer.state !== "failed") continue;
			this.close(answer);
			return true;
		}
		return false;
	}
}
