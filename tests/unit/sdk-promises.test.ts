import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { atomicCalls, brokenDefines, brokenPartitions, brokenSettings, readPartitions, SETTINGS } from "../../sim/sdk/promises";

const KEPT = Object.entries(SETTINGS).map(([name, value]) => `${name}=${value === "n" ? "" : value}`);

describe("settings of ESP-IDF", () => {
	test("as promised are nothing to be told, whichever way one is off", () => {
		expect(brokenSettings(KEPT.join("\n"))).toEqual([]);
		for (const off of ["CONFIG_ESP_SYSTEM_PANIC_GDBSTUB=n", "# CONFIG_ESP_SYSTEM_PANIC_GDBSTUB is not set", ""])
			expect(brokenSettings([...KEPT.filter((line) => !line.includes("GDBSTUB")), off].join("\r\n"))).toEqual([]);
	});

	test("one that a chip's own file sets otherwise is told", () => {
		expect(brokenSettings([...KEPT, "CONFIG_ESP_SYSTEM_PANIC_GDBSTUB=y"].join("\n"))).toEqual([
			"CONFIG_ESP_SYSTEM_PANIC_GDBSTUB is y, not n",
		]);
	});

	test("one that is nowhere is told", () => {
		expect(brokenSettings(KEPT.filter((line) => !line.includes("MAX_ACTIVE_TCP")).join("\n"))).toEqual([
			"CONFIG_LWIP_MAX_ACTIVE_TCP is n, not 10",
		]);
	});

	test("the last line about a setting counts", () => {
		const name = "CONFIG_ESP_TASK_WDT_EN";
		expect(brokenSettings([`# ${name} is not set`, ...KEPT].join("\n"))).toEqual([]);
		expect(brokenSettings([...KEPT, `# ${name} is not set`].join("\n"))).toEqual([`${name} is n, not y`]);
	});
});

describe("the partition table", () => {
	const OURS = readFileSync("sdkconfig/partitions.csv", "utf8");

	test("in the repository is the promised one: two equal slots, which fill 4 MB, and 64 KB for what is remembered", () => {
		expect(brokenPartitions(OURS)).toEqual([]);
		const [nvs, , , first, second] = readPartitions(OURS);
		expect(nvs?.size).toBe(65_536);
		expect(first?.size).toBe(second?.size);
		expect((second?.offset ?? 0) + (second?.size ?? 0)).toBe(4 << 20);
	});

	test("of the SDK is not: every line that differs is told", () => {
		const theirs = "nvs, data, nvs, 0x9000, 0x006000,\nphy_init, data, phy, 0xf000, 0x001000,\nfactory, app, factory, 0x10000, 0x3F0000,";
		expect(brokenPartitions(theirs)).toEqual([
			"partition 1 is nvs data nvs at 0x9000, 24 KB, not nvs data nvs at 0x9000, 64 KB",
			"partition 2 is phy_init data phy at 0xf000, 4 KB, not otadata data ota at 0x19000, 8 KB",
			"partition 3 is factory app factory at 0x10000, 4032 KB, not phy_init data phy at 0x1b000, 4 KB",
			"partition 4 is none, not ota_0 app ota_0 at 0x20000, 1984 KB",
			"partition 5 is none, not ota_1 app ota_1 at 0x210000, 1984 KB",
		]);
	});

	test("sizes in K and M and offsets that are left out are understood, an overlap is told", () => {
		expect(readPartitions("a, data, nvs, , 64K,\nb, app, ota_0, , 1M,").map(({ offset, size }) => [offset, size])).toEqual([
			[0x9000, 65_536],
			[0x20000, 1 << 20],
		]);
		expect(brokenPartitions(OURS.replace("0x10000,", "0x11000,"))).toContain("nvs ends at 0x1a000, beyond 0x19000");
	});
});

test("a message queue that a chip's own manifest makes shorter, or that is not told, is found", () => {
	const written = "/* WARNING: generated */\n#define MODDEF_TASK_QUEUELENGTH (28)\n#define MODDEF_TASK_QUEUEWAIT (20)\n";
	expect(brokenDefines(written)).toEqual([]);
	expect(brokenDefines(written.replace("28", "10"))).toEqual(["MODDEF_TASK_QUEUELENGTH is 10, not 28"]);
	expect(brokenDefines("")).toEqual(["MODDEF_TASK_QUEUELENGTH is none, not 28", "MODDEF_TASK_QUEUEWAIT is none, not 20"]);
});

test("atomics that became library calls are found among an object's undefined symbols", () => {
	expect(
		atomicCalls("         U __atomic_fetch_add_4\n         U c_free\n         U __atomic_fetch_add_4\n         U __sync_synchronize\n"),
	).toEqual(["__atomic_fetch_add_4", "__sync_synchronize"]);
	expect(atomicCalls("         U vPortEnterCritical\n")).toEqual([]);
});
