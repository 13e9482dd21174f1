/** What is promised of the build for every chip, and whether what mcconfig wrote keeps it. */

/** Settings of ESP-IDF; reasons are in sdkconfig/sdkconfig.defaults. "n" is off, however that is written. */
export const SETTINGS: Readonly<Record<string, string>> = {
	CONFIG_ESP_TASK_WDT_EN: "y",
	CONFIG_ESP_TASK_WDT_INIT: "y",
	CONFIG_ESP_TASK_WDT_PANIC: "y",
	CONFIG_ESP_TASK_WDT_TIMEOUT_S: "30",
	CONFIG_ESP_SYSTEM_PANIC_GDBSTUB: "n",
	CONFIG_ESP_SYSTEM_PANIC_PRINT_REBOOT: "y",
	CONFIG_ESP_COREDUMP_ENABLE_TO_UART: "n",
	CONFIG_LWIP_MAX_ACTIVE_TCP: "10",
	CONFIG_ESP_WIFI_STA_DISCONNECTED_PM_ENABLE: "n",
	CONFIG_ESP_WIFI_RX_MGMT_BUF_NUM_DEF: "10",
	CONFIG_ESPTOOLPY_FLASHSIZE_4MB: "y",
	CONFIG_PARTITION_TABLE_CUSTOM: "y",
};

/**
 * What Kconfig decides by itself for a chip, whatever is asked for. On the C6 coexistence with its second radio lets an unconnected station
 * sleep; wifi-roles-esp32.c tells the driver otherwise when it starts.
 */
export const FORCED: Readonly<Record<string, readonly string[]>> = { esp32c6: ["CONFIG_ESP_WIFI_STA_DISCONNECTED_PM_ENABLE"] };

/**
 * Settings of an sdkconfig that are not as promised, in words. The last line about a setting counts, as in Kconfig.
 * @param forced settings that are not looked at
 */
export function brokenSettings(text: string, forced: readonly string[] = []): string[] {
	const found = new Map<string, string>();
	for (const line of text.split(/\r?\n/)) {
		const set = /^(CONFIG_\w+)=(.*)$/.exec(line);
		const off = /^# (CONFIG_\w+) is not set$/.exec(line);
		if (set) found.set(set[1] ?? "", set[2] || "n");
		else if (off) found.set(off[1] ?? "", "n");
	}
	return Object.entries(SETTINGS).flatMap(([name, wanted]) => {
		const is = found.get(name) ?? "n";
		return is === wanted || forced.includes(name) ? [] : [`${name} is ${is}, not ${wanted}`];
	});
}

/** `defines` of the manifest; docs/hardware.md has the sum of all messages that may wait. An SDK manifest for a chip may have its own. */
export const DEFINES: Readonly<Record<string, string>> = { MODDEF_TASK_QUEUELENGTH: "28", MODDEF_TASK_QUEUEWAIT: "20" };

/** Where `mc.defines.h` is not as promised, in words. */
export function brokenDefines(text: string): string[] {
	return Object.entries(DEFINES).flatMap(([name, wanted]) => {
		const is = new RegExp(`^#define ${name} \\((\\w+)\\)$`, "m").exec(text)?.[1] ?? "none";
		return is === wanted ? [] : [`${name} is ${is}, not ${wanted}`];
	});
}

export interface Partition {
	readonly name: string;
	readonly type: string;
	readonly subType: string;
	readonly offset: number;
	readonly size: number;
}

const KB = 1024;
const FLASH_BYTES = 4096 * KB;
/** An application begins at a multiple of this. */
const APP_ALIGNMENT = 64 * KB;

/** A change takes a cable, so a table that was shipped stays. */
export const PARTITIONS: readonly Partition[] = [
	{ name: "nvs", type: "data", subType: "nvs", offset: 0x9000, size: 64 * KB },
	{ name: "otadata", type: "data", subType: "ota", offset: 0x19000, size: 8 * KB },
	{ name: "phy_init", type: "data", subType: "phy", offset: 0x1b000, size: 4 * KB },
	{ name: "ota_0", type: "app", subType: "ota_0", offset: 0x20000, size: 1984 * KB },
	{ name: "ota_1", type: "app", subType: "ota_1", offset: 0x210000, size: 1984 * KB },
];

/** Reads a partition table as ESP-IDF's gen_esp32part.py has it. An offset that is left out is behind the partition before. */
export function readPartitions(text: string): Partition[] {
	const found: Partition[] = [];
	for (const line of text.split(/\r?\n/)) {
		const [name, type, subType, offset, size] = line.split(",").map((each) => each.trim());
		if (!name || name.startsWith("#") || !type || !subType || !size) continue;
		const before = found.at(-1);
		const behind = before ? before.offset + before.size : 0x9000;
		const alignment = type === "app" ? APP_ALIGNMENT : 4 * KB;
		found.push({
			name,
			type,
			subType,
			offset: offset ? bytes(offset) : Math.ceil(behind / alignment) * alignment,
			size: bytes(size),
		});
	}
	return found;
}

/** Where a partition table is not as promised, in words. */
export function brokenPartitions(text: string): string[] {
	const found = readPartitions(text);
	const told = (each: Partition | undefined) =>
		each ? `${each.name} ${each.type} ${each.subType} at 0x${each.offset.toString(16)}, ${each.size / KB} KB` : "none";
	const broken: string[] = [];
	for (let i = 0; i < Math.max(found.length, PARTITIONS.length); i++)
		if (told(found[i]) !== told(PARTITIONS[i])) broken.push(`partition ${i + 1} is ${told(found[i])}, not ${told(PARTITIONS[i])}`);
	for (const [i, each] of found.entries()) {
		const end = each.offset + each.size;
		const next = found[i + 1]?.offset ?? FLASH_BYTES;
		if (end > next) broken.push(`${each.name} ends at 0x${end.toString(16)}, beyond 0x${next.toString(16)}`);
		if (each.type === "app" && each.offset % APP_ALIGNMENT !== 0) broken.push(`${each.name} does not begin at a multiple of 64 KB`);
	}
	return broken;
}

function bytes(text: string): number {
	const unit = /k$/i.test(text) ? KB : /m$/i.test(text) ? KB * KB : 1;
	return Number(unit === 1 ? text : text.slice(0, -1)) * unit;
}

/**
 * Library calls that atomics have become, in what `nm -u` says of an object. The SDK compiles for rv32imc on every RISC-V chip; ESP-IDF has
 * these functions only where the chip has no atomics, so not on the C6.
 */
export function atomicCalls(undefinedSymbols: string): string[] {
	return [...new Set(undefinedSymbols.match(/\b__(?:atomic|sync)_\w+/g) ?? [])];
}
