import { expect, test } from "@jest/globals";
import { ask, deviceSpec, hubSpec, settle, world } from "./house";
import { describeSeed, seedDevice, seedHub } from "./seed-house";

describeSeed("thin", () => {
	test("our hub serves a MicroPython device", () => {
		const made = world([hubSpec(), seedDevice("Kitchen")]).boot();
		settle(made);
		expect(ask(made, "Kitchen", "on")).toMatch(/^OK ON \d+\+ -\d+$/);
		console.log(made.log.of("frame").map((f)=>JSON.stringify(f)).join("\n"), made.board("Kitchen").snapshot());
	});
	test("MicroPython hub our device", () => {
		const made = world([seedHub(), deviceSpec("Kitchen")]).boot();
		settle(made);
		expect(ask(made, "Kitchen", "on")).toMatch(/^OK ON \d+\+ -\d+$/);
		console.log(made.log.of("frame").map((f)=>JSON.stringify(f)).join("\n"), made.board("Kitchen").snapshot());
	});
});
