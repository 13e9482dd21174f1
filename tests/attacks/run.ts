import { writeFileSync } from "node:fs";
import { readOptions } from "../../sim/tools/options";
import { columns } from "../../sim/tools/table";
import { type AttackResult, Attacks } from "./attacks";
import { faultsOf, harmOf } from "./judge";
import { kinds } from "./kinds";

const USAGE = `make attacks ARGS="…"
  --minutes N     of virtual time, 2 to 1440, default 60
  --boards N      the hub and its devices, 5 to 60, default 20
  --seed N        what everything random comes from, default 1
  --only KIND     one kind of attack alone, all the time; \`each\`: one kind after the other, each in a house of its own
  --app FILE      app.json of the firmware
  --board FILE    the board program
  --harm FILE     a JSON file for what harm each kind has done`;

const ALL = "all";
const EACH = "each";
const OPTIONS = {
	numbers: {
		minutes: { lowest: 2, highest: 1440, usual: 60 },
		boards: { lowest: 5, highest: 60, usual: 20 },
		seed: { lowest: 0, highest: 0xffffffff, usual: 1 },
	},
	texts: { only: ALL, app: "build/virtual/app.json", board: process.env.BOARD ?? "build/board/board", harm: "-" },
	switches: ["help"],
} as const;

const most = (counts: Readonly<Record<string, number>>) =>
	Object.entries(counts)
		.sort(([, a], [, b]) => b - a)
		.slice(0, 6)
		.map(([what, count]) => `${what}: ${count}`)
		.join(", ") || "none";

function conclude(result: AttackResult): string {
	const { owner, flashWrites, heaps } = result;
	const share = ((100 * owner.answered) / owner.asked).toFixed(2);
	const writes = [...flashWrites].sort(([, a], [, b]) => b - a).slice(0, 3);
	const hub = heaps.get("Hub") ?? [];
	return [
		columns([
			["attack", "attempts", "told", "how they ended"],
			...result.kinds.map(({ name, attempts, told, ends }) => [name, attempts, told || "", most(ends)]),
		]),
		"",
		`owner: ${owner.asked} asked, ${owner.answered} answered (${share} %), ${owner.atOnce} of them at once, p95 ${Math.round(owner.p95Ms)} ms`,
		`lost: ${most(owner.lost)}`,
		`restarts: ${most(result.restarts)}; by orders in the hub's name, of the one device that gets them: ${result.orderedRestarts}`,
		`configurations changed: ${most(result.changed)}`,
		`relays switched: ${result.switched}; secrets told: ${result.told}; frames of boards that are no text: ${result.spoilt}`,
		`flash writes, most: ${writes.map(([name, count]) => `${name}: ${count}`).join(", ")}`,
		`the hub's heap at quiet moments, slots: ${hub.map(({ minute, slots }) => `${slots} (${minute} min)`).join(", ")}`,
	].join("\n");
}

try {
	const options = readOptions(process.argv.slice(2), OPTIONS);
	if (options.has("help")) console.log(USAGE);
	else {
		const only = options.text("only");
		const minutes = options.number("minutes");
		const common = {
			minutes,
			boards: options.number("boards"),
			seed: options.number("seed"),
			app: options.text("app"),
			program: options.text("board"),
			report: (line: string) => process.stderr.write(`${line}\n`),
		};
		const harm: Record<string, string> = {};
		for (const kind of only === EACH ? kinds().map(({ name }) => name) : [only]) {
			const result = Attacks.run({ ...common, ...(kind === ALL ? {} : { only: kind }) });
			const faults = faultsOf(result, minutes);
			console.log(`${common.boards} boards, ${minutes} minutes, seed ${common.seed}, ${kind}\n\n${conclude(result)}\n`);
			console.log(faults.length > 0 ? `WRONG (${faults.length}):\n${faults.slice(0, 50).join("\n")}\n` : "nothing was wrong\n");
			harm[kind] = harmOf(result).join("; ");
			if (faults.length > 0) process.exitCode = 1;
		}
		const file = options.text("harm");
		if (file !== OPTIONS.texts.harm) writeFileSync(file, `${JSON.stringify(harm, null, "\t")}\n`);
	}
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = 1;
}
