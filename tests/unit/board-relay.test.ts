import { describe, expect, test } from "@jest/globals";
import { Relay } from "board/relay";
import { FakePins } from "./board-fakes";

const fitted = (invert: boolean) => {
	const chip = new FakePins();
	return { chip, relay: new Relay({ chip, pin: { pin: 9, invert } }) };
};

describe("the relay", () => {
	test("is driven off from the first moment, honouring invert", () => {
		expect(fitted(false).chip.log).toEqual(["output 9 0"]);
		expect(fitted(true).chip.log).toEqual(["output 9 1"]);
		expect(fitted(true).relay).toMatchObject({ isFitted: true, isOn: false, state: "OFF" });
	});

	test("is switched, honouring invert", () => {
		for (const invert of [false, true]) {
			const { chip, relay } = fitted(invert);
			relay.set(true);
			expect([relay.isOn, relay.state, chip.levels.get(9)]).toEqual([true, "ON", invert ? 0 : 1]);
			relay.set(false);
			expect([relay.isOn, relay.state, chip.levels.get(9)]).toEqual([false, "OFF", invert ? 1 : 0]);
		}
	});

	test("that is not fitted drives no pin", () => {
		const chip = new FakePins();
		const relay = new Relay({ chip });
		relay.set(true);
		expect(chip.log).toEqual([]);
		expect(relay).toMatchObject({ isFitted: false, isOn: false, state: null });
	});

	test("on a pin that the chip lacks counts as not fitted, and is told", () => {
		const chip = new FakePins();
		chip.error = 0x102;
		const lines: string[] = [];
		const relay = new Relay({ chip, pin: { pin: 48, invert: false }, trace: (line) => lines.push(line) });
		expect(relay.isFitted).toBe(false);
		expect(lines).toEqual(["relay: pin 48 is no output (258)"]);
		relay.set(true);
		expect(chip.log).toEqual(["output 48 0"]);
	});

	test("that could not be driven is said to be as it was", () => {
		const { chip, relay } = fitted(false);
		chip.error = 0x102;
		expect(() => relay.set(true)).toThrow("258");
		expect(relay.isOn).toBe(false);
	});
});
