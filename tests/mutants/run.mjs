/**
 * Breaks the fake ESP-IDF and the firmware on purpose, one rule at a time, and shows that the test of that rule fails.
 *
 * The fake's rules are switched off by name (rules.mjs). What else is broken is broken by patches:
 * Each `*.patch` here begins with `test: <file> :: <part of the test's name>` and a line of reason, followed by the diff. The patches
 * are applied to a copy of the tree under build/mutants, never to the tree itself.
 * Tests with the original's code need SEED_DOC, the page with that: without it their patches are skipped.
 * `node tests/mutants/run.mjs [--quick] [part of a rule's or a patch's name]`; writes "<caught> <survived>" to build/mutants-count.
 * `--quick` (CI) switches off all rules, but only looks whether the patches apply and name a test that exists; `make nightly` runs them.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { breakRules } from "./rules.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");
const tree = join(root, "build/mutants");
const { values, positionals } = parseArgs({ options: { quick: { type: "boolean", default: false } }, allowPositionals: true });
const wanted = positionals[0] ?? "";
const originalPage = process.env.SEED_DOC ? resolve(root, process.env.SEED_DOC) : "";
const hasOriginal = originalPage !== "" && existsSync(originalPage);

function run(command, args) {
	return spawnSync(command, args, { cwd: tree, encoding: "utf8", maxBuffer: 1 << 26, env: { ...process.env, SEED_DOC: originalPage } });
}

function copyTree() {
	rmSync(tree, { recursive: true, force: true });
	mkdirSync(tree, { recursive: true });
	const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root, encoding: "utf8" });
	for (const file of files.split("\n").filter((name) => name && existsSync(join(root, name)))) {
		mkdirSync(dirname(join(tree, file)), { recursive: true });
		cpSync(join(root, file), join(tree, file), { preserveTimestamps: true });
	}
	symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
	for (const part of ["board", "board-asan", "board-gc-stress", "board-fuzz", "original", "desk"]) {
		const from = join(root, "build", part);
		if (existsSync(from)) cpSync(from, join(tree, "build", part), { recursive: true, preserveTimestamps: true });
	}
}

/** Applies one patch, builds what it touches and runs its test; says why it was not caught, or "" when it was. */
function survives(name) {
	const text = readFileSync(join(here, name), "utf8");
	const header = /^test: (\S+) :: (.+)$/m.exec(text);
	if (!header) return "no line `test: <file> :: <name>`";
	const [, file, test] = header;
	const patch = join(here, name);
	const applied = run("git", ["apply", "--whitespace=nowarn", patch]);
	if (applied.status !== 0) return `does not apply: ${applied.stderr.trim()}`;
	try {
		const targets = /^\+\+\+ .*\.[ch]$/m.test(text) ? ["board", "asan", "gc-stress", "fuzz-board", "app"] : ["app"];
		const built = run("make", targets);
		if (built.status !== 0) return `does not build: ${built.stderr.trim().split("\n").slice(-3).join(" ")}`;
		const pattern = test.trim().replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
		run("node_modules/.bin/jest", ["--runInBand", file, "-t", pattern, "--json", "--outputFile=build/result.json", "--silent"]);
		const result = JSON.parse(readFileSync(join(tree, "build/result.json"), "utf8"));
		rmSync(join(tree, "build/result.json"));
		if (result.numFailedTests > 0) return "";
		return result.numPassedTests === 0 ? `no test of that name ran: ${file} :: ${test}` : `the test still passes: ${file} :: ${test}`;
	} finally {
		run("git", ["apply", "--whitespace=nowarn", "--reverse", patch]);
	}
}

/** Whether a patch could be run: "" when it applies to the tree and its test is there, else what is wrong. */
function stale(name) {
	const text = readFileSync(join(here, name), "utf8");
	const [, file, test] = /^test: (\S+) :: (.+)$/m.exec(text) ?? [];
	if (!file || !test) return "no line `test: <file> :: <name>`";
	const applies = spawnSync("git", ["apply", "--check", "--whitespace=nowarn", join(here, name)], { cwd: root, encoding: "utf8" });
	if (applies.status !== 0) return `does not apply: ${applies.stderr.trim()}`;
	return existsSync(join(root, file)) ? "" : `${file} is not there`;
}

let caught = 0;
let survived = 0;
function report(name, why) {
	if (why === "") caught += 1;
	else survived += 1;
	console.log(why === "" ? `caught    ${name}` : `SURVIVED  ${name}: ${why}`);
}

await breakRules(root, wanted, report);
const patches = readdirSync(here).filter((file) => file.endsWith(".patch") && file.includes(wanted));
if (values.quick) {
	const bad = patches.map((name) => [name, stale(name)]).filter(([, why]) => why !== "");
	for (const [name, why] of bad) report(name, why);
	console.log(`${patches.length - bad.length} of ${patches.length} patches apply`);
} else if (patches.length > 0) {
	copyTree();
	run("git", ["init", "-q"]);
	for (const name of patches) {
		if (!hasOriginal && readFileSync(join(here, name), "utf8").startsWith("test: tests/network/original.test.ts")) {
			console.log(`skipped   ${name}: SEED_DOC does not name the page with the original's code`);
			continue;
		}
		report(name, survives(name));
	}
}
console.log(`mutants: ${caught} caught, ${survived} survived`);
writeFileSync(join(root, "build/mutants-count"), `${caught} ${survived}\n`);
rmSync(tree, { recursive: true, force: true });
process.exit(survived === 0 && caught > 0 ? 0 : 1);
