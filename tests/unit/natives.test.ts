import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";

const modules = ["espnow", "wifi-roles", "board"];

function files(module: string, ending: string): string[] {
	const folder = join("modules", module, "esp32");
	return readdirSync(folder)
		.filter((name) => name.endsWith(ending))
		.map((name) => readFileSync(join(folder, name), "utf8"));
}

/** What the TypeScript asks the compiler for: one string literal, else xsc refuses it. */
function asked(module: string): string[] {
	const calls = files(module, ".ts").flatMap((text) => [...text.matchAll(/\b[nN]ative\(([^)]*)\)/g)].map((match) => match[1] ?? ""));
	return calls.map((argument) => /^"(xs_\w+)"$/.exec(argument)?.[1] ?? `not one string literal: ${argument}`);
}

/** What the C exports: everything of it that is not static begins with xs_. */
function given(module: string): string[] {
	return files(module, ".c").flatMap((text) => [...text.matchAll(/^void (xs_\w+)\(/gm)].map((match) => match[1] ?? ""));
}

describe.each(modules)("natives of %s", (module) => {
	test("each native() names a C function, and each exported C function is asked for", () => {
		const wanted = new Set(asked(module));
		const there = new Set(given(module));
		expect([...wanted].sort()).toEqual([...there].sort());
		expect(wanted.size).toBeGreaterThan(5);
	});

	test("each function that asks for one does nothing else, with `this` and its own parameters: else it stays a closure in RAM", () => {
		const whole = /\(([^()]*)\)[^(){]*\{\s*(?:super\(\);\s*)?(?:return )?native\("\w+"\)\.call\(([^()]*)\)(?: as \w+)?;\s*\}/g;
		for (const text of files(module, ".ts")) {
			const found = [...text.matchAll(whole)].map(([, parameters = "", passed]) => {
				const names = parameters.split(",").flatMap((each) => /^\s*(\w+)\??:/.exec(each)?.[1] ?? []);
				return [["this", ...names.filter((name) => name !== "this")].join(", "), passed];
			});
			for (const [wanted, passed] of found) expect(passed).toBe(wanted);
			expect(found).toHaveLength([...text.matchAll(/\bnative\(/g)].length);
		}
	});

	test("the board program has every one of them", () => {
		const table = new Set(execFileSync("build/board/board", ["--natives"], { encoding: "utf8" }).trim().split("\n"));
		expect(asked(module).filter((name) => !table.has(name))).toEqual([]);
	});
});

test("a desktop's modules take nothing but types from other folders' files: those are not in its build", () => {
	const taken = modules.flatMap((module) => {
		const folder = join("modules", module, "desktop");
		const texts = readdirSync(folder).filter((name) => name.endsWith(".ts"));
		return texts.flatMap((name) =>
			[...readFileSync(join(folder, name), "utf8").matchAll(/^(?:im|ex)port (?!type\b).*from "\.\.\/.*$/gm)].map(([line]) => line),
		);
	});
	expect(taken).toEqual([]);
});
