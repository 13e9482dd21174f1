import { redactedText } from "./config-text";
import type { Caller, Command } from "./handler";
import { type Applied, refusalText, Upload } from "./upload";

/** What the commands act on. */
export interface Board {
	/** Seconds since the start. */
	uptimeS(): number;
	relay: { readonly isFitted: boolean; readonly isOn: boolean; set(on: boolean): void };
	/** Restarts, but not before the reply to this caller has gone out. */
	restart(from: Caller): void;
	/** The board's address in the house, "" when it has none. */
	address(): string;
	/** The channel on which the radio is at home now: other boards follow what this board says. */
	channel(): number;
	store: {
		readonly configuration: { readonly role: string };
		update(patch: unknown): Applied;
		updateText(json: string): Applied;
		redacted(): { [key: string]: unknown };
	};
	version: string;
}

/** The commands of RBR-Now in their newest form, and our own. */
export function createCommands(board: Board): Command[] {
	return [...stateCommands(board), ...setupCommands(board)];
}

/** What a board says about itself, and the relay. */
function stateCommands(board: Board): Command[] {
	const { relay } = board;
	// What follows the plus sign is a thermometer's reading in RBR-Now; this board hears none.
	const state = () => `OK ${relay.isFitted ? (relay.isOn ? "ON" : "OFF") : "None"} ${Math.floor(board.uptimeS())}+`;
	const turn = (on: boolean) => {
		if (relay.isFitted) relay.set(on);
		return state();
	};
	return [
		{ name: "uptime", help: "uptime tells the relay's state and the seconds since the start", who: "anyone", run: state },
		{ name: "on", help: "on switches the relay on", who: "anyone", run: () => turn(true) },
		{ name: "off", help: "off switches the relay off", who: "anyone", run: () => turn(false) },
		{
			name: "relay",
			help: "relay tells whether the relay is on: True, False, or None when there is none",
			who: "anyone",
			run: () => `OK ${relay.isFitted ? (relay.isOn ? "True" : "False") : "None"}`,
		},
		{ name: "ipaddr", help: "ipaddr tells the address in the house", who: "anyone", run: () => `OK ${board.address() || "None"}` },
		{ name: "channel", help: "channel tells the radio's channel", who: "anyone", run: () => `OK ${board.channel()}` },
		{ name: "version", help: "version tells the firmware's version", who: "anyone", run: () => `OK ${board.version}` },
	];
}

/** What changes a board for good. */
function setupCommands(board: Board): Command[] {
	const { store } = board;
	const upload = new Upload((json) => store.updateText(json));
	const keep = (patch: object, reply: string) => {
		const result = store.update(patch);
		return result.ok ? `OK ${reply}` : refusalText(result);
	};
	return [
		{
			name: "reset",
			help: "reset restarts the board",
			who: "house",
			run: (_args, from) => {
				board.restart(from);
				return "OK";
			},
		},
		{
			name: "channel=",
			argument: "attached",
			help: "channel=<n> keeps a channel for the next start",
			who: "ownHub",
			run: (text) => keep({ channel: numberOf(text) }, text),
		},
		{
			name: "environ",
			argument: "separated",
			help: "environ-<channel>-<mac> keeps a channel and the hub's address for the next start",
			who: "ownHub",
			run: (text) => {
				const dash = text.indexOf("-");
				if (dash < 0) return "Fail (environ-<channel>-<mac>)";
				if (store.configuration.role === "hub") return "Fail (this is the hub)";
				const hub = text.slice(dash + 1);
				// An empty one would forget the hub, which nobody asks for by this command.
				if (hub === "") return "Fail (hub: a MAC of 12 hex digits)";
				return keep({ channel: numberOf(text.slice(0, dash)), hub }, text);
			},
		},
		{
			name: "part:",
			argument: "attached",
			help: "part:<n>,text:<hex> sends a piece of config.json",
			who: "ownHub",
			run: (args) => upload.part(args),
		},
		{
			name: "save:",
			argument: "attached",
			help: "save:config.json closes what was sent",
			who: "ownHub",
			run: (file) => upload.save(file),
		},
		{ name: "update", help: "update takes the saved config.json into use", who: "ownHub", run: () => upload.update() },
		{
			name: "config",
			argument: "optional",
			help: "config [key] shows the configuration or one key of it",
			who: "anyone",
			run: (key, from) => redactedText(store.redacted(), key, from.side === "radio"),
		},
	];
}

/** The number that a text of digits means; what is none is passed on, to be refused with the key's own rule. */
function numberOf(text: string): unknown {
	return /^\d{1,3}$/.test(text) ? Number(text) : text;
}
