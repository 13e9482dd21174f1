import { expect, test } from "@jest/globals";
import { grown, Soak } from "../soak/soak";
import { SEED } from "./network";

/** Five minutes of virtual time; `make soak` is the long one. */
const OPTIONS = {
	looks: [2, 5],
	boards: 8,
	seed: SEED,
	loss: 0.3,
	app: "build/virtual/app.json",
	program: process.env.BOARD ?? "build/board/board",
};

test("five minutes of loss, resets and faults: every request settles once and the heap of every board stays flat", () => {
	const { made, answered, ledger, troubles, heap, wrong } = Soak.run(OPTIONS);
	expect([SEED, wrong]).toEqual([SEED, []]);
	// What was open when a program ended was never settled by it; what was not open is in `wrong`.
	expect(ledger.settled).toBeGreaterThan(ledger.taken * 0.98);
	expect(ledger.twice).toBe(0);
	// A soak in which nothing happens shows nothing.
	expect(answered).toBeGreaterThan(made / 2);
	expect(Object.keys(troubles).length).toBeGreaterThan(8);
	expect(grown(heap)).toEqual([]);
	expect(heap.filter(({ sameLife }) => sameLife).length).toBeGreaterThanOrEqual(2);
});
