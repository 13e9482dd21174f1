import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "@jest/globals";

/** All files below a folder of the repository. */
function tree(folder: string): string[] {
	return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
		const path = join(folder, entry.name);
		return entry.isDirectory() ? tree(path) : [path];
	});
}

function imports(file: string): string[] {
	return [...readFileSync(file, "utf8").matchAll(/^(?:import|export)\b[^;]*?from "([^"]+)"/gms)].map((match) => match[1] ?? "");
}

/**
 * Modules of the firmware that the desktop driver of a folder names, other than its own: what are three devices of a chip is there one link
 * to the air, which lives in board/desktop.
 */
function driverKnows(module: string): string[] {
	const files = tree(join("modules", module, "desktop")).filter((file) => file.endsWith(".ts"));
	const named = files.flatMap(imports).filter((name) => /^(config|board|wifi-roles|espnow|channels|handler|web)\//.test(name));
	return [...new Set(named.map((name) => name.split("/")[0] ?? ""))].filter((name) => name !== module).sort();
}

/** Who may import whom else is drawn in docs/architecture.md: architecture.test.ts holds it against the imports. */
describe("who knows whom", () => {
	test.each(["espnow", "wifi-roles"])("the desktop driver of %s knows the one link to the air, and nothing else", (module) => {
		expect(driverKnows(module)).toEqual(["board"]);
	});

	test("natives are asked for in modules/*/esp32 alone", () => {
		const elsewhere = [...tree("modules"), ...tree("web"), "main.ts"]
			.filter((file) => file.endsWith(".ts") && !file.includes("/esp32/"))
			.filter((file) => /\b[nN]ative\("/.test(readFileSync(file, "utf8")));
		expect(elsewhere).toEqual([]);
	});
});

describe("the house", () => {
	test("C files have names that are unique in a whole build, with their platform in them", () => {
		const sources = tree("modules").filter((file) => file.endsWith(".c"));
		expect(sources.filter((file) => !file.endsWith("-esp32.c"))).toEqual([]);
		expect(new Set(sources.map((file) => basename(file))).size).toBe(sources.length);
	});

	test("the lock file names no registry host", () => {
		expect(readFileSync("package-lock.json", "utf8")).not.toMatch(/"resolved"/);
	});

	test("versions in package.json and manifest.json agree", () => {
		const version = (file: string, pick: (json: { version?: string; config?: { version?: string } }) => string | undefined) =>
			pick(JSON.parse(readFileSync(file, "utf8")));
		expect(version("manifest.json", (json) => json.config?.version)).toBe(version("package.json", (json) => json.version));
	});
});
