import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { BoardProcess, closeWire, makeWires } from "../../sim/world/board-process";

const folder = mkdtempSync(join(tmpdir(), "process-test-"));
const script = join(folder, "program.mjs");
writeFileSync(
	script,
	`import { createInterface } from "node:readline";
for await (const line of createInterface({ input: process.stdin })) {
	if (line === "die") { process.stderr.write("# out of slots\\n"); process.exit(7); }
	process.stdout.write((line.startsWith("long") ? "x".repeat(Number(line.slice(4))) : line.toUpperCase()) + "\\n");
}
process.stderr.write("ERROR: LeakSanitizer: 8 bytes\\n");`,
);
afterAll(() => rmSync(folder, { recursive: true }));

function start(awaitReport = false) {
	const [wire] = makeWires(1);
	if (!wire) throw new Error("no wire");
	return BoardProcess.start({ name: "A", program: process.execPath, app: script, wire, awaitReport });
}

test("lines are exchanged one by one, long ones too", () => {
	const program = start();
	expect(program.exchange("one")).toBe("ONE");
	expect(program.exchange("long300000")).toHaveLength(300000);
	expect(program.exchange("two")).toBe("TWO");
	program.close();
	program.close();
});

test("a program that dies is an error that shows what it wrote to its standard error", () => {
	const program = start();
	expect(() => program.exchange("die")).toThrow(/A: its board program died .*\n# out of slots/);
	program.close();
});

test("an end that waits for the report throws what a sanitizer said", () => {
	const program = start(true);
	program.exchange("one");
	expect(() => program.close()).toThrow(/LeakSanitizer/);
});

test("a program that is not there is an error", () => {
	const [wire] = makeWires(1);
	if (!wire) throw new Error("no wire");
	expect(() => BoardProcess.start({ name: "A", program: join(folder, "none"), app: script, wire })).toThrow(/ENOENT/);
	closeWire(wire);
});

test("nothing is left behind in the file system, and no process after the end", async () => {
	const own = mkdtempSync(join(folder, "tmp-"));
	const { TMPDIR } = process.env;
	process.env.TMPDIR = own;
	const program = start();
	if (TMPDIR === undefined) delete process.env.TMPDIR;
	else process.env.TMPDIR = TMPDIR;
	program.exchange("one");
	expect(readdirSync(own)).toEqual([]);
	program.close();
	await new Promise((done) => setTimeout(done, 200));
	expect(execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })).not.toContain(script);
});
