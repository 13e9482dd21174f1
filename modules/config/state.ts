import { isMac } from "./mac";
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
	#trace: (line: string) => void;
	#hub = "";
	#channels: readonly number[] = [];
	#lastError = "";

	constructor(options: StateStoreOptions) {
		this.#copies = new TwoCopies({ records: options.records, keys: ["state-a", "state-b"] });
		this.#trace = (line) => options.trace?.(line);
	}

	/** MAC of the adopted hub, "" when there is none. */
	get hub(): string {
		return this.#hub;
	}

	/** The last confirmed channel, 0 when there is none. */
	get channel(): number {
		return this.#channels[0] ?? 0;
	}

	/** Confirmed channels, the last one first. */
	get channels(): readonly number[] {
		return this.#channels;
	}

	/** Never throws; what is damaged is forgotten. */
	load(): void {
		this.#hub = "";
		this.#channels = [];
		const { damaged } = this.#copies.load((text) => this.#take(text));
		if (damaged.length > 0) this.#fault(`state ${damaged.join(", ")} damaged`);
	}

	/**
	 * Remembers the hub that this device adopted.
	 * @throws RangeError when `mac` is not 12 lower-case hex digits
	 */
	setHub(mac: string): void {
		if (!isMac(mac)) throw new RangeError(`not a MAC: ${mac}`);
		this.#change(mac, this.#channels);
	}

	/** Forgets the adopted hub; the channels stay as hints. */
	forgetHub(): void {
		this.#change("", this.#channels);
	}

	/**
	 * Remembers the channel on which the hub was met (or the router, by a hub).
	 * @throws RangeError when there is no such channel
	 */
	confirmChannel(channel: number): void {
		if (!isChannel(channel)) throw new RangeError(`no channel: ${channel}`);
		if (channel === this.#channels[0]) return;
		this.#change(this.#hub, [channel, ...this.#channels.filter((other) => other !== channel)].slice(0, REMEMBERED));
	}

	/** Forgets everything, as part of the way back to the factory configuration. */
	factory(): void {
		this.#hub = "";
		this.#channels = [];
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
	#change(hub: string, channels: readonly number[]): void {
		if (hub === this.#hub && channels === this.#channels) return;
		this.#hub = hub;
		this.#channels = channels;
		try {
			this.#copies.save(JSON.stringify({ hub, channels }));
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
		const { hub, channels } = record;
		if (hub !== "" && !isMac(hub)) return false;
		if (!Array.isArray(channels) || channels.length > REMEMBERED || !channels.every(isChannel)) return false;
		this.#hub = hub;
		this.#channels = channels;
		return true;
	}

	#fault(line: string): void {
		this.#lastError = line;
		this.#trace(line);
	}
}

function isChannel(value: unknown): value is number {
	return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= LAST_CHANNEL;
}
