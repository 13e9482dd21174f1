import { describe, expect, test } from "@jest/globals";
import { DeviceReports } from "channels/device-reports";
import { A, B, C } from "./espnow-fakes";

test("of boards that say they are orphans the last eight are kept, each once", () => {
	const reports = new DeviceReports();
	for (let i = 0; i < 20; i++) expect(reports.orphan(`02beef0000${(0x10 + 4 * i).toString(16)}`, A)).toBe(true);
	reports.orphan("02beef00005a", B);
	expect(reports.orphans).toHaveLength(8);
	expect(reports.orphans.at(-1)).toEqual({ mac: "02beef00005a", hub: B });
	expect([reports.orphan("", A), reports.orphan(A, "x"), reports.orphans.length]).toEqual([false, false, 8]);
});

describe("of devices that state their country", () => {
	const told = (mac: string) => `the device ${mac} has country US, this hub DE: set the same country on both`;

	test("the first one with another country than this hub's is told of until it states this one's", () => {
		const reports = new DeviceReports();
		reports.country(A, "US", "DE");
		reports.country(B, "US", "DE");
		reports.country(C, "DE", "DE");
		expect(reports.countryTrouble("DE")).toBe(told(A));
		expect(reports.countryTrouble("US")).toBe("");
		reports.country(A, "DE", "DE");
		expect(reports.countryTrouble("DE")).toBe(told(B));
		reports.country(B, "DE", "DE");
		expect(reports.countryTrouble("DE")).toBe("");
	});

	test("the last eight are kept, each once", () => {
		const reports = new DeviceReports();
		const macs = Array.from({ length: 20 }, (_, i) => `02beef0000${(0x10 + 4 * i).toString(16)}`);
		for (const mac of [...macs, ...macs]) reports.country(mac, "US", "DE");
		for (const mac of macs.slice(0, 12)) reports.country(mac, "DE", "DE");
		for (const mac of macs.slice(12)) {
			expect(reports.countryTrouble("DE")).toBe(told(mac));
			reports.country(mac, "DE", "DE");
		}
		expect(reports.countryTrouble("DE")).toBe("");
	});

	test.each(["", "D", "de", "DEU", "D-", "<b", "D\n"])("`%s` is no country", (country) => {
		const reports = new DeviceReports();
		expect([reports.country(A, country, "DE"), reports.countryTrouble("DE")]).toEqual([false, ""]);
	});
});
