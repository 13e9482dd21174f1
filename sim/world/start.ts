import { existsSync } from "node:fs";
import { columns } from "../tools/table";
import { type Arguments, parseArguments, USAGE } from "./arguments";
import { Desk, type DeskBoard } from "./desk";

const APP = "build/virtual/app.json";
const PROGRAM = "build/board/board";

function table(boards: readonly DeskBoard[]): string {
	const rows = boards.map(({ name, role, mac, lan, ap }) => [name, role, mac, lan, ap]);
	return columns([["board", "role", "MAC", "house", "setup access point"], ...rows]);
}

function fail(error: unknown): never {
	process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
	process.exit(1);
}

async function main(given: Arguments): Promise<void> {
	for (const [file, goal] of [
		[APP, "app"],
		[PROGRAM, "board"],
	] as const)
		if (!existsSync(file)) throw new Error(`${file} is missing: make ${goal} builds it, make start does so by itself.`);
	const { host, port, devices, seed, air, factory, plain, json } = given;
	const report = (line: string) => process.stderr.write(`${line}\n`);
	let desk: Desk | undefined;
	const end = () => desk?.close();
	for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
		process.once(signal, () => {
			end();
			process.exit(0);
		});
	desk = await Desk.start({
		host,
		port,
		devices,
		seed,
		air,
		factory,
		plain,
		app: APP,
		program: PROGRAM,
		report,
		onError: (error) => {
			end();
			fail(error);
		},
	});
	if (json) {
		process.stdout.write(`${JSON.stringify({ ready: true, world: desk.url, boards: desk.boards })}\n`);
		return;
	}
	process.stdout.write(`${table(desk.boards)}\n\n`);
	process.stdout.write(`Ready. The world is steered at ${desk.url} (GET / lists the calls); Ctrl-C ends it.\n`);
	const [hub, device] = desk.boards;
	if (!factory && hub && device) process.stdout.write(`Try: curl '${hub.lan}/?mac=${device.mac}&msg=on'\n`);
}

try {
	const given = parseArguments(process.argv.slice(2));
	if (given.help) process.stdout.write(`${USAGE}\n`);
	else main(given).catch(fail);
} catch (error) {
	fail(error);
}
