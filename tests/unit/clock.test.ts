import { expect, test } from "@jest/globals";
import { Clock } from "../../sim/world/clock";

test("actions of one microsecond run in the order in which they were scheduled", () => {
	const clock = new Clock();
	const seen: string[] = [];
	for (const name of ["a", "b", "c", "d", "e"]) clock.at(10, () => seen.push(name));
	clock.at(5, () => seen.push("first"));
	clock.runUntil(10);
	expect(seen.join(" ")).toBe("first a b c d e");
});

test("an action may schedule another one for this very moment", () => {
	const clock = new Clock();
	const seen: number[] = [];
	clock.at(3, () => clock.after(0, () => seen.push(clock.nowUs)));
	clock.runUntil(3);
	expect(seen).toEqual([3]);
});

test("what was cancelled does not run and is not waited for", () => {
	const clock = new Clock();
	const alarm = clock.at(5, () => {
		throw new Error("cancelled");
	});
	alarm.cancel();
	expect(clock.nextUs()).toBeUndefined();
	clock.runUntil(100);
	expect(clock.nowUs).toBe(100);
});

test("a thousand actions in any order run by time", () => {
	const clock = new Clock();
	const seen: number[] = [];
	for (let i = 0; i < 1000; i++) {
		const atUs = (i * 7919) % 1009;
		clock.at(atUs, () => seen.push(atUs));
	}
	clock.runUntil(2000);
	expect(seen).toHaveLength(1000);
	expect(seen).toEqual([...seen].sort((a, b) => a - b));
});

test("times are whole microseconds", () => {
	expect(() => new Clock().at(0.5, () => {})).toThrow(RangeError);
});
