import { expect, test } from "@jest/globals";
import { Announcer } from "channels/announcer";
import { board, FakeTime } from "./espnow-fakes";

/** A hub with so many devices, of which those from `originals` on may have the original's code. */
function hub(count: number, originals = count) {
	const time = new FakeTime();
	const told = new Set<number>();
	const absent = new Set<number>();
	const heardAt = new Map<string, number>();
	/** On which channel a board hears; it comes when it is told. */
	const at = new Map<string, number>();
	const sent: { at: number; mac: string; text: string; channel: number }[] = [];
	let away = 0;
	const announcer = new Announcer({
		devices: {
			count,
			macAt: board,
			isOurs: (index) => index < originals,
			isTold: (index) => told.has(index),
			setTold: (index, isTold) => (isTold ? told.add(index) : told.delete(index)),
			isAbsent: (index) => absent.has(index),
		},
		comms: {
			heardAt: (mac) => heardAt.get(mac) ?? -1,
			announce(mac, text, channel) {
				sent.push({ at: time.now(), mac, text, channel });
				const acked = at.get(mac) === channel;
				const ms = acked ? 2 : 22;
				away += ms;
				return new Promise((resolve) => {
					time.set(() => {
						if (acked) heardAt.set(mac, time.now() + 3);
						resolve(acked);
					}, ms);
				});
			},
		},
		memory: { channels: [6, 1, 11] },
		clock: time,
		timers: time,
		trace() {},
	});
	for (let i = 0; i < count; i++) at.set(board(i), 6);
	return { time, announcer, sent, absent, at, heardAt, away: () => away };
}

test("each device is told where the hub is now, on the channel that it left, and once", async () => {
	const { time, announcer, sent } = hub(10);
	announcer.onHomeChannel(6, 11);
	await time.advance(30_000);
	expect(sent).toHaveLength(10);
	expect(new Set(sent.map(({ text, channel }) => `${text} on ${channel}`))).toEqual(new Set(["Moved 11 on 6"]));
	expect(sent.at(-1)?.at).toBeLessThan(200);
});

test("a board that may have the original's code is told nothing", async () => {
	const { time, announcer, sent } = hub(4, 2);
	announcer.onHomeChannel(6, 11);
	await time.advance(30_000);
	expect(sent.map(({ mac }) => mac)).toEqual([board(0), board(1)]);
});

test("who is not heard is called again for 20 s, also where the hub was before, and no longer", async () => {
	const { time, announcer, sent, at } = hub(2);
	at.set(board(1), 3);
	announcer.onHomeChannel(6, 11);
	await time.advance(60_000);
	const calls = sent.filter(({ mac }) => mac === board(1));
	expect(calls.length).toBeGreaterThan(8);
	expect(new Set(calls.map(({ channel }) => channel))).toEqual(new Set([6, 1]));
	expect(calls.at(-1)?.at).toBeLessThan(24_000);
	expect(announcer.movedAt).toBe(-1);
});

test("who is absent is called once on each channel", async () => {
	const { time, announcer, sent, at, absent } = hub(1);
	at.set(board(0), 3);
	absent.add(0);
	announcer.onHomeChannel(6, 11);
	await time.advance(60_000);
	expect(sent.map(({ channel }) => channel)).toEqual([6, 1]);
});

test("the radio is at home for at least half of the time", async () => {
	const { time, announcer, at, away } = hub(20);
	for (let i = 0; i < 20; i++) at.set(board(i), 3);
	announcer.onHomeChannel(6, 11);
	await time.advance(20_000);
	expect(away()).toBeLessThan(10_000);
});

test("another move ends the calls of the one before", async () => {
	const { time, announcer, sent, at } = hub(3);
	for (let i = 0; i < 3; i++) at.set(board(i), 3);
	announcer.onHomeChannel(6, 11);
	await time.advance(1_000);
	announcer.onHomeChannel(11, 1);
	const before = sent.length;
	await time.advance(20_000);
	expect(new Set(sent.slice(before).map(({ text }) => text))).toEqual(new Set(["Moved 1"]));
});

test("the first channel after the start is no move from anywhere: devices are called where they were met before", async () => {
	const { time, announcer, sent } = hub(1);
	announcer.onHomeChannel(0, 11);
	await time.advance(1_000);
	expect(sent.map(({ channel }) => channel)).toEqual([6]);
});
