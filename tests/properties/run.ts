/**
 * Many scenarios, on all processors: `node properties.mjs --runs 2000 --seed 1`, plain houses and sealed ones, or `--only` one sort. Prints runs, rejected inputs and seeds; ends with 1 when a rule was
 * broken. Each batch has a seed of its own: `--runs 50 --seed <that>` tries the same scenarios again.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { readOptions } from "../../sim/tools/options";
import { type Found, HOUSES, type House, search, summary } from "./search";

const BATCH = 50;

const OPTIONS = {
	numbers: {
		runs: { lowest: 1, highest: 1_000_000, usual: 2000 },
		seed: { lowest: 0, highest: 0xffffffff, usual: 1 },
		/** For so long a scenario that breaks a rule is made smaller, in s. */
		patience: { lowest: 0, highest: 3600, usual: 120 },
	},
	texts: { only: "" },
	switches: ["batch"],
} as const;

/** One batch in a process of its own. */
function batch(house: House, runs: number, seed: number, patience: number): Promise<Found> {
	const script = process.argv[1] ?? "";
	const child = spawn(
		process.execPath,
		[script, "--batch", "--only", house, "--runs", String(runs), "--seed", String(seed), "--patience", String(patience)],
		{
			stdio: ["ignore", "pipe", "inherit"],
		},
	);
	let output = "";
	child.stdout.on("data", (data) => {
		output += data;
	});
	return new Promise((resolve, reject) => {
		child.on("error", reject);
		child.on("close", (code) => {
			if (code === 0) resolve(JSON.parse(output) as Found);
			else reject(new Error(`the batch with seed ${seed} ended with ${code}`));
		});
	});
}

async function all(houses: readonly House[], runs: number, seed: number, patience: number): Promise<Found[]> {
	const found: Found[] = [];
	const batches = houses.flatMap((house) =>
		Array.from({ length: Math.ceil(runs / BATCH) }, (_, i) => ({ house, runs: Math.min(BATCH, runs - i * BATCH), seed: seed + i })),
	);
	const total = batches.length;
	async function worker() {
		for (let next = batches.shift(); next; next = batches.shift()) {
			const result = await batch(next.house, next.runs, next.seed, patience);
			found.push(result);
			const verdict = result.failure ? `${next.house}, seed ${next.seed} FAILED: ${result.failure.wrong[0]}` : "";
			process.stderr.write(`properties: batch ${found.length} of ${total} ${verdict}\n`);
		}
	}
	await Promise.all(Array.from({ length: availableParallelism() }, worker));
	return found.sort((a, b) => a.seed - b.seed);
}

try {
	const given = readOptions(process.argv.slice(2), OPTIONS);
	const runs = given.number("runs");
	const seed = given.number("seed");
	const patience = given.number("patience");
	const only = given.text("only");
	const houses = (Object.keys(HOUSES) as House[]).filter((house) => only === "" || house === only);
	const [house] = houses;
	if (!house) throw new Error(`--only must be one of ${Object.keys(HOUSES).join(", ")}, not ${only}.`);
	if (given.has("batch")) process.stdout.write(JSON.stringify(search(house, runs, seed, patience * 1000)));
	else {
		const found = await all(houses, runs, seed, patience);
		console.log(summary(found));
		process.exitCode = found.some(({ failure }) => failure) ? 1 : 0;
	}
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = 2;
}
