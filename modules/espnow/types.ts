import type { MemoryBudget } from "common/memory-budget";
import type { Radio } from "espnow/radio";
import type { Codec } from "./message";

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
	/** May be called from within the timer's own callback: it then runs again in the next round of the event loop. */
	schedule(timer: object, ms?: number, repeatMs?: number): void;
	clear(timer: object | null | undefined): void;
}

/** What this part uses of the native radio. */
export type RadioLink = Pick<Radio, "close" | "send" | "addPeer" | "removePeer" | "read" | "readStatus" | "counters">;

/** Told by the radio that something waits in it: how many frames and send statuses, where it knows. */
export type OnActivity = (frames?: number, statuses?: number) => void;

/** What this part uses of the handler. */
export interface RequestHandler {
	/** Whether a text is exactly a request this board understands; such a text is never taken for a reply. */
	isCommand(text: string): boolean;
	/** Whether the innermost message of a request changes nothing for good on the board that gets it. */
	isHarmless(text: string): boolean;
	/** Replies to a request meant for this board; the text goes back with our rssi appended. */
	handle(text: string, from: RadioCaller): string | Promise<string>;
}

/** Who sent a request that this board is to answer. */
export interface RadioCaller {
	readonly side: "radio";
	/** The sender's station MAC. */
	mac: string;
	/** Signal strength of the request in dBm. */
	rssi: number;
}

/**
 * What became of a request.
 * `reply` is the far board's text as it came, its rssi suffix included; `rssi` (dBm) is how well we heard it, 0 when we asked ourselves.
 * `reason` is one of `no reply`, `no result`, `adding peer`, `too long`, `malformed`, `busy`, `loop`, `not allowed`, `cancelled`, or the name of a driver error;
 * shown to people as `Fail (<reason>)`.
 */
export type AskResult = { ok: true; reply: string; rssi: number; ms: number } | { ok: false; reason: string; ms: number };

export interface AskOptions {
	/** Time from the call to the verdict, queueing included; default 10,000. */
	timeoutMs?: number;
	/** How often the frame is sent before a peer whose radio does not acknowledge is given up; default 3. */
	tries?: number;
	/** Whether it may change something for good on the board that gets it; default true. If not, such a request is `not allowed`. */
	mayChange?: boolean;
}

/** How a board was met: `answered` - our reply to its request was acknowledged; `reply` - it replied to a request of ours. */
export type Contact = "answered" | "reply";

export interface CommsOptions {
	/** This board's station MAC. */
	mac: string;
	/** Starts ESP-NOW; throws when it cannot. Called by start(), restartESPNow() and the recovery. */
	openRadio(onActivity: OnActivity): RadioLink;
	clock: Clock;
	/** The SDK's Timer. */
	timers: Timers;
	random: Random;
	handler: RequestHandler;
	/** The codec that a board is spoken to with, by its station MAC. Asked once for each peer, and for each frame of a board that is none. */
	codecOf(mac: string): Codec;
	/** MAC of this device's hub, "" when it has none: it is known from its first frame on, and stays so whoever else is heard. */
	hub?(): string;
	/** Our reply to a request was acknowledged by the radio of `mac` (adoption of a hub). */
	onAnswered?(mac: string, request: string): void;
	/** A reply of ours has left, acknowledged or not (a restart that waits for its reply). */
	onReplySent?(mac: string): void;
	/** See {@link Contact}. */
	onContact?(mac: string, how: Contact): void;
	/** Called at the end of each turn, at least every 100 ms: feeds the heartbeat watchdog. @param startMs when the turn began */
	turn?(startMs: number): void;
	/** Stops, deinitialises and restarts Wi-Fi, then calls restartESPNow(). The radio is closed already. */
	restartWiFi(): void;
	/** Restarts the board; `reason` is for the last words. */
	restartBoard(reason: string): void;
	/** What the board's memory holds. Requests beyond it are `busy`, frames beyond it are dropped. No limit but that of the lists unless given. */
	memory?: MemoryBudget;
	/** True when the last restart was the recovery's own: there is none again in the first 10 minutes. */
	restartedByRecovery?: boolean;
	/** One line without its end. */
	trace(line: string): void;
}

/** A peer as the status page shows it. */
export interface PeerView {
	mac: string;
	/** dBm of its last frame, 0 when it was never heard. */
	rssi: number;
	/** Seconds since it was last heard, null when it never was. */
	lastSeenS: number | null;
}

export interface CommsSnapshot {
	/** Whether ESP-NOW is up. */
	up: boolean;
	sending: boolean;
	requestToSend: boolean;
	turns: number;
	grants: number;
	counters: CountersView;
	recovery: RecoveryView;
	/** Requests that wait for their reply or for their turn. */
	requests: { open: number; unsent: number };
	/** Entries of the driver's peer list, at most 20. */
	driverPeers: number;
	lastError: string;
}

/** framesIn = pongs + replies + relayed + commands + the sum of dropped. */
export interface CountersView {
	framesIn: number;
	framesOut: number;
	/** Pings that got their pong. */
	pongs: number;
	/** Replies to requests of ours, pongs to our pings included. */
	replies: number;
	/** Requests for another board. */
	relayed: number;
	/** Requests for this board. */
	commands: number;
	/** Frames that came in and were dropped, by cause. */
	dropped: Record<string, number>;
	/** Everything else worth counting, by name. */
	events: Record<string, number>;
}

export interface RecoveryView {
	/** Times ESP-NOW was turned off and on. */
	espnow: number;
	wifi: number;
	board: number;
}
