import { expect, test } from "@jest/globals";
import { HubWatch, Orphans } from "channels/hub-watch";
import type { AskResult } from "espnow/types";
import { A, B, C, FakeTime, jobs } from "./espnow-fakes";

const HOUR_MS = 3_600_000;

/** A device with the hub `hub`; the boards that it asks say what `says` holds. */
function watcher(hub = "") {
	const time = new FakeTime();
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
		clock: time,
	});
	/** A request of a board was answered. */
	const answered = async (mac: string, request = "uptime") => {
		watch.answered(mac, request);
		await jobs();
	};
	return { time, world, asked, watch, answered };
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
	expect(asked).toEqual([`${B} role`]);
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
	expect(await watch.confirm(ask("OK device -50"))).toBe(false);
	expect(watch.trouble).toContain(A);
	expect(await watch.confirm(ask("OK hub -50"))).toBe(true);
	expect(watch.trouble).toBe("");
	world.hub = C;
	expect(await watch.confirm(ask("OK device -50"))).toBe(false);
	world.hub = A;
	expect(watch.isHubDevice).toBe(false);
});

test("a board whose hub asks it for its role asks back", async () => {
	const { world, asked, watch, answered } = watcher(A);
	world.says.set(A, "OK device -50");
	await answered(A, "uptime");
	expect(asked).toEqual([]);
	await answered(A, "role");
	expect(watch.isHubDevice).toBe(true);
});

test("of boards that say they are orphans the last eight are kept, each once", () => {
	const orphans = new Orphans();
	for (let i = 0; i < 20; i++) expect(orphans.add(`02beef0000${(0x10 + 4 * i).toString(16)}`, A)).toBe(true);
	orphans.add("02beef00005a", B);
	expect(orphans.view()).toHaveLength(8);
	expect(orphans.view().at(-1)).toEqual({ mac: "02beef00005a", hub: B });
	expect([orphans.add("", A), orphans.add(A, "x"), orphans.view().length]).toEqual([false, false, 8]);
});
