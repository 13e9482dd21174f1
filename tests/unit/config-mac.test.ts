import { describe, expect, test } from "@jest/globals";
import { allowedChannels, isCountry, lastChannel } from "config/countries";
import { isMac, parseMac, sameBoard, stationMac } from "config/mac";

describe("MAC addresses", () => {
	test("a MAC is 12 lower-case hex digits and nothing else", () => {
		expect(isMac("24dcc3a1b2c0")).toBe(true);
		for (const text of ["24DCC3A1B2C0", "24dcc3a1b2c", "24dcc3a1b2c00", "24dcc3a1b2cg", "", 12, undefined]) expect(isMac(text)).toBe(false);
	});

	test("what people write is brought into our form", () => {
		expect(parseMac("24:DC:C3:A1:B2:C0")).toBe("24dcc3a1b2c0");
		expect(parseMac("24DCC3A1B2C0")).toBe("24dcc3a1b2c0");
		for (const text of ["", "24:dcc3a1b2c0", "24dcc3a1b2c", "x4dcc3a1b2c0"]) expect(parseMac(text)).toBeUndefined();
	});

	test("broadcast, group addresses and zeros are no board's", () => {
		for (const text of ["ffffffffffff", "01005e000001", "000000000000"]) expect(parseMac(text)).toBeUndefined();
	});

	test("an access point's MAC and its station's name one board", () => {
		expect(stationMac("24dcc3a1b2c1")).toBe("24dcc3a1b2c0");
		expect(stationMac("24dcc3a1b2cd")).toBe("24dcc3a1b2cc");
		expect(stationMac("24dcc3a1b2cc")).toBe("24dcc3a1b2cc");
		expect(sameBoard("24dcc3a1b2c0", "24dcc3a1b2c1")).toBe(true);
		expect(sameBoard("24dcc3a1b2c0", "24dcc3a1b2c4")).toBe(false);
	});
});

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
