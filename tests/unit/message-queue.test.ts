import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { DEFINES } from "../../sim/sdk/promises";

test("the queue to the engine has a place for each message that docs/hardware.md counts", () => {
	const section = readFileSync("docs/hardware.md", "utf8").split("### Messages to the engine")[1]?.split("\n#")[0] ?? "";
	const places = [...section.matchAll(/^\| [^|]+ \| (\d+) \|/gm)].map(([, count]) => Number(count));
	const sum = places.pop();
	expect(places.length).toBeGreaterThan(5);
	expect(places.reduce((a, b) => a + b)).toBe(sum);
	const { defines } = JSON.parse(readFileSync("manifest.json", "utf8"));
	expect(defines.task.queueLength).toBe(sum);
	// What sdk-check looks for in what mcconfig writes.
	expect(DEFINES).toMatchObject({ MODDEF_TASK_QUEUELENGTH: `${sum}`, MODDEF_TASK_QUEUEWAIT: `${defines.task.queueWait}` });
});
