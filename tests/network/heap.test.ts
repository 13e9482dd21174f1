import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Apps } from "../../sim/heap/apps";
import { type Amount, atRest, bytes, modules, requests, SLOT_BYTES } from "../../sim/heap/measure";

/** What `make heap` prints, on the desk's own word size: chunks are larger than on the chip, slots are counted with its 16 bytes. */

const PROGRAM = "build/board/board";
const folder = mkdtempSync(join(tmpdir(), "heap-test-"));
afterAll(() => rmSync(folder, { recursive: true }));
const apps = new Apps({ app: "build/virtual/app.json", folder });
const { creation } = apps.shipped;

const sum = (amounts: Iterable<Amount>) =>
	[...amounts].reduce((a, b) => ({ slots: a.slots + b.slots, chunks: a.chunks + b.chunks }), { slots: 0, chunks: 0 });

describe("the heap at rest", () => {
	let found: ReturnType<typeof atRest>;
	beforeAll(() => {
		found = atRest(apps, PROGRAM);
	});

	test.each(["hub", "device"] as const)("of a %s: half of it is free, and a quarter of the stack", (role) => {
		const { rest, stack } = found[role];
		expect(bytes(rest)).toBeGreaterThan(10_000);
		expect(bytes(rest)).toBeLessThan(creation.static / 2);
		expect(stack).toBeGreaterThan(100);
		expect(stack).toBeLessThan(creation.stack * 0.75);
	});

	test.each(["hub", "device"] as const)(
		"of a %s: beside the budget that all parts draw from an eighth is free, and nothing of it is in use",
		(role) => {
			const { rest, budget } = found[role];
			expect(budget).toMatchObject({ requests: 0, others: 0, web: 0 });
			expect(budget.bytes).toBeGreaterThan(20_000);
			expect(creation.static - creation.stack * SLOT_BYTES - bytes(rest) - budget.bytes).toBeGreaterThan(creation.static / 8);
		},
	);

	test("is told with a line for each part that main makes, and they add up", () => {
		for (const { rest, parts } of [found.hub, found.device]) {
			expect([...parts.keys()]).toEqual(
				expect.arrayContaining(["config/store", "espnow/comms", "handler/handler", "web/web", "wifi-roles/roles"]),
			);
			expect(bytes(parts.get("espnow/comms") ?? { slots: 0, chunks: 0 })).toBeGreaterThan(1000);
			expect(sum(parts.values())).toEqual(rest);
		}
	});
});

test("the cost of each module in RAM: without preloading the firmware would not fit", () => {
	const costs = modules(apps, PROGRAM);
	expect([...costs.keys()].sort()).toEqual(
		Object.keys(apps.shipped.modules)
			.filter((specifier) => specifier !== "main")
			.sort(),
	);
	for (const cost of costs.values()) expect(cost.slots).toBeGreaterThan(0);
	expect(bytes(sum(costs.values()))).toBeGreaterThan(creation.static);
});

test("a request takes less than three eighths of the heap, garbage included, and leaves nothing behind", () => {
	const costs = requests(apps, PROGRAM);
	expect(costs.length).toBeGreaterThan(6);
	for (const { taken, left } of costs) {
		expect(bytes(taken)).toBeGreaterThan(500);
		expect(bytes(taken)).toBeLessThan((creation.static * 3) / 8);
		expect(bytes(left)).toBeLessThan(200);
	}
});
