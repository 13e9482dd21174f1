import type { Air, FrameOnAir, Interceptor, Interference, Outcome } from "./air";
import type { Clock } from "./clock";
import type { EventLog } from "./log";
import type { AirRadio } from "./medium";
import type { Random } from "./random";
import { isOfKind, sealedHead } from "./sealed-frames";

/** What the attacker remembers of the air; then the oldest frames go. */
const KEPT = 10_000;
/** Frames that are held back at once. */
const MOST_HELD = 1_000;

/** A frame as it was on the air. */
export interface Recorded {
	/** Its number; numbers are not used again. */
	readonly frame: number;
	readonly timeMs: number;
	readonly from: string;
	readonly to: string;
	readonly channel: number;
	readonly payload: Buffer;
}

/** Which frames a rule is about: those that fit all that is given. */
export interface Match {
	readonly from?: string | undefined;
	readonly to?: string | undefined;
	/** One of FRAME_KINDS. */
	readonly kind?: string | undefined;
}

/**
 * What is done to frames where they arrive. `drop`: jammed. `hold`: jammed, kept until `release`. `delay`: jammed, sent `ms` later. `flip`: one bit is
 * another one. `reorder`: jammed until there are `frames` of them, which are then sent in another order.
 */
export type Deed =
	| { readonly do: "drop" | "hold" }
	| { readonly do: "delay"; readonly ms: number }
	| { readonly do: "flip"; readonly bit?: number | undefined }
	| { readonly do: "reorder"; readonly frames: number };

export type RuleOptions = Deed & {
	readonly match?: Match | undefined;
	/** How many frames; undefined: all from now on. */
	readonly count?: number | undefined;
	/** Whether the sender of a frame that is jammed gets an acknowledgement, which anybody can forge. Default: not of one that is dropped. */
	readonly acknowledge?: boolean | undefined;
};

interface Rule {
	readonly id: number;
	readonly deed: Deed;
	readonly match: Match;
	readonly acknowledge: boolean;
	left: number;
	/** Of `reorder`: what is kept until there are enough. */
	readonly waiting: Recorded[];
}

export interface Replay {
	/** Number of a recorded frame. */
	readonly frame: number;
	/** Other addresses than it had. */
	readonly from?: string | undefined;
	readonly to?: string | undefined;
	readonly times?: number | undefined;
	readonly everyMs?: number | undefined;
}

/** Somebody on the air who hears every frame on every channel, and may send whatever was heard or made up under any address. */
export class Attacker implements Interceptor {
	#air: Air;
	#clock: Clock;
	#log: EventLog;
	#random: Random;
	#channelOf: (mac: string) => number | undefined;
	#isBoard: (mac: string) => boolean;
	#radios = new Map<number, AirRadio>();
	/** Addresses that are nobody's: frames to them are acknowledged. */
	#ownAddresses = new Set<string>();
	#rules: Rule[] = [];
	#recording = false;
	#records: Recorded[] = [];
	#held: Recorded[] = [];
	#next = 1;
	#nextRule = 1;
	#heard = new WeakMap<FrameOnAir, Recorded>();
	#done = new WeakMap<FrameOnAir, Interference>();
	/** Changes with `stop`: what was planned before does not happen. */
	#era = 0;

	constructor(options: {
		air: Air;
		clock: Clock;
		log: EventLog;
		random: Random;
		/** Channel of the board that has this address, undefined when none has. */
		channelOf: (mac: string) => number | undefined;
		isBoard: (mac: string) => boolean;
	}) {
		this.#air = options.air;
		this.#clock = options.clock;
		this.#log = options.log;
		this.#random = options.random;
		this.#channelOf = options.channelOf;
		this.#isBoard = options.isBoard;
	}

	get recording(): boolean {
		return this.#recording;
	}

	/** Frames that were recorded, in order. */
	get records(): readonly Recorded[] {
		return this.#records;
	}

	/** Frames that are held back, in order. */
	get held(): readonly Recorded[] {
		return this.#held;
	}

	/** Rules that hold at present. */
	get rules(): readonly { readonly id: number; readonly deed: Deed; readonly match: Match; readonly left: number | null }[] {
		return this.#rules.map(({ id, deed, match, left }) => ({ id, deed, match, left: Number.isFinite(left) ? left : null }));
	}

	/** Begins or ends to write down every frame; the attacker's own are left out. */
	record(on: boolean): void {
		this.#recording = on;
		this.#air.interceptor = this;
	}

	/** Adds a rule; of several that fit a frame the oldest one counts. @returns its number */
	add(options: RuleOptions): number {
		const { match = {}, count, acknowledge, ...deed } = options;
		const id = this.#nextRule++;
		this.#rules.push({
			id,
			deed: deed as Deed,
			match,
			acknowledge: acknowledge ?? deed.do !== "drop",
			left: count ?? Number.POSITIVE_INFINITY,
			waiting: [],
		});
		this.#air.interceptor = this;
		return id;
	}

	/** Takes a rule away. @returns whether there was one */
	remove(id: number): boolean {
		const before = this.#rules.length;
		this.#rules = this.#rules.filter((rule) => rule.id !== id);
		return this.#rules.length < before;
	}

	/** Sends any bytes under any address. */
	forge(
		frame: { from: string; to: string; payload: Buffer; channel?: number | undefined },
		done: (outcome: Outcome) => void = () => {},
	): void {
		this.#send("forge", frame, frame.channel, done);
	}

	/** Sends a recorded frame again. @returns whether there is one of this number */
	replay({ frame, from, to, times = 1, everyMs = 0 }: Replay): boolean {
		const record = this.#records.find((each) => each.frame === frame);
		if (!record) return false;
		this.#sendEach(
			"replay",
			Array.from({ length: times }, () => ({ ...record, from: from ?? record.from, to: to ?? record.to })),
			everyMs,
		);
		return true;
	}

	/** Lets go what is held back: at once, or one each `everyMs`. @returns how many */
	release({
		everyMs = 0,
		order = "first",
	}: {
		everyMs?: number | undefined;
		order?: "first" | "last" | "random" | undefined;
	} = {}): number {
		const frames = this.#held.splice(0);
		if (order === "last") frames.reverse();
		if (order === "random") this.#shuffle(frames);
		this.#sendEach("release", frames, everyMs);
		return frames.length;
	}

	/** Ends all rules, recordings and what was planned; what was recorded or held is forgotten. */
	stop(): void {
		this.#era++;
		this.#recording = false;
		this.#rules = [];
		this.#records = [];
		this.#held = [];
		this.#air.interceptor = undefined;
	}

	hear(frame: FrameOnAir, channel: number): void {
		if (this.#isOwn(frame) || this.#heard.has(frame)) return;
		const { from, to, payload } = frame;
		const record: Recorded = { frame: this.#next++, timeMs: this.#clock.nowUs / 1000, from, to, channel, payload };
		this.#heard.set(frame, record);
		if (!this.#recording) return;
		this.#records.push(record);
		if (this.#records.length > KEPT * 1.25) this.#records = this.#records.slice(-KEPT);
	}

	meddle(frame: FrameOnAir): Interference | undefined {
		if (this.#isOwn(frame)) return undefined;
		// Each repetition of a frame fares as the first.
		const before = this.#done.get(frame);
		if (before) return before;
		const record = this.#heard.get(frame);
		const rule = this.#rules.find(({ match, left }) => left > 0 && fits(frame, match));
		if (!rule || !record) return undefined;
		rule.left--;
		const interference = this.#do(rule, record);
		this.#done.set(frame, interference);
		this.#say(rule.deed.do, record);
		if (rule.left <= 0 && rule.waiting.length === 0) this.remove(rule.id);
		return interference;
	}

	#do({ deed, acknowledge, waiting }: Rule, record: Recorded): Interference {
		const nothing: Interference = { payload: undefined, acknowledged: acknowledge };
		switch (deed.do) {
			case "drop":
				return nothing;
			case "hold":
				this.#held.push(record);
				if (this.#held.length > MOST_HELD) this.#held.shift();
				return nothing;
			case "delay":
				this.#sendEach("delayed", [record], 0, deed.ms);
				return nothing;
			case "flip": {
				const payload = Buffer.from(record.payload);
				if (payload.length > 0) {
					const bit = (deed.bit ?? this.#random.below(payload.length * 8)) % (payload.length * 8);
					payload.writeUInt8(payload.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
				}
				return { payload, acknowledged: true };
			}
			case "reorder":
				waiting.push(record);
				if (waiting.length >= deed.frames) {
					const frames = waiting.splice(0);
					this.#shuffle(frames);
					// In order is no other order.
					if (frames.every((each, i) => i === 0 || each.frame > (frames[i - 1]?.frame ?? 0))) frames.reverse();
					this.#sendEach("reordered", frames, 0);
				}
				return nothing;
		}
	}

	#sendEach(what: string, frames: readonly Omit<Recorded, "frame" | "timeMs">[], everyMs: number, afterMs = 0): void {
		const era = this.#era;
		frames.forEach((frame, i) => {
			const send = () => this.#send(what, frame, this.#channelOf(frame.to) ?? frame.channel);
			const delayUs = Math.round((afterMs + i * everyMs) * 1000);
			if (delayUs === 0) send();
			else this.#clock.after(delayUs, () => era === this.#era && send());
		});
	}

	#send(
		what: string,
		{ from, to, payload }: { from: string; to: string; payload: Buffer },
		channel = this.#channelOf(to) ?? 1,
		done: (outcome: Outcome) => void = () => {},
	): void {
		if (!this.#isBoard(from)) this.#ownAddresses.add(from);
		this.#say(what, { from, to, payload });
		this.#air.send(this.#radio(channel), { from, to, payload, done });
	}

	#radio(channel: number): AirRadio {
		let radio = this.#radios.get(channel);
		if (!radio) {
			radio = {
				key: "attacker",
				channel: () => channel,
				hasAddress: (mac) => this.#ownAddresses.has(mac),
				sleepy: () => false,
				receive: () => {},
			};
			this.#radios.set(channel, radio);
			this.#air.add(radio);
		}
		return radio;
	}

	#isOwn({ sender }: FrameOnAir): boolean {
		return sender === "attacker";
	}

	#say(what: string, { frame, from, to, payload }: { frame?: number; from: string; to: string; payload: Buffer }): void {
		const kind = sealedHead(payload)?.kind ?? "plain";
		this.#log.add(null, "attacker", { do: what, ...(frame === undefined ? {} : { frame }), from, to, kind, bytes: payload.length });
	}

	#shuffle(frames: Recorded[]): void {
		for (let i = frames.length - 1; i > 0; i--) {
			const j = this.#random.below(i + 1);
			const [a, b] = [frames[i], frames[j]];
			if (a && b) [frames[i], frames[j]] = [b, a];
		}
	}
}

function fits({ from, to, payload }: FrameOnAir, match: Match): boolean {
	if (match.from !== undefined && match.from !== from) return false;
	if (match.to !== undefined && match.to !== to) return false;
	return match.kind === undefined || isOfKind(payload, match.kind);
}
