import type { HttpExchange, HttpRequest, HttpResponse } from "../../sim/world/http";
import type { Random } from "../../sim/world/random";
import type { Side, World } from "../../sim/world/world";

/** A board that was never there. */
const ABSENT = "34b4720afff0";
/** A request has its deadline of 10 s; a path that breaks under it holds the rest up for at most 30 s. */
const PATIENCE_MS = 45_000;
/** As many as the hub serves at once. */
const AT_ONCE = 4;
/** With it a caller may send boards texts that the hub does not know. */
export const HOUSE_PASSWORD = "soak-house";
const AUTHORIZATION = `Basic ${Buffer.from(`owner:${HOUSE_PASSWORD}`).toString("base64")}`;
const FAILED = /^Fail \(([^)]+)\)$/;

interface Call {
	readonly exchange: HttpExchange;
	readonly what: string;
	readonly expected: (reply: string) => boolean;
	readonly sinceMs: number;
}

/** People and programs in the house: each request has a text of its own, so that a reply to another one is noticed. */
export class Conversation {
	made = 0;
	answered = 0;
	/** The hub said that there is no answer, and why: how often each reason. */
	readonly failed: Record<string, number> = {};
	/** No response: the board that was asked restarted, or was not there. */
	cut = 0;
	readonly wrong: string[] = [];
	readonly #world: World;
	readonly #random: Random;
	readonly #open = new Set<Call>();

	constructor(world: World, random: Random) {
		this.#world = world;
		this.#random = random;
	}

	get open(): number {
		return this.#open.size;
	}

	/** Asks something, if the hub can be reached and is not busy. */
	ask(): void {
		const world = this.#world;
		const hub = world.board("Hub");
		if (this.#open.size >= AT_ONCE || !world.reachable(hub, "lan")) return;
		const devices = world.boards.slice(1);
		const index = this.#random.below(devices.length);
		const mac = devices[index]?.mac ?? "";
		const next = devices[(index + 1) % devices.length]?.mac ?? "";
		const text = `round-${this.made}`;
		const echoed = (reply: string) => reply.startsWith(`Unknown message: ${text} `);
		const choice = this.#random.next();
		if (choice < 0.55) this.#get(mac, text, echoed);
		else if (choice < 0.75 && next !== mac) this.#get(mac, `!${next},${text}`, echoed);
		else if (choice < 0.85) this.#get(mac, "uptime", (reply) => /^OK (ON|OFF) \d+\+ /.test(reply));
		else if (choice < 0.9) this.#get(mac, "ping", (reply) => reply === "pong");
		else if (choice < 0.93) this.#get(ABSENT, text, () => false);
		else if (choice < 0.97) this.#start("Hub", "lan", { method: "POST", path: "/api/send", body: { mac, msg: text } }, echoed);
		else this.#phone();
	}

	/** Takes in what has come to an end. */
	look(): void {
		for (const call of this.#open) {
			const { exchange, what, expected, sinceMs } = call;
			if (!exchange.done) {
				if (this.#world.timeMs - sinceMs < PATIENCE_MS) continue;
				exchange.cancel("no end");
				this.wrong.push(`${what}: no end within ${PATIENCE_MS / 1_000} s`);
			} else if (!exchange.response || exchange.response.status === 503) this.cut++;
			else this.#judge(what, exchange.response, expected);
			this.#open.delete(call);
		}
	}

	#judge(what: string, response: HttpResponse, expected: (reply: string) => boolean): void {
		const reply = response.headers["content-type"]?.startsWith("application/json") ? textOf(response.body) : response.body;
		const reason = FAILED.exec(reply)?.[1];
		if (reason !== undefined) this.failed[reason] = (this.failed[reason] ?? 0) + 1;
		else if (response.status === 200 && expected(reply)) this.answered++;
		else this.wrong.push(`${what}: ${response.status} ${response.body.slice(0, 200)}`);
	}

	#get(mac: string, message: string, expected: (reply: string) => boolean): void {
		this.#start("Hub", "lan", { path: `/?mac=${mac}&msg=${encodeURIComponent(message)}` }, expected);
	}

	/** Somebody beside a board whose setup access point is open looks at its page. */
	#phone(): void {
		const open = this.#world.boards.filter((board) => this.#world.reachable(board, "ap"));
		const board = open[this.#random.below(open.length)];
		if (board) this.#start(board.name, "ap", { path: "/" }, (page) => page.startsWith(`${board.mac} `));
	}

	#start(board: string, side: Side, request: HttpRequest, expected: (reply: string) => boolean): void {
		const headers = side === "lan" ? { authorization: AUTHORIZATION } : {};
		const exchange = this.#world.request(board, side, { ...request, headers });
		const what = `${board} ${request.path} ${request.body ? JSON.stringify(request.body) : ""}`;
		this.#open.add({ exchange, what, expected, sinceMs: this.#world.timeMs });
		this.made++;
	}
}

/** The answer of /api/send as the plain page gives it. */
function textOf(body: string): string {
	const result = JSON.parse(body) as { ok: boolean; reply?: string; reason?: string };
	return result.ok ? (result.reply ?? "") : `Fail (${result.reason})`;
}
