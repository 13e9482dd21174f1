import { readOptions } from "../../sim/tools/options";
import { columns } from "../../sim/tools/table";
import { grown, type HeapRow, Soak, type SoakResult, total } from "./soak";

const USAGE = `make soak ARGS="…"
  --minutes N   of virtual time, 5 to 1440, default 60
  --boards N    the hub and its devices, 3 to 90, default 20
  --seed N      what everything random comes from, default 1
  --loss N      per cent of transmissions that are missed, 0 to 60, default 30`;

const OPTIONS = {
	numbers: {
		minutes: { lowest: 5, highest: 1440, usual: 60 },
		boards: { lowest: 3, highest: 90, usual: 20 },
		seed: { lowest: 0, highest: 0xffffffff, usual: 1 },
		loss: { lowest: 0, highest: 60, usual: 30 },
	},
	switches: ["help"],
} as const;

function table(heap: readonly HeapRow[], looks: readonly number[]): string {
	const rows = heap.map(({ name, bytes, growth, sameLife, boots }) => [name, ...bytes, growth, boots, sameLife ? "yes" : ""]);
	const lines = columns([["", ...looks, "growth", "boots", "one life"], ...rows], { right: true });
	return `bytes in use at rest, after so many minutes (one life: the same program from the first look on):\n${lines}`;
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
	const given = readOptions(process.argv.slice(2), OPTIONS);
	if (given.has("help")) {
		console.log(USAGE);
		process.exit(0);
	}
	const [minutes, boards, seed, loss] = [given.number("minutes"), given.number("boards"), given.number("seed"), given.number("loss")];
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
