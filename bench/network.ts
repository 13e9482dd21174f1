import { boardMac } from "../sim/world/mac";
import { joinAll } from "../sim/world/provision";
import { ROUTER_DEFAULTS } from "../sim/world/router";
import { type BoardSpec, World } from "../sim/world/world";

/**
 * What the chip's cryptography is assumed to take until one tells, in ns: each use of a symmetric key (a frame sealed or opened, an HMAC, a derived
 * key), and each X25519. Charged in counts of the engine's meter (sim/board/crypto-meter.c).
 */
export const ASSUMED_CRYPTO = { symmetricNs: 200_000, x25519Ns: 150_000_000 } as const;

const PROGRAM = "build/board/board";
const ORIGINAL_PROGRAM = "build/original/board.mjs";
const { ssid, password, channel } = ROUTER_DEFAULTS;

/** A hub and so many devices, all up, on the air of this seed. */
export interface NetworkOptions {
	readonly seed: number;
	readonly devices: number;
	/** app.json of the firmware, or the page with the original's code. */
	readonly app: string;
	/** Boards that run the original's code. */
	readonly original?: boolean;
	/** Hub and devices of a sealed network. */
	readonly sealed?: boolean;
	readonly engineNsPerMeter?: number;
	/** Default `chip`. */
	readonly machine?: "plain" | "chip";
	/** See WorldOptions.onLine. */
	readonly onLine?: (board: { readonly name: string }, direction: ">" | "<", line: string) => void;
}

export const HUB = "Hub";
export const device = (index: number): string => `Device ${index}`;

export function makeNetwork(options: NetworkOptions): World {
	const { seed, devices, app, original, sealed, engineNsPerMeter = 0, machine = "chip", onLine } = options;
	const boards: BoardSpec[] = [{ name: HUB, config: { name: HUB, role: "hub", router: { ssid, password } } }];
	for (let i = 1; i <= devices; i++) {
		const config = { name: device(i), role: "device", hub: boardMac(0), channel, pins: { relay: { pin: 9, invert: false } } };
		boards.push({ name: device(i), config });
	}
	// Boards read it from their environment: sim/board/crypto-meter.c.
	const { symmetricNs, x25519Ns } = ASSUMED_CRYPTO;
	const counts = (ns: number) => Math.round(ns / engineNsPerMeter);
	if (engineNsPerMeter > 0) process.env.BOARD_CRYPTO = `${counts(symmetricNs)},${counts(x25519Ns)}`;
	else delete process.env.BOARD_CRYPTO;
	const world = new World({
		seed,
		...(original ? {} : { app, program: PROGRAM }),
		boards: original ? boards.map((spec) => ({ ...spec, app, program: ORIGINAL_PROGRAM })) : sealed ? joinAll(boards) : boards,
		engineNsPerMeter,
		machine,
		...(onLine ? { onLine } : {}),
	}).boot();
	const up = () => world.log.of("espnow-up").length === boards.length && world.reachable(world.board(HUB), "lan");
	if (!world.advanceUntil(up, 30_000)) throw new Error("the boards did not come up");
	world.advance(3_000);
	return world;
}
