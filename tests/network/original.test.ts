import { expect, test } from "@jest/globals";
import { accessPointMac } from "../../sim/world/mac";
import type { World } from "../../sim/world/world";
import { ask, deviceSpec, events, HUB, hubSpec, macOf, SEED, settle, snapshot, took, world } from "./network";
import { describeOriginal, type OriginalSnapshot, originalDevice, originalHub } from "./original-network";
import { call, finish, inject, textsOf } from "./traffic";

const originalSnapshot = (made: World, name: string) => made.board(name).snapshot() as OriginalSnapshot;

/** A world with these boards, all up. */
function up(...boards: Parameters<typeof world>[0]): World {
	const made = world(boards).boot();
	settle(made);
	return made;
}

describeOriginal("our hub and devices with the original's code", () => {
	test("a MicroPython device does what our hub asks, and its reply comes back", () => {
		const made = up(hubSpec(), originalDevice("Kitchen"));
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF \d+\+ -\d+$/);
		expect(ask(made, "Kitchen", "on")).toMatch(/^OK ON \d+\+ -\d+$/);
		expect(ask(made, "Kitchen", "off")).toMatch(/^OK OFF \d+\+ -\d+$/);
		expect(ask(made, "Kitchen", "ping")).toBe("pong");
		expect(ask(made, "Kitchen", "nonsense")).toMatch(/^Unknown message: nonsense -\d+$/);
	});

	test("a MicroPython device asked by the MAC of its access point answers from the other one, and is one board to our hub", () => {
		const made = up(hubSpec(), originalDevice("Kitchen"));
		const station = macOf(made, "Kitchen");
		expect(ask(made, accessPointMac(station), "on")).toMatch(/^OK ON /);
		expect(ask(made, station, "off")).toMatch(/^OK OFF /);
		expect(events(made, "frame", "Kitchen").map(({ from }) => from)).toEqual([station, station]);
		const { peers } = made.board("Hub").snapshot() as { peers: { mac: string }[] };
		expect(peers.map(({ mac }) => mac)).toEqual([station]);
	});

	test("a MicroPython device that is written to at its access point answers from its station: that is its reply, and it is written to there", () => {
		const made = up(hubSpec(), originalDevice("Kitchen"));
		const station = macOf(made, "Kitchen");
		const accessPoint = accessPointMac(station);
		// All that the hub has heard of the device came from there.
		made.link("Hub", "Kitchen", null);
		expect(ask(made, "Kitchen", "uptime")).toBe("Fail (no result)");
		inject(made, { to: "Hub", from: accessPoint, payload: "OK late -50" });
		made.link("Hub", "Kitchen", -50);
		const since = made.log.next;
		for (const message of ["on", "off"]) expect(ask(made, "Kitchen", message)).toMatch(/^OK O(N|FF) \d+\+ -\d+$/);
		const ways = events(made, "frame").filter(({ seq, text }) => seq >= since && !/^p[io]ng$/.test(String(text)));
		expect(ways.map(({ from, to }) => [from, to])).toEqual(
			Array.from({ length: 2 }, () => [
				[HUB, station],
				[station, HUB],
			]).flat(),
		);
		// Nothing had come of the request before, so the first word was a ping: the answer to it told where the station is.
		expect(textsOf(made, "Hub", since, accessPoint)).toEqual(["ping"]);
		const { peers } = made.board("Hub").snapshot() as { peers: { mac: string }[] };
		expect(peers.map(({ mac }) => mac)).toEqual([station]);
	});

	test("a ping of a MicroPython device that our hub has asked something is answered, and is not its reply", () => {
		const made = up(hubSpec(), originalDevice("Kitchen"));
		const asked = call(made, "Kitchen", "uptime");
		made.advanceUntil(() => textsOf(made, "Hub").includes("uptime"), 100);
		made.sendFrame({ from: macOf(made, "Kitchen"), to: HUB, payload: Buffer.from("ping") });
		finish(made, [asked]);
		expect(asked.body).toMatch(/^OK OFF \d+\+ -\d+$/);
		expect(textsOf(made, "Hub")).toEqual(["uptime", "pong"]);
	});

	test.each([
		["cloaked", true],
		["off", false],
	] as const)(
		"a MicroPython device that was told the MAC of our hub's access point is answered, and after its time where that is %s: %p",
		(afterwards, answered) => {
			const made = up(hubSpec({ setupAP: { minutes: 1, afterwards } }), originalDevice("Kitchen", { hub: accessPointMac(HUB) }));
			made.advance(50_000);
			const during = originalSnapshot(made, "Kitchen").pings;
			expect(during).toEqual({ sent: 1, answered: 1 });
			made.advance(60_000);
			const { pings } = originalSnapshot(made, "Kitchen");
			expect(pings.sent).toBeGreaterThan(1);
			// Addresses of an access point that is off are nobody's: the radio does not even acknowledge.
			expect(pings.answered).toBe(answered ? pings.sent : 1);
		},
	);

	test.each([
		["some", 0.35, 55],
		["most", 0.7, 15],
	])(
		"where %s frames are lost each caller gets its own reply, though a MicroPython device runs repeated requests twice",
		(_, loss, atLeast) => {
			const made = up(hubSpec(), originalDevice("Kitchen"));
			made.air.loss = loss;
			const wrong: string[] = [];
			let answered = 0;
			for (let i = 0; i < 60; i += 3) {
				// The next one goes out in the moment in which the one before it is answered.
				const calls = [i, i + 1, i + 2].map((n) => ({ n, asked: call(made, "Kitchen", `like:number-${n}-of-this-run`) }));
				finish(
					made,
					calls.map(({ asked }) => asked),
				);
				for (const { n, asked } of calls) {
					const reply = asked.body ?? "";
					if (reply.startsWith("OK ")) answered++;
					if (!reply.startsWith("Fail (") && !reply.startsWith(`OK e:number-${n}-`)) wrong.push(`${n}: ${reply}`);
				}
			}
			expect({ seed: SEED, wrong }).toEqual({ seed: SEED, wrong: [] });
			expect(answered).toBeGreaterThan(atLeast);
			expect(originalSnapshot(made, "Kitchen").handled.like).toBeGreaterThan(answered);
		},
	);

	test("our hub answers the pings of a MicroPython device within its second, however busy it is", () => {
		const mute = ["Bedroom", "Hall", "Bath"];
		const made = up(hubSpec(), originalDevice("Kitchen"), ...mute.map((name) => deviceSpec(name)));
		for (const name of mute) made.fault(name, "mute", -1);
		// The device falls silent; when its 30 s are over, three requests are under way on the hub for 10 s.
		made.advance(28_000);
		// From two sides: one computer of the house has two places.
		for (const [i, name] of mute.entries()) made.request("Hub", i < 2 ? "lan" : "ap", { path: `/?mac=${macOf(made, name)}&msg=uptime` });
		made.advance(6_000);
		expect(snapshot(made, "Hub").requests.open).toBe(3);
		const { pings } = originalSnapshot(made, "Kitchen");
		expect(pings.sent).toBeGreaterThanOrEqual(1);
		expect(pings.answered).toBe(pings.sent);
	});

	test("a late word of ours is a command to a MicroPython device, and its report of that is where it ends", () => {
		const made = up(hubSpec(), originalDevice("Kitchen"));
		made.sendFrame({ from: HUB, to: macOf(made, "Kitchen"), payload: Buffer.from("pong") });
		made.advance(5_000);
		const said = events(made, "frame").map(({ text }) => text);
		expect(said).toEqual(["pong", expect.stringMatching(/^Unknown message: pong /)]);
		expect(snapshot(made, "Hub").counters.dropped).toEqual({ strayError: 1 });
	});
});

describeOriginal("a hub with the original's code and our devices", () => {
	test("our device does what a MicroPython hub asks", () => {
		const made = up(originalHub(), deviceSpec("Kitchen"));
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF \d+\+ -\d+$/);
		expect(ask(made, "Kitchen", "on")).toMatch(/^OK ON \d+\+ -\d+$/);
		expect(made.status().boards[1]?.relay).toBe("ON");
		expect(ask(made, "Kitchen", "nonsense")).toMatch(/^Unknown message: nonsense -\d+$/);
	});

	test("our device is one board to a MicroPython hub that asks it at its access point: it answers from its station", () => {
		const made = up(originalHub(), deviceSpec("Kitchen"));
		const station = macOf(made, "Kitchen");
		for (const address of [accessPointMac(station), station]) expect(ask(made, address, "on")).toMatch(/^OK ON \d+\+ -\d+$/);
		expect(events(made, "frame", "Hub").map(({ to }) => to)).toEqual([accessPointMac(station), station]);
		expect(events(made, "frame", "Kitchen").map(({ from }) => from)).toEqual([station, station]);
	});

	test("our device adopts the MicroPython hub that it answered, and stays on the channel where that answers its pings", () => {
		const made = up(originalHub(), deviceSpec("Kitchen", { hub: "" }));
		expect(snapshot(made, "Kitchen").hub).toBe("");
		// It may be on another channel for a moment, and this hub sends a message once.
		if (!ask(made, "Kitchen", "uptime").startsWith("OK")) ask(made, "Kitchen", "uptime");
		made.advance(100_000);
		// Before that it called everybody.
		const pings = events(made, "frame", "Kitchen").filter(({ text, to }) => text === "ping" && to === HUB);
		expect(pings.length).toBeGreaterThanOrEqual(2);
		expect(pings.every(({ outcome }) => outcome === "acked")).toBe(true);
		expect(snapshot(made, "Kitchen")).toMatchObject({ hub: HUB, channel: 6, following: { state: "listening", sweeps: 0 } });
	});

	test("a round trip of the original takes about 200 ms, since both its ends wait for the clock", () => {
		const made = up(originalHub(), originalDevice("Kitchen"));
		const times = Array.from({ length: 20 }, () => {
			made.advance(1_037);
			return took(made, () => ask(made, "Kitchen", "uptime"));
		});
		const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
		expect(mean).toBeGreaterThan(120);
		expect(mean).toBeLessThan(260);
	});
});

describeOriginal("relaying", () => {
	const names = ["Relay", "Kitchen"] as const;
	const through = (made: World) => `!${macOf(made, "Kitchen")},uptime`;

	test("a relay with the original's code waits for itself: no reply, and nothing is heard by it any more", () => {
		const made = up(originalHub(), ...names.map((name) => originalDevice(name)));
		expect(ask(made, "Relay", through(made))).toBe("Fail (no reply)");
		expect(ask(made, "Relay", "uptime")).toBe("Fail (no reply)");
		expect(originalSnapshot(made, "Relay").loopStoodMs).toBeGreaterThan(15_000);
		expect(originalSnapshot(made, "Kitchen").handled).toEqual({});
	});

	test("our relay device takes a request of a MicroPython hub on to a MicroPython device, and the reply back", () => {
		const made = up(originalHub(), deviceSpec("Relay"), originalDevice("Kitchen"));
		expect(ask(made, "Relay", through(made))).toMatch(/^OK OFF \d+\+ -\d+$/);
		expect(ask(made, "Relay", "uptime")).toMatch(/^OK OFF \d+\+ -\d+$/);
	});

	test("from our hub over our relay device to a MicroPython device, while the relay device goes on answering", () => {
		const made = up(hubSpec(), deviceSpec("Relay"), originalDevice("Kitchen"));
		const relayed = made.request("Hub", "lan", { path: `/?mac=${macOf(made, "Relay")}&msg=${encodeURIComponent(through(made))}` });
		made.advanceUntil(() => events(made, "frame", "Relay").length > 0, 1_000);
		made.sendFrame({ from: "34b4720a2000", to: macOf(made, "Relay"), payload: Buffer.from("ping") });
		made.advanceUntil(() => relayed.done, 10_000);
		expect(relayed.response?.body).toMatch(/^OK OFF \d+\+ -\d+$/);
		const said = events(made, "frame", "Relay").map(({ text }) => text);
		expect(said).toEqual(["uptime", "pong", relayed.response?.body]);
	});

	test("our boards ask nothing through a stuck relay of the original for longer than their deadline, and others meanwhile", () => {
		const made = up(hubSpec(), originalDevice("Relay"), deviceSpec("Kitchen"));
		const stuck = made.request("Hub", "lan", { path: `/?mac=${macOf(made, "Relay")}&msg=${encodeURIComponent(through(made))}` });
		made.advance(1_000);
		expect(took(made, () => expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK /))).toBeLessThan(20);
		made.advanceUntil(() => stuck.done, 20_000);
		expect(stuck.response?.body).toBe("Fail (no reply)");
		expect(made.timeMs).toBeLessThan(13_000);
	});
});
