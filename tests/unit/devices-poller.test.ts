import { expect, test } from "@jest/globals";
import { Devices } from "devices/devices";
import { PatientAsk } from "devices/patient-ask";
import { Poller } from "devices/poller";
import type { AskOptions, AskResult } from "devices/types";
import { A, B, board, FakeTime } from "./espnow-fakes";

/** A hub among boards that answer, or not. */
function hub() {
	const time = new FakeTime();
	const world = { moving: -1, reopened: 0, requests: 0 };
	/** What becomes of a request to a board; default: answered. */
	const fates = new Map<string, "off" | "mute">();
	const heardAt = new Map<string, number>();
	const asked: { at: number; mac: string; text: string; tries: number | undefined }[] = [];
	let open = 0;
	let mostOpen = 0;
	const comms = {
		restartESPNow: () => {
			world.reopened++;
		},
		heardAt: (mac: string) => heardAt.get(mac) ?? -1,
		ask(mac: string, text: string, options: AskOptions = {}): Promise<AskResult> {
			asked.push({ at: time.now(), mac, text, tries: options.tries });
			mostOpen = Math.max(mostOpen, ++open);
			const fate = fates.get(mac);
			const ms = fate === "off" ? 75 : fate === "mute" ? (options.timeoutMs ?? 10_000) : 5;
			return new Promise((resolve) => {
				time.set(() => {
					open--;
					if (!fate) heardAt.set(mac, time.now());
					resolve(
						fate
							? { ok: false, reason: fate === "off" ? "no result" : "no reply", ms }
							: { ok: true, reply: text === "ping" ? "pong" : "OK OFF 1.0.0 -55", rssi: -50, ms },
					);
				}, ms);
			});
		},
	};
	const announcer = {
		get movedAt() {
			return world.moving;
		},
	};
	const texts = new Map<string, string>();
	const devices = new Devices({
		records: { read: (key) => texts.get(key), write: (key, text) => texts.set(key, text) },
		clock: time,
		home: () => 6,
		trace() {},
	});
	const poller = new Poller({
		devices,
		comms,
		announcer,
		budget: world,
		clock: time,
		timers: time,
	});
	const patient = new PatientAsk({ devices, comms, announcer, poller, clock: time, timers: time });
	/** Boards that answered once; ours if they said so. */
	const know = (count: number, isOurs = true) => {
		for (let i = 0; i < count; i++) {
			devices.settled(board(i), { ok: true, reply: "pong", rssi: -50, ms: 5 }, true);
			if (isOurs) devices.setOurs(board(i));
		}
	};
	poller.start();
	return { time, world, fates, heardAt, asked, comms, devices, poller, patient, know, most: () => mostOpen };
}

test("each device hears from its hub every four seconds, is told so, and one is asked at a time", async () => {
	const { time, asked, know, most } = hub();
	know(10);
	await time.advance(5_000);
	asked.length = 0;
	await time.advance(40_000);
	const times = (mac: string) => asked.filter((each) => each.mac === mac).length;
	for (let i = 0; i < 10; i++) expect(times(board(i))).toBeGreaterThanOrEqual(8);
	expect(asked.length).toBeLessThanOrEqual(105);
	expect(new Set(asked.map(({ text }) => text))).toEqual(new Set(["alive 4"]));
	expect(most()).toBe(1);
});

test("a board that never said that it is ours is only pinged", async () => {
	const { time, asked, know } = hub();
	know(3, false);
	await time.advance(60_000);
	expect(new Set(asked.map(({ text }) => text))).toEqual(new Set(["ping"]));
});

test("polls take at most a twentieth of the air, however many devices there are, and say how long they take", async () => {
	const { time, asked, poller, devices } = hub();
	for (let i = 0; i < 200; i++) devices.add(board(i), "", false);
	await time.advance(30_000);
	asked.length = 0;
	await time.advance(30_000);
	// 2.6 ms each.
	expect((asked.length * 2.6) / 30_000).toBeLessThanOrEqual(0.05);
	expect(poller.intervalMs).toBe(10_400);
	expect(asked[0]?.text).toBe("alive 11");
	expect(new Set(asked.map(({ mac }) => mac)).size).toBe(200);
});

test("a device that was heard meanwhile is not polled", async () => {
	const { time, asked, heardAt, know } = hub();
	know(1);
	for (let i = 0; i < 30; i++) {
		heardAt.set(board(0), time.now());
		await time.advance(1_000);
	}
	expect(asked).toEqual([]);
});

test("an absent device is called once a minute, with one try", async () => {
	const { time, asked, fates, devices, know } = hub();
	know(1);
	fates.set(board(0), "off");
	await time.advance(30_000);
	expect(devices.isAbsent(0)).toBe(true);
	asked.length = 0;
	await time.advance(300_000);
	expect(asked.length).toBeGreaterThanOrEqual(4);
	expect(asked.length).toBeLessThanOrEqual(5);
	expect(new Set(asked.map(({ tries }) => tries))).toEqual(new Set([1]));
});

test("while devices are called to another channel there are no polls", async () => {
	const { time, asked, world, know } = hub();
	know(3);
	world.moving = 0;
	await time.advance(20_000);
	expect(asked).toEqual([]);
});

test("while many requests are open there are no polls", async () => {
	const { time, asked, world, know } = hub();
	know(3);
	world.requests = 8;
	await time.advance(20_000);
	expect(asked).toEqual([]);
	world.requests = 7;
	await time.advance(2_000);
	expect(asked.length).toBeGreaterThan(0);
});

test("a board that says that it is ours is remembered once it answered; whoever says so how often, four a second are asked", async () => {
	const { time, asked, poller, devices, fates } = hub();
	poller.saidOurs(A);
	for (let i = 0; i < 500; i++) {
		fates.set(board(i), "off");
		poller.saidOurs(board(i));
	}
	await time.advance(20_000);
	expect(devices.has(A)).toBe(true);
	expect(devices.isOurs(devices.find(A))).toBe(true);
	expect(devices.count).toBe(1);
	expect(asked.filter(({ mac }) => mac !== A).length).toBeLessThanOrEqual(80);
});

test("a radio that boards acknowledge and nobody answers is opened anew, once in ten minutes", async () => {
	const { time, world, fates, know } = hub();
	know(4);
	for (let i = 0; i < 4; i++) fates.set(board(i), "mute");
	await time.advance(30_000);
	expect(world.reopened).toBe(1);
	await time.advance(500_000);
	expect(world.reopened).toBe(1);
});

test("whom people ask is remembered when it answered a ping", async () => {
	const { time, fates, asked, devices, patient } = hub();
	fates.set(B, "off");
	void patient.ask(A, "temp");
	void patient.ask(B, "temp");
	await time.advance(5_000);
	expect([devices.has(A), devices.has(B)]).toEqual([true, false]);
	expect(asked.filter(({ text }) => text !== "temp").map(({ mac, text }) => [mac, text])).toEqual([
		[A, "ping"],
		[B, "ping"],
	]);
});

test("devices that are off make no radio deaf", async () => {
	const { time, world, fates, know } = hub();
	know(4);
	for (let i = 0; i < 4; i++) fates.set(board(i), "off");
	await time.advance(300_000);
	expect(world.reopened).toBe(0);
});

test("a person's request waits until its device was heard on the new channel, and is sent once", async () => {
	const { time, world, asked, heardAt, patient, know } = hub();
	know(1);
	await time.advance(1_000);
	world.moving = time.now();
	let result: AskResult | undefined;
	void patient.ask(board(0), "on").then((settled) => {
		result = settled;
	});
	await time.advance(900);
	expect(asked).toEqual([]);
	heardAt.set(board(0), time.now());
	await time.advance(100);
	expect(asked.map(({ text }) => text)).toEqual(["on"]);
	expect(result).toMatchObject({ ok: true });
	expect(result?.ms).toBeGreaterThan(900);
});

test("it does not wait longer than its ten seconds", async () => {
	const { time, world, asked, fates, patient, know } = hub();
	know(1);
	fates.set(board(0), "off");
	await time.advance(1_000);
	world.moving = time.now();
	let endedAt = 0;
	const startedAt = time.now();
	void patient.ask(board(0), "on").then(() => {
		endedAt = time.now();
	});
	await time.advance(20_000);
	expect(endedAt - startedAt).toBeGreaterThan(8_000);
	expect(endedAt - startedAt).toBeLessThanOrEqual(10_000);
	expect(asked.filter(({ text }) => text === "on")).toHaveLength(1);
});

test("a request that the board got and did not answer is not sent again", async () => {
	const { time, world, asked, fates, patient, know } = hub();
	know(1);
	fates.set(board(0), "mute");
	await time.advance(1_000);
	world.moving = time.now();
	const asking = patient.ask(board(0), "on", { timeoutMs: 3_000 });
	await time.advance(5_000);
	expect(await asking).toMatchObject({ ok: false, reason: "no reply" });
	expect(asked.filter(({ text }) => text === "on")).toHaveLength(1);
});

test("a request that no radio acknowledged is sent again when its device has been heard", async () => {
	const { time, world, asked, fates, heardAt, patient, know } = hub();
	know(1);
	await time.advance(1_000);
	world.moving = time.now();
	const asking = patient.ask(board(0), "on");
	// It says something and is gone again, and another move begins.
	heardAt.set(board(0), time.now());
	fates.set(board(0), "off");
	await time.advance(60);
	world.moving = time.now();
	await time.advance(1_000);
	fates.clear();
	heardAt.set(board(0), time.now());
	await time.advance(1_000);
	expect(await asking).toMatchObject({ ok: true });
	expect(asked.filter(({ text }) => text === "on")).toHaveLength(2);
});

test("eight requests wait; more are sent at once", async () => {
	const { time, world, asked, patient, know } = hub();
	know(20);
	await time.advance(500);
	asked.length = 0;
	world.moving = time.now();
	for (let i = 0; i < 20; i++) void patient.ask(board(i), "on");
	await time.advance(10);
	expect(asked.filter(({ text }) => text === "on")).toHaveLength(12);
});

test("without a move nobody waits, and boards that are no devices never do", async () => {
	const { time, world, asked, patient } = hub();
	void patient.ask(A, "uptime");
	expect(asked).toHaveLength(1);
	await time.advance(10);
	world.moving = time.now();
	void patient.ask(B, "uptime");
	expect(asked).toHaveLength(2);
});
