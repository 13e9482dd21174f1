import { expect, test } from "@jest/globals";
import type { AirRadio } from "../../sim/world/medium";
import type { World } from "../../sim/world/world";
import { ask, events, HUB, macOf, settle, snapshot } from "./network";
import { sealedNetwork } from "./sealed";

/** What a plain network cannot keep anybody in range from, tried on a sealed one. */

const relay = (made: World, name = "Kitchen") => (made.board(name).output(9) === 1 ? "ON" : "OFF");

/** Plain text under any address. */
function say(made: World, from: string, to: string, text: string): void {
	made.attacker.forge({ from: macOf(made, from), to: macOf(made, to), payload: Buffer.from(text) });
	made.advance(500);
}

test("a request and its reply go sealed, and the log shows what is in them", () => {
	const made = sealedNetwork(["Kitchen"]);
	expect(ask(made, "Kitchen", "on")).toMatch(/^OK ON \d+\+ -\d+$/);
	expect(relay(made)).toBe("ON");
	const frames = events(made, "frame").filter(({ text }) => text !== undefined);
	expect(frames).toEqual([]);
	const sealed = events(made, "frame").map(({ sealed }) => sealed);
	expect(sealed).toContainEqual(expect.objectContaining({ kind: "request", from: HUB, to: macOf(made, "Kitchen"), text: "on" }));
	expect(sealed).toContainEqual(expect.objectContaining({ kind: "reply", to: HUB, text: expect.stringMatching(/^OK ON /) }));
});

test("plain orders in the hub's name switch nothing, change nothing and are not answered", () => {
	const made = sealedNetwork(["Kitchen"]);
	// It notes the channel on which it met its hub.
	made.advance(10_000);
	const before = made.board("Kitchen").nvs();
	const seen = made.log.next;
	for (const text of ["on", "reset", "channel=11", "environ-11-0a0b0c0d0e0f", "ping", "config", "OK 1 -50"])
		say(made, "Hub", "Kitchen", text);
	made.advance(20_000);
	expect(relay(made)).toBe("OFF");
	expect(events(made, "restart")).toEqual([]);
	expect(made.board("Kitchen").nvs()).toEqual(before);
	const said = made.log
		.since(seen)
		.filter(({ event, board, text }) => event === "frame" && board === macOf(made, "Kitchen") && text !== undefined);
	expect(said).toEqual([]);
	expect(snapshot(made, "Kitchen").counters.dropped.plainRefused).toBe(7);
});

test("whatever was on the air switches nothing when it comes again: at once, later, or after a restart", () => {
	const made = sealedNetwork(["Kitchen"]);
	made.attacker.record(true);
	expect(ask(made, "Kitchen", "on")).toMatch(/^OK ON /);
	expect(ask(made, "Kitchen", "off")).toMatch(/^OK OFF /);
	const records = [...made.attacker.records];
	const again = () => {
		for (const { frame } of records) {
			made.attacker.replay({ frame });
			made.advance(50);
			expect(relay(made)).toBe("OFF");
		}
	};
	again();
	made.advance(60_000);
	again();
	made.board("Kitchen").pressReset();
	made.advance(5_000);
	again();
	made.board("Hub").pressReset();
	settle(made);
	again();
	made.advance(600_000);
	again();
	expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF /);
});

test("a reply that the device did not give is taken for none: forged, or one to another request", () => {
	const made = sealedNetwork(["Kitchen"]);
	const kitchen = macOf(made, "Kitchen");
	made.attacker.record(true);
	expect(ask(made, "Kitchen", "on")).toMatch(/^OK ON /);
	const reply = made.attacker.records.findLast(({ from }) => from === kitchen);
	made.attacker.add({ do: "hold", match: { to: kitchen } });
	const exchange = made.request("Hub", "lan", { path: `/?mac=${kitchen}&msg=uptime` });
	for (let i = 0; i < 20; i++) {
		// Now and again, until the request's deadline.
		say(made, "Kitchen", "Hub", "OK ON 99+ -50");
		say(made, "Kitchen", "Hub", "pong");
		if (reply) made.attacker.replay({ frame: reply.frame });
	}
	expect(exchange.response?.body).toBe("Fail (no reply)");
});

test("a device follows nobody who calls himself its hub on another channel", () => {
	const made = sealedNetwork(["Kitchen"]);
	ask(made, "Kitchen", "uptime");
	made.board("Hub").powerOff();
	const hijacker: AirRadio = {
		key: "hijacker",
		channel: () => 11,
		hasAddress: (mac) => mac === HUB,
		sleepy: () => false,
		receive: ({ from, payload }) => {
			const text = payload.toString("latin1");
			const answer =
				text === "ping" ? "pong" : text.startsWith("channel") ? "OK 11 -40" : text.startsWith("role") ? "OK hub 01 -40" : payload;
			made.air.send(hijacker, { from: HUB, to: from, payload: Buffer.from(answer), done: () => {} });
		},
	};
	made.air.add(hijacker);
	made.advance(300_000);
	made.air.remove(hijacker);
	made.board("Hub").powerOn();
	made.advance(60_000);
	expect(made.board("Kitchen").radio.home).toBe(6);
	// Nothing of that other channel is remembered.
	const flash = made
		.board("Kitchen")
		.nvs()
		.map(({ hex }) => Buffer.from(hex, "hex").toString());
	expect(flash.join()).not.toMatch(/channels[^}]*11/);
	expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF /);
});

test("nobody uploads through the hub, by radio or from the house", () => {
	const made = sealedNetwork(["Kitchen"]);
	// It notes the channel on which it met its hub.
	made.advance(10_000);
	const before = made.board("Kitchen").nvs();
	const kitchen = macOf(made, "Kitchen");
	const seen = made.log.next;
	const upload = ['part:0,{"name":"x"}', "save:config.json", "update", "reset"];
	for (const text of upload) say(made, "020000000001", "Hub", `!${kitchen},${text}`);
	for (const text of upload) expect(ask(made, "Kitchen", text, { headers: {} })).toMatch(/^Fail \(not allowed/);
	made.advance(15_000);
	expect(made.board("Kitchen").nvs()).toEqual(before);
	const passed = made.log
		.since(seen)
		.filter(({ event, board, sealed }) => event === "frame" && board === HUB && JSON.stringify(sealed ?? "").includes("save"));
	expect(passed).toEqual([]);
	expect(events(made, "restart")).toEqual([]);
});
