/**
 * Switches each rule of the fake ESP-IDF off (sim/board/README.md) and shows that the test named there fails then.
 */
import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

/** Rows of the table: the rule, and the name of its test. */
export function readRules(root) {
	const text = readFileSync(join(root, "sim/board/README.md"), "utf8");
	return [...text.matchAll(/^\| `([a-z0-9-]+)` \|[^|]+\|[^|]+\| `(\w+)` \|$/gm)].map(([, rule, test]) => ({ rule, test }));
}

/** Runs one test with a rule switched off: its verdict, "ok" or "not ok", "" when there is no test of that name. */
function verdict(program, root, rule, test) {
	// Leaks are looked for with all rules on.
	const env = { ...process.env, FAKE_BREAK: rule, ASAN_OPTIONS: "detect_leaks=0" };
	return new Promise((resolve) => {
		execFile(program, [test], { cwd: root, env, timeout: 60_000 }, (_error, output) => resolve(output.split("\t")[0] ?? ""));
	});
}

/**
 * @param report called with the rule and "" when it was caught, else with the reason why not
 */
export async function breakRules(root, wanted, report) {
	const rules = readRules(root).filter(({ rule }) => rule.includes(wanted));
	if (rules.length === 0) return;
	const program = join(root, "build/tests-native/idf-rules");
	execFileSync("tests/native/idf/build.sh", [program], { cwd: root, stdio: "inherit" });
	const whole = execFileSync(program, { cwd: root, encoding: "utf8" }).split("\n");
	const passing = new Set(whole.filter((line) => line.startsWith("ok\t")).map((line) => line.split("\t")[1]));
	const waiting = [...rules];
	async function worker() {
		for (let next = waiting.shift(); next; next = waiting.shift()) {
			const { rule, test } = next;
			if (!passing.has(test)) report(rule, `its test ${test} does not pass with the rule on`);
			else report(rule, (await verdict(program, root, rule, test)) === "not ok" ? "" : `${test} passes without it`);
		}
	}
	await Promise.all(Array.from({ length: availableParallelism() }, worker));
}
