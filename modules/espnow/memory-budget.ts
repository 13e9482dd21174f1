/** What a board's memory holds. Not given: as much as the lists themselves. */
export interface MemoryLimits {
	/** Requests to other boards at once, others' among them; these take at most half. */
	readonly requests: number;
	/** Requests to other boards, and what other boards are to be told, together. */
	readonly together: number;
}

/** So many requests of our own there may be whatever others want: under any flood the board goes on to ask. */
const KEPT_FOR_REQUESTS = 8;
/** So much is told to others however many requests there are: the board goes on to answer. */
export const KEPT_FOR_OTHERS = 4;

/** Requests of ours and what others want of us share the same memory. The lists count in here what they hold. */
export class MemoryBudget {
	readonly #mostRequests: number;
	readonly #together: number;
	requests = 0;
	/** On others' behalf, among them. */
	forwarded = 0;
	/** Requests of others until our reply is acknowledged, and frames that wait and are no requests: mostly the same. */
	answers = 0;
	frames = 0;
	/** Of the answers, those that left unacknowledged: they are kept while there is room, in case their requests come again. */
	failed = 0;

	constructor(limits: MemoryLimits = { requests: Infinity, together: Infinity }) {
		this.#mostRequests = limits.requests;
		this.#together = limits.together;
	}

	/** Whether there may be another request. @param forwarded on another board's behalf */
	takesRequest(forwarded: boolean): boolean {
		if (this.requests >= this.#mostRequests) return false;
		if (forwarded) {
			if (this.forwarded >= this.#mostRequests / 2) return false;
		} else if (this.requests - this.forwarded < KEPT_FOR_REQUESTS) return true;
		return this.requests + this.#others < this.#together;
	}

	/** Whether another board can be told something. */
	get takesAnswer(): boolean {
		const others = this.#others;
		return others < KEPT_FOR_OTHERS || this.requests + others < this.#together;
	}

	/** Whether there is no room for answers that are only kept. */
	get isTight(): boolean {
		return this.requests + this.answers > this.#together;
	}

	get #others(): number {
		return Math.max(this.answers - this.failed, this.frames);
	}
}
