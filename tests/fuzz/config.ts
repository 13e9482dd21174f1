/**
 * What is run in place of main.ts to fuzz the reading of configurations: the text that fuzz.c leaves in flash is taken as each kind of
 * thing that a board reads, and what must always hold is checked. An exception ends the board, which the fuzzer notices.
 */

import { fletcher32, utf8Length } from "common/text";
import type { Records } from "config/records";
import { checkWhole, LONGEST_JSON, PASSWORD_MASK } from "config/schema";
import { StateStore } from "config/state";
import { ConfigStore } from "config/store";
import Preference from "preference";

class Kept implements Records {
	readonly texts: Record<string, string> = {};
	writes = 0;

	read(key: string): string | undefined {
		return this.texts[key];
	}
	write(key: string, text: string): void {
		this.texts[key] = text;
		this.writes += 1;
	}
	erase(key: string): void {
		delete this.texts[key];
	}
}

function must(holds: boolean, what: string): void {
	if (!holds) throw new Error(what);
}

function checkStore(store: ConfigStore): void {
	must(checkWhole(store.configuration) === undefined, "a configuration that breaks the rules");
	must(
		store.configuration.name !== "" && (store.configuration.role === "hub" || store.configuration.role === "device"),
		"not a configuration",
	);
	const shown = store.redacted() as { router?: { password?: unknown }; setupAP?: { password?: unknown } };
	for (const password of [shown.router?.password, shown.setupAP?.password])
		must(password === PASSWORD_MASK || password === "", "a password is shown");
}

/** A text as somebody sends it: taken whole or refused whole, and what was taken is there after a restart. */
function update(text: string): void {
	const records = new Kept();
	const store = new ConfigStore({ records });
	store.load();
	const before = JSON.stringify(store.configuration);
	const result = store.updateText(text);
	const after = JSON.stringify(store.configuration);
	must(result.ok || (after === before && records.writes === 0), "refused, and changed all the same");
	must(!result.ok || result.changed === (after !== before), "changed, and did not say so");
	must(utf8Length(after) <= LONGEST_JSON, "too long");
	checkStore(store);
	const again = new ConfigStore({ records });
	again.load();
	must(JSON.stringify(again.configuration) === after, "another configuration after a restart");
	must(store.updateText(text).ok === result.ok, "taken once and refused then");
}

/** Records as flash holds them, damaged or not: something is always loaded, and can be changed. */
function load(first: string, second: string): void {
	const records = new Kept();
	records.texts.a = first;
	records.texts.b = second;
	records.texts["state-a"] = first;
	records.texts["state-b"] = second;
	const store = new ConfigStore({ records });
	store.load();
	checkStore(store);
	must(store.updateText('{"name":"after"}').ok, "a loaded configuration cannot be changed");
	const state = new StateStore({ records, clock: { now: () => 0 }, timers: { set: () => ({}), clear: () => undefined } });
	state.load();
	must(state.channels.length <= 4, "too many channels");
	state.confirmChannel(11, 1);
	must(state.channel === 11, "a loaded state cannot be changed");
}

const whole = (sequence: number, text: string) => `1 ${sequence} ${fletcher32(`${sequence} ${text}`)} ${text}`;

/** The first character says what the rest is. */
function take(input: string): void {
	const rest = input.slice(1);
	const [first = "", second = ""] = rest.split("\n");
	switch (input.charAt(0)) {
		case "r":
			load(first, second);
			break;
		case "w":
			load(whole(1, first), whole(2, second));
			break;
		default:
			update(rest);
	}
}

export function snapshot(): object {
	take(String(Preference.get("fuzz", "text")));
	return {};
}
