import { expect, test } from "@jest/globals";
import { Recovery } from "espnow/recovery";

const SILENT_MS = 3_000;

/** No status comes for as long as it takes. */
function silence(recovery: Recovery, now: number) {
	expect(recovery.statusMissing(now - SILENT_MS)).toBe("none");
	return recovery.statusMissing(now);
}

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

test("again within 5 s restarts Wi-Fi, and again the board", () => {
	const recovery = new Recovery(false);
	expect(silence(recovery, 1000)).toBe("espnow");
	expect(silence(recovery, 6000)).toBe("wifi");
	expect(silence(recovery, 11_000)).toBe("board");
	expect(recovery.view()).toEqual({ espnow: 1, wifi: 1, board: 1 });
});

test("after more than 5 s the ladder begins anew", () => {
	const recovery = new Recovery(false);
	silence(recovery, 1000);
	expect(silence(recovery, 6001)).toBe("espnow");
});

test("the 5 s count from when ESP-NOW is up again", () => {
	const recovery = new Recovery(false);
	silence(recovery, 1000);
	recovery.opened(1000);
	silence(recovery, 2000);
	recovery.opened(20_000);
	expect(silence(recovery, 24_000)).toBe("board");
});

test("after a restart of its own the recovery restarts the board no earlier than 10 minutes later", () => {
	const recovery = new Recovery(true);
	silence(recovery, 1000);
	silence(recovery, 2000);
	expect(silence(recovery, 3000)).toBe("wifi");
	expect(silence(recovery, 4000)).toBe("wifi");
	for (let t = 8000; t < 600_000; t += 4000) expect(silence(recovery, t)).toBe("wifi");
	expect(silence(recovery, 600_000)).toBe("board");
});

test("ESP-NOW that does not start is a reason too", () => {
	const recovery = new Recovery(false);
	expect([recovery.openFailed(0), recovery.openFailed(1000), recovery.openFailed(2000)]).toEqual(["espnow", "wifi", "board"]);
});
