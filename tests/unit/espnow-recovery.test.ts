import { expect, test } from "@jest/globals";
import { Recovery } from "espnow/recovery";

/** Two statuses in a row do not come. */
function twoMissing(recovery: Recovery, now: number) {
	expect(recovery.statusMissing(now - 1, 0)).toBe("none");
	return recovery.statusMissing(now, 0);
}

test("one missing status is no reason to do anything", () => {
	expect(new Recovery(false).statusMissing(0, 0)).toBe("none");
});

test("two missing statuses in a row turn ESP-NOW off and on", () => {
	expect(twoMissing(new Recovery(false), 500)).toBe("espnow");
});

test("a status between two missing ones starts the row anew", () => {
	const recovery = new Recovery(false);
	recovery.statusMissing(0, 0);
	recovery.status();
	expect(recovery.statusMissing(500, 0)).toBe("none");
});

test("two missing statuses in a row while others' frames fill the air are congestion, and so is the next", () => {
	const recovery = new Recovery(false);
	expect([recovery.statusMissing(1000, 100), recovery.statusMissing(1250, 106), recovery.statusMissing(1500, 112)]).toEqual([
		"none",
		"none",
		"none",
	]);
	// A frame now and then, such as a reply, is no congestion.
	expect(recovery.statusMissing(1750, 113)).toBe("espnow");
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

test("again within 5 s restarts Wi-Fi, and again the board", () => {
	const recovery = new Recovery(false);
	expect(twoMissing(recovery, 1000)).toBe("espnow");
	expect(twoMissing(recovery, 6000)).toBe("wifi");
	expect(twoMissing(recovery, 11_000)).toBe("board");
	expect(recovery.view()).toEqual({ espnow: 1, wifi: 1, board: 1 });
});

test("after more than 5 s the ladder begins anew", () => {
	const recovery = new Recovery(false);
	twoMissing(recovery, 1000);
	expect(twoMissing(recovery, 6001)).toBe("espnow");
});

test("the 5 s count from when ESP-NOW is up again", () => {
	const recovery = new Recovery(false);
	twoMissing(recovery, 1000);
	recovery.opened(1000);
	twoMissing(recovery, 2000);
	recovery.opened(20_000);
	expect(twoMissing(recovery, 24_000)).toBe("board");
});

test("after a restart of its own the recovery restarts the board no earlier than 10 minutes later", () => {
	const recovery = new Recovery(true);
	twoMissing(recovery, 1000);
	twoMissing(recovery, 2000);
	expect(twoMissing(recovery, 3000)).toBe("wifi");
	expect(twoMissing(recovery, 4000)).toBe("wifi");
	for (let t = 8000; t < 600_000; t += 4000) expect(twoMissing(recovery, t)).toBe("wifi");
	expect(twoMissing(recovery, 600_000)).toBe("board");
});

test("ESP-NOW that does not start is a reason too", () => {
	const recovery = new Recovery(false);
	expect([recovery.openFailed(0), recovery.openFailed(1000), recovery.openFailed(2000)]).toEqual(["espnow", "wifi", "board"]);
});
