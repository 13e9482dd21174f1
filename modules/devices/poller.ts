import type { Devices } from "./devices";
import type { Clock, Radio, Timers } from "./types";

/** Every device hears from its hub at least so often, in ms, as long as there are few: two and a half of these are its silence. */
const INTERVAL_MS = 4_000;
/** A poll takes 2.6 ms of the air with its reply and both acknowledgements: so far apart they take at most a twentieth of it. */
const SPACING_MS = 52;
/** An absent device is called so often, in ms, with one try. */
const ABSENT_MS = 60_000;
/** Between two looks at who is next, in ms, at most. */
const LOOK_MS = 1_000;
const REPLY_MS = 1_000;
const MOST_OPEN = 8;
const TRIES = 2;
/** Boards that say they are ours and are not known yet are asked so often at most, in ms: anybody can say so. */
const NEWCOMER_MS = 250;
/** And so many of them wait. */
const NEWCOMERS = 16;
/** So many polls in a row that boards acknowledged and did not answer, and none that was answered: the radio hears nothing any more. */
const DEAF_AFTER = 4;
/** It is opened anew so often at most, in ms. */
const REOPEN_MS = 600_000;

export interface PollerOptions {
	devices: Devices;
	comms: Radio & { restartESPNow(): void };
	/** While devices are being called to another channel polls wait. */
	announcer: { readonly movedAt: number };
	/** How many requests are open: while there are many, polls wait for what those take of the memory. */
	budget: { readonly requests: number };
	clock: Clock;
	timers: Timers;
}

/**
 * Says to every device now and then that its hub is there, and learns from the reply how it is. One poll at a time. A board that is not known to have our
 * firmware is only pinged: anything else would clear a reading that the original's controller waits for.
 */
export class Poller {
	readonly #options: PollerOptions;
	#timer: object | null = null;
	#isAsking = false;
	#next = 0;
	/** Boards that may become devices: `!` and the MAC of those that said that they are ours. */
	readonly #newcomers: string[] = [];
	#newcomerAt = 0;
	#unanswered = 0;
	#reopenAt = 0;

	readonly #step = (): void => {
		this.#timer = this.#options.timers.set(this.#step, this.pauseMs());
		const { announcer, budget } = this.#options;
		if (!this.#isAsking && announcer.movedAt < 0 && budget.requests < MOST_OPEN) this.look();
	};

	constructor(options: PollerOptions) {
		this.#options = options;
	}

	start(): void {
		this.#timer ??= this.#options.timers.set(this.#step, LOOK_MS);
	}

	close(): void {
		this.#options.timers.clear(this.#timer);
		this.#timer = null;
	}

	/** In how many ms each device hears from its hub. */
	get intervalMs(): number {
		return Math.max(INTERVAL_MS, this.#options.devices.count * SPACING_MS);
	}

	/** A board said that it has our firmware. It is remembered once it has answered a request. */
	saidOurs(mac: string): void {
		if (this.#options.devices.setOurs(mac) < 0) this.meet(`!${mac}`);
	}

	/** People ask a board, by its station MAC. It is remembered if it answers a ping. */
	asked(mac: string): void {
		if (!this.#options.devices.has(mac)) this.meet(mac);
	}

	private meet(newcomer: string): void {
		const list = this.#newcomers;
		if (list.length < NEWCOMERS && !list.includes(newcomer)) list.push(newcomer);
	}

	private pauseMs(): number {
		if (this.#newcomers.length > 0) return NEWCOMER_MS;
		return Math.max(SPACING_MS, Math.min(LOOK_MS, this.intervalMs / (this.#options.devices.count || 1)));
	}

	private look(): void {
		const { devices, comms, clock } = this.#options;
		const now = clock.now();
		const newcomer = now - this.#newcomerAt >= NEWCOMER_MS ? this.#newcomers.shift() : undefined;
		if (newcomer !== undefined) {
			this.#newcomerAt = now;
			const isOurs = newcomer.startsWith("!");
			void this.#poll(isOurs ? newcomer.slice(1) : newcomer, isOurs, true);
			return;
		}
		for (let left = devices.count; left > 0; left--) {
			const index = this.#next >= devices.count ? 0 : this.#next;
			this.#next = index + 1;
			const isAbsent = devices.isAbsent(index);
			const interval = isAbsent ? ABSENT_MS : this.intervalMs;
			if (now - devices.askedAt(index) < interval || now - devices.seenAt(index) < interval) continue;
			const mac = devices.macAt(index);
			const heardAt = comms.heardAt(mac);
			if (now - heardAt < interval && heardAt >= 0) {
				devices.seen(index, heardAt);
				continue;
			}
			devices.asked(index, now);
			void this.#poll(mac, devices.isOurs(index), isAbsent);
			return;
		}
	}

	/** What it calls never rejects. */
	async #poll(mac: string, isOurs: boolean, isAbsent: boolean): Promise<void> {
		const { devices, comms, clock } = this.#options;
		this.#isAsking = true;
		const askedAt = clock.now();
		const text = isOurs ? `alive ${Math.ceil(this.intervalMs / 1000)}` : "ping";
		const result = await comms.ask(mac, text, { timeoutMs: REPLY_MS, tries: isAbsent ? 1 : TRIES });
		this.#isAsking = false;
		// It may have said something else meanwhile.
		if (!result.ok && comms.heardAt(mac) >= askedAt) return;
		const isNew = isOurs && !devices.has(mac);
		devices.settled(mac, result, isOurs);
		if (isNew) devices.setOurs(mac);
		this.listen(result.ok, result.ok ? "" : result.reason);
	}

	/** Frames that are acknowledged and never answered, by nobody, show a deaf radio (espressif/esp-idf#18661). */
	private listen(answered: boolean, reason: string): void {
		if (answered) this.#unanswered = 0;
		else if (reason === "no reply") this.#unanswered++;
		const now = this.#options.clock.now();
		if (this.#unanswered < DEAF_AFTER || now < this.#reopenAt) return;
		this.#unanswered = 0;
		this.#reopenAt = now + REOPEN_MS;
		this.#options.comms.restartESPNow();
	}
}
