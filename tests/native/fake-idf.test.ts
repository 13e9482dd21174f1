import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";

/**
 * The rules that the fake ESP-IDF keeps, as C programs under AddressSanitizer and UBSan: `tests/native/idf/*.c`.
 * They are compiled and run while this file is loaded, so that every rule becomes a test of its own.
 */

const PROGRAM = "build/tests-native/idf-rules";

interface Result {
	readonly name: string;
	readonly rule: string;
	readonly passed: boolean;
	readonly why: string;
}

/** The rules that the fake asks for by name before it keeps them. */
function rulesInCode(): string[] {
	const folder = "sim/board/idf";
	const code = readdirSync(folder)
		.filter((name) => /\.[ch]$/.test(name))
		.map((name) => readFileSync(join(folder, name), "utf8"))
		.join("\n");
	return [...new Set([...code.matchAll(/ruleHolds\("([^"]+)"\)/g)].map(([, rule]) => rule ?? ""))].sort();
}

/** Rows of the table in sim/board/README.md. */
function rulesInTable(): { rule: string; test: string }[] {
	const rows = readFileSync("sim/board/README.md", "utf8").matchAll(/^\| `([a-z0-9-]+)` \|[^|]+\|[^|]+\| `(\w+)` \|$/gm);
	return [...rows].map(([, rule, test]) => ({ rule: rule ?? "", test: test ?? "" }));
}

function results(): Result[] {
	execFileSync("tests/native/idf/build.sh", [PROGRAM], { stdio: "inherit" });
	return execFileSync(`./${PROGRAM}`, { encoding: "utf8", maxBuffer: 1 << 24 })
		.trim()
		.split("\n")
		.map((line) => {
			const [verdict, name, rule, why] = line.split("\t");
			return { name: name ?? "", rule: rule ?? line, passed: verdict === "ok", why: why ?? "" };
		});
}

describe("fake ESP-IDF", () => {
	const all = results();

	test.each(all)("$name: $rule", ({ passed, why }) => {
		expect(passed ? "kept" : why).toBe("kept");
	});

	test("each rule in the code is in the table, once, and the other way round", () => {
		expect(
			rulesInTable()
				.map(({ rule }) => rule)
				.sort(),
		).toEqual(rulesInCode());
		expect(rulesInTable().length).toBeGreaterThanOrEqual(60);
	});

	test("each test that the table names exists", () => {
		const names = new Set(all.map(({ name }) => name));
		expect(rulesInTable().filter((row) => !names.has(row.test))).toEqual([]);
	});

	test("no rule is told twice", () => {
		expect(new Set(all.map(({ rule }) => rule)).size).toBe(all.length);
		expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
	});
});
