import { describe, expect, test } from "@jest/globals";
import { ask, macOf, network, snapshot } from "./network";
import { type Call, call, finish, framesOf, inject, textsOf } from "./traffic";

/** The longest series of MAC retries to a radio that is not there, in ms, with room for its back-off. */
const SERIES_MS = 40;

const bodies = (calls: readonly Call[]) => calls.map(({ body }) => body);

describe("callers", () => {
	test("two callers ask two devices, one of which is off: the other's answer is right and not delayed", () => {
		const made = network(["Kitchen", "Bedroom"]);
		ask(made, "Kitchen", "uptime");
		const alone = call(made, "Kitchen", "uptime");
		finish(made, [alone]);
		made.board("Bedroom").powerOff();
		for (let i = 0; i < 5; i++) {
			const off = call(made, "Bedroom", "uptime");
			const on = call(made, "Kitchen", "uptime");
			finish(made, [on, off]);
			expect(bodies([off, on])).toEqual(["Fail (no result)", expect.stringMatching(/^OK OFF \d+\+ -\d+$/)]);
			expect(on.ms).toBeLessThan(alone.ms + SERIES_MS);
			made.advance(100);
		}
	});

	test("an absent board is given up after three tries, each the longer after the last, and stops nobody meanwhile", () => {
		const made = network(["Kitchen", "Bedroom"]);
		made.board("Bedroom").powerOff();
		const since = made.log.next;
		const off = call(made, "Bedroom", "uptime");
		finish(made, [off]);
		expect(off.body).toBe("Fail (no result)");
		expect(off.ms).toBeLessThan(300);
		const tries = framesOf(made, "Hub", since, "Bedroom");
		expect(tries.map(({ text, outcome }) => [text, outcome])).toEqual(Array(3).fill(["uptime", "lost"]));
	});

	test("a mute device: no reply after 10.0 to 10.5 s, and all others are served meanwhile", () => {
		const made = network(["Kitchen", "Bedroom", "Hall"]);
		made.fault("Bedroom", "mute");
		const mute = call(made, "Bedroom", "uptime");
		while (made.timeMs % 1_000 !== 0) made.advance(1_000 - (made.timeMs % 1_000));
		while (mute.body === undefined) {
			const others = [call(made, "Kitchen", "uptime"), call(made, "Hall", "channel"), call(made, "Hub", "uptime")];
			finish(made, others);
			expect(bodies(others)).toEqual([
				expect.stringMatching(/^OK OFF /),
				expect.stringMatching(/^OK 6 -\d+$/),
				expect.stringMatching(/^OK None \d+\+$/),
			]);
			for (const { ms } of others) expect(ms).toBeLessThan(50);
			made.advance(200);
		}
		expect(mute.body).toBe("Fail (no reply)");
		expect(mute.ms).toBeGreaterThanOrEqual(10_000);
		expect(mute.ms).toBeLessThan(10_500);
	});

	test("two callers to the same device get their own answers, in the order of asking", () => {
		const made = network(["Kitchen"]);
		for (let i = 0; i < 5; i++) {
			const since = made.log.next;
			const calls = ["on", "channel", "off", "version"].map((message) => call(made, "Kitchen", message));
			finish(made, calls);
			expect(bodies(calls)).toEqual([
				expect.stringMatching(/^OK ON /),
				expect.stringMatching(/^OK 6 -\d+$/),
				expect.stringMatching(/^OK OFF /),
				expect.stringMatching(/^OK \d+\.\d+\.\d+ -\d+$/),
			]);
			expect(textsOf(made, "Hub", since)).toEqual(["on", "channel", "off", "version"]);
			expect(calls.map(({ ms }) => ms)).toEqual(calls.map(({ ms }) => ms).sort((a, b) => a - b));
		}
	});

	test("a caller that waits behind a mute device's request has the same 10 s", () => {
		const made = network(["Kitchen"]);
		made.fault("Kitchen", "mute");
		const calls = [call(made, "Kitchen", "uptime"), call(made, "Kitchen", "channel")];
		finish(made, calls);
		for (const { body, ms } of calls) {
			expect(body).toBe("Fail (no reply)");
			expect(ms).toBeGreaterThanOrEqual(10_000);
			expect(ms).toBeLessThan(10_500);
		}
	});

	test("a late reply is not given to a later caller, whenever it comes", () => {
		const made = network(["Kitchen"]);
		for (const afterMs of [0, 1, 2, 3, 5, 20, 100, 300, 450]) {
			// A board's frames arrive in order: before the pong to the hub's ping, which is kept waiting here.
			made.fault("Kitchen", "mute", 2);
			expect(ask(made, "Kitchen", "uptime")).toBe("Fail (no reply)");
			const later = call(made, "Kitchen", "channel");
			made.advance(afterMs);
			made.sendFrame({ to: macOf(made, "Hub"), from: macOf(made, "Kitchen"), payload: Buffer.from("OK late -50") });
			finish(made, [later]);
			expect(later.body).toMatch(/^OK 6 -\d+$/);
			made.advance(100);
		}
	});

	test("who waits behind a request that its board forwards in vain is answered after it, in time", () => {
		const made = network(["Kitchen", "Bedroom"]);
		made.fault("Bedroom", "mute");
		// Kitchen gives up after 8.5 s: time is left for the second caller.
		const relayed = call(made, "Kitchen", `!${macOf(made, "Bedroom")},uptime`);
		const behind = call(made, "Kitchen", "channel");
		finish(made, [relayed, behind]);
		expect(bodies([relayed, behind])).toEqual(["Fail (no reply)", expect.stringMatching(/^OK 6 -\d+$/)]);
		expect(behind.ms).toBeGreaterThan(8_500);
		expect(behind.ms).toBeLessThan(8_700);
	});

	test("a late reply that comes while nobody asks is dropped, and answered by nobody", () => {
		const made = network(["Kitchen"]);
		made.fault("Kitchen", "mute", 1);
		ask(made, "Kitchen", "uptime");
		const since = made.log.next;
		// The device's own questions to its hub.
		const { commands } = snapshot(made, "Hub").counters;
		// Texts that a board would answer with a word about an unknown message, if it took them for requests.
		for (const payload of ["OK late -50", "late", "True", "192.168.1.7 -50"]) inject(made, { to: "Hub", from: "Kitchen", payload });
		expect(framesOf(made, "Hub", since)).toEqual([]);
		expect(snapshot(made, "Hub").counters.commands).toBe(commands);
	});

	test("a late reply is never run as a command", () => {
		const made = network(["Kitchen"]);
		// A device asks its hub, gets nothing, and the hub's reply comes too late.
		made.fault("Hub", "mute", 1);
		expect(ask(made, "Hub", "channel", { board: "Kitchen", side: "ap" })).toBe("Fail (no reply)");
		const since = made.log.next;
		for (const payload of ["OK late -50", "on -50", "OK on", "Fail (on)"]) inject(made, { to: "Kitchen", from: "Hub", payload });
		expect(textsOf(made, "Kitchen", since).filter((text) => String(text).startsWith("OK ON"))).toEqual([]);
		expect(made.status().boards[1]?.relay).toBe("OFF");
	});

	test("a device that comes back late, with all it owes, does not confuse the requests behind", () => {
		const made = network(["Kitchen"]);
		ask(made, "Kitchen", "on");
		// Its reply is lost on the air, whatever it tries: the hub has been heard, and hears nothing.
		made.link("Hub", "Kitchen", null);
		const first = call(made, "Kitchen", "off");
		made.advance(2);
		made.link("Hub", "Kitchen", -50);
		const second = call(made, "Kitchen", "channel");
		finish(made, [first, second]);
		expect(first.body).toMatch(/^OK OFF |^Fail \(no re(ply|sult)\)$/);
		expect(second.body).toMatch(/^OK 6 -\d+$/);
	});

	test("all devices at once: each caller gets its own device's answer", () => {
		const names = ["A", "B", "C", "D"];
		const made = network(names);
		for (const name of ["B", "D"]) ask(made, name, "on");
		const calls = names.map((name) => call(made, name, `who-${name}`));
		finish(made, calls);
		expect(bodies(calls)).toEqual(names.map((name) => expect.stringMatching(new RegExp(`^Unknown message: who-${name} -\\d+$`))));
		for (const { ms } of calls) expect(ms).toBeLessThan(100);
	});
});
