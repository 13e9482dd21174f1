import { describe, expect, test } from "@jest/globals";
import { StateStore } from "config/state";
import { ConfigStore } from "config/store";
import { TwoCopies } from "config/two-copies";
import { FakeRecords } from "./config-fakes";
import { FakeTimers } from "./fake-timers";

const HUB = "24dcc3a1b2c0";

function started(records = new FakeRecords()) {
	const lines: string[] = [];
	const timers = new FakeTimers();
	const clock = { ms: 0, now: () => clock.ms };
	const state = new StateStore({ records, clock, timers, trace: (line) => lines.push(line) });
	state.load();
	const pass = (ms: number) => {
		clock.ms += ms;
		timers.advance(ms);
	};
	return { records, state, lines, pass, timers };
}

describe("state", () => {
	test("a new board knows neither hub nor channel", () => {
		const { state } = started();
		expect(state.snapshot()).toEqual({ hub: "", channel: 0, channels: [], writes: 0, lastError: "" });
	});

	test("hub and channels are there after a restart", () => {
		const { records, state } = started();
		state.setHub(HUB);
		state.confirmChannel(6, 1);
		state.confirmChannel(11, 1);
		const next = started(records.restarted()).state;
		expect([next.hub, next.channel, next.channels]).toEqual([HUB, 11, [11, 6]]);
	});

	test("a channel that people set outweighs what was learned under the old one", () => {
		const { records, state } = started();
		state.confirmChannel(6, 1);
		expect(state.channelUnder(1)).toBe(6);
		expect(state.channelUnder(11)).toBe(0);
		state.confirmChannel(6, 11);
		expect(started(records.restarted()).state.channelUnder(11)).toBe(6);
	});

	test("the last four channels are remembered, each once, newest first", () => {
		const { state } = started();
		for (const channel of [1, 6, 11, 6, 3, 13]) state.confirmChannel(channel, 1);
		expect(state.channels).toEqual([13, 3, 6, 11]);
	});

	test("flash is written only when something changed", () => {
		const { records, state } = started();
		state.setHub(HUB);
		state.confirmChannel(6, 1);
		expect(records.writes).toBe(2);
		state.setHub(HUB);
		state.confirmChannel(6, 1);
		expect(records.writes).toBe(2);
		const next = started(records.restarted());
		next.state.confirmChannel(6, 1);
		next.state.setHub(HUB);
		expect(next.records.writes).toBe(0);
	});

	test("channels that change all the time are written a few times a minute, and the newest one in the end", () => {
		const { records, state, pass } = started();
		for (let second = 0; second < 600; second++) {
			state.confirmChannel((second % 11) + 1, 1);
			pass(1_000);
		}
		expect(records.writes).toBeGreaterThan(3);
		expect(records.writes).toBeLessThanOrEqual(3 + 10);
		expect(state.channel).toBe(6);
		pass(60_000);
		expect(started(records.restarted()).state.channel).toBe(6);
	});

	test("a hub that is adopted meanwhile takes the newest channel with it, and the factory configuration leaves nothing for later", () => {
		const adopted = started();
		for (const channel of [1, 2, 3, 4]) adopted.state.confirmChannel(channel, 1);
		adopted.state.setHub(HUB);
		const next = started(adopted.records.restarted()).state;
		expect([next.hub, next.channel, adopted.timers.pending]).toEqual([HUB, 4, 0]);
		const { state, records, pass } = started();
		for (const channel of [1, 2, 3, 4]) state.confirmChannel(channel, 1);
		state.factory();
		pass(120_000);
		expect([...records.texts.keys()]).toEqual([]);
	});

	test("a forgotten hub leaves the channels as hints", () => {
		const { records, state } = started();
		state.forgetHub();
		expect(records.writes).toBe(0);
		state.setHub(HUB);
		state.confirmChannel(6, 1);
		state.forgetHub();
		const next = started(records.restarted()).state;
		expect([next.hub, next.channels]).toEqual(["", [6]]);
	});

	test("the state never touches the configuration, nor the other way round", () => {
		const records = new FakeRecords();
		const store = new ConfigStore({ records });
		store.load();
		store.update({ name: "Kitchen" });
		const before = records.texts.get("a");
		const { state } = started(records);
		state.setHub(HUB);
		state.confirmChannel(6, 1);
		state.confirmChannel(1, 1);
		expect(records.texts.get("a")).toBe(before);
		state.factory();
		expect([...records.texts.keys()]).toEqual(["a"]);
		expect(state.snapshot()).toMatchObject({ hub: "", channel: 0 });
	});

	test("a power cut at any step leaves the old or the new state", () => {
		for (let step = 0; step < 2; step++) {
			const before = started();
			before.state.setHub(HUB);
			before.state.confirmChannel(6, 1);
			const { records, state } = started(before.records.restarted());
			records.cutBefore = step;
			state.confirmChannel(11, 1);
			const next = started(records.restarted()).state;
			expect([next.hub, next.channel]).toEqual([HUB, 6]);
		}
	});

	test("a flash that takes nothing does not keep the board from knowing", () => {
		const { records, state, lines } = started();
		records.cutBefore = 0;
		state.confirmChannel(11, 1);
		expect(state.channel).toBe(11);
		expect(lines).toHaveLength(1);
	});

	test("damaged or senseless records are forgotten", () => {
		for (const text of [
			"x",
			"[]",
			"{}",
			'{"hub":"zz","channels":[]}',
			'{"hub":"","channels":[0]}',
			'{"hub":"","channels":[1,2,3,4,5]}',
			'{"hub":"","channels":6}',
		]) {
			const records = new FakeRecords();
			const copies = new TwoCopies({ records, keys: ["state-a", "state-b"] });
			copies.save(text);
			const next = started(records.restarted());
			expect(next.state.hub).toBe("");
			expect(next.lines).toHaveLength(1);
		}
	});

	test("nonsense cannot be remembered", () => {
		const { records, state } = started();
		expect(() => state.setHub("nobody")).toThrow(RangeError);
		expect(() => state.confirmChannel(0, 1)).toThrow(RangeError);
		expect(() => state.confirmChannel(15, 1)).toThrow(RangeError);
		expect(records.writes).toBe(0);
	});
});
