import { defaults } from "../../modules/config/schema";
import { accessPointState } from "./ap-clients";
import type { Board } from "./board";
import type { RouterSettings } from "./router";
import type { RouterStatus } from "./routers";
import type { World } from "./world";

/** As on the chip. */
const SLOT_BYTES = 16;

export interface BoardStatus {
	readonly name: string;
	readonly mac: string;
	readonly role: "hub" | "device";
	readonly power: boolean;
	/** The radio's channel, 0 while it is off. */
	readonly channel: number;
	readonly joined: boolean;
	readonly ap: { readonly state: "open" | "off" | "hidden"; readonly ssid: string };
	readonly sending: boolean;
	readonly requestToSend: boolean;
	readonly relay: "ON" | "OFF" | null;
	readonly bootCount: number;
	readonly flashWrites: number;
	readonly clients: number;
	/** The old name of `clients`, for one version. */
	readonly phones: number;
	/** Of its engine's heap in use, garbage included. */
	readonly heapBytes: number;
	readonly turns: number;
	readonly grants: number;
	readonly counters: Readonly<Record<string, unknown>>;
}

export interface WorldStatus {
	readonly timeMs: number;
	readonly router: Pick<RouterSettings, "ssid" | "channel" | "power">;
	/** All of them, the one above included. */
	readonly routers: readonly RouterStatus[];
	readonly boards: readonly BoardStatus[];
}

/**
 * One board as the desk reports it. What only the firmware knows (flags, turns, counters) it is asked for;
 * everything else comes from the chip's own state, never from what the firmware says about it.
 */
export function boardStatus(world: World, board: Board): BoardStatus {
	const said = asObject(board.snapshot());
	const { configuration, configured } = world.configurationOf(board);
	const { relay } = configuration.pins;
	return {
		name: configured && configuration.name !== defaults.name ? configuration.name : board.name,
		mac: board.mac,
		role: configuration.role,
		power: board.power,
		channel: board.radio.on ? board.radio.channel : 0,
		joined: world.routers.addressOf(board.mac) !== undefined,
		ap: { state: accessPointState(board), ssid: board.accessPoint?.ssid ?? "" },
		sending: said.sending === true,
		requestToSend: said.requestToSend === true,
		relay: relay ? relayState(board.output(relay.pin), relay.invert) : null,
		bootCount: board.bootCount,
		flashWrites: board.flashWrites,
		clients: world.clients.joinedTo(board),
		phones: world.clients.joinedTo(board),
		heapBytes: board.heap.slots * SLOT_BYTES + board.heap.chunks,
		turns: asNumber(said.turns),
		grants: asNumber(said.grants),
		counters: asObject(said.counters),
	};
}

/** A pin that nobody drives leaves the relay off. */
function relayState(level: number | undefined, invert: boolean): "ON" | "OFF" {
	return level !== undefined && (level === 1) !== invert ? "ON" : "OFF";
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function asNumber(value: unknown): number {
	return typeof value === "number" ? value : 0;
}
