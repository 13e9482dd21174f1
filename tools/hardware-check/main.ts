import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { accept } from "./acceptance";
import { type Arguments, readArguments, USAGE } from "./arguments";
import { Hub } from "./hub";
import { textAt } from "./look";
import { DeskOwner, Person } from "./owner";
import { asMarkdown, asTable, makeReport, type Reference } from "./report";

/** Written by `make hardware-reference`. */
const REFERENCE = "tools/hardware-check/virtual.json";

const MARKS = { passed: "ok     ", failed: "FAILED ", skipped: "skipped" } as const;

async function main(given: Arguments): Promise<void> {
	const hub = new Hub({ url: given.hub, password: given.password });
	const owner = given.world ? new DeskOwner(given.world) : new Person(given.yes);
	const start = performance.now();
	let told = "";
	const say = (line: string) => process.stderr.write(`${line}\n`);
	try {
		const lines = await accept({
			hub,
			owner,
			devices: given.devices,
			signedIn: given.password !== "",
			trips: given.trips,
			simulated: given.simulated,
			onLine: (line) => say(`${MARKS[line.verdict]} ${line.subject}: ${line.title}: ${line.value}`),
			progress: (text) => {
				if (text !== told) say(`        ${text}`);
				told = text;
			},
		});
		const status = await hub.json("/api/status").catch(() => undefined);
		const words = [textAt(status, "name"), textAt(status, "router", "ssid"), given.password, given.hub.hostname];
		const version = textAt(status, "version") || "unknown";
		const report = makeReport({ version, trips: given.trips, seconds: (performance.now() - start) / 1000, lines, words });
		const reference = existsSync(REFERENCE) ? (JSON.parse(readFileSync(REFERENCE, "utf8")) as Reference) : {};
		mkdirSync(dirname(given.out), { recursive: true });
		writeFileSync(`${given.out}.json`, `${JSON.stringify(report, null, "\t")}\n`);
		writeFileSync(`${given.out}.md`, asMarkdown(report, reference));
		process.stdout.write(
			`\n${asTable(report, reference)}${given.out}.md and .json hold no names, addresses and passwords: send them to us.\n`,
		);
		process.exitCode = report.counts.failed > 0 ? 1 : 0;
	} finally {
		owner.close();
	}
}

try {
	const given = readArguments(process.argv.slice(2), process.env);
	if (!given) process.stdout.write(`${USAGE}\n`);
	else await main(given);
} catch (error) {
	process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
	process.exitCode = 2;
}
