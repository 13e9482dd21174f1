import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ofStandIns } from "../../sim/sdk/standins";

/** Where an SDK is at hand, `make sdk-check` asks it the same; these answers are the SDK's, or the chip's where a desktop's are others. */
let answers: Map<string, string>;
let folder: string;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "stand-ins-"));
	answers = await ofStandIns(process.cwd(), folder);
});

afterAll(() => rmSync(folder, { recursive: true }));

test.each([
	["a due timer comes before the promises of the turn that set it", "timer, order", '["now","no time","promise","10 ms","400 ms"]'],
	["a callback is given its timer", "timer, argument is the timer", "true"],
	["a repeating timer may end in its callback", "timer, repeats until cleared in its callback", "3"],
	["a timer scheduled without a time rests", "timer, rests when scheduled without a time", "1"],
	["a timer can be pulled forward", "timer, pulled forward", "1"],
	["a fraction is no preference", "preference, fraction", "throws Error"],
	["null is no preference", "preference, null", "throws Error"],
	["a preference's key has at most 15 characters", "preference, key of 16 characters", "throws Error"],
	["a preference may change its type", "preference, another type over it", "again"],
	["text beyond ASCII is kept", "preference, text", "für ✓"],
	["a slice is a copy of its bytes", "resource, slice", "cde"],
])("%s", (_, question, answer) => {
	expect(answers.get(question)).toBe(answer);
});
