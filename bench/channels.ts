import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { columns } from "../sim/tools/table";
import { readOptions } from "../sim/tools/options";
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
function houses(options: Omit<HouseOptions, "seed">, act: (house: House) => Move, movesEach = MOVES, prepare: (house: House) => void = settled) {
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
	{ name: "announced-loss", title: "announced, 20 % lost", goal: "p95 < 2 s, worst < 5 s", run: houses({ devices: 10, loss: 0.2 }, moved(true)) },
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
];

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
const table: (string | number)[][] = [["until a device answers its hub again, s", "p50", "p95", "worst", "hub", "runs", "strayed", "air", "goal"]];
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
	table.push([row.title, s(p50), s(p95), s(worst), s(hub), moves.length, strayed, `${Math.round(air * 100)} %`, row.goal]);
	results[row.name] = { seed: options.number("seed"), runs: moves.length, p50Ms: Math.round(p50), p95Ms: Math.round(p95), worstMs: Math.round(worst), strayed };
	process.stderr.write(`bench-channels: ${row.title}: ${moves.length} runs in ${Math.round((Date.now() - startMs) / 1000)} s\n`);
}
process.stdout.write(`${columns(table, { right: true })}\n`);
if (options.text("save") === "yes") writeFileSync(RESULTS, `${JSON.stringify(results, null, "\t")}\n`);
