import { expect, test } from "@jest/globals";
import { isMac, parseMac, sameBoard, stationMac } from "common/mac";

test("an access point's MAC names the station one below", () => {
	expect(stationMac("a0b1c2d30011")).toBe("a0b1c2d30010");
	expect(stationMac("a0b1c2d3000d")).toBe("a0b1c2d3000c");
});

test("a station's MAC is its own", () => {
	expect(stationMac("a0b1c2d3001e")).toBe("a0b1c2d3001e");
});

test("station and access point are one board, neighbours are not", () => {
	expect(sameBoard("a0b1c2d30010", "a0b1c2d30011")).toBe(true);
	expect(sameBoard("a0b1c2d30010", "a0b1c2d30014")).toBe(false);
	expect(sameBoard("a0b1c2d30010", "")).toBe(false);
});

test.each(["", "a0b1c2d3001", "A0B1C2D30010", "a0:b1:c2:d3:00:10", "ffffffffffff", "01005e000001", "g0b1c2d30010"])(
	"%j is no board's MAC",
	(mac) => {
		expect(isMac(mac)).toBe(false);
	},
);

test.each(["24dcc3a1b2c0", "24DCC3A1B2C0", "24:DC:C3:A1:B2:C0", "24-dc-c3-a1-b2-c0", "24dc.c3a1.b2c0", "  24:dc:c3:a1:b2:c0 "])(
	"%j is brought into our form",
	(text) => {
		expect(parseMac(text)).toBe("24dcc3a1b2c0");
	},
);

test.each([
	"",
	"24:dcc3a1b2c0",
	"24:dc-c3:a1-b2:c0",
	"24dcc3a1b2c",
	"x4dcc3a1b2c0",
	"ffffffffffff",
	"01005e000001",
	"000000000000",
	"24 dc c3 a1 b2 c0",
])("%j is written by nobody as the MAC of one board", (text) => {
	expect(parseMac(text)).toBeUndefined();
});
