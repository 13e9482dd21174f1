import { isGroup, stationMac } from "common/mac";
import type { MemoryBudget } from "common/memory-budget";
import type { Frame } from "espnow/radio";
import { type Counters, Outcome } from "./counters";
import type { FaultLog } from "./fault-log";
import type { Link } from "./link";
import type { Outbox } from "./outbox";
import type { Peer, Peers } from "./peers";
import { buildReply, classify, failure, Kind, parseRelay, type RelayPath } from "./plain-text";
import { isLoop, relayDeadlineMs } from "./relay";
import type { InboundRequest, ReplyCache } from "./reply-cache";
import type { Requests } from "./requests";
import type { CommsOptions } from "./types";

/** Frames handled in one turn: what else the board does gets its time under any load. */
export const FRAMES_PER_TURN = 8;
const RELAY_TRIES = 3;

export interface DispatchOptions {
	host: Pick<CommsOptions, "handler" | "onContact" | "clock">;
	mac: string;
	port: Link;
	peers: Peers;
	outbox: Outbox;
	requests: Requests;
	replyCache: ReplyCache;
	room: MemoryBudget;
	counters: Counters;
	/** A reply has been made outside of a turn. */
	onReplied(): void;
	log: FaultLog;
}

/** What is done with the frames that come in: each has exactly one outcome, which is counted. */
export class Dispatch {
	readonly #handler: CommsOptions["handler"];
	readonly #host: DispatchOptions["host"];
	readonly #port: Link;
	readonly #peers: Peers;
	readonly #outbox: Outbox;
	readonly #requests: Requests;
	readonly #replyCache: ReplyCache;
	readonly #room: MemoryBudget;
	readonly #counters: Counters;
	readonly #log: FaultLog;
	readonly #onReplied: () => void;
	readonly #mac: string;
	readonly #frame: Frame = { from: "", rssi: 0, bytes: 0, text: null };
	/** What an error would be about: the frame that is being handled, or the request that is being run for it. */
	#at: Frame | InboundRequest | null = null;

	constructor(options: DispatchOptions) {
		this.#handler = options.host.handler;
		this.#host = options.host;
		this.#port = options.port;
		this.#peers = options.peers;
		this.#outbox = options.outbox;
		this.#requests = options.requests;
		this.#replyCache = options.replyCache;
		this.#room = options.room;
		this.#counters = options.counters;
		this.#log = options.log;
		this.#onReplied = options.onReplied;
		this.#mac = options.mac;
	}

	/** Handles at most 8 frames; what an error has kept of them comes in the next turn. What it throws is for {@link fault}. @returns whether more may wait */
	drainFrames(now: number): boolean {
		let left = FRAMES_PER_TURN;
		while (this.#port.frames > 0 && left-- > 0) {
			if (!this.#port.read(this.#frame)) return false;
			this.#at = this.#frame;
			this.#counters.frame(this.#receive(now));
			this.#at = null;
		}
		return this.#port.frames > 0;
	}

	/**
	 * Ends what {@link drainFrames} was at when it threw: a frame has its outcome, and who asked a reply. Its turn has the only `try`, as one for each frame
	 * would cost as much as a tenth of what is done with it.
	 * @returns false when it was at no frame
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
		this.#failed(at as InboundRequest, error);
		return true;
	}

	/** The reply to another board's request is there: from the far board it goes back as it came. */
	reply(answer: InboundRequest, reply: string, now: number): void {
		if (!this.#replyCache.reply(answer, reply, now)) this.#counters.event("replyLost");
	}

	#receive(now: number): Outcome {
		const frame = this.#frame;
		const known = this.#peers.find(frame.from) ?? this.#stranger(frame.from);
		if (known === null) return Outcome.malformed;
		if (known) this.#peers.heard(known, frame.from, frame.rssi, now);
		const text = frame.text;
		if (text === null) return Outcome.notText;
		if (text === "") return Outcome.empty;
		const kind = classify(text);
		if (kind === Kind.pong) return this.#pong(known, frame.rssi, now);
		if (kind >= Kind.reply) {
			// What is not said to be a reply may be one all the same, from a board that owes us one.
			if (known && (known.open !== null || known.needsResync)) {
				const outcome = this.#owed(known, text, kind, frame.rssi, now);
				if (outcome !== null) return outcome;
			}
			if (kind !== Kind.request) return kind === Kind.reply ? Outcome.strayReply : Outcome.strayError;
		}
		return this.#serve(known, text, kind, now);
	}

	/**
	 * An address that is not known.
	 * @returns its peer if it is the hub's; null when it is forged: a reply would go to everybody, or to this board itself
	 */
	#stranger(from: string): Peer | undefined | null {
		if (isGroup(from) || stationMac(from) === this.#mac) return null;
		return this.#peers.meetHub(from);
	}

	#pong(peer: Peer | undefined, rssi: number, now: number): Outcome {
		if (!peer || !this.#requests.pong(peer, rssi, now)) return Outcome.strayPong;
		this.#host.onContact?.(peer.mac, "reply");
		return Outcome.reply;
	}

	/** A text from a board that may owe us a reply. @returns null when it is none */
	#owed(peer: Peer, text: string, kind: Kind, rssi: number, now: number): Outcome | null {
		if (kind === Kind.request && this.#handler.isCommand(text)) return null;
		if (peer.needsResync) return Outcome.unclear;
		const reply = this.#requests.reply(peer, text, rssi, now);
		if (reply === "none") return null;
		if (reply === "early") return Outcome.unclear;
		this.#host.onContact?.(peer.mac, "reply");
		return Outcome.reply;
	}

	/** What wants an answer: a ping, or a request for this board or another. */
	#serve(known: Peer | undefined, text: string, kind: Kind, now: number): Outcome {
		const path = kind === Kind.relay ? parseRelay(text) : null;
		if (kind === Kind.relay && !path) return Outcome.malformed;
		// Without room for an answer it is not even run.
		if (!this.#outbox.takesAnswer(known)) return Outcome.outboxFull;
		const peer = known ?? this.#meet(now);
		if (kind === Kind.ping) {
			this.#replyCache.giveUp(peer, now);
			this.#outbox.put("pong", peer, "pong", now, null, null);
			return Outcome.pong;
		}
		const outcome = path ? Outcome.relayed : Outcome.command;
		if (peer.answers > 0 && this.#isRepeated(peer, text, now)) return outcome;
		const answer = this.#replyCache.open(peer, text, this.#frame.rssi, now);
		if (!answer) this.#refuse(peer, now);
		else if (path) this.#relay(answer, path, now);
		else this.#run(answer, now);
		return outcome;
	}

	/** The sender of the frame is remembered from now on. */
	#meet(now: number): Peer {
		const peer = this.#peers.get(this.#frame.from);
		this.#peers.heard(peer, this.#frame.from, this.#frame.rssi, now);
		return peer;
	}

	#isRepeated(peer: Peer, text: string, now: number): boolean {
		const earlier = this.#replyCache.find(peer, text);
		if (!earlier) return false;
		this.#counters.event("repeated");
		this.#replyCache.repeat(earlier, now);
		return true;
	}

	#refuse(peer: Peer, now: number): void {
		this.#counters.event("busy");
		this.#outbox.put("oneWay", peer, failure("busy"), now, null, null);
	}

	/** A request on another's behalf; its result comes back through {@link reply}. */
	#relay(answer: InboundRequest, path: RelayPath, now: number): void {
		const next = path.macs[0];
		if (!next || isLoop([answer.peer.mac, this.#mac], path)) {
			this.reply(answer, failure("loop"), now);
			return;
		}
		// In a plain network nobody can tell on whose behalf a change would be made here: the far board would take it for this one's.
		if (!this.#handler.isHarmless(path.inner)) {
			this.#counters.event("notAllowed");
			this.reply(answer, failure("not allowed: a change is not relayed"), now);
			return;
		}
		const limits = { timeoutMs: relayDeadlineMs(path.inner), tries: RELAY_TRIES };
		if (this.#requests.add(this.#peers.get(next), path.inner, now, limits, answer)) {
			this.#replyCache.makeRoom();
			return;
		}
		this.#counters.event("busy");
		this.reply(answer, failure("busy"), now);
	}

	#run(answer: InboundRequest, now: number): void {
		this.#at = answer;
		const reply = this.#handler.handle(answer.text, { side: "radio", mac: answer.peer.mac, rssi: answer.rssi });
		if (typeof reply === "string") this.reply(answer, buildReply(reply, answer.rssi), now);
		else this.#await(answer, reply);
	}

	/** Apart from the usual way, which needs no closures. */
	#await(answer: InboundRequest, reply: Promise<string>): void {
		this.#room.awaited++;
		Promise.resolve(reply).then(
			(text) => {
				this.#room.awaited--;
				this.#late(answer, text);
			},
			(error) => {
				this.#room.awaited--;
				this.#failed(answer, error);
			},
		);
	}

	#late(answer: InboundRequest, reply: string): void {
		try {
			this.reply(answer, buildReply(reply, answer.rssi), this.#host.clock.now());
			this.#onReplied();
		} catch (error) {
			this.#log.fault("answer", error);
		}
	}

	/** A request ended in an error of ours: its asker is told. */
	#failed(answer: InboundRequest, error: unknown): void {
		this.#log.fault("answer", error);
		this.#late(answer, failure(message(error)));
	}
}

function message(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
