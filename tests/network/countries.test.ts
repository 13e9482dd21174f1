import { describe, expect, test } from "@jest/globals";
import type { World } from "../../sim/world/world";
import { ask, deviceSpec, HUB, hubSpec, macOf, OWNER, put, settle, snapshot, world } from "./network";
import { inject, STRANGER, textsOf } from "./traffic";

/** A hub in Germany and a device with this country, which have met. */
function abroad(country: string, config: object = {}): World {
	const made = world([hubSpec({ country: "DE" }), deviceSpec("Kitchen", { country, ...config })]).boot();
	settle(made);
	meet(made);
	return made;
}

/** So many times 20 s, in which the device never has to search its hub. */
function talk(made: World, times: number): void {
	for (let i = 0; i < times; i++) {
		made.advance(20_000);
		ask(made, "Kitchen", "uptime");
	}
	made.advance(1_000);
}

/** From two minutes after its start on a device asks its hub what it is. */
const meet = (made: World) => talk(made, 7);

/** What each of the two says is wrong, as its status page shows it. */
const troubles = (made: World) => ["Hub", "Kitchen"].map((name) => snapshot(made, name).lastError);
const deviceSays = `the hub ${HUB} has country DE, this device US: set the same country on both`;
const hubSays = (mac: string) => `the device ${mac} has country US, this hub DE: set the same country on both`;
const bothSay = (made: World) => [hubSays(macOf(made, "Kitchen")), deviceSays];
const questions = (made: World, since = 0) => textsOf(made, "Kitchen", since).filter((text) => String(text).startsWith("role"));

describe("a hub and a device whose countries differ", () => {
	test("say so, both, at their first contact two minutes after the start, on the page that people see", () => {
		const made = abroad("US");
		expect(troubles(made)).toEqual(bothSay(made));
		const { body } = made.http("Hub", "lan", { path: "/api/status" });
		expect(JSON.parse(body)).toMatchObject({ lastError: hubSays(macOf(made, "Kitchen")) });
	});

	test("say so, too, when the device adopts the hub", () => {
		const made = world([hubSpec({ country: "DE" }), deviceSpec("Kitchen", { country: "US", hub: "" })]).boot();
		settle(made);
		ask(made, "Kitchen", "uptime");
		made.advance(1_000);
		expect(troubles(made)).toEqual(bothSay(made));
	});

	test("say so, too, when the device finds the hub by searching", () => {
		const made = world([hubSpec({ country: "DE" }), deviceSpec("Kitchen", { country: "US" })]).boot();
		settle(made);
		made.advance(60_000);
		expect(troubles(made)).toEqual(bothSay(made));
	});

	test("say nothing where they are equal, and the hub is asked once", () => {
		const made = abroad("DE");
		talk(made, 30);
		expect(troubles(made)).toEqual(["", ""]);
		expect(questions(made)).toEqual(["role DE"]);
	});

	test("say nothing any more once the device was given the hub's country", () => {
		const made = abroad("US");
		made.board("Kitchen").pressReset();
		settle(made);
		expect(put(made, "Kitchen", "ap", "/api/config", { country: "DE" }).status).toBe(200);
		made.board("Kitchen").pressReset();
		settle(made);
		meet(made);
		expect(troubles(made)).toEqual(["", ""]);
	});

	test("say nothing any more ten minutes after the hub was given the device's country", () => {
		const made = abroad("US");
		expect(put(made, "Hub", "lan", "/api/config", { country: "US" }).status).toBe(401);
		expect(made.http("Hub", "lan", { method: "PUT", path: "/api/config", body: { country: "US" }, headers: OWNER }).status).toBe(200);
		made.board("Hub").pressReset();
		settle(made);
		talk(made, 31);
		expect(troubles(made)).toEqual(["", ""]);
	});

	test("forged ones neither fill a hub's memory nor write its flash, and tell people of countries only", () => {
		const made = abroad("DE");
		const hub = made.board("Hub");
		const forge = (count: number) => {
			for (let i = 0; i < count; i++)
				inject(made, { to: "Hub", from: (0x02beef000000 + 4 * i).toString(16).padStart(12, "0"), payload: "role US" });
		};
		const heapBytes = () => {
			hub.collect();
			const { slots, chunks } = hub.collect();
			return slots * 16 + chunks;
		};
		const { flashWrites } = hub;
		forge(60);
		const before = heapBytes();
		forge(240);
		expect(heapBytes() - before).toBeLessThanOrEqual(256);
		expect(hub.flashWrites).toBe(flashWrites);
		for (const payload of [`role ${"X".repeat(200)}`, "role <b>", "role ", "role \u00dc\u00dc"])
			inject(made, { to: "Hub", from: STRANGER, payload });
		expect(snapshot(made, "Hub").lastError).toMatch(
			/^the device 02beef[0-9a-f]{6} has country US, this hub DE: set the same country on both$/,
		);
	});
});
