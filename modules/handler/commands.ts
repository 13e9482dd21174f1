import { CommandTable } from "./command-table";
import { redactedText } from "./config-text";
import type { Caller, Command } from "./handler";
import { RadioQuota } from "./radio-quota";
import { type Applied, refusalText, Upload } from "./upload";

/** What the commands act on. */
export interface Board {
	/** Milliseconds since the start. */
	clock: { now(): number };
	relay: { readonly isFitted: boolean; readonly isOn: boolean; set(on: boolean): void };
	/** Restarts on this side's order, but not before the reply has gone out. */
	restarter: { request(side: Caller["side"]): void };
	/** Whether this start was ordered by radio. */
	restartedByRadio: boolean;
	/** The board's address in the house, "" when it has none; the channel on which the radio is at home now: other boards follow what this one says. */
	network: { readonly address: string; readonly home: number };
	/** A hub: devices whose own hub is silent, or that have another country; null on a device. */
	reports: { orphan(mac: string, hub: string): boolean; country(mac: string, country: string, own: string): boolean } | null;
	/** A device: told that its hub is there, and in how many seconds it says so again; null on a hub. */
	following: { onAlive(mac: string, intervalS: number): void } | null;
	/** What work costs in time, in one line. */
	meter: { line(): string };
	store: {
		readonly configuration: { readonly role: string; readonly country: string };
		update(patch: unknown): Applied;
		updateText(json: string): Applied;
		redacted(): { [key: string]: unknown };
	};
	/** How boards come together and part (sealing/joining-commands); each takes what is behind the command's name. */
	joining: {
		join(args: string): string;
		devices(args: string): string | Promise<string>;
		letGo(byRadio: boolean): string;
	};
	version: string;
}

/** What the commands of every board reach through their handler. */
export interface Context {
	readonly board: Board;
	readonly upload: Upload;
	readonly quota: RadioQuota;
}

export function context(board: Board): Context {
	return {
		board,
		upload: new Upload((json) => board.store.updateText(json)),
		quota: new RadioQuota(board.clock, board.restartedByRadio),
	};
}

// What follows the plus sign is a thermometer's reading in RBR-Now; this board hears none.
function state(board: Board): string {
	const { relay } = board;
	return `OK ${relay.isFitted ? (relay.isOn ? "ON" : "OFF") : "None"} ${Math.floor(board.clock.now() / 1000)}+`;
}

function turn(board: Board, on: boolean): string {
	if (board.relay.isFitted) board.relay.set(on);
	return state(board);
}

const BUSY = "Fail (busy)";

/** Whether the radio has changed the configuration too often. */
function isSpent({ quota }: Context, from: Caller): boolean {
	return from.side === "radio" && !quota.mayChange;
}

/** The reply that tells what became of a change. A change by radio is counted. */
function changed({ quota }: Context, from: Caller, result: Applied, reply: string): string {
	if (!result.ok) return refusalText(result);
	if (from.side === "radio" && result.changed) quota.changed();
	return reply;
}

function keep(context: Context, from: Caller, patch: object, reply: string): string {
	if (isSpent(context, from)) return BUSY;
	return changed(context, from, context.board.store.update(patch), `OK ${reply}`);
}

const SPECIFICATIONS: readonly Command[] = Object.freeze(
	[
		// What a board says about itself, and the relay.
		{
			name: "uptime",
			help: "uptime tells the relay's state and the seconds since the start",
			who: "anyone",
			run(_args, _from, handler) {
				return state(handler.context.board);
			},
		},
		{
			name: "on",
			help: "on switches the relay on",
			who: "anyone",
			run(_args, _from, handler) {
				return turn(handler.context.board, true);
			},
		},
		{
			name: "off",
			help: "off switches the relay off",
			who: "anyone",
			run(_args, _from, handler) {
				return turn(handler.context.board, false);
			},
		},
		{
			name: "relay",
			help: "relay tells whether the relay is on: True, False, or None when there is none",
			who: "anyone",
			run(_args, _from, handler) {
				const { relay } = handler.context.board;
				return `OK ${relay.isFitted ? (relay.isOn ? "True" : "False") : "None"}`;
			},
		},
		{
			name: "ipaddr",
			help: "ipaddr tells the address in the house",
			who: "anyone",
			run(_args, _from, handler) {
				return `OK ${handler.context.board.network.address || "None"}`;
			},
		},
		{
			name: "channel",
			help: "channel tells the radio's channel",
			who: "anyone",
			run(_args, _from, handler) {
				return `OK ${handler.context.board.network.home}`;
			},
		},
		{
			name: "role",
			argument: "optional",
			help: "role [country] tells whether the board is a hub, and its country, or a device; a device that asks tells its own country",
			who: "anyone",
			run(country, from, handler) {
				const { store, reports } = handler.context.board;
				const { role, country: own } = store.configuration;
				if (role !== "hub") return `OK ${role}`;
				if (country !== "" && reports?.country(from.mac, country, own) === false) return "Fail (role [country])";
				return `OK hub ${own}`;
			},
		},
		{
			name: "alive",
			argument: "optional",
			help: "alive [seconds] tells the relay's state and the version; a hub says so that it is there, and in how many seconds it does again",
			who: "anyone",
			run(seconds, from, handler) {
				const { following, relay, version } = handler.context.board;
				if (from.side === "radio" && /^\d{1,3}$/.test(seconds)) following?.onAlive(from.mac, Number(seconds));
				return `OK ${relay.isFitted ? (relay.isOn ? "ON" : "OFF") : "None"} ${version}`;
			},
		},
		{
			name: "orphan",
			argument: "separated",
			help: "orphan <mac> tells a hub that the hub of the asking device, of this MAC, has been silent for an hour",
			who: "anyone",
			run(hub, from, handler) {
				const { reports } = handler.context.board;
				if (!reports) return "Fail (this is no hub)";
				return reports.orphan(from.mac, hub) ? "OK" : "Fail (orphan <mac>)";
			},
		},
		{
			name: "version",
			help: "version tells the firmware's version",
			who: "anyone",
			run(_args, _from, handler) {
				return `OK ${handler.context.board.version}`;
			},
		},
		{
			name: "meter",
			help: "meter tells the microseconds that known work takes, those in turns, and how long the start took",
			// It stops the board for some 10 ms.
			who: "owner",
			run(_args, _from, handler) {
				return `OK ${handler.context.board.meter.line()}`;
			},
		},
		// What changes a board for good.
		{
			name: "reset",
			help: "reset restarts the board",
			who: "owner",
			run(_args, from, handler) {
				const { board, quota } = handler.context;
				if (from.side === "radio" && !quota.mayRestart()) return BUSY;
				board.restarter.request(from.side);
				return "OK";
			},
		},
		{
			name: "channel=",
			argument: "attached",
			help: "channel=<n> keeps a channel for the next start",
			who: "owner",
			run(text, from, handler) {
				return keep(handler.context, from, { channel: numberOf(text) }, text);
			},
		},
		{
			name: "environ",
			argument: "separated",
			help: "environ-<channel>-<mac> keeps a channel and the hub's address for the next start",
			who: "owner",
			run(text, from, handler) {
				const dash = text.indexOf("-");
				if (dash < 0) return "Fail (environ-<channel>-<mac>)";
				if (handler.context.board.store.configuration.role === "hub") return "Fail (this is the hub)";
				const hub = text.slice(dash + 1);
				// An empty one would forget the hub, and this command is not for that.
				if (hub === "") return "Fail (hub: a MAC of 12 hex digits)";
				return keep(handler.context, from, { channel: numberOf(text.slice(0, dash)), hub }, text);
			},
		},
		{
			name: "part:",
			argument: "attached",
			help: "part:<n>,text:<hex> sends a piece of config.json",
			who: "owner",
			run(args, _from, handler) {
				return handler.context.upload.part(args);
			},
		},
		{
			name: "save:",
			argument: "attached",
			help: "save:config.json closes what was sent",
			who: "owner",
			run(file, _from, handler) {
				return handler.context.upload.save(file);
			},
		},
		{
			name: "update",
			help: "update takes the saved config.json into use",
			who: "owner",
			run(_args, from, handler) {
				const { context } = handler;
				if (isSpent(context, from)) return BUSY;
				const result = context.upload.update();
				return typeof result === "string" ? result : changed(context, from, result, "OK");
			},
		},
		{
			name: "config",
			argument: "optional",
			help: "config [key] shows the configuration or one key of it",
			// Anybody in range may ask for the name, and for nothing else that people have set.
			who: (key) => (key === "name" ? "anyone" : "owner"),
			run(key, from, handler) {
				return redactedText(handler.context.board.store.redacted(), key, from.side === "radio");
			},
		},
		{
			name: "join",
			argument: "optional",
			help: "join [list|start|cancel|accept <mac> <code>] tells whether the board has joined, who wants to, and adds devices to a hub",
			who: (args) => (args === "" ? "anyone" : "owner"),
			run(args, _from, handler) {
				return handler.context.board.joining.join(args);
			},
		},
		{
			name: "devices",
			argument: "optional",
			help: "devices [<n>|remove <mac>|name <mac> <name>] lists the hub's devices, from the nth on, and parts with them",
			who: "owner",
			run(args, _from, handler) {
				return handler.context.board.joining.devices(args);
			},
		},
		{
			name: "let-go",
			help: "let-go makes a joined device forget its hub",
			who: "owner",
			run(_args, from, handler) {
				return handler.context.board.joining.letGo(from.side === "radio");
			},
		},
		{
			name: "help",
			argument: "optional",
			help: "help [command] lists the commands or explains one",
			who: "anyone",
			run(name, _from, handler) {
				if (name === "") return `OK ${handler.help().join(" ")}`;
				const line = handler.explain(name);
				return line ? `OK ${line}` : `Fail (no command ${name})`;
			},
		},
	] satisfies Command[],
	true,
);

/** The commands of RBR-Now in their newest form, and our own. They are the same for all boards, and made in flash. */
export const COMMANDS = new CommandTable(SPECIFICATIONS);
Object.freeze(COMMANDS);

/** The number that a text of digits means. Another text is returned as it is: the key's own rule refuses it. */
function numberOf(text: string): unknown {
	return /^\d{1,3}$/.test(text) ? Number(text) : text;
}
