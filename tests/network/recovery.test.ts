import { describe, expect, test } from "@jest/globals";
import type { World } from "../../sim/world/world";
import { ask, deviceSpec, events, HUB, hubSpec, macOf, network, snapshot, world } from "./network";
import { call, finish, inject, STRANGER, textsOf } from "./traffic";

const FOR_EVER = 1_000_000;

/** Asks again and again until the right answer comes; how long that took, in ms. */
function untilServed(made: World, name: string, maxMs = 30_000): number {
	const from = made.timeMs;
	while (made.timeMs - from < maxMs) {
		// A board that restarts refuses the connection.
		const asked = call(made, name, "uptime");
		finish(made, [asked]);
		if (asked.body?.startsWith("OK ")) return made.timeMs - from;
		made.advance(100);
	}
	throw new Error(`${name} was not served within ${maxMs} ms`);
}

describe("recovery", () => {
	test("one lost status is nothing: no step is taken, the request is answered", () => {
		const made = network(["Kitchen"]);
		made.fault("Hub", "status-lost", 1);
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF /);
		expect(snapshot(made, "Hub").recovery).toEqual({ espnow: 0, wifi: 0, board: 0 });
	});

	/** Has the hub lose all its statuses until it has taken a step. */
	function loseStatuses(made: World, name: string): void {
		made.fault("Hub", "status-lost", FOR_EVER);
		for (let i = 0; i < 20 && snapshot(made, "Hub").recovery.espnow === 0; i++) {
			call(made, name, "channel");
			made.advance(300);
		}
		made.fault("Hub", "status-lost", 0);
	}

	test("no status for three seconds: ESP-NOW off and on, its peers with it, nothing else", () => {
		const made = network(["Kitchen", "Bedroom"]);
		for (const name of ["Kitchen", "Bedroom"]) ask(made, name, "uptime");
		const since = made.log.next;
		loseStatuses(made, "Kitchen");
		for (const name of ["Kitchen", "Bedroom"]) expect(ask(made, name, "channel")).toMatch(/^OK 6 -\d+$/);
		made.advance(1_000);
		expect(snapshot(made, "Hub").recovery).toEqual({ espnow: 1, wifi: 0, board: 0 });
		expect(snapshot(made, "Hub").counters.events.statusTimeout).toBeGreaterThan(2);
		const steps = made.log.since(since).filter(({ event }) => /^(espnow|station|ap)-/.test(event));
		expect(steps.map(({ event }) => event)).toEqual(["espnow-down", "espnow-up"]);
		expect(made.board("Hub").bootCount).toBe(1);
	});

	test.each([
		["status-lost", 1],
		["status-lost", 2],
		["status-lost", 3],
		["status-lost", 4],
		["status-lost", 5],
		["status-lost", 20],
		["no-mem", 1],
		["no-mem", 20],
		["no-mem", 110],
		["no-mem", 250],
		["no-mem", 400],
	])("%s for %i frames at the hub: served again within 30 s, and from then on", (kind, count) => {
		const made = network(["Kitchen"]);
		made.fault("Hub", kind, count);
		const from = made.timeMs;
		while (made.timeMs - from < 25_000) {
			if (made.reachable(made.board("Hub"), "lan")) call(made, "Kitchen", "uptime");
			made.advance(300);
		}
		expect(untilServed(made, "Kitchen", 5_000)).toBeLessThan(5_000);
		for (let i = 0; i < 10; i++) expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF /);
	});

	test("no memory for a moment is waited out: no step, no try is spent", () => {
		const made = network(["Kitchen"]);
		made.fault("Hub", "no-mem", 50);
		const since = made.log.next;
		const asked = call(made, "Kitchen", "uptime");
		finish(made, [asked]);
		expect(asked.body).toMatch(/^OK OFF /);
		expect(asked.ms).toBeLessThan(1_000);
		expect(textsOf(made, "Hub", since).filter((text) => text === "uptime")).toHaveLength(1);
		expect(snapshot(made, "Hub").counters.events.noMemory).toBe(50);
		expect(snapshot(made, "Hub").recovery).toEqual({ espnow: 0, wifi: 0, board: 0 });
	});

	test("no memory for a second: ESP-NOW off and on", () => {
		const made = network(["Kitchen"]);
		made.fault("Hub", "no-mem", 110);
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF /);
		expect(snapshot(made, "Hub").recovery).toEqual({ espnow: 1, wifi: 0, board: 0 });
	});

	test("when that does not help, Wi-Fi from scratch: the hub joins again, and answers", () => {
		const made = network(["Kitchen"]);
		made.fault("Hub", "no-mem", 210);
		const since = made.log.next;
		untilServed(made, "Kitchen");
		expect(snapshot(made, "Hub").recovery).toEqual({ espnow: 1, wifi: 1, board: 0 });
		expect(made.board("Hub").bootCount).toBe(1);
		const joined = events(made, "station-joined", "Hub").filter(({ seq }) => seq >= since);
		expect(joined).toHaveLength(1);
		expect(snapshot(made, "Hub").lastError).toBe("ESP_ERR_ESPNOW_NO_MEM");
	});

	test("when nothing helps, the board restarts, and says why afterwards", () => {
		const made = network(["Kitchen"]);
		made.fault("Hub", "no-mem", FOR_EVER);
		const took = untilServed(made, "Kitchen");
		expect(took).toBeLessThan(30_000);
		expect(made.board("Hub").bootCount).toBe(2);
		expect(snapshot(made, "Hub").reset).toMatchObject({ reason: "software", words: { cause: "recovery" } });
		expect(events(made, "restart", "Hub").map(({ reason }) => reason)).toEqual(["software"]);
	});

	test("it restarts at most once in ten minutes", () => {
		const made = network(["Kitchen"]);
		const hub = made.board("Hub");
		/** Thirty seconds in which nothing can be sent; the fault ends with the program, so it is planted anew in each. */
		const spell = () => {
			for (let i = 0; i < 15; i++) {
				if (hub.running) made.fault("Hub", "no-mem", FOR_EVER);
				if (made.reachable(hub, "lan")) call(made, "Kitchen", "uptime");
				made.advance(2_000);
			}
			if (hub.running) made.fault("Hub", "no-mem", 0);
			return hub.bootCount;
		};
		expect(spell()).toBe(2);
		const restartedMs = events(made, "restart", "Hub")[0]?.timeMs ?? 0;
		expect(spell()).toBe(2);
		made.advance(560_000 - (made.timeMs - restartedMs));
		expect(spell()).toBe(2);
		expect(snapshot(made, "Hub").recovery).toMatchObject({ board: 0 });
		made.advance(620_000 - (made.timeMs - restartedMs));
		expect(spell()).toBe(3);
	});

	test("not sooner for another kind of restart in between", () => {
		const made = network(["Kitchen"]);
		const hub = made.board("Hub");
		/** Thirty seconds in which nothing can be sent. */
		const spell = () => {
			for (let i = 0; i < 15; i++) {
				if (hub.running) made.fault("Hub", "no-mem", FOR_EVER);
				if (made.reachable(hub, "lan")) call(made, "Kitchen", "uptime");
				made.advance(2_000);
			}
			if (hub.running) made.fault("Hub", "no-mem", 0);
			return hub.bootCount;
		};
		expect(spell()).toBe(2);
		made.advance(20_000);
		made.fault("Hub", "heap-full", 1);
		made.advanceUntil(() => hub.bootCount === 3, 60_000);
		made.advance(20_000);
		expect(snapshot(made, "Hub").reset).toMatchObject({ words: { cause: "error" } });
		expect(spell()).toBe(3);
		made.advance(600_000);
		expect(spell()).toBe(4);
	});

	test("statuses that are late while frames for others fill the air are no broken driver", () => {
		const names = ["Kitchen", "Bedroom"];
		const made = network(names);
		const long = Buffer.alloc(240, "x");
		for (let i = 0; i < 4_000; i++) {
			// From sixty radios to the hub: its devices hear none of it, but wait for a free air as everybody does.
			made.sendFrame({ from: (0x02f0f0000000 + 16 * (i % 60)).toString(16).padStart(12, "0"), to: HUB, payload: long });
			if (i % 50 === 0) for (const name of names) made.sendFrame({ from: STRANGER, to: macOf(made, name), payload: Buffer.from("uptime") });
			made.advance(2);
		}
		for (const name of names) {
			expect(snapshot(made, name).counters.events.statusTimeout).toBeGreaterThan(2);
			expect(snapshot(made, name).recovery).toEqual({ espnow: 0, wifi: 0, board: 0 });
		}
		expect(made.boards.map(({ bootCount }) => bootCount)).toEqual([1, 1, 1]);
	});

	test("a device recovers likewise, when its replies find no way out", () => {
		const made = network(["Kitchen"]);
		made.fault("Kitchen", "no-mem", FOR_EVER);
		expect(untilServed(made, "Kitchen", 60_000)).toBeLessThan(60_000);
		expect(made.board("Kitchen").bootCount).toBe(2);
		expect(snapshot(made, "Kitchen").reset).toMatchObject({ reason: "software", words: { cause: "recovery" } });
		// Not opened by somebody's hand: the setup access point stays closed.
		expect(snapshot(made, "Kitchen").ap.state).toBe("off");
	});

	test("no reply is invented or delivered twice on the way", () => {
		const made = network(["Kitchen"]);
		made.fault("Hub", "status-lost", 90);
		for (let i = 0; i < 80; i++) {
			const asked = call(made, "Kitchen", `round-${i}`);
			finish(made, [asked]);
			// The restart of Wi-Fi takes the house's connections along.
			expect(asked.body).toMatch(new RegExp(`^(Unknown message: round-${i} -\\d+|Fail \\(no re(ply|sult)\\)|no response: .*)$`));
		}
		expect(snapshot(made, "Hub").recovery).toMatchObject({ espnow: 1, wifi: 1 });
	});

	test("the setup window keeps its remaining time over the restart of Wi-Fi", () => {
		const made = network(["Kitchen"]);
		made.advance(60_000 - made.timeMs);
		const bootedMs = events(made, "power-on", "Kitchen")[0]?.timeMs ?? 0;
		const before = snapshot(made, "Kitchen").ap.secondsLeft ?? 0;
		made.fault("Kitchen", "no-mem", 210);
		for (let i = 0; i < 8 && snapshot(made, "Kitchen").recovery.wifi === 0; i++) {
			inject(made, { to: "Kitchen", from: STRANGER, payload: "uptime" });
			made.advance(500);
		}
		made.advance(3_000);
		const after = snapshot(made, "Kitchen");
		expect(after.recovery.wifi).toBe(1);
		expect(after.ap.state).toBe("open");
		expect(Math.abs((after.ap.secondsLeft ?? 0) - (before - (made.timeMs - 60_000) / 1_000))).toBeLessThanOrEqual(1);
		made.advance(118_000 - (made.timeMs - bootedMs));
		expect(snapshot(made, "Kitchen").ap.state).toBe("open");
		made.advance(4_000);
		expect(snapshot(made, "Kitchen").ap.state).toBe("off");
	});

	test("a setup access point that has closed stays closed over the restart of Wi-Fi", () => {
		const made = network(["Kitchen"]);
		made.advance(125_000);
		expect(snapshot(made, "Kitchen").ap.state).toBe("off");
		made.fault("Kitchen", "no-mem", 210);
		for (let i = 0; i < 8; i++) {
			inject(made, { to: "Kitchen", from: STRANGER, payload: "uptime" });
			made.advance(500);
		}
		expect(snapshot(made, "Kitchen").recovery.wifi).toBe(1);
		made.advance(5_000);
		expect(snapshot(made, "Kitchen").ap.state).toBe("off");
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF /);
	});

	test("a router that was late: ESP-NOW is initialised again after the first join, and devices are served before and after", () => {
		const made = world([hubSpec({ channel: 6 }), deviceSpec("Kitchen")], { router: { power: false } }).boot();
		made.advance(20_000);
		expect(events(made, "espnow-up", "Hub")).toHaveLength(1);
		expect(ask(made, "Kitchen", "uptime", { side: "ap" })).toMatch(/^OK OFF /);
		made.changeRouter({ power: true });
		made.advance(60_000);
		expect(events(made, "station-joined", "Hub")).toHaveLength(1);
		expect(events(made, "espnow-up", "Hub")).toHaveLength(2);
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF /);
		expect(made.board("Hub").bootCount).toBe(1);
	});

	test("a request that is under way when ESP-NOW is restarted gets its reply all the same", () => {
		const made = network(["Kitchen", "Bedroom", "Hall"]);
		made.fault("Hall", "mute");
		// Kitchen's verdict about Hall comes after 8.5 s; the hub itself would wait for 10.
		const asked = call(made, "Kitchen", `!${made.board("Hall").mac},uptime`);
		made.advance(1_000);
		loseStatuses(made, "Bedroom");
		expect(snapshot(made, "Hub").recovery.espnow).toBe(1);
		finish(made, [asked]);
		expect(asked.body).toBe("Fail (no reply)");
		expect(asked.ms).toBeLessThan(9_000);
	});
});
