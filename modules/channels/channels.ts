import { sameBoard } from "common/mac";
import type { HubWatch } from "./hub-watch";
import { sweepOrder } from "./sweep-order";
import type { Tuner } from "./tuner";
import type { Asker, AskOptions, AskResult, Clock, Random, Timers } from "./types";

const TICK_MS = 1_000;
/** Silence after which a device looks for its hub. */
const SILENCE_MS = 30_000;
const PINGS = 3;
/** How long a pong may take; older hubs answer within a second. */
const PING_MS = 1_000;
const PING_PAUSE_MS = 100;
/** Longest stay on a channel where nobody answers; asking both directly and through a relay. */
const VISIT_MS = 150;
const STATED_MS = 500;
/** The open setup access point keeps the board on its channel for so long after the last phone. */
const PHONE_MS = 60_000;
const PAUSES_MS: readonly number[] = Object.freeze([5_000, 10_000, 20_000, 40_000, 60_000]);

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
	/** The setup access point: whether people may use it, and how many phones do. */
	setup: { readonly isSetupOpen: boolean; readonly clients: number };
	/** Whether the board that we have for our hub is one; null on a hub. */
	hubs: Pick<HubWatch, "confirm" | "isHubDevice" | "tick"> | null;
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
	/** Contact without a frame of the hub's own, or the start. */
	#contactAt = 0;
	/** The device that forwarded the hub's last request, and when that was answered. */
	#relay = "";
	#relayAt = 0;
	#lastGood = 0;
	#setupOpen = false;
	#phoneAt = 0;
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
		const { clock, timers, tuner, hub } = this.#options;
		this.#hub = hub();
		this.#contactAt = clock.now();
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
	 * @param how `answered`: our reply to its request was acknowledged; `reply`: it replied to a request of ours
	 */
	onContact(mac: string, how: "answered" | "reply"): void {
		const { role, clock, hub, hubs } = this.#options;
		if (role === "hub" || (hubs?.isHubDevice && sameBoard(mac, hub()))) return;
		this.#contactAt = clock.now();
		if (sameBoard(mac, hub())) this.#relay = "";
		// While there is no hub whoever asks is none's relay: it may be the hub that is about to be adopted.
		else if (how === "answered" && hub() !== "") {
			this.#relay = mac;
			this.#relayAt = this.#contactAt;
		}
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
		return hubs?.isHubDevice ? this.#contactAt : Math.max(this.#contactAt, comms.heardAt(this.#hub));
	}

	/** The device that the hub is to be reached through, "" when it reached us itself since. */
	get #via(): string {
		return this.#options.comms.heardAt(this.#hub) < this.#relayAt ? this.#relay : "";
	}

	private tick(): void {
		const { clock, hub, hubs, setup } = this.#options;
		const now = clock.now();
		if (hub() !== this.#hub) {
			this.#hub = hub();
			this.#contactAt = now;
			this.#relay = "";
		}
		const open = setup.isSetupOpen;
		if (open && (!this.#setupOpen || setup.clients > 0)) this.#phoneAt = now;
		this.#setupOpen = open;
		if (!this.#active || this.#state === "pinging" || this.#state === "sweeping") return;
		hubs?.tick(now);
		// What was heard during a search that failed may have leaked over from a neighbour channel.
		if (this.#state === "pausing" ? this.#lastContact > this.#pausedAt : now - this.#lastContact < SILENCE_MS) {
			this.#state = "listening";
			this.#failed = 0;
			return;
		}
		if (this.#state === "pausing" && now < this.#resumeAt && !(this.#heldBack && this.maySweep(now))) return;
		this.#search().catch((error) => {
			this.#options.trace(`channels: ${error instanceof Error ? error.message : String(error)}`);
			this.pause();
		});
	}

	private maySweep(now: number): boolean {
		return !this.#setupOpen || now - this.#phoneAt >= PHONE_MS;
	}

	async #search(): Promise<void> {
		const { clock, tuner } = this.#options;
		this.#state = "pinging";
		const route = await this.#pingHome();
		const stated = route ? await this.#askChannel(route) : 0;
		if (route && (stated === 0 || stated === tuner.home)) {
			if (stated) this.#confirm(stated);
			this.#state = "listening";
			return;
		}
		this.#heldBack = !this.maySweep(clock.now());
		// A pong and no word on the channel: it may have leaked over, or the question was lost. That is asked again soon.
		if (stated === null || this.#heldBack || !(await this.#sweep(stated))) this.pause();
	}

	async #pingHome(): Promise<Route | null> {
		for (let i = 0; i < PINGS && this.#timer; i++) {
			if (i) await this.delay(PING_PAUSE_MS);
			const via = this.#via;
			if (await this.#ping(via, PING_MS)) return { via };
		}
		return null;
	}

	/** Goes from channel to channel. @param hint channel that the hub has stated, 0: none. @returns whether the hub was found */
	async #sweep(hint: number): Promise<boolean> {
		const { tuner, memory, trace } = this.#options;
		this.#state = "sweeping";
		this.#sweeps++;
		// At home it has just pinged three times in vain.
		const home = tuner.home;
		const order = sweepOrder(tuner.allowed, [hint, this.#lastGood, ...memory.channels]).filter((channel) => channel !== home);
		const visited = new Set<number>();
		for (let channel = order.shift(); channel !== undefined && this.#timer; channel = order.shift()) {
			if (visited.has(channel)) continue;
			visited.add(channel);
			if (tuner.retune(channel) !== "ok") break;
			const stated = await this.#visit();
			if (stated === channel) {
				trace(`channels: hub found on channel ${channel}`);
				this.#confirm(channel);
				this.#state = "listening";
				return true;
			}
			// A pong leaks over from a neighbour: where the hub says it is comes next.
			if (stated && tuner.allowed.includes(stated)) order.unshift(stated);
		}
		if (this.#timer) tuner.retune(this.#lastGood);
		return false;
	}

	/** @returns the channel that the hub states when it is heard here, else 0 */
	async #visit(): Promise<number> {
		const { clock } = this.#options;
		const started = clock.now();
		if (await this.#ping("", VISIT_MS)) return (await this.#askChannel({ via: "" })) ?? 0;
		const left = VISIT_MS - (clock.now() - started);
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
		this.#options.confirm(channel);
	}

	/** Growing pauses, each a little longer or shorter, so that boards that lost the hub together do not search together for ever. */
	private pause(): void {
		const { clock, random } = this.#options;
		const pause = PAUSES_MS[Math.min(this.#failed++, PAUSES_MS.length - 1)] ?? 0;
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
