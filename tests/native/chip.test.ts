import { describe, expect, test } from "@jest/globals";
import { type Event, run, STATION } from "./native-board";

/** The shipping C of the chip on the real engine, under AddressSanitizer and UBSan. */

const CHIP = "const chip = new Chip({ heartbeatMs: 30000 });\n";

describe("chip", () => {
	test("address, time, reset reason and random numbers", () => {
		const { said } = run(
			`${CHIP}
say(chip.mac(), chip.now(), chip.resetReason());
const values = Array.from({ length: 100 }, () => chip.random());
say(values.every((value) => value >= 0 && value < 1), new Set(values).size);
const hex = chip.randomHex(64);
say(hex.length, /^[0-9a-f]+$/.test(hex), chip.randomHex(1).length);
say(failure(() => chip.randomHex(0)), failure(() => chip.randomHex(65)));`,
			[],
			{ t: 5_000_000, reset: 3 },
		);
		expect(said).toEqual([`${STATION} 0 3`, "true 100", "128 true 2", "RangeError: invalid count RangeError: invalid count"]);
	});

	test("a board that is not fed for its time restarts as by its heartbeat, with that as last words", () => {
		const first = run(CHIP, [
			{ type: "wake", t: 29_999 },
			{ type: "wake", t: 30_000 },
		]);
		expect(first.effects("restart")).toEqual([{ do: "restart", reason: "heartbeat", words: "" }]);
		const rtc = first.effects("rtc")[0]?.hex;
		expect(run(`${CHIP} say(chip.lastWords(), "|", chip.lastWords());`, [], { reset: 3, rtc }).said).toEqual(["heartbeat | "]);
	});

	test("a board that is fed lives on", () => {
		const script = `${CHIP} new WiFiDriver({ country: "01", hostName: "rbr-hall", onEvent() { chip.feed(); } }).start();`;
		const { effects } = run(script, [
			{ type: "wake", t: 20_000 },
			{ type: "snapshot", t: 20_000 },
		]);
		expect(effects("restart")).toEqual([]);
	});

	test("a closed chip has no heartbeat, and may be opened again", () => {
		const { said, effects } = run(
			`${CHIP} say(failure(() => new Chip({ heartbeatMs: 5000 }))); chip.close(); chip.close(); new Chip({ heartbeatMs: 60000 });`,
			[{ type: "wake", t: 59_000 }],
		);
		expect(said).toEqual(["Error: chip in use"]);
		expect(effects("restart")).toEqual([]);
	});

	describe("a debug build", () => {
		const DEBUG = "build/board-xsbug/board";
		/** Nobody feeds; a debugger comes and goes. */
		const silent = (events: Event[]) => run(CHIP, events, {}, DEBUG).effects("restart");

		test("stands at a breakpoint for as long as it likes: no heartbeat while a debugger is attached", () => {
			const hour = Array.from({ length: 60 }, (_, minute) => ({ type: "wake", t: (minute + 1) * 60_000 }));
			expect(silent([{ type: "xsbug", attached: true, t: 10_000 }, ...hour])).toEqual([]);
		});

		test("waits ten minutes without a debugger, counted from when that left", () => {
			const restarted = [{ do: "restart", reason: "heartbeat", words: "" }];
			expect(silent([{ type: "wake", t: 599_000 }])).toEqual([]);
			expect(silent([{ type: "wake", t: 600_000 }])).toEqual(restarted);
			const left = [
				{ type: "xsbug", attached: true, t: 1000 },
				{ type: "wake", t: 300_000 },
				{ type: "xsbug", attached: false, t: 300_500 },
			];
			expect(silent([...left, { type: "wake", t: 899_000 }])).toEqual([]);
			expect(silent([...left, { type: "wake", t: 901_000 }])).toEqual(restarted);
		});
	});

	test("the heartbeat's time is checked", () => {
		const { said } = run(`for (const heartbeatMs of [0, 999, 3600001, undefined]) say(failure(() => new Chip({ heartbeatMs })));`);
		expect(said).toEqual(Array(4).fill("RangeError: invalid heartbeatMs"));
	});

	test("words are kept over a restart, once, and not over a power cut", () => {
		const first = run(`${CHIP} say(chip.lastWords()); chip.keep("radio: wedged, ä"); chip.restart();`);
		expect(first.said).toEqual([""]);
		expect(first.effects("restart")).toEqual([{ do: "restart", reason: "software", words: "" }]);
		const rtc = first.effects("rtc")[0]?.hex ?? "";
		const read = `${CHIP} say(chip.lastWords()); say(chip.lastWords()); chip.restart();`;
		const second = run(read, [], { reset: 3, rtc });
		expect(second.said).toEqual(["radio: wedged, ä", ""]);
		expect(run(read, [], { reset: 3, rtc: second.effects("rtc")[0]?.hex }).said).toEqual(["", ""]);
		expect(run(read, [], { reset: 1 }).said).toEqual(["", ""]);
		const damaged = rtc.replace("776564676564", "776564676565");
		expect(damaged).not.toBe(rtc);
		expect(run(read, [], { reset: 3, rtc: damaged }).said).toEqual(["", ""]);
	});

	test("that recovery restarted the board is kept over restarts that leave other words, and not made of noise", () => {
		const noted = run(`${CHIP} say(chip.recovered()); chip.setRecovered(true); chip.restart();`);
		expect(noted.said).toEqual(["false"]);
		const again = `${CHIP} say(chip.recovered()); chip.keep("radio"); chip.restart();`;
		const second = run(again, [], { reset: 3, rtc: noted.effects("rtc")[0]?.hex });
		expect(second.said).toEqual(["true"]);
		const third = run(`${CHIP} say(chip.recovered()); chip.setRecovered(false); say(chip.recovered());`, [], {
			reset: 4,
			rtc: second.effects("rtc")[0]?.hex,
		});
		expect(third.said).toEqual(["true", "false"]);
	});

	test("words are cut to 160 bytes between two characters", () => {
		const first = run(`${CHIP} chip.keep("x" + "€".repeat(60)); chip.restart();`);
		const { said } = run(`${CHIP} say(chip.lastWords());`, [], { reset: 3, rtc: first.effects("rtc")[0]?.hex });
		expect(said).toEqual([`x${"€".repeat(53)}`]);
	});

	test("a pin that the flash hangs on is refused by number before the driver hears of it", () => {
		const { said, effects } = run(
			`${CHIP}
for (const pin of [11, 12, 17, 18]) say(pin, chip.output(pin, 1), chip.input(pin), chip.write(pin, 1));`,
		);
		expect(said).toEqual(["11 0 0 0", `12 ${0x102} ${0x102} ${0x102}`, `17 ${0x102} ${0x102} ${0x102}`, "18 0 0 0"]);
		expect(effects("restart")).toEqual([]);
	});

	test("an output shows its level from the first moment, an input reads its pin, a wrong pin is refused by number", () => {
		const { said, effects } = run(
			`${CHIP}
say(chip.output(4, 1), chip.level(4), chip.write(4, 0), chip.level(4));
say(chip.input(9), chip.level(9), chip.input(3), chip.level(3));
say(chip.output(22, 1), chip.input(-1), chip.write(99, 1), chip.level(99));`,
			[],
			{ pins: { "9": 0 } },
		);
		expect(said).toEqual(["0 1 0 0", "0 0 0 1", `${0x102} ${0x102} ${0x102} 0`]);
		expect(effects("pin").map(({ pin, level }) => [pin, level])).toEqual([
			[4, 1],
			[4, 0],
		]);
	});
});
