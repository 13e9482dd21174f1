import { afterAll, afterEach } from "@jest/globals";
import type { CountersView } from "../../modules/espnow/types";
import type { Board } from "../../sim/world/board";
import { closeTemplates } from "../../sim/world/board-process";
import type { HttpResponse } from "../../sim/world/http";
import type { LogEvent } from "../../sim/world/log";
import { boardMac } from "../../sim/world/mac";
import type { ConfigurationPatch } from "../../sim/world/provision";
import { ROUTER_DEFAULTS } from "../../sim/world/router";
import { type BoardSpec, type Side, World, type WorldOptions } from "../../sim/world/world";

const APP = "build/virtual/app.json";
/** The board program under test; `BOARD=build/board-asan/board` runs the same tests under the sanitizers. */
const PROGRAM = process.env.BOARD ?? "build/board/board";
/** Networks are random from this seed; `SEED=7 make test` runs the same tests on another one. */
export const SEED = Number(process.env.SEED ?? 1);

const open: World[] = [];

afterEach(() => {
	for (const world of open.splice(0)) world.close();
});

afterAll(closeTemplates);

/** The hub's MAC in every world made here. */
export const HUB = boardMac(0);

/** What the owner of every house made here signs in with. */
export const HOUSE_PASSWORD = "who lives here";
export const OWNER = { authorization: `Basic ${Buffer.from(`owner:${HOUSE_PASSWORD}`).toString("base64")}` };

export const hubSpec = (config: ConfigurationPatch = {}): BoardSpec => ({
	name: "Hub",
	config: {
		name: "Hub",
		role: "hub",
		house: { password: HOUSE_PASSWORD },
		router: { ssid: ROUTER_DEFAULTS.ssid, password: ROUTER_DEFAULTS.password },
		...config,
	},
});

export const deviceSpec = (name: string, config: ConfigurationPatch = {}): BoardSpec => ({
	name,
	config: { name, role: "device", hub: HUB, channel: ROUTER_DEFAULTS.channel, pins: { relay: { pin: 9, invert: false } }, ...config },
});

/** A world of these boards, not yet switched on. It is closed after the test; its seed is printed when the test fails. */
export function world(boards: readonly BoardSpec[], options: Omit<Partial<WorldOptions>, "boards"> = {}): World {
	const made = new World({ seed: SEED, app: APP, program: PROGRAM, boards, ...options });
	open.push(made);
	return made;
}

export type NetworkOptions = Omit<Partial<WorldOptions>, "boards"> & { hub?: ConfigurationPatch };

/** A hub and devices of these names, all up: the hub has its address, every board its ESP-NOW. */
export function network(names: readonly string[], options: NetworkOptions = {}): World {
	const { hub, ...rest } = options;
	const made = world([hubSpec(hub), ...names.map((name) => deviceSpec(name))], rest).boot();
	settle(made);
	return made;
}

/** Lets time pass until every board that has power is up again after its last start: each has ESP-NOW, the hub its address. */
export function settle(made: World): void {
	const last = (event: string, board: Board) => events(made, event, board).at(-1)?.seq ?? -1;
	const up = () => made.boards.every((board) => !board.power || (board.running && last("espnow-up", board) > last("power-on", board)));
	const joined = () => made.find("Hub") === undefined || made.reachable(made.board("Hub"), "lan");
	if (!made.advanceUntil(() => up() && joined(), 30_000)) throw new Error(`seed ${SEED}: the boards did not come up in 30 s`);
	made.advance(200);
}

/** Everything in the log of one kind (and of one board). */
export function events(made: World, event: string, board?: Board | string): LogEvent[] {
	const mac = typeof board === "string" ? made.board(board).mac : board?.mac;
	return made.log.of(event, mac);
}

/** Sends a request to a board through the hub's page in the house, as its owner with curl does, or with other headers. */
export function ask(
	made: World,
	name: string,
	message: string,
	via: { board?: string; side?: Side; timeoutMs?: number; headers?: Readonly<Record<string, string>> } = {},
): string {
	const path = `/?mac=${macOf(made, name)}&msg=${encodeURIComponent(message)}`;
	return made.http(via.board ?? "Hub", via.side ?? "lan", { path, headers: via.headers ?? OWNER }, via.timeoutMs).body;
}

/** A board's MAC by its name; a MAC stays what it is. */
export function macOf(made: World, name: string): string {
	return made.find(name)?.mac ?? name;
}

/** A board's snapshot, as `/api/status` shows it. */
export function snapshot(made: World, name: string): Snapshot {
	return made.board(name).snapshot() as unknown as Snapshot;
}

export interface Snapshot {
	readonly name: string;
	readonly hub: string;
	readonly channel: number;
	readonly joined: boolean;
	readonly address: string;
	readonly uptimeS: number;
	readonly ap: { state: string; ssid: string; secondsLeft: number | null; clients: number };
	readonly router: { ssid: string; joined: boolean; reason: string; tries: number };
	readonly sending: boolean;
	readonly requestToSend: boolean;
	readonly turns: number;
	readonly grants: number;
	readonly requests: { open: number; unsent: number };
	readonly counters: CountersView;
	readonly recovery: { espnow: number; wifi: number; board: number };
	readonly wifi: { step: string; restarts: number; eventsLost: number; postsRefused: number };
	readonly reset: { reason: string; words: { cause: string; text: string } | null };
	readonly store: { source: string; damaged: string[]; configured: boolean; lastError: string };
	readonly web: {
		connections: number;
		served: number;
		refused: Record<string, number>;
		timedOut: number;
		faults: number;
		lastFault: string;
	};
	readonly lastError: string;
}

/** Sends a JSON body. */
export function put(made: World, name: string, side: Side, path: string, body: object, method = "PUT"): HttpResponse {
	return made.http(name, side, { method, path, body });
}

/** Time in ms that a piece of the test took in the world. */
export function took(made: World, act: () => void): number {
	const before = made.timeMs;
	act();
	return made.timeMs - before;
}
