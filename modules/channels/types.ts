/** Milliseconds since boot; never goes back. */
export interface Clock {
	now(): number;
}

export interface Random {
	/** Evenly spread in [0, 1). */
	random(): number;
}

/** What this part uses of the SDK's "timer" module. */
export interface Timers {
	set(callback: () => void, ms?: number, repeatMs?: number): object;
	clear(timer: object | null | undefined): void;
}

/** What became of a request: the far board's text, or why there is none. */
export type AskResult = { readonly ok: true; readonly reply: string } | { readonly ok: false; readonly reason: string };

export interface AskOptions {
	/** Time from the call to the result, in ms. */
	timeoutMs?: number;
	/** How often the frame is sent to a board whose radio does not acknowledge. */
	tries?: number;
}

/** The one way to reach a board. */
export interface Asker {
	/** The promise is never rejected. */
	ask(mac: string, text: string, options?: AskOptions): Promise<AskResult>;
	/** When a board was last heard, in clock ms; -1: never, or it has been forgotten, which the hub never is. */
	heardAt(mac: string): number;
}
