import { describe, expect, test } from "@jest/globals";
import type { World } from "../../sim/world/world";
import { ask, HUB, macOf, network, snapshot } from "./network";
import { appWithCommands } from "./test-app";
import { accounted, call, finish, framesOf, inject, STRANGER, textsOf } from "./traffic";

const STATE = /^OK (ON|OFF) \d+\+ -\d+$/;

/** `!<mac>,` for each board on the way, then the message. */
function path(made: World, names: readonly string[], message: string): string {
	return names.map((name) => `!${macOf(made, name)},`).join("") + message;
}

/** Hub - A - B - C: each hears only its neighbours. */
function row(): World {
	const made = network(["A", "B", "C"]);
	for (const [a, b] of [
		["Hub", "B"],
		["Hub", "C"],
		["A", "C"],
	] as const)
		made.link(a, b, null);
	return made;
}

describe("relaying", () => {
	test("a board out of the hub's range is reached through one in between", () => {
		const made = row();
		expect(ask(made, "B", "uptime")).toBe("Fail (no result)");
		expect(ask(made, "A", path(made, ["B"], "on"))).toMatch(/^OK ON \d+\+ -\d+$/);
		expect(made.status().boards.map(({ relay }) => relay)).toEqual([null, "OFF", "ON", "OFF"]);
	});

	test("a board is reached over two boards in between", () => {
		const made = row();
		expect(ask(made, "A", path(made, ["B", "C"], "on"))).toMatch(/^OK ON \d+\+ -\d+$/);
		expect(made.status().boards.map(({ relay }) => relay)).toEqual([null, "OFF", "OFF", "ON"]);
	});

	test("a relayed reply goes back as it came: no second rssi", () => {
		const made = row();
		const since = made.log.next;
		const reply = ask(made, "A", path(made, ["B", "C"], "uptime"));
		expect(textsOf(made, "C", since)).toEqual([reply]);
		expect(textsOf(made, "B", since, "A")).toEqual([reply]);
		expect(textsOf(made, "A", since, "Hub")).toEqual([reply]);
		expect(reply).toMatch(STATE);
	});

	test("a relayed ping is answered with the far board's pong", () => {
		const made = row();
		expect(ask(made, "A", path(made, ["B"], "ping"))).toBe("pong");
	});

	test.each([
		["a setting", "channel=3"],
		["a new hub", `environ-11-${STRANGER}`],
		["a restart", "reset"],
		["a piece of a configuration", "part:0,text:7b7d"],
		["what no command here knows", "delete:config.json"],
	])("nobody on the radio gets a change forwarded, by the hub or by a relay device: %s", (_, change) => {
		const made = network(["A", "B"]);
		const before = made.board("B").flashWrites;
		for (const [forwarder, from] of [
			["Hub", STRANGER],
			["Hub", "A"],
			["A", "Hub"],
			["A", STRANGER],
		] as const) {
			const since = made.log.next;
			for (const text of [path(made, ["B"], change), path(made, ["B", "0a0000000000"], change)]) {
				inject(made, { to: forwarder, from, payload: text });
				expect(textsOf(made, forwarder, since)).toContain("Fail (not allowed: a change is not relayed)");
			}
			expect(framesOf(made, forwarder, since, "B")).toEqual([]);
		}
		expect(made.board("B").flashWrites).toBe(before);
		expect(made.board("B").bootCount).toBe(1);
	});

	test("a MAC on the way may be written as people do: what goes out has its 12 digits", () => {
		const made = row();
		const digits = macOf(made, "B");
		const pairs = digits.match(/../g) ?? [];
		for (const written of [pairs.join("-"), pairs.join(":").toUpperCase(), (digits.match(/..../g) ?? []).join("."), ` ${digits} `]) {
			const since = made.log.next;
			expect(ask(made, "A", `!${written},uptime`)).toMatch(STATE);
			expect(textsOf(made, "Hub", since)).toEqual([`!${digits},uptime`]);
			inject(made, { to: "A", from: STRANGER, payload: `!${written},uptime` });
			expect(textsOf(made, "A", since, STRANGER)).toEqual([expect.stringMatching(STATE)]);
		}
	});

	test("a far board that is switched off is told as no result, at once", () => {
		const made = row();
		made.board("B").powerOff();
		const asked = call(made, "A", path(made, ["B"], "uptime"));
		finish(made, [asked]);
		expect(asked.body).toBe("Fail (no result)");
		expect(asked.ms).toBeLessThan(500);
	});

	test("the boards in between answer their own requests while a relayed one waits", () => {
		const made = row();
		made.fault("C", "mute");
		const waiting = call(made, "A", path(made, ["B", "C"], "uptime"));
		for (let i = 0; i < 10; i++) {
			made.advance(500);
			const since = made.log.next;
			inject(made, { to: "A", from: STRANGER, payload: "uptime" });
			inject(made, { to: "B", from: STRANGER, payload: "uptime" });
			for (const name of ["A", "B"]) expect(textsOf(made, name, since, STRANGER)).toEqual([expect.stringMatching(STATE)]);
		}
		expect(waiting.body).toBeUndefined();
	});

	test("a request for the board in between, asked while one is relayed, is answered too", () => {
		const made = row();
		const both = [call(made, "A", path(made, ["B"], "on")), call(made, "A", "uptime")];
		finish(made, both);
		expect(both.map(({ body }) => body)).toEqual([expect.stringMatching(/^OK ON /), expect.stringMatching(/^OK OFF /)]);
		for (const { ms } of both) expect(ms).toBeLessThan(50);
	});

	test("A to B and B to A relayed at once: both answers are right", () => {
		const made = network(["A", "B"]);
		ask(made, "B", "on");
		for (let i = 0; i < 5; i++) {
			const throughA = call(made, "A", path(made, ["B"], "uptime"));
			const throughB = call(made, "B", path(made, ["A"], "uptime"));
			finish(made, [throughA, throughB]);
			expect([throughA.body, throughB.body]).toEqual([expect.stringMatching(/^OK ON /), expect.stringMatching(/^OK OFF /)]);
		}
	});

	test.each([
		["a board to itself", "A", ["A"]],
		["back to the sender", "A", ["Hub"]],
		["a ring of two", "A", ["B", "A"]],
		["a ring of three", "A", ["B", "C", "A"]],
		["a board twice in a row", "A", ["B", "B"]],
		["a ring further on", "A", ["B", "C", "B"]],
		["the asked board itself", "Hub", ["Hub"]],
		["a ring through the asked board", "Hub", ["A", "Hub"]],
	] as const)("a ring of addresses is refused as a loop, with no frame: %s", (_, to, names) => {
		const made = network(["A", "B", "C"]);
		const since = made.log.next;
		expect(ask(made, to, path(made, names, "uptime"))).toBe("Fail (loop)");
		expect(made.log.since(since).filter(({ event }) => event === "frame")).toEqual([]);
	});

	test("an access point's MAC in the ring is its board's", () => {
		const made = network(["A", "B"]);
		const accessPoint = macOf(made, "A").slice(0, 11) + (Number.parseInt(macOf(made, "A").slice(11), 16) + 1).toString(16);
		const since = made.log.next;
		expect(ask(made, "A", `!${macOf(made, "B")},!${accessPoint},uptime`)).toBe("Fail (loop)");
		expect(framesOf(made, "Hub", since)).toEqual([]);
	});

	test("a ring that comes in by radio gets its refusal and goes no further", () => {
		const made = network(["A", "B"]);
		for (const ring of [path(made, ["A"], "x"), path(made, ["B", "A"], "x"), `!${STRANGER},x`, `!${macOf(made, "B")},!${STRANGER},x`]) {
			const since = made.log.next;
			inject(made, { to: "A", from: STRANGER, payload: ring });
			expect(textsOf(made, "A", since)).toEqual(["Fail (loop)"]);
			expect(framesOf(made, "B", since)).toEqual([]);
		}
	});

	test.each([
		["of the last relay 8.5 s", ["B"], 8_500],
		["one board before it 9 s", ["B", "C"], 9_000],
		["two boards before it 9.5 s", ["B", "C", "0a0000000000"], 9_500],
		["never more", ["B", "C", ...Array.from({ length: 8 }, (_, i) => `0a00000000${i}0`)], 9_500],
	] as const)("time on another's behalf: %s", (_, names, expected) => {
		const made = network(["A", "B", "C"]);
		made.fault("B", "mute");
		const asked = call(made, "A", path(made, names, "uptime"));
		finish(made, [asked]);
		expect(asked.body).toBe("Fail (no reply)");
		expect(asked.ms).toBeGreaterThanOrEqual(expected);
		expect(asked.ms).toBeLessThan(expected + 150);
	});

	test.each([
		["over one board", ["C"]],
		["over two", ["B", "C"]],
		["over three", ["B", "D", "C"]],
	] as const)(
		"%s the caller hears what the far board says at its last moment, or from the board next to it that it says nothing",
		(_, names) => {
			const made = network(["A", "B", "C", "D"], { app: appWithCommands({ think: "return new Promise(() => {});" }) });
			expect(ask(made, "A", path(made, names, "think"))).toMatch(/^Fail \(timeout\) -\d+$/);
			made.fault("C", "mute");
			const last = ["A", ...names].at(-2) ?? "A";
			const since = made.log.next;
			expect(ask(made, "A", path(made, names, "uptime"))).toBe("Fail (no reply)");
			expect(textsOf(made, last, since).at(-1)).toBe("Fail (no reply)");
			made.advance(5_000);
			// The verdict went from board to board, and nobody's came too late.
			for (const name of ["Hub", "A", "B", "D"]) expect(snapshot(made, name).counters.dropped).toEqual({});
		},
	);

	test("a far board's late word is not taken for the answer to the next request", () => {
		const made = row();
		made.fault("B", "mute", 1);
		// B hears nothing of it; its word comes when A has asked it something else.
		expect(ask(made, "A", path(made, ["B", "C"], "uptime"))).toBe("Fail (no reply)");
		const next = call(made, "A", path(made, ["B"], "on"));
		made.advance(1);
		made.sendFrame({ to: macOf(made, "A"), from: macOf(made, "B"), payload: Buffer.from("OK late -50") });
		finish(made, [next]);
		expect(next.body).toMatch(/^OK ON /);
		made.advance(10_000);
		const { counters } = snapshot(made, "A");
		// The right answer, the pong that told it from the late word, and those to its own questions to the hub.
		const own = framesOf(made, "Hub", 0, "A").filter(({ text }) => /^(pong|OK (6|hub))/.test(String(text))).length;
		expect(counters).toMatchObject({ relayed: 2, replies: 2 + own, framesIn: accounted(counters) });
	});

	test("a message with a comma or a ! inside reaches the far board as it is", () => {
		const made = row();
		expect(ask(made, "A", path(made, ["B"], "help a,!b"))).toMatch(/^Fail \(no command a,!b\) -\d+$/);
	});

	test("a relay request in upper case names the same board", () => {
		const made = row();
		expect(ask(made, "A", `!${macOf(made, "B").toUpperCase()},uptime`)).toMatch(STATE);
	});

	test("a device may ask the hub through another device", () => {
		const made = row();
		expect(ask(made, "A", `!${HUB},channel`, { board: "B", side: "ap" })).toMatch(/^OK 6 -\d+$/);
	});
});
