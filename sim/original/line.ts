import { readSync, writeSync } from "node:fs";
import type { BoardEvent, Effect } from "../world/protocol";

export type TimedEvent = BoardEvent & { readonly t: number };

const NO_HEAP = { slots: 0, peakSlots: 0, chunks: 0, peakChunks: 0, peakStack: 0 };

/** A board program's side of the world's protocol, synchronous: one line with an event in, one line with the effects out. */
export class Line {
	#chunk = Buffer.alloc(65536);
	#rest = "";
	#effects: Effect[] = [];
	#t = 0;
	#unanswered = false;

	/** World time of the present event, in µs. */
	get nowUs(): number {
		return this.#t;
	}

	/** Adds something to the answer to the present event. */
	effect(effect: Effect): void {
		this.#effects.push(effect);
	}

	/**
	 * Answers the present event and waits for the next one.
	 * @param wakeUs when the board wants to be woken at the latest
	 * @returns null when the world has ended
	 */
	next(wakeUs: number | null): TimedEvent | null {
		this.reply(wakeUs);
		const text = this.#read();
		if (text === null) return null;
		const event = JSON.parse(text) as TimedEvent;
		this.#t = event.t;
		this.#unanswered = true;
		return event;
	}

	/** Answers the present event, if it was not answered. */
	reply(wakeUs: number | null): void {
		if (!this.#unanswered) return;
		this.#unanswered = false;
		const answer = { t: this.#t, effects: this.#effects, next: wakeUs, meter: 0, heap: NO_HEAP, messages: 0 };
		this.#effects = [];
		const bytes = Buffer.from(`${JSON.stringify(answer)}\n`);
		for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
	}

	#read(): string | null {
		for (;;) {
			const end = this.#rest.indexOf("\n");
			if (end >= 0) {
				const line = this.#rest.slice(0, end);
				this.#rest = this.#rest.slice(end + 1);
				return line;
			}
			const size = readSync(0, this.#chunk);
			if (size === 0) return null;
			// The protocol is ASCII but for names in a configuration, which come as hex.
			this.#rest += this.#chunk.toString("latin1", 0, size);
		}
	}
}
