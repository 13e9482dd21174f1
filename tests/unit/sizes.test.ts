import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { sdkSizes, withSizes } from "../../sim/sizes/block";

const README = readFileSync("README.md", "utf8");
const line = (document: string, what: string) => document.split("\n").find((each) => each.startsWith(`| ${what} |`));

describe("sizes in a document", () => {
	test("are written into its block; what could not be measured stays as it was", () => {
		const once = withSizes(README, [
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
		expect(withSizes(twice, []).length).toBeLessThan(README.length);
		expect(twice.split("<!--")[0]).toBe(README.split("<!--")[0]);
	});

	test("a document without the block, or with two, is left alone", () => {
		expect(() => withSizes("# Sizes\n", [])).toThrow("There is not one block");
		expect(() => withSizes(README + README, [])).toThrow("There is not one block");
	});

	test("the README's are all measured", () => {
		expect(README).not.toContain("not measured yet");
	});
});

test("sizes are found in what sdk-check prints, and missed where it was stopped or skipped a part", () => {
	const chips = ["esp32/esp32c3", "esp32/esp32c6", "esp32/esp32s3", "esp32"].map(
		(target, i) =>
			`ok  ${target}, debug: byte code and C\n    ${i < 3 ? 1969 : 1900} instances, 21 transparents, ${i < 3 ? 1946 : 1884} keys\n    byte code of our modules: 163649 bytes\n`,
	);
	const objects = (kind: string, size: number) =>
		`ok  esp32/esp32c3, ${kind}: our C by riscv32-esp-elf-gcc: 3 objects, ${size} bytes of code and constants, 172 of data, 20 zeroed\n`;
	const said = [...chips, objects("debug", 12870), objects("release", 12515)].join("");
	expect(sdkSizes(said)).toEqual({
		byteCode: "163,649 bytes",
		preloaded: "1,969 instances, 1,946 keys / 1,900 instances, 1,884 keys",
		objects: "12,870 bytes of code and constants, 172 of data, 20 zeroed / 12,515 bytes of code and constants, 172 of data, 20 zeroed",
	});
	expect(sdkSizes(chips.slice(0, 2).join("") + objects("debug", 1))).toEqual({
		byteCode: "163,649 bytes",
		preloaded: undefined,
		objects: undefined,
	});
});
