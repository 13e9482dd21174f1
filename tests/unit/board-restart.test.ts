import { describe, expect, test } from "@jest/globals";
import { decodeWords, encodeWords, opensSetup, resetReasonName, startTrouble } from "board/last-words";
import { Restarter } from "board/restarter";

describe("last words", () => {
	test("come back as they were kept", () => {
		expect(decodeWords(encodeWords({ cause: "recovery", text: "no send status" }))).toEqual({ cause: "recovery", text: "no send status" });
		expect(decodeWords(encodeWords({ cause: "radio", text: "" }))).toEqual({ cause: "radio", text: "" });
	});

	test("nothing kept is nothing said", () => {
		expect(decodeWords("")).toBeUndefined();
	});

	test("whatever else stands in that memory is told as an error, not obeyed", () => {
		expect(decodeWords("setup\u0001garbage")).toEqual({ cause: "error", text: "setup\u0001garbage" });
	});

	test("are one line: an exception's places come with line ends", () => {
		expect(encodeWords({ cause: "error", text: "TypeError: x\n at main ()\n" })).toBe("error: TypeError: x at main ()");
	});

	test("are cut to what the chip keeps, in bytes", () => {
		const kept = encodeWords({ cause: "error", text: "ä".repeat(500) });
		expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(160);
	});
});

test("what went wrong before a start is told, a restart that was ordered is not", () => {
	const told = (reason: number, words: string) => startTrouble(reason, decodeWords(words));
	for (const [reason, words] of [
		[1, ""],
		[2, ""],
		[11, ""],
		[3, "setup"],
		[3, "lan"],
		[3, "radio"],
		[3, "button: factory configuration"],
	] as const)
		expect(told(reason, words)).toBe("");
	expect(told(3, "error: unhandled exception TypeError: x\n at main")).toBe(
		"restarted after an error: unhandled exception TypeError: x\n at main",
	);
	expect(told(3, "heartbeat")).toBe("restarted because the receive loop stood still");
	expect(told(3, "recovery: no send status")).toBe("restarted to recover: no send status");
	expect(told(3, "")).toBe("restarted after an error without words, most likely a full heap or stack");
	expect(told(9, "")).toBe("restarted by brown-out");
});

describe("what a start opens", () => {
	test.each([
		["power-on", 1, "", true],
		["the reset pin", 2, "", true],
		["flashing over its own USB", 11, "", true],
		["a restart from the setup side", 3, "setup", true],
		["the factory button", 3, "button", true],
		["a restart ordered by radio", 3, "radio", false],
		["a restart from the house", 3, "lan", false],
		["recovery", 3, "recovery: no send status", false],
		["the heartbeat", 3, "heartbeat", false],
		["a panic", 4, "", false],
		["a brown-out", 9, "", false],
	])("%s: %s", (_name, reason, words, opens) => {
		expect(opensSetup(reason as number, decodeWords(words as string))).toBe(opens);
	});

	test("reset reasons have names", () => {
		expect(resetReasonName(9)).toBe("brown-out");
		expect(resetReasonName(77)).toBe("reset reason 77");
	});
});

describe("an ordered restart", () => {
	function restarter() {
		const done: string[] = [];
		const timers: { due: number; fire: () => void }[] = [];
		const made = new Restarter({
			chip: {
				keep: (words) => void done.push(words),
				setRecovered: (recovered) => void done.push(`recovered ${recovered}`),
				restart: () => void done.push("restart"),
			},
			timers: {
				set: (callback, ms) => {
					timers.push({ due: ms ?? 0, fire: callback as () => void });
					return timers[0] as never;
				},
				schedule: (timer, ms) => {
					(timer as unknown as { due: number }).due = ms ?? 0;
				},
			},
		});
		return { made, done, timers };
	}

	test("waits for its reply, but at most 500 ms", () => {
		const { made, timers, done } = restarter();
		made.request("radio");
		expect(timers.map((timer) => timer.due)).toEqual([500]);
		made.replySent();
		expect(timers[0]?.due).toBeLessThan(500);
		timers[0]?.fire();
		expect(done).toEqual(["radio", "restart"]);
	});

	test("by recovery is noted apart from the words, which the next restart replaces", () => {
		const { made, done } = restarter();
		made.now("recovery", "why");
		expect(done).toEqual(["recovery: why", "recovered true", "restart"]);
	});

	test("is ordered once, whoever asks again", () => {
		const { made, timers } = restarter();
		made.request("setup");
		made.request("radio");
		expect(timers).toHaveLength(1);
	});

	test("a reply sent without an order restarts nothing", () => {
		const { made, timers } = restarter();
		made.replySent();
		expect(timers).toHaveLength(0);
	});
});
