import { ConfigStore } from "config/store";
import { type Board, COMMANDS, context } from "handler/commands";
import { type Caller, type Command, Handler } from "handler/handler";
import { FakeRecords } from "./config-fakes";
import { FakeTimers } from "./fake-timers";

export const HUB = "24dcc3a1b2c0";
export const setup: Caller = { side: "setup", mac: "", rssi: 0 };
export const lan: Caller = { side: "lan", mac: "", rssi: 0 };
export const signedIn: Caller = { ...lan, signedIn: true };
export const ownHub: Caller = { side: "radio", mac: HUB, rssi: -50 };
export const stranger: Caller = { side: "radio", mac: "24dcc3a1b2c4", rssi: -50 };

/** A board with all its commands and nothing behind them. */
export function fakeBoard(options: { relay?: boolean; hub?: string; commands?: Command[]; restartedByRadio?: boolean; mac?: string } = {}) {
	const records = new FakeRecords();
	const store = new ConfigStore({ records, ...(options.mac ? { mac: options.mac } : {}) });
	store.load();
	const timers = new FakeTimers();
	const restarts: Caller["side"][] = [];
	const lines: string[] = [];
	const relay = {
		isFitted: options.relay ?? true,
		isOn: false,
		sets: 0,
		set(on: boolean) {
			this.isOn = on;
			this.sets += 1;
		},
	};
	const network = { address: "", home: 6 };
	const clock = { nowMs: 1_234_900, now: () => clock.nowMs };
	const board: Board = {
		clock,
		restartedByRadio: options.restartedByRadio ?? false,
		relay,
		restarter: { request: (side) => restarts.push(side) },
		network,
		meter: { line: () => "20000 counts 10200 us" },
		reports: {
			orphan: (mac, hub) => mac !== "" && hub.length === 12,
			country: (mac, country) => mac !== "" && country.length === 2,
		},
		following: null,
		store,
		joining: {
			join: (args) => `OK join ${args}`,
			devices: (args) => `OK devices ${args}`,
			letGo: (byRadio) => `OK let go ${byRadio ? "later" : "now"}`,
		},
		version: "1.2.3",
	};
	const handler = new Handler({
		commands: COMMANDS,
		context: context(board),
		hub: () => options.hub ?? HUB,
		timers,
		trace: (line) => lines.push(line),
	});
	for (const command of options.commands ?? []) handler.add(command);
	const ask = (text: string, from: Caller = setup) => handler.handle(text, from);
	return { ask, clock, handler, network, lines, records, relay, restarts, store, timers };
}
