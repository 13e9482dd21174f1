import { existsSync } from "node:fs";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { Board } from "../../sim/world/board";
import { House, HUB } from "./house";
import { frames, requests } from "./inputs";
import { STRANGER } from "./means";

/**
 * Every input that the limits let through, again and again: nothing of it may stay in the engine's memory. `ROUNDS=1000 jest …` takes an hour;
 * a slot that stays for each input, or for each round, shows in a few.
 * Where gcc makes 32-bit programs this is the board with the chip's words (`make test` builds it), else the one with the desk's.
 */
const M32 = "build/board-m32/board";
const program = process.env.BOARD ?? (existsSync(M32) ? M32 : "build/board/board");
const APP = "build/virtual/app.json";
const ROUNDS = Number(process.env.ROUNDS ?? 12);
/** What was last heard, and when, is kept in a few slots more or less. */
const MOMENT_SLOTS = 8;
/** What a first round leaves for good stays once: who was heard, what was said last. */
const FIRST_ROUNDS = 3;
const REST_MS = 40_000;
/** Frames of one sender come this far apart, in ms: what one of them begins has its end before the next. */
const PACE_MS = 12;

const houses: House[] = [];
afterEach(() => {
	for (const house of houses.splice(0)) house.world.close();
});

function makeHouse(): House {
	const house = new House({ boards: 3, seed: 1, app: APP, program, routerOff: false, engineNsPerMeter: 0 });
	houses.push(house);
	house.world.boot();
	house.world.advance(90_000);
	return house;
}

function slots(house: House, board: Board): number {
	house.world.advance(REST_MS);
	board.collect();
	return board.collect().slots;
}

/** Gives a board so many rounds and compares its slots before and after. */
function compare(house: House, boards: readonly Board[], round: () => void): void {
	for (let i = 0; i < FIRST_ROUNDS; i++) round();
	const before = boards.map((board) => slots(house, board));
	for (let i = 0; i < ROUNDS; i++) round();
	const after = boards.map((board) => slots(house, board));
	expect(house.world.log.of("restart")).toEqual([]);
	expect(house.world.boards.map(({ bootCount }) => bootCount)).toEqual([1, 1, 1]);
	boards.forEach((_, i) => {
		expect(Math.abs((after[i] ?? 0) - (before[i] ?? 0))).toBeLessThanOrEqual(MOMENT_SLOTS);
	});
}

describe("what anybody may send, at its largest and oddest, leaves no slot behind and restarts nobody", () => {
	test("every route of the hub, every command and message by HTTP", () => {
		const house = makeHouse();
		const device = house.world.board("Room 1");
		const all = requests(device.mac);
		compare(house, [house.hub, device], () => {
			for (const request of all) {
				const exchange = house.request(9, request);
				house.world.advanceUntil(() => exchange.done, 15_000);
				expect(exchange.response ?? exchange.error).toBeDefined();
			}
		});
	});

	test.each(["Hub", "Room 1"])("every kind of frame and every command by radio, to %s", (name) => {
		const house = makeHouse();
		const board = house.world.board(name);
		const all = frames([HUB, ...house.devices.map(({ mac }) => mac)]);
		compare(house, house.world.boards, () => {
			for (const payload of all) {
				house.world.sendFrame({ from: STRANGER, to: board.mac, payload });
				house.world.advance(PACE_MS);
			}
		});
	});
});
