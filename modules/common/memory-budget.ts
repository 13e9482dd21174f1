/**
 * What a board's memory holds beside what it holds at rest. Bytes are the engine's own: 16 for each slot, and those of strings and buffers. What is not
 * given has no limit but that of its list.
 */
export interface MemoryLimits {
	/** Requests to other boards at once, others' among them; these take at most half. */
	readonly requests?: number;
	/** Requests to other boards, and what other boards are to be told, together. */
	readonly together?: number;
	/** Bytes of all that is counted here. */
	readonly bytes?: number;
	/** Of those, bytes that the web may take whatever else there is, and that it takes at most. */
	readonly webKept?: number;
	readonly webMost?: number;
}

/** Requests of our own that others cannot displace: under any flood the board goes on asking. */
const KEPT_FOR_REQUESTS = 6;
/** Replies to others that our requests cannot displace: the board goes on answering. */
export const KEPT_FOR_OTHERS = 4;

// Measured on boards with 32-bit words: 63 slots and 60 bytes for a request, its promise and what waits for that; 20 slots and both texts for another's.
const REQUEST_BYTES = 1024;
/** Its promise is missing. */
const FORWARDED_BYTES = 512;
/**
 * The text of a request has up to four bytes for each character, and 250 in all. A long one counts twice: the engine never gives memory of slots back to
 * strings, so both need their own.
 */
export const SHORT_TEXT = 16;
const SHORT_BYTES = 64;
const LONG_BYTES = 512;
const ANSWER_BYTES = 768;
/** More, while the reply is a promise. */
const AWAITED_BYTES = 768;
const FRAME_BYTES = 192;

/** What a request takes until it is settled, in bytes. @param forwarded on another board's behalf */
export function requestBytes(text: string, forwarded: boolean): number {
	return (forwarded ? FORWARDED_BYTES : REQUEST_BYTES) + (text.length <= SHORT_TEXT ? SHORT_BYTES : LONG_BYTES);
}

/**
 * The budget of the engine's memory for all parts of a board: our requests, the requests of others, and the web. Each list counts here what it holds. Each
 * part has a share that the others cannot take.
 */
export class MemoryBudget {
	readonly #mostRequests: number;
	readonly #together: number;
	readonly #bytes: number;
	readonly #webKept: number;
	readonly #webMost: number;
	requests = 0;
	/** On others' behalf, among them. */
	forwarded = 0;
	/** Among all of them, those whose text has more than {@link SHORT_TEXT} characters. */
	longTexts = 0;
	/** Requests of others until our reply is acknowledged, and frames that wait and are no requests: mostly the same. */
	answers = 0;
	frames = 0;
	/** Of the answers, those that left unacknowledged: they are kept while there is room, in case their requests come again. */
	failed = 0;
	/** Replies that a handler has promised. */
	awaited = 0;
	/** What connections hold, in bytes. */
	web = 0;

	constructor(limits: MemoryLimits = {}) {
		this.#mostRequests = limits.requests ?? Infinity;
		this.#together = limits.together ?? Infinity;
		this.#bytes = limits.bytes ?? Infinity;
		this.#webKept = limits.webKept ?? 0;
		this.#webMost = limits.webMost ?? Infinity;
	}

	/** Whether there may be another request. @param forwarded on another board's behalf */
	takesRequest(text: string, forwarded: boolean): boolean {
		if (this.requests >= this.#mostRequests) return false;
		if (forwarded) {
			if (this.forwarded >= this.#mostRequests / 2) return false;
		} else if (this.requests - this.forwarded < KEPT_FOR_REQUESTS) return true;
		if (this.requests + this.#others >= this.#together) return false;
		return this.fits(this.requestBytes + requestBytes(text, forwarded), this.othersBytes(this.#others), this.web);
	}

	/** Whether another board can be told something. */
	get takesAnswer(): boolean {
		const others = this.#others;
		if (others < KEPT_FOR_OTHERS) return true;
		return this.requests + others < this.#together && this.fits(this.requestBytes, this.othersBytes(others + 1), this.web);
	}

	/** Whether failed replies have to go: they may take nothing of the web's share. */
	get isTight(): boolean {
		if (this.requests + this.answers > this.#together) return true;
		const web = this.#webMost < Infinity ? this.#webMost : this.web;
		return !this.fits(this.requestBytes, this.othersBytes(this.answers), web);
	}

	/** Whether connections may hold so many bytes more. */
	takesWeb(bytes: number): boolean {
		const web = this.web + bytes;
		if (web <= this.#webKept) return true;
		return web <= this.#webMost && this.fits(this.requestBytes, this.othersBytes(this.answers), web);
	}

	/** What there is of everything, in bytes; `bytes` are those of the whole budget. */
	view(): MemoryView {
		const others = this.othersBytes(this.answers);
		return { bytes: this.#bytes, requests: this.requestBytes, others, web: this.web };
	}

	/** What all requests take, in bytes: the sum of {@link requestBytes}. Made when asked for, as each request comes and goes. */
	get requestBytes(): number {
		const { requests, forwarded, longTexts } = this;
		return (
			requests * (REQUEST_BYTES + SHORT_BYTES) + forwarded * (FORWARDED_BYTES - REQUEST_BYTES) + longTexts * (LONG_BYTES - SHORT_BYTES)
		);
	}

	get #others(): number {
		return Math.max(this.answers - this.failed, this.frames);
	}

	private othersBytes(answers: number): number {
		return Math.max(answers * ANSWER_BYTES, this.frames * FRAME_BYTES) + this.awaited * AWAITED_BYTES;
	}

	private fits(requests: number, others: number, web: number): boolean {
		const kept = Math.max(requests, KEPT_FOR_REQUESTS * (REQUEST_BYTES + LONG_BYTES)) + Math.max(others, KEPT_FOR_OTHERS * ANSWER_BYTES);
		return kept + Math.max(web, this.#webKept) <= this.#bytes;
	}
}

/** The budget as the status page shows it, in bytes. */
export interface MemoryView {
	readonly bytes: number;
	readonly requests: number;
	readonly others: number;
	readonly web: number;
}
