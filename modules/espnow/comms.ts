import { isMac, stationMac } from "common/mac";
import { MemoryBudget, SHORT_TEXT } from "common/memory-budget";
import type { Call } from "espnow/radio";
import { askSelf } from "./ask-self";
import { Counters } from "./counters";
import { Dispatch } from "./dispatch";
import { FaultLog } from "./fault-log";
import { Fragments } from "./fragments";
import { Link } from "./link";
import { Kind, type Message } from "./message";
import { NextDeadline } from "./next-deadline";
import { Outbox } from "./outbox";
import { Peer, Peers } from "./peers";
import { failure, PING, parseRelay, requestKind, STEP, unsendable } from "./plain-text";
import { Recovery, type Step } from "./recovery";
import { isLoop } from "./relay";
import { ReplyCache } from "./reply-cache";
import { ReplyIds } from "./reply-ids";
import { ReplyOrder } from "./reply-order";
import type { RequestLimits, Resolve } from "./request";
import { Requests } from "./requests";
import { Transmitter } from "./transmitter";
import type { AskOptions, AskResult, CommsOptions, CommsSnapshot, PeerView, SealedPort } from "./types";

export type { AskOptions, AskResult, CommsOptions, CommsSnapshot, Contact, PeerView, RadioCaller, RadioLink } from "./types";

const TURN_MS = 100;
/** The longest frame of ours, in bytes: ESP_NOW_MAX_DATA_LEN of esp_now.h. */
const FRAME_BYTES = 250;
const ASK_MS = 10_000;
const TRIES = 3;
const LIMITS: RequestLimits = Object.freeze({ timeoutMs: ASK_MS, tries: TRIES });
/** Requests that wait at once for relay devices of a sealed network to be ready. */
const PREPARING = 4;
/** A board's new session answers the ping that was asked of it. */
const WELCOME: Message = Object.freeze({ kind: Kind.pong, id: null, text: "" });
const EVERYBODY = "ffffffffffff";
/** Pause before ESP-NOW is tried again after it did not start. */
const REOPEN_MS = 1_000;
/** After this time ESP-NOW is tried again even if the Wi-Fi restart has not told that it is done. */
const WIFI_RESTART_MS = 30_000;

/**
 * The communication engine: one cooperative loop that receives and sends, and never waits.
 *
 * A turn, in order: send statuses; at most 8 frames; deadlines; then, if no frame is with the driver and one is due, that is sent. If a step throws, each
 * step is rerun separately. A repeating 100 ms timer makes the turns. Frames that come in and frames to be sent pull the next turn forward, so turns
 * never nest.
 */
export class Comms implements SealedPort {
	readonly #options: CommsOptions;
	readonly #mac: string;
	readonly #counters = new Counters();
	readonly #log: FaultLog;
	readonly #wake = new NextDeadline();
	readonly #memory: MemoryBudget;
	readonly #fragments: Fragments;
	readonly #outbox: Outbox;
	readonly #peers: Peers;
	readonly #recovery: Recovery;
	readonly #replyCache: ReplyCache;
	readonly #requests: Requests;
	readonly #link: Link;
	readonly #transmitter: Transmitter;
	readonly #dispatch: Dispatch;
	#timer: object | null = null;
	/** The next turn has been pulled forward already. */
	#pulled = false;
	#started = false;
	#closed = false;
	#reopenAt = Infinity;
	readonly #call: Call = { from: "", rssi: 0 };
	#preparing = 0;
	/** Stands for all boards in reach. */
	#everybody: Peer | null = null;
	#turns = 0;
	/** Resolves the promise that was made last. One executor for all promises spares a closure for each. */
	#resolve: Resolve = () => {};

	/** Pulls the next turn forward. A field, as others call it, too; so are the next two. */
	readonly #pull = (): void => {
		if (this.#pulled || !this.#timer) return;
		this.#pulled = true;
		this.#options.timers.schedule(this.#timer, 0, TURN_MS);
	};

	/** One turn: see {@link Comms}. */
	readonly #turn = (): void => {
		if (this.#pulled) this.#pulled = false;
		else {
			this.#link.assumePending();
			this.readCalls();
		}
		this.#turns++;
		const now = this.#options.clock.now();
		let more = false;
		try {
			if (this.#link.statuses > 0) this.#transmitter.drainStatuses(now);
			if (this.#link.frames > 0) more = this.#dispatch.drainFrames(now);
			if (now >= this.#wake.at || now >= this.#transmitter.statusDue) this.deadlines(now);
			this.#transmitter.sendNext(now);
			this.#options.turn?.(now);
		} catch (error) {
			if (!this.#dispatch.fault(error)) this.#log.fault("turn", error);
			more = this.rerunSteps(now);
		}
		if (more || this.#wake.at - now < TURN_MS || this.#transmitter.statusDue - now < TURN_MS) this.hasten(more, now);
	};

	/** The executor of all promises. */
	readonly #executor = (resolve: Resolve): void => {
		this.#resolve = resolve;
	};

	constructor(options: CommsOptions) {
		this.#options = options;
		this.#mac = stationMac(options.mac);
		this.#log = new FaultLog(this.#counters, options.trace);
		const memory = options.memory ?? new MemoryBudget();
		const outbox = new Outbox(memory, this.#wake);
		const counters = this.#counters;
		const recovery = new Recovery(options.restartedByRecovery ?? false);
		const link = new Link(options, this.#pull);
		const requests = new Requests({
			outbox,
			counters,
			random: options.random,
			memory,
			wake: this.#wake,
			onForwarded: (inbound, result, now) => this.#dispatch.reply(inbound, result.ok ? result.reply : failure(result.reason), now),
		});
		const peers = new Peers({
			...(options.hub ? { hub: options.hub } : {}),
			codecOf: (mac) => options.codecOf(mac),
			replyMatching: (codec) => (codec.hasIds ? new ReplyIds(requests, codec.sessions) : new ReplyOrder(requests)),
		});
		const replyCache = new ReplyCache(outbox, requests, memory, this.#wake);
		const fragments = new Fragments({
			clock: options.clock,
			memory,
			wake: this.#wake,
			send: (peer, text) => this.request(peer, Kind.fragment, text, LIMITS),
		});
		const log = this.#log;
		// One for both: neither keeps it for longer than a call.
		const bytes = new Uint8Array(FRAME_BYTES);
		this.#transmitter = new Transmitter({
			host: options,
			link,
			outbox,
			peers,
			requests,
			replyCache,
			counters,
			recovery,
			log,
			wake: this.#wake,
			bytes,
			onBroken: (step, now) => this.repair(step, now),
		});
		this.#dispatch = new Dispatch({
			host: options,
			sealed: options.sealed ?? null,
			mac: this.#mac,
			link,
			outbox,
			peers,
			requests,
			replyCache,
			fragments,
			memory,
			counters,
			log,
			bytes,
			onReplied: this.#pull,
		});
		this.#memory = memory;
		this.#fragments = fragments;
		this.#outbox = outbox;
		this.#peers = peers;
		this.#recovery = recovery;
		this.#replyCache = replyCache;
		this.#requests = requests;
		this.#link = link;
		options.sealed?.attach(this);
	}

	/** Whether a frame is with the driver: neither its status nor 250 ms have come. */
	get sending(): boolean {
		return this.#transmitter.sending;
	}

	/** Whether a frame waits in the outbox that may go now. A request that waits for its reply is none. */
	get requestToSend(): boolean {
		return this.#outbox.hasDue(this.#options.clock.now());
	}

	/** Starts ESP-NOW and the turns; Wi-Fi must be up. When ESP-NOW does not start it is tried again each second. */
	start(): void {
		if (this.#closed) return;
		this.#timer ??= this.#options.timers.set(this.#turn, TURN_MS, TURN_MS);
		if (this.#started && this.#link.radio) return;
		this.#started = true;
		this.open(this.#options.clock.now());
		this.#pull();
	}

	/** Stops ESP-NOW. The turns go on, and requests wait until their deadline. */
	stop(): void {
		this.#started = false;
		this.#reopenAt = Infinity;
		this.closeRadio(this.#options.clock.now());
	}

	/** Stops ESP-NOW and the turns for good; requests are `cancelled`. */
	close(): void {
		if (this.#closed) return;
		this.stop();
		this.#closed = true;
		if (this.#timer) this.#options.timers.clear(this.#timer);
		this.#timer = null;
		this.#requests.cancelAll("cancelled", this.#options.clock.now());
	}

	/** Turns ESP-NOW off and on, its peers with it; requests go on. */
	restartESPNow(): void {
		if (this.#closed) return;
		this.#started = true;
		this.open(this.#options.clock.now());
		this.#pull();
	}

	/**
	 * Asks a board, this one included.
	 * @param mac its station or access point MAC
	 * @param text at most 250 bytes; `!<mac>,…` has it forwarded by the board that is asked
	 * @returns a promise that is never rejected, and always fulfilled by the deadline
	 */
	ask(mac: string, text: string, options?: AskOptions): Promise<AskResult> {
		const limits = options ? { timeoutMs: options.timeoutMs ?? ASK_MS, tries: options.tries ?? TRIES } : LIMITS;
		const known = this.#peers.find(mac);
		const kind = requestKind(text);
		const refusal = this.refusal(known, mac, kind, text);
		if (refusal) return Promise.resolve({ ok: false, reason: refusal, ms: 0 });
		if (options?.mayChange === false && !this.#options.handler.isHarmless(text)) {
			return Promise.resolve({ ok: false, reason: "not allowed", ms: 0 });
		}
		if (!known && stationMac(mac) === this.#mac) return this.askSelf(text, limits);
		const peer = known ?? this.#peers.get(mac);
		if (peer.codec.sessions !== null) return this.askSealed(peer, kind, text, limits);
		// As request() does, without a call.
		const promise = new Promise(this.#executor);
		if (!this.#requests.add(peer, kind, kind === Kind.relay ? onAir(text) : text, this.#options.clock.now(), limits, this.#resolve)) {
			this.#counters.event("busy");
			this.#resolve({ ok: false, reason: "busy", ms: 0 });
		} else if (this.#memory.failed > 0) this.#replyCache.makeRoom();
		this.#pull();
		return promise;
	}

	/**
	 * A device tells its hub something by itself (sealed networks).
	 * @param text 200 bytes at most
	 * @returns as {@link ask}; the reply is empty
	 */
	report(text: string): Promise<AskResult> {
		const mac = this.#options.hub?.() ?? "";
		const refusal = isMac(mac) ? this.refusal(this.#peers.find(mac), mac, Kind.report, text) : "not joined";
		const peer = refusal === "" ? this.#peers.get(mac) : null;
		if (!peer?.codec.sessions) return Promise.resolve({ ok: false, reason: refusal || "not joined", ms: 0 });
		return this.request(peer, Kind.report, text, LIMITS);
	}

	/** Sends the call by which a new board looks for a hub: the text `ping`, to everybody. */
	call(): void {
		this.#everybody ??= new Peer(EVERYBODY, this.#options.codecOf(EVERYBODY), new ReplyIds(this.#requests, null));
		// In ASCII.
		const bytes = Uint8Array.from(PING, (letter) => letter.charCodeAt(0));
		this.#outbox.putBytes(Kind.bytes, this.#everybody, { bytes, done: null }, this.#options.clock.now());
		this.#pull();
	}

	/**
	 * Sends bytes as they are, once.
	 * @param bytes at most 250; they are the callee's from now on
	 * @returns whether the board's radio acknowledged them
	 */
	sendRaw(mac: string, bytes: Uint8Array): Promise<boolean> {
		return new Promise((resolve) => {
			if (this.#closed || !isMac(mac) || !this.sendBytes(mac, bytes, resolve)) resolve(false);
		});
	}

	/** A board was joined or removed: how it is spoken to is asked anew. Its requests are `cancelled`. */
	forgetPeer(mac: string): void {
		const peer = this.#peers.find(mac);
		if (!peer) return;
		const now = this.#options.clock.now();
		this.#requests.cancel(peer, now);
		this.#replyCache.forget(peer, now);
		this.#peers.forget(peer);
	}

	/** A text that takes more than one frame: its parts go first. */
	private askInParts(peer: Peer, kind: Kind, text: string, limits: RequestLimits): Promise<AskResult> {
		const { clock } = this.#options;
		const started = clock.now();
		return this.#fragments.send(peer, text).then((sent): AskResult | Promise<AskResult> => {
			const ms = clock.now() - started;
			if (!sent.ok || this.#closed) return { ok: false, reason: sent.ok ? "cancelled" : sent.reason, ms };
			return this.request(peer, kind, sent.mark, { timeoutMs: limits.timeoutMs - ms, tries: limits.tries });
		});
	}

	/** Enters a request. */
	private request(peer: Peer, kind: Kind, text: string, limits: RequestLimits): Promise<AskResult> {
		const promise = new Promise(this.#executor);
		if (!this.#requests.add(peer, kind, text, this.#options.clock.now(), limits, this.#resolve)) {
			this.#counters.event("busy");
			this.#resolve({ ok: false, reason: "busy", ms: 0 });
		} else if (this.#memory.failed > 0) this.#replyCache.makeRoom();
		this.#pull();
		return promise;
	}

	/** A request of a sealed network that names its way, or whose peer is reached through others. */
	private askSealed(first: Peer, kind: Kind, text: string, limits: RequestLimits): Promise<AskResult> {
		const path = kind === Kind.relay ? parseRelay(text) : null;
		if (!path) {
			const isSimple = first.via === null && (text.length <= SHORT_TEXT || Fragments.fits(first, text));
			return isSimple ? this.request(first, kind, text, limits) : this.overRelays(first, kind, text, limits);
		}
		let far = first;
		for (const mac of path.macs) {
			// A device holds the key of its hub alone, and asks that to forward.
			if (!this.#options.sealed?.holdsKey(mac)) {
				if (this.#options.hub?.()) return this.request(first, Kind.request, path.text, limits);
				return Promise.resolve({ ok: false, reason: `not joined: ${mac}`, ms: 0 });
			}
			const next = this.#peers.get(mac);
			this.#peers.route(next, far);
			far = next;
		}
		const inner = path.text.slice(STEP * path.macs.length);
		return this.overRelays(far, requestKind(inner), inner, limits);
	}

	/** Before a relay device can carry something it must have a fresh session itself. */
	private overRelays(far: Peer, kind: Kind, text: string, limits: RequestLimits): Promise<AskResult> {
		const hop = staleHop(far);
		if (!hop) {
			if (kind === Kind.request && !Fragments.fits(far, text)) return this.askInParts(far, kind, text, limits);
			return this.request(far, kind, text, limits);
		}
		if (this.#preparing >= PREPARING) return Promise.resolve({ ok: false, reason: "busy", ms: 0 });
		const { clock } = this.#options;
		const started = clock.now();
		this.#preparing++;
		return this.request(hop, Kind.ping, PING, limits).then((result) => {
			this.#preparing--;
			const ms = clock.now() - started;
			if (!result.ok) far.via = null;
			if (!result.ok || this.#closed) return { ok: false, reason: result.ok ? "cancelled" : result.reason, ms };
			return this.overRelays(far, kind, text, { timeoutMs: limits.timeoutMs - ms, tries: limits.tries });
		});
	}

	/** Sends a text one way: no reply is matched to it. */
	espSend(mac: string, text: string): void {
		const known = this.#peers.find(mac);
		const kind = requestKind(text);
		if (this.refusal(known, mac, kind, text) || stationMac(mac) === this.#mac) return;
		const peer = known ?? this.#peers.get(mac);
		const entry = this.#outbox.put(kind, null, peer, kind === Kind.relay ? onAir(text) : text, this.#options.clock.now(), null, null);
		if (!entry) this.#counters.event("busy");
		this.#pull();
	}

	/**
	 * Sends a notice on another channel than the home channel: where this board was before it moved. The radio is away for as long as the frame takes.
	 * @param mac a board that is known to have no original's code
	 * @returns whether its radio acknowledged
	 */
	announce(mac: string, text: string, channel: number): Promise<boolean> {
		const peer = this.#peers.get(mac);
		const promise = new Promise<boolean>((resolve) => {
			const now = this.#options.clock.now();
			if (!this.#link.radio || !this.#transmitter.announceOn(channel, resolve)) resolve(false);
			else if (!this.#outbox.put(Kind.notice, null, peer, text, now, null, null)) this.#transmitter.endNotice(false);
		});
		this.#pull();
		return promise;
	}

	/** The boards this one knows. */
	peers(): PeerView[] {
		return [...this.eachPeer()];
	}

	/** The same, one after another: a list of all would take more memory than the rest of the status page. */
	eachPeer(): Iterable<PeerView> {
		return this.#peers.each(this.#options.clock.now());
	}

	/** When a board was last heard, in clock ms; -1: never, or it has been forgotten. */
	heardAt(mac: string): number {
		return this.#peers.find(mac)?.seenAt ?? -1;
	}

	snapshot(): CommsSnapshot {
		return {
			up: this.#link.radio !== null,
			sending: this.sending,
			requestToSend: this.requestToSend,
			turns: this.#turns,
			grants: this.#transmitter.grants,
			counters: this.#counters.view(this.#link.totals()),
			recovery: this.#recovery.view(),
			requests: { open: this.#requests.size - this.#requests.unsent, unsent: this.#requests.unsent },
			driverPeers: this.#peers.driverCount,
			lastError: this.#log.lastError,
		};
	}

	/** This and the next five are {@link SealedPort}. */
	sendBytes(mac: string, bytes: Uint8Array, done: ((acked: boolean) => void) | null = null): boolean {
		const taken = this.#outbox.putBytes(Kind.bytes, this.#peers.get(mac), { bytes, done }, this.#options.clock.now());
		this.#pull();
		return taken;
	}

	met(mac: string): Peer {
		const peer = this.#peers.get(mac);
		const now = this.#options.clock.now();
		if (peer.replies.met(mac, now)) this.#replyCache.forget(peer, now);
		return peer;
	}

	/** Sends it again when it is not acknowledged, as nobody else would: a board waits for it. */
	sendSealed(mac: string, kind: Kind, bytes: Uint8Array, tries = TRIES): boolean {
		const done = (acked: boolean) => {
			if (!acked && tries > 1) this.sendSealed(mac, kind, bytes, tries - 1);
		};
		this.#pull();
		return this.#outbox.putBytes(kind, this.#peers.get(mac), { bytes, done }, this.#options.clock.now());
	}

	route(mac: string, via: string): void {
		this.#peers.route(this.#peers.get(mac), via === "" ? null : this.#peers.get(via));
	}

	welcomed(mac: string): void {
		const peer = this.met(mac);
		const now = this.#options.clock.now();
		// The other side goes on with its old session until it has opened something of the new one.
		peer.replies.pong(WELCOME, peer.rssi, now);
		if (peer.replies.request === null) this.#outbox.put(Kind.pong, 0, peer, "", now, null, null);
		this.#pull();
	}

	undelivered(mac: string, id: number): void {
		this.#peers.find(mac)?.replies.undelivered(id, this.#options.clock.now());
	}

	/** Reruns each step of a turn separately, so that an error in one does not stop the others. @returns whether more frames may wait */
	private rerunSteps(now: number): boolean {
		let more = false;
		const parts: Record<string, () => void> = {
			status: () => this.#transmitter.drainStatuses(now),
			frames: () => {
				more = this.#dispatch.drainFrames(now);
			},
			deadlines: () => this.deadlines(now),
			send: () => this.#transmitter.sendNext(now),
			turn: () => this.#options.turn?.(now),
		};
		for (const [name, part] of Object.entries(parts)) {
			try {
				part();
			} catch (error) {
				// That frame is finished: the next turn handles the others at once.
				if (this.#dispatch.fault(error)) more = true;
				else this.#log.fault(name, error);
			}
		}
		// The next regular turn looks at what this one has left out.
		this.#wake.by(now + TURN_MS);
		return more;
	}

	/** Tells of boards that called since the last time: to be called now and then where frames pull each turn forward, as regular turns do it themselves. */
	readCalls(): void {
		const { onCall } = this.#options;
		const radio = this.#link.radio;
		if (!onCall || !radio) return;
		try {
			while (radio.readCall(this.#call)) onCall(this.#call.from, this.#call.rssi);
		} catch (error) {
			this.#log.fault("call", error);
		}
	}

	private deadlines(now: number): void {
		this.#wake.at = Infinity;
		this.#transmitter.expire(now);
		this.#requests.expire(now);
		this.#replyCache.expire(now);
		this.#fragments.expire(now);
		if (now >= this.#reopenAt) this.open(now);
		this.#wake.by(this.#reopenAt);
	}

	/** Asks for a turn when something is due before the next regular one. */
	private hasten(more: boolean, now: number): void {
		if (this.#pulled || !this.#timer) return;
		const wait = Math.min(this.#wake.at, this.#transmitter.statusDue) - now;
		if (more || wait <= 0) this.#pull();
		else this.#options.timers.schedule(this.#timer, Math.ceil(wait), TURN_MS);
	}

	private open(now: number): void {
		// Whatever fails from here on, ESP-NOW is opened again.
		this.reopenAfter(REOPEN_MS, now);
		this.closeRadio(now);
		if (this.#link.open() && this.#link.radio) {
			this.#reopenAt = Infinity;
			this.#recovery.opened(now);
			this.#peers.rebuild(this.#link.radio);
			this.#outbox.resume();
			return;
		}
		this.#counters.event("radioFailed");
		this.#log.note(this.#link.error);
		const step = this.#recovery.openFailed(now);
		if (step !== "espnow") this.repair(step, now);
	}

	private reopenAfter(ms: number, now: number): void {
		this.#reopenAt = now + ms;
		this.#wake.by(this.#reopenAt);
	}

	private closeRadio(now: number): void {
		this.#link.close();
		this.#transmitter.abandon(now);
	}

	private repair(step: Step, now: number): void {
		if (step === "none" || !this.#started) return;
		this.#options.trace(`ESP-NOW: recovery, step ${step}`);
		if (step === "espnow") {
			this.open(now);
			return;
		}
		this.closeRadio(now);
		this.reopenAfter(WIFI_RESTART_MS, now);
		if (step === "wifi") this.#options.restartWiFi();
		else this.#options.restartBoard("recovery: ESP-NOW does not send");
	}

	/** Why a text cannot be sent to a board, "" when it can. */
	private refusal(known: Peer | undefined, mac: string, kind: Kind, text: string): string {
		if (this.#closed) return "cancelled";
		if (!known && !isMac(mac)) return "adding peer";
		const trouble = unsendable(text, (known ? known.codec : this.#options.codecOf(mac)).maxTextBytes);
		if (trouble) return trouble === "not text" ? "malformed" : trouble;
		if (kind !== Kind.relay) return "";
		const path = parseRelay(text);
		if (!path) return "malformed";
		const to = stationMac(mac);
		return isLoop(to === this.#mac ? [to] : [this.#mac, to], path) ? "loop" : "";
	}

	/** Answers a request to this board, or forwards it. */
	private askSelf(text: string, limits: RequestLimits): Promise<AskResult> {
		const path = parseRelay(text);
		const next = path?.macs[0];
		if (path && next) return this.ask(next, path.inner, limits);
		return askSelf(this.#options, this.#log, this.#mac, text, limits.timeoutMs);
	}
}

/** A relayed text as it is sent: the MACs of its path in the form that all boards understand. */
function onAir(text: string): string {
	return parseRelay(text)?.text ?? text;
}

/** The first relay device on the way to a peer with which there is no fresh session. */
function staleHop(peer: Peer): Peer | null {
	let stale: Peer | null = null;
	for (let hop = peer.via; hop !== null; hop = hop.via) {
		if (hop.codec.sessions !== null && !hop.codec.sessions.isFresh(hop.mac)) stale = hop;
	}
	return stale;
}
