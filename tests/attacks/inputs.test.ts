import { existsSync } from "node:fs";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { Board } from "../../sim/world/board";
import { frames, requests } from "./inputs";
import { STRANGER } from "./means";
import { HUB, Network } from "./network";

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

const networks: Network[] = [];
afterEach(() => {
	for (const network of networks.splice(0)) network.world.close();
});

function makeNetwork(): Network {
	const network = new Network({ boards: 3, seed: 1, app: APP, program, routerOff: false, engineNsPerMeter: 0 });
	networks.push(network);
	network.world.boot();
	network.world.advance(90_000);
	return network;
}

function slots(network: Network, board: Board): number {
	network.world.advance(REST_MS);
	board.collect();
	return board.collect().slots;
}

/** Gives a board so many rounds and compares its slots before and after. */
function compare(network: Network, boards: readonly Board[], round: () => void): void {
	for (let i = 0; i < FIRST_ROUNDS; i++) round();
	const before = boards.map((board) => slots(network, board));
	for (let i = 0; i < ROUNDS; i++) round();
	const after = boards.map((board) => slots(network, board));
	expect(network.world.log.of("restart")).toEqual([]);
	expect(network.world.boards.map(({ bootCount }) => bootCount)).toEqual([1, 1, 1]);
	boards.forEach((_, i) => {
		expect(Math.abs((after[i] ?? 0) - (before[i] ?? 0))).toBeLessThanOrEqual(MOMENT_SLOTS);
	});
}

describe("what anybody may send, at its largest and oddest, leaves no slot behind and restarts nobody", () => {
	test("every route of the hub, every command and message by HTTP", () => {
		const network = makeNetwork();
		const device = network.world.board("Room 1");
		const all = requests(device.mac);
		compare(network, [network.hub, device], () => {
			for (const request of all) {
				const exchange = network.request(9, request);
				network.world.advanceUntil(() => exchange.done, 15_000);
				expect(exchange.response ?? exchange.error).toBeDefined();
			}
		});
	});

	test.each(["Hub", "Room 1"])("every kind of frame and every command by radio, to %s", (name) => {
		const network = makeNetwork();
		const board = network.world.board(name);
		const all = frames([HUB, ...network.devices.map(({ mac }) => mac)]);
		compare(network, network.world.boards, () => {
			for (const payload of all) {
				network.world.sendFrame({ from: STRANGER, to: board.mac, payload });
				network.world.advance(PACE_MS);
			}
		});
	});
});
