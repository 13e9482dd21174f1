import { isGroup, sameBoard } from "common/mac";
import { addresseeOf, BODY, heardFrame, Join, joinKind, makerOf, PASS_HEAD, passFrame, readMac } from "./joining-frames";

/** The hub calls every 2 s while it is adding devices; without a call for so long it is not, in ms. */
const HAILED_MS = 6_000;
/** Boards whose calls are passed on at once, and for how long they are remembered, in ms. */
const CALLERS = 8;
const CALLER_MS = 30_000;
/** Each of them once in this time, in ms. */
const EACH_MS = 500;
/** Frames that are passed on in a second, either way. */
const PASSED_EACH_S = 10;

export interface RelayJoiningOptions {
	mac: string;
	/** This device's own hub. */
	hub(): string;
	send(mac: string, bytes: Uint8Array): Promise<boolean>;
}

/**
 * What a joined device does for those that its hub does not hear: while the hub is adding devices it passes their calls on, and carries the frames of both
 * ends. It can read all of them and make none, as each proof is under a key that it does not have. The caller brings the time, in ms.
 */
export class RelayJoining {
	readonly #options: RelayJoiningOptions;
	readonly #callers: { mac: string; at: number }[] = [];
	#hailedAt = Number.NEGATIVE_INFINITY;
	#left = PASSED_EACH_S;
	#leftAt: number;

	constructor(options: RelayJoiningOptions, now: number) {
		this.#options = options;
		this.#leftAt = now;
	}

	/** Nothing has been passed on for so long that nobody needs it any more. */
	isOver(now: number): boolean {
		return now >= this.#hailedAt + CALLER_MS;
	}

	onCall(now: number, mac: string, rssi: number): void {
		const { hub, mac: own, send } = this.#options;
		if (sameBoard(mac, hub())) {
			this.#hailedAt = now;
			return;
		}
		if (now >= this.#hailedAt + HAILED_MS || isGroup(mac) || sameBoard(mac, own) || !this.mayHear(now, mac) || !this.take(now)) return;
		void send(hub(), heardFrame(own, hub(), mac, rssi));
	}

	onFrame(now: number, from: string, bytes: Uint8Array, length: number): void {
		const { hub, mac: own, send } = this.#options;
		if (joinKind(bytes, 0, length) !== Join.pass || !sameBoard(makerOf(bytes), from) || !sameBoard(addresseeOf(bytes), own)) return;
		const farEnd = readMac(bytes, BODY);
		const inner = bytes.slice(PASS_HEAD, length);
		const kind = joinKind(inner, 0, inner.length);
		if (kind === 0 || kind === Join.pass || kind === Join.heard) return;
		if (sameBoard(from, hub())) {
			if (sameBoard(makerOf(inner), hub()) && this.isCaller(now, farEnd) && this.take(now)) void send(farEnd, inner);
		} else if (sameBoard(farEnd, hub()) && sameBoard(makerOf(inner), from) && this.isCaller(now, from) && this.take(now)) {
			void send(hub(), passFrame(own, hub(), from, inner, inner.length));
		}
	}

	private isCaller(now: number, mac: string): boolean {
		return this.#callers.some((caller) => caller.mac === mac && now < caller.at + CALLER_MS);
	}

	/** Whether a call may be passed on; its board is remembered. Of too many the one heard longest ago gives way. */
	private mayHear(now: number, mac: string): boolean {
		const index = this.#callers.findIndex((caller) => caller.mac === mac);
		const known = this.#callers[index];
		if (known && now < known.at + EACH_MS) return false;
		if (known) this.#callers.splice(index, 1);
		else if (this.#callers.length >= CALLERS) this.#callers.shift();
		this.#callers.push({ mac, at: now });
		return true;
	}

	private take(now: number): boolean {
		this.#left = Math.min(PASSED_EACH_S, this.#left + ((now - this.#leftAt) * PASSED_EACH_S) / 1000);
		this.#leftAt = now;
		if (this.#left < 1) return false;
		this.#left -= 1;
		return true;
	}
}
