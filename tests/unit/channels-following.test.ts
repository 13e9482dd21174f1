import { expect, test } from "@jest/globals";
import { Channels, type ChannelsOptions, statedChannel } from "channels/channels";
import { sweepOrder } from "channels/sweep-order";
import { stationMac } from "common/mac";
import type { AskOptions, AskResult } from "espnow/types";
import { A, B, C, FakeTime } from "./espnow-fakes";

const HUB = A;
const RELAY = B;
const NEXT = C;

/** A device among a hub and a relay whose channels the test sets; 0 is off the air. */
function makeDevice(overrides: Partial<ChannelsOptions> = {}, heardAtStart = true) {
	const time = new FakeTime();
	const world = {
		home: 6,
		hubAt: 6,
		relayAt: 0,
		leaks: false,
		states: 0,
		/** Pings are answered, the question for the channel is not. */
		dumb: false,
		/** The hub's MAC at each `pinged`. */
		pinged: 0,
		isHubDevice: false,
		/** Somebody makes requests through the setup access point. */
		used: false,
		busy: false,
		hub: HUB,
		remembered: [] as number[],
	};
	const asked: { at: number; channel: number; mac: string; text: string }[] = [];
	const visits: { at: number; channel: number }[] = [];
	const confirmed: number[] = [];
	const tuner = {
		get home() {
			return world.home;
		},
		allowed: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
		retune(channel: number) {
			if (world.busy) return "busy" as const;
			if (channel !== world.home) visits.push({ at: time.now(), channel });
			world.home = channel;
			return "ok" as const;
		},
	};
	const heard = (at: number) => at !== 0 && (at === world.home || (world.leaks && Math.abs(at - world.home) === 1));
	const heardAt = new Map<string, number>();
	/** A frame of a board's came. */
	const hear = (mac: string) => heardAt.set(stationMac(mac), time.now());
	const comms = {
		heardAt: (mac: string) => heardAt.get(stationMac(mac)) ?? -1,
		ask(mac: string, text: string, options: AskOptions = {}): Promise<AskResult> {
			asked.push({ at: time.now(), channel: world.home, mac, text });
			const message = text.startsWith("!") ? text.slice(14) : text;
			const near = mac === HUB ? heard(world.hubAt) && !world.relayAt : heard(world.relayAt) && world.relayAt === world.hubAt;
			const reached = near && !(world.dumb && message === "channel");
			const silent = mac === HUB ? heard(world.hubAt) && world.states < 0 : false;
			const ms = reached ? 5 : silent ? (options.timeoutMs ?? 10_000) : 26;
			const reply = message === "ping" ? "pong" : `OK ${world.states || world.hubAt} -50`;
			return new Promise((resolve) => {
				time.set(() => {
					if (reached) {
						hear(mac);
						channels.onContact(mac, "reply");
						resolve({ ok: true, reply, rssi: -50, ms });
					} else resolve({ ok: false, reason: "no result", ms });
				}, ms);
			});
		},
	};
	const channels = new Channels({
		role: "device",
		tuner,
		comms,
		hub: () => world.hub,
		memory: {
			get channels() {
				return world.remembered;
			},
		},
		confirm: (channel) => confirmed.push(channel),
		setup: {
			get isSetupUsed() {
				return world.used;
			},
		},
		hubs: {
			get isHubDevice() {
				return world.isHubDevice;
			},
			confirm: async () => !world.isHubDevice,
			tick: () => {},
			pinged: () => {
				world.pinged++;
			},
		},
		clock: time,
		timers: time,
		random: { random: () => 0 },
		trace: () => {},
		...overrides,
	});
	channels.start();
	// Else it would look for it soon after the start.
	if (heardAtStart) hear(HUB);
	return { time, world, asked, visits, confirmed, channels, hear };
}

test("hints come first, then 1, 6, 11, then the rest of the country, each once", () => {
	expect(sweepOrder([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], [9, 3, 9])).toEqual([9, 3, 1, 6, 11, 2, 4, 5, 7, 8, 10]);
});

test("channels that the country forbids, and none, are no hints", () => {
	expect(sweepOrder([1, 2], [0, 13, 2])).toEqual([2, 1]);
});

test("a device in contact with its hub asks nothing", async () => {
	const { time, asked, hear } = makeDevice();
	for (let s = 0; s < 300; s += 20) {
		await time.advance(20_000);
		hear(HUB);
	}
	expect(asked).toEqual([]);
});

test.each([
	["a frame of its hub", HUB, "frame", true],
	["a frame of its hub's access point", `${HUB.slice(0, -1)}1`, "frame", true],
	["a request that it answered through a relay", RELAY, "answered", true],
	["a reply to its own request", RELAY, "reply", true],
	["a frame of another board", RELAY, "frame", false],
] as const)("%s is contact: %s %s %s", async (_, mac, how, contact) => {
	const { time, asked, channels, hear } = makeDevice();
	await time.advance(25_000);
	if (how === "frame") hear(mac);
	else channels.onContact(mac, how);
	await time.advance(25_000);
	expect(asked.length === 0).toBe(contact);
});

test("after 30 s of silence it pings its hub, and stays where the hub says it is", async () => {
	const { time, asked, confirmed, visits } = makeDevice();
	await time.advance(29_500);
	expect(asked).toEqual([]);
	await time.advance(1500);
	expect(asked.map(({ text }) => text)).toEqual(["ping", "channel"]);
	expect(confirmed).toEqual([6]);
	expect(visits).toEqual([]);
	await time.advance(29_000);
	expect(asked).toHaveLength(2);
});

test("no pong to three pings: it sweeps", async () => {
	const { time, asked, visits, world } = makeDevice();
	world.hubAt = 0;
	await time.advance(30_270);
	expect(asked.map(({ channel, text }) => [channel, text])).toEqual([
		[6, "ping"],
		[6, "ping"],
		[6, "ping"],
	]);
	expect(visits).toEqual([]);
	await time.advance(600);
	expect(visits.map(({ channel }) => channel)).toEqual([1, 11, 2, 3, 4, 5, 7, 8, 9, 10, 6]);
});

test("it visits the last good and the remembered channels first", async () => {
	const { time, visits, world } = makeDevice();
	world.hubAt = 0;
	world.remembered = [9, 3];
	await time.advance(30_800);
	expect(visits.slice(0, 3).map(({ channel }) => channel)).toEqual([9, 3, 1]);
});

test("a hub that has moved is found within 35 s of its last word", async () => {
	const { time, world, confirmed } = makeDevice();
	world.hubAt = 10;
	await time.advance(35_000);
	expect(world.home).toBe(10);
	expect(confirmed).toEqual([10]);
});

test("no channel is visited for more than 150 ms, even if somebody acknowledges and says nothing", async () => {
	const { time, visits, world } = makeDevice();
	world.hubAt = 3;
	world.states = -1;
	world.relayAt = 14;
	await time.advance(33_000);
	const stays = visits.map(({ at, channel }, i) => (channel === 6 ? 0 : (visits[i + 1]?.at ?? at) - at));
	expect(stays.length).toBeGreaterThan(5);
	expect(Math.max(...stays)).toBeLessThanOrEqual(150);
});

test("a pong that leaks from a neighbour channel does not hold it there", async () => {
	const { time, world, confirmed } = makeDevice();
	world.hubAt = 5;
	world.leaks = true;
	await time.advance(35_000);
	expect(world.home).toBe(5);
	expect(confirmed).toEqual([5]);
});

test("a pong at home without a word on the channel is no reason to wait half a minute: it asks again soon", async () => {
	const { time, world, asked, confirmed } = makeDevice();
	world.hubAt = 7;
	world.leaks = true;
	world.dumb = true;
	await time.advance(30_900);
	expect(asked.map(({ text }) => text)).toEqual(["ping", "channel"]);
	expect(world.home).toBe(6);
	world.dumb = false;
	await time.advance(3_000);
	expect(world.home).toBe(7);
	expect(confirmed).toEqual([7]);
});

test("a pong that leaks sends it at once where the hub says it is", async () => {
	const { time, world, visits, confirmed } = makeDevice();
	world.remembered = [10];
	world.hubAt = 9;
	world.leaks = true;
	await time.advance(33_000);
	expect(visits.map(({ channel }) => channel)).toEqual([10, 9]);
	expect(confirmed).toEqual([9]);
});

test("it stays only on a channel that the hub states", async () => {
	const { time, world, confirmed, channels } = makeDevice();
	world.states = 13;
	world.hubAt = 1;
	await time.advance(33_000);
	expect(confirmed).toEqual([]);
	expect(channels.snapshot().state).toBe("pausing");
	expect(world.home).toBe(6);
});

test("pauses between sweeps grow to 8 s, after forty of them to a minute, and are spent on the last good channel", async () => {
	const { time, world, channels } = makeDevice();
	world.hubAt = 0;
	const starts: number[] = [];
	let sweeps = 0;
	for (let t = 0; t < 600_000; t += 100) {
		await time.advance(100);
		const now = channels.snapshot();
		if (now.sweeps > sweeps) starts.push(t);
		sweeps = now.sweeps;
		if (now.state === "pausing") expect(world.home).toBe(6);
	}
	const gaps = starts.map((at, i) => Math.round(((starts[i + 1] ?? 0) - at) / 1000));
	expect(gaps[0]).toBeLessThan(3);
	expect(gaps[1]).toBeGreaterThanOrEqual(gaps[0] ?? 0);
	for (const gap of gaps.slice(4, 38)) expect(gap).toBe(7);
	expect(gaps[38]).toBeLessThan(11);
	expect(gaps[42]).toBeGreaterThan(45);
});

test("the channel on which Wi-Fi comes up after the start is the last good one", async () => {
	const { time, world, channels } = makeDevice();
	world.home = 9;
	channels.onHomeChannel(9);
	world.hubAt = 0;
	await time.advance(60_000);
	expect(channels.snapshot()).toMatchObject({ state: "pausing", lastGood: 9 });
	expect(world.home).toBe(9);
});

test("the channel on which it has just pinged in vain is not visited again", async () => {
	const { time, world, visits } = makeDevice();
	world.hubAt = 0;
	await time.advance(30_800);
	// The last one is the way back.
	expect(visits.slice(0, -1).map(({ channel }) => channel)).toEqual([1, 11, 2, 3, 4, 5, 7, 8, 9, 10]);
	expect(visits.at(-1)?.channel).toBe(6);
});

test("after contact the pauses begin anew", async () => {
	const { time, world, channels, hear } = makeDevice();
	world.hubAt = 0;
	await time.advance(60_000);
	hear(HUB);
	await time.advance(1000);
	expect(channels.snapshot().state).toBe("listening");
	const before = channels.snapshot().sweeps;
	await time.advance(32_000);
	expect(channels.snapshot().sweeps - before).toBe(2);
});

test("while the setup access point is in use it pings on its channel only, and sweeps as soon as that ends", async () => {
	const { time, world, asked, visits } = makeDevice();
	world.hubAt = 0;
	world.used = true;
	await time.advance(180_000);
	expect(asked.length).toBeGreaterThan(3);
	expect(new Set(asked.map(({ channel }) => channel))).toEqual(new Set([6]));
	expect(visits).toEqual([]);
	world.used = false;
	await time.advance(2000);
	expect(visits.length).toBeGreaterThan(3);
});

test("a client that was put out takes a moment to go: the radio is moved then", async () => {
	const { time, world, visits } = makeDevice();
	world.hubAt = 11;
	world.busy = true;
	await time.advance(30_290);
	expect(visits).toEqual([]);
	world.busy = false;
	await time.advance(500);
	expect(world.home).toBe(11);
});

test("a radio that may not be moved ends the sweep", async () => {
	const { time, world, visits, channels } = makeDevice();
	world.hubAt = 0;
	world.busy = true;
	await time.advance(33_000);
	expect(visits).toEqual([]);
	expect(channels.snapshot().state).toBe("pausing");
});

test("a device without a hub never asks and never sweeps", async () => {
	const { time, world, asked, visits } = makeDevice();
	world.hub = "";
	await time.advance(300_000);
	expect([asked, visits]).toEqual([[], []]);
});

test("a hub that is set later is given 30 s", async () => {
	const { time, world, asked } = makeDevice();
	world.hub = "";
	await time.advance(100_000);
	world.hub = HUB;
	await time.advance(29_000);
	expect(asked).toEqual([]);
	await time.advance(3000);
	expect(asked.length).toBeGreaterThan(0);
});

test("a hub does nothing but report", async () => {
	const { time, asked, visits, channels } = makeDevice({ role: "hub" });
	await time.advance(300_000);
	channels.onHomeChannel(11);
	expect([asked, visits]).toEqual([[], []]);
	expect(channels.snapshot()).toMatchObject({ state: "listening", lastGood: 11, moves: 1 });
});

test("a hub that reached it through a relay is pinged through that", async () => {
	const { time, world, asked, channels, confirmed } = makeDevice();
	world.relayAt = 6;
	await time.advance(1000);
	channels.onContact(RELAY, "answered");
	await time.advance(32_000);
	expect(asked.map(({ mac, text }) => [mac, text])).toEqual([
		[RELAY, `!${HUB},ping`],
		[RELAY, `!${HUB},channel`],
	]);
	expect(confirmed).toEqual([6]);
});

test("a hub that was adopted by answering it is no relay to itself", async () => {
	const { time, world, asked, channels } = makeDevice();
	world.hub = "";
	await time.advance(1000);
	channels.onContact(HUB, "answered");
	world.hub = HUB;
	await time.advance(34_000);
	expect(asked[0]).toMatchObject({ mac: HUB, text: "ping", channel: 6 });
});

test("a hub that can be reached only through a relay is found by a sweep", async () => {
	const { time, world, channels } = makeDevice();
	world.relayAt = 6;
	await time.advance(1000);
	channels.onContact(RELAY, "answered");
	world.relayAt = 11;
	world.hubAt = 11;
	await time.advance(36_000);
	expect(world.home).toBe(11);
});

test("a hub that was heard itself is no longer asked through a relay", async () => {
	const { time, asked, channels, hear } = makeDevice();
	channels.onContact(RELAY, "answered");
	hear(HUB);
	await time.advance(31_000);
	expect(asked[0]?.mac).toBe(HUB);
});

test("a hub that acknowledges our reply after a relay did is no relay to itself, and reached without one", async () => {
	const { time, asked, channels, hear } = makeDevice();
	hear(HUB);
	await time.advance(10);
	channels.onContact(RELAY, "answered");
	await time.advance(10);
	channels.onContact(HUB, "answered");
	await time.advance(31_000);
	expect(asked[0]).toMatchObject({ mac: HUB, text: "ping" });
});

test("a new hub is not asked through the relay of the one before", async () => {
	const { time, world, asked, channels, hear } = makeDevice();
	await time.advance(1000);
	channels.onContact(RELAY, "answered");
	await time.advance(1000);
	hear(HUB);
	world.hub = NEXT;
	await time.advance(34_000);
	expect(asked[0]?.mac).toBe(NEXT);
});

test("closing ends a sweep", async () => {
	const { time, world, asked, channels } = makeDevice();
	world.hubAt = 0;
	await time.advance(30_500);
	channels.close();
	const count = asked.length;
	await time.advance(60_000);
	expect(asked.length).toBeLessThanOrEqual(count + 1);
	expect(time.count).toBe(0);
});

test("after a start the hub is looked for within 7 s if it has not been heard", async () => {
	const { time, asked } = makeDevice({}, false);
	await time.advance(4_900);
	expect(asked).toEqual([]);
	await time.advance(2_100);
	expect(asked.map(({ text }) => text)).toEqual(["ping", "channel"]);
});

test("a hub that pings it is ours, is told so, and is looked for after 10 s of silence", async () => {
	const { time, world, asked, channels, hear } = makeDevice();
	channels.onContact(HUB, "pinged");
	hear(HUB);
	expect(world.pinged).toBe(1);
	await time.advance(9_900);
	expect(asked).toEqual([]);
	await time.advance(2_100);
	expect(asked.length).toBeGreaterThan(0);
});

test("a ping of another board is no contact, and says nothing of the hub", async () => {
	const { time, world, asked, channels } = makeDevice();
	await time.advance(20_000);
	channels.onContact(NEXT, "pinged");
	expect(world.pinged).toBe(0);
	await time.advance(12_000);
	expect(asked.length).toBeGreaterThan(0);
});

test.each([
	[4, 10_000],
	[11, 27_500],
	[999, 120_000],
])("a hub that is there every %i s is looked for after %i ms", async (seconds, silenceMs) => {
	const { time, asked, channels } = makeDevice();
	channels.onAlive(HUB, seconds);
	await time.advance(silenceMs - 100);
	expect(asked).toEqual([]);
	await time.advance(2_200);
	expect(asked.length).toBeGreaterThan(0);
});

test("a stranger's word on the interval counts for nothing", async () => {
	const { time, asked, channels } = makeDevice();
	channels.onAlive(NEXT, 999);
	await time.advance(32_000);
	expect(asked.length).toBeGreaterThan(0);
});

test("three frames in a row that the hub did not acknowledge: it sweeps at once", async () => {
	const { time, world, channels, confirmed } = makeDevice();
	world.hubAt = 11;
	await time.advance(1_000);
	for (let i = 0; i < 2; i++) channels.onDelivered(HUB, false);
	channels.onDelivered(HUB, true);
	for (let i = 0; i < 2; i++) channels.onDelivered(HUB, false);
	channels.onDelivered(NEXT, false);
	await time.advance(1_000);
	expect(world.home).toBe(6);
	channels.onDelivered(HUB, false);
	await time.advance(100);
	expect([world.home, confirmed]).toEqual([11, [11]]);
});

test("where the hub says that it moved it is asked at once", async () => {
	const { time, world, channels, confirmed, visits } = makeDevice();
	world.hubAt = 9;
	await time.advance(2_000);
	channels.onNotice(HUB, "Moved 9");
	await time.advance(50);
	expect([world.home, confirmed, visits.length]).toEqual([9, [9], 1]);
});

test("a notice is a hint: a hub that is not there is looked for at home, and the device stays", async () => {
	const { time, world, channels, asked } = makeDevice();
	await time.advance(2_000);
	channels.onNotice(HUB, "Moved 9");
	await time.advance(1_000);
	expect(world.home).toBe(6);
	expect(asked.filter(({ channel }) => channel === 9).map(({ text }) => text)).toEqual(["ping", "ping", "ping"]);
	expect(channels.snapshot()).toMatchObject({ state: "listening", sweeps: 0 });
});

test("notices in the hub's name are heeded once a second", async () => {
	const { time, channels, visits } = makeDevice();
	for (let t = 0; t < 10_000; t += 10) {
		channels.onNotice(HUB, t % 20 ? "Moved 9" : "Moved 3");
		await time.advance(10);
	}
	expect(visits.filter(({ channel }) => channel !== 6).length).toBeLessThanOrEqual(10);
});

test.each([
	["a stranger", NEXT, "Moved 9"],
	["a channel that the country forbids", HUB, "Moved 13"],
	["the channel it is on", HUB, "Moved 6"],
	["no channel", HUB, "Moved house"],
])("a notice is not heeded: %s", async (_, mac, text) => {
	const { time, channels, visits } = makeDevice();
	channels.onNotice(mac, text);
	await time.advance(1_000);
	expect(visits).toEqual([]);
});

test("a hub states its channel in the reply to `channel`", () => {
	expect(statedChannel("OK 11 -57")).toBe(11);
	expect(statedChannel("OK 6")).toBe(6);
});

test.each(["OK", "OK None -57", "Fail (no reply)", "6", "OK 111 -57", "OK ON 6+ -57"])("%j states no channel", (reply) => {
	expect(statedChannel(reply)).toBe(0);
});
