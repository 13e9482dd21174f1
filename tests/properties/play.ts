import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogEvent } from "../../sim/world/log";
import { boardMac } from "../../sim/world/mac";
import { ROUTER_DEFAULTS } from "../../sim/world/router";
import { type BoardSpec, World } from "../../sim/world/world";
import { type Planned, plannedApp } from "./firmware";
import { type Ask, BUSY_MS, pairIndex, type Scenario, type Trouble } from "./scenario";

const APP = "build/virtual/app.json";
const PROGRAM = process.env.BOARD ?? "build/board/board";
/** All boards are up by then. */
const UP_MS = 4_000;
/** A board that was reset at the end of the busy time carries out its plan once more, and its last request takes 10 s. */
const END_MS = UP_MS + 2 * BUSY_MS + 3_000 + 10_000 + 2_000;

/** What a board says of itself at the end. */
export interface Status {
	readonly sending: boolean;
	readonly requestToSend: boolean;
	readonly requests: { readonly open: number; readonly unsent: number };
	readonly counters: {
		readonly framesIn: number;
		readonly pongs: number;
		readonly replies: number;
		readonly relayed: number;
		readonly commands: number;
		readonly reports: number;
		readonly sealing: number;
		readonly dropped: Readonly<Record<string, number>>;
		readonly events: Readonly<Record<string, number>>;
		readonly ledger: { readonly taken: number; readonly settled: number; readonly twice: number; readonly late: number };
	};
}

/** What came of a scenario. */
export interface Course {
	readonly scenario: Scenario;
	readonly macs: readonly string[];
	readonly log: readonly LogEvent[];
	/** Frames of strangers that a board's radio has acknowledged: when they were handed to the stranger's radio, and when that knew. */
	readonly heard: readonly {
		readonly board: number;
		readonly from: string;
		readonly text: string;
		readonly sentMs: number;
		readonly timeMs: number;
	}[];
	/** What was done to boards, and when. */
	readonly done: readonly { readonly board: number; readonly kind: string; readonly timeMs: number }[];
	readonly endMs: number;
	/** Of each board: its status, and its heap in use after a collection, in bytes. */
	readonly boards: readonly { readonly status: Status; readonly heapBytes: number }[];
	/** What each board's heap has room for. */
	readonly heapLimit: number;
}

const SLOT_BYTES = 16;
const CHIP_HEAP_BYTES = 94_208;

/** Lets a scenario happen on real boards, in virtual time. */
export function play(scenario: Scenario): Course {
	const folder = mkdtempSync(join(tmpdir(), "properties-"));
	const world = makeWorld(scenario, folder);
	try {
		return run(scenario, world);
	} finally {
		world.close();
		rmSync(folder, { recursive: true });
	}
}

function makeWorld(scenario: Scenario, folder: string): World {
	const { boards: count, hub, seed } = scenario;
	const { ssid, password, channel } = ROUTER_DEFAULTS;
	const boards = Array.from({ length: count }, (_, i): BoardSpec => {
		const name = `Board ${i}`;
		const plan = scenario.asks.flatMap((ask, n) => (ask.from % count === i ? [planned(ask, n, count)] : []));
		const role =
			hub && i === 0 ? { role: "hub", router: { ssid, password } } : { role: "device", hub: hub ? boardMac(0) : boardMac(50), channel };
		return { name, app: plannedApp(APP, folder, i, plan), config: { name, ...role } };
	});
	const world = new World({ seed, app: APP, program: PROGRAM, boards });
	for (let a = 0; a < count; a++)
		for (let b = 0; b < a; b++) if (scenario.reach[pairIndex(a, b)] === false) world.link(boardMac(a), boardMac(b), null);
	return world;
}

function planned({ to, via, atMs, what, answerMs }: Ask, n: number, count: number): Planned {
	const way = [...via, to].map((board) => boardMac(board % count));
	const path = way
		.slice(1)
		.map((mac) => `!${mac},`)
		.join("");
	return { n, atMs: UP_MS + atMs, to: way[0] ?? "", path, message: what, answerMs };
}

function run(scenario: Scenario, world: World): Course {
	const heard: Course["heard"][number][] = [];
	const done: Course["done"][number][] = [];
	world.boot();
	world.air.loss = scenario.loss;
	world.air.duplicate = scenario.duplicate;
	for (const trouble of scenario.troubles)
		world.clock.after((UP_MS + trouble.atMs) * 1000, () => {
			const board = trouble.board % world.boards.length;
			cause(world, board, trouble);
			done.push({ board, kind: trouble.kind, timeMs: world.timeMs });
		});
	for (const { to, atMs, stranger, text } of scenario.strangers)
		world.clock.after((UP_MS + atMs) * 1000, () => {
			const board = to % world.boards.length;
			const from = boardMac(100 + stranger);
			const sentMs = world.timeMs;
			world.sendFrame({ from, to: boardMac(board), payload: Buffer.from(text, "utf8") }, ({ outcome }) => {
				if (outcome === "acked") heard.push({ board, from, text, sentMs, timeMs: world.timeMs });
			});
		});
	world.advance(END_MS);
	return {
		scenario,
		macs: world.boards.map(({ mac }) => mac),
		log: world.log.since(0),
		heard,
		done,
		endMs: world.timeMs,
		boards: world.boards.map((board) => {
			const status = board.snapshot() as Status;
			board.collect();
			const { slots, chunks } = board.collect();
			return { status, heapBytes: slots * SLOT_BYTES + chunks };
		}),
		heapLimit: CHIP_HEAP_BYTES,
	};
}

function cause(world: World, index: number, { kind, count }: Trouble): void {
	const board = world.boards[index];
	if (!board) return;
	if (kind === "reset") board.pressReset();
	else if (kind === "power") {
		board.powerOff();
		world.clock.after(count * 200_000, () => board.powerOn());
	} else if (board.running) world.fault(board.name, kind, kind === "burst" ? 10 * count : count);
}
