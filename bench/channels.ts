import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { readOptions } from "../sim/tools/options";
import { columns } from "../sim/tools/table";
import { House, type HouseOptions, type Move } from "./channels-house";
import { percentile } from "./plan";

const RESULTS = "bench/channels.json";
/** Moves that one house goes through before it is built anew. */
const MOVES = 5;
const document = process.env.SEED_DOC ?? "";

const options = readOptions(process.argv.slice(2), {
	numbers: {
		runs: { lowest: 1, highest: 10_000, usual: 100 },
		seed: { lowest: 1, highest: 1_000_000, usual: 1 },
	},
	texts: { lines: "all", save: "no" },
});

interface Row {
	readonly name: string;
	readonly title: string;
	readonly goal: string;
	readonly runs?: number;
	run(seed: number, runs: number): Move[];
}

/** So many runs in as many houses as it takes; each house moves a few times, at random moments. */
function houses(
	options: Omit<HouseOptions, "seed">,
	act: (house: House) => Move,
	movesEach = MOVES,
	prepare: (house: House) => void = settled,
) {
	return (seed: number, runs: number): Move[] => {
		const moves: Move[] = [];
		for (let made = 0; moves.length < runs; made++) {
			const house = new House({ ...options, seed: seed * 10_000 + made });
			try {
				prepare(house);
				for (let i = 0; i < movesEach && moves.length < runs; i++) {
					house.world.advance(house.random.below(30_000));
					moves.push(act(house));
				}
			} finally {
				house.close();
			}
		}
		return moves;
	};
}

/** All devices were met, and the setup access points have closed. */
function settled(house: House): void {
	house.world.advance(12_000);
	house.meet();
	house.world.advance(Math.max(0, 75_000 - house.world.timeMs));
	house.meet();
}

const moved = (announce: boolean) => (house: House) =>
	house.move(() => house.world.changeRouter({ channel: house.otherChannel() }, announce));

function busy(act: (house: House) => Move) {
	return (house: House) => {
		house.startTraffic();
		house.world.advance(6_000);
		const move = act(house);
		house.stopTraffic();
		return move;
	};
}

const ROWS: readonly Row[] = [
	{ name: "announced", title: "announced move", goal: "p95 < 1 s, worst < 5 s", run: houses({ devices: 10 }, moved(true)) },
	{
		name: "announced-loss",
		title: "announced, 20 % lost",
		goal: "p95 < 2 s, worst < 5 s",
		run: houses({ devices: 10, loss: 0.2 }, moved(true)),
	},
	{
		name: "announced-window",
		title: "announced, setup windows open",
		goal: "p95 < 1 s, worst < 5 s",
		run: houses({ devices: 10, setupMinutes: 3 }, moved(true), 2, (house) => {
			house.world.advance(12_000);
			house.meet();
		}),
	},
	{ name: "silent", title: "silent move, no traffic", goal: "all < 15 s", run: houses({ devices: 10 }, moved(false)) },
	{ name: "silent-traffic", title: "silent move, traffic", goal: "p95 < 3 s", run: houses({ devices: 10 }, busy(moved(false))) },
	{
		name: "power-cut",
		title: "house power cut",
		goal: "all < 10 s",
		run: houses({ devices: 10 }, (house) => house.move(() => house.cutPower()), 2),
	},
	{ name: "many-announced", title: "200 devices, announced", goal: "printed", runs: 3, run: houses({ devices: 200 }, moved(true), 3) },
	{ name: "many-silent", title: "200 devices, silent", goal: "printed", runs: 3, run: houses({ devices: 200 }, moved(false), 3) },
	{ name: "day", title: "router away for a day", goal: "all < 15 s, 3 writes", runs: 1, run: houses({ devices: 3 }, day, 1) },
];

/** The router is away for 24 hours. */
function day(house: House): Move {
	const before = house.flashWrites;
	const opened = house.world.log.of("ap-open").length;
	house.world.changeRouter({ power: false });
	house.world.advance(86_400_000);
	const move = house.move(() => house.world.changeRouter({ power: true, channel: house.otherChannel() }));
	const writes = Math.max(...house.flashWrites.map((count, i) => count - (before[i] ?? 0)));
	process.stderr.write(
		`router away for a day: at most ${writes} flash writes, ${house.world.log.of("ap-open").length - opened} setup windows opened\n`,
	);
	return move;
}

/** Requests of a person: how many, how many failed, and how many of those failed again when they were repeated once. */
interface Requests {
	readonly name: string;
	readonly title: string;
	readonly goal: string;
	run(seed: number, runs: number): { asked: number; failed: number; again: number };
}

const REQUESTS: readonly Requests[] = [
	{
		name: "mesh",
		title: "three access points, the hub roams every minute for an hour",
		goal: "at most 1 % fail, none again",
		run(seed) {
			const house = new House({ devices: 10, seed: seed * 10_000 });
			settled(house);
			const { world, random } = house;
			const counts = { asked: 0, failed: 0, again: 0 };
			const ids = ["main", "upstairs", "garage"];
			world.changeRouter({ channel: 1 }, true);
			world.changeRouter({ channel: 6, rssi: -85 }, false, "upstairs");
			world.changeRouter({ channel: 11, rssi: -85 }, false, "garage");
			world.advance(5_000);
			for (let minute = 1; minute <= 60; minute++) {
				world.steer("Hub", ids[minute % 3] ?? "main");
				const untilMs = world.timeMs + 60_000;
				while (world.timeMs < untilMs) {
					world.advance(500 + random.below(3_000));
					if (!world.reachable(world.board("Hub"), "lan")) continue;
					count(house, random.below(10), counts);
				}
			}
			house.close();
			return counts;
		},
	},
	{
		name: "asked",
		title: "a request within 3 s of an announced move",
		goal: "95 % answered",
		run(seed, runs) {
			const counts = { asked: 0, failed: 0, again: 0 };
			for (let made = 0; counts.asked < runs; made++) {
				const house = new House({ devices: 10, loss: 0.1, seed: seed * 10_000 + made });
				settled(house);
				for (let i = 0; i < 10 && counts.asked < runs; i++) {
					house.world.advance(20_000 + house.random.below(10_000));
					house.world.changeRouter({ channel: house.otherChannel() }, true);
					house.world.advance(house.random.below(3_000) * house.random.next());
					count(house, house.random.below(10), counts);
				}
				house.close();
			}
			return counts;
		},
	},
];

function count(house: House, index: number, counts: { asked: number; failed: number; again: number }): void {
	counts.asked++;
	if (house.ask(index)) return;
	counts.failed++;
	if (!house.ask(index)) counts.again++;
}

function originals(page: string): Row[] {
	const ready = (house: House) => {
		house.world.advance(130_000 - house.world.timeMs);
		house.meet();
	};
	const ten = { devices: 10, original: page };
	const runs = Math.min(options.number("runs"), 10);
	return [
		{ name: "original-announced", title: "original: announced move", goal: "", runs, run: houses(ten, busy(moved(true)), 1, ready) },
		{ name: "original-silent", title: "original: silent move", goal: "", runs, run: houses(ten, busy(moved(false)), 1, ready) },
	];
}

const wanted = options.text("lines").split(",");
const rows = [...ROWS, ...(document !== "" && existsSync(document) ? originals(document) : [])];
const s = (ms: number) => (Number.isFinite(ms) ? (ms / 1000).toFixed(2) : "never");
const table: (string | number)[][] = [
	["until a device answers its hub again, s", "p50", "p95", "worst", "hub", "runs", "strayed", "air", "goal"],
];
const results: Record<string, object> = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, "utf8")) : {};
for (const row of rows) {
	if (wanted[0] !== "all" && !wanted.includes(row.name)) continue;
	const startMs = Date.now();
	const moves = row.run(options.number("seed"), row.runs ?? options.number("runs"));
	const times = moves.flatMap(({ backMs }) => backMs);
	const strayed = moves.reduce((sum, move) => sum + move.strayed, 0);
	const air = moves.reduce((sum, move) => sum + move.airtime, 0) / moves.length;
	const p50 = percentile(times, 0.5);
	const p95 = percentile(times, 0.95);
	const worst = Math.max(...times);
	const hub = percentile(
		moves.map(({ hubMs }) => hubMs),
		0.5,
	);
	const line = [row.title, s(p50), s(p95), s(worst), s(hub), moves.length, strayed, `${Math.round(air * 100)} %`, row.goal];
	table.push(line);
	results[row.name] = {
		seed: options.number("seed"),
		runs: moves.length,
		p50Ms: Math.round(p50),
		p95Ms: Math.round(p95),
		worstMs: Math.round(worst),
		strayed,
	};
	process.stderr.write(`${line.join("  ")}: ${Math.round((Date.now() - startMs) / 1000)} s of work\n`);
}
const answers: (string | number)[][] = [["requests of people", "asked", "failed", "again", "goal"]];
for (const row of REQUESTS) {
	if (wanted[0] !== "all" && !wanted.includes(row.name)) continue;
	const { asked, failed, again } = row.run(options.number("seed"), options.number("runs"));
	answers.push([row.title, asked, failed, again, row.goal]);
	results[row.name] = { seed: options.number("seed"), asked, failed, again };
	process.stderr.write(`${answers.at(-1)?.join("  ")}\n`);
}
process.stdout.write(`${columns(table, { right: true })}\n`);
if (answers.length > 1) process.stdout.write(`\n${columns(answers, { right: true })}\n`);
if (options.text("save") === "yes") writeFileSync(RESULTS, `${JSON.stringify(results, null, "\t")}\n`);
