import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { C3_NS_PER_METER } from "../../bench/engine";
import { benchFirmware } from "../../bench/firmware";
import { longestSeriesMs, roundTripMs } from "../../bench/floor";
import { afterMany, atRest, oneAlive, oneSilent, original, perMessage, poll, roundTrips } from "../../bench/measure";
import { SEED } from "./house";
import { describeSeed, SEED_DOC } from "./seed-house";

const folder = mkdtempSync(join(tmpdir(), "bench-"));
afterAll(() => rmSync(folder, { recursive: true }));

const free = { seed: SEED, app: benchFirmware(folder), engineNsPerMeter: 0 };
const charged = { ...free, engineNsPerMeter: C3_NS_PER_METER };

describe("a round trip through hub and device", () => {
	test.each([20, 240])("of %d bytes takes what the air takes: p50 within 5 %% of the mean floor, p95 within 25 %%", (bytes) => {
		const { p50, p95 } = roundTrips(free, bytes);
		expect(p50 / roundTripMs(bytes)).toBeLessThanOrEqual(1.05);
		expect(p95 / roundTripMs(bytes)).toBeLessThanOrEqual(1.25);
	});

	test.each([20, 240])("of %d bytes takes at most twice the floor where the engine takes a C3's time: p50 and p95", (bytes) => {
		const { p50, p95 } = roundTrips(charged, bytes);
		expect(p50 / roundTripMs(bytes)).toBeLessThanOrEqual(2);
		expect(p95 / roundTripMs(bytes)).toBeLessThanOrEqual(2);
	});

	test.each([1, 2])("relayed over %d takes what the air takes for its frames", (hops) => {
		const { p50, p95 } = roundTrips(free, 20, hops);
		expect(p50 / roundTripMs(20, hops)).toBeLessThanOrEqual(1.05);
		expect(p95 / roundTripMs(20, hops)).toBeLessThanOrEqual(1.25);
	});
});

describe("ten devices asked at once", () => {
	test("the nine beside a mute one are answered within 10 % of the time without it", () => {
		const { others, without } = oneSilent(free, "mute");
		expect(others.p95).toBeLessThanOrEqual(1.1 * without.p95);
	});

	test("the nine beside one that is off: half of them within 10 % of the time without it, none later than one series of MAC retries", () => {
		const { others, without } = oneSilent(free, "off");
		expect(others.p50).toBeLessThanOrEqual(1.1 * without.p50);
		expect(others.max).toBeLessThanOrEqual(without.max + longestSeriesMs(20));
	});
});

test("one alive among 25 that are off is answered within 100 ms and one series for each try sent before", () => {
	const { ms, triesBefore } = oneAlive(free, 25);
	expect(triesBefore).toBeLessThanOrEqual(25);
	expect(ms).toBeLessThanOrEqual(100 + triesBefore * longestSeriesMs(20));
});

test("200 devices polled at 10 % loss: every request settles, none is lost, the driver holds 20 peers at most", () => {
	const { answered, failed, lost, driverPeers } = poll(free, 200, 0.1);
	expect({ settled: answered + failed, lost }).toEqual({ settled: 200, lost: 0 });
	expect(answered).toBeGreaterThanOrEqual(199);
	expect(driverPeers).toBeLessThanOrEqual(20);
});

/** As measured (`make bench`): of a request and its reply on the two boards, and of a second of rest. */
const HUB_METER = 3_383;
const DEVICE_METER = 2_905;
const HUB_HEAP = 4_315;
const DEVICE_HEAP = 2_384;
const REST_METER = 5_357;

describe("what a request and its reply cost the engine", () => {
	// And a tenth more: who makes the loop dearer has to say so here.
	const ceiling = (measured: number) => Math.ceil(measured * 1.1);

	test("counts of its meter", () => {
		const { hub, device } = perMessage(free);
		expect(hub.meter).toBeLessThanOrEqual(ceiling(HUB_METER));
		expect(device.meter).toBeLessThanOrEqual(ceiling(DEVICE_METER));
	});

	test("bytes of its heap", () => {
		const { hub, device } = perMessage(free);
		expect(hub.heapBytes).toBeLessThanOrEqual(ceiling(HUB_HEAP));
		expect(device.heapBytes).toBeLessThanOrEqual(ceiling(DEVICE_HEAP));
	});

	test("a second of rest", () => {
		const { hub, device } = atRest(free);
		expect(hub.meterPerSecond).toBeLessThanOrEqual(ceiling(REST_METER));
		expect(device.meterPerSecond).toBeLessThanOrEqual(ceiling(REST_METER));
	});

	test("10,000 messages leave the heap as it was, within 1 %", () => {
		for (const { before, after } of afterMany(free, 10_000)) expect(Math.abs(after - before) / before).toBeLessThanOrEqual(0.01);
	});
});

describeSeed("beside the original's code", () => {
	test("30 times quicker at 20 bytes, 20 times at 240", () => {
		const { trips } = original(SEED, SEED_DOC);
		expect(trips(20).p50 / roundTrips(free, 20).p50).toBeGreaterThanOrEqual(30);
		expect(trips(240).p50 / roundTrips(free, 240).p50).toBeGreaterThanOrEqual(20);
	});
});
