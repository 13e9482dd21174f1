import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CountersView } from "../../modules/espnow/types";
import { boardMac } from "../../sim/world/mac";
import { joinAll } from "../../sim/world/provision";
import { Random } from "../../sim/world/random";
import { ROUTER_DEFAULTS } from "../../sim/world/router";
import { type BoardSpec, World } from "../../sim/world/world";
import { Conversation, HOUSE_PASSWORD } from "./conversation";
import { appWithLedger, type Ledger } from "./ledger";
import { endsOf, Troubles } from "./troubles";

export interface SoakOptions {
	/** When the heaps are looked at, in minutes of virtual time; the last one is the end. */
	readonly looks: readonly number[];
	readonly boards: number;
	readonly seed: number;
	readonly loss: number;
	readonly app: string;
	readonly program: string;
	/** Told once a minute. */
	readonly report?: (line: string) => void;
}

export interface HeapRow {
	readonly name: string;
	/** Bytes in use after a collection, at rest, at each look. */
	readonly bytes: readonly number[];
	/** From the first look to the last. */
	readonly growth: number;
	/** The same program all the time between these two. */
	readonly sameLife: boolean;
	readonly boots: number;
}

export interface SoakResult {
	readonly made: number;
	readonly answered: number;
	readonly failed: Readonly<Record<string, number>>;
	readonly cut: number;
	/** Requests that the boards themselves took up, settled, settled twice, settled late; of programs that ran at a full minute. */
	readonly ledger: Ledger;
	readonly troubles: Readonly<Record<string, number>>;
	readonly restarts: Readonly<Record<string, number>>;
	readonly heap: readonly HeapRow[];
	/** What must not be; empty when all is well. */
	readonly wrong: readonly string[];
	/** Hash over all lines to and from the boards. */
	readonly transcript: string;
}

interface Status {
	readonly requests: { open: number; unsent: number };
	readonly counters: CountersView & { readonly ledger: Ledger };
	readonly ap: { state: string };
	readonly web: { faults: number };
}

/** As on the chip; chunks count with what they take here, where arrays' are twice as large. */
const SLOT_BYTES = 16;
const STEP_MS = 100;
/** Means, in ms. */
const ASK_MS = 400;
const TROUBLE_MS = 5_000;
const STOP_MS = 20_000;
const ROUTER_MS = 600_000;
/** Setup access points close a minute after the start and half a minute after their last use. */
const CALM_MS = 110_000;
const RESTARTS_OF_OUR_OWN = ["software", "reset-button"];

/**
 * What a board remembers of others differs from moment to moment by some hundred bytes; 50 bytes for each request that it has served
 * would be a hundred times that in an hour.
 */
const FLAT_BYTES = 4_096;

/** Boards that nothing stops, so that their heap can be compared over the whole time: the hub and every fifth device. */
const isSteady = (name: string) => name === "Hub" || name.endsWith("0") || name.endsWith("5");

/** Two devices of three are joined by keys, the others talk plain text. */
const isSealed = (index: number) => index % 3 !== 0;

/** A house under load, loss, resets and faults, for a long time; what must hold all the while is looked at every minute. */
export class Soak {
	readonly #options: SoakOptions;
	readonly #world: World;
	readonly #random: Random;
	readonly #conversation: Conversation;
	readonly #troubles: Troubles;
	readonly #wrong: string[] = [];
	readonly #restarts: Record<string, number> = {};
	/** The last figures of each life of each board. */
	readonly #ledgers = new Map<string, Ledger>();
	readonly #mayEnd = new Map<string, string[]>();
	#logSeen = 0;

	private constructor(options: SoakOptions, app: string) {
		const { seed, program } = options;
		this.#options = options;
		this.#world = new World({ seed, app, program, boards: specs(options.boards) });
		this.#random = new Random(seed, "soak");
		this.#conversation = new Conversation(this.#world, new Random(seed, "conversation"));
		this.#troubles = new Troubles(this.#world, new Random(seed, "troubles"), isSteady);
	}

	static run(options: SoakOptions): SoakResult {
		const folder = mkdtempSync(join(tmpdir(), "soak-"));
		try {
			const soak = new Soak(options, appWithLedger(options.app, folder));
			try {
				return soak.#run();
			} finally {
				soak.#world.close();
			}
		} finally {
			rmSync(folder, { recursive: true });
		}
	}

	#run(): SoakResult {
		const { looks, loss } = this.#options;
		const world = this.#world;
		world.boot();
		world.advance(10_000);
		world.air.loss = loss;
		world.air.duplicate = 0.01;
		const heaps = looks.map((minutes) => {
			this.#pass(minutes);
			return this.#heaps();
		});
		const { made, answered, failed, cut, wrong } = this.#conversation;
		return {
			made,
			answered,
			failed,
			cut,
			ledger: sum([...this.#ledgers.values()]),
			troubles: this.#troubles.counts,
			restarts: this.#restarts,
			heap: world.boards.map(({ name, bootCount }, i) => {
				const row = heaps.map((heap) => heap[i] ?? { bytes: 0, life: 0 });
				const bytes = row.map((look) => look.bytes);
				const sameLife = row[0]?.life === row.at(-1)?.life;
				return { name, bytes, growth: (bytes.at(-1) ?? 0) - (bytes[0] ?? 0), sameLife, boots: bootCount };
			}),
			wrong: [...this.#wrong, ...wrong],
			transcript: world.transcript,
		};
	}

	/** Lets the house live until so many minutes have passed, the last part of them in calm. */
	#pass(minutes: number): void {
		const world = this.#world;
		const endMs = minutes * 60_000;
		const happens = (meanMs: number) => this.#random.next() < STEP_MS / meanMs;
		let minute = Math.floor(world.timeMs / 60_000);
		let calm = false;
		while (world.timeMs < endMs) {
			if (!calm && world.timeMs >= endMs - CALM_MS) {
				calm = true;
				this.#troubles.end();
			}
			if (!calm && happens(ASK_MS)) this.#conversation.ask();
			if (!calm && happens(TROUBLE_MS)) this.#troubles.cause();
			if (!calm && happens(STOP_MS)) this.#troubles.stop();
			if (!calm && happens(ROUTER_MS)) this.#troubles.router();
			world.advance(STEP_MS);
			this.#conversation.look();
			if (Math.floor(world.timeMs / 60_000) === minute) continue;
			minute = Math.floor(world.timeMs / 60_000);
			this.#inspect(minute);
		}
		if (this.#conversation.open > 0) this.#wrong.push(`${this.#conversation.open} requests were still open after the calm`);
	}

	#inspect(minute: number): void {
		for (const board of this.#world.boards) {
			if (!board.running) continue;
			const status = board.snapshot() as Status | undefined;
			// A planted fault may end it while it is looked at; whether it was one is judged with the other restarts.
			if (!status) continue;
			const { counters, requests, web } = status;
			const { pongs, replies, relayed, commands, reports, sealing, dropped, framesIn, ledger } = counters;
			const claim = (holds: boolean, what: string) => {
				if (!holds) this.#wrong.push(`minute ${minute}, ${board.name}: ${what}`);
			};
			const accounted = pongs + replies + relayed + commands + reports + sealing + total(dropped);
			claim(framesIn === accounted, `${framesIn} frames came in, ${accounted} are accounted for`);
			const open = requests.open + requests.unsent;
			claim(ledger.taken === ledger.settled + open, `${ledger.taken} requests, ${ledger.settled} settled, ${open} open`);
			claim(ledger.twice === 0, `${ledger.twice} requests were settled twice`);
			claim(ledger.late === 0, `${ledger.late} requests were settled after their deadline`);
			claim((counters.events.fault ?? 0) === 0 && web.faults === 0, "the firmware caught an error of its own");
			this.#ledgers.set(`${board.name} ${board.bootCount}`, ledger);
		}
		this.#judgeRestarts(minute);
		const { made, answered, failed, cut } = this.#conversation;
		this.#options.report?.(`minute ${minute}: ${made} requests, ${answered} answered, ${total(failed)} failed, ${cut} cut off`);
	}

	/** A board may end as it orders itself, or of a fault that was planted in this life of it. */
	#judgeRestarts(minute: number): void {
		for (const { board, event, kind, reason } of this.#world.log.since(this.#logSeen)) {
			const name = this.#world.find(board ?? "")?.name ?? "";
			if (event === "power-on") this.#mayEnd.set(name, [...RESTARTS_OF_OUR_OWN]);
			if (event === "fault") this.#mayEnd.get(name)?.push(...endsOf(kind));
			if (event !== "restart") continue;
			const why = String(reason);
			this.#restarts[why] = (this.#restarts[why] ?? 0) + 1;
			if (!this.#mayEnd.get(name)?.includes(why)) this.#wrong.push(`minute ${minute}, ${name} ended: ${why}`);
		}
		this.#logSeen = this.#world.log.next;
	}

	#heaps(): { bytes: number; life: number }[] {
		return this.#world.boards.map((board) => {
			if (!board.running) throw new Error(`${board.name} is not up after the calm`);
			const { ap } = board.snapshot() as Status;
			if (ap.state !== "off") this.#wrong.push(`${board.name}: its setup access point is still ${ap.state}`);
			board.collect();
			const { slots, chunks } = board.collect();
			return { bytes: slots * SLOT_BYTES + chunks, life: board.life };
		});
	}
}

function specs(boards: number): BoardSpec[] {
	const { ssid, password, channel } = ROUTER_DEFAULTS;
	const setupAP = { minutes: 1 };
	const hub: BoardSpec = {
		name: "Hub",
		config: { name: "Hub", role: "hub", router: { ssid, password }, house: { password: HOUSE_PASSWORD }, setupAP },
	};
	const devices = Array.from({ length: boards - 1 }, (_, i): BoardSpec => {
		const name = `Room ${i + 1}`;
		return { name, config: { name, role: "device", hub: boardMac(0), channel, setupAP, pins: { relay: { pin: 9, invert: false } } } };
	});
	return joinAll([hub, ...devices], isSealed);
}

function sum(ledgers: readonly Ledger[]): Ledger {
	const all = { taken: 0, settled: 0, twice: 0, late: 0 };
	for (const { taken, settled, twice, late } of ledgers) {
		all.taken += taken;
		all.settled += settled;
		all.twice += twice;
		all.late += late;
	}
	return all;
}

/** Boards that hold more at the end than at the first look although their program ran all the while. */
export function grown(heap: readonly HeapRow[]): HeapRow[] {
	return heap.filter(({ growth, sameLife }) => sameLife && growth > FLAT_BYTES);
}

/** Of counts by name. */
export function total(counts: Readonly<Record<string, number>>): number {
	return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
