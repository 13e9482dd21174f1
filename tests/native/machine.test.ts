import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import type { BoardReply } from "../../sim/world/protocol";

/** The board's machine as on the chip: what lies in flash, what the heap holds, how it ends. */

const PROGRAM = process.env.BOARD ?? "build/board/board";
const folder = mkdtempSync(join(tmpdir(), "machine-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface App {
	/** Specifier to source; `main` is the program. */
	readonly modules: Readonly<Record<string, string>>;
	readonly preload?: readonly string[];
	readonly creation?: object;
	readonly config?: object;
}

let count = 0;

/** Boots a board with this app, lets it collect, and ends it. */
function boot(app: App, { flags = [], env = {} }: { flags?: readonly string[]; env?: Record<string, string> } = {}) {
	const home = join(folder, String(count++));
	const modules = Object.fromEntries(
		Object.entries(app.modules).map(([specifier, source]) => {
			const path = join(home, `${specifier}.js`);
			mkdirSync(dirname(path), { recursive: true });
			writeFileSync(
				path,
				`const say = (...values) => trace(values.join(" ") + "\\n");
const failure = (act) => { try { act(); return "none"; } catch (error) { return String(error); } };
${source}`,
			);
			return [specifier, path];
		}),
	);
	const path = join(home, "app.json");
	const { preload = [], creation = {}, config = {} } = app;
	writeFileSync(path, JSON.stringify({ modules, resources: {}, config, creation, preload, main: "main" }));
	const events = [
		{ t: 0, type: "boot", mac: "a0b1c2d3e4f0", seed: 1, reset: 1, nvs: [], rtc: null, pins: {} },
		{ t: 0, type: "collect" },
	];
	const input = events.map((event) => `${JSON.stringify(event)}\n`).join("");
	const { stdout, stderr, status } = spawnSync(PROGRAM, [...flags, path], { input, encoding: "utf8", env: { ...process.env, ...env } });
	const answers = stdout
		.split("\n")
		.filter((line) => line !== "")
		.map((line) => JSON.parse(line) as BoardReply);
	const effects = answers.flatMap((answer) => answer.effects);
	return {
		status,
		stderr,
		said: effects.flatMap((effect) => (effect.do === "trace" ? [effect.line] : [])),
		end: effects.find((effect) => effect.do === "restart"),
		heap: answers.at(-1)?.heap,
	};
}

/** What main says about things that a preloaded module made. */
const aboutFlash = (made: string, main: string) =>
	boot({ modules: { made, main: `import * as made from "made";\n${main}` }, preload: ["made"] }).said;

describe("what a preloaded module made", () => {
	test("an object is copied to RAM when it is written, unseen by whoever holds it", () => {
		const main =
			"made.object.a = 2; made.list.push(4); say(made.object.a, made.list.join(), made.object === made.again, made.list.length);";
		expect(aboutFlash("export const object = { a: 1 }, again = object, list = [1, 2, 3];", main)).toEqual(["2 1,2,3,4 true 4"]);
	});

	test("a variable of the module can be set", () => {
		expect(aboutFlash("let n = 1; export const next = () => ++n;", "say(made.next(), made.next());")).toEqual(["2 3"]);
	});

	test("a function, a class and its prototype are frozen", () => {
		const main = `say(failure(() => { made.act.cache = 1; }), failure(() => { made.Kind.count = 1; }), failure(() => { made.Kind.prototype.more = 1; }));`;
		const [said = ""] = aboutFlash("export function act() {} export class Kind { static count = 0; }", main);
		expect(said.match(/TypeError/g)).toHaveLength(3);
	});

	test("Map, Set and buffers are read-only", () => {
		const main = "say(failure(() => made.map.set(1, 1)), failure(() => made.set.add(1)), failure(() => { made.bytes[0] = 1; }));";
		const [said = ""] = aboutFlash("export const map = new Map(), set = new Set(), bytes = new Uint8Array(4);", main);
		expect(said.match(/TypeError/g)).toHaveLength(3);
	});

	test("JSON.stringify refuses an object, and takes a copy", () => {
		const main = "say(failure(() => JSON.stringify(made.object)), JSON.stringify({ ...made.object }));";
		expect(aboutFlash("export const object = { a: 1 };", main)).toEqual(['TypeError: read only value {"a":1}']);
	});

	test("a regular expression that was used there still matches, and one that remembers its place cannot", () => {
		const made = "export const word = /^(a+)b$/; export const global = /a/g; word.test('aab');";
		const main =
			"say(made.word.exec('aaab')[1], made.word.test('x'), made.word.test('ab'), failure(() => made.global.exec('aa')).slice(0, 9));";
		expect(aboutFlash(made, main)).toEqual(["aaa false true TypeError"]);
	});

	test("the objects of the language are frozen as well", () => {
		const main = `say(failure(() => { Math.x = 1; }), failure(() => { JSON.parse = 1; }), failure(() => { Array.prototype.x = 1; }));`;
		const [said = ""] = aboutFlash("", main);
		expect(said.match(/TypeError/g)).toHaveLength(3);
	});

	test("costs no RAM", () => {
		const made = `export const table = [${Array.from({ length: 400 }, (_, i) => `{ name: "entry ${i}", value: ${i} }`).join()}];`;
		const main = `import { table } from "made"; say(table[399].name);`;
		const inFlash = boot({ modules: { made, main }, preload: ["made"] });
		const inRam = boot({ modules: { made, main } });
		expect(inFlash.said).toEqual(["entry 399"]);
		expect((inRam.heap?.slots ?? 0) - (inFlash.heap?.slots ?? 0)).toBeGreaterThan(400 * 3);
		expect((inRam.heap?.chunks ?? 0) - (inFlash.heap?.chunks ?? 0)).toBeGreaterThan(400 * 16);
	});

	test("survives collections together with what RAM holds of it", () => {
		const made = "export const object = { text: 'in flash', list: ['a', 'b'] };";
		const main = `const kept = [];
for (let round = 0; round < 50; round++) {
	made.object.text += round; made.object.list.push("item " + round);
	kept.push({ round, from: made.object.list[0], text: "text " + round });
	for (let i = 0; i < 50; i++) ({ garbage: "x".repeat(i) });
}
say(made.object.text.length, made.object.list.at(-1), kept.every((each, i) => each.text === "text " + i && each.from === "a"));`;
		expect(aboutFlash(made, main)).toEqual(["98 item 49 true"]);
	});
});

describe("preloading", () => {
	test("a native cannot be called then: the board does not start", () => {
		const { end } = boot({ modules: { main: 'import "early";', early: 'native("xs_chip_mac").call({});' }, preload: ["early"] });
		expect(end).toMatchObject({ reason: "unhandled exception", words: expect.stringContaining("while modules are preloaded") });
	});

	test("a module that the app does not have is told in a sentence", () => {
		const { status, stderr } = boot({ modules: { main: "" }, preload: ["none"] });
		expect([status, stderr]).toEqual([2, "board: app.json preloads none, which is none of its modules\n"]);
	});

	test("the manifests' configuration is frozen wherever it lies", () => {
		for (const preload of [[], ["mc/config"]]) {
			const main = 'import config from "mc/config"; say(config.a.b, failure(() => { config.a.b = 2; }).slice(0, 9));';
			expect(boot({ modules: { main }, config: { a: { b: 1 } }, preload }).said).toEqual(["1 TypeError"]);
		}
	});
});

describe("the heap", () => {
	const FILL = {
		slots: "let kept; for (let i = 0; ; i++) { kept = { kept, i }; if (!(i % 100)) say(i); }",
		chunks: "const kept = []; for (let i = 0; ; i++) { kept.push(new ArrayBuffer(1000)); say(i); }",
	};

	for (const [kind, main] of Object.entries(FILL))
		test(`ends where the manifest's static says, full of ${kind}`, () => {
			const filled = [65536, 131072].map((size) => {
				const { end, said } = boot({ modules: { main }, creation: { static: size } });
				expect(end).toMatchObject({ reason: "memory full" });
				return Number(said.at(-1));
			});
			const [small = 0, large = 0] = filled;
			// An object with two properties takes three slots of 16 bytes, a buffer hardly more than its bytes.
			const fits = (bytes: number) => (kind === "slots" ? bytes / 48 : bytes / 1040);
			for (const [count, bytes] of [
				[small, 65536],
				[large, 131072],
			] as const) {
				expect(count).toBeGreaterThan(fits(bytes) * 0.6);
				expect(count).toBeLessThan(fits(bytes) * 1.05);
			}
		});

	test("what chunks took and do not need any more is there for slots", () => {
		const main = `let buffers = [];
for (let i = 0; i < 60; i++) buffers.push(new ArrayBuffer(1000));
buffers = undefined;
let kept;
for (let i = 0; i < 1000; i++) kept = { kept, i };
say(kept.i);`;
		expect(boot({ modules: { main } }).said).toEqual(["999"]);
	});

	test("the stack ends where the manifest says", () => {
		const main = "let depth = 0; const sink = () => { depth++; if (!(depth % 8)) say(depth); return sink() + 1; }; sink();";
		const depths = [256, 512].map((stack) => {
			const { end, said } = boot({ modules: { main }, creation: { stack } });
			expect(end).toMatchObject({ reason: "stack overflow" });
			return Number(said.at(-1));
		});
		expect((depths[1] ?? 0) / (depths[0] ?? 1)).toBeGreaterThan(1.7);
	});
});

describe("the self-test at the start", () => {
	test.each([
		["flash", "flash can be written"],
		["names", /^the name \w+ has id \d+ instead of \d+$/],
		["collection", "a collection reaches into flash"],
	])("finds %s broken, and says so in a sentence", (part, sentence) => {
		const { status, stderr, said } = boot({ modules: { main: 'say("on");' } }, { env: { BOARD_BREAK: part } });
		expect([status, said]).toEqual([2, []]);
		expect(stderr.trim().replace("board: self-test: ", "")).toMatch(sentence);
	});
});

describe("which machine", () => {
	const main = { modules: { main: "say(1);" } };

	test("it is the chip's unless told otherwise by option or environment", () => {
		const slots = (flags: string[], env: Record<string, string> = {}) =>
			boot(main, { flags, env: { BOARD_MACHINE: "", ...env } }).heap?.slots ?? 0;
		const plain = slots(["--plain"]);
		expect(plain).toBeGreaterThan(3000);
		expect(slots([], { BOARD_MACHINE: "plain" })).toBe(plain);
		expect(slots([])).toBeLessThan(500);
		expect(slots(["--chip"], { BOARD_MACHINE: "plain" })).toBe(slots([]));
	});

	test("one that does not exist is refused", () => {
		const { status, stderr } = boot(main, { env: { BOARD_MACHINE: "fast" } });
		expect([status, stderr]).toEqual([2, "board: there is no machine fast, only chip and plain\n"]);
	});
});
