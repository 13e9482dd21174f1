import { expect, test } from "@jest/globals";
import { Recovery } from "espnow/recovery";

const SILENT_MS = 3_000;

test("one missing status is no reason to do anything", () => {
	expect(new Recovery(false).statusMissing(0)).toBe("none");
});

test("no status for three seconds turns ESP-NOW off and on, not before", () => {
	const recovery = new Recovery(false);
	for (let now = 250; now < 250 + SILENT_MS; now += 250) expect(recovery.statusMissing(now)).toBe("none");
	expect(recovery.statusMissing(250 + SILENT_MS)).toBe("espnow");
});

test("a status in that time, however late, shows that the driver works: the time begins anew", () => {
	const recovery = new Recovery(false);
	for (let now = 0; now < 60_000; now += 250) {
		expect(recovery.statusMissing(now)).toBe("none");
		if (now % 2_500 === 0) recovery.status();
	}
});

test("NO_MEM for a second turns ESP-NOW off and on, not before", () => {
	const recovery = new Recovery(false);
	expect(recovery.noMemory(0)).toBe("none");
	expect(recovery.noMemory(999)).toBe("none");
	expect(recovery.noMemory(1000)).toBe("espnow");
});

test("a NO_MEM long after another one, whose frame was given up, is the first of a new row", () => {
	const recovery = new Recovery(false);
	recovery.noMemory(0);
	expect(recovery.noMemory(60_000)).toBe("none");
	expect(recovery.noMemory(60_900)).toBe("none");
	expect(recovery.noMemory(61_000)).toBe("espnow");
});

test("a frame that the driver took ends the second of NO_MEM", () => {
	const recovery = new Recovery(false);
	recovery.noMemory(0);
	recovery.accepted();
	expect(recovery.noMemory(1500)).toBe("none");
});

test("a status in the second of NO_MEM shows that buffers come free: it begins anew", () => {
	const recovery = new Recovery(false);
	for (let now = 0; now < 60_000; now += 100) {
		expect(recovery.noMemory(now)).toBe("none");
		if (now % 900 === 0) recovery.status();
	}
});

/** Steps that are taken while no status comes, each with its time, for so long from 0 on; a frame is missed every 250 ms. */
function stepsOfSilence(recovery: Recovery, ms: number): [step: string, at: number][] {
	const steps: [string, number][] = [];
	for (let now = 0; now <= ms; now += 250) {
		const step = recovery.statusMissing(now);
		if (step !== "none") steps.push([step, now]);
	}
	return steps;
}

test("silence that lasts restarts ESP-NOW after 3 s, Wi-Fi 7 s later, and the board another 30 s later", () => {
	const recovery = new Recovery(false);
	expect(stepsOfSilence(recovery, 40_000)).toEqual([
		["espnow", 3_000],
		["wifi", 10_000],
		["board", 40_000],
	]);
	expect(recovery.view()).toEqual({ espnow: 1, wifi: 1, board: 1 });
});

test("a status between the steps ends the silence: its ladder begins anew", () => {
	const recovery = new Recovery(false);
	stepsOfSilence(recovery, 20_000);
	recovery.status();
	expect(recovery.statusMissing(60_000)).toBe("none");
	expect(recovery.statusMissing(62_999)).toBe("none");
	expect(recovery.statusMissing(63_000)).toBe("espnow");
});

test("who sends one frame an hour takes each step after two frames without a status", () => {
	const recovery = new Recovery(false);
	const hours = [1, 2, 3, 4, 5, 6].map((hour) => recovery.statusMissing(hour * 3_600_000));
	expect(hours).toEqual(["none", "espnow", "none", "wifi", "none", "board"]);
});

test("silence restarts the board once in ten minutes, and Wi-Fi in between", () => {
	const steps = stepsOfSilence(new Recovery(false), 1_000_000);
	const boards = steps.flatMap(([step, at]) => (step === "board" ? [at] : []));
	expect(boards).toEqual([40_000, 640_000]);
	expect(steps.filter(([step]) => step === "wifi").length).toBeGreaterThan(10);
});

test("after a restart of its own the recovery restarts the board no earlier than 10 minutes later", () => {
	const boards = stepsOfSilence(new Recovery(true), 700_000).flatMap(([step, at]) => (step === "board" ? [at] : []));
	expect(boards).toHaveLength(1);
	expect(boards[0]).toBeGreaterThanOrEqual(600_000);
	expect(boards[0]).toBeLessThan(640_000);
});

/** No buffer for a second, with nothing under way. */
function refused(recovery: Recovery, now: number) {
	expect(recovery.noMemory(now - 999)).toBe("none");
	recovery.noMemory(now - 500);
	return recovery.noMemory(now + 1);
}

test("NO_MEM again within 5 s restarts Wi-Fi, and again the board", () => {
	const recovery = new Recovery(false);
	expect(refused(recovery, 1000)).toBe("espnow");
	expect(refused(recovery, 5000)).toBe("wifi");
	expect(refused(recovery, 9000)).toBe("board");
	expect(recovery.view()).toEqual({ espnow: 1, wifi: 1, board: 1 });
});

test("after more than 5 s that ladder begins anew", () => {
	const recovery = new Recovery(false);
	refused(recovery, 1000);
	expect(refused(recovery, 7000)).toBe("espnow");
});

test("the 5 s count from when ESP-NOW is up again", () => {
	const recovery = new Recovery(false);
	refused(recovery, 1000);
	recovery.opened(1000);
	refused(recovery, 3000);
	recovery.opened(20_000);
	expect(refused(recovery, 24_000)).toBe("board");
});

test("NO_MEM while the driver holds frames of ours is silence, and no driver that refuses everything: they wait for their turn on a full air", () => {
	const recovery = new Recovery(false);
	recovery.accepted();
	for (let now = 0; now < 3_000; now += 10) expect(recovery.noMemory(now)).toBe("none");
	expect(recovery.noMemory(3_000)).toBe("espnow");
	// The frame waits in Wi-Fi's buffers, which outlive ESP-NOW.
	recovery.opened(3_000);
	for (let now = 3_010; now < 10_000; now += 10) expect(recovery.noMemory(now)).toBe("none");
	expect(recovery.noMemory(10_000)).toBe("wifi");
	// From here on it holds none.
	recovery.opened(10_000);
	for (let now = 10_010; now < 11_010; now += 100) expect(recovery.noMemory(now)).toBe("none");
	expect(recovery.noMemory(11_010)).toBe("board");
});

test("ESP-NOW that does not start is a reason too", () => {
	const recovery = new Recovery(false);
	expect([recovery.openFailed(0), recovery.openFailed(1000), recovery.openFailed(2000)]).toEqual(["espnow", "wifi", "board"]);
});
