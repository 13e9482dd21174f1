import { describe, expect, test } from "@jest/globals";
import { allowedChannels, isCountry, lastChannel } from "config/countries";

describe("countries", () => {
	test("only the codes that the driver accepts are countries", () => {
		for (const code of ["01", "US", "GB", "DE", "JP", "SK"]) expect(isCountry(code)).toBe(true);
		for (const code of ["", "XX", "us", "U", "US ", " 0", "01 US", 1]) expect(isCountry(code)).toBe(false);
	});

	test("the world safe mode, the US and Canada end at channel 11, the others at 13", () => {
		expect(["01", "US", "CA", "GB", "JP", "MX"].map(lastChannel)).toEqual([11, 11, 11, 13, 13, 13]);
		expect(allowedChannels("01")).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
		expect(allowedChannels("GB")).toHaveLength(13);
	});
});
