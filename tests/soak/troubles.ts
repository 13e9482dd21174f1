import type { Random } from "../../sim/world/random";
import type { World } from "../../sim/world/world";

/** A fault, the most of it that is planted at once, and how often it is chosen. */
interface Trouble {
	readonly kind: string;
	readonly most: number;
	readonly weight: number;
	/** Why the board may end, where it does. */
	readonly ends?: readonly string[];
}

const TROUBLES: readonly Trouble[] = [
	{ kind: "mute", most: 5, weight: 3 },
	{ kind: "status-lost", most: 4, weight: 4 },
	{ kind: "status-late", most: 5, weight: 4 },
	{ kind: "status-doubled", most: 5, weight: 4 },
	{ kind: "no-mem", most: 150, weight: 4 },
	{ kind: "no-mem-until-reinit", most: 1, weight: 1 },
	{ kind: "burst", most: 100, weight: 4 },
	{ kind: "callback-in-close", most: 2, weight: 2 },
	{ kind: "event-storm", most: 60, weight: 3 },
	{ kind: "queue-full", most: 20, weight: 3 },
	{ kind: "heap-full", most: 3, weight: 1, ends: ["memory full"] },
	// A heap of the chip's size has no room for thirty seconds of jobs that nobody runs.
	{ kind: "promises-stop", most: 1, weight: 1, ends: ["heartbeat", "memory full"] },
	{ kind: "power-cut-in-flash-write", most: 2, weight: 1, ends: ["power-cut"] },
];
/** Each as often as its weight says. */
const URN = TROUBLES.flatMap((trouble) => Array.from({ length: trouble.weight }, () => trouble));

/** Why a board may end after a fault of this kind. */
export function endsOf(kind: unknown): readonly string[] {
	return TROUBLES.find((trouble) => trouble.kind === kind)?.ends ?? [];
}

/** What goes wrong in the house, by chance: faults, resets, power, the router. */
export class Troubles {
	/** How often each was caused. */
	readonly counts: Record<string, number> = {};
	readonly #world: World;
	readonly #random: Random;
	readonly #steady: (name: string) => boolean;

	/** @param steady boards that nothing is done to which would end them */
	constructor(world: World, random: Random, steady: (name: string) => boolean) {
		this.#world = world;
		this.#random = random;
		this.#steady = steady;
	}

	/** Something happens to one board. */
	cause(): void {
		const { boards } = this.#world;
		const board = boards[this.#random.below(boards.length)];
		if (!board?.running) return;
		const trouble = URN[this.#random.below(URN.length)];
		if (!trouble || (trouble.ends && this.#steady(board.name))) return;
		const { kind, most } = trouble;
		const count = 1 + this.#random.below(most);
		this.#world.fault(board.name, kind, count);
		this.#world.log.add(board.mac, "fault", { kind, count });
		this.#count(kind);
	}

	/** A board that may be stopped is reset, or loses its power for a while. */
	stop(): void {
		const { boards, clock } = this.#world;
		const board = boards[this.#random.below(boards.length)];
		if (!board?.running || this.#steady(board.name)) return;
		const choice = this.#random.next();
		if (choice < 0.5) {
			board.pressReset();
			this.#count("reset");
		} else {
			board.powerOff();
			clock.after(Math.round(this.#random.next() * 10_000_000), () => board.powerOn());
			this.#count("power");
		}
	}

	/** The router moves with an announcement, or is without power for half a minute. */
	router(): void {
		const world = this.#world;
		if (this.#random.next() < 0.5) {
			const channels = [1, 6, 11].filter((channel) => channel !== world.router.settings.channel);
			world.changeRouter({ channel: channels[this.#random.below(channels.length)] ?? 6 }, true);
			this.#count("router moves");
		} else {
			world.changeRouter({ power: false });
			world.clock.after(30_000_000, () => world.changeRouter({ power: true }));
			this.#count("router off");
		}
	}

	/** Takes back what is still planted; what has an effect only once stays used up. */
	end(): void {
		for (const board of this.#world.boards) {
			if (!board.running) continue;
			for (const { kind } of TROUBLES) this.#world.fault(board.name, kind, 0);
		}
	}

	#count(what: string): void {
		this.counts[what] = (this.counts[what] ?? 0) + 1;
	}
}
