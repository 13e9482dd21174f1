import { isMac } from "common/mac";
import { isObject } from "./merge";
import type { Records } from "./records";
import { TwoCopies } from "./two-copies";

/** How many channels are remembered. */
const REMEMBERED = 4;
const LAST_CHANNEL = 14;
/** Channels that may be written one right after the other. A faster change is kept in memory and written later. */
const MOST_WRITES = 3;
/** After this time there may be one more, in ms. */
const WRITE_MS = 60_000;

export interface StateStoreOptions {
	records: Records;
	/** Milliseconds since the start. */
	clock: { now(): number };
	timers: { set(callback: () => void, delayMs: number): unknown; clear(timer: unknown): void };
	trace?(line: string): void;
}

/**
 * What a board found out by itself: the hub it adopted and the channels on which it met it. Kept apart from the
 * configuration, which radio traffic never rewrites, and written only when something changed. A forged router or hub can move a board from channel to channel:
 * only a few of these channels a minute are written, and the last one.
 */
export class StateStore {
	#copies: TwoCopies;
	readonly #trace: ((line: string) => void) | undefined;
	#hub = "";
	#channels: readonly number[] = [];
	#learnedUnder = 0;
	#lastError = "";
	#writesLeft = MOST_WRITES;
	/** Since when the next write is gathered, in clock ms. */
	#since = 0;
	readonly #options: StateStoreOptions;
	/** Writes what the flash does not hold yet. */
	#later: unknown = null;

	constructor(options: StateStoreOptions) {
		this.#copies = new TwoCopies({ records: options.records, keys: ["state-a", "state-b"] });
		this.#trace = options.trace;
		this.#options = options;
	}

	/** MAC of the adopted hub, "" when there is none. */
	get hub(): string {
		return this.#hub;
	}

	/** The last confirmed channel, 0 when there is none. */
	get channel(): number {
		return this.#channels[0] ?? 0;
	}

	/**
	 * The last confirmed channel, as long as people have not set another one since; 0 when there is none.
	 * @param configured the channel of the configuration now
	 */
	channelUnder(configured: number): number {
		return configured === this.#learnedUnder ? this.channel : 0;
	}

	/** Confirmed channels, the last one first. */
	get channels(): readonly number[] {
		return this.#channels;
	}

	/** Never throws; what is damaged is forgotten. */
	load(): void {
		this.#hub = "";
		this.#channels = [];
		this.#learnedUnder = 0;
		const { damaged } = this.#copies.load((text) => this.take(text));
		if (damaged.length > 0) this.fault(`state ${damaged.join(", ")} damaged`);
	}

	/**
	 * Remembers the hub that this device adopted.
	 * @throws RangeError when `mac` is not 12 lower-case hex digits
	 */
	setHub(mac: string): void {
		if (!isMac(mac)) throw new RangeError(`not a MAC: ${mac}`);
		this.change(mac, this.#channels, this.#learnedUnder);
	}

	/** Forgets the adopted hub; the channels stay as hints. */
	forgetHub(): void {
		this.change("", this.#channels, this.#learnedUnder);
	}

	/**
	 * Remembers the channel on which the hub was met (or the router, by a hub).
	 * @param configured the channel of the configuration now: when people set another one, what was learned under the old one gives way
	 * @throws RangeError when there is no such channel
	 */
	confirmChannel(channel: number, configured: number): void {
		if (!isChannel(channel)) throw new RangeError(`no channel: ${channel}`);
		if (channel === this.#channels[0] && configured === this.#learnedUnder) return;
		const channels = [channel, ...this.#channels.filter((other) => other !== channel)].slice(0, REMEMBERED);
		this.#channels = channels;
		this.#learnedUnder = configured;
		this.saveChannels();
	}

	/** Forgets everything, as part of the way back to the factory configuration. */
	factory(): void {
		this.#hub = "";
		this.#channels = [];
		this.#learnedUnder = 0;
		this.forgetLater();
		try {
			this.#copies.erase();
		} catch (error) {
			this.fault(`state not erased: ${error}`);
		}
	}

	/** For the status page. */
	snapshot() {
		return { hub: this.#hub, channel: this.channel, channels: this.#channels, writes: this.#copies.writes, lastError: this.#lastError };
	}

	/** The board goes on with what it knows even when the flash does not take it. */
	private change(hub: string, channels: readonly number[], learnedUnder: number): void {
		if (hub === this.#hub && channels === this.#channels && learnedUnder === this.#learnedUnder) return;
		this.#hub = hub;
		this.#channels = channels;
		this.#learnedUnder = learnedUnder;
		this.save();
	}

	/** Now, or as soon as the flash may be written again. */
	private saveChannels(): void {
		if (this.#later !== null) return;
		const { clock, timers } = this.#options;
		const now = clock.now();
		const gathered = Math.floor((now - this.#since) / WRITE_MS);
		if (gathered > 0) {
			this.#writesLeft = Math.min(MOST_WRITES, this.#writesLeft + gathered);
			this.#since += gathered * WRITE_MS;
		}
		if (this.#writesLeft > 0) {
			// Time beyond a full allowance does not count.
			if (this.#writesLeft === MOST_WRITES) this.#since = now;
			this.#writesLeft -= 1;
			this.save();
			return;
		}
		const wait = () => {
			this.#later = null;
			this.saveChannels();
		};
		this.#later = timers.set(wait, this.#since + WRITE_MS - now);
	}

	private forgetLater(): void {
		if (this.#later !== null) this.#options.timers.clear(this.#later);
		this.#later = null;
	}

	/** All that is known: nothing is left for later. */
	private save(): void {
		this.forgetLater();
		const record = { hub: this.#hub, channels: this.#channels, learnedUnder: this.#learnedUnder };
		try {
			this.#copies.save(JSON.stringify(record));
		} catch (error) {
			this.fault(`state not saved: ${error}`);
		}
	}

	private take(text: string): boolean {
		let record: unknown;
		try {
			record = JSON.parse(text);
		} catch {
			return false;
		}
		if (!isObject(record)) return false;
		const { hub, channels, learnedUnder } = record;
		if (hub !== "" && !isMac(hub)) return false;
		if (learnedUnder !== 0 && !isChannel(learnedUnder)) return false;
		if (!Array.isArray(channels) || channels.length > REMEMBERED || !channels.every(isChannel)) return false;
		this.#hub = hub;
		this.#channels = channels;
		this.#learnedUnder = learnedUnder;
		return true;
	}

	private fault(line: string): void {
		this.#lastError = line;
		this.#trace?.(line);
	}
}

function isChannel(value: unknown): value is number {
	return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= LAST_CHANNEL;
}
