import { describe, expect, test } from "@jest/globals";
import { type LedPattern, Leds } from "board/leds";
import { FakePins } from "./board-fakes";
import { FakeTimers } from "./fake-timers";

function made(pattern: LedPattern, invert = false) {
	const chip = new FakePins();
	const timers = new FakeTimers();
	const shown = { pattern };
	const leds = new Leds({ chip, timers, pin: { pin: 3, invert }, pattern: () => shown.pattern });
	/** The times at which the LED changes within so many ms, each with on or off. */
	const watch = (ms: number) => {
		const changes: string[] = [];
		let before: boolean | undefined;
		for (const end = timers.nowMs + ms; timers.nowMs < end; timers.advance(1)) {
			const lit = chip.levels.get(3) === (invert ? 0 : 1);
			if (lit !== before) changes.push(`${timers.nowMs} ${lit ? "on" : "off"}`);
			before = lit;
		}
		return changes;
	};
	return { chip, timers, shown, leds, watch };
}

describe("the LED", () => {
	test("in the window is on and off for half a second each", () => {
		const { leds, watch } = made("window");
		leds.start();
		expect(watch(2000)).toEqual(["0 on", "500 off", "1000 on", "1500 off"]);
	});

	test("of a hub flashes twice for 0.2 s in 5 s", () => {
		const { leds, watch } = made("hub");
		leds.start();
		expect(watch(10000)).toEqual(["0 on", "200 off", "400 on", "600 off", "5000 on", "5200 off", "5400 on", "5600 off"]);
	});

	test("of a device flashes once for 0.2 s in 5 s", () => {
		const { leds, watch } = made("device");
		leds.start();
		expect(watch(10000)).toEqual(["0 on", "200 off", "5000 on", "5200 off"]);
	});

	test("honours invert", () => {
		const { chip, leds, watch } = made("device", true);
		expect(chip.log).toEqual(["output 3 1"]);
		leds.start();
		expect(watch(5000)).toEqual(["0 on", "200 off"]);
	});

	test("changes the pattern when another one is due, from its beginning", () => {
		const { shown, leds, timers, watch } = made("window");
		leds.start();
		timers.advance(720);
		shown.pattern = "device";
		expect(watch(5200)).toEqual(["720 off", "800 on", "1000 off", "5800 on"]);
	});

	test("is off until it is started, and written only when it changes", () => {
		const { chip, leds, timers } = made("device");
		timers.advance(1000);
		expect(chip.log).toEqual(["output 3 0"]);
		leds.start();
		leds.start();
		timers.advance(4900);
		expect(chip.log).toEqual(["output 3 0", "write 3 1", "write 3 0"]);
		expect(timers.pending).toBe(1);
	});

	test("goes out when closed, and may be started again", () => {
		const { chip, leds, timers } = made("window");
		leds.start();
		leds.close();
		leds.close();
		expect(chip.levels.get(3)).toBe(0);
		expect(timers.pending).toBe(0);
		leds.start();
		expect(chip.levels.get(3)).toBe(1);
	});

	test("that is not fitted, or on a pin that the chip lacks, needs no timer", () => {
		const chip = new FakePins();
		const timers = new FakeTimers();
		new Leds({ chip, timers, pattern: () => "hub" }).start();
		expect(chip.log).toEqual([]);
		chip.error = 0x102;
		const lines: string[] = [];
		new Leds({ chip, timers, pin: { pin: 48, invert: false }, pattern: () => "hub", trace: (line) => lines.push(line) }).start();
		expect(lines).toEqual(["led: pin 48 is no output (258)"]);
		expect(timers.pending).toBe(0);
	});
});
