import type Timer from "timer";

/** Through which server a request came: the setup access point's, or the one on the house network. */
export type Side = "setup" | "lan";

/** How a request over HTTP shows itself to the commands. */
export interface HTTPCaller {
	readonly side: Side;
	readonly mac: "";
	readonly rssi: 0;
	/** Whether the caller has shown the house password. */
	readonly signedIn: boolean;
}

/** What a request to another board came to. */
export type AskOutcome =
	| { readonly ok: true; readonly reply: string; readonly rssi: number; readonly ms: number }
	| { readonly ok: false; readonly reason: string; readonly ms: number };

/** What became of a change of the configuration. */
export type UpdateOutcome =
	| { readonly ok: true; readonly changed: boolean }
	| { readonly ok: false; readonly path: string; readonly expected: string };

/** The configuration as the routes need it. */
export interface ConfigFace {
	/** The configuration with its passwords masked. */
	redacted(): object;
	/** Takes a whole or partial configuration as JSON; checks size and depth before it parses. */
	updateText(json: string): UpdateOutcome;
}

/** What the status line shows. */
export interface StatusLine {
	readonly name: string;
	readonly role: string;
	readonly uptimeS: number;
}

/** The part of the SDK's classic TCP `Socket` that a connection uses. */
export interface Wire {
	/** 1 connected, 2 readable (bytes), 3 writable (bytes), -1 closed by the peer, -2 error. */
	callback?: (message: number, value?: number) => void;
	/** How many bytes can be read at once. */
	read(): number;
	/** Those bytes; `null` drops them. Throws when there are none. */
	read(type: ArrayBufferConstructor): ArrayBuffer;
	read(type: null): number;
	/** How many bytes can be written at once. */
	write(): number;
	/** Throws when they do not fit. */
	write(bytes: Uint8Array): void;
	close(): void;
	get(name: "REMOTE_IP"): string | undefined;
}

/** An open server. */
export interface Listening {
	/** Stops accepting. What was accepted stays open. */
	close(): void;
}

/** Opens a server on port 80 of one address of this board, of that side, and hands over every connection. Throws when it cannot. */
export type Listen = (address: string, accept: (wire: Wire) => void, side: Side) => Listening;

/** Everything the web part needs from the rest of the firmware. */
export interface WebOptions {
	readonly listen: Listen;
	/** The bytes of a page, as they lie in flash. */
	readonly page: (name: PageName) => Uint8Array;
	readonly timers: Pick<typeof Timer, "set" | "clear">;
	/** ms since boot. */
	readonly clock: { now(): number };
	/** This board's station MAC. */
	readonly mac: string;
	readonly line: () => StatusLine;
	/** Everything about this board, the body of `/api/status`, in parts: each holds some of the properties. */
	readonly snapshot: () => Iterable<object>;
	/** What the board finds when it tests itself, as JSON. */
	readonly selfTest: () => Promise<object>;
	readonly store: ConfigFace;
	/** What the house side must show before it may change anything; "" when it may not at all. */
	readonly housePassword: () => string;
	readonly handler: {
		/** Runs a command on this board. */
		handle(text: string, caller: HTTPCaller): string | Promise<string>;
		/** Whether a text is a command of this board. */
		isCommand(text: string): boolean;
		/** Whether a request, behind all its `!<mac>,`, changes nothing for good on the board that gets it. */
		isHarmless(text: string): boolean;
	};
	readonly comms: {
		/** Sends a request to a board; always settles. With `mayChange` false only one that changes nothing there. */
		ask(mac: string, text: string, options: { readonly mayChange: boolean }): Promise<AskOutcome>;
	};
	readonly setup: {
		/** Whether the setup access point is open to people. */
		readonly isSetupOpen: boolean;
		/** The first three numbers of the access point's addresses: "192.168.9". */
		readonly setupNetwork: string;
		/** A request came through the setup access point, which stays open while it is in use. */
		setupUsed(): void;
	};
	readonly joining: JoiningFace;
	readonly backup: BackupFace;
	/** What connections may hold. */
	readonly memory: WebMemory;
	readonly restarter: {
		/** Orders a restart, which waits for its reply to go out. */
		request(cause: Side): void;
		/** The reply to a command or to a restart order has reached the caller, or never will. */
		replySent(): void;
	};
	readonly trace: (line: string) => void;
}

/** How boards come together and part, as the routes need it. A text that is returned says why something cannot be, "" when it is done. */
export interface JoiningFace {
	/** What is going on. */
	view(): object;
	/** A hub: the boards that call; a device: the hubs that answer. */
	found(): Iterable<object>;
	/** A hub: the devices that joined since it last began to add them. */
	joined(): Iterable<object>;
	/** A hub: all its devices. */
	devices(): Iterable<object>;
	add(): string;
	accept(mac: string, code: string): string;
	cancel(): void;
	letGo(): string;
	remove(mac: string): Promise<string>;
	rename(mac: string, name: string): string;
}

/** The hub's backup, line by line, as the routes need it; texts as in {@link JoiningFace}. */
export interface BackupFace {
	view(): object;
	save(passphrase: string): string;
	restore(passphrase: string, line: string): string;
	/** @returns undefined when there is none, or not yet */
	line(number: number): string | undefined;
	take(line: string): string;
	end(): void;
}

/** The web's part of the board's memory, in bytes. */
export interface WebMemory {
	/** What connections hold. */
	web: number;
	/** Whether they may hold so much more. */
	takesWeb(bytes: number): boolean;
}

export type PageName = "setup.html" | "house.html" | "press.html" | "join.html";

/** The web part's share of the board's snapshot. */
export interface WebSnapshot {
	/** Addresses served, "" when closed. */
	readonly setup: string;
	readonly lan: string;
	/** The old name of `lan`, for one version. */
	readonly house: string;
	readonly connections: number;
	/** Requests answered below 400. */
	readonly served: number;
	/** Answers from 400 on, by status. */
	readonly refused: Readonly<Record<string, number>>;
	/** Connections closed for being slow. */
	readonly timedOut: number;
	/** Connections that the peer left before its answer was out. */
	readonly abandoned: number;
	/** Faults of ours that ended a connection. */
	readonly faults: number;
	readonly lastFault: string;
}
