import { Apps } from "./apps";
import { type Amount, type AtRest, atRest, bytes, modules, requests, SLOT_BYTES } from "./measure";

const LABEL = 40;
const CELL = 9;

const thousands = (n: number) => n.toLocaleString("en-US");
const amount = (each: Amount | undefined) =>
	each === undefined ? " ".repeat(3 * CELL) : [each.slots, each.chunks, bytes(each)].map((n) => thousands(n).padStart(CELL)).join("");
const line = (label: string, ...groups: string[]) => console.log(label.padEnd(LABEL) + groups.join("   "));

/** Title lines of a table with so many groups of three figures. */
function head(title: string, ...groups: string[]): void {
	console.log();
	line(title, ...groups.map((group) => group.padStart(3 * CELL)));
	line("", ...groups.map(() => ["slots", "chunks", "bytes"].map((each) => each.padStart(CELL)).join("")));
}

function printRest(hub: AtRest, device: AtRest, room: { static: number; stack: number }): void {
	head("HEAP AT REST, what main makes", "hub", "device");
	for (const label of new Set([...hub.parts.keys(), ...device.parts.keys()]))
		line(label, amount(hub.parts.get(label)), amount(device.parts.get(label)));
	line("at rest", amount(hub.rest), amount(device.rest));
	const both = (text: (each: AtRest) => string) => [text(hub), text(device)].map((each) => each.padStart(3 * CELL));
	const stack = room.stack * SLOT_BYTES;
	line("JavaScript stack", ...both(() => thousands(stack)));
	line(`free of ${thousands(room.static)}`, ...both(({ rest }) => thousands(room.static - stack - bytes(rest))));
	line("the stack at its deepest", ...both(({ stack }) => `${stack} of ${room.stack} slots`));
}

function printModules(costs: ReadonlyMap<string, Amount>): void {
	head("A MODULE IN RAM", "not preloaded");
	for (const [specifier, cost] of [...costs].sort(([a], [b]) => (a < b ? -1 : 1))) line(specifier, amount(cost));
	const sum = [...costs.values()].reduce((a, b) => ({ slots: a.slots + b.slots, chunks: a.chunks + b.chunks }));
	line("all, which preloading keeps in flash", amount(sum));
}

function printRequests(costs: ReturnType<typeof requests>): void {
	head("A REQUEST, and its cost to a board", "taken, garbage included", "left after a collection");
	for (const { request, board, taken, left } of costs) line(`${request}: ${board}`, amount(taken), amount(left));
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
