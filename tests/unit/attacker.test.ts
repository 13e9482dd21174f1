import { expect, test } from "@jest/globals";
import { attackerRoutes } from "../../sim/world/attacker-api";
import type { Effect } from "../../sim/world/protocol";
import type { RealTime } from "../../sim/world/realtime";
import { type FakeBoard, fakeWorld, radioOn } from "./world-fakes";

/** Somebody on the air beside two boards, of which A sends what a test says. */
function house(...payloads: readonly string[]) {
	const a = "34b4720a1000";
	const b = "34b4720a1004";
	const outcomes: boolean[] = [];
	const { world, lives } = fakeWorld(
		(event, name) => {
			if (event.type === "tx-done") outcomes.push(event.acked);
			if (event.type === "wake") return { effects: payloads.map((text, id): Effect => ({ do: "tx", id, from: a, to: b, hex: hex(text) })) };
			if (event.type !== "boot") return {};
			return { effects: [radioOn], next: name === "A" ? event.t + 1_000_000 : null };
		},
		{ boards: [{ name: "A" }, { name: "B" }] },
	);
	world.boot();
	const heard = () => texts(lives.find((board) => macOf(board) === b));
	const call = (body: unknown, method = "POST") => {
		const time = { touch: <T>(action: () => T) => action() } as RealTime;
		const route = attackerRoutes(world, time).find((each) => each.method === method);
		return route?.run({ body, query: new URLSearchParams(), mac: "" });
	};
	return { world, attacker: world.attacker, heard, outcomes, call, a, b };
}

const hex = (text: string) => Buffer.from(text, "latin1").toString("hex");

function macOf(board: FakeBoard | undefined): string {
	return board?.of("boot")[0]?.mac ?? "";
}

function texts(board: FakeBoard | undefined): string[] {
	return board?.of("rx").map((event) => Buffer.from(event.hex, "hex").toString("latin1")) ?? [];
}

test("an idle attacker changes nothing, and who records hears every frame once, whatever becomes of it", () => {
	const { world, attacker, heard } = house("one", "two");
	attacker.record(true);
	world.link("A", "B", null);
	world.advance(2_000);
	expect(heard()).toEqual([]);
	expect(attacker.records.map(({ payload, channel }) => [payload.toString(), channel])).toEqual([
		["one", 6],
		["two", 6],
	]);
});

test("a dropped frame is lost for its sender; of the others the count says how many", () => {
	const { world, attacker, heard, outcomes } = house("one", "two", "three");
	attacker.add({ do: "drop", count: 2 });
	world.advance(2_000);
	expect(heard()).toEqual(["three"]);
	expect(outcomes).toEqual([false, false, true]);
	expect(attacker.rules).toEqual([]);
});

test("a held frame is acknowledged and does not arrive until it is let go, one each so many ms", () => {
	const { world, attacker, heard, outcomes } = house("one", "two", "three");
	attacker.add({ do: "hold" });
	world.advance(2_000);
	expect([heard(), outcomes, attacker.held.length]).toEqual([[], [true, true, true], 3]);
	attacker.release({ everyMs: 9_000, order: "last" });
	world.advance(5_000);
	expect(heard()).toEqual(["three"]);
	world.advance(20_000);
	expect(heard()).toEqual(["three", "two", "one"]);
});

test("a delayed frame comes so much later, behind those after it", () => {
	const { world, attacker, heard } = house("one", "two");
	attacker.add({ do: "delay", ms: 500, count: 1 });
	world.advance(2_000);
	expect(heard()).toEqual(["two", "one"]);
});

test("a flipped frame differs in one bit, and comes once", () => {
	const { world, attacker, heard } = house("AAAA");
	attacker.add({ do: "flip", bit: 9 });
	world.advance(2_000);
	expect(heard()).toEqual(["ACAA"]);
});

test("reordered frames all come, never in the order in which they were sent", () => {
	const sent = ["one", "two", "three"];
	const { world, attacker, heard } = house(...sent);
	attacker.add({ do: "reorder", frames: 3 });
	world.advance(2_000);
	expect([...heard()].sort()).toEqual([...sent].sort());
	expect(heard()).not.toEqual(sent);
});

test("only frames that fit are touched: by sender, receiver and kind", () => {
	const { world, attacker, heard, a, b } = house(
		"\xfe\x16\x01\0\0\0\x02\0\0\0\0\0\0\0secret--tag",
		"\xfe\x11\x01\0\0\0\x03\0\0\0\0\0\0\0tag",
		"plain",
	);
	attacker.add({ do: "drop", match: { from: b } });
	attacker.add({ do: "drop", match: { to: a } });
	attacker.add({ do: "drop", match: { from: a, kind: "request" } });
	attacker.add({ do: "drop", match: { kind: "plain" } });
	world.advance(2_000);
	expect(heard().map((text) => text.charCodeAt(1))).toEqual([0x11]);
});

test("anything may be sent again or made up, under any address", () => {
	const { world, attacker, heard, b } = house("one");
	attacker.record(true);
	world.advance(2_000);
	expect(attacker.replay({ frame: 1, times: 2, everyMs: 100 })).toBe(true);
	expect(attacker.replay({ frame: 2 })).toBe(false);
	attacker.forge({ from: "020000000001", to: b, payload: Buffer.from("made up") });
	world.advance(3_600_000);
	expect(heard()).toEqual(["one", "one", "made up", "one"]);
	// What it sent itself is no news.
	expect(attacker.records).toHaveLength(1);
});

test("after stop nothing is planned, held or known", () => {
	const { world, attacker, heard } = house("one", "two");
	attacker.record(true);
	attacker.add({ do: "hold", count: 1 });
	attacker.add({ do: "delay", ms: 60_000 });
	world.advance(2_000);
	attacker.stop();
	expect([attacker.records, attacker.held, attacker.rules]).toEqual([[], [], []]);
	expect(attacker.release()).toBe(0);
	world.advance(120_000);
	expect(heard()).toEqual([]);
});

test("over HTTP it does the same, by name or MAC, and says what is wrong", async () => {
	const { world, heard, call, a, b } = house("one");
	call({ do: "record", on: true });
	expect(call({ do: "hold", from: "A", kind: "plain" })).toEqual({ rule: 1 });
	world.advance(2_000);
	expect(call(undefined, "GET")).toEqual({
		recording: true,
		recorded: 1,
		held: 1,
		rules: [{ id: 1, deed: { do: "hold" }, match: { from: a, to: undefined, kind: "plain" }, left: null }],
		frames: [{ frame: 1, timeMs: expect.any(Number), from: a, to: b, channel: 6, kind: "plain", hex: hex("one") }],
	});
	expect(call({ do: "release" })).toEqual({ released: 1 });
	expect(call({ do: "replay", frame: 1 })).toEqual({ replayed: 1 });
	call({ do: "end", rule: 1 });
	const forged = call({ do: "forge", from: a, to: "B", hex: hex("forged") });
	world.advance(1_000);
	expect(await forged).toEqual({ outcome: "acked" });
	expect(heard()).toEqual(["one", "one", "forged"]);
	for (const [body, wrong] of [
		[{}, /^"do" must be one of record, replay, forge, drop, hold, delay, flip, reorder, release, end, stop, it is missing\.$/],
		[{ do: "burn" }, /^"do" must be one of .*, not "burn"\.$/],
		[{ do: "record" }, /^"on" must be true or false, it is missing\.$/],
		[{ do: "record", on: true, to: a }, /^There is no "to" here; there is "do", "on"\.$/],
		[{ do: "drop", kind: "nonsense" }, /^"kind" must be one of plain, sealed, ping, /],
		[{ do: "drop", from: "Nobody" }, /^"from" must be a MAC of 12 lower-case hex digits, not "Nobody"\.$/],
		[{ do: "delay" }, /^"ms" must be a whole number from 1 to 86400000 ms, it is missing\.$/],
		[{ do: "replay", frame: 99 }, /^There is no recorded frame 99: GET \/api\/attacker shows those that there are\.$/],
		[{ do: "forge", from: a, to: "020000000009", hex: "00" }, /^"to" must be a board of this world or ffffffffffff, not 020000000009\.$/],
		[{ do: "forge", from: "ffffffffffff", to: b, hex: "00" }, /^"from" must be the MAC of one radio, not ffffffffffff\.$/],
		[{ do: "forge", from: a, to: b, hex: "0" }, /^"hex" must be at most 1470 bytes as hex digits/],
		[{ do: "end", rule: 7 }, /^There is no rule 7 any more\.$/],
	] as const)
		expect(() => call(body)).toThrow(wrong);
});

test("the log shows a sealed frame as such: kind, session, counter, the request it answers; a text of its own it has not", () => {
	const request = "\xfe\x16\x01\x02\0\0\x03\0\0\0\x04\0\0\0secret--tag";
	const { world } = house(request, "\xfe\x18", "\xfe\x2f", "\xfe", "plain");
	world.advance(2_000);
	expect(world.log.of("frame").map(({ sealed, text, bytes }) => ({ sealed, text, bytes }))).toEqual([
		{ sealed: { version: 1, kind: "request", session: 0x201, counter: 3, reply: 4 }, bytes: 25 },
		{ sealed: { version: 1, kind: "hello" }, bytes: 2 },
		{ sealed: { version: 2, kind: "kind 15" }, bytes: 2 },
		{ bytes: 1 },
		{ text: "plain", bytes: 5 },
	]);
});
