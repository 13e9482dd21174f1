import { describe, expect, test } from "@jest/globals";
import type { World } from "../../sim/world/world";
import { ask, deviceSpec, HUB, hubSpec, macOf, settle, snapshot, world } from "./network";
import { inject, STRANGER, textsOf } from "./traffic";

/** A hub and devices; those of these names were told of no hub. */
function orphanage(...orphans: string[]): World {
	const made = world([
		hubSpec(),
		...["Kitchen", "Bedroom"].map((name) => deviceSpec(name, orphans.includes(name) ? { hub: "" } : {})),
	]).boot();
	settle(made);
	return made;
}

/** A hub that is not there. */
const LOST = "34b4720b0000";

const hubOf = (made: World, name: string) => snapshot(made, name).hub;

describe("adoption", () => {
	test("a device without a hub adopts the first hub whose request it answered", () => {
		const made = orphanage("Kitchen");
		expect(hubOf(made, "Kitchen")).toBe("");
		ask(made, "Kitchen", "uptime");
		made.advance(50);
		expect(hubOf(made, "Kitchen")).toBe(HUB);
	});

	test("a relay device through which its first request comes is not adopted, the hub is once it asks itself", () => {
		const made = orphanage("Kitchen");
		for (let i = 0; i < 3; i++) {
			ask(made, "Bedroom", `!${macOf(made, "Kitchen")},uptime`);
			ask(made, "Kitchen", "uptime", { board: "Bedroom", side: "ap" });
			made.advance(6_000);
			expect(hubOf(made, "Kitchen")).toBe("");
		}
		ask(made, "Kitchen", "uptime");
		made.advance(50);
		expect(hubOf(made, "Kitchen")).toBe(HUB);
	});

	test("only the first: whoever asks later, it stays", () => {
		const made = orphanage("Kitchen");
		ask(made, "Kitchen", "uptime");
		made.advance(50);
		expect(hubOf(made, "Kitchen")).toBe(HUB);
		const { flashWrites } = made.board("Kitchen");
		ask(made, "Kitchen", "uptime", { board: "Bedroom", side: "ap" });
		inject(made, { to: "Kitchen", from: STRANGER, payload: "uptime" });
		made.advance(6_000);
		expect(hubOf(made, "Kitchen")).toBe(HUB);
		expect(made.board("Kitchen").flashWrites).toBe(flashWrites);
	});

	test("a sender that does not say what it is is not adopted, and asked again at a later request, not at each", () => {
		const made = orphanage("Kitchen");
		const since = made.log.next;
		for (let i = 0; i < 100; i++) {
			inject(made, { to: "Kitchen", from: STRANGER, payload: "uptime" });
			made.advance(50);
		}
		expect(hubOf(made, "Kitchen")).toBe("");
		expect(textsOf(made, "Kitchen", since).filter((text) => String(text).startsWith("role")).length).toBeLessThanOrEqual(3);
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
		made.advance(50);
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
		made.advance(50);
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
		made.advance(50);
		expect(hubOf(made, "New")).toBe(HUB);
		// Configured now: its setup access point closes like anybody's.
		made.advance(130_000);
		expect(snapshot(made, "New").ap.state).toBe("off");
	});

	test("the adopted hub may do what a hub may, a stranger may not", () => {
		const made = orphanage("Kitchen");
		const kitchen = made.board("Kitchen");
		ask(made, "Kitchen", "uptime");
		made.advance(50);
		const { flashWrites } = kitchen;
		const since = made.log.next;
		inject(made, { to: "Kitchen", from: "Bedroom", payload: "channel=6" });
		expect(textsOf(made, "Kitchen", since, "Bedroom")).toContainEqual(expect.stringMatching(/^Fail \(not allowed: .*\) -\d+$/));
		expect(kitchen.flashWrites).toBe(flashWrites);
		inject(made, { to: "Kitchen", from: "Hub", payload: "channel=3" });
		expect(textsOf(made, "Kitchen", since, "Hub")).toContainEqual(expect.stringMatching(/^OK 3 -\d+$/));
		expect(kitchen.flashWrites).toBe(flashWrites + 1);
	});

	test("two devices that have each other for their hub do not stay content: both say what is wrong", () => {
		const made = world([hubSpec(), deviceSpec("Kitchen"), deviceSpec("Bedroom")]);
		const [kitchen, bedroom] = [macOf(made, "Kitchen"), macOf(made, "Bedroom")];
		const wrong = world([hubSpec(), deviceSpec("Kitchen", { hub: bedroom }), deviceSpec("Bedroom", { hub: kitchen })]).boot();
		settle(wrong);
		wrong.advance(240_000);
		for (const [name, other] of [
			["Kitchen", bedroom],
			["Bedroom", kitchen],
		] as const)
			expect(snapshot(wrong, name).lastError).toBe(`the hub's MAC ${other} is a device's, not a hub's: set the hub's own`);
	});

	test("a device whose hub has been silent for an hour tells of another hub that asks it, and tells that hub; not before", () => {
		const made = world([hubSpec(), deviceSpec("Kitchen", { hub: LOST })]).boot();
		settle(made);
		ask(made, "Kitchen", "uptime");
		made.advance(3_500_000);
		ask(made, "Kitchen", "uptime");
		made.advance(1_000);
		expect(snapshot(made, "Kitchen")).toMatchObject({ hub: LOST, otherHub: "" });
		made.advance(100_000);
		ask(made, "Kitchen", "uptime");
		made.advance(1_000);
		expect(snapshot(made, "Kitchen")).toMatchObject({ hub: LOST, otherHub: HUB });
		expect(snapshot(made, "Hub")).toMatchObject({ orphans: [{ mac: macOf(made, "Kitchen"), hub: LOST }] });
		// It is a person who changes the hub: nothing was.
		expect(ask(made, "Kitchen", "channel=3")).toMatch(/^Fail \(not allowed/);
	});

	test("forged orphans do not make a hub's memory grow: the last eight are shown", () => {
		const made = orphanage();
		for (let i = 0; i < 40; i++)
			inject(made, { to: "Hub", from: (0x02beef000000 + 4 * i).toString(16).padStart(12, "0"), payload: `orphan ${LOST}` });
		inject(made, { to: "Hub", from: STRANGER, payload: "orphan x" });
		const { orphans } = snapshot(made, "Hub") as unknown as { orphans: { mac: string }[] };
		expect(orphans.map(({ mac }) => mac)).toEqual(
			Array.from({ length: 8 }, (_, i) => (0x02beef000000 + 4 * (32 + i)).toString(16).padStart(12, "0")),
		);
	});
});
