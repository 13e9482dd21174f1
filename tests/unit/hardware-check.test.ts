import { expect, test } from "@jest/globals";
import { readArguments } from "../../tools/hardware-check/arguments";
import { costOf, readCost } from "../../tools/hardware-check/cost";
import { failed, passed } from "../../tools/hardware-check/lines";
import { at, numberAt } from "../../tools/hardware-check/look";
import { asMarkdown, makeReport, referenceOf, withoutNames } from "../../tools/hardware-check/report";
import { lateOnes, percentile, perMille } from "../../tools/hardware-check/trips";

const trip = (device: number, ms: number, ok = true) => ({ device, ms, ok, httpMs: ms, why: "" });

test("a round trip is late by its own device's usual time", () => {
	// The second device is farther away: what is usual there would be late at the first.
	expect(lateOnes([trip(0, 2), trip(0, 2), trip(0, 9), trip(1, 9), trip(1, 9), trip(1, 10)])).toBe(1);
	expect(lateOnes([trip(0, 2), trip(0, 2), trip(0, 9, false)])).toBe(0);
});

test("percentiles are values that occurred", () => {
	const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
	expect([0.5, 0.95, 0.99, 1].map((part) => percentile(hundred, part))).toEqual([50, 95, 99, 100]);
	expect([percentile([], 0.5), percentile([7], 0.01), perMille(0, 0), perMille(1, 3)]).toEqual([0, 7, 0, 333]);
});

test("addresses of boards and networks, names and passwords leave a text, in whatever form a board says them", () => {
	expect(withoutNames("hub 34b4720a1004 or 34:B4:72:0a:10:04, 192.168.1.50", [])).toBe("hub <mac> or <mac>, <address>");
	expect(withoutNames("cannot join My House as House, secret-1", ["House", "My House", "secret-1", "", "x"])).toBe(
		"cannot join <name> as <name>, <name>",
	);
});

test("a cell of the report cannot end its table", () => {
	const line = { id: "hub.answers" as const, subject: "hub", title: "answers", ...failed("a | b\nc") };
	const report = makeReport({ version: "0.1.0", trips: 1000, seconds: 1, lines: [line], words: [] });
	expect(asMarkdown(report, {}).split("\n")[6]).toBe("| FAILED | hub | answers | a \\| b c |  |");
});

test("only what passed stands for the virtual boards, the first of several devices for all", () => {
	const line = (subject: string) => ({ id: "device.answers" as const, subject, title: "answers" });
	const lines = [
		{ ...line("device 1"), ...failed("no reply") },
		{ ...line("device 2"), ...passed("2 ms") },
		{ ...line("device 3"), ...passed("3 ms") },
	];
	expect(referenceOf(makeReport({ version: "0.1.0", trips: 20, seconds: 1, lines, words: [] }))).toEqual({ "device.answers": "2 ms" });
});

test("what a board sends is looked into without trust", () => {
	expect(at({ a: [{ b: 1 }] }, "a", 0, "b")).toBe(1);
	expect([at(null, "a"), at({}, "constructor"), at("text", "length"), numberAt({ a: "1" }, "a")]).toEqual([
		undefined,
		undefined,
		undefined,
		0,
	]);
});

test("the command line takes MACs as people write them, each once, and says what is wrong", () => {
	const given = readArguments(["--hub", "192.168.1.50", "--devices", "34:B4:72:0A:10:04, 34b4720a1008 34b4720a1004"], {
		PASSWORD: "secret-12",
	});
	expect(given).toMatchObject({
		devices: ["34b4720a1004", "34b4720a1008"],
		password: "secret-12",
		trips: 1000,
		yes: false,
		simulated: false,
	});
	expect(given?.hub.href).toBe("http://192.168.1.50/");
	expect(() => readArguments([], {})).toThrow(/HUB is missing/);
	expect(() => readArguments(["--hub", "https://hub"], {})).toThrow(/must be an address/);
	expect(() => readArguments(["--hub", "hub", "--devices", "ffffffffffff"], {})).toThrow(/no MAC of a board/);
	expect(() => readArguments(["--hub", "hub", "--trips", "5"], {})).toThrow(/20 to 10000/);
});

test("a round trip's own work is what the turns took between two readings", () => {
	const before = readCost("OK 20000 counts 12000 us; 500 turns 1000 us; radio 800 ms; frame -1 ms -53");
	const after = readCost("OK 20000 counts 10000 us; 800 turns 201000 us; radio 800 ms; frame 31000 ms -53");
	if (!before || !after) throw new Error("not read");
	const { value, figures } = costOf(before, after, 100);
	expect(figures).toEqual({ countNs: 500, tripUs: 2000, radioMs: 800, frameMs: 31000 });
	expect(value).not.toMatch(/assumed/);
});

test("what is assumed is told as such and is no figure, and another text is no cost", () => {
	const cost = readCost("OK 20000 counts 10200 us assumed; 500 turns 0 us; radio 0 ms; frame -1 ms");
	if (!cost) throw new Error("not read");
	const { value, figures } = costOf(cost, cost, 100);
	expect(value).toMatch(/^510 ns a count \(assumed\); no time passes in turns; .* no frame yet$/);
	expect(figures).toEqual({ radioMs: 0, frameMs: -1 });
	expect(readCost("Unknown message: meter -53")).toBeUndefined();
});
