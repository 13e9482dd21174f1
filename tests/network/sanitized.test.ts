import { existsSync } from "node:fs";
import { afterEach, describe, expect, test } from "@jest/globals";
import { World } from "../../sim/world/world";
import { ask, deviceSpec, events, hubSpec, macOf, SEED, settle, snapshot } from "./network";
import { call, finish, inject, STRANGER } from "./traffic";

/** The board program under AddressSanitizer and UBSan: what they have to say ends the test. */
const PROGRAM = "build/board-asan/board";
const NAMES = ["Kitchen", "Bedroom", "Hall"];

const open: World[] = [];
afterEach(() => {
	// Closing waits for the programs' last words, leaks among them.
	for (const made of open.splice(0)) made.close();
});

function network(): World {
	const boards = [hubSpec({ country: "DE" }), ...NAMES.map((name) => deviceSpec(name, { country: "DE" }))];
	const made = new World({ seed: SEED, app: "build/virtual/app.json", program: PROGRAM, boards, awaitReport: true });
	open.push(made);
	made.boot();
	settle(made);
	return made;
}

describe("under the sanitizers", () => {
	test("the program is there: make asan", () => {
		expect(existsSync(PROGRAM)).toBe(true);
	});

	test("a house at work: requests, relays, pings, unknown boards, loss and frames handed over twice", () => {
		const made = network();
		made.air.loss = 0.2;
		made.air.duplicate = 0.2;
		for (let i = 0; i < 15; i++) {
			const calls = [
				call(made, "Kitchen", `question-${i}`),
				call(made, "Bedroom", `!${macOf(made, "Hall")},on`),
				call(made, "34b4720afff0", "ping"),
			];
			finish(made, calls);
		}
		made.air.loss = 0;
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF /);
	});

	test("frames of every length and kind", () => {
		const made = network();
		for (let length = 0; length <= 260; length += 13) inject(made, { to: "Kitchen", from: STRANGER, payload: Buffer.alloc(length, "x") });
		for (const length of [249, 250, 251, 1000, 1470]) inject(made, { to: "Kitchen", from: STRANGER, payload: Buffer.alloc(length, 0xc3) });
		for (const payload of ["ping", "OK late -50", "!", "!zz,x", [0xc3], [0], [0xed, 0xa0, 0x80], "ü".repeat(125)])
			for (const from of [STRANGER, "Hub", "Kitchen"]) inject(made, { to: "Kitchen", from, payload });
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF /);
	});

	test("the whole ladder of recovery, and a restart", () => {
		const made = network();
		for (const [name, kind] of [
			["Hub", "status-lost"],
			["Kitchen", "no-mem"],
		] as const) {
			made.fault(name, kind, 1_000_000);
			for (let i = 0; i < 200 && made.board(name).bootCount === 1; i++) {
				if (made.reachable(made.board("Hub"), "lan")) call(made, "Kitchen", "uptime");
				made.advance(250);
			}
			expect(made.board(name).bootCount).toBe(2);
			made.advance(10_000);
		}
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF /);
		expect(ask(made, "Kitchen", "reset")).toMatch(/^OK -\d+$/);
		made.advance(5_000);
		expect(made.board("Kitchen").bootCount).toBe(3);
	});

	test("the router moves, goes and comes back; setup access points close", () => {
		const made = network();
		expect(made.joinClient("Kitchen", "00000000").result.joined).toBe(true);
		expect(made.joinClient("Bedroom", "wrong-password").result.joined).toBe(false);
		made.advance(125_000);
		for (const [channel, announce] of [
			[13, true],
			[3, false],
		] as const) {
			made.changeRouter({ channel }, announce);
			made.advance(50_000);
			for (const name of NAMES) expect(ask(made, name, "channel")).toMatch(new RegExp(`^OK ${channel} `));
		}
		made.changeRouter({ power: false });
		made.advance(45_000);
		made.changeRouter({ power: true });
		made.advance(45_000);
		expect(snapshot(made, "Hub").joined).toBe(true);
		expect(events(made, "restart")).toEqual([]);
	});

	test("power cut in every step of a configuration's way into flash", () => {
		const made = network();
		for (let step = 1; step <= 4; step++) {
			made.fault("Hall", "power-cut-in-flash-write", step);
			ask(made, "Hall", `channel=${step}`);
			made.advance(3_000);
			ask(made, "Hall", "channel=6");
			made.advance(1_000);
		}
		made.board("Hall").pressReset();
		made.advance(3_000);
		expect(snapshot(made, "Hall").store.source).not.toBe("defaults");
	});
});
