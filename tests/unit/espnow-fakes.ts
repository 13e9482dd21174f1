import { MemoryBudget, type MemoryLimits } from "common/memory-budget";
import { Comms } from "espnow/comms";
import { Peer, Peers } from "espnow/peers";
import { PlainText } from "espnow/plain-text";
import type { Frame, RadioCounters, SendStatus } from "espnow/radio";
import { ReplyOrder } from "espnow/reply-order";
import type { RequestTable } from "espnow/request";
import type { AskResult, CommsOptions, Contact, RadioCaller, RadioLink, Timers } from "espnow/types";

export const SELF = "a0b1c2d30000";
export const A = "a0b1c2d30010";
export const B = "a0b1c2d30020";
export const C = "a0b1c2d30030";

/** The engine's UTF-8, as Node has it. */
export const utf8 = {
	decode(bytes: Uint8Array, length: number, start = 0): string | null {
		try {
			const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(start, start + length));
			return text.includes("\0") ? null : text;
		} catch {
			return null;
		}
	},
	encode(text: string, into: Uint8Array): number {
		const bytes = Buffer.from(text);
		if (bytes.length > into.length) return -1;
		into.set(bytes);
		return bytes.length;
	},
};
export const plainText = new PlainText(utf8);

/** Requests of which nothing comes. */
const nobody: RequestTable = { enter() {}, withdraw() {}, settle() {}, fail() {}, tryAgain() {}, lookAt() {} };

/** A peer that speaks plain text, and has no requests. */
export const makePeer = (mac: string) => new Peer(mac, plainText, new ReplyOrder(nobody));
/** Peers of that kind. */
export const makePeers = (hub?: () => string) =>
	new Peers({ ...(hub ? { hub } : {}), codecOf: () => plainText, replyMatching: () => new ReplyOrder(nobody) });

/** The nth board of a large house. */
export function board(n: number): string {
	return (0xa0b1c2d40000 + 4 * n).toString(16);
}

interface FakeTimer {
	callback: () => void;
	due: number;
	repeat: number;
	order: number;
}

/** Virtual time with the rules of the SDK's Timer: repeating timers do not drift, one that is rescheduled in its callback runs in the next round. */
export class FakeTime implements Timers {
	ms = 0;
	scheduled = 0;
	#order = 0;
	readonly #timers = new Set<FakeTimer>();

	now(): number {
		return this.ms;
	}
	set(callback: () => void, ms = 0, repeatMs = 0): object {
		const timer = { callback, due: this.ms + ms, repeat: repeatMs, order: this.#order++ };
		this.#timers.add(timer);
		return timer;
	}
	schedule(timer: object, ms = 0, repeatMs = 0): void {
		const known = this.#known(timer);
		this.scheduled++;
		known.due = this.ms + ms;
		known.repeat = repeatMs;
		known.order = this.#order++;
	}
	clear(timer: object | null | undefined): void {
		if (timer) this.#timers.delete(timer as FakeTimer);
	}
	get count(): number {
		return this.#timers.size;
	}

	/** Lets time pass; promise jobs run between timers. */
	async advance(ms: number): Promise<void> {
		const end = this.ms + ms;
		let still = 0;
		await jobs();
		for (;;) {
			const next = this.#next();
			if (!next || next.due > end) break;
			still = next.due > this.ms ? 0 : still + 1;
			// A turn that always pulls the next one would make this run for ever.
			if (still > 2000) throw new Error(`time stands still at ${this.ms} ms`);
			this.ms = Math.max(this.ms, next.due);
			if (next.repeat) next.due += next.repeat;
			else this.#timers.delete(next);
			next.callback();
			await jobs();
		}
		this.ms = end;
	}

	#known(timer: object): FakeTimer {
		if (!this.#timers.has(timer as FakeTimer)) throw new Error("timer was cleared");
		return timer as FakeTimer;
	}
	#next(): FakeTimer | undefined {
		let next: FakeTimer | undefined;
		for (const timer of this.#timers) {
			if (!next || timer.due < next.due || (timer.due === next.due && timer.order < next.order)) next = timer;
		}
		return next;
	}
}

/** Lets all promise jobs run. */
export async function jobs(): Promise<void> {
	for (let i = 0; i < 8; i++) await null;
}

export interface Sent {
	at: number;
	to: string;
	text: string;
}

/** A radio whose air is the test: it keeps the driver's rules about peers and answers with its error numbers. */
export class FakeRadio implements RadioLink {
	readonly sent: Sent[] = [];
	/** The same frames as they are. */
	readonly sentBytes: Buffer[] = [];
	readonly peers = new Set<string>();
	readonly frames: { from: string; rssi: number; bytes: Uint8Array }[] = [];
	readonly statuses: SendStatus[] = [];
	readonly counts: RadioCounters = {
		received: 0,
		whileClosed: 0,
		ringFull: 0,
		tooLong: 0,
		notForUs: 0,
		joiningCalls: 0,
		statusFull: 0,
		postFailed: 0,
	};
	closed = false;
	inFlight = 0;
	mostInFlight = 0;
	mostPeers = 0;
	/** The result of the next sendings; 0 when it is empty. */
	sendErrors: number[] = [];
	addError = 0;
	/** What becomes of a sent frame: acknowledged after so many ms, or never heard of again (null). */
	fate: (to: string, text: string) => { acked: boolean; ms: number } | null = () => ({ acked: true, ms: 2 });
	/** Called when a frame was sent. */
	onSent: (to: string, text: string) => void = () => {};

	constructor(
		readonly time: FakeTime,
		readonly onActivity: (frames: number, statuses: number) => void,
	) {}

	close(): void {
		this.closed = true;
	}
	send(mac: string, bytes: Uint8Array, length: number): number {
		if (this.closed) return 0x3065;
		const frame = Buffer.from(bytes.subarray(0, length));
		const error = this.sendErrors.shift() ?? 0;
		if (error) return error;
		if (!this.peers.has(mac)) return 0x3069;
		if (length > 250 || length <= 0) return 0x3066;
		const text = frame.toString();
		this.sent.push({ at: this.time.now(), to: mac, text });
		this.sentBytes.push(frame);
		this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
		const fate = this.fate(mac, text);
		if (fate) this.time.set(() => this.status(mac, fate.acked), fate.ms);
		this.onSent(mac, text);
		return 0;
	}
	/** Frames sent on another channel. */
	readonly away: { to: string; channel: number; text: string }[] = [];
	isAway = false;
	sendOn(mac: string, channel: number, bytes: Uint8Array, length: number): number {
		if (this.isAway) return -1;
		const error = this.send(mac, bytes, length);
		if (error) return error;
		this.isAway = true;
		this.away.push({ to: mac, channel, text: this.sent.pop()?.text ?? "" });
		return 0;
	}
	comeHome(): void {
		this.isAway = false;
	}
	addPeer(mac: string): number {
		if (this.closed) return 0x3065;
		if (this.addError) return this.addError;
		if (this.peers.size >= 20) return 0x3068;
		if (this.peers.has(mac)) return 0x306b;
		this.peers.add(mac);
		this.mostPeers = Math.max(this.mostPeers, this.peers.size);
		return 0;
	}
	removePeer(mac: string): number {
		return this.peers.delete(mac) ? 0 : 0x3069;
	}
	read(frame: Frame): boolean {
		const next = this.frames.shift();
		if (!next) return false;
		frame.from = next.from;
		frame.rssi = next.rssi;
		frame.length = next.bytes.length;
		frame.bytes.set(next.bytes);
		return true;
	}
	readStatus(status: SendStatus): boolean {
		const next = this.statuses.shift();
		if (next) Object.assign(status, next);
		return next !== undefined;
	}
	readonly calls: { from: string; rssi: number }[] = [];
	readCall(call: { from: string; rssi: number }): boolean {
		const next = this.calls.shift();
		if (next) Object.assign(call, next);
		return next !== undefined;
	}
	counters(target: RadioCounters): void {
		Object.assign(target, this.counts);
	}

	/** A frame arrives; 16 wait at most, as in the native ring. */
	hear(from: string, frame: string | Uint8Array, rssi = -50): void {
		if (this.closed) return;
		this.counts.received++;
		const bytes = Buffer.from(frame);
		if (bytes.length > 250) this.counts.tooLong++;
		else if (this.frames.length >= 16) this.counts.ringFull++;
		else {
			this.frames.push({ from, rssi, bytes });
			this.onActivity(this.frames.length, this.statuses.length);
		}
	}
	/** A send status comes. */
	status(to: string, acked: boolean): void {
		this.inFlight--;
		if (this.closed) return;
		this.statuses.push({ to, acked });
		this.onActivity(this.frames.length, this.statuses.length);
	}
	/** The texts sent, to one board or to all. */
	texts(to?: string): string[] {
		return this.sent.filter((frame) => to === undefined || frame.to === to).map((frame) => frame.text);
	}
}

export const COMMANDS = ["uptime", "on", "off", "channel", "slow", "throw", "reject", "long"];

/** In place of the usual answers. */
interface Handling {
	answer?: CommsOptions["handler"]["handle"];
	isCommand?: CommsOptions["handler"]["isCommand"];
	memory?: MemoryLimits;
	/** Shared by several boards. */
	time?: FakeTime;
}

/** A board's engine with its context faked. */
export function makeBoard({
	answer,
	isCommand,
	memory: limits,
	time = new FakeTime(),
	...overrides
}: Omit<Partial<CommsOptions>, "memory"> & Handling = {}) {
	const memory = new MemoryBudget(limits);
	const radios: FakeRadio[] = [];
	const ran: { text: string; from: RadioCaller }[] = [];
	const answered: string[] = [];
	const repliesSent: string[] = [];
	const contacts: { mac: string; how: Contact }[] = [];
	const traces: string[] = [];
	const calls = { turns: 0, restartWiFi: 0, restartBoard: [] as string[] };
	const slow: ((text: string) => void)[] = [];
	const setup = { openFails: false, template: (_radio: FakeRadio) => {} };
	const comms = new Comms({
		mac: SELF,
		openRadio: (onActivity) => {
			if (setup.openFails) throw new Error("0x306a");
			const radio = new FakeRadio(time, onActivity);
			setup.template(radio);
			radios.push(radio);
			return radio;
		},
		clock: time,
		timers: time,
		random: { random: () => 0.5 },
		codecOf: () => plainText,
		handler: {
			isCommand: isCommand ?? ((text) => COMMANDS.includes(text)),
			isHarmless: (text) => !text.includes("change"),
			handle(text, from) {
				if (answer) return answer(text, from);
				ran.push({ text, from });
				if (text === "throw") throw new Error("thrown");
				if (text === "reject") return Promise.reject(new Error("rejected"));
				if (text === "slow") return new Promise((resolve) => slow.push(resolve));
				if (text === "long") return "x".repeat(249);
				return COMMANDS.includes(text) ? `OK ${text}` : `Unknown message: ${text}`;
			},
		},
		onAnswered: (mac) => answered.push(mac),
		onReplySent: (mac) => repliesSent.push(mac),
		onContact: (mac, how) => contacts.push({ mac, how }),
		turn: () => {
			calls.turns++;
		},
		restartWiFi: () => {
			calls.restartWiFi++;
		},
		restartBoard: (reason) => calls.restartBoard.push(reason),
		trace: (line) => traces.push(line),
		memory,
		...overrides,
	});
	comms.start();
	return {
		...{ time, radios, memory, ran, answered, repliesSent, contacts, traces, calls, slow, setup, comms },
		/** The radio that is open now. */
		get radio(): FakeRadio {
			const radio = radios.at(-1);
			if (!radio) throw new Error("no radio");
			return radio;
		},
		get counters() {
			return comms.snapshot().counters;
		},
	};
}

/** Sum of the parts that a received frame can be. */
export function partsOf(counters: {
	pongs: number;
	replies: number;
	relayed: number;
	commands: number;
	reports: number;
	sealing: number;
	dropped: Record<string, number>;
}): number {
	const dropped = Object.values(counters.dropped).reduce((sum, count) => sum + count, 0);
	const { pongs, replies, relayed, commands, reports, sealing } = counters;
	return pongs + replies + relayed + commands + reports + sealing + dropped;
}

/** The result of a promise so far, undefined while it has none. */
export function watch(promise: Promise<AskResult>) {
	const seen: { result?: AskResult } = {};
	promise.then((result) => {
		seen.result = result;
	});
	return seen;
}

/** The reply, or why there is none. */
export const reason = (result: AskResult) => (result.ok ? result.reply : result.reason);
