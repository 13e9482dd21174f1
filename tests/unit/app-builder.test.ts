import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { buildApp, withNatives } from "../../sim/build/app";
import { resolveSpecifier } from "../../sim/build/specifier";

const folders: string[] = [];
afterEach(() => {
	for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A project in a folder of its own: path to content, objects as JSON. */
function project(files: Record<string, string | object>): string {
	const root = mkdtempSync(join(tmpdir(), "app-test-"));
	folders.push(root);
	const all = {
		"sim/sdk.json": { "$(MODDABLE)/examples/manifest_base.json": { modules: { timer: "sim/shim/timer.ts" }, preload: ["timer"] } },
		"sim/shim/timer.ts": "export default 1;",
		...files,
	};
	for (const [path, content] of Object.entries(all)) {
		mkdirSync(dirname(join(root, path)), { recursive: true });
		writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
	}
	return root;
}

const base = "$(MODDABLE)/examples/manifest_base.json";
const readApp = (root: string) => JSON.parse(readFileSync(join(root, "build/virtual/app.json"), "utf8"));

test("the firmware as it is: every import comes from an included manifest", async () => {
	const out = mkdtempSync(join(tmpdir(), "app-test-"));
	folders.push(out);
	const { modules, imports } = await buildApp({ root: ".", out });
	expect([...modules.keys()]).toEqual(expect.arrayContaining(["main", "espnow/radio", "wifi-roles/driver", "board/chip", "http", "timer"]));
	expect(imports.size).toBe(modules.size);
});

test("the firmware as it is: everything but main is preloaded, so that it stays in flash", async () => {
	const out = mkdtempSync(join(tmpdir(), "app-test-"));
	folders.push(out);
	const { modules, preload } = await buildApp({ root: ".", out });
	expect([...modules.keys()].filter((specifier) => !preload.has(specifier))).toEqual(["main"]);
});

test("what only calls a native is that native, as on the chip; what does more, or hands on other arguments, stays; so do the lines", () => {
	const code = `function decode(bytes, length) {
  return native("xs_decode").call(this, bytes, length);
}
function swapped(a, b) {
  return native("xs_swapped").call(this, b, a);
}
class Radio extends Native("xs_destructor") {
  constructor(options) {
    super();
    native("xs_radio").call(this, options);
  }
  read(frame) {
    return native("xs_read").call(this, frame);
  }
  close() {
    native("xs_close").call(this);
  }
  checked(a) {
    if (a) native("xs_checked").call(this, a);
  }
}`;
	const found = withNatives(code);
	expect(found.split("\n")).toHaveLength(code.split("\n").length);
	expect(found).toContain('const decode = native("xs_decode");');
	expect(found).toContain('static { this.prototype.read = native("xs_read"); }');
	expect(found).toContain('static { this.prototype.close = native("xs_close"); }');
	for (const name of ["swapped", "radio", "checked"]) expect(found).toContain(`native("xs_${name}").call(this`);
});

test("globs give each file its specifier, C files are natives, pages are resources", async () => {
	const root = project({
		"manifest.json": {
			include: [base, "./modules/config/manifest.json"],
			modules: { "*": "./main" },
			data: { "*": "./pages/*" },
			config: { a: { b: 1, c: 2 } },
			preload: ["config/deep", "config/store"],
		},
		"main.ts":
			'import type { T } from "config/store";\nimport { x } from "config/store";\nimport t from "timer";\nexport const y: T = x + t;',
		"modules/config/manifest.json": { modules: { "config/*": "./*" }, config: { a: { b: 0, d: 3 } } },
		"modules/config/store.ts": 'import { z } from "./deep";\nexport type T = number;\nexport const x = z;',
		"modules/config/deep.ts": "export const z: number = 1;",
		"modules/config/types.d.ts": "declare const q: number;",
		"modules/config/native.c": "",
		"pages/index.html": "<p>",
	});
	const { natives } = await buildApp({ root });
	const app = readApp(root);
	expect(Object.keys(app.modules).sort()).toEqual(["config/deep", "config/store", "main", "timer"]);
	expect(app.resources).toEqual({ "index.html": join(root, "pages/index.html") });
	expect(app.preload).toEqual(["timer", "config/deep", "config/store", "mc/config"]);
	expect(app.config).toEqual({ a: { b: 1, c: 2, d: 3 } });
	expect(app.main).toBe("main");
	expect([...natives]).toEqual([join(root, "modules/config/native.c")]);
	const main = readFileSync(app.modules.main, "utf8");
	expect(main).toContain('import { x } from "config/store"');
	expect(main).not.toContain("import type");
	expect(JSON.parse(readFileSync(`${app.modules.main}.map`, "utf8")).sources).toHaveLength(1);
});

test("of the platforms only the most specific one applies", async () => {
	const platforms = {
		esp32: { modules: { "x/driver": "./generic" } },
		"esp32/esp32c3": { modules: { "x/driver": "./special" } },
		"...": { error: "no driver" },
	};
	const files = { "main.ts": "", "generic.ts": "export const a = 1;", "special.ts": "export const a = 2;" };
	const root = project({ "manifest.json": { modules: { "*": "./main" }, platforms }, ...files });
	const special = await buildApp({ root, platform: "esp32/esp32c3" });
	expect(special.modules.get("x/driver")).toBe(join(root, "special.ts"));
	const generic = await buildApp({ root, platform: "esp32/nodemcu" });
	expect(generic.modules.get("x/driver")).toBe(join(root, "generic.ts"));
	await expect(buildApp({ root, platform: "pico" })).rejects.toThrow("manifest.json: no driver");
});

test.each([
	[
		"an import that no manifest brings",
		{ "main.ts": 'import "timer";' },
		{},
		'module main imports "timer": no included manifest brings timer',
	],
	[
		"a relative import means the specifier",
		{ "main.ts": 'import "./other";' },
		{},
		'module main imports "./other": no included manifest brings other',
	],
	[
		"an unknown manifest of the SDK",
		{ "main.ts": "" },
		{ include: "$(MODULES)/x/manifest.json" },
		"does not know the manifest $(MODDABLE)/modules/x/manifest.json",
	],
	[
		"a manifest that is missing",
		{ "main.ts": "" },
		{ include: "./none.json" },
		"none.json: there is no such manifest, manifest.json includes it",
	],
	["a file that is missing", { "main.ts": "" }, { modules: { "*": ["./main", "./none"] } }, "manifest.json: no file matches ./none"],
	[
		"two files with one specifier",
		{ "main.ts": "", "a/x.ts": "", "b/x.ts": "" },
		{ modules: { "*": ["./main", "./a/x", "./b/x"] } },
		"module x is both a/x.ts and b/x.ts",
	],
	["a preload of nothing", { "main.ts": "" }, { preload: "config/store" }, "preload: no module config/store"],
	["a pattern that would preload no TypeScript", { "main.ts": "" }, { preload: "*" }, "preload: no module * (TypeScript has to be named)"],
	["a key that manifests do not have", { "main.ts": "" }, { module: {} }, 'manifest.json: a manifest has no "module"'],
	["a script that does not parse", { "main.ts": "let = ;" }, {}, /main\.ts:1:\d+: /],
])("an error with a sentence: %s", async (_, files, manifest, sentence) => {
	const root = project({ "manifest.json": { modules: { "*": "./main" }, ...manifest }, ...files });
	await expect(buildApp({ root })).rejects.toThrow(sentence);
});

test("what did not change is not written again, but for the table", async () => {
	const root = project({ "manifest.json": { modules: { "*": ["./main"] } }, "main.ts": "export {};" });
	await buildApp({ root });
	const path = join(root, "build/virtual/js/main.js");
	const before = statSync(path).mtimeMs;
	await new Promise((done) => setTimeout(done, 20));
	await buildApp({ root });
	expect(statSync(path).mtimeMs).toBe(before);
	expect(statSync(join(root, "build/virtual/app.json")).mtimeMs).toBeGreaterThan(before);
});

test("a relative name is relative to the importer's specifier", () => {
	expect(resolveSpecifier("config/store", "./codec")).toBe("config/codec");
	expect(resolveSpecifier("a/b/c", "../d")).toBe("a/d");
	expect(resolveSpecifier("main", "./other")).toBe("other");
	expect(resolveSpecifier("main", "timer")).toBe("timer");
});
