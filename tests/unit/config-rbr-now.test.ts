import { describe, expect, test } from "@jest/globals";
import { fromRbrNow, isRbrNow, toRbrNow } from "config/rbr-now";
import { defaults, PASSWORD_MASK } from "config/schema";
import { ConfigStore } from "config/store";
import { FakeRecords } from "./config-fakes";

/** A `config.json` as RBR-Now writes it, with the given keys changed. */
function file(changes: object = {}): object {
	return {
		name: "Kitchen",
		master: false,
		myMaster: "",
		path: "",
		channel: 1,
		pins: { led: { pin: "", invert: false }, relay: { pin: "", invert: false }, dht22: { pin: "" } },
		...changes,
	};
}

function store(): ConfigStore {
	const made = new ConfigStore({ records: new FakeRecords() });
	made.load();
	return made;
}

/** The configuration after this file came, or the refusal. */
function after(patch: object) {
	const made = store();
	const result = made.update(patch);
	return result.ok ? made.configuration : result;
}

describe("a config.json of RBR-Now", () => {
	test("is known by its own keys, or by pins as texts", () => {
		for (const key of ["master", "myMaster", "hostssid", "hostpass"]) expect(isRbrNow({ [key]: 1 })).toBe(true);
		expect(isRbrNow({ pins: { led: { pin: "3" } } })).toBe(true);
		for (const ours of [
			{},
			defaults,
			{ name: "x", channel: "6" },
			{ pins: { led: { pin: 3 } } },
			{ pins: null },
			{ pins: { dht22: { pin: "" } } },
		])
			expect(isRbrNow(ours)).toBe(false);
		for (const nothing of [null, [], 7, "master"]) expect(isRbrNow(nothing)).toBe(false);
	});

	test("a device's file is taken with its keys in our names", () => {
		expect(
			after(
				file({
					myMaster: "24dcc3a1b2c1",
					channel: 6,
					pins: { led: { pin: "3", invert: false }, relay: { pin: "9", invert: true }, dht22: { pin: "" } },
				}),
			),
		).toMatchObject({
			name: "Kitchen",
			role: "device",
			hub: "24dcc3a1b2c1",
			channel: 6,
			pins: { led: { pin: 3, invert: false }, relay: { pin: 9, invert: true } },
		});
	});

	test("a master's file makes a hub with its router", () => {
		expect(after(file({ master: true, hostssid: "House", hostpass: "sesame123" }))).toMatchObject({
			role: "hub",
			router: { ssid: "House", password: "sesame123" },
		});
	});

	test("a channel may be a number or a text", () => {
		expect(after(file({ channel: "11" }))).toMatchObject({ channel: 11 });
		expect(after(file({ channel: 11 }))).toMatchObject({ channel: 11 });
	});

	test.each<[unknown]>([["x"], [""], ["0"], ["99"], ["6.5"], ["-1"], [0], [null], [true]])(
		"a bad channel is refused, not turned into 1: %p",
		(channel) => {
			expect(after(file({ channel }))).toMatchObject({ ok: false, path: "channel" });
		},
	);

	test("an empty pin is one that is not fitted", () => {
		const made = store();
		made.update({ pins: { led: { pin: 3 }, relay: { pin: 9 } } });
		made.update(file());
		expect(made.configuration.pins).toEqual({ dht22: { pin: "" } });
	});

	test("what it names and we do not know is kept", () => {
		const made = store();
		made.update(file({ path: "24dcc3a1b2c0", ipaddr: "192.168.1.9", ssid: "RBR-Now-24dcc3a1b2c1" }));
		expect(made.unknownKeys).toEqual(["pins.dht22", "ipaddr", "path", "ssid"]);
	});

	test.each<[object, string]>([
		[{ hostpass: "short" }, "hostpass"],
		[{ hostssid: 5 }, "hostssid"],
		[{ myMaster: "nobody" }, "myMaster"],
		[{ master: "yes" }, "master"],
		[{ pins: { relay: { pin: "x" } } }, "pins.relay.pin"],
		[{ pins: { relay: { pin: "99" } } }, "pins.relay.pin"],
		[{ pins: 5 }, "pins"],
		[{ name: "x".repeat(33) }, "name"],
	])("is refused with the path that its writer knows: %p", (changes, path) => {
		expect(after(file(changes))).toMatchObject({ ok: false, path });
	});

	test("both names of one thing are refused rather than one of them ignored", () => {
		expect(after({ master: true, role: "device" })).toEqual({ ok: false, path: "master", expected: "not together with role" });
		expect(after({ hostssid: "a", router: { ssid: "b" } })).toEqual({ ok: false, path: "hostssid", expected: "not together with router" });
	});

	test("part of a file changes only what it names", () => {
		const made = store();
		made.update(file({ master: true, hostssid: "House", hostpass: "sesame123" }));
		made.update({ hostssid: "Barn" });
		expect(made.configuration.router).toEqual({ ssid: "Barn", password: "sesame123" });
	});

	test("__proto__ in it is refused", () => {
		expect(after(JSON.parse('{"master":true,"__proto__":{"polluted":1}}'))).toMatchObject({ ok: false, path: "__proto__" });
		expect(after(JSON.parse('{"master":true,"pins":{"__proto__":{"polluted":1}}}'))).toMatchObject({ ok: false, path: "pins.__proto__" });
	});

	test("translating changes nothing in the file itself", () => {
		const given = file({ hostpass: "sesame123" });
		const before = JSON.stringify(given);
		fromRbrNow({ ...given });
		expect(JSON.stringify(given)).toBe(before);
	});
});

describe("our configuration in RBR-Now's form", () => {
	test("has its keys, its order of defaults, and no password", () => {
		const made = store();
		made.update({ name: "Hub", role: "hub", router: { ssid: "House", password: "sesame123" }, pins: { relay: { pin: 9, invert: true } } });
		expect(toRbrNow(made.configuration)).toEqual({
			path: "",
			name: "Hub",
			master: true,
			myMaster: "",
			channel: 1,
			hostssid: "House",
			hostpass: PASSWORD_MASK,
			pins: { dht22: { pin: "" }, led: { pin: "", invert: false }, relay: { pin: "9", invert: true } },
		});
	});

	test("given back it changes nothing but the keys that RBR-Now adds", () => {
		const made = store();
		made.update(file({ master: true, hostssid: "House", hostpass: "sesame123", channel: "6", path: "x" }));
		expect(made.update(toRbrNow(made.configuration))).toEqual({ ok: true, changed: false });
	});
});
