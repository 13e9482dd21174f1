/** Milliseconds since boot; never goes back. */
export interface Clock {
	now(): number;
}

/** What this part uses of the SDK's "timer" module. */
export interface Timers {
	set(callback: () => void, ms?: number, repeatMs?: number): object;
	clear(timer: object | null | undefined): void;
}

/** Small texts by key that outlive a restart; see config/records. */
export interface Records {
	read(key: string): string | undefined;
	write(key: string, text: string): void;
}

/** What became of a request. */
export type AskResult =
	| { readonly ok: true; readonly reply: string; readonly rssi: number; readonly ms: number }
	| { readonly ok: false; readonly reason: string; readonly ms: number };

export interface AskOptions {
	timeoutMs?: number;
	tries?: number;
	mayChange?: boolean;
}

/** The way to other boards. */
export interface Radio {
	/** The promise is never rejected. */
	ask(mac: string, text: string, options?: AskOptions): Promise<AskResult>;
	/** When a board was last heard, in clock ms; -1: never, or it has been forgotten. */
	heardAt(mac: string): number;
}

/** A device as people see it. */
export interface DeviceView {
	readonly mac: string;
	/** "" for one that nobody named. */
	readonly name: string;
	/** Kept in flash: people added it. */
	readonly isKept: boolean;
	readonly isSealed: boolean;
	/** It does not answer: three times in a row. */
	readonly isAbsent: boolean;
	/** `unknown` until it said so; `none`: it has no relay. */
	readonly relay: "unknown" | "none" | "off" | "on";
	/** How well we hear it, and it us, in dBm; 0: unknown. */
	readonly rssi: number;
	readonly rssiThere: number;
	/** Of the last request that it answered, in ms. */
	readonly roundTripMs: number;
	/** Share of requests that it did not answer, of late, in percent. */
	readonly lossPercent: number;
	readonly failures: number;
	/** Seconds since it answered, null when it never did. */
	readonly lastSeenS: number | null;
	/** "" until it said so. */
	readonly version: string;
	/** The channel on which it answered last, 0: never. */
	readonly channel: number;
}
