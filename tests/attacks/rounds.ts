import { existsSync } from "node:fs";
import { afterEach, expect } from "@jest/globals";
import type { Board } from "../../sim/world/board";
import { Network } from "./network";

/**
 * Every input that the limits let through, again and again: nothing of it may stay in the engine's memory. `ROUNDS=1000 jest -w 2 tests/attacks/inputs`
 * takes some ten minutes; a slot that stays for each input, or for each round, shows in a few.
 * Where gcc makes 32-bit programs this is the board with the chip's words (`make test` builds it), else the one with the desk's.
 */
const M32 = "build/board-m32/board";
const program = process.env.BOARD ?? (existsSync(M32) ? M32 : "build/board/board");
const APP = "build/virtual/app.json";
export const ROUNDS = Number(process.env.ROUNDS ?? 12);
/** What was last heard, and when, is kept in a few slots more or less, and who is to be asked whether it is a device. */
const MOMENT_SLOTS = 16;
/** What a first round leaves for good stays once: who was heard, what was said last. */
const FIRST_ROUNDS = 3;
const REST_MS = 40_000;

const networks: Network[] = [];
afterEach(() => {
	for (const network of networks.splice(0)) network.world.close();
});

/** A hub and two devices with their access points open, or closed. */
export function makeNetwork(setup: "open" | "closed"): Network {
	const network = new Network({ boards: 3, seed: 1, app: APP, program, routerOff: false, engineNsPerMeter: 0 });
	networks.push(network);
	network.world.boot();
	network.world.advance(setup === "open" ? 20_000 : 90_000);
	return network;
}

function slots(network: Network, board: Board): number {
	network.world.advance(REST_MS);
	board.collect();
	return board.collect().slots;
}

/** Gives boards so many rounds and compares their slots before and after; none of them may restart. */
export function compare(network: Network, boards: readonly Board[], rounds: number, round: () => void): void {
	const boots = boards.map(({ bootCount }) => bootCount);
	for (let i = 0; i < FIRST_ROUNDS; i++) round();
	const before = boards.map((board) => slots(network, board));
	for (let i = 0; i < rounds; i++) round();
	const after = boards.map((board) => slots(network, board));
	expect(boards.map(({ bootCount }) => bootCount)).toEqual(boots);
	boards.forEach((_, i) => {
		// What a board knew before may have been forgotten meanwhile: fewer are no leak.
		expect((after[i] ?? 0) - (before[i] ?? 0)).toBeLessThanOrEqual(MOMENT_SLOTS);
	});
}
