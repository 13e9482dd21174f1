import { describe, expect, test } from "@jest/globals";
import { buttonPin, FactoryButton } from "board/button";
import { FakePins } from "./board-fakes";
import { FakeTimers } from "./fake-timers";

function made() {
	const chip = new FakePins();
	const timers = new FakeTimers();
	const counts = { held: 0 };
	const button = new FactoryButton({ chip, timers, pin: 9, onHeld: () => (counts.held += 1) });
	const hold = (ms: number) => {
		chip.levels.set(9, 0);
		timers.advance(ms);
		chip.levels.set(9, 1);
	};
	return { chip, timers, counts, button, hold };
}

describe("the factory button", () => {
	test("held for 10 s calls back once, wherever in a poll the press begins", () => {
		for (const offset of [1, 50, 99, 100]) {
			const { timers, counts, button, hold } = made();
			button.start();
			timers.advance(1000 + offset);
			hold(10000);
			timers.advance(1000);
			expect(counts.held).toBe(1);
		}
	});

	test("released earlier does nothing, however often", () => {
		const { timers, counts, button, hold } = made();
		button.start();
		timers.advance(1000);
		for (let press = 0; press < 5; press++) {
			hold(9850);
			timers.advance(100);
		}
		expect(counts.held).toBe(0);
	});

	test("held on and on calls back once; the next press counts anew", () => {
		const { timers, counts, button, hold } = made();
		button.start();
		timers.advance(1000);
		hold(60000);
		expect(counts.held).toBe(1);
		timers.advance(200);
		hold(9000);
		timers.advance(200);
		expect(counts.held).toBe(1);
		hold(10000);
		expect(counts.held).toBe(2);
	});

	test("a pin that is low from the start is no press until it was high", () => {
		const { timers, counts, button, hold } = made();
		button.start();
		hold(30000);
		expect(counts.held).toBe(0);
		timers.advance(200);
		hold(10000);
		expect(counts.held).toBe(1);
	});

	test("is pulled up, polled only when started, and not after it was closed", () => {
		const { chip, timers, counts, button, hold } = made();
		expect(chip.log).toEqual(["input 9"]);
		expect(timers.pending).toBe(0);
		button.start();
		button.start();
		expect(timers.pending).toBe(1);
		timers.advance(1000);
		button.close();
		button.close();
		hold(20000);
		expect(counts.held).toBe(0);
	});

	test("may be closed by its own callback", () => {
		const chip = new FakePins();
		const timers = new FakeTimers();
		let held = 0;
		const button: FactoryButton = new FactoryButton({
			chip,
			timers,
			pin: 9,
			onHeld: () => {
				held += 1;
				button.close();
			},
		});
		button.start();
		timers.advance(200);
		chip.levels.set(9, 0);
		timers.advance(30000);
		expect([held, timers.pending]).toEqual([1, 0]);
	});

	test("that is not fitted, or on a pin that the chip lacks, needs no timer", () => {
		const chip = new FakePins();
		const timers = new FakeTimers();
		new FactoryButton({ chip, timers, onHeld: () => {} }).start();
		expect(chip.log).toEqual([]);
		chip.error = 0x102;
		const lines: string[] = [];
		new FactoryButton({ chip, timers, pin: 48, onHeld: () => {}, trace: (line) => lines.push(line) }).start();
		expect(lines).toEqual(["button: pin 48 is no input (258)"]);
		expect(timers.pending).toBe(0);
	});
});

describe("the button's pin", () => {
	test("is the one people told, else the one that the board is sold with", () => {
		expect(buttonPin({ button: 10 }, 9)).toBe(10);
		expect(buttonPin({}, 9)).toBe(9);
		expect(buttonPin({}, undefined)).toBeUndefined();
	});

	test("is nowhere when something else is wired to the usual one, known to this firmware or not", () => {
		const wired = [{ relay: { pin: 9, invert: true } }, { led: { pin: 9, invert: false } }, { dht22: { pin: "9" } }, { siren: 9 }];
		for (const pins of wired) expect(buttonPin(pins, 9)).toBeUndefined();
	});

	test("gives way to nothing that is not fitted", () => {
		expect(buttonPin({ ...{ dht22: { pin: "" } }, ...{ note: null } }, 0)).toBe(0);
	});
});
