import { DriverError, errorName, isDown } from "common/esp-errors";
import { sameBoard } from "common/mac";
import type { SendStatus } from "espnow/radio";
import type { Counters } from "./counters";
import type { FaultLog } from "./fault-log";
import type { Link } from "./link";
import { Kind } from "./message";
import type { NextDeadline } from "./next-deadline";
import type { Outbox, Outgoing, RawBytes } from "./outbox";
import type { Peer, Peers } from "./peers";
import type { Recovery, Step } from "./recovery";
import type { ReplyCache } from "./reply-cache";
import type { Requests } from "./requests";
import type { CommsOptions } from "./types";

/** After this time, in ms, a send status is given up. It takes about 30 ms at most (a series of MAC retries). */
export const STATUS_MS = 250;
/** How long the radio stays on another channel for a frame at the most, in ms: a series of MAC retries. */
const AWAY_MS = 30;
const NO_MEMORY_PAUSE_MS = 10;
const DOWN_PAUSE_MS = 100;

export interface TransmitterOptions {
	host: Pick<CommsOptions, "onAnswered" | "onReplySent" | "onContact" | "onDelivered">;
	link: Link;
	outbox: Outbox;
	peers: Peers;
	requests: Requests;
	replyCache: ReplyCache;
	counters: Counters;
	recovery: Recovery;
	wake: NextDeadline;
	/** Buffer for the bytes of a frame; the driver copies them. */
	bytes: Uint8Array;
	/** Is called when the radio needs a step of recovery, as the last thing that a function here does. */
	onBroken(step: Step, now: number): void;
	/** Is told of frames that the driver refused. */
	log: FaultLog;
}

/**
 * Hands frames to the driver, one at a time. The next one goes when the status of the last has come, or after 250 ms. With two frames in the driver
 * their statuses could not be told apart, and the driver would run out of memory (NO_MEM).
 */
export class Transmitter {
	readonly #host: TransmitterOptions["host"];
	readonly #onBroken: TransmitterOptions["onBroken"];
	readonly #log: FaultLog;
	readonly #link: Link;
	readonly #outbox: Outbox;
	readonly #peers: Peers;
	readonly #requests: Requests;
	readonly #replyCache: ReplyCache;
	readonly #counters: Counters;
	readonly #recovery: Recovery;
	readonly #wake: NextDeadline;
	readonly #status: SendStatus = { to: "", acked: false };
	readonly #bytes: Uint8Array;
	#flight: Outgoing | null = null;
	/** The board that the frame in flight was sent to: its peer, or a relay device on the way. */
	#hop: Peer | null = null;
	/** When the status of the frame in flight is given up, in ms; Infinity: no frame is in flight. Not in {@link NextDeadline}, as the status nearly always comes first. */
	statusDue = Infinity;
	grants = 0;
	/** The channel on which the notice leaves that waits or is under way, 0: there is none; and who is told what became of it. */
	#noticeChannel = 0;
	#onNoticeSent: (acked: boolean) => void = () => {};

	constructor(options: TransmitterOptions) {
		this.#host = options.host;
		this.#onBroken = options.onBroken;
		this.#log = options.log;
		this.#link = options.link;
		this.#outbox = options.outbox;
		this.#peers = options.peers;
		this.#requests = options.requests;
		this.#replyCache = options.replyCache;
		this.#counters = options.counters;
		this.#recovery = options.recovery;
		this.#wake = options.wake;
		this.#bytes = options.bytes;
	}

	/** Whether a frame is with the driver. */
	get sending(): boolean {
		return this.#flight !== null;
	}

	/** The next notice leaves on this channel. @returns false when one is under way */
	announceOn(channel: number, onSent: (acked: boolean) => void): boolean {
		if (this.#noticeChannel) return false;
		this.#noticeChannel = channel;
		this.#onNoticeSent = onSent;
		return true;
	}

	/** Handles the statuses that have come. */
	drainStatuses(now: number): void {
		const status = this.#status;
		while (this.#link.readStatus(status)) {
			this.#recovery.status();
			const hop = this.#hop;
			if (hop && (status.to === hop.address || sameBoard(status.to, hop.mac))) this.complete(status.acked, now);
			else this.#counters.event("lateStatus");
		}
	}

	/** Gives up a status that does not come, and asks for a turn at the end of a pause. */
	expire(now: number): void {
		if (now >= this.statusDue) {
			this.#counters.event("statusTimeout");
			this.complete(null, now);
			const step = this.#recovery.statusMissing(now);
			if (step !== "none") this.#onBroken(step, now);
		}
		if (this.#outbox.pausedUntil > now) this.#wake.by(this.#outbox.pausedUntil);
	}

	/** Hands the driver the frame whose turn it is, if the radio is free. */
	sendNext(now: number): void {
		const radio = this.#link.radio;
		if (this.#flight || !radio) return;
		const entry = this.#outbox.take(now);
		if (!entry) return;
		const peer = entry.peer as Peer;
		const hop = peer.via === null ? peer : outermost(peer);
		// The driver nearly always has the peer: this spares the call.
		let error: number = hop.usedAt ? DriverError.ok : this.#peers.register(hop, radio);
		if (error !== DriverError.ok) {
			this.refused(entry, error, true, now);
			return;
		}
		const bytes = this.#bytes;
		const length = entry.raw === null ? peer.codec.encode(entry, bytes) : this.encodeRaw(entry, entry.raw, peer);
		if (length < 0) {
			this.unsendable(entry, now);
			return;
		}
		error =
			entry.kind === Kind.notice
				? radio.sendOn(hop.address, this.#noticeChannel, bytes, length, AWAY_MS)
				: radio.send(hop.address, bytes, length);
		if (error === DriverError.notFound) {
			// The driver's list differs from ours: add the peer and send again.
			this.#peers.lost(hop);
			error = this.#peers.register(hop, radio) || radio.send(hop.address, bytes, length);
		}
		if (error !== DriverError.ok) {
			this.refused(entry, error, false, now);
			return;
		}
		// The frame is on its way: the work from here on delays it no more.
		this.#peers.used(hop);
		this.#flight = entry;
		this.#hop = hop;
		this.statusDue = now + STATUS_MS;
		this.grants++;
		this.#counters.framesOut++;
		this.#recovery.accepted();
		if (entry.request) this.#requests.sent(entry, now);
		if (entry.inbound) this.#replyCache.sent(entry.inbound);
		this.#requests.fill(now);
	}

	/** The radio is closed: the status of the frame in flight will not come. */
	abandon(now: number): void {
		if (this.#flight) this.complete(null, now);
	}

	/** @param acked null: its status never came */
	private complete(acked: boolean | null, now: number): void {
		const entry = this.#flight;
		const peer = entry?.peer;
		const hop = this.#hop;
		this.#flight = null;
		this.#hop = null;
		this.statusDue = Infinity;
		if (!entry || !peer || !hop) return;
		if (entry.kind === Kind.notice) {
			this.#link.radio?.comeHome();
			this.releaseRaw(entry, acked === true);
			return;
		}
		if (acked !== null) {
			hop.absent = !acked;
			this.#host.onDelivered?.(hop.mac, acked);
		}
		if (acked === false) this.#counters.event("sendFailed");
		const inbound = entry.inbound;
		if (entry.request) {
			if (acked) this.#requests.acked(entry);
			else this.#requests.failed(entry, acked === null, now);
		} else if (inbound) {
			// A relay device's acknowledgement is no proof that the asker has the reply.
			if (acked && hop === peer) this.#replyCache.close(inbound);
			else this.#replyCache.failed(inbound, now);
		}
		if (entry.raw === null) this.#outbox.release(entry);
		else this.releaseRaw(entry, acked === true);
		if (inbound) this.tell(peer.mac, inbound.text, acked === true);
	}

	private releaseRaw(entry: Outgoing, acked: boolean): void {
		const { raw, kind } = entry;
		this.#outbox.release(entry);
		if (raw?.done) raw.done(acked);
		if (kind === Kind.notice) this.endNotice(acked);
	}

	/** The notice has left, or cannot. */
	endNotice(acked: boolean): void {
		this.#noticeChannel = 0;
		this.#onNoticeSent(acked);
	}

	private tell(mac: string, request: string, acked: boolean): void {
		const host = this.#host;
		if (acked) {
			host.onContact?.(mac, "answered");
			host.onAnswered?.(mac, request);
		}
		host.onReplySent?.(mac);
	}

	/** Encodes bytes. They go as they are, unless they must be sealed for a relay device. */
	private encodeRaw(entry: Outgoing, raw: RawBytes, peer: Peer): number {
		if (entry.kind !== Kind.bytes || (peer.via !== null && peer.codec.sessions !== null)) return peer.codec.encode(entry, this.#bytes);
		if (raw.bytes.length > this.#bytes.length) return -1;
		this.#bytes.set(raw.bytes);
		return raw.bytes.length;
	}

	/** Drops a frame that cannot be encoded: its key or session is gone, or it is too long for its way. */
	private unsendable(entry: Outgoing, now: number): void {
		const { request, inbound } = entry;
		this.#counters.event("unsendable");
		if (request) this.#requests.giveUp(request, "not joined", now);
		else if (inbound) {
			this.#counters.event("replyLost");
			this.#replyCache.close(inbound);
		}
		this.releaseRaw(entry, false);
		// The next one need not wait.
		this.#wake.by(now);
	}

	private refused(entry: Outgoing, error: number, adding: boolean, now: number): void {
		const { request, inbound } = entry;
		const name = errorName(error);
		this.#log.note(name);
		if (error === DriverError.noMemory || isDown(error)) {
			const full = error === DriverError.noMemory;
			this.#counters.event(full ? "noMemory" : "driverError");
			const until = now + (full ? NO_MEMORY_PAUSE_MS : DOWN_PAUSE_MS);
			this.#outbox.putBack(entry, until);
			this.#wake.by(until);
			if (request) request.error = name;
			const step = full ? this.#recovery.noMemory(now) : "none";
			if (step !== "none") this.#onBroken(step, now);
			return;
		}
		this.#counters.event("driverError");
		if (request && adding) this.#requests.giveUp(request, "adding peer", now);
		else if (request) this.#requests.refused(entry, name, now);
		else if (inbound) {
			this.#counters.event("replyLost");
			this.#replyCache.failed(inbound, now);
		}
		this.releaseRaw(entry, false);
		// The next one need not wait.
		this.#wake.by(now);
	}
}

/** The first board on the way to a peer. */
function outermost(peer: Peer): Peer {
	let hop = peer;
	while (hop.via !== null) hop = hop.via;
	return hop;
}
