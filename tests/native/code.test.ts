import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";

const APP = "build/virtual/app.json";

test("the board program lists the byte code of every module of the app", () => {
	const { modules } = JSON.parse(readFileSync(APP, "utf8")) as { modules: Record<string, string> };
	const lines = execFileSync("build/board/board", ["--code", APP], { encoding: "utf8" }).trim().split("\n");
	const sizes = new Map(lines.map((line) => line.split(" ") as [string, string]));
	expect([...sizes.keys()].sort()).toEqual([...Object.keys(modules), "mc/config"].sort());
	for (const [specifier, path] of Object.entries(modules)) {
		const bytes = Number(sizes.get(specifier));
		expect(bytes).toBeGreaterThan(0);
		// Of the order of its source.
		expect(bytes).toBeLessThan(2 * readFileSync(path, "utf8").length);
	}
});
