import type { Board } from "../../sim/world/board";
import type { HttpExchange, HttpRequest } from "../../sim/world/http";
import type { Random } from "../../sim/world/random";
import type { Handlers, TcpConnection } from "../../sim/world/tcp";
import { type Network, OWNER, SECRETS } from "./network";
import { OWNER_ADDRESS } from "./owner";

/** The stranger's own radio. */
export const STRANGER = "02beef000000";
/** So many radios the stranger makes believe in: more than a board remembers. */
const FORGED = 60;
/** The stranger's computers in the house: last numbers of their addresses. */
const ADDRESSES = [60, 61, 62, 63, 64, 65];
/** What the router is called everybody in the house knows. */
const SECRET_IN_HOUSE = SECRETS.slice(1);
/** A request that is open for so long is given up by the stranger, in ms. */
const PATIENCE_MS = 20_000;

/** What one kind of attack has at hand, and what it has come to. */
export class Means {
	readonly network: Network;
	readonly random: Random;
	attempts = 0;
	/** How the attempts ended: outcomes on the air, statuses over HTTP. */
	readonly ends: Record<string, number> = {};
	/** Responses that gave a secret away, or told another site's page what only the house may know. */
	told = 0;
	#ordered = false;
	readonly #open: { readonly exchange: HttpExchange; readonly foreign: boolean; readonly sinceMs: number }[] = [];

	constructor(network: Network, random: Random) {
		this.network = network;
		this.random = random;
	}

	get openRequests(): number {
		return this.#open.length;
	}

	pick<Item>(items: readonly Item[]): Item {
		const item = items[this.random.below(items.length)];
		if (item === undefined) throw new Error("nothing to pick from");
		return item;
	}

	/** Any device but the one that forged orders are for. */
	device(): Board {
		return this.pick(this.network.devices.slice(0, -1));
	}

	/** The one device that obeys what is sent in its hub's name. */
	get victim(): Board {
		const board = this.network.devices.at(-1);
		if (!board) throw new Error("no device");
		return board;
	}

	/** A radio that nobody has heard of before, or not lately. */
	forged(): string {
		return (0x02f0f0000000 + 16 * this.random.below(FORGED)).toString(16).padStart(12, "0");
	}

	/** The owner restarts the victim, once in all that time: what a stranger has heard then. */
	haveOwnerRestart(): void {
		if (this.#ordered) return;
		this.#ordered = true;
		this.network.request(OWNER_ADDRESS, { path: `/?mac=${this.victim.mac}&msg=reset`, headers: OWNER });
	}

	/** One frame on the air. */
	send(from: string, to: string, payload: string | Buffer): void {
		this.attempts++;
		this.network.world.sendFrame({ from, to, payload: Buffer.from(payload as string) }, ({ outcome }) => this.#count(outcome));
	}

	/**
	 * One request over HTTP.
	 * @param foreign the page of another site makes it, which must not read what comes back
	 */
	http(request: HttpRequest, foreign = false): HttpExchange {
		this.attempts++;
		const exchange = this.network.request(this.pick(ADDRESSES), request);
		this.#open.push({ exchange, foreign, sinceMs: this.network.world.timeMs });
		return exchange;
	}

	/** A connection that the attack does with what it likes. */
	connect(handlers: Handlers): TcpConnection {
		this.attempts++;
		return this.network.connect(this.pick(ADDRESSES), {
			...handlers,
			onClose: (ending) => {
				this.#count(ending);
				handlers.onClose?.(ending);
			},
		});
	}

	/** Takes in what has come to an end. */
	look(): void {
		const now = this.network.world.timeMs;
		let kept = 0;
		for (const open of this.#open) {
			const { exchange, foreign, sinceMs } = open;
			if (!exchange.done && now - sinceMs > PATIENCE_MS) exchange.cancel("given up");
			if (!exchange.done) {
				this.#open[kept++] = open;
				continue;
			}
			const { response, error } = exchange;
			this.#count(response ? String(response.status) : (error ?? ""));
			if (!response) continue;
			if (SECRET_IN_HOUSE.some((secret) => response.body.includes(secret))) this.told++;
			else if (foreign && response.status === 200) this.told++;
		}
		this.#open.length = kept;
	}

	#count(end: string): void {
		this.ends[end] = (this.ends[end] ?? 0) + 1;
	}
}
