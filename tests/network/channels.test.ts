import { afterAll, describe, expect, test } from "@jest/globals";
import type { World } from "../../sim/world/world";
import { ask, deviceSpec, events, HUB, hubSpec, macOf, network, SEED, settle, snapshot, world } from "./network";
import { inject, moved, STRANGER } from "./traffic";

const NAMES = ["Kitchen", "Bedroom", "Hall"];
/** The setup access points, open for a minute here, have closed by then: from here on nothing keeps a device on its channel. */
const CLOSED_MS = 65_000;
const MINUTE = { setupAP: { minutes: 1 } };

const figures: string[] = [];
afterAll(() => {
	process.stdout.write(`channel following, seed ${SEED}:\n${figures.map((line) => `  ${line}\n`).join("")}`);
});

/** A house whose setup access points have closed, all devices met just now. */
function quiet(names = NAMES, options: { seed?: number; router?: { channel: number } } = {}): World {
	const made = world([hubSpec(MINUTE), ...names.map((name) => deviceSpec(name, { ...MINUTE, ...options.router }))], options).boot();
	settle(made);
	made.advance(CLOSED_MS - made.timeMs);
	for (const name of names) expect(ask(made, name, "uptime")).toMatch(/^OK OFF /);
	return made;
}

const homeOf = (made: World, name: string) => made.board(name).radio.home;
const hops = (made: World, name: string, since = 0) =>
	events(made, "channel", name)
		.filter(({ seq }) => seq >= since)
		.map(({ to }) => Number(to));

/** Lets time pass until these boards are on the router's channel for good (10 s); the time until each came there, in ms. */
function returned(made: World, names: readonly string[], maxMs: number): number[] {
	const from = made.timeMs;
	const since = made.log.next;
	const { channel } = made.router.settings;
	const there = () => names.every((name) => homeOf(made, name) === channel);
	for (;;) {
		if (!made.advanceUntil(there, maxMs - (made.timeMs - from))) {
			const where = names.map((name) => `${name} on ${homeOf(made, name)}`).join(", ");
			throw new Error(`seed ${SEED}: not back on ${channel} after ${maxMs} ms: ${where}`);
		}
		made.advance(10_000);
		if (there()) break;
	}
	return names.map((name) => {
		const last = events(made, "channel", name)
			.filter(({ seq }) => seq >= since)
			.at(-1);
		return last ? last.timeMs - from : 0;
	});
}

function note(what: string, times: readonly number[], goal: string): void {
	const sorted = [...times].sort((a, b) => a - b);
	const at = (share: number) => ((sorted[Math.ceil(share * sorted.length) - 1] ?? 0) / 1_000).toFixed(1);
	figures.push(`${what}: p50 ${at(0.5)} s, p95 ${at(0.95)} s of ${times.length} (${goal})`);
}

function expectServed(made: World, names: readonly string[]): void {
	for (const name of names) {
		expect(ask(made, name, "uptime")).toMatch(/^OK OFF /);
		expect(made.board(name).bootCount).toBe(1);
	}
}

describe("the router moves", () => {
	test.each([
		["announced", true, "goal, with the hub's own announcement: p95 under 1 s"],
		["silent", false, "goal: 35 s, under 3 s with the hub's help"],
	])("%s: every device answers through the hub again, without a restart", (how, announce, goal) => {
		const times: number[] = [];
		const hubTimes: number[] = [];
		// The search begins 30 s after the last contact: the longest wait is after fresh contact.
		for (const sinceContactMs of [0, 9_000, 18_000, 27_000]) {
			const made = quiet();
			made.advance(sinceContactMs);
			const writes = NAMES.map((name) => made.board(name).flashWrites);
			const since = made.log.next;
			const movedMs = made.timeMs;
			made.changeRouter({ channel: 11 }, announce);
			const back = returned(made, NAMES, 45_000);
			// After a silent move the hub itself first has to find the router.
			const hubMs = (events(made, "channel", "Hub").find(({ seq }) => seq >= since)?.timeMs ?? movedMs) - movedMs;
			times.push(...back.map((time) => time - hubMs));
			hubTimes.push(hubMs);
			expectServed(made, NAMES);
			expect(homeOf(made, "Hub")).toBe(11);
			// One write for the channel that was confirmed.
			expect(NAMES.map((name, i) => made.board(name).flashWrites - (writes[i] ?? 0))).toEqual([1, 1, 1]);
		}
		note(`${how}, the hub itself`, hubTimes, announce ? "at once" : "6.5 s without a beacon, then a search");
		note(`${how}, devices after the hub`, times, goal);
		for (const time of hubTimes) expect(time).toBeLessThan(announce ? 10 : 10_000);
		for (const time of times) expect(time).toBeLessThan(35_000);
	});

	test("to any channel: each is found", () => {
		const made = quiet(["Kitchen"]);
		const times: number[] = [];
		for (const channel of [9, 3, 10, 2, 4, 8, 5, 7, 1, 6]) {
			ask(made, "Kitchen", "uptime");
			made.changeRouter({ channel }, true);
			times.push(...returned(made, ["Kitchen"], 60_000));
			expectServed(made, ["Kitchen"]);
		}
		note("announced, any channel in turn", times, "a whole sweep at most 150 ms a channel");
		for (const time of times) expect(time).toBeLessThan(35_000);
	});

	test("there and back: what is remembered is tried first, and one write is made for each change", () => {
		const made = quiet(["Kitchen"]);
		for (const channel of [9, 4, 9, 4]) {
			// More than three in a row are written later.
			made.advance(60_000);
			const { flashWrites } = made.board("Kitchen");
			made.changeRouter({ channel }, true);
			returned(made, ["Kitchen"], 45_000);
			expect(made.board("Kitchen").flashWrites).toBe(flashWrites + 1);
		}
		const since = made.log.next;
		made.changeRouter({ channel: 9 }, true);
		returned(made, ["Kitchen"], 45_000);
		expect(hops(made, "Kitchen", since)).toEqual([9]);
	});

	test("a confirmed channel is where the board starts next time", () => {
		const made = quiet(["Kitchen"]);
		made.changeRouter({ channel: 11 }, true);
		returned(made, ["Kitchen"], 45_000);
		made.board("Kitchen").pressReset();
		made.advance(3_000);
		expect(events(made, "espnow-up", "Kitchen").at(-1)).toMatchObject({ channel: 11 });
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF /);
	});

	test("a device that is spoken to again and again stays, and makes no search", () => {
		const made = quiet(["Kitchen"]);
		const since = made.log.next;
		const changes = moved(made, "Hub", () => {
			for (let i = 0; i < 30; i++) {
				made.advance(20_000);
				ask(made, "Kitchen", "uptime");
			}
		});
		expect(hops(made, "Kitchen", since)).toEqual([]);
		expect(changes.replies).toBe(changes.framesOut);
		expect(changes.framesOut).toBeGreaterThanOrEqual(30);
	});

	test("a quiet house makes no moves either: the hub says every four seconds that it is there, and nothing is written", () => {
		const made = quiet(["Kitchen"]);
		const since = made.log.next;
		const { flashWrites } = made.board("Kitchen");
		made.advance(1_200_000);
		expect(hops(made, "Kitchen", since)).toEqual([]);
		// The first answer tells the channel, which may not have been confirmed before.
		expect(made.board("Kitchen").flashWrites - flashWrites).toBeLessThanOrEqual(1);
		const sent = (name: string, text: string) =>
			events(made, "frame", name).filter((frame) => frame.seq >= since && frame.text === text).length;
		expect(sent("Kitchen", "ping")).toBe(0);
		expect(sent("Hub", "alive 4")).toBeGreaterThan(230);
		expect(sent("Hub", "alive 4")).toBeLessThanOrEqual(300);
	});

	test("strangers are no contact: a device among them looks for its hub all the same", () => {
		const made = quiet(["Kitchen"]);
		made.changeRouter({ channel: 11 }, true);
		for (let i = 0; i < 15; i++) {
			made.advance(2_000);
			inject(made, { to: "Kitchen", from: STRANGER, payload: "ping" });
		}
		returned(made, ["Kitchen"], 10_000);
		expectServed(made, ["Kitchen"]);
	});

	test.each([
		["station", HUB],
		["access point", HUB.replace(/0$/, "1")],
	])("any frame of its hub's %s is contact, whatever is in it", (_, from) => {
		const made = quiet(["Kitchen"]);
		made.board("Hub").powerOff();
		made.changeRouter({ channel: 11 });
		for (const payload of ["OK late -50", "!", ""]) {
			for (let i = 0; i < 4; i++) {
				made.advance(9_000);
				inject(made, { to: "Kitchen", from, payload });
				expect(hops(made, "Kitchen")).toEqual([]);
			}
		}
		made.boot("Hub");
		returned(made, ["Kitchen"], 45_000);
	});

	test("boards whose access points are cloaked follow, and hide on the new channel", () => {
		const cloaked = { setupAP: { minutes: 1, afterwards: "cloaked" } };
		const made = world([hubSpec(cloaked), ...NAMES.map((name) => deviceSpec(name, cloaked))]).boot();
		settle(made);
		made.advance(CLOSED_MS - made.timeMs);
		for (const [channel, announce] of [
			[11, true],
			[3, false],
		] as const) {
			made.changeRouter({ channel }, announce);
			returned(made, NAMES, 60_000);
			expectServed(made, NAMES);
			for (const board of made.boards) expect(board.accessPoint).toMatchObject({ ssid: "-", hidden: true, channel });
		}
	});

	test("a hub that starts without its router waits for it where the devices are", () => {
		const made = quiet(["Kitchen"]);
		made.changeRouter({ channel: 11 }, true);
		returned(made, ["Kitchen"], 45_000);
		made.changeRouter({ power: false });
		made.board("Hub").powerOff();
		made.advance(1_000);
		made.boot("Hub").advance(20_000);
		expect(homeOf(made, "Hub")).toBe(11);
		expect(ask(made, "Kitchen", "uptime", { side: "ap" })).toMatch(/^OK OFF /);
	});

	test("a device that was told another channel than its hub's finds it after its minute", () => {
		const made = world([hubSpec(), deviceSpec("Kitchen", { channel: 3 })]).boot();
		settle(made);
		const [time = Infinity] = returned(made, ["Kitchen"], 70_000);
		expect(time).toBeLessThan(65_000);
		expectServed(made, ["Kitchen"]);
	});

	test("a device that loses power on the way starts where its hub was last, and finds it", () => {
		const made = quiet(["Kitchen"]);
		made.board("Kitchen").powerOff();
		made.changeRouter({ channel: 9 }, true);
		// The hub no longer calls those whom it misses.
		made.advance(30_000);
		made.boot("Kitchen").advance(3_000);
		expect(homeOf(made, "Kitchen")).toBe(6);
		returned(made, ["Kitchen"], 100_000);
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF /);
	});

	test("a hub that was off for ten minutes comes back on another channel: all devices find it", () => {
		const made = quiet();
		made.board("Hub").powerOff();
		made.advance(600_000);
		made.changeRouter({ channel: 3 });
		made.boot("Hub");
		const times = returned(made, NAMES, 120_000);
		note("hub off for ten minutes, back elsewhere", times, "pauses grow to 60 s, a fifth longer at most");
		for (const time of times) expect(time).toBeLessThan(80_000);
		expectServed(made, NAMES);
	});

	test("while the hub is away a device rests on the last good channel between its sweeps", () => {
		const made = quiet(["Kitchen"]);
		made.board("Hub").powerOff();
		made.advance(300_000);
		let onLastGood = 0;
		for (let i = 0; i < 600; i++) {
			made.advance(500);
			if (homeOf(made, "Kitchen") === 6) onLastGood++;
		}
		expect(onLastGood).toBeGreaterThan(570);
		// Somebody else on that channel is served.
		expect(moved(made, "Kitchen", () => inject(made, { to: "Kitchen", from: STRANGER, payload: "uptime" }))).toMatchObject({ commands: 1 });
	});

	test("a router that goes off and on again: the hub rejoins, and the devices have been served all along", () => {
		const made = quiet();
		const since = made.log.next;
		made.changeRouter({ power: false });
		// The hub is deaf for moments while it looks for the router, and there for its devices otherwise.
		let served = 0;
		for (let i = 0; i < 24; i++) {
			made.advance(5_000);
			if (inject(made, { to: "Hub", from: STRANGER, payload: "uptime" }) === "acked") served++;
		}
		expect(served).toBeGreaterThan(16);
		expect(snapshot(made, "Hub").joined).toBe(false);
		made.changeRouter({ power: true });
		const backMs = made.timeMs;
		expect(made.advanceUntil(() => made.reachable(made.board("Hub"), "lan"), 60_000)).toBe(true);
		note("router off for two minutes and on again: the hub", [made.timeMs - backMs], "a look every 5 s");
		expect(made.timeMs - backMs).toBeLessThan(35_000);
		expectServed(made, NAMES);
		// A device whose ping falls into a search of the hub's, some 3 s on other channels, looks for it once and is back.
		for (const name of NAMES) expect(hops(made, name, since).length).toBeLessThanOrEqual(11);
	});
});

describe("the house's router as real ones are", () => {
	test("a hub that roams between access points of one name: its devices follow within a second", () => {
		const made = quiet();
		made.changeRouter({ channel: 1, rssi: -85 }, false, "upstairs");
		for (const [id, channel] of [
			["upstairs", 1],
			["main", 6],
			["upstairs", 1],
		] as const) {
			made.steer("Hub", id);
			expect(made.advanceUntil(() => homeOf(made, "Hub") === channel && made.reachable(made.board("Hub"), "lan"), 30_000)).toBe(true);
			made.advance(1_000);
			expect(NAMES.map((name) => homeOf(made, name))).toEqual(NAMES.map(() => channel));
			expectServed(made, NAMES);
			made.advance(30_000);
		}
	});

	test("a power cut in the whole house, and the router comes last, elsewhere: all are back within 10 s of the hub's joining", () => {
		const made = quiet();
		const configured = made.boards.map(({ mac }) => made.configurationOf(made.board(mac)));
		for (const board of made.boards) board.powerOff();
		made.changeRouter({ power: false });
		made.advance(5_000);
		for (const name of ["Hall", "Hub", "Kitchen", "Bedroom"]) made.boot(name).advance(2_000);
		made.advance(40_000);
		made.changeRouter({ power: true, channel: 3 });
		expect(made.advanceUntil(() => homeOf(made, "Hub") === 3 && made.reachable(made.board("Hub"), "lan"), 60_000)).toBe(true);
		expect(made.advanceUntil(() => NAMES.every((name) => homeOf(made, name) === 3), 10_000)).toBe(true);
		for (const name of NAMES) expect(ask(made, name, "uptime")).toMatch(/^OK OFF /);
		expect(made.boards.map(({ mac }) => made.configurationOf(made.board(mac)))).toEqual(configured);
	});

	test("a person's request right after the router moved waits for its device, and is answered", () => {
		const made = quiet();
		made.changeRouter({ channel: 11 }, true);
		for (const name of NAMES) expect(ask(made, name, "uptime")).toMatch(/^OK OFF /);
	});
});

describe("leaking channels", () => {
	test.each([
		[6, 7],
		[6, 5],
		[10, 11],
		[2, 1],
	])("a pong that leaks over makes no device stay: from %i to %i", (from, to) => {
		const made = quiet(NAMES, { router: { channel: from } });
		made.air.leak = 1;
		const writes = NAMES.map((name) => made.board(name).flashWrites);
		made.changeRouter({ channel: to }, true);
		const times = returned(made, NAMES, 45_000);
		note(`everything leaks, ${from} to ${to}`, times, "35 s");
		expectServed(made, NAMES);
		expect(NAMES.map((name, i) => made.board(name).flashWrites - (writes[i] ?? 0))).toEqual([1, 1, 1]);
	});

	test("a pong that leaks during a sweep: the device goes where the hub says it is", () => {
		const made = quiet(["Kitchen"]);
		made.air.leak = 1;
		// A hub that starts anew does not know whom to call.
		made.board("Hub").powerOff();
		made.changeRouter({ channel: 10 });
		const since = made.log.next;
		made.boot("Hub");
		returned(made, ["Kitchen"], 45_000);
		// 11 is visited before 10, and the hub is heard there.
		expect(hops(made, "Kitchen", since)).toEqual([1, 11, 10]);
		expect(snapshot(made, "Kitchen").channel).toBe(10);
	});

	test.each([1, 2, 3])("half of it leaks, and a tenth is lost: seed %i", (seed) => {
		const made = quiet(NAMES, { seed });
		made.air.leak = 0.5;
		made.air.loss = 0.1;
		made.changeRouter({ channel: 7 }, true);
		const times = returned(made, NAMES, 180_000);
		note(`half leaks, a tenth is lost, seed ${seed}`, times, "found in the end");
		for (const name of NAMES) expect(homeOf(made, name)).toBe(7);
	});

	test("only the hub's word counts: a pong and a number from somebody else confirm nothing", () => {
		const made = quiet(["Kitchen"]);
		made.board("Hub").powerOff();
		made.advance(40_000);
		for (let i = 0; i < 20; i++) {
			for (const payload of ["pong", "OK 3 -50"]) inject(made, { to: "Kitchen", from: STRANGER, payload });
			made.advance(500);
		}
		expect(snapshot(made, "Kitchen").channel).toBe(6);
	});
});

describe("who searches, and when", () => {
	test("setup access points that nobody uses keep no device from following", () => {
		const made = network(NAMES);
		made.advance(12_000);
		for (const name of NAMES) ask(made, name, "uptime");
		made.advance(3_000);
		made.changeRouter({ channel: 11 }, true);
		const times = returned(made, NAMES, 30_000);
		note("moved while setup access points are open", times, "under a second");
		for (const time of times) expect(time).toBeLessThan(1_000);
		for (const name of NAMES) expect(made.board(name).accessPoint).toMatchObject({ channel: 11 });
		expectServed(made, NAMES);
	});

	test("a phone that only stays on the setup access point is put out when the device has to follow", () => {
		const made = network(["Kitchen"]);
		made.advance(12_000);
		const { client } = made.joinClient("Kitchen", "00000000", 100_000);
		ask(made, "Kitchen", "uptime");
		made.advance(6_000);
		expect(client.joined).toBe(true);
		made.changeRouter({ channel: 11 }, true);
		const [time = Infinity] = returned(made, ["Kitchen"], 30_000);
		expect(time).toBeLessThan(1_000);
		expect(client.joined).toBe(false);
	});

	test("a phone that is in use keeps the device where it is, until 30 s after its last request", () => {
		const made = network(["Kitchen"]);
		made.advance(12_000);
		ask(made, "Kitchen", "uptime");
		const page = () => made.http("Kitchen", "ap", { path: "/api/status" });
		// It stays on the access point all the time.
		const { client } = made.joinClient("Kitchen", "00000000", 200_000);
		page();
		made.changeRouter({ channel: 11 }, true);
		for (let i = 0; i < 4; i++) {
			made.advance(18_000);
			page();
		}
		expect(hops(made, "Kitchen")).toEqual([]);
		expect(client.joined).toBe(true);
		made.advance(27_000);
		expect(hops(made, "Kitchen")).toEqual([]);
		const [time = Infinity] = returned(made, ["Kitchen"], 30_000);
		expect(time).toBeLessThan(15_000);
		expect(client.joined).toBe(false);
	});

	test("a device without a hub comes back to its own channel from each other one, where it only calls", () => {
		const made = world([hubSpec(), deviceSpec("Kitchen", { hub: "" })]).boot();
		settle(made);
		made.changeRouter({ channel: 11 }, true);
		made.advance(120_000);
		const visits = hops(made, "Kitchen");
		expect(visits.length).toBeGreaterThan(20);
		expect(visits.filter((_, index) => index % 2 === 1).every((channel) => channel === 6)).toBe(true);
		const said = events(made, "frame", "Kitchen").map(({ to, text }) => `${text} to ${to}`);
		expect(new Set(said)).toEqual(new Set(["ping to ffffffffffff"]));
		expect(snapshot(made, "Kitchen")).toMatchObject({ following: { sweeps: 0 } });
	});

	test("a hub never searches for anybody: a device that is absent is called once a minute, on the hub's channel", () => {
		const made = quiet(["Kitchen"]);
		made.board("Kitchen").powerOff();
		made.advance(30_000);
		const since = made.log.next;
		made.advance(300_000);
		expect(hops(made, "Hub", since)).toEqual([]);
		const frames = events(made, "frame", "Hub").filter(({ seq }) => seq >= since);
		expect(frames.length).toBeGreaterThanOrEqual(4);
		expect(frames.length).toBeLessThanOrEqual(6);
		expect(new Set(frames.map(({ channel }) => channel))).toEqual(new Set([6]));
	});

	test("channels 12 and 13 only where the country allows them", () => {
		const made = world([
			hubSpec({ country: "DE" }),
			deviceSpec("Kitchen", { country: "DE" }),
			deviceSpec("Bedroom", { country: "01" }),
			deviceSpec("Hall", { country: "US" }),
		]).boot();
		settle(made);
		made.advance(125_000 - made.timeMs);
		for (const name of NAMES) ask(made, name, "uptime");
		made.changeRouter({ channel: 13 }, true);
		returned(made, ["Kitchen"], 45_000);
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF /);
		made.advance(300_000);
		for (const name of ["Bedroom", "Hall"]) {
			const visited = new Set(hops(made, name));
			expect([...visited].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
		}
		// Back where all may be: all are found again.
		made.changeRouter({ channel: 6 }, true);
		returned(made, NAMES, 120_000);
		expectServed(made, NAMES);
	});

	test("a device that is reached through another device follows, too", () => {
		const made = network(["Near", "Far"]);
		made.link("Hub", "Far", null);
		made.advance(125_000 - made.timeMs);
		const through = () => ask(made, "Near", `!${macOf(made, "Far")},uptime`);
		const times: number[] = [];
		for (const [channel, announce] of [
			[11, true],
			[1, false],
			[6, true],
		] as const) {
			expect(through()).toMatch(/^OK OFF /);
			made.changeRouter({ channel }, announce);
			times.push(...returned(made, ["Near", "Far"], 120_000));
			expect(through()).toMatch(/^OK OFF /);
		}
		note("a device behind another device", times, "found in the end");
		for (const time of times) expect(time).toBeLessThan(60_000);
		for (const name of ["Near", "Far"]) expect(made.board(name).bootCount).toBe(1);
	});
});
