import type { Request } from "./request";

/**
 * Requests that wait for the outbox. Requests that were never sent go first, in the order of asking. Then come requests whose time for another try has come:
 * so an absent board delays the others little.
 */
export class DueList {
	readonly #fresh: Request[] = [];
	readonly #later: Request[] = [];

	/** Adds a request that may go at once. */
	addFresh(request: Request): void {
		this.#fresh.push(request);
	}

	/** Adds a request that may go from its `at` on. */
	addLater(request: Request): void {
		this.#later.push(request);
	}

	/** Whether a request that was never sent waits. */
	get hasFresh(): boolean {
		return this.#fresh.length > 0;
	}

	/** How many wait. */
	get size(): number {
		return this.#fresh.length + this.#later.length;
	}

	/** When the next one may go, in ms; Infinity when none waits. */
	get nextDue(): number {
		if (this.#fresh.length) return 0;
		let due = Infinity;
		for (const request of this.#later) if (request.at < due) due = request.at;
		return due;
	}

	/** Takes the next one that may go now. */
	take(now: number): Request | undefined {
		const fresh = this.#fresh.shift();
		if (fresh) return fresh;
		for (let i = 0; i < this.#later.length; i++) {
			const request = this.#later[i];
			if (!request || request.at > now) continue;
			this.#later.splice(i, 1);
			return request;
		}
		return undefined;
	}

	/** Takes a request out, as it is settled or goes another way. */
	remove(request: Request): void {
		if (this.#fresh.length) removeFrom(this.#fresh, request);
		if (this.#later.length) removeFrom(this.#later, request);
	}
}

/** Takes an item out of a list, if it is there. */
export function removeFrom<T>(list: T[], item: T): void {
	const index = list.indexOf(item);
	if (index >= 0) list.splice(index, 1);
}
