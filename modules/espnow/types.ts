import type { MemoryBudget } from "common/memory-budget";
import type { Frame, Radio } from "espnow/radio";
import type { Outcome } from "./counters";
import type { Codec, Kind, Message } from "./message";

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
export type RadioLink = Pick<
	Radio,
	"close" | "send" | "sendOn" | "comeHome" | "addPeer" | "removePeer" | "read" | "readStatus" | "readCall" | "counters"
>;

/** A message that a sealed frame held. */
export interface Received extends Message {
	/** Station MAC of the board that made it, whoever carried it. */
	from: string;
	/** Station MAC of the relay device that brought it, "" when it came straight from its maker. */
	via: string;
	/** The same frame has come before. */
	isRepeated: boolean;
}

/** Opens sealed frames (modules/sealing). */
export interface SealedFrames {
	/** Given once, before all else: what it may have done. */
	attach(port: SealedPort): void;
	/** Whether a board's key is held: what is said to it is sealed. */
	holdsKey(mac: string): boolean;
	/**
	 * Opens a frame. Those that are no messages (sessions being agreed on, frames to be carried on) it deals with itself.
	 * @param into is filled in
	 * @returns null for a message; else what became of the frame
	 */
	open(frame: Frame, into: Received): Outcome | null;
}

/** What those who open sealed frames have done. MACs are stations'. */
export interface SealedPort {
	/**
	 * Sends bytes as they are, once.
	 * @param done told whether the board's radio acknowledged them
	 * @returns false when there is no room
	 */
	sendBytes(mac: string, bytes: Uint8Array, done?: ((acked: boolean) => void) | null): boolean;
	/** Seals bytes for a board and sends them, three times if they are not acknowledged. @returns false when there is no room */
	sendSealed(mac: string, kind: Kind, bytes: Uint8Array): boolean;
	/** A board is reached through another one: the last that carried something for it. */
	route(mac: string, via: string): void;
	/** There is a new session with a board, or it has shown that it is alive. */
	met(mac: string): unknown;
	/** A board has taken up a session that we asked it for. */
	welcomed(mac: string): void;
	/** A relay device did not reach a board with the request that had this id. */
	undelivered(mac: string, id: number): void;
	/** When something that a board had sealed was last opened, in clock ms; -1: never. */
	heardAt(mac: string): number;
}

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
 * `reason` is one of `no reply`, `no result`, `adding peer`, `too long`, `malformed`, `busy`, `loop`, `not allowed`, `cancelled`, `not joined` (its key is needed, and not held), or the name of a driver error;
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

/** How a board was met: `answered` - our reply to its request was acknowledged; `reply` - it replied to a request of ours; `pinged` - it pinged us. */
export type Contact = "answered" | "reply" | "pinged";

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
	/** Opens sealed frames, which are noise without it. */
	sealed?: SealedFrames;
	/** A board without a hub calls everybody: the text `ping`, by broadcast. Each caller is told of at most ten times a second. RSSI in dBm. */
	onCall?(mac: string, rssi: number): void;
	/** A device of ours reports something by itself (sealed networks). */
	onReport?(mac: string, text: string): void;
	/** MAC of this device's hub, "" when it has none: it is known from its first frame on, and stays so whoever else is heard. */
	hub?(): string;
	/** Our reply to a request was acknowledged by the radio of `mac` (adoption of a hub). */
	onAnswered?(mac: string, request: string): void;
	/** A reply of ours has left, acknowledged or not (a restart that waits for its reply). */
	onReplySent?(mac: string): void;
	/** See {@link Contact}. */
	onContact?(mac: string, how: Contact): void;
	/** A frame was handed to the driver, and the radio of `mac` acknowledged it or did not. */
	onDelivered?(mac: string, acked: boolean): void;
	/** A board told something that wants no reply; see {@link Comms.announce}. */
	onNotice?(mac: string, text: string): void;
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

/** framesIn = pongs + replies + relayed + commands + reports + sealing + the sum of dropped. */
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
	/** What devices told this board by themselves. */
	reports: number;
	/** Sealed frames by which boards agree on sessions, and relay devices' words. */
	sealing: number;
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
