import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { Handler } from "handler/handler";
import ts from "typescript";
import { fakeBoard, ownHub, stranger } from "./handler-fakes";

/** docs/how-to.md is followed as it stands. */
const PAGE = readFileSync("docs/how-to.md", "utf8");

const section = (title: string) => PAGE.split(`## ${title}\n`)[1]?.split("\n## ")[0] ?? "";

/** The code blocks of a section, without the indentation of their list. */
function code(title: string): string[] {
	const found = [...section(title).matchAll(/^( *)```\w+\n(.*?)^ *```$/gms)];
	return found.map(([, indent = "", text = ""]) => text.replace(new RegExp(`^${indent}`, "gm"), "").trim());
}

/** Puts text behind the only place in a file where a line reads so. */
function insert(file: string, line: string, text: string): void {
	const parts = readFileSync(file, "utf8").split(`${line}\n`);
	if (parts.length !== 2) throw new Error(`${file} has not one line ${line}`);
	writeFileSync(file, parts.join(`${line}\n${text}\n`));
}

/**
 * Runs a program over a copy of the sources in which the page's steps were taken.
 * @returns what it printed, as JSON
 */
function run(edit: (folder: string) => void, program: string): unknown {
	mkdirSync("build", { recursive: true });
	const folder = mkdtempSync("build/how-to-");
	try {
		for (const part of ["modules", "web", "sim/world", "tests/unit"]) cpSync(part, join(folder, part), { recursive: true });
		edit(folder);
		writeFileSync(join(folder, "program.ts"), program);
		const aliases = ["common", "config", "handler", "espnow"].map((name) => `--alias:${name}=./modules/${name}`);
		const options = ["--bundle", "--platform=node", "--format=cjs", "--log-level=warning", "--outfile=program.cjs"];
		const tool = join(process.cwd(), "node_modules/.bin/esbuild");
		execFileSync(tool, ["program.ts", ...options, ...aliases, "--alias:web=./web"], { cwd: folder });
		return JSON.parse(execFileSync(process.execPath, [join(folder, "program.cjs")], { encoding: "utf8" }));
	} finally {
		rmSync(folder, { recursive: true });
	}
}

describe("docs/how-to.md", () => {
	test("the command of the page runs as the page says, and only for its owner", () => {
		const { ask, handler } = fakeBoard();
		new Function("handler", code("Add a command")[0] ?? "")(handler satisfies Handler);
		expect([ask("beep", ownHub), ask("beep 3", ownHub), ask("help beep")]).toEqual(["OK 1", "OK 3", "OK beep [n] beeps n times"]);
		expect(ask("beep", stranger)).toMatch(/^Fail \(not allowed/);
	});

	test("the setting of the page is kept, checked and refused by its rule", () => {
		const [property = "", factory = "", rule = ""] = code("Add a setting");
		const result = run(
			(folder) => {
				const schema = join(folder, "modules/config/schema.ts");
				insert(schema, "export interface Configuration {", property);
				insert(schema, '		name: "(none)",', factory);
				insert(schema, "export const shape: Branch = Object.freeze(\n	{\n		keys: {", rule);
				const reader = join(folder, "modules/config/json-reader.ts");
				insert(reader, "export const KNOWN_NAMES: readonly string[] = Object.freeze([", '"floor",');
			},
			`import { merge } from "./modules/config/merge";
			import { defaults } from "./modules/config/schema";
			const floorOf = (floor: unknown) => {
				const result = merge(defaults, { floor });
				return result.ok ? result.configuration.floor : result.path + ": " + result.expected;
			};
			console.log(JSON.stringify([defaults.floor, floorOf(3), floorOf(10)]));`,
		);
		expect(result).toEqual([0, 3, "floor: a number from 0 to 9"]);
	});

	test("the route of the page is served", () => {
		const result = run(
			(folder) =>
				insert(
					join(folder, "web/routes.ts"),
					"	static readonly #table: Readonly<Record<string, Methods>> = Object.freeze(\n		{",
					code("Add a route")[0] ?? "",
				),
			`import { Desk } from "./tests/unit/web-fakes";
			new Desk().request("GET /api/line").then(({ status, body }) => console.log(JSON.stringify([status, JSON.parse(body)])));`,
		);
		expect(result).toEqual([200, { name: "Living room", role: "hub", uptimeS: 83.7 }]);
	});

	test("the test network of the page imports what network.ts exports", () => {
		const { importedFiles } = ts.preProcessFile(code("Add a test network")[0] ?? "");
		expect(importedFiles.map(({ fileName }) => fileName)).toEqual(["@jest/globals", "./network"]);
		const names = /import \{ ([^}]+) \} from "\.\/network"/.exec(PAGE)?.[1]?.split(", ") ?? [];
		const network = readFileSync("tests/network/network.ts", "utf8");
		expect(names.filter((name) => !network.includes(`export function ${name}(`))).toEqual([]);
	});

	test("the rule of the page stands in its three places", () => {
		const [check = "", row = ""] = code("Add a rule of the fake");
		expect(readFileSync("sim/board/idf/fake-wifi.c", "utf8")).toContain(check);
		expect(readFileSync("tests/native/idf/wifi-rules.c", "utf8")).toContain("RULE(apSameConfig, ");
		expect(readFileSync("sim/board/README.md", "utf8").split("\n")).toContain(row);
	});
});
