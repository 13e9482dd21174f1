import { isGroup, stationMac } from "common/mac";
import type { MemoryBudget } from "common/memory-budget";
import type { Frame } from "espnow/radio";
import { type Counters, Outcome } from "./counters";
import type { FaultLog } from "./fault-log";
import { Fragments } from "./fragments";
import type { Link } from "./link";
import { Kind } from "./message";
import type { Outbox } from "./outbox";
import type { Peer, Peers } from "./peers";
import { buildReply, failure, parseRelay, type RelayPath, requestKind } from "./plain-text";
import { isLoop, relayDeadlineMs } from "./relay";
import type { InboundRequest, ReplyCache } from "./reply-cache";
import type { Requests } from "./requests";
import type { CommsOptions, Received, SealedFrames } from "./types";

/** Frames that one turn handles: the board's other work gets its time under any load. */
export const FRAMES_PER_TURN = 8;
const RELAY_TRIES = 3;
/** The first byte of a sealed frame: no UTF-8 has it. */
const SEALED = 0xfe;

export interface DispatchOptions {
	host: Pick<CommsOptions, "handler" | "onContact" | "onReport" | "onNotice" | "clock" | "codecOf">;
	/** Opens sealed frames; null: they are noise. */
	sealed: SealedFrames | null;
	mac: string;
	link: Link;
	peers: Peers;
	outbox: Outbox;
	requests: Requests;
	replyCache: ReplyCache;
	fragments: Fragments;
	memory: MemoryBudget;
	counters: Counters;
	/** Buffer for the bytes of a frame. */
	bytes: Uint8Array;
	/** Is called when a reply was made outside of a turn. */
	onReplied(): void;
	log: FaultLog;
}

/** Handles the frames that come in. Each frame has exactly one outcome, which is counted. */
export class Dispatch {
	readonly #handler: CommsOptions["handler"];
	readonly #host: DispatchOptions["host"];
	readonly #sealed: SealedFrames | null;
	readonly #link: Link;
	readonly #peers: Peers;
	readonly #outbox: Outbox;
	readonly #requests: Requests;
	readonly #replyCache: ReplyCache;
	readonly #fragments: Fragments;
	readonly #memory: MemoryBudget;
	readonly #counters: Counters;
	readonly #log: FaultLog;
	readonly #onReplied: () => void;
	readonly #mac: string;
	readonly #frame: Frame;
	readonly #message: Received = { kind: Kind.request, id: null, text: "", from: "", via: "", isRepeated: false };
	/** The frame that is handled at present, or the request that is run for it: an error belongs to it. */
	#at: Frame | InboundRequest | null = null;

	constructor(options: DispatchOptions) {
		this.#handler = options.host.handler;
		this.#host = options.host;
		this.#sealed = options.sealed;
		this.#link = options.link;
		this.#peers = options.peers;
		this.#outbox = options.outbox;
		this.#requests = options.requests;
		this.#replyCache = options.replyCache;
		this.#fragments = options.fragments;
		this.#memory = options.memory;
		this.#counters = options.counters;
		this.#log = options.log;
		this.#onReplied = options.onReplied;
		this.#mac = options.mac;
		this.#frame = { from: "", rssi: 0, length: 0, bytes: options.bytes };
	}

	/** Handles at most 8 frames. After an error the next turn handles the rest; {@link fault} takes the error. @returns whether more may wait */
	drainFrames(now: number): boolean {
		let left = FRAMES_PER_TURN;
		while (this.#link.frames > 0 && left-- > 0) {
			if (!this.#link.read(this.#frame)) return false;
			this.#at = this.#frame;
			this.#counters.frame(this.receive(now));
			this.#at = null;
		}
		return this.#link.frames > 0;
	}

	/**
	 * Finishes the frame at which {@link drainFrames} threw: the frame gets its outcome, its asker a reply. Only the turn has a `try`: one for each
	 * frame would cost a tenth of the time that a frame takes.
	 * @returns false when the error belongs to no frame
	 */
	fault(error: unknown): boolean {
		const at = this.#at;
		if (!at) return false;
		this.#at = null;
		if (at === this.#frame) {
			this.#counters.frame(Outcome.fault);
			this.#log.fault("frame", error);
			return true;
		}
		this.#counters.frame(Outcome.command);
		this.failed(at as InboundRequest, error);
		return true;
	}

	/** Sends the reply to another board's request. A far board's reply goes back as it came. */
	reply(inbound: InboundRequest, reply: string, now: number): void {
		if (inbound.id !== null && inbound.peer.codec.sessions !== null && !Fragments.fits(inbound.peer, reply)) {
			this.replyInParts(inbound, reply);
			return;
		}
		if (!this.#replyCache.reply(inbound, reply, now)) this.#counters.event("replyLost");
	}

	private replyInParts(inbound: InboundRequest, reply: string): void {
		this.#memory.awaited++;
		this.#fragments.send(inbound.peer, reply).then((sent) => {
			this.#memory.awaited--;
			this.late(inbound, sent.ok ? sent.mark : failure(sent.reason), true);
		});
	}

	private receive(now: number): Outcome {
		const frame = this.#frame;
		const known = this.#peers.find(frame.from) ?? this.stranger(frame.from);
		if (known === null) return Outcome.malformed;
		const codec = known ? known.codec : this.#host.codecOf(frame.from);
		// The sender of a sealed frame is known when the frame has been opened.
		if (known && codec.sessions === null) this.#peers.heard(known, frame.from, frame.rssi, now);
		const message = this.#message;
		const dropped = codec.decode(frame.bytes, frame.length, message);
		if (dropped !== null) {
			const isSealed = this.#sealed !== null && frame.length > 0 && frame.bytes[0] === SEALED;
			return isSealed ? this.receiveSealed(this.#sealed, now) : dropped;
		}
		const kind = message.kind;
		if (kind === Kind.pong) return this.pong(known, now);
		if (kind === Kind.notice) return this.notice(known);
		if (kind >= Kind.reply) {
			// Most boards that send requests have none of ours open: this spares the call.
			if (known && (known.replies.request !== null || known.replies.needsResync)) {
				const match = known.replies.reply(message, this.#handler, frame.rssi, now);
				if (match === "doubtful") return Outcome.needsResync;
				if (match === "taken") {
					this.#host.onContact?.(known.mac, "reply");
					return Outcome.reply;
				}
			}
			if (kind !== Kind.request) return kind === Kind.reply ? Outcome.strayReply : Outcome.strayError;
		}
		return this.serve(known, kind, now);
	}

	private receiveSealed(sealed: SealedFrames, now: number): Outcome {
		const frame = this.#frame;
		const message = this.#message;
		const outcome = sealed.open(frame, message);
		if (outcome !== null) return outcome;
		// The board's key is held, so people joined it: strangers cannot make peers here.
		const peer = this.#peers.get(message.from);
		if (message.via === "") {
			this.#peers.heard(peer, frame.from, frame.rssi, now);
			peer.via = null;
		} else {
			peer.seenAt = now;
			if (!message.isRepeated) this.#peers.route(peer, this.#peers.get(message.via));
		}
		const isNew = peer.replies.met(peer.mac, now);
		if (isNew) this.#replyCache.forget(peer, now);
		const kind = message.kind;
		if (kind === Kind.pong) {
			const outcome = this.pong(peer, now);
			// This pong shows that the other side has our welcome.
			return isNew && outcome === Outcome.strayPong ? Outcome.sealing : outcome;
		}
		if (kind === Kind.reply || kind === Kind.error) {
			const whole = this.#fragments.whole(peer.mac, message.text);
			if (whole === null) return Outcome.malformed;
			message.text = whole;
			if (peer.replies.reply(message, this.#handler, frame.rssi, now) !== "taken") return Outcome.strayReply;
			this.#host.onContact?.(peer.mac, "reply");
			return Outcome.reply;
		}
		if (kind === Kind.report || kind === Kind.fragment) return this.report(peer, now);
		if (kind === Kind.request && !message.isRepeated) {
			const whole = this.#fragments.whole(peer.mac, message.text);
			if (whole === null) return Outcome.malformed;
			message.text = whole;
		}
		if (kind === Kind.notice) return message.isRepeated ? Outcome.replay : this.notice(peer);
		// A repeated request never runs again. It gets the same reply again if that is kept.
		if (message.isRepeated && kind !== Kind.ping) return this.isRepeated(peer, now) ? Outcome.command : Outcome.replay;
		return this.serve(peer, kind, now);
	}

	/** Takes a device's report, or a part of a long text. The reply is empty. */
	private report(peer: Peer, now: number): Outcome {
		const { kind, id, text, isRepeated } = this.#message;
		if (!this.#outbox.takesReply(peer)) return Outcome.outboxFull;
		if (kind === Kind.fragment && !this.#fragments.take(peer.mac, text)) return Outcome.malformed;
		this.#outbox.put(Kind.reply, id, peer, "", now, null, null);
		if (kind === Kind.report && !isRepeated) this.#host.onReport?.(peer.mac, text);
		return Outcome.report;
	}

	/**
	 * Looks at an unknown address.
	 * @returns its peer if it is the hub's; null when it is forged, as a reply would go to everybody or to this board itself
	 */
	private stranger(from: string): Peer | undefined | null {
		if (isGroup(from) || stationMac(from) === this.#mac) return null;
		return this.#peers.meetHub(from);
	}

	private pong(peer: Peer | undefined, now: number): Outcome {
		if (!peer?.replies.pong(this.#message, this.#frame.rssi, now)) return Outcome.strayPong;
		this.#host.onContact?.(peer.mac, "reply");
		return Outcome.reply;
	}

	/** Whom it concerns knows the board already: it is its hub's. */
	private notice(known: Peer | undefined): Outcome {
		if (known) this.#host.onNotice?.(known.mac, this.#message.text);
		return Outcome.command;
	}

	/** Serves what wants a reply: a ping, or a request for this board or another. */
	private serve(known: Peer | undefined, kind: Kind, now: number): Outcome {
		const message = this.#message;
		let path: RelayPath | null = null;
		if (kind === Kind.relay) {
			path = parseRelay(message.text);
			if (!path) return Outcome.malformed;
		}
		// A request does not run when there is no room for its reply.
		if (!this.#outbox.takesReply(known)) return Outcome.outboxFull;
		const peer = known ?? this.meet(now);
		if (kind === Kind.ping) {
			this.#replyCache.giveUp(peer, now);
			this.#outbox.put(Kind.pong, message.id, peer, "", now, null, null);
			this.#host.onContact?.(peer.mac, "pinged");
			return Outcome.pong;
		}
		const outcome = path ? Outcome.relayed : Outcome.command;
		if (peer.inbound > 0 && this.isRepeated(peer, now)) return outcome;
		const inbound = this.#replyCache.open(peer, message, this.#frame.rssi, now);
		if (!inbound) this.refuse(peer, now);
		else if (path) this.relay(inbound, path, now);
		else this.run(inbound, now);
		return outcome;
	}

	/** Remembers the sender of the frame. */
	private meet(now: number): Peer {
		const peer = this.#peers.get(this.#frame.from);
		this.#peers.heard(peer, this.#frame.from, this.#frame.rssi, now);
		return peer;
	}

	private isRepeated(peer: Peer, now: number): boolean {
		const earlier = this.#replyCache.find(peer, this.#message);
		if (!earlier) return false;
		this.#counters.event("repeated");
		this.#replyCache.repeat(earlier, now);
		return true;
	}

	private refuse(peer: Peer, now: number): void {
		this.#counters.event("busy");
		this.#outbox.put(Kind.reply, this.#message.id, peer, failure("busy"), now, null, null);
	}

	/** Forwards a request. Its result comes back through {@link reply}. */
	private relay(inbound: InboundRequest, path: RelayPath, now: number): void {
		const next = path.macs[0];
		if (!next || isLoop([inbound.peer.mac, this.#mac], path)) {
			this.reply(inbound, failure("loop"), now);
			return;
		}
		// The far board of a plain network would take the change for this board's own, whoever asked for it.
		if (!this.#handler.isHarmless(path.inner)) {
			this.#counters.event("notAllowed");
			this.reply(inbound, failure("not allowed: a change is not relayed"), now);
			return;
		}
		const limits = { timeoutMs: relayDeadlineMs(path.inner), tries: RELAY_TRIES };
		const peer = this.#peers.get(next);
		// Only the hub can seal frames for relay devices to carry, and it does so for people alone.
		if (path.macs.length > 1 && peer.codec.sessions !== null) {
			this.reply(inbound, failure("not allowed: ask for one relay device at the most"), now);
			return;
		}
		if (this.#requests.add(peer, requestKind(path.inner), path.inner, now, limits, inbound)) {
			this.#replyCache.makeRoom();
			return;
		}
		this.#counters.event("busy");
		this.reply(inbound, failure("busy"), now);
	}

	private run(inbound: InboundRequest, now: number): void {
		this.#at = inbound;
		const reply = this.#handler.handle(inbound.text, { side: "radio", mac: inbound.peer.mac, rssi: inbound.rssi });
		if (typeof reply === "string") this.reply(inbound, buildReply(reply, inbound.rssi, inbound.peer.codec.maxTextBytes), now);
		else this.await(inbound, reply);
	}

	/** Waits for a reply. A function of its own, since most replies are there at once and need no closures. */
	private await(inbound: InboundRequest, reply: Promise<string>): void {
		this.#memory.awaited++;
		Promise.resolve(reply).then(
			(text) => {
				this.#memory.awaited--;
				this.late(inbound, text);
			},
			(error) => {
				this.#memory.awaited--;
				this.failed(inbound, error);
			},
		);
	}

	/** Sends a reply that was made outside of a turn. @param isWhole no RSSI is to be appended */
	private late(inbound: InboundRequest, reply: string, isWhole = false): void {
		try {
			const text = isWhole ? reply : buildReply(reply, inbound.rssi, inbound.peer.codec.maxTextBytes);
			this.reply(inbound, text, this.#host.clock.now());
			this.#onReplied();
		} catch (error) {
			this.#log.fault("answer", error);
		}
	}

	/** Tells the asker that its request ended in an error of this board. */
	private failed(inbound: InboundRequest, error: unknown): void {
		this.#log.fault("answer", error);
		this.late(inbound, failure(message(error)));
	}
}

function message(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
