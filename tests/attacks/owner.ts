import type { HttpExchange } from "../../sim/world/http";
import type { Random } from "../../sim/world/random";
import type { World } from "../../sim/world/world";
import { type Network, relayLevel } from "./network";

/** One request after the other, as a controller that goes through its rooms does: so often, in ms. */
const EVERY_MS = 400;
/** Open at once: an address may have two connections. */
const AT_ONCE = 2;
/** What the hub has no place for is asked again after this time, as its `Retry-After` says, in ms. */
const RETRY_MS = 1_000;
/** Then the owner has given up, in ms: a request has 10 s on the hub. */
const PATIENCE_MS = 15_000;
/** A computer in the house: last number of its address. */
export const OWNER_ADDRESS = 2;
const UPTIME = /^OK (ON|OFF) \d+\+ -?\d+$/;

interface Question {
	readonly mac: string;
	readonly message: "on" | "off" | "uptime";
	readonly path: string;
	readonly post: boolean;
	readonly sinceMs: number;
	exchange: HttpExchange | undefined;
	tries: number;
	again: number;
}

/** The controller of the house: it switches and reads every device, through the hub, all the time. */
export class Owner {
	asked = 0;
	answered = 0;
	/** Of those, without being told to come back. */
	atOnce = 0;
	/** Why there was no answer, and what was no answer to the question. */
	readonly lost: Record<string, number> = {};
	/** In ms, of what was answered. */
	readonly times: number[] = [];
	/** What the relay of each device was last told to be: undefined while nobody can know. */
	readonly wanted = new Map<string, boolean | undefined>();
	readonly #network: Network;
	readonly #world: World;
	readonly #random: Random;
	readonly #open = new Set<Question>();
	#nextMs = 0;
	#turn = 0;

	constructor(network: Network, random: Random) {
		this.#network = network;
		this.#world = network.world;
		this.#random = random;
	}

	/** Looks after what is open, and asks the next thing when it is time. */
	step(): void {
		const now = this.#world.timeMs;
		for (const question of this.#open) this.#look(question, now);
		if (now < this.#nextMs || this.#open.size >= AT_ONCE) return;
		this.#nextMs = now + EVERY_MS * (0.5 + this.#random.next());
		this.#ask(now);
	}

	/** Which device's relay does not do what the owner last told it, although nothing is under way for it. */
	betrayed(): string[] {
		const names: string[] = [];
		for (const board of this.#network.devices) {
			const wanted = this.wanted.get(board.mac);
			if (wanted === undefined || !board.running || this.#isOpen(board.mac)) continue;
			if (relayLevel(board) === wanted) continue;
			this.wanted.set(board.mac, !wanted);
			names.push(board.name);
		}
		return names;
	}

	/** 95 of 100 answers came within so many ms. */
	p95(): number {
		const sorted = [...this.times].sort((a, b) => a - b);
		return sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN;
	}

	#isOpen(mac: string): boolean {
		for (const question of this.#open) if (question.mac === mac) return true;
		return false;
	}

	#ask(now: number): void {
		// Not the last one: orders in the hub's name take it to other channels, which a plain network cannot help.
		const devices = this.#network.devices.slice(0, -1);
		const device = devices[this.#turn++ % devices.length];
		if (!device || this.#isOpen(device.mac)) return;
		const choice = this.#random.next();
		const message = choice < 0.2 ? "on" : choice < 0.4 ? "off" : "uptime";
		const post = this.#random.next() < 0.3;
		const path = post ? "/api/send" : `/?mac=${device.mac}&msg=${message}`;
		const question: Question = { mac: device.mac, message, path, post, sinceMs: now, exchange: undefined, tries: 0, again: now };
		if (message !== "uptime") this.wanted.set(device.mac, undefined);
		this.asked++;
		this.#open.add(question);
		this.#look(question, now);
	}

	#look(question: Question, now: number): void {
		const { exchange } = question;
		if (exchange === undefined) {
			if (now >= question.again) this.#try(question);
			return;
		}
		if (!exchange.done) {
			if (now - question.sinceMs < PATIENCE_MS) return;
			exchange.cancel("no end");
			this.#lose(question, "no end");
			return;
		}
		const { response } = exchange;
		if (response === undefined || response.status === 503) {
			const why = response === undefined ? (exchange.error ?? "") : "503";
			if (now - question.sinceMs > PATIENCE_MS - 5_000) this.#lose(question, why);
			else {
				question.exchange = undefined;
				question.again = now + RETRY_MS;
			}
			return;
		}
		this.#judge(question, response.status, question.post ? textOf(response.body) : response.body);
	}

	#try(question: Question): void {
		question.tries++;
		const { post, path, mac, message } = question;
		const request = post ? { method: "POST", path, body: { mac, msg: message } } : { path };
		question.exchange = this.#network.request(OWNER_ADDRESS, request);
	}

	#judge(question: Question, status: number, reply: string): void {
		const state = UPTIME.exec(reply)?.[1];
		if (status !== 200 || state === undefined) {
			this.#lose(question, /^Fail \([^)]+\)/.exec(reply)?.[0] ?? `${status} ${reply.slice(0, 60)}`);
			return;
		}
		const { message, mac, sinceMs } = question;
		if (message !== "uptime" && state !== (message === "on" ? "ON" : "OFF")) {
			this.#lose(question, `${message} was answered by ${state}`);
			return;
		}
		this.#open.delete(question);
		this.answered++;
		if (question.tries === 1) this.atOnce++;
		this.times.push(this.#world.timeMs - sinceMs);
		if (message !== "uptime") this.wanted.set(mac, message === "on");
	}

	#lose(question: Question, why: string): void {
		this.#open.delete(question);
		this.lost[why] = (this.lost[why] ?? 0) + 1;
	}
}

function textOf(body: string): string {
	try {
		const result = JSON.parse(body) as { ok?: boolean; reply?: string; reason?: string; error?: string };
		return result.ok ? (result.reply ?? "") : result.reason === undefined ? body : `Fail (${result.reason})`;
	} catch {
		return body;
	}
}
