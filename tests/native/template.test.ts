import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "@jest/globals";
import { BoardProcess, type BoardProcessOptions, closeTemplates, makeWires } from "../../sim/world/board-process";

/** The boards of a world are copies of one program that has loaded the app (sim/board/template.c). */

const PROGRAM = "build/board/board";
const BOOT = JSON.stringify({ t: 0, type: "boot", mac: "34b4720a1004", seed: 1, reset: 1, nvs: [], rtc: null, pins: {} });
const folder = mkdtempSync(join(tmpdir(), "template-test-"));

afterEach(closeTemplates);
afterAll(() => rmSync(folder, { recursive: true }));

function options(app = "build/virtual/app.json"): BoardProcessOptions {
	const [wire] = makeWires(1);
	if (!wire) throw new Error("no pipes");
	return { name: "A", program: PROGRAM, app, wire };
}

function lives(made: BoardProcess): string[] {
	const lines = [BOOT, '{"t":1000000,"type":"wake"}', '{"t":1000000,"type":"snapshot"}'].map((line) => made.exchange(line));
	made.close();
	return lines;
}

/** Process ids of the templates of this process. Files that ran before may have left some. */
const templates = () =>
	[
		...execFileSync("ps", ["--ppid", `${process.pid}`, "-o", "pid=,args="], { encoding: "utf8" }).matchAll(/(\d+) \S*board --template/g),
	].map(([, pid]) => pid);
const copies = (template: string | undefined) =>
	execFileSync("ps", ["-eo", "ppid=,pid="], { encoding: "utf8" }).match(new RegExp(`^ *${template} `, "gm"));

test("a copy says byte for byte what a program of its own says, also when others were copied before", () => {
	const own = lives(BoardProcess.start(options()));
	expect(lives(BoardProcess.copy(options()))).toEqual(own);
	expect(lives(BoardProcess.copy(options()))).toEqual(own);
});

test("a copy that was closed leaves no process, and the template goes with closeTemplates", async () => {
	const others = templates();
	const made = BoardProcess.copy(options());
	made.exchange(BOOT);
	const [template] = templates().filter((each) => !others.includes(each));
	expect(copies(template)).toHaveLength(1);
	made.close();
	expect(copies(template)).toBeNull();
	closeTemplates();
	await new Promise((done) => setTimeout(done, 200));
	expect(templates()).not.toContain(template);
});

test("an app that does not load is an error that says why", () => {
	const app = join(folder, "broken.json");
	writeFileSync(app, "{");
	expect(() => BoardProcess.copy(options(app))).toThrow(/does not start .*\nboard: .*broken.json is not JSON/);
});

test("an app that was built again is loaded again", () => {
	const app = join(folder, "app.json");
	const withMain = (text: string) => {
		writeFileSync(join(folder, "main.js"), text);
		writeFileSync(app, JSON.stringify({ modules: { main: join(folder, "main.js") }, preload: ["main"] }));
	};
	withMain("export default () => trace('one');");
	expect(lives(BoardProcess.copy(options(app)))[0]).toContain("one");
	withMain("export default () => trace('two');");
	utimesSync(app, 1, 1);
	expect(lives(BoardProcess.copy(options(app)))[0]).toContain("two");
});
