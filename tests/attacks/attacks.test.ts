import { expect, test } from "@jest/globals";
import { Attacks } from "./attacks";
import { faultsOf } from "./judge";

/** Three minutes of virtual time and ten boards; `make attacks` (`make nightly`) has an hour and twenty. */
const OPTIONS = {
	minutes: 3,
	boards: 10,
	seed: Number(process.env.SEED ?? 1),
	app: "build/virtual/app.json",
	program: process.env.BOARD ?? "build/board/board",
};

test("a stranger tries everything at once: nothing restarts, nothing is changed, nothing is told, and the owner is answered", () => {
	const result = Attacks.run(OPTIONS);
	expect([OPTIONS.seed, faultsOf(result, OPTIONS.minutes)]).toEqual([OPTIONS.seed, []]);
	expect(result.owner.p95Ms).toBeLessThan(10_000);
}, 300_000);
