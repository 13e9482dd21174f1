import type { MemoryBudget } from "common/memory-budget";
import { cutBytes, fitsBytes } from "common/text";
import type { NextDeadline } from "./next-deadline";
import type { Peer } from "./peers";
import type { AskResult, Clock } from "./types";

/**
 * Long texts of sealed networks. Each part is a request of its own, `fragment`, whose reply is empty: what is missing is sent again, and nothing else. The request
 * or reply itself then has a mark instead of its text.
 *
 * | text | what it is |
 * | --- | --- |
 * | `<n><i>…` | part i of text n, each one base 36 digit |
 * | U+0001 `<n><total>` | stands for text n, which has so many parts |
 */
const MARK = "\u0001";
const MARK_CODE = 1;
const HEAD = 2;
const BASE = 36;
/** The longest text, in bytes, and how many parts it may have. */
export const LONGEST = 2_000;
const MOST_PARTS = 15;
/** What one part holds, in bytes: straight to its board, or over three relay devices at most, each of which takes 28 bytes of a frame. */
const DIRECT = 220;
const RELAYED = 140;
/** Parts that are under way at once. */
const AT_ONCE = 3;
/** Long texts that are sent at once. Each takes some 2 KB, and its parts are requests. */
const SENDING = 2;
/** A text that did not become whole in this time is given up, in ms: who asked has given up as well. */
const PATIENCE_MS = 10_000;
/** While parts are gathered they take so many times what a reply that waits for its handler takes (common/memory-budget). */
const WEIGHT = 4;

export interface FragmentsOptions {
	clock: Clock;
	memory: MemoryBudget;
	wake: NextDeadline;
	/** Sends a part as a request. */
	send(peer: Peer, text: string): Promise<AskResult>;
}

/** Cuts long texts into parts, and joins parts. It gathers one text at a time. Parts of another text are refused meanwhile, and their sender sends them again. */
export class Fragments {
	readonly #options: FragmentsOptions;
	#number = 0;
	#sending = 0;
	/** The text that is being gathered: whose, its number, its parts by their place, and until when, in clock ms. */
	#from = "";
	#of = "";
	#parts: string[] = [];
	#until = 0;

	constructor(options: FragmentsOptions) {
		this.#options = options;
	}

	/** Whether a text goes in one frame to a board. */
	static fits(peer: Peer, text: string): boolean {
		return fitsBytes(text, partBytes(peer));
	}

	/**
	 * Sends the parts of a text.
	 * @returns the mark that stands for it; or why they did not all arrive
	 */
	async send(peer: Peer, text: string): Promise<{ ok: true; mark: string } | { ok: false; reason: string }> {
		if (this.#sending >= SENDING) return { ok: false, reason: "busy" };
		this.#sending++;
		try {
			return await this.parts(peer, text);
		} finally {
			this.#sending--;
		}
	}

	private async parts(peer: Peer, text: string): Promise<{ ok: true; mark: string } | { ok: false; reason: string }> {
		this.#number = (this.#number + 1) % BASE;
		const number = this.#number.toString(BASE);
		const limit = partBytes(peer) - HEAD;
		let total = 0;
		let rest = text;
		while (rest !== "") {
			const waiting: Promise<AskResult>[] = [];
			while (rest !== "" && waiting.length < AT_ONCE) {
				const part = cutBytes(rest, limit);
				rest = rest.slice(part.length);
				waiting.push(this.#options.send(peer, `${number}${(total++).toString(BASE)}${part}`));
			}
			for (const each of waiting) {
				const result = await each;
				if (!result.ok) return { ok: false, reason: result.reason };
			}
		}
		return { ok: true, mark: `${MARK}${number}${total.toString(BASE)}` };
	}

	/** A part came. @returns false when it is none, or another board's text is being gathered */
	take(mac: string, text: string): boolean {
		const { clock, memory } = this.#options;
		const now = clock.now();
		const of = text.charAt(0);
		const place = parseInt(text.charAt(1), BASE);
		if (!(place < MOST_PARTS) || text.length <= HEAD) return false;
		if (this.#from !== mac || this.#of !== of) {
			if (this.#from !== "" && this.#from !== mac && now < this.#until) return false;
			if (this.#from === "") memory.awaited += WEIGHT;
			this.#from = mac;
			this.#of = of;
			this.#parts = [];
		}
		this.#until = now + PATIENCE_MS;
		this.#options.wake.by(this.#until);
		while (this.#parts.length <= place) this.#parts.push("");
		this.#parts[place] = text.slice(HEAD);
		return true;
	}

	/** The text that a mark stands for; null when not all of it is there. A text that is no mark is itself. */
	whole(mac: string, text: string): string | null {
		if (text.charCodeAt(0) !== MARK_CODE) return text;
		const total = parseInt(text.charAt(HEAD), BASE);
		if (this.#from !== mac || text.charAt(1) !== this.#of || this.#parts.length !== total || this.#parts.includes("")) return null;
		const whole = this.#parts.join("");
		this.drop();
		return fitsBytes(whole, LONGEST) ? whole : null;
	}

	/** Forgets a text whose parts did not all come in time. */
	expire(now: number): void {
		if (this.#from === "") return;
		if (now >= this.#until) this.drop();
		else this.#options.wake.by(this.#until);
	}

	private drop(): void {
		this.#from = "";
		this.#parts = [];
		this.#options.memory.awaited -= WEIGHT;
	}
}

function partBytes(peer: Peer): number {
	return peer.via === null ? DIRECT : RELAYED;
}
