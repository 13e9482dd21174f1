import { expect, test } from "@jest/globals";
import { Soak } from "../soak/soak";
import { SEED } from "./house";

/** Ten minutes of virtual time; `make soak` is the long one. */
const OPTIONS = {
	...{ minutes: 10, firstMinutes: 4, boards: 8, seed: SEED, loss: 0.3 },
	app: "build/virtual/app.json",
	program: process.env.BOARD ?? "build/board/board",
};
/** What a board remembers of others differs from moment to moment; a leak of one object for each request would be ten times that. */
const FLAT_BYTES = 2_048;

test("ten minutes of loss, resets and faults: every request settles once and the heap of every board stays flat", () => {
	const { made, answered, ledger, troubles, heap, wrong } = Soak.run(OPTIONS);
	expect([SEED, wrong]).toEqual([SEED, []]);
	expect(ledger.settled).toBe(ledger.taken);
	expect(ledger.twice).toBe(0);
	// A soak in which nothing happens shows nothing.
	expect(answered).toBeGreaterThan(made / 2);
	expect(Object.keys(troubles).length).toBeGreaterThan(8);
	expect(heap.filter(({ first, last, sameLife }) => sameLife && last - first > FLAT_BYTES)).toEqual([]);
	expect(heap.filter(({ sameLife }) => sameLife).length).toBeGreaterThanOrEqual(2);
});
