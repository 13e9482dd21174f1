import { sameBoard, stationMac } from "common/mac";
import type { HubWatch } from "./hub-watch";
import { sweepOrder } from "./sweep-order";
import type { Tuner } from "./tuner";
import type { Asker, AskOptions, AskResult, Clock, Random, Timers } from "./types";

const TICK_MS = 1_000;
/** Silence after which a device looks for a hub that has never said that it is there: the original's. */
const SILENCE_MS = 30_000;
/** The same for a hub that does, unless it states a longer interval. */
const SHORT_SILENCE_MS = 10_000;
const LONGEST_SILENCE_MS = 120_000;
/** Silence is so many of the intervals in which the hub says that it is there. */
const INTERVALS = 2.5;
/** After a start the hub is looked for so soon if it has not been heard by then. */
const START_MS = 5_000;
/** Each wait is longer by a random part of this, so that boards which lost the hub together do not search in step. */
const SPREAD_MS = 2_000;
/** So many frames to the hub in a row that its radio did not acknowledge: it is looked for at once. */
const UNACKED = 3;
const PINGS = 3;
/** How long a pong may take; older hubs answer within a second. */
const PING_MS = 1_000;
const PING_PAUSE_MS = 100;
/** Longest stay on a channel where nobody answers; asking both directly and through a relay. */
const VISIT_MS = 150;
/** Where the hub is likely to be it is pinged more than once in that time: its radio may be away for a moment, telling others. */
const VISIT_PINGS = 3;
const STATED_MS = 500;
/** What a notice says is heeded so often at most: anybody can send one in the hub's name. */
const NOTICE_MS = 1_000;
/** A client that was put out is gone after this time. */
const PUT_OUT_MS = 60;
/** Between two sweeps: so many short pauses, growing to the eight seconds; then long ones. */
const FIRST_PAUSE_MS = 1_000;
const SHORT_PAUSE_MS = 8_000;
const SHORT_PAUSES = 40;
const LONG_PAUSE_MS = 60_000;

export interface ChannelsOptions {
	role: "hub" | "device";
	tuner: Tuner;
	comms: Asker;
	/** MAC of this device's hub, "" when it has none. */
	hub(): string;
	/** Channels on which the hub was met before, the last one first. */
	memory: { readonly channels: readonly number[] };
	/** The hub itself stated that it is on this channel, and so are we: to be remembered. */
	confirm(channel: number): void;
	/** The setup access point: whether somebody on it made a request in the last 30 s. */
	setup: { readonly isSetupUsed: boolean };
	/** Whether the board that we have for our hub is one; null on a hub. */
	hubs: Pick<HubWatch, "confirm" | "isHubDevice" | "tick" | "pinged"> | null;
	clock: Clock;
	timers: Timers;
	random: Random;
	trace(line: string): void;
}

/**
 * listening: all is well, or nothing is to be done; pinging: after silence, on the home channel; sweeping: from channel to channel;
 * pausing: on the last good channel until the next sweep.
 */
export type FollowingState = "listening" | "pinging" | "sweeping" | "pausing";

/** How a hub answered: "" directly, else through the relay of this MAC. */
type Route = { via: string };

/** Keeps a device on its hub's channel. The hub's own channel is the router's: there this only reports. */
export class Channels {
	readonly #options: ChannelsOptions;
	#state: FollowingState = "listening";
	#timer: object | null = null;
	#hub = "";
	/** The hub's station, as its peer is known by. */
	#station = "";
	/** How long the hub may be silent, in ms, without the random part. */
	#silenceMs = SILENCE_MS;
	#spreadMs = 0;
	/** Frames to the hub in a row that were not acknowledged. */
	#unacked = 0;
	/** The channel that the hub's last notice named, 0 when there was none since it was found; and from when on the next one is heeded. */
	#hint = 0;
	#nextNoticeAt = 0;
	/** When the last search began, and since when it is looked for. */
	#lostAt = 0;
	/** Contact without a frame of the hub's own, or the start. */
	#contactAt = 0;
	/** The device that forwarded the hub's last request, and when that was answered. */
	#relay = "";
	#relayAt = 0;
	#lastGood = 0;
	/** The last search stopped at pinging, as the setup access point was in use. */
	#heldBack = false;
	#pausedAt = 0;
	#resumeAt = 0;
	#failed = 0;
	#sweeps = 0;
	#moves = 0;

	constructor(options: ChannelsOptions) {
		this.#options = options;
	}

	start(): void {
		const { clock, timers, tuner } = this.#options;
		this.meet();
		// As if the hub had been heard before the start: it is looked for soon.
		this.#contactAt = clock.now() + START_MS - this.#silenceMs;
		this.#lastGood = tuner.home;
		this.#timer ??= timers.set(() => this.tick(), TICK_MS, TICK_MS);
	}

	close(): void {
		if (this.#timer) this.#options.timers.clear(this.#timer);
		this.#timer = null;
	}

	/**
	 * A board was met. Contact with the hub is a frame of its own, a request that we answered, also one that came through a relay, or a reply
	 * to one of ours; the first is asked for when it is needed, as frames are many.
	 * @param how `answered`: our reply to its request was acknowledged; `reply`: it replied to a request of ours; `pinged`: it pinged us
	 */
	onContact(mac: string, how: "answered" | "reply" | "pinged"): void {
		const { role, clock, hub, hubs } = this.#options;
		if (role === "hub" || (hubs?.isHubDevice && sameBoard(mac, hub()))) return;
		if (how === "pinged") {
			if (mac !== this.#station) return;
			// A hub with the original's code pings nobody.
			if (this.#silenceMs === SILENCE_MS) this.#silenceMs = SHORT_SILENCE_MS;
			hubs?.pinged();
			return;
		}
		this.#contactAt = clock.now();
		if (sameBoard(mac, hub())) this.#relay = "";
		// While there is no hub whoever asks is none's relay: it may be the hub that is about to be adopted.
		else if (how === "answered" && hub() !== "") {
			this.#relay = mac;
			this.#relayAt = this.#contactAt;
		}
	}

	/** The hub says that it is there. @param intervalS in how many seconds it does so again */
	onAlive(mac: string, intervalS: number): void {
		if (mac !== this.#station) return;
		this.#silenceMs = Math.min(LONGEST_SILENCE_MS, Math.max(SHORT_SILENCE_MS, intervalS * 1000 * INTERVALS));
	}

	/** A frame to a board was acknowledged by its radio, or was not. */
	onDelivered(mac: string, acked: boolean): void {
		if (mac !== this.#station) return;
		if (acked) this.#unacked = 0;
		else if (++this.#unacked === UNACKED && this.#active && this.#state === "listening" && this.maySweep())
			this.begin(() => this.#sweep(0));
	}

	/** A board says where it is now. That is a hint and no more: the hub is asked there. */
	onNotice(mac: string, text: string): void {
		const { clock, tuner } = this.#options;
		const now = clock.now();
		if (mac !== this.#station || !this.#active || now < this.#nextNoticeAt) return;
		const match = /^Moved (\d{1,2})$/.exec(text);
		const channel = match?.[1] ? Number(match[1]) : 0;
		if (channel === tuner.home || !tuner.allowed.includes(channel)) return;
		this.#nextNoticeAt = now + NOTICE_MS;
		this.#hint = channel;
		if ((this.#state === "listening" || this.#state === "pausing") && this.maySweep()) this.begin(() => this.#follow(channel));
	}

	/** The radio's home channel is another one now. */
	onHomeChannel(channel: number): void {
		this.#moves++;
		// While it searches a device only visits; what it comes home to is what it was told at the start, or found.
		if (this.#options.role === "hub" || this.#state === "listening") this.#lastGood = channel;
	}

	snapshot() {
		return {
			state: this.#state,
			silentS: this.#active ? Math.floor((this.#options.clock.now() - this.#lastContact) / 1000) : null,
			lastGood: this.#lastGood,
			relay: this.#via,
			sweeps: this.#sweeps,
			moves: this.#moves,
		};
	}

	/** Only a device that has a hub looks for it. */
	get #active(): boolean {
		return this.#options.role === "device" && this.#hub !== "";
	}

	/** In clock ms. */
	get #lastContact(): number {
		const { comms, hubs } = this.#options;
		const heardAt = hubs?.isHubDevice ? -1 : comms.heardAt(this.#hub);
		return heardAt < 0 ? this.#contactAt : Math.max(this.#contactAt, heardAt);
	}

	/** The device that the hub is to be reached through, "" when it reached us itself since. */
	get #via(): string {
		return this.#options.comms.heardAt(this.#hub) < this.#relayAt ? this.#relay : "";
	}

	private meet(): void {
		const { hub, random } = this.#options;
		this.#hub = hub();
		this.#station = stationMac(this.#hub);
		this.#silenceMs = SILENCE_MS;
		this.#spreadMs = SPREAD_MS * random.random();
		this.#relay = "";
		this.#unacked = 0;
	}

	private tick(): void {
		const { clock, hub, hubs } = this.#options;
		const now = clock.now();
		if (hub() !== this.#hub) {
			this.meet();
			this.#contactAt = now;
		}
		if (!this.#active || this.#state === "pinging" || this.#state === "sweeping") return;
		hubs?.tick(now);
		// What was heard during a search that failed may have leaked over from a neighbour channel.
		if (this.#state === "pausing" ? this.#lastContact > this.#pausedAt : now - this.#lastContact < this.#silenceMs + this.#spreadMs) {
			this.#state = "listening";
			this.#failed = 0;
			return;
		}
		if (this.#state === "pausing" && now < this.#resumeAt && !(this.#heldBack && this.maySweep())) return;
		this.begin(() => this.#search());
	}

	private begin(search: () => Promise<unknown>): void {
		if (this.#state === "listening") this.#lostAt = this.#options.clock.now();
		this.#unacked = 0;
		this.#state = "pinging";
		search().catch((error) => {
			this.#options.trace(`channels: ${error instanceof Error ? error.message : String(error)}`);
			this.pause();
		});
	}

	/** Somebody who uses the setup access point is not sent away. */
	private maySweep(): boolean {
		return !this.#options.setup.isSetupUsed;
	}

	async #search(): Promise<void> {
		const { tuner } = this.#options;
		const route = await this.#pingHome();
		const stated = route ? await this.#askChannel(route) : 0;
		if (route && (stated === 0 || stated === tuner.home)) {
			if (stated) this.#confirm(stated);
			this.#state = "listening";
			this.#spreadMs = SPREAD_MS * this.#options.random.random();
			return;
		}
		this.#heldBack = !this.maySweep();
		// A pong and no word on the channel: it may have leaked over, or the question was lost. That is asked again soon.
		if (stated === null || this.#heldBack) this.pause();
		else await this.#sweep(stated);
	}

	async #pingHome(): Promise<Route | null> {
		// Between two sweeps one ping shows as much as three.
		for (let i = this.#failed > 0 ? PINGS - 1 : 0; i < PINGS && this.#timer; i++) {
			const via = this.#via;
			if (await this.#ping(via, PING_MS)) return { via };
			if (i + 1 < PINGS) await this.delay(PING_PAUSE_MS);
		}
		return null;
	}

	/** Asks where a notice says that the hub is; if it is not there, at home, as before. */
	async #follow(channel: number): Promise<void> {
		const home = this.#options.tuner.home;
		if (await this.#retune(channel)) {
			if ((await this.#visit(channel)) === channel) {
				this.found(channel);
				return;
			}
			await this.#retune(home);
		}
		await this.#search();
	}

	/** Goes from channel to channel until the hub is found, or pauses. @param stated channel that the hub has stated, 0: none */
	async #sweep(stated: number): Promise<void> {
		const { tuner, memory } = this.#options;
		this.#state = "sweeping";
		this.#sweeps++;
		this.#heldBack = false;
		const home = tuner.home;
		const order = sweepOrder(tuner.allowed, [this.#hint, stated, this.#lastGood, ...memory.channels]);
		// At home it was just asked in vain, or the hub says that it is elsewhere.
		const visited = new Set<number>([home]);
		for (;;) {
			const channel = this.next(order, visited);
			if (channel === 0 || !this.#timer) break;
			visited.add(channel);
			if (!(await this.#retune(channel))) break;
			const says = await this.#visit(channel);
			if (says === channel) {
				this.found(channel);
				return;
			}
			// A pong leaks over from a neighbour: where the hub says it is comes next.
			if (says && tuner.allowed.includes(says)) order.unshift(says);
		}
		if (this.#timer) await this.#retune(this.#lastGood);
		this.pause();
	}

	/** The next channel to be visited, 0 when there is none: one that the hub has named meanwhile comes first. */
	private next(order: number[], visited: Set<number>): number {
		if (this.#hint !== 0 && !visited.has(this.#hint)) return this.#hint;
		for (let channel = order.shift(); channel !== undefined; channel = order.shift()) if (!visited.has(channel)) return channel;
		return 0;
	}

	private found(channel: number): void {
		const { trace, clock, memory } = this.#options;
		const how = channel === this.#hint ? "told" : memory.channels.includes(channel) ? "known" : "searched";
		trace(`channels: hub found on channel ${channel} after ${Math.round(clock.now() - this.#lostAt)} ms, ${how}`);
		this.#confirm(channel);
		this.#state = "listening";
	}

	/** An idle client is put out first, and takes a moment to go. */
	async #retune(channel: number): Promise<boolean> {
		const { tuner } = this.#options;
		if (tuner.home === channel || tuner.retune(channel) === "ok") return true;
		if (!this.maySweep()) return false;
		await this.delay(PUT_OUT_MS);
		return tuner.retune(channel) === "ok";
	}

	/** @returns the channel that the hub states when it is heard here, else 0 */
	async #visit(channel: number): Promise<number> {
		const { clock } = this.#options;
		const untilMs = clock.now() + VISIT_MS;
		const pings = channel === this.#hint ? VISIT_PINGS : 1;
		for (let i = 0; i < pings && untilMs - clock.now() >= 1; i++)
			if (await this.#ping("", untilMs - clock.now())) return (await this.#askChannel({ via: "" })) ?? 0;
		const left = untilMs - clock.now();
		const via = this.#via;
		if (!via || left < 1 || !(await this.#ping(via, left))) return 0;
		return (await this.#askChannel({ via })) ?? 0;
	}

	async #ping(via: string, timeoutMs: number): Promise<boolean> {
		const result = await this.ask(via, "ping", { timeoutMs, tries: 1 });
		return result.ok && result.reply === "pong";
	}

	/** @returns the channel that the hub states; 0 when its reply states none, as older hubs do not know the question; null without a reply, or when it is no hub */
	async #askChannel(route: Route): Promise<number | null> {
		const result = await this.ask(route.via, "channel", { timeoutMs: STATED_MS });
		// "Fail (…)" is the relay's word, not the hub's.
		if (!result.ok || result.reply.startsWith("Fail")) return null;
		const stated = statedChannel(result.reply);
		const ask = (text: string) => this.ask(route.via, text, { timeoutMs: STATED_MS });
		return stated === 0 || (await this.#options.hubs?.confirm(ask, route.via === "")) ? stated : null;
	}

	private ask(via: string, text: string, options: AskOptions): Promise<AskResult> {
		return via ? this.#options.comms.ask(via, `!${this.#hub},${text}`, options) : this.#options.comms.ask(this.#hub, text, options);
	}

	#confirm(channel: number): void {
		this.#lastGood = channel;
		this.#failed = 0;
		this.#hint = 0;
		this.#unacked = 0;
		this.#options.confirm(channel);
	}

	/** Growing pauses, each a little longer or shorter, so that boards that lost the hub together do not search together for ever. */
	private pause(): void {
		const { clock, random } = this.#options;
		const failed = this.#failed++;
		const pause = failed < SHORT_PAUSES ? Math.min(SHORT_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failed) : LONG_PAUSE_MS;
		this.#state = "pausing";
		this.#pausedAt = clock.now();
		this.#resumeAt = this.#pausedAt + pause * (0.8 + 0.4 * random.random());
	}

	private delay(ms: number): Promise<void> {
		return new Promise((resolve) => {
			this.#options.timers.set(() => resolve(), ms);
		});
	}
}

/** The channel that a hub's reply to `channel` states, 0 when it states none. */
export function statedChannel(reply: string): number {
	const match = /^OK (\d{1,2})( |$)/.exec(reply);
	return match?.[1] ? Number(match[1]) : 0;
}
