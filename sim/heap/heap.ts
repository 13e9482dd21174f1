import { type Cell, columns } from "../tools/table";
import { Apps } from "./apps";
import { type Amount, type AtRest, atRest, bytes, modules, requests, SLOT_BYTES } from "./measure";

const thousands = (n: number) => n.toLocaleString("en-US");
const amount = (each: Amount | undefined): Cell[] =>
	each === undefined ? ["", "", ""] : [each.slots, each.chunks, bytes(each)].map((n) => thousands(n));

/** @param groups what the columns of slots, chunks and bytes are of */
function print(title: string, groups: readonly string[], rows: readonly (readonly Cell[])[]): void {
	const head = [title, ...groups.flatMap((group) => [`${group}: slots`, "chunks", "bytes"])];
	console.log(`\n${columns([head, ...rows], { right: true })}`);
}

function printRest(hub: AtRest, device: AtRest, room: { static: number; stack: number }): void {
	const parts = [...new Set([...hub.parts.keys(), ...device.parts.keys()])];
	const both = (text: (each: AtRest) => string) => [hub, device].flatMap((each) => ["", "", text(each)]);
	const stack = room.stack * SLOT_BYTES;
	print(
		"HEAP AT REST, what main makes",
		["hub", "device"],
		[
			...parts.map((label) => [label, ...amount(hub.parts.get(label)), ...amount(device.parts.get(label))]),
			["at rest", ...amount(hub.rest), ...amount(device.rest)],
			["JavaScript stack", ...both(() => thousands(stack))],
			[`free of ${thousands(room.static)}`, ...both(({ rest }) => thousands(room.static - stack - bytes(rest)))],
			["the budget: requests, answers, the web", ...both(({ budget }) => thousands(budget.bytes))],
			["of that in use", ...both(({ budget }) => thousands(budget.requests + budget.others + budget.web))],
			["free beside it, for garbage", ...both(({ rest, budget }) => thousands(room.static - stack - bytes(rest) - budget.bytes))],
			[`slots of the stack at its deepest, of ${room.stack}`, ...both(({ stack: deepest }) => thousands(deepest))],
		],
	);
}

function printModules(costs: ReadonlyMap<string, Amount>): void {
	const sorted = [...costs].sort(([a], [b]) => (a < b ? -1 : 1));
	const sum = [...costs.values()].reduce((a, b) => ({ slots: a.slots + b.slots, chunks: a.chunks + b.chunks }));
	print(
		"A MODULE IN RAM",
		["not preloaded"],
		[...sorted.map(([specifier, cost]) => [specifier, ...amount(cost)]), ["all, which preloading keeps in flash", ...amount(sum)]],
	);
}

function printRequests(costs: ReturnType<typeof requests>): void {
	print(
		"A REQUEST, and its cost to a board",
		["taken with its garbage", "left behind"],
		costs.map(({ request, board, taken, left }) => [`${request}: ${board}`, ...amount(taken), ...amount(left)]),
	);
}

const [program = "build/board-m32/board", app = "build/virtual/app.json"] = process.argv.slice(2);
try {
	const apps = new Apps({ app, folder: "build/heap" });
	console.log(
		program.includes("m32")
			? "32-bit words, as on the chip: slots have 16 bytes."
			: "64-bit words: slots as many as on the chip, counted with its 16 bytes; chunks are larger than there.",
	);
	const { hub, device } = atRest(apps, program);
	printRest(hub, device, apps.shipped.creation);
	printModules(modules(apps, program));
	printRequests(requests(apps, program));
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = 1;
}
