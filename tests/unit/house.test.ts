import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";

test("the lock file names no registry host", () => {
	expect(readFileSync("package-lock.json", "utf8")).not.toMatch(/"resolved"/);
});
