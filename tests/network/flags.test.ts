import { describe, expect, test } from "@jest/globals";
import type { World } from "../../sim/world/world";
import { ask, network, snapshot } from "./network";
import { call, finish, framesOf, inject, STRANGER } from "./traffic";

const flags = (made: World, name = "Hub") => {
	const { sending, requestToSend } = snapshot(made, name);
	return { sending, requestToSend };
};
const AT_REST = { sending: false, requestToSend: false };

describe("flags", () => {
	test("at rest neither is set", () => {
		const made = network(["Kitchen"]);
		ask(made, "Kitchen", "uptime");
		made.advance(1);
		for (const name of ["Hub", "Kitchen"]) expect(flags(made, name)).toEqual(AT_REST);
	});

	test("sending: from a frame's way to the driver until its status has come, on the desk's status as in the board's own", () => {
		const made = network(["Kitchen"]);
		// A radio that is not there costs a whole series of MAC retries before the status comes.
		made.board("Kitchen").powerOff();
		const since = made.log.next;
		const asked = call(made, "Kitchen", "uptime");
		made.advanceUntil(() => flags(made).sending, 100);
		made.advance(5);
		expect(flags(made)).toEqual({ sending: true, requestToSend: false });
		expect(made.status().boards[0]).toMatchObject({ sending: true, requestToSend: false });
		expect(framesOf(made, "Hub", since)).toEqual([]);
		made.advanceUntil(() => framesOf(made, "Hub", since).length === 1, 100);
		made.advance(1);
		expect(flags(made)).toEqual(AT_REST);
		finish(made, [asked]);
	});

	test("requestToSend: a frame waits for the radio, which another frame has", () => {
		const made = network(["Kitchen", "Bedroom"]);
		made.board("Kitchen").powerOff();
		const calls = [call(made, "Kitchen", "uptime"), call(made, "Bedroom", "uptime")];
		made.advanceUntil(() => flags(made).requestToSend, 100);
		expect(flags(made)).toEqual({ sending: true, requestToSend: true });
		expect(made.status().boards[0]).toMatchObject({ sending: true, requestToSend: true });
		finish(made, calls);
		made.advance(100);
		expect(flags(made)).toEqual(AT_REST);
	});

	test("a reply and a pong that wait set requestToSend, too", () => {
		for (const payload of ["uptime", "ping"]) {
			const made = network(["Kitchen", "Bedroom"]);
			made.board("Bedroom").powerOff();
			// Nobody acknowledges what Kitchen says to Bedroom, so the radio is busy while the next one asks.
			made.sendFrame({ to: made.board("Kitchen").mac, from: made.board("Bedroom").mac, payload: Buffer.from(payload) });
			expect(made.advanceUntil(() => flags(made, "Kitchen").sending, 100)).toBe(true);
			made.sendFrame({ to: made.board("Kitchen").mac, from: STRANGER, payload: Buffer.from(payload) });
			expect(made.advanceUntil(() => flags(made, "Kitchen").requestToSend, 100)).toBe(true);
			made.advance(500);
			expect(flags(made, "Kitchen")).toEqual(AT_REST);
		}
	});

	test("a request that waits for its reply sets neither, for all of its 10 s", () => {
		const made = network(["Kitchen"]);
		made.fault("Kitchen", "mute", 1);
		const asked = call(made, "Kitchen", "uptime");
		made.advance(50);
		while (asked.body === undefined) {
			expect(flags(made)).toEqual(AT_REST);
			made.advance(100);
		}
		expect(asked.body).toBe("Fail (no reply)");
	});

	test("a try that waits for its time is none", () => {
		const made = network(["Kitchen"]);
		made.board("Kitchen").powerOff();
		const since = made.log.next;
		const asked = call(made, "Kitchen", "uptime");
		made.advanceUntil(() => framesOf(made, "Hub", since).length === 1, 100);
		made.advance(2);
		expect(flags(made)).toEqual(AT_REST);
		finish(made, [asked]);
		expect(framesOf(made, "Hub", since)).toHaveLength(3);
	});

	test("a status that never comes: sending is cleared after 250 ms, and the next frame goes", () => {
		const made = network(["Kitchen", "Bedroom"]);
		made.fault("Hub", "status-lost", 1);
		const calls = [call(made, "Kitchen", "channel"), call(made, "Bedroom", "channel")];
		made.advanceUntil(() => flags(made).sending, 100);
		const granted = made.timeMs;
		made.advance(5);
		expect(flags(made)).toEqual({ sending: true, requestToSend: true });
		made.advance(240 - (made.timeMs - granted));
		expect(flags(made)).toEqual({ sending: true, requestToSend: true });
		made.advance(20);
		expect(flags(made)).toEqual(AT_REST);
		finish(made, calls);
		for (const { body } of calls) expect(body).toMatch(/^OK 6 -\d+$/);
		expect(snapshot(made, "Hub").counters.events.statusTimeout).toBe(1);
	});

	test("grants are the frames that went out, and turns go on without any", () => {
		const made = network(["Kitchen"]);
		const before = snapshot(made, "Kitchen");
		for (let i = 0; i < 3; i++) inject(made, { to: "Kitchen", from: STRANGER, payload: "uptime" });
		const after = snapshot(made, "Kitchen");
		expect(after.grants - before.grants).toBe(3);
		expect(after.counters.framesOut - before.counters.framesOut).toBe(3);
		made.advance(10_000);
		const later = snapshot(made, "Kitchen");
		expect(later.grants).toBe(after.grants);
		expect(later.turns - after.turns).toBeGreaterThanOrEqual(100);
		expect(later.turns - after.turns).toBeLessThan(110);
	});
});
