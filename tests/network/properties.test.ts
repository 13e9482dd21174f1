import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { play } from "../properties/play";
import { judge } from "../properties/rules";
import type { Scenario } from "../properties/scenario";
import { search, summary } from "../properties/search";
import { SEED } from "./network";

/** `make properties` tries 2,000. */
const RUNS = 25;
/** A scenario that breaks a rule is made smaller for so long. */
const PATIENCE_MS = 120_000;
const PAST = "tests/properties/past";

test(`${RUNS} random houses keep every rule`, () => {
	const found = search("plain", RUNS, SEED, PATIENCE_MS);
	process.stderr.write(`${summary([found])}\n`);
	expect(found.failure === undefined ? "" : summary([found])).toBe("");
	expect(found.runs).toBe(RUNS);
}, 900_000);

test(`${RUNS} random sealed houses keep every rule, whatever an attacker on the air does`, () => {
	const found = search("sealed", RUNS, SEED, PATIENCE_MS);
	process.stderr.write(`${summary([found])}\n`);
	expect(found.failure === undefined ? "" : summary([found])).toBe("");
	expect(found.runs).toBe(RUNS);
}, 900_000);

describe("scenarios that broke a rule once", () => {
	test.each(readdirSync(PAST).sort())("%s", (file) => {
		expect(judge(play(JSON.parse(readFileSync(join(PAST, file), "utf8")) as Scenario))).toEqual([]);
	});
});
