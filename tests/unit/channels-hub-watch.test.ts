import { expect, test } from "@jest/globals";
import { HubWatch } from "channels/hub-watch";
import type { AskResult } from "espnow/types";
import { A, B, C, FakeTime, jobs } from "./espnow-fakes";

const HOUR_MS = 3_600_000;

/** Two minutes after the start, when a device asks its hub what it is. */
const LATER_MS = 120_000;

/** A device with the hub `hub`, so long after its start; the boards that it asks say what `says` holds. */
function watcher(hub = "", startMs = 0) {
	const time = new FakeTime();
	time.ms = startMs;
	const world = { hub, heardAt: -1, says: new Map<string, string>() };
	const asked: string[] = [];
	const watch = new HubWatch({
		comms: {
			heardAt: () => world.heardAt,
			ask(mac, text): Promise<AskResult> {
				asked.push(`${mac} ${text}`);
				const reply = world.says.get(mac);
				return Promise.resolve(reply ? { ok: true, reply, rssi: -50, ms: 5 } : { ok: false, reason: "no reply", ms: 2_000 });
			},
		},
		hub: () => world.hub,
		adopt: (mac) => {
			world.hub = mac;
		},
		store: { configuration: { country: "US" } },
		clock: time,
	});
	/** A request of a board was answered. */
	const answered = async (mac: string, request = "uptime") => {
		watch.tick(time.ms);
		watch.answered(mac, request);
		await jobs();
	};
	/** The own hub's requests are answered, one a second for so long. */
	const talk = async (seconds: number) => {
		for (let i = 0; i < seconds; i++) {
			await answered(A);
			time.ms += 1_000;
		}
	};
	return { talk, time, world, asked, watch, answered };
}

test.each([
	["OK hub -50", A],
	["OK hub", A],
	["OK device -50", ""],
	["Unknown message: role -50", A],
	["OK hubert -50", ""],
	["OK ON 1+ -50", ""],
	["Fail (busy)", ""],
	["", ""],
])("of boards that say `%s` a device without a hub adopts %s", async (says, hub) => {
	const { world, answered } = watcher();
	if (says) world.says.set(A, says);
	await answered(A);
	expect(world.hub).toBe(hub);
});

test("whoever sends how much, one is asked in five seconds, and a silent one again later", async () => {
	const { time, world, asked, answered } = watcher();
	for (let i = 0; i < 100; i++) await answered(i % 2 ? A : B);
	expect(asked).toEqual([`${B} role US`]);
	world.says.set(A, "OK hub -50");
	time.ms += 4_999;
	await answered(A);
	expect(world.hub).toBe("");
	time.ms += 1;
	await answered(A);
	expect(world.hub).toBe(A);
});

test("another hub is told of only when the own one has been silent for an hour, and no more once that is heard again", async () => {
	const { time, world, asked, watch, answered } = watcher(A);
	world.says.set(B, "OK hub -50");
	await answered(B);
	world.heardAt = 1_000;
	time.ms = 1_000 + HOUR_MS - 1;
	await answered(B);
	expect([asked, watch.otherHub]).toEqual([[], ""]);
	time.ms += 1;
	await answered(B);
	expect([asked, watch.otherHub]).toEqual([[`${B} role`, `${B} orphan ${A}`], B]);
	world.heardAt = time.ms + 1;
	expect(watch.otherHub).toBe("");
	expect(world.hub).toBe(A);
});

test.each(["OK device -50", "Unknown message: role", ""])("a board that says `%s` is not told of, nor told", async (says) => {
	const { time, world, asked, watch, answered } = watcher(A);
	await answered(B);
	time.ms += HOUR_MS;
	if (says) world.says.set(B, says);
	await answered(B);
	expect([asked, watch.otherHub]).toEqual([[`${B} role`], ""]);
});

test("a hub that said it is a device is none until it says otherwise, or another one is set", async () => {
	const { world, watch } = watcher(A);
	const ask = (reply: string) => async (): Promise<AskResult> => ({ ok: true, reply, rssi: -50, ms: 5 });
	expect(await watch.confirm(ask("OK device -50"), true)).toBe(false);
	expect(watch.trouble).toContain(A);
	expect(await watch.confirm(ask("OK hub -50"), true)).toBe(true);
	expect(watch.trouble).toBe("");
	world.hub = C;
	expect(await watch.confirm(ask("OK device -50"), true)).toBe(false);
	world.hub = A;
	expect(watch.isHubDevice).toBe(false);
});

test("the own hub is asked from two minutes after the start on, and a silent one every ten minutes", async () => {
	const { time, asked, talk } = watcher(A);
	await talk(LATER_MS / 1_000);
	expect(asked).toEqual([]);
	await talk(600);
	expect(asked).toEqual([`${A} role US`]);
	await talk(1);
	expect(asked).toHaveLength(2);
	expect(time.ms).toBe(LATER_MS + 601_000);
});

test("an original board, which knows no such question, is asked once", async () => {
	const { time, world, asked, talk } = watcher(A, LATER_MS);
	world.says.set(A, "Unknown message: role US -50");
	await talk(100);
	time.ms += 24 * HOUR_MS;
	await talk(100);
	expect(asked).toEqual([`${A} role US`]);
});

test.each([
	["OK hub DE -50", true],
	["OK hub DE", true],
	["OK hub US -50", false],
	["OK hub -50", false],
	["OK hub -5", false],
	["OK device -50", false],
	["Unknown message: role US", false],
])("of a hub that says `%s` people are told that its country is another one: %s", async (says, isOther) => {
	const { world, watch, answered } = watcher(A, LATER_MS);
	world.says.set(A, says);
	await answered(A);
	const told = `the hub ${A} has country DE, this device US: set the same country on both`;
	expect(watch.countryTrouble).toBe(isOther ? told : "");
});

test("a hub of the same country is asked again after an hour, one of another country after ten minutes", async () => {
	const { world, asked, watch, talk } = watcher(A, LATER_MS);
	world.says.set(A, "OK hub US -50");
	await talk(3_600);
	expect(asked).toHaveLength(1);
	world.says.set(A, "OK hub DE -50");
	await talk(600);
	expect([asked.length, watch.countryTrouble !== ""]).toEqual([2, true]);
	world.says.set(A, "OK hub US -50");
	await talk(600);
	expect([asked.length, watch.countryTrouble]).toEqual([3, ""]);
});

test("a hub that a search has found through a relay is not told this country, which it would take for the relay's, but at its next request", async () => {
	for (const [isDirect, question, later] of [
		[true, "role US", []],
		[false, "role", [`${A} role US`]],
	] as const) {
		const { world, asked, watch, answered } = watcher(A, LATER_MS);
		let heard = "";
		const ask = async (text: string): Promise<AskResult> => {
			heard = text;
			return { ok: true, reply: "OK hub DE -50", rssi: -50, ms: 5 };
		};
		await watch.confirm(ask, isDirect);
		expect([heard, watch.countryTrouble !== ""]).toEqual([question, true]);
		world.says.set(A, "OK hub DE -50");
		await answered(A);
		expect(asked).toEqual(later);
	}
});

test("a board whose hub asks it for its role asks back", async () => {
	for (const question of ["role", "role DE"]) {
		const { time, world, asked, watch, answered } = watcher(A, LATER_MS);
		await answered(A);
		time.ms += 5_000;
		world.says.set(A, "OK device -50");
		await answered(A, "uptime");
		await answered(A, "rolex");
		expect(asked).toHaveLength(1);
		await answered(A, question);
		expect(watch.isHubDevice).toBe(true);
	}
});

test("a hub that pings is told what this board is, a moment later, and not again for half a minute of pings", async () => {
	const { asked, time, watch, world } = watcher(A, LATER_MS);
	world.says.set(A, "OK hub US -50");
	for (let i = 0; i < 29; i++) {
		watch.pinged();
		expect(asked).toHaveLength(i === 0 ? 0 : 1);
		watch.tick(time.ms);
		await jobs();
		time.ms += 1_000;
	}
	expect(asked).toEqual([`${A} role US`]);
	time.ms += 2_000;
	watch.pinged();
	watch.tick(time.ms);
	expect(asked).toHaveLength(2);
});
