import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { C3_NS_PER_METER } from "../../bench/engine";
import { benchFirmware } from "../../bench/firmware";
import { roundTripMs } from "../../bench/floor";
import { atRest, perMessage, roundTrips } from "../../bench/measure";
import { SEED } from "./network";

const folder = mkdtempSync(join(tmpdir(), "bench-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What takes longer to measure is promised and looked at by `make bench` (bench/promises.ts). */
const free = { seed: SEED, app: benchFirmware(folder), engineNsPerMeter: 0 };
const charged = { ...free, engineNsPerMeter: C3_NS_PER_METER };

describe("a round trip through hub and device", () => {
	test.each([20, 240])("of %d bytes takes what the air takes: p50 within 5 %% of the mean floor, p95 within 25 %%", (bytes) => {
		const { p50, p95 } = roundTrips(free, bytes);
		expect(p50 / roundTripMs(bytes)).toBeLessThanOrEqual(1.05);
		expect(p95 / roundTripMs(bytes)).toBeLessThanOrEqual(1.25);
	});

	// The engine's time is an estimate, so p95 may be a twentieth more.
	test.each([20, 240])("of %d bytes takes at most twice the floor at a C3's speed: p50, and p95 within 5 %%", (bytes) => {
		const { p50, p95 } = roundTrips(charged, bytes);
		expect(p50 / roundTripMs(bytes)).toBeLessThanOrEqual(2);
		expect(p95 / roundTripMs(bytes)).toBeLessThanOrEqual(2.1);
	});
});

/** As measured (`make bench`): of a request and its reply on the two boards, and of a second of rest. */
const HUB_METER = 3_624;
const DEVICE_METER = 3_268;
const HUB_HEAP = 4_315;
// 2,384 before devices watched whose frames they get and which boards are hubs.
const DEVICE_HEAP = 2_733;
// 5,357 before the hub polled its devices.
const REST_METER = 7_620;

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
});
