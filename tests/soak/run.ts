import { grown, type HeapRow, Soak, type SoakResult, total } from "./soak";

const USAGE = `make soak ARGS="…"
  --minutes N   of virtual time, 5 to 1440, default 60
  --boards N    the hub and its devices, 3 to 90, default 20
  --seed N      what everything random comes from, default 1
  --loss N      per cent of transmissions that are missed, 0 to 60, default 30`;

const RANGES: Readonly<Record<string, readonly [lowest: number, highest: number, usual: number]>> = {
	minutes: [5, 1440, 60],
	boards: [3, 90, 20],
	seed: [0, 0xffffffff, 1],
	loss: [0, 60, 30],
};

function parse(words: readonly string[]): Record<string, number> {
	const given = Object.fromEntries(Object.entries(RANGES).map(([name, [, , usual]]) => [name, usual]));
	for (let i = 0; i < words.length; i += 2) {
		const name = words[i]?.replace(/^--/, "") ?? "";
		const range = RANGES[name];
		const value = Number(words[i + 1]);
		if (!range || !(Number.isInteger(value) && value >= range[0] && value <= range[1])) throw new Error(USAGE);
		given[name] = value;
	}
	return given;
}

function table(heap: readonly HeapRow[], looks: readonly number[]): string {
	const row = (name: string, cells: readonly (string | number)[]) =>
		[name.padEnd(8), ...cells.map((cell) => String(cell).padStart(8))].join("");
	return [
		"bytes in use at rest, after so many minutes:",
		row("", [...looks, "growth", "boots"]),
		...heap.map(
			({ name, bytes, growth, sameLife, boots }) =>
				row(name, [...bytes, growth, boots]) + (sameLife ? "  the same program from the first look on" : ""),
		),
	].join("\n");
}

function conclude(result: SoakResult): string {
	const { made, answered, failed, cut, ledger, troubles, restarts, heap } = result;
	const wrong = [...result.wrong, ...grown(heap).map(({ name, growth }) => `${name}: its heap has grown by ${growth} bytes`)];
	return [
		`${made} requests in the house: ${answered} answered, ${total(failed)} told why not, ${cut} cut off by a restart or refused`,
		`reasons: ${JSON.stringify(failed)}`,
		`${ledger.taken} requests on the boards: ${ledger.settled} settled, ${ledger.twice} twice, ${ledger.late} late`,
		`caused: ${JSON.stringify(troubles)}`,
		`restarts: ${JSON.stringify(restarts)}`,
		...(wrong.length > 0 ? [`WRONG (${wrong.length}):`, ...wrong.slice(0, 50)] : ["nothing was wrong"]),
	].join("\n");
}

try {
	const { minutes = 60, boards = 20, seed = 1, loss = 30 } = parse(process.argv.slice(2));
	const looks = Array.from({ length: Math.max(1, Math.floor(minutes / 10) - 1) }, (_, i) => (minutes >= 20 ? 10 * (i + 1) : 4));
	const program = process.env.BOARD ?? "build/board/board";
	const report = (line: string) => process.stderr.write(`${line}\n`);
	console.log(`${boards} boards, ${minutes} minutes, ${loss} % loss, seed ${seed}`);
	const result = Soak.run({ looks: [...looks, minutes], boards, seed, loss: loss / 100, app: "build/virtual/app.json", program, report });
	console.log(table(result.heap, [...looks, minutes]));
	console.log(conclude(result));
	process.exitCode = result.wrong.length > 0 || grown(result.heap).length > 0 ? 1 : 0;
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = 1;
}
