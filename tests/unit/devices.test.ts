import { expect, test } from "@jest/globals";
import { Devices } from "devices/devices";
import type { AskResult } from "devices/types";
import { A, B, board, FakeTime } from "./espnow-fakes";

/** Flash that can fail, or lose its power at the nth write. */
class Flash {
	readonly texts = new Map<string, string>();
	refuses = false;
	writes = 0;
	/** The write at which the power is cut: what was there is erased already. */
	cutAt = 0;
	read(key: string): string | undefined {
		return this.texts.get(key);
	}
	write(key: string, text: string): void {
		this.writes++;
		if (this.refuses) throw new Error("full");
		if (this.writes === this.cutAt) {
			this.texts.delete(key);
			throw new Error("power cut");
		}
		this.texts.set(key, text);
	}
}

function hub(flash = new Flash()) {
	const time = new FakeTime();
	const lines: string[] = [];
	const devices = new Devices({ records: flash, clock: time, home: () => 6, trace: (line) => lines.push(line) });
	devices.load();
	return { time, flash, devices, lines };
}

const ok = (reply: string, rssi = -50, ms = 5): AskResult => ({ ok: true, reply, rssi, ms });
const failed: AskResult = { ok: false, reason: "no result", ms: 70 };
const names = (devices: Devices) => [...devices.each()].map(({ mac, name }) => `${mac} ${name}`).sort();

test("what people add is there after a restart: MAC, name, kind of network", () => {
	const { devices, flash } = hub();
	expect(devices.add(A, "Kitchen", true)).toBe(true);
	expect(devices.add(B, "Küche, hinten", false)).toBe(true);
	const after = hub(flash).devices;
	expect([...after.each()]).toMatchObject([
		{ mac: A, name: "Kitchen", isSealed: true, isKept: true, lastSeenS: null },
		{ mac: B, name: "Küche, hinten", isSealed: false, isKept: true },
	]);
	expect([after.count, after.has(A), after.nameOf(B), after.nameOf(board(1))]).toEqual([2, true, "Küche, hinten", ""]);
});

test("200 devices with the longest names are kept, and no more, in 14 records of less than 800 bytes", () => {
	const { devices, flash } = hub();
	for (let i = 0; i < 200; i++) expect(devices.add(board(i), `${i}`.padEnd(32, "n"), true)).toBe(true);
	expect(devices.add(board(200), "one more", true)).toBe(false);
	expect(flash.texts.size).toBeLessThanOrEqual(14);
	for (const text of flash.texts.values()) expect(text.length).toBeLessThan(800);
	const after = hub(flash).devices;
	expect(after.count).toBe(200);
	expect(after.nameOf(board(137))).toBe("137".padEnd(32, "n"));
});

test("a power cut at any write leaves the devices before or after it, and no other", () => {
	for (let cutAt = 1; cutAt <= 8; cutAt++) {
		const { devices, flash } = hub();
		flash.cutAt = cutAt;
		const steps = [
			() => devices.add(A, "one", false),
			() => devices.add(B, "two", false),
			() => devices.rename(A, "three"),
			() => devices.remove(B),
			() => devices.add(board(1), "four", true),
			() => devices.remove(A),
			() => devices.add(board(2), "five", true),
			() => devices.rename(board(1), "six"),
		];
		let before = names(devices);
		for (const step of steps) {
			const done = step();
			if (!done) break;
			before = names(devices);
		}
		expect([cutAt, names(hub(flash).devices)]).toEqual([cutAt, before]);
	}
});

test("flash that refuses a change leaves the device as it was", () => {
	const { devices, flash } = hub();
	devices.add(A, "Kitchen", false);
	flash.refuses = true;
	expect([devices.add(B, "Hall", false), devices.rename(A, "Bath"), devices.remove(A)]).toEqual([false, false, false]);
	expect(names(devices)).toEqual([`${A} Kitchen`]);
});

test("a damaged record gives way to the one before it, and without one its devices are left out", () => {
	const { devices, flash } = hub();
	for (let i = 0; i < 20; i++) devices.add(board(i), `${i}`, false);
	const damage = (text: string) => {
		for (const [key, kept] of flash.texts) if (kept.includes(text)) flash.texts.set(key, kept.replace(text, text.replace("a", "b")));
	};
	// Only the newest has the last one.
	damage(board(19));
	expect(hub(flash).devices.count).toBe(19);
	damage(board(16));
	expect(hub(flash).devices.count).toBe(16);
});

test.each(["", "1", "1 1 99 00000000 x", "2 1 0 00000000 ", "1 1 0 ", "\0"])("%j is no record, and does no harm", (text) => {
	const { devices, flash } = hub();
	devices.add(A, "Kitchen", false);
	for (let key = 0; key < 14; key++) if (!flash.texts.has(`devices-${key}`)) flash.texts.set(`devices-${key}`, text);
	expect(names(hub(flash).devices)).toEqual([`${A} Kitchen`]);
});

test.each([
	["a line end", "a\nb"],
	["33 bytes", `${"ü".repeat(16)}x`],
	["a NUL", "a\0"],
])("%s is no name", (_, name) => {
	const { devices } = hub();
	expect(devices.add(A, name, false)).toBe(false);
	expect(devices.count).toBe(0);
});

test("a board that replied to a request is remembered until the restart; one that did not is not", () => {
	const { devices, flash } = hub();
	devices.settled(A, ok("OK OFF 12+ -61"), true);
	devices.settled(B, failed, true);
	expect([...devices.each()]).toMatchObject([{ mac: A, name: "", isKept: false, relay: "off", rssi: -50, rssiThere: -61, channel: 6 }]);
	expect(flash.writes).toBe(0);
	expect(hub(flash).devices.count).toBe(0);
});

test("whatever strangers answer, forty that nobody added are remembered, and none of them pushes out one that is there", () => {
	const { devices } = hub();
	devices.settled(A, ok("OK"), true);
	for (let i = 0; i < 1_000; i++) devices.settled(board(i), ok("pong"), true);
	expect(devices.count).toBe(40);
	expect(devices.has(A)).toBe(true);
	expect(devices.has(board(38))).toBe(true);
	for (let i = 0; i < 3; i++) devices.settled(board(5), failed, true);
	devices.settled(B, ok("pong"), true);
	expect([devices.count, devices.has(B), devices.has(board(5))]).toEqual([40, true, false]);
});

test("after three failures in a row it is absent, and back with the first reply; both are told once", () => {
	const { devices, lines } = hub();
	devices.settled(A, ok("pong"), true);
	for (let i = 0; i < 2; i++) devices.settled(A, failed, true);
	expect(devices.isAbsent(0)).toBe(false);
	for (let i = 0; i < 3; i++) devices.settled(A, failed, true);
	expect([devices.isAbsent(0), devices.snapshot().absent]).toEqual([true, 1]);
	devices.settled(A, ok("pong"), true);
	expect(devices.isAbsent(0)).toBe(false);
	expect(lines).toEqual([`devices: ${A} is absent`, `devices: ${A} is back`]);
});

test("a request that could not be made is no failure of the device's", () => {
	const { devices } = hub();
	devices.settled(A, ok("pong"), true);
	for (const reason of ["busy", "cancelled", "not allowed", "too long"]) devices.settled(A, { ok: false, reason, ms: 0 }, true);
	expect(devices.isAbsent(0)).toBe(false);
	expect([...devices.each()][0]?.failures).toBe(0);
});

test("the reply to `alive` tells the relay's state and the version; a relay's word is not the board's own", () => {
	const { devices } = hub();
	devices.settled(A, ok("OK ON 8.12.3 -70", -44, 7), true);
	expect([...devices.each()][0]).toMatchObject({ relay: "on", version: "8.12.3", rssi: -44, rssiThere: -70, roundTripMs: 7 });
	devices.settled(A, ok("OK OFF 9.9.9 -10"), false);
	expect([...devices.each()][0]).toMatchObject({ relay: "on", version: "8.12.3" });
});

test("a device's access point is the device", () => {
	const { devices } = hub();
	devices.settled(`${A.slice(0, -1)}1`, ok("pong"), true);
	expect([devices.count, devices.has(A)]).toEqual([1, true]);
});

test("200 devices take 28 bytes each", () => {
	const { devices } = hub();
	for (let i = 0; i < 200; i++) devices.add(board(i), "", true);
	// One buffer for all, of whole steps of 16.
	expect(devices.bytes).toBe(208 * 28);
});
