import type { Answer } from "./answers";
import { innermost } from "./codec";
import type { AskResult } from "./faces";
import type { Outgoing } from "./outbox";
import type { Peer } from "./peers";

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

/** A request of ours, or one that we forward. */
export interface Request {
	readonly peer: Peer;
	readonly text: string;
	readonly started: number;
	readonly deadline: number;
	readonly maxTries: number;
	/** For whom it is forwarded, null when it is our own; then `resolve` is the asker's. */
	readonly answer: Answer | null;
	readonly resolve: ((result: AskResult) => void) | null;
	/** Whether `pong` is its reply: the only one, one of several, or never. */
	readonly pong: "only" | "also" | "never";
	state: RequestState;
	/** Sendings that were not acknowledged. */
	tries: number;
	/** Sendings of its own text. */
	sends: number;
	/** It waits for the pong of an unclear peer, until `clearUntil` (Infinity before the ping has left). */
	clearing: boolean;
	clearUntil: number;
	/** When it may be sent, and when it was handed to the driver last, in ms. */
	dueAt: number;
	sentAt: number;
	entry: Outgoing | null;
	/** A driver error that keeps it from being sent. */
	error: string;
	/** A reply that looks like the last one heard twice. */
	held: string | null;
	heldRssi: number;
	heldUntil: number;
}

/** A request that nothing has been done about. */
export function newRequest(
	peer: Peer,
	text: string,
	now: number,
	limits: RequestLimits,
	answer: Answer | null,
	resolve: ((result: AskResult) => void) | null,
): Request {
	return {
		peer,
		text,
		started: now,
		deadline: now + limits.timeoutMs,
		maxTries: limits.tries,
		answer,
		resolve,
		pong: text === "ping" ? "only" : text.startsWith("!") && innermost(text) === "ping" ? "also" : "never",
		state: "queued",
		tries: 0,
		sends: 0,
		clearing: false,
		clearUntil: Infinity,
		dueAt: now,
		sentAt: 0,
		entry: null,
		error: "",
		held: null,
		heldRssi: 0,
		heldUntil: Infinity,
	};
}

/** The request that a frame was sent for, if the frame still matters to it. */
export function current(entry: Outgoing): Request | null {
	const request = entry.request;
	if (request?.state !== "sending" || request.clearing !== (entry.kind === "clear")) return null;
	return request;
}

/** What to say when nothing more can be waited for. */
export function deadlineReason(request: Request): string {
	if (request.error) return request.error;
	if (request.state === "acked" || request.state === "queued") return "no reply";
	if (request.sends > 0) return request.state === "sending" ? "no reply" : "no result";
	// Not sent at all: when it waited for its peer, which owed others a reply until now, the peer is there and mute.
	return request.tries === 0 && request.dueAt > request.started ? "no reply" : "no result";
}

/** Time since the asker asked, in ms. */
export function elapsed(request: Request, now: number): number {
	return Math.round((now - request.started) * 10) / 10;
}
