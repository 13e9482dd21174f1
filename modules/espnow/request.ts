import type { Outgoing } from "./outbox";
import type { Peer } from "./peers";
import { innermost } from "./plain-text";
import type { InboundRequest } from "./reply-cache";
import type { AskResult } from "./types";

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

/** A reply that looks like the last one heard twice: it is taken if no other comes until `until` (ms). */
export interface HeldReply {
	readonly text: string;
	readonly rssi: number;
	readonly until: number;
}

/** A request of ours, or one that we forward. There may be many at once: each property more is 16 bytes for each. */
export interface Request {
	readonly peer: Peer;
	readonly text: string;
	readonly started: number;
	readonly limits: RequestLimits;
	/** Who is told the result: another board, or our own caller. */
	readonly asker: InboundRequest | Resolve;
	state: RequestState;
	/** Sendings that were not acknowledged. */
	tries: number;
	/** Sendings of its own text. */
	sends: number;
	/** It waits for the pong of an unclear peer until then (ms; Infinity before the ping has left); 0: it does not. */
	resyncUntil: number;
	/** When it may be sent, in ms; once its own text was handed to the driver, when that was, until it is `due` for another try. */
	at: number;
	entry: Outgoing | null;
	/** A driver error that keeps it from being sent. */
	error: string;
	held: HeldReply | null;
}

/** A request that nothing has been done about. */
export function newRequest(peer: Peer, text: string, now: number, limits: RequestLimits, asker: InboundRequest | Resolve): Request {
	return {
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
		error: "",
		held: null,
	};
}

/** When it is settled at the latest, in ms. */
export function deadlineOf(request: Request): number {
	return request.started + request.limits.timeoutMs;
}

/** Whether it is answered by `pong` and nothing else. */
export function isPing(request: Request): boolean {
	return request.text === "ping";
}

/** Whether it asks for a ping of another board: `pong` may be its reply. */
export function isRelayedPing(request: Request): boolean {
	return request.text.startsWith("!") && innermost(request.text) === "ping";
}

/** The request that a frame was sent for, if the frame still matters to it. */
export function current(entry: Outgoing): Request | null {
	const request = entry.request;
	if (request?.state !== "sending" || (request.resyncUntil !== 0) !== (entry.kind === "resyncPing")) return null;
	return request;
}

/** What to say when nothing more can be waited for. */
export function deadlineReason(request: Request): string {
	if (request.error) return request.error;
	if (request.state === "acked" || request.state === "queued") return "no reply";
	if (request.sends > 0) return request.state === "sending" ? "no reply" : "no result";
	// Not sent at all: when it waited for its peer, which owed others a reply until now, the peer is there and mute.
	return request.tries === 0 && request.at > request.started ? "no reply" : "no result";
}
