import { describe, expect, test } from "@jest/globals";
import type { World } from "../../sim/world/world";
import { ask, deviceSpec, hubSpec, network, put, settle, snapshot, world } from "./network";

interface PinEffect {
	readonly do: string;
	readonly pin: number;
	readonly level: number;
}

/** A world that remembers what each start of a board did, effect by effect. */
function watched(make: (onLine: (board: { name: string }, direction: string, line: string) => void) => World) {
	const starts: { name: string; effects: PinEffect[] }[] = [];
	const made = make(({ name }, direction, line) => {
		if (direction === ">" && line.includes('"type":"boot"')) starts.push({ name, effects: [] });
		if (direction === "<") starts.findLast((start) => start.name === name)?.effects.push(...(JSON.parse(line).effects as PinEffect[]));
	});
	return { made, starts };
}

/** What an output shows, one character for each 100 ms. */
function shown(made: World, name: string, pin: number, steps: number): string {
	let line = "";
	for (let i = 0; i < steps; i++) {
		line += made.board(name).output(pin) === 1 ? "#" : ".";
		made.advance(100);
	}
	return line;
}

/** Lengths of the stretches of light and dark, without the two that the watching cut off. */
const stretches = (line: string) => (line.match(/#+|\.+/g) ?? []).slice(1, -1).map((stretch) => `${stretch[0]}${stretch.length}`);

describe("the relay", () => {
	test.each([
		["", false, 0],
		["inverted, ", true, 1],
	])("%sis driven off before anything else happens, at every kind of start", (_, invert, off) => {
		const { made, starts } = watched((onLine) => {
			const pins = { relay: { pin: 9, invert }, led: { pin: 3, invert: true }, button: 4 };
			return world([hubSpec({ pins }), deviceSpec("Kitchen", { pins })], { onLine }).boot();
		});
		settle(made);
		ask(made, "Kitchen", "on");
		expect(made.board("Kitchen").output(9)).toBe(1 - off);
		ask(made, "Kitchen", "reset");
		made.advance(2000);
		made.board("Kitchen").pressReset();
		made.board("Hub").pressReset();
		made.advance(3000);
		expect(starts).toHaveLength(5);
		for (const { effects } of starts) {
			expect(effects[0]).toEqual({ do: "pin", pin: 9, level: off });
			expect(effects.filter((effect) => effect.do === "pin" && effect.pin === 9)[1]?.level).not.toBe(off);
		}
	});

	test("is switched on nobody's word but a request's: a board that starts anew stays off", () => {
		const made = network(["Kitchen"]);
		ask(made, "Kitchen", "on");
		expect(made.status().boards[1]?.relay).toBe("ON");
		made.board("Kitchen").pressReset();
		made.advance(60_000);
		expect(made.status().boards[1]?.relay).toBe("OFF");
		expect(ask(made, "Kitchen", "relay")).toMatch(/^OK False/);
	});

	test("on a pin that the chip lacks: the board starts, says so and has no relay", () => {
		const made = world([hubSpec(), deviceSpec("Kitchen", { pins: { relay: { pin: 40, invert: false } } })]).boot();
		settle(made);
		expect(ask(made, "Kitchen", "on")).toMatch(/^OK None/);
		expect(made.log.of("trace", made.board("Kitchen").mac).map(({ line }) => line)).toContain("relay: pin 40 is no output (258)");
		expect(snapshot(made, "Kitchen").lastError).toBe("relay: pin 40 is no output (258)");
	});

	test("moves with the configuration at the next start, not before", () => {
		const made = network(["Kitchen"]);
		expect(put(made, "Kitchen", "ap", "/api/config", { pins: { relay: { pin: 5 } } }).status).toBe(200);
		ask(made, "Kitchen", "on");
		expect([made.board("Kitchen").output(9), made.board("Kitchen").output(5)]).toEqual([1, undefined]);
		put(made, "Kitchen", "ap", "/api/restart", {}, "POST");
		made.advance(1000);
		settle(made);
		ask(made, "Kitchen", "on");
		expect([made.board("Kitchen").output(9), made.board("Kitchen").output(5)]).toEqual([undefined, 1]);
	});
});

describe("the LED", () => {
	const withLeds = (invert = false) => {
		const pins = { led: { pin: 3, invert } };
		const made = world([hubSpec({ pins }), deviceSpec("Kitchen", { pins })]).boot();
		settle(made);
		return made;
	};

	test("while the access point is open: half a second on, half a second off", () => {
		const made = withLeds();
		for (const name of ["Hub", "Kitchen"])
			expect(stretches(shown(made, name, 3, 60)).every((stretch) => stretch === "#5" || stretch === ".5")).toBe(true);
		expect(stretches(shown(made, "Hub", 3, 60)).length).toBeGreaterThan(8);
	});

	test("afterwards: two flashes in five seconds from a hub, one from a device", () => {
		const made = withLeds();
		made.advance(125_000);
		expect(shown(made, "Hub", 3, 200).match(/##\.\.##\.{44}/g)?.length).toBeGreaterThanOrEqual(3);
		expect(shown(made, "Kitchen", 3, 200).match(/(?<=\.{4})##\.{48}/g)?.length).toBeGreaterThanOrEqual(2);
	});

	test("inverted: the same with low for light", () => {
		const made = withLeds(true);
		made.advance(125_000);
		expect(shown(made, "Kitchen", 3, 200).match(/\.\.#{48}/g)?.length).toBeGreaterThanOrEqual(3);
	});
});
