import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { sdkSizes, withSizes } from "../../sim/sizes/block";

const HARDWARE = readFileSync("docs/hardware.md", "utf8");
const line = (document: string, what: string) => document.split("\n").find((each) => each.startsWith(`| ${what} |`));

describe("sizes in a document", () => {
	test("are written into its block; what could not be measured stays as it was", () => {
		const once = withSizes(HARDWARE, [
			{ what: "pages", value: "1 byte" },
			{ what: "byte code", value: "2 bytes" },
		]);
		expect([line(once, "pages"), line(once, "byte code")]).toEqual(["| pages | 1 byte |", "| byte code | 2 bytes |"]);
		const twice = withSizes(once, [
			{ what: "pages", value: "3 bytes" },
			{ what: "byte code", value: undefined },
			{ what: "stack", value: undefined },
		]);
		expect(["pages", "byte code", "stack"].map((what) => line(twice, what))).toEqual([
			"| pages | 3 bytes |",
			"| byte code | 2 bytes |",
			"| stack | not measured yet |",
		]);
		// Around the block nothing changes.
		expect(withSizes(twice, []).length).toBeLessThan(HARDWARE.length);
		expect(twice.split("<!--")[0]).toBe(HARDWARE.split("<!--")[0]);
	});

	test("a document without the block, or with two, is left alone", () => {
		expect(() => withSizes("# Sizes\n", [])).toThrow("There is not one block");
		expect(() => withSizes(HARDWARE + HARDWARE, [])).toThrow("There is not one block");
	});

	test("those of docs/hardware.md are all measured", () => {
		expect(HARDWARE).not.toContain("not measured yet");
	});
});

test("sizes are found in what sdk-check prints, and missed where it was stopped or skipped a part", () => {
	const built = `ok  esp32/esp32c3, debug: byte code and C
    Total resource size: 24172 bytes
    2147 instances, 2103 keys, 82 colors, 0 holes
    byte code of our modules: 163649 bytes
ok  esp32/esp32c6, debug: byte code and C
    2147 instances, 2095 keys, 82 colors, 0 holes
`;
	const objects = (kind: string, size: number) =>
		`ok  esp32/esp32c3, ${kind}: our C by riscv32-esp-elf-gcc: 3 objects, ${size} bytes of code and constants, 172 of data, 20 zeroed\n`;
	const said = built + objects("debug", 12870) + objects("release", 12515);
	expect(sdkSizes(said)).toEqual({
		byteCode: "163,649 bytes",
		preloaded: "2,147 instances, 2,103 keys",
		objects: "12,870 bytes of code and constants, 172 of data, 20 zeroed / 12,515 bytes of code and constants, 172 of data, 20 zeroed",
	});
	expect(sdkSizes(built + objects("debug", 1)).objects).toBeUndefined();
	expect(sdkSizes("MODDABLE is not set: skipped\n")).toEqual({ byteCode: undefined, preloaded: undefined, objects: undefined });
});
