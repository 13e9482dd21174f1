import { expect } from "@jest/globals";
import type { World } from "../../sim/world/world";
import { ask, macOf, type NetworkOptions, network } from "./network";
import { appWithCommands } from "./test-app";

/** As many as a hub remembers, and some more. */
const DEVICES = 34;
const COMMS = `
	import * as shipped from "espnow/comms-shipped";
	export class Comms extends shipped.Comms {
		constructor(options) { super(options); globalThis.comms = this; }
	}`;

/**
 * A hub that remembers as many boards as it ever does, all of which hear it and say nothing. Its command `all:` asks devices all at once, beside the web
 * server, and traces a line for each result: MAC and `ok`, or the reason.
 * @param text what it asks them
 */
export function muteNetwork(text: string, options: NetworkOptions = {}): { made: World; macs: string[] } {
	const all = `
		for (const mac of args.split(",")) comms.ask(mac, "${text}").then((result) => trace(mac + " " + (result.ok ? "ok" : result.reason) + "\\n"));
		return "OK";`;
	const app = appWithCommands({ "all:": all }, { modules: { "espnow/comms": COMMS }, preload: ["espnow/comms-shipped"] });
	const names = Array.from({ length: DEVICES }, (_, i) => `Room ${i}`);
	const made = network(names, { app, ...options });
	for (const name of names) ask(made, name, "channel");
	for (const name of names) made.fault(name, "mute", -1);
	return { made, macs: names.map((name) => macOf(made, name)) };
}

/** Has the hub of a mute network ask these devices at once. */
export function askAll(made: World, macs: readonly string[]): void {
	for (let first = 0; first < macs.length; first += 8)
		expect(made.http("Hub", "lan", { path: `/?all:${macs.slice(first, first + 8).join(",")}` }).body).toBe("OK");
}
