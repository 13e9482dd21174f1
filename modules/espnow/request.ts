import type { Kind, Message } from "./message";
import type { Outgoing } from "./outbox";
import type { Peer } from "./peers";
import type { InboundRequest } from "./reply-cache";
import type { AskResult, RequestHandler } from "./types";

/**
 * queued: behind another request to the same peer; due: in the outbox, or waiting for room there or for its next try; sending: with the driver;
 * acked: the peer's radio has it, the reply is awaited; settled: the asker has its result.
 */
export type RequestState = "queued" | "due" | "sending" | "acked" | "settled";

/** How long a request may take, queueing included (ms), and how often it is sent. */
export interface RequestLimits {
	timeoutMs: number;
	tries: number;
}

/** Takes an asker's result. */
export type Resolve = (result: AskResult) => void;

/** A reply that may be a repetition of the last one: it is taken when no other has come at `until` (ms). */
export interface HeldReply {
	readonly text: string;
	readonly rssi: number;
	readonly until: number;
}

/** A request of ours, or one that we forward: a message and what becomes of it. There may be many at once, and each property takes 16 bytes in each. */
export interface Request extends Message {
	/** `ping`, `relay`, `request` or `report`. */
	readonly kind: Kind;
	readonly peer: Peer;
	readonly text: string;
	readonly started: number;
	readonly limits: RequestLimits;
	/** Who gets the result: another board, or our own caller. */
	readonly asker: InboundRequest | Resolve;
	state: RequestState;
	/** Sendings that were not acknowledged. */
	tries: number;
	/** Sendings of its own text. */
	sends: number;
	/** Until when it waits for the pong of a resync, in ms. Infinity: the ping has not left yet; 0: there is no resync. */
	resyncUntil: number;
	/** While it is `due`: when it may be sent, in ms. After that: when the driver took its own text. */
	at: number;
	entry: Outgoing | null;
	/** What a codec with ids wrote into the frame beside the id: a repetition is the same frame. */
	ack: number;
	/** A driver error that keeps it from being sent. */
	error: string;
	held: HeldReply | null;
}

/** A new request. */
export function newRequest(
	peer: Peer,
	kind: Kind,
	text: string,
	now: number,
	limits: RequestLimits,
	asker: InboundRequest | Resolve,
): Request {
	return {
		kind,
		id: null,
		peer,
		text,
		started: now,
		limits,
		asker,
		state: "queued",
		tries: 0,
		sends: 0,
		resyncUntil: 0,
		at: now,
		entry: null,
		ack: 0,
		error: "",
		held: null,
	};
}

/** What the table of all requests does for the strategies that match replies. */
export interface RequestTable {
	/** Has a request sent as soon as it may be. */
	enter(request: Request, now: number): void;
	/** Takes a request out of whatever it waits in. */
	withdraw(request: Request): void;
	/** A request has its result. */
	settle(request: Request, result: AskResult, now: number): void;
	/** A request cannot be settled with a reply any more. @param reason see {@link AskResult} */
	fail(request: Request, reason: string, now: number): void;
	/** A frame of a request did not reach its board: it gets another try, if it has one left. */
	tryAgain(request: Request, now: number): void;
	/** Looks at the deadlines of requests then, in ms. */
	lookAt(time: number): void;
}

/** What a message means for a peer's open requests. "doubtful": it may be a reply, and its request is unknown. */
export type Match = "taken" | "doubtful" | "none";

/** How the replies of one peer find their requests: by id, or by the order in which its link delivers. */
export interface ReplyMatching {
	/** A request that is under way; null when there is none. */
	readonly request: Request | null;
	/** The peer's next reply may belong to an earlier request. */
	needsResync: boolean;
	/** Whether a repetition of the peer's last reply may be taken for another reply. */
	readonly mayRepeat: boolean;
	/** Takes a new request: it is entered at once, or waits behind others. */
	add(request: Request, now: number): void;
	/** A `pong` came. @returns false when nobody waits for it */
	pong(message: Readonly<Message>, rssi: number, now: number): boolean;
	/** A message came that can be a reply. @param handler says whether it is a request as well */
	reply(message: Readonly<Message>, handler: Pick<RequestHandler, "isCommand">, rssi: number, now: number): Match;
	/** The ping before a request has left. */
	resyncSent(request: Request, now: number): void;
	/** A frame to the peer was not acknowledged. */
	notAcked(now: number): void;
	/** The peer has shown that it is alive (sessions). @returns whether the session is another one than before */
	met(mac: string, now: number): boolean;
	/** A relay device did not reach the peer with the request of this id. */
	undelivered(id: number, now: number): void;
	/** Does what is due for an open request, which has not reached its deadline. */
	check(request: Request, now: number): void;
	/** A request has its result. */
	settled(request: Request, ok: boolean, now: number): void;
}

/** When it is settled at the latest, in ms. */
export function deadlineOf(request: Request): number {
	return request.started + request.limits.timeoutMs;
}

/** The request that a frame was sent for, if the frame still matters to it. One of another kind is the ping before it. */
export function current(entry: Outgoing): Request | null {
	const request = entry.request;
	if (request?.state !== "sending" || (request.resyncUntil !== 0) !== (request.kind !== entry.kind)) return null;
	return request;
}

/** The reason that the asker gets at the deadline. */
export function deadlineReason(request: Request): string {
	if (request.error) return request.error;
	if (request.state === "acked" || request.state === "queued") return "no reply";
	if (request.sends > 0) return request.state === "sending" ? "no reply" : "no result";
	// It was not sent at all, since other requests to its peer waited for their replies until now. The peer acknowledged those and is mute.
	return request.tries === 0 && request.at > request.started ? "no reply" : "no result";
}
