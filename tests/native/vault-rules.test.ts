import { execFileSync } from "node:child_process";
import { describe, expect, test } from "@jest/globals";

/**
 * The vault's C over the fake ESP-IDF and Mbed TLS's PSA, without the engine, under AddressSanitizer and UBSan: `tests/native/vault/*.c`. They are
 * compiled and run while this file is loaded, so that every rule becomes a test of its own.
 */

const PROGRAM = "build/tests-native/vault-rules";

function results(): { rule: string; passed: boolean; why: string }[] {
	execFileSync("tests/native/vault/build.sh", [PROGRAM], { stdio: "inherit" });
	return execFileSync(`./${PROGRAM}`, { encoding: "utf8", maxBuffer: 1 << 24 })
		.trim()
		.split("\n")
		.map((line) => {
			const [verdict, , rule, why] = line.split("\t");
			return { rule: rule ?? line, passed: verdict === "ok", why: why ?? "" };
		});
}

describe("vault", () => {
	const all = results();

	test.each(all)("$rule", ({ passed, why }) => {
		expect(passed ? "kept" : why).toBe("kept");
	});

	test("no rule is told twice", () => {
		expect(new Set(all.map(({ rule }) => rule)).size).toBe(all.length);
	});
});
