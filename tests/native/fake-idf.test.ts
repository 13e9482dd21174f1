import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";

/**
 * The rules that the fake ESP-IDF keeps, as C programs under AddressSanitizer and UBSan: `tests/native/idf/*.c`.
 * They are compiled and run while this file is loaded, so that every rule becomes a test of its own.
 */

const BUILD = "build/tests-native";
const FLAGS = ["-std=gnu17", "-O0", "-g", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
const INCLUDES = ["sim/board", "sim/board/idf", "sim/board/idf/include", "tests/native/idf"].map((folder) => `-I${folder}`);

interface Result {
	readonly name: string;
	readonly rule: string;
	readonly passed: boolean;
	readonly why: string;
}

function sources(folder: string): string[] {
	return readdirSync(folder)
		.filter((name) => name.endsWith(".c"))
		.sort()
		.map((name) => join(folder, name));
}

function results(): Result[] {
	mkdirSync(BUILD, { recursive: true });
	const program = `${BUILD}/idf-rules`;
	const files = [...sources("sim/board/idf"), ...sources("tests/native/idf"), "sim/board/json.c", "sim/board/effects.c"];
	execFileSync("gcc", [...FLAGS, ...INCLUDES, ...files, "-o", program], { stdio: "inherit" });
	return execFileSync(`./${program}`, { encoding: "utf8", maxBuffer: 1 << 24 })
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

	test("no rule is told twice", () => {
		expect(new Set(all.map(({ rule }) => rule)).size).toBe(all.length);
		expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
	});
});
