import { describe, expect, test } from "@jest/globals";
import type { World } from "../../sim/world/world";
import { ask, deviceSpec, HUB, hubSpec, macOf, settle, snapshot, world } from "./house";
import { inject, STRANGER } from "./traffic";

/** A hub and devices; those of these names were told of no hub. */
function orphanage(...orphans: string[]): World {
	const made = world([
		hubSpec(),
		...["Kitchen", "Bedroom"].map((name) => deviceSpec(name, orphans.includes(name) ? { hub: "" } : {})),
	]).boot();
	settle(made);
	return made;
}

const hubOf = (made: World, name: string) => snapshot(made, name).hub;

describe("adoption", () => {
	test("a device without a hub adopts the first sender whose request it answered", () => {
		const made = orphanage("Kitchen");
		expect(hubOf(made, "Kitchen")).toBe("");
		ask(made, "Kitchen", "uptime");
		made.advance(10);
		expect(hubOf(made, "Kitchen")).toBe(HUB);
	});

	test("only the first: whoever asks later, it stays", () => {
		const made = orphanage("Kitchen");
		ask(made, "Kitchen", "uptime", { board: "Bedroom", side: "ap" });
		made.advance(10);
		expect(hubOf(made, "Kitchen")).toBe(macOf(made, "Bedroom"));
		const { flashWrites } = made.board("Kitchen");
		ask(made, "Kitchen", "uptime");
		inject(made, { to: "Kitchen", from: STRANGER, payload: "uptime" });
		expect(hubOf(made, "Kitchen")).toBe(macOf(made, "Bedroom"));
		expect(made.board("Kitchen").flashWrites).toBe(flashWrites);
	});

	test("a device that was told of its hub adopts nobody", () => {
		const made = orphanage();
		const { flashWrites } = made.board("Kitchen");
		inject(made, { to: "Kitchen", from: STRANGER, payload: "uptime" });
		expect(hubOf(made, "Kitchen")).toBe(HUB);
		expect(made.board("Kitchen").flashWrites).toBe(flashWrites);
	});

	test("one flash write, whatever comes after", () => {
		const made = orphanage("Kitchen");
		const { flashWrites } = made.board("Kitchen");
		for (const message of ["uptime", "on", "off", "nonsense"]) ask(made, "Kitchen", message);
		made.advance(1_000);
		expect(made.board("Kitchen").flashWrites).toBe(flashWrites + 1);
	});

	test("it is kept over a reset and over a loss of power", () => {
		const made = orphanage("Kitchen");
		ask(made, "Kitchen", "uptime");
		made.advance(10);
		made.board("Kitchen").pressReset();
		made.advance(5_000);
		expect([made.board("Kitchen").bootCount, hubOf(made, "Kitchen")]).toEqual([2, HUB]);
		made.board("Kitchen").powerOff();
		made.advance(1_000);
		made.boot("Kitchen").advance(5_000);
		expect([made.board("Kitchen").bootCount, hubOf(made, "Kitchen")]).toEqual([3, HUB]);
	});

	test("not before the reply has gone out: an asker who is out of reach is not adopted", () => {
		const made = orphanage("Kitchen");
		made.board("Bedroom").powerOff();
		const { flashWrites } = made.board("Kitchen");
		inject(made, { to: "Kitchen", from: "Bedroom", payload: "uptime" });
		made.advance(1_000);
		expect(hubOf(made, "Kitchen")).toBe("");
		expect(made.board("Kitchen").flashWrites).toBe(flashWrites);
		ask(made, "Kitchen", "uptime");
		made.advance(10);
		expect(hubOf(made, "Kitchen")).toBe(HUB);
	});

	test("what is no request adopts nobody: pings, late replies, noise", () => {
		const made = orphanage("Kitchen");
		for (const payload of ["ping", "OK late -50", "pong", "Fail (x)", "!", "", [0xc3]])
			inject(made, { to: "Kitchen", from: STRANGER, payload });
		expect(hubOf(made, "Kitchen")).toBe("");
	});

	test("a hub never adopts", () => {
		const made = orphanage();
		const { flashWrites } = made.board("Hub");
		inject(made, { to: "Hub", from: STRANGER, payload: "uptime" });
		ask(made, HUB, "uptime", { board: "Kitchen", side: "ap" });
		made.advance(1_000);
		expect(hubOf(made, "Hub")).toBe("");
		expect(made.board("Hub").flashWrites).toBe(flashWrites);
	});

	test("a board as it left the factory is a device, and adopts", () => {
		const made = world([hubSpec(), { name: "New" }], { router: { channel: 1 } }).boot();
		settle(made);
		expect(ask(made, "New", "uptime")).toMatch(/^OK None \d+\+ -\d+$/);
		made.advance(10);
		expect(hubOf(made, "New")).toBe(HUB);
		// Configured now: its setup access point closes like anybody's.
		made.advance(130_000);
		expect(snapshot(made, "New").ap.state).toBe("off");
	});

	test("the adopted hub may do what a hub may, a stranger may not", () => {
		const made = orphanage("Kitchen");
		const kitchen = made.board("Kitchen");
		ask(made, "Kitchen", "uptime");
		made.advance(10);
		const { flashWrites } = kitchen;
		const before = made.log.next;
		made.sendFrame({ from: macOf(made, "Bedroom"), to: kitchen.mac, payload: Buffer.from("channel=6") });
		made.advance(300);
		const replies = made.log.since(before).filter(({ event, from }) => event === "frame" && from === kitchen.mac);
		expect(replies.map(({ text }) => text)).toContainEqual(expect.stringMatching(/^Fail \(not allowed: .*\) -\d+$/));
		expect(kitchen.flashWrites).toBe(flashWrites);
		expect(ask(made, "Kitchen", "channel=3")).toMatch(/^OK 3 -\d+$/);
		expect(kitchen.flashWrites).toBe(flashWrites + 1);
	});
});
