import { existsSync, readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { describe, expect, test } from "@jest/globals";
import ts from "typescript";

const ARCHITECTURE = readFileSync("docs/architecture.md", "utf8");

/** All files below a folder of the repository, with `/` on every system. */
function tree(path: string): string[] {
	return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
		entry.isDirectory() ? tree(`${path}/${entry.name}`) : [`${path}/${entry.name}`],
	);
}

/** The arrows of the page's picture, as "from --> to". */
function drawn(page: string): string[] {
	const picture = /```mermaid\n(.*?)```/s.exec(page)?.[1] ?? "";
	return [...picture.matchAll(/^\s+([\w-]+) --> ([\w-]+)$/gm)].map(([, from, to]) => `${from} --> ${to}`).sort();
}

/** Which room a file is in, named by its path without an extension or with one. */
function roomOf(path: string): string {
	const [first = "", second = ""] = path.split("/");
	if (first === "main" || first === "main.ts") return "main";
	if (path.includes("/desktop/")) return "desktop";
	return first === "modules" ? second : first;
}

/** Modules that only the desktop's drivers have. */
const DESKTOP_ONLY = ["board/air", "board/air-messages"];

/** Which room a specifier leads to; undefined for a package, or a module of the SDK. */
function target(file: string, specifier: string, rooms: readonly string[]): string | undefined {
	if (specifier.startsWith(".")) return roomOf(posix.join(posix.dirname(file), specifier));
	if (DESKTOP_ONLY.includes(specifier)) return "desktop";
	const [first = ""] = specifier.split("/");
	return specifier.includes("/") && rooms.includes(first) ? first : undefined;
}

const rooms = ["main", "web", "desktop", "sim", ...readdirSync("modules")].sort();
const files = ["main.ts", ...["modules", "web", "sim"].flatMap(tree)].filter((file) => file.endsWith(".ts"));

/** Imports from one room to another, as "from --> to", each with a file that does it. */
function imported(): Map<string, string> {
	const found = new Map<string, string>();
	for (const file of files) {
		for (const { fileName } of ts.preProcessFile(readFileSync(file, "utf8"), true, true).importedFiles) {
			const from = roomOf(file);
			const to = target(file, fileName, rooms);
			if (to !== undefined && to !== from) found.set(`${from} --> ${to}`, `${file} imports ${fileName}`);
		}
	}
	return found;
}

describe("the picture of docs/architecture.md", () => {
	const arrows = drawn(ARCHITECTURE);

	test("allows every import that there is", () => {
		expect([...imported()].filter(([arrow]) => !arrows.includes(arrow)).map(([, example]) => example)).toEqual([]);
	});

	test("has no arrow that nobody uses, and none twice", () => {
		expect(arrows.filter((arrow) => !imported().has(arrow))).toEqual([]);
		expect(new Set(arrows).size).toBe(arrows.length);
	});

	test("shows each room, and the table has a row for each", () => {
		expect([...new Set(arrows.flatMap((arrow) => arrow.split(" --> ")))].sort()).toEqual(rooms);
		const table = ARCHITECTURE.split("## The rooms")[1]?.split("\n## ")[0] ?? "";
		const rows = [...table.matchAll(/^\| ([\w-]+) \|/gm)].map(([, room]) => room ?? "").filter((room) => room !== "room" && room !== "---");
		expect(rows.sort()).toEqual(rooms);
	});
});

/** What a newcomer looks for: the row that leads there, the file, and what stands in it. */
const SOUGHT: readonly [what: string, row: RegExp, file: string, text: string][] = [
	["the receive loop", /the receive loop/, "modules/espnow/comms.ts", "readonly #turn ="],
	["the frame format", /the frame format/, "modules/espnow/plain-text.ts", "| text | what it is |"],
	["the order of bring-up", /order of bring-up/, "modules/wifi-roles/roles.ts", "Order of bring-up"],
	["the commands", /the commands/, "modules/handler/commands.ts", 'name: "uptime"'],
	["where a setting is added", /the settings/, "modules/config/schema.ts", "export const shape"],
	["where a route is added", /the routes/, "web/routes.ts", '"/api/status"'],
	["how a test network is written", /test network/, "tests/README.md", "## A test network"],
];

const linksOf = (text: string) => [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, link]) => link ?? "");

describe("two opens from the README", () => {
	const README = readFileSync("README.md", "utf8");

	test.each(SOUGHT)("show %s", (_what, row, file, text) => {
		const pages = linksOf(README).filter((link) => link.endsWith(".md") && existsSync(link));
		const reached = pages.flatMap((page) => {
			const rows = readFileSync(page, "utf8")
				.split("\n")
				.filter((line) => row.test(line));
			return rows.flatMap(linksOf).map((link) => posix.join(posix.dirname(page), link));
		});
		expect([...pages, ...reached]).toContain(file);
		expect(readFileSync(file, "utf8")).toContain(text);
	});

	test("a README is short", () => {
		expect(README.trim().split("\n").length).toBeLessThanOrEqual(120);
	});
});
