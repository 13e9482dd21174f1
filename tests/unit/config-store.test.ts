import { describe, expect, test } from "@jest/globals";
import { defaults, PASSWORD_MASK } from "config/schema";
import { ConfigStore } from "config/store";
import { TwoCopies } from "config/two-copies";
import { FakeRecords } from "./config-fakes";

function started(records = new FakeRecords()): { records: FakeRecords; store: ConfigStore; lines: string[] } {
	const lines: string[] = [];
	const store = new ConfigStore({ records, trace: (line) => lines.push(line) });
	store.load();
	return { records, store, lines };
}

/** The same board after a restart. */
const again = (records: FakeRecords) => started(records.restarted());

const hub = { name: "Hub", role: "hub", router: { ssid: "House", password: "sesame123" }, setupAP: { password: "a secret" } };

describe("loading", () => {
	test("a new board has the defaults and was never configured", () => {
		const { store, lines } = started();
		expect(store.configuration).toEqual(defaults);
		expect(store.configured).toBe(false);
		expect(lines).toEqual([]);
	});

	test("what was told is there after a restart", () => {
		const { records, store } = started();
		expect(store.update(hub)).toEqual({ ok: true, changed: true });
		const next = again(records);
		expect(next.store.configuration).toEqual(store.configuration);
		expect(next.store.configured).toBe(true);
		expect(next.store.snapshot()).toMatchObject({ source: "newest", damaged: [], sequence: 1, writes: 0, lastError: "" });
	});

	test("a damaged copy falls back to the previous one, and says so", () => {
		const { records, store } = started();
		store.update({ name: "first" });
		store.update({ name: "second" });
		records.texts.set("b", "garbage");
		const next = again(records);
		expect(next.store.configuration.name).toBe("first");
		expect(next.store.configured).toBe(true);
		expect(next.store.snapshot()).toMatchObject({ source: "previous", damaged: ["b"] });
		expect(next.lines).toEqual(["configuration b damaged, using the other copy"]);
	});

	test("two damaged copies fall back to the defaults, and the board can be configured again", () => {
		const { records, store } = started();
		store.update({ name: "first" });
		store.update({ name: "second" });
		records.texts.set("a", "garbage");
		records.texts.set("b", "garbage");
		const next = again(records);
		expect(next.store.configuration).toEqual(defaults);
		expect(next.store.configured).toBe(false);
		expect(next.store.snapshot()).toMatchObject({ source: "defaults", damaged: ["a", "b"] });
		expect(next.store.update({ name: "third" })).toEqual({ ok: true, changed: true });
		expect(again(next.records).store.configuration.name).toBe("third");
	});

	test("a flash that cannot be read does not keep the board from starting", () => {
		const { records, store } = started();
		store.update({ name: "first" });
		records.cutBefore = 0;
		const next = started(records);
		expect(next.store.configuration).toEqual(defaults);
		expect(next.lines).toHaveLength(1);
	});

	test("a whole copy that breaks a rule falls back like a damaged one", () => {
		const { records, store } = started();
		store.update(hub);
		const copies = new TwoCopies({ records, keys: ["a", "b"] });
		copies.load(() => true);
		copies.save('{"channel":99}');
		const next = again(records);
		expect(next.store.configuration.name).toBe("Hub");
		expect(next.store.snapshot()).toMatchObject({ source: "previous", damaged: ["b"] });
		expect(next.store.update({ name: "Next" })).toEqual({ ok: true, changed: true });
		expect(again(next.records).store.snapshot()).toMatchObject({ source: "newest", damaged: [] });
	});

	test("loading writes nothing", () => {
		const { records, store } = started();
		store.update(hub);
		const writes = records.writes;
		started(records);
		expect(records.writes).toBe(writes);
	});

	test("unknown keys are stored, given back and reported", () => {
		const { records, store } = started();
		store.update({ path: "abc", pins: { dht22: { pin: "5" } } });
		const next = again(records);
		expect(next.store.unknownKeys).toEqual(["pins.dht22", "path"]);
		expect(next.store.redacted()).toMatchObject({ path: PASSWORD_MASK, pins: { dht22: PASSWORD_MASK } });
		expect(next.store.configuration).toMatchObject({ path: "abc", pins: { dht22: { pin: "5" } } });
		expect(next.store.snapshot().unknownKeys).toBe(2);
	});
});

describe("the board's own address as its hub", () => {
	const MAC = "24dcc3a1b2c0";
	const own = (records = new FakeRecords()) => {
		const store = new ConfigStore({ records, mac: MAC });
		store.load();
		return { records, store };
	};

	test.each(["24dcc3a1b2c0", "24dcc3a1b2c1", "24:DC:C3:A1:B2:C0"])("%s is refused, in our form and in RBR-Now's", (mac) => {
		const { records, store } = own();
		const expected = "another board's MAC: this one is the board's own";
		expect(store.update({ hub: mac })).toEqual({ ok: false, path: "hub", expected });
		expect(store.update({ role: "hub", hub: mac })).toEqual({ ok: false, path: "hub", expected });
		expect(store.update({ myMaster: mac })).toEqual({ ok: false, path: "myMaster", expected });
		expect(store.updateText(`{"hub":"${mac}"}`)).toEqual({ ok: false, path: "hub", expected });
		expect(records.writes).toBe(0);
		expect(store.update({ hub: "24dcc3a1b2c4" })).toEqual({ ok: true, changed: true });
	});

	test("kept by older firmware it counts as none, and the rest stays", () => {
		const { records, store } = started();
		store.update({ hub: "24dcc3a1b2c1", name: "Kitchen" });
		const next = own(records);
		expect(next.store.configuration).toMatchObject({ hub: "", name: "Kitchen" });
		expect(next.store.update({ name: "Bath" })).toEqual({ ok: true, changed: true });
	});
});

describe("pins", () => {
	const withChip = () => {
		const records = new FakeRecords();
		const pinTrouble = (pin: number, drives: boolean) =>
			pin === 12 ? "hangs on the flash" : pin === 34 && drives ? "is for input only" : "";
		const store = new ConfigStore({ records, pinTrouble });
		store.load();
		return { records, store };
	};

	test("that the chip cannot use are refused with the reason", () => {
		const { store, records } = withChip();
		const refused = (path: string, words: string) => ({ ok: false, path, expected: `another pin: GPIO ${words}` });
		expect(store.update({ pins: { relay: { pin: 12 } } })).toEqual(refused("pins.relay.pin", "12 hangs on the flash"));
		expect(store.update({ pins: { led: { pin: "12" }, relay: { pin: "" } }, master: false })).toEqual(
			refused("pins.led.pin", "12 hangs on the flash"),
		);
		expect(store.update({ pins: { led: { pin: 34 } } })).toEqual(refused("pins.led.pin", "34 is for input only"));
		expect(store.update({ pins: { button: 12 } })).toEqual(refused("pins.button", "12 hangs on the flash"));
		expect(records.writes).toBe(0);
		expect(store.update({ pins: { button: 34 } })).toEqual({ ok: true, changed: true });
	});

	test("that were set before this firmware knew better do not stand in the way of other changes", () => {
		const { records, store } = started();
		store.update({ pins: { relay: { pin: 12 } } });
		const later = new ConfigStore({ records, pinTrouble: () => "hangs on the flash" });
		later.load();
		expect(later.configuration.pins.relay?.pin).toBe(12);
		expect(later.update({ name: "Bath" })).toEqual({ ok: true, changed: true });
	});
});

describe("the house password", () => {
	test.each([
		["", true],
		["1234567", false],
		["12345678", true],
		["ä".repeat(31), true],
		["x".repeat(63), true],
		["x".repeat(64), false],
		["f".repeat(64), false],
		["12345678\n", false],
		[12345678, false],
		[null, false],
	])("%j is taken: %s", (password, taken) => {
		const { store } = started();
		store.update({ house: { password: "another one" } });
		expect(store.update({ house: { password } }).ok).toBe(taken);
		expect(store.configuration.house.password).toBe(taken ? password : "another one");
	});

	test("is never shown, and stays as it is when its mask is sent back", () => {
		const { store } = started();
		expect(store.redacted()).toMatchObject({ house: { password: "" } });
		store.update({ house: { password: "sesame123" } });
		expect(JSON.stringify(store.redacted())).not.toContain("sesame123");
		expect(store.update(store.redacted())).toEqual({ ok: true, changed: false });
		expect(store.configuration.house.password).toBe("sesame123");
	});
});

test("a router's password may be the key itself: 64 hex digits", () => {
	const { store } = started();
	for (const key of ["0123456789abcdefABCDEF0123456789".repeat(2), "a".repeat(64)])
		expect(store.update({ router: { password: key } })).toEqual({ ok: true, changed: true });
	for (const wrong of ["g".repeat(64), "a".repeat(65), `${"a".repeat(63)} `])
		expect(store.update({ router: { password: wrong } }).ok).toBe(false);
	expect(store.update({ setupAP: { password: "a".repeat(64) } }).ok).toBe(false);
});

test("what the channel may be is told for the country, the one that comes with it included", () => {
	const { store } = started();
	expect(store.update({ channel: 99 })).toMatchObject({ path: "channel", expected: "a number from 1 to 11 in country 01" });
	expect(store.update({ channel: 12, country: "US" })).toMatchObject({ expected: "a number from 1 to 11 in country US" });
	expect(store.update({ channel: 14, country: "GB" })).toMatchObject({ expected: "a number from 1 to 13 in country GB" });
	expect(store.update({ channel: "x", country: "XX" })).toMatchObject({ ok: false });
	expect(store.update({ channel: 13, country: "GB" })).toMatchObject({ ok: true });
});

describe("flash", () => {
	test("is written once for one change, not at all for the same again", () => {
		const { records, store } = started();
		expect(store.update(hub)).toEqual({ ok: true, changed: true });
		expect(records.writes).toBe(1);
		expect(store.update(hub)).toEqual({ ok: true, changed: false });
		expect(store.update({ name: "Hub" })).toEqual({ ok: true, changed: false });
		expect(store.update(store.redacted())).toEqual({ ok: true, changed: false });
		expect(store.update({ hub: "", channel: 1 })).toEqual({ ok: true, changed: false });
		expect(records.writes).toBe(1);
		expect(again(records).store.update(hub)).toEqual({ ok: true, changed: false });
	});

	test("a change is told once it is kept, a repeated or refused one is not", () => {
		const heard: string[] = [];
		const records = new FakeRecords();
		const store = new ConfigStore({ records, onChange: (before, after) => heard.push(`${before.channel}>${after.channel}`) });
		store.load();
		store.update({ channel: 6 });
		store.update({ channel: 6 });
		store.update({ channel: "six" });
		expect(heard).toEqual(["1>6"]);
	});

	test("the same MAC written otherwise is no change", () => {
		const { records, store } = started();
		store.update({ hub: "24dcc3a1b2c0" });
		expect(store.update({ hub: "24:DC:C3:A1:B2:C0" })).toEqual({ ok: true, changed: false });
		expect(records.writes).toBe(1);
	});

	test("is not touched by a refused configuration, of which nothing is taken", () => {
		const { records, store } = started();
		store.update(hub);
		expect(store.update({ name: "Other", channel: 99 })).toEqual({
			ok: false,
			path: "channel",
			expected: "a number from 1 to 11 in country 01",
		});
		expect(store.configuration.name).toBe("Hub");
		expect(records.writes).toBe(1);
	});

	test("a power cut before any step of any write leaves the old or the new configuration, and the board starts", () => {
		for (let history = 0; history < 4; history++) {
			for (let step = 0; step < 2; step++) {
				const before = started();
				for (let count = 0; count < history; count++) before.store.update({ name: `name ${count}` });
				const { records, store } = again(before.records);
				records.cutBefore = step;
				expect(store.update({ name: "new" }).ok).toBe(false);
				const after = again(records);
				expect(after.store.configuration).toEqual(before.store.configuration);
				expect(after.store.configured).toBe(history > 0);
				expect(after.lines).toEqual([]);
				expect(after.store.update({ name: "new" })).toEqual({ ok: true, changed: true });
				expect(again(after.records).store.configuration.name).toBe("new");
			}
		}
	});

	test("a write that fails changes nothing and is told", () => {
		const { records, store, lines } = started();
		store.update(hub);
		records.cutBefore = records.steps;
		expect(store.update({ name: "Other" })).toEqual({ ok: false, path: "", expected: "flash that can be written" });
		expect(store.configuration.name).toBe("Hub");
		expect(lines).toHaveLength(1);
		expect(store.snapshot().lastError).toMatch(/not saved/);
	});

	test("a factory reset forgets everything, over a restart too", () => {
		const { records, store } = started();
		store.update(hub);
		store.update({ name: "Other" });
		store.factory();
		expect(store.configuration).toEqual(defaults);
		expect(store.configured).toBe(false);
		expect(records.texts.size).toBe(0);
		expect(again(records).store.configured).toBe(false);
	});

	test("a power cut in a factory reset leaves the old configuration or none", () => {
		for (let step = 0; step < 3; step++) {
			const before = started();
			before.store.update({ name: "older" });
			before.store.update(hub);
			const { records, store } = again(before.records);
			records.cutBefore = step;
			store.factory();
			expect(["Hub", "(none)"]).toContain(again(records).store.configuration.name);
		}
	});
});

describe("JSON from anybody", () => {
	test("over 2,000 bytes is refused before it is parsed", () => {
		const { records, store } = started();
		const refusal = { ok: false, path: "", expected: "at most 2000 bytes of JSON" };
		expect(store.updateText("[".repeat(4096))).toEqual(refusal);
		expect(store.updateText(JSON.stringify({ x: "\u00fc".repeat(1000) }))).toEqual(refusal);
		// The result would be small: it is what was sent that is too long.
		expect(store.updateText(`{"name":"${"\u00fc".repeat(1000)}","name":"x"}`)).toEqual(refusal);
		expect(records.writes).toBe(0);
	});

	test("deeper than 8 is refused before it is parsed", () => {
		const { store } = started();
		const refusal = { ok: false, path: "", expected: "at most 8 levels of JSON" };
		expect(store.updateText("[".repeat(2000))).toEqual(refusal);
		expect(store.updateText(`${'{"n":'.repeat(9)}1${"}".repeat(9)}`)).toEqual(refusal);
		expect(store.updateText(`${'{"n":'.repeat(8)}1${"}".repeat(8)}`)).toEqual({ ok: true, changed: true });
	});

	test("what is no JSON, or no object, is refused", () => {
		const { store } = started();
		for (const json of ["", "{", "{'a':1}", "nonsense", '{"name":"x"}}'])
			expect(store.updateText(json)).toEqual({ ok: false, path: "", expected: "JSON" });
		for (const json of ["[]", "null", "7", '"x"']) expect(store.updateText(json)).toEqual({ ok: false, path: "", expected: "an object" });
	});

	test("pieces that are small by themselves cannot grow the record over 2,000 bytes", () => {
		const { store } = started();
		for (let count = 0; count < 4; count++) {
			const result = store.updateText(JSON.stringify({ [`key${count}`]: "x".repeat(500) }));
			expect(result.ok).toBe(count < 3);
		}
		expect(JSON.stringify(store.configuration).length).toBeLessThanOrEqual(2000);
	});

	test("a longest record comes back after a restart", () => {
		const { records, store } = started();
		const room = 2000 - JSON.stringify(defaults).length - ',"x":""'.length;
		expect(store.update({ x: "y".repeat(room + 1) }).ok).toBe(false);
		expect(store.update({ x: "y".repeat(room) })).toEqual({ ok: true, changed: true });
		expect(again(records).store.configuration).toEqual(store.configuration);
	});
});

describe("passwords", () => {
	test("are never in what is shown, traced or in the snapshot", () => {
		const { records, store, lines } = started();
		store.update(hub);
		records.cutBefore = records.steps;
		store.update({ router: { password: "another one" } });
		const shown = JSON.stringify([store.redacted(), store.snapshot(), lines]);
		expect(shown).not.toMatch(/sesame123|a secret|another one/);
		expect(shown).toContain(PASSWORD_MASK);
	});

	test("a refused password is not told in the refusal", () => {
		const { store } = started();
		expect(JSON.stringify(store.update({ router: { password: "hunter2" } }))).not.toMatch(/hunter2/);
	});
});
