import { isMac } from "common/mac";
import { isObject } from "./merge";
import type { Records } from "./records";
import { TwoCopies } from "./two-copies";

/** How many channels are remembered. */
const REMEMBERED = 4;
const LAST_CHANNEL = 14;

export interface StateStoreOptions {
	records: Records;
	trace?(line: string): void;
}

/**
 * What a board found out by itself: the hub it adopted and the channels on which it met it. Kept apart from the
 * configuration, which radio traffic never rewrites, and written only when something changed.
 */
export class StateStore {
	#copies: TwoCopies;
	readonly #trace: ((line: string) => void) | undefined;
	#hub = "";
	#channels: readonly number[] = [];
	#learnedUnder = 0;
	#lastError = "";

	constructor(options: StateStoreOptions) {
		this.#copies = new TwoCopies({ records: options.records, keys: ["state-a", "state-b"] });
		this.#trace = options.trace;
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
		const { damaged } = this.#copies.load((text) => this.#take(text));
		if (damaged.length > 0) this.#fault(`state ${damaged.join(", ")} damaged`);
	}

	/**
	 * Remembers the hub that this device adopted.
	 * @throws RangeError when `mac` is not 12 lower-case hex digits
	 */
	setHub(mac: string): void {
		if (!isMac(mac)) throw new RangeError(`not a MAC: ${mac}`);
		this.#change(mac, this.#channels, this.#learnedUnder);
	}

	/** Forgets the adopted hub; the channels stay as hints. */
	forgetHub(): void {
		this.#change("", this.#channels, this.#learnedUnder);
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
		this.#change(this.#hub, channels, configured);
	}

	/** Forgets everything, as part of the way back to the factory configuration. */
	factory(): void {
		this.#hub = "";
		this.#channels = [];
		this.#learnedUnder = 0;
		try {
			this.#copies.erase();
		} catch (error) {
			this.#fault(`state not erased: ${error}`);
		}
	}

	/** For the status page. */
	snapshot() {
		return { hub: this.#hub, channel: this.channel, channels: this.#channels, writes: this.#copies.writes, lastError: this.#lastError };
	}

	/** The board goes on with what it knows even when the flash does not take it. */
	#change(hub: string, channels: readonly number[], learnedUnder: number): void {
		if (hub === this.#hub && channels === this.#channels && learnedUnder === this.#learnedUnder) return;
		this.#hub = hub;
		this.#channels = channels;
		this.#learnedUnder = learnedUnder;
		try {
			this.#copies.save(JSON.stringify({ hub, channels, learnedUnder }));
		} catch (error) {
			this.#fault(`state not saved: ${error}`);
		}
	}

	#take(text: string): boolean {
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

	#fault(line: string): void {
		this.#lastError = line;
		this.#trace?.(line);
	}
}

function isChannel(value: unknown): value is number {
	return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= LAST_CHANNEL;
}
