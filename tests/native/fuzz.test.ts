import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { expect, test } from "@jest/globals";

/** Seconds of `make fuzz` (`make nightly` takes five minutes): first what is in tests/fuzz/corpus, then what libFuzzer makes of it. */

const PROGRAM = "build/board-fuzz/board";
const SECONDS = 3;

/** `make fuzz` says what to install; a desk without clang runs everything else. */
const possible = existsSync(PROGRAM) && spawnSync("clang", ["--version"]).status === 0;
if (!possible) console.warn("SKIPPED: fuzzing, which needs clang and its runtime; make fuzz says what to install");

(possible ? test : test.skip).each([
	["receive-device", "whatever a device hears, from the driver's callback to its commands, it goes on"],
	["receive-hub", "whatever a hub that asks hears for an answer, it goes on"],
	["receive-sealed", "whatever a joined device hears, handshakes under its hub's key, sealed frames and joining, it goes on"],
	["config", "whatever is told or found in flash, there is a valid configuration"],
])("%s: %s", (target) => {
	const run = spawnSync("node", ["build/desk/fuzz.mjs", "--target", target, "--seconds", String(SECONDS), "--seed", "1"], {
		encoding: "utf8",
	});
	expect(run.stdout).toMatch(/no failure/);
	expect(Number(/(\d+) inputs/.exec(run.stdout)?.[1])).toBeGreaterThan(100);
});

test("the corpus is small", () => {
	const bytes = execFileSync("find", ["tests/fuzz/corpus", "-type", "f", "-printf", "%s\n"], { encoding: "utf8" });
	expect(
		bytes
			.trim()
			.split("\n")
			.map(Number)
			.reduce((sum, size) => sum + size, 0),
	).toBeLessThan(200_000);
});
