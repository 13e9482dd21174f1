import { C3_NS_PER_METER } from "../../bench/engine";
import { Random } from "../../sim/world/random";
import { IDLE_PHONE, joinIdlePhone, type Kind, kinds } from "./kinds";
import { Means } from "./means";
import { Network } from "./network";
import { Owner } from "./owner";
import { type HeapLook, Watch } from "./watch";

export interface AttackOptions {
	readonly minutes: number;
	readonly boards: number;
	readonly seed: number;
	/** One kind alone, all the time; without it all of them, each in its own times. */
	readonly only?: string;
	readonly app: string;
	readonly program: string;
	/** Told once a minute. */
	readonly report?: (line: string) => void;
}

export interface KindResult {
	readonly name: string;
	readonly what: string;
	readonly attempts: number;
	readonly ends: Readonly<Record<string, number>>;
	/** Responses that gave away what they must not. */
	readonly told: number;
}

export interface AttackResult {
	readonly kinds: readonly KindResult[];
	readonly owner: {
		readonly asked: number;
		readonly answered: number;
		readonly atOnce: number;
		readonly lost: Readonly<Record<string, number>>;
		readonly p95Ms: number;
	};
	readonly restarts: Readonly<Record<string, number>>;
	readonly orderedRestarts: number;
	readonly changed: Readonly<Record<string, number>>;
	readonly switched: number;
	/** Secrets that were told, by radio and over HTTP. */
	readonly told: number;
	/** Frames of boards that were no text. */
	readonly spoilt: number;
	/** A phone that did nothing kept the hub from its router. */
	readonly keptAway: boolean;
	readonly wrong: readonly string[];
	readonly flashWrites: ReadonlyMap<string, number>;
	readonly heaps: ReadonlyMap<string, readonly HeapLook[]>;
}

const STEP_MS = 50;
/** The house is left in peace for so long before its heaps are looked at; what was asked has its end by then. */
const CALM_MS = 75_000;
/** Two rounds at least: what the first one leaves (boards that were heard) stays once. */
const ROUND_MS = 600_000;
const ROUNDS = 2;
/** Boards are up by then. */
const UP_MS = 20_000;
/** When the router comes back for a hub beside which a phone sits, and how long that then has. */
const ROUTER_BACK_MS = 40_000;
const TO_JOIN_MS = 45_000;
/** Of a round, each kind goes on for at least and at most this part; floods for the least, as nothing else comes through beside them. */
const SHORTEST = 0.1;
const FLOOD_PER_SECOND = 80;
const LONGEST = 0.35;

interface Attack {
	readonly kind: Kind;
	readonly means: Means;
	from: number;
	to: number;
	active: boolean;
	due: number;
}

/** A house, its owner, and a stranger beside it. */
export class Attacks {
	readonly #options: AttackOptions;
	readonly #network: Network;
	readonly #owner: Owner;
	readonly #watch: Watch;
	readonly #attacks: readonly Attack[];
	readonly #random: Random;
	#keptAway = false;

	private constructor(options: AttackOptions) {
		const { seed, only } = options;
		this.#options = options;
		const chosen = kinds().filter(({ name }) => only === undefined || name === only);
		const names = kinds().map(({ name }) => name);
		if (chosen.length === 0) throw new Error(`there is no kind ${only}; there are: ${names.join(", ")}`);
		this.#network = new Network({
			...options,
			engineNsPerMeter: C3_NS_PER_METER,
			routerOff: chosen.some(({ name }) => name === IDLE_PHONE),
		});
		this.#random = new Random(seed, "attacks");
		this.#owner = new Owner(this.#network, new Random(seed, "owner"));
		this.#attacks = chosen.map((kind) => {
			const means = new Means(this.#network, new Random(seed, kind.name));
			return { kind, means, from: 0, to: 0, active: false, due: 0 };
		});
		const victim = chosen.some(({ inHubsName }) => inHubsName) ? (this.#network.devices.at(-1)?.mac ?? "") : "";
		this.#watch = new Watch(this.#network, this.#owner, victim);
	}

	static run(options: AttackOptions): AttackResult {
		const attacks = new Attacks(options);
		try {
			return attacks.#run();
		} finally {
			attacks.#network.world.close();
		}
	}

	#run(): AttackResult {
		const { world } = this.#network;
		world.boot();
		this.#comeUp();
		this.#watch.begin();
		this.#watch.measure(0);
		const endMs = this.#options.minutes * 60_000;
		const roundMs = Math.min(ROUND_MS, (endMs - world.timeMs) / ROUNDS);
		while (world.timeMs < endMs - STEP_MS) this.#round(Math.min(roundMs, endMs - world.timeMs));
		this.#watch.audit();
		return this.#result();
	}

	#comeUp(): void {
		const { world, hub } = this.#network;
		const phone = this.#attacks.find(({ kind }) => kind.name === IDLE_PHONE);
		if (!phone) {
			world.advance(UP_MS);
			return;
		}
		const idle = joinIdlePhone(this.#network);
		if (idle.joined) phone.means.attempts++;
		world.advance(ROUTER_BACK_MS - world.timeMs);
		world.changeRouter({ power: true });
		const since = world.timeMs;
		if (world.advanceUntil(() => world.reachable(hub, "lan"), TO_JOIN_MS)) {
			phone.means.ends[`the hub joined after ${Math.round((world.timeMs - since) / 1_000)} s`] = 1;
			return;
		}
		// Without a hub in the house there would be nothing to see of all the rest.
		this.#keptAway = true;
		idle.leave();
		world.advanceUntil(() => world.reachable(hub, "lan"), TO_JOIN_MS);
	}

	/** Attacks for a while, then calm; each kind has its time in it. */
	#round(lengthMs: number): void {
		const { world } = this.#network;
		const random = this.#random;
		const fromMs = world.timeMs;
		const attackMs = lengthMs - Math.min(CALM_MS, lengthMs / 3);
		for (const attack of this.#attacks) {
			const more = attack.kind.perSecond < FLOOD_PER_SECOND ? random.next() * (LONGEST - SHORTEST) : 0;
			const part = this.#attacks.length === 1 ? 1 : SHORTEST + more;
			attack.from = fromMs + random.next() * (1 - part) * attackMs;
			attack.to = attack.from + part * attackMs;
		}
		let second = Math.floor(world.timeMs / 1_000);
		while (world.timeMs < fromMs + lengthMs - STEP_MS) {
			for (const attack of this.#attacks) this.#step(attack);
			this.#owner.step();
			world.advance(STEP_MS);
			if (Math.floor(world.timeMs / 1_000) === second) continue;
			second = Math.floor(world.timeMs / 1_000);
			for (const { means } of this.#attacks) means.look();
			this.#watch.step();
			if (second % 60 === 0) this.#minute(second / 60);
		}
		world.advance(STEP_MS);
		this.#watch.measure(Math.round(world.timeMs / 60_000));
	}

	#step(attack: Attack): void {
		const { kind, means } = attack;
		const { timeMs, clock } = this.#network.world;
		const active = timeMs >= attack.from && timeMs < attack.to;
		if (!active && attack.active) kind.rest?.();
		attack.active = active;
		if (!active) return;
		attack.due += (kind.perSecond * STEP_MS) / 1_000;
		for (; attack.due >= 1; attack.due--) clock.after(means.random.below(STEP_MS * 1_000), () => kind.attempt(means));
	}

	#minute(minute: number): void {
		this.#watch.audit();
		const { asked, answered } = this.#owner;
		const { restarts, changed, switched } = this.#watch;
		const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((all, count) => all + count, 0);
		this.#options.report?.(
			`minute ${minute}: ${asked} asked, ${answered} answered, ${sum(restarts)} restarts, ${sum(changed)} changed, ${switched} switched`,
		);
	}

	#result(): AttackResult {
		const { asked, answered, atOnce, lost } = this.#owner;
		const { restarts, orderedRestarts, changed, switched, told, spoilt, wrong, heaps } = this.#watch;
		return {
			kinds: this.#attacks.map(({ kind: { name, what }, means: { attempts, ends, told } }) => ({ name, what, attempts, ends, told })),
			owner: { asked, answered, atOnce, lost, p95Ms: this.#owner.p95() },
			restarts,
			orderedRestarts,
			changed,
			switched,
			spoilt,
			wrong,
			heaps,
			told: told + this.#attacks.reduce((all, { means }) => all + means.told, 0),
			flashWrites: this.#watch.flashWrites(),
			keptAway: this.#keptAway,
		};
	}
}
