import type { Frame } from "espnow/radio";
import { isGroup, stationMac } from "./address";
import type { Answer, Answers } from "./answers";
import { buildReply, classify, FRAME_LIMIT, failure, Kind, parseRelay, type RelayPath } from "./codec";
import { type Counters, Outcome } from "./counters";
import type { CommsOptions } from "./faces";
import type { FaultLog } from "./fault-log";
import type { Outbox } from "./outbox";
import type { Peer, Peers } from "./peers";
import type { RadioPort } from "./radio-port";
import { isLoop, relayDeadlineMs } from "./relay";
import type { Requests } from "./requests";

/** Frames handled in one turn: what else the board does gets its time under any load. */
export const FRAMES_PER_TURN = 8;
const RELAY_TRIES = 3;

export interface ReceiverOptions {
	host: Pick<CommsOptions, "answer" | "commands" | "onContact" | "clock">;
	mac: string;
	port: RadioPort;
	peers: Peers;
	outbox: Outbox;
	requests: Requests;
	answers: Answers;
	counters: Counters;
	/** A reply has been made outside of a turn. */
	onReplied(): void;
	log: FaultLog;
}

/** What is done with the frames that come in: each has exactly one outcome, which is counted. */
export class Receiver {
	// Each at hand: taking it out of the options every time is a tenth of a frame's cost.
	readonly #host: ReceiverOptions["host"];
	readonly #port: RadioPort;
	readonly #peers: Peers;
	readonly #outbox: Outbox;
	readonly #requests: Requests;
	readonly #answers: Answers;
	readonly #counters: Counters;
	readonly #log: FaultLog;
	readonly #onReplied: () => void;
	readonly #mac: string;
	readonly #frame: Frame = { from: "", rssi: 0, bytes: 0, text: null };

	constructor(options: ReceiverOptions) {
		this.#host = options.host;
		this.#port = options.port;
		this.#peers = options.peers;
		this.#outbox = options.outbox;
		this.#requests = options.requests;
		this.#answers = options.answers;
		this.#counters = options.counters;
		this.#log = options.log;
		this.#onReplied = options.onReplied;
		this.#mac = options.mac;
	}

	/** Handles at most 8 frames. @returns whether more may wait */
	frames(now: number): boolean {
		const frame = this.#frame;
		for (let i = 0; i < FRAMES_PER_TURN; i++) {
			if (!this.#port.read(frame)) return false;
			let outcome: Outcome = Outcome.fault;
			try {
				outcome = this.#receive(frame, now);
			} catch (error) {
				this.#log.fault("frame", error);
			}
			this.#counters.frame(outcome);
		}
		return this.#port.frames > 0;
	}

	/** The reply to another board's request is there: from the far board it goes back as it came. */
	reply(answer: Answer, reply: string, now: number): void {
		if (!this.#answers.reply(answer, reply, now)) this.#counters.event("replyLost");
	}

	#receive(frame: Frame, now: number): Outcome {
		const from = frame.from;
		const rssi = frame.rssi;
		const text = frame.text;
		const peers = this.#peers;
		const known = peers.find(from);
		if (known) peers.heard(known, from, rssi, now);
		const sender = known ? known.mac : stationMac(from);
		// Forged: a reply would go to everybody, or to this board itself.
		if (!known && (isGroup(from) || sender === this.#mac)) return Outcome.malformed;
		this.#host.onContact?.(sender, "frame");
		if (frame.bytes > FRAME_LIMIT) return Outcome.tooLong;
		if (text === null) return Outcome.notText;
		if (text === "") return Outcome.empty;
		const kind = classify(text);
		const path = kind === Kind.relay ? parseRelay(text) : null;
		if (kind === Kind.relay && !path) return Outcome.malformed;
		// A request from a board that owes us nothing is that and nothing else.
		const isClear = kind === Kind.request && (!known || (known.open === null && !known.unclear));
		const outcome = isClear || kind === Kind.ping || path ? null : this.#screen(known, text, kind, rssi, now);
		if (outcome) return outcome;
		// What is served from here on wants an answer: without room for one it is not even run.
		if (!this.#outbox.takesAnswer(known)) return Outcome.outboxFull;
		const peer = known ?? peers.get(from);
		if (!known) peers.heard(peer, from, rssi, now);
		if (kind === Kind.ping) {
			this.#answers.giveUp(peer, now);
			this.#outbox.put("pong", peer, "pong", now);
			return Outcome.pong;
		}
		const earlier = peer.answers ? this.#answers.find(peer, text) : undefined;
		if (earlier) {
			this.#counters.event("repeated");
			this.#answers.repeat(earlier, now);
		} else {
			const answer = this.#answers.open(peer, text, rssi, now);
			if (!answer) this.#refuse(peer, now);
			else if (path) this.#relay(answer, path, now);
			else this.#command(answer, now);
		}
		return path ? Outcome.relayed : Outcome.command;
	}

	/** Replies, wanted or not. @returns null when the text is a request */
	#screen(peer: Peer | undefined, text: string, kind: Kind, rssi: number, now: number): Outcome | null {
		const host = this.#host;
		const requests = this.#requests;
		if (kind === Kind.pong) {
			if (!peer || !requests.pong(peer, rssi, now)) return Outcome.strayPong;
			host.onContact?.(peer.mac, "reply");
			return Outcome.reply;
		}
		if (peer && (peer.unclear || requests.expectsReply(peer)) && (kind !== Kind.request || !host.commands.isCommand(text))) {
			if (peer.unclear) return Outcome.unclear;
			const reply = requests.reply(peer, text, rssi, now);
			if (reply === "early") return Outcome.unclear;
			if (reply === "taken") {
				host.onContact?.(peer.mac, "reply");
				return Outcome.reply;
			}
		}
		if (kind === Kind.reply) return Outcome.strayReply;
		return kind === Kind.error ? Outcome.strayError : null;
	}

	#refuse(peer: Peer, now: number): void {
		this.#counters.event("busy");
		this.#outbox.put("oneWay", peer, failure("busy"), now);
	}

	/** A request on another's behalf; its result comes back through {@link reply}. */
	#relay(answer: Answer, path: RelayPath, now: number): void {
		const next = path.macs[0];
		if (!next || isLoop([answer.peer.mac, this.#mac], path)) {
			this.reply(answer, failure("loop"), now);
			return;
		}
		const limits = { timeoutMs: relayDeadlineMs(path.inner), tries: RELAY_TRIES };
		if (this.#requests.add(this.#peers.get(next), path.inner, now, limits, answer)) {
			this.#answers.makeRoom();
			return;
		}
		this.#counters.event("busy");
		this.reply(answer, failure("busy"), now);
	}

	#command(answer: Answer, now: number): void {
		let reply: string | Promise<string>;
		try {
			reply = this.#host.answer(answer.text, { mac: answer.peer.mac, rssi: answer.rssi });
		} catch (error) {
			this.#log.fault("answer", error);
			reply = failure(message(error));
		}
		if (typeof reply === "string") this.reply(answer, buildReply(reply, answer.rssi), now);
		else this.#await(answer, reply);
	}

	/** Apart from the usual way, which needs no closures. */
	#await(answer: Answer, reply: Promise<string>): void {
		Promise.resolve(reply).then(
			(text) => this.#late(answer, text),
			(error) => {
				this.#log.fault("answer", error);
				this.#late(answer, failure(message(error)));
			},
		);
	}

	#late(answer: Answer, reply: string): void {
		try {
			this.reply(answer, buildReply(reply, answer.rssi), this.#host.clock.now());
			this.#onReplied();
		} catch (error) {
			this.#log.fault("answer", error);
		}
	}
}

function message(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
