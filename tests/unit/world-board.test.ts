import { expect, test } from "@jest/globals";
import { ResetReason } from "../../sim/world/protocol";
import { apOn, fakeWorld, radioOn } from "./world-fakes";

test("a board is woken when it asked to be", () => {
	const { world, life } = fakeWorld((event) => ({ next: event.t + 1234 }));
	world.boot();
	world.advance(100);
	const [boot, first, second] = life().events;
	expect(boot?.type).toBe("boot");
	expect(first && boot && first.t - boot.t).toBe(1234);
	expect(second && first && second.t - first.t).toBe(1234);
});

test("flash outlives a restart, a lost power and the reset button; RTC memory only the restart", () => {
	const { world, life } = fakeWorld((event) => {
		if (event.type === "boot")
			return {
				effects: [
					{ do: "nvs", op: "set", ns: "n", key: "k", type: "str", hex: "41" },
					{ do: "rtc", hex: "beef" },
				],
			};
		if (event.type === "pin") return { effects: [{ do: "restart", reason: "software" }] };
		return {};
	});
	world.boot();
	world.advance(100);
	const board = world.board("A");
	board.setInput(9, 0);
	world.advance(1000);
	expect(life().of("boot")[0]).toMatchObject({
		reset: ResetReason.software,
		rtc: "beef",
		nvs: [{ key: "k", hex: "41" }],
		pins: { "9": 0 },
	});
	board.pressReset();
	world.advance(1000);
	expect(life().of("boot")[0]).toMatchObject({ reset: ResetReason.powerOn, rtc: null, nvs: [{ key: "k" }] });
	board.powerOff();
	world.advance(1000);
	expect(board.running).toBe(false);
	board.powerOn();
	world.advance(1000);
	expect(life().of("boot")[0]).toMatchObject({ reset: ResetReason.powerOn, rtc: null });
	expect(board.bootCount).toBe(4);
	expect(world.log.of("restart").map(({ reason }) => reason)).toEqual(["software", "reset-button"]);
	expect(world.log.of("power-on")).toHaveLength(4);
	expect(world.log.of("power-off")).toHaveLength(1);
});

test("an entry that is erased and set again is one flash write", () => {
	const { world } = fakeWorld((event) => ({
		effects:
			event.type === "boot"
				? [
						{ do: "nvs", op: "set", ns: "n", key: "a", type: "str", hex: "" },
						{ do: "nvs", op: "erase", ns: "n", key: "a" },
						{ do: "nvs", op: "set", ns: "n", key: "a", type: "str", hex: "00" },
						{ do: "nvs", op: "erase", ns: "n", key: "a" },
						{ do: "nvs", op: "set", ns: "n", key: "b", type: "str", hex: "00" },
					]
				: [],
	}));
	world.boot();
	world.advance(100);
	expect(world.board("A").flashWrites).toBe(4);
	expect(world.board("A").nvs()).toEqual([{ ns: "n", key: "b", type: "str", hex: "00" }]);
});

test("a power cut loses RTC memory and comes back as a power-on", () => {
	const { world, life } = fakeWorld((event) =>
		event.type === "fault"
			? {
					effects: [
						{ do: "rtc", hex: "aa" },
						{ do: "restart", reason: "power-cut" },
					],
				}
			: {},
	);
	world.boot();
	world.advance(50);
	world.fault("A", "power-cut-in-flash-write");
	world.advance(1000);
	expect(life().of("boot")[0]).toMatchObject({ reset: ResetReason.powerOn, rtc: null });
});

test("work costs a board time when the engine is charged", () => {
	const { world, life } = fakeWorld(
		(event) => (event.type === "pin" ? { meter: 10_000, effects: [{ do: "pin", pin: 3, level: 1 }] } : { meter: 0 }),
		{ engineNsPerMeter: 1000 },
	);
	world.boot();
	world.advance(100);
	const board = world.board("A");
	const t = world.clock.nowUs;
	board.setInput(9, 0);
	board.setInput(9, 1);
	expect(board.output(3)).toBeUndefined();
	world.advance(10);
	expect(board.output(3)).toBe(1);
	world.advance(100);
	expect(
		life()
			.of("pin")
			.map((event) => event.t - t),
	).toEqual([0, 10_000]);
});

test("looking into a board costs it no time and loses nothing it is about to do", () => {
	const { world } = fakeWorld(
		(event) => {
			if (event.type === "pin") return { meter: 10_000, effects: [{ do: "pin", pin: 3, level: 1 }], next: event.t + 30_000 };
			if (event.type === "snapshot") return { meter: 10_000, effects: [{ do: "snapshot", json: '{"turns":7}' }], next: event.t + 40_000 };
			return {};
		},
		{ engineNsPerMeter: 1000 },
	);
	world.boot();
	world.advance(100);
	const board = world.board("A");
	board.setInput(9, 0);
	expect(board.snapshot()).toEqual({ turns: 7 });
	expect(board.output(3)).toBeUndefined();
	world.advance(10);
	expect(board.output(3)).toBe(1);
	expect((world.clock.nextUs() ?? 0) - world.clock.nowUs).toBe(30_000);
});

test("frames between boards: received with its signal, acknowledged, logged", () => {
	const { world, lives } = fakeWorld(
		(event, name) => {
			if (event.type === "boot") return { effects: [radioOn], next: name === "A" ? event.t + 50_000 : null };
			if (event.type === "wake")
				return {
					effects: [{ do: "tx", id: 5, from: world.board("A").mac, to: world.board("B").mac, hex: Buffer.from("ping").toString("hex") }],
				};
			return {};
		},
		{ boards: [{ name: "A" }, { name: "B" }] },
	);
	world.link("A", "B", -71);
	world.boot();
	world.advance(200);
	const [a, b] = world.boards;
	const heard = lives.flatMap((life) => life.of("rx"));
	expect(heard).toMatchObject([{ from: a?.mac, to: b?.mac, rssi: -71, hex: "70696e67" }]);
	expect(lives.flatMap((life) => life.of("tx-done"))).toMatchObject([{ id: 5, acked: true }]);
	expect(world.log.of("frame")).toMatchObject([
		{ from: a?.mac, to: b?.mac, channel: 6, rssi: -71, bytes: 4, text: "ping", outcome: "acked" },
	]);
});

test("a frame to the access point's MAC is acknowledged only while that is up", () => {
	const { world, life } = fakeWorld((event) => ({ effects: event.type === "boot" ? [{ ...radioOn, ap: false }] : [] }));
	world.boot();
	world.advance(50);
	const to = world.board("A").mac.replace(/.$/, "1");
	const outcomes: string[] = [];
	world.sendFrame({ from: "020000000009", to, payload: Buffer.from("x") }, ({ outcome }) => outcomes.push(outcome));
	world.advance(100);
	expect(outcomes).toEqual(["lost"]);
	expect(life().of("rx")).toEqual([]);
});

test("a stranger's frame arrives and its answer is acknowledged", () => {
	const { world, life } = fakeWorld((event) => {
		if (event.type === "boot") return { effects: [radioOn] };
		if (event.type === "rx") return { effects: [{ do: "tx", id: 1, from: event.to, to: event.from, hex: "00" }] };
		return {};
	});
	world.boot();
	world.advance(50);
	world.sendFrame({ from: "020000000009", to: world.board("A").mac, payload: Buffer.from([0xff, 0]) });
	world.advance(100);
	expect(life().of("tx-done")).toMatchObject([{ acked: true }]);
	expect(world.log.of("frame").map(({ board, outcome, text }) => [board, outcome, text])).toEqual([
		[null, "acked", undefined],
		[world.board("A").mac, "acked", undefined],
	]);
});

test("an answer for another moment, or one that is no JSON, is an error of the world", () => {
	const { world } = fakeWorld(() => ({ next: 0.5 }));
	world.boot();
	expect(() => world.advance(100)).toThrow(/^A: its next wake is 0.5/);
	world.close();
});

test("the transcript tells runs apart and repeats with the seed", () => {
	const run = (seed: number) => {
		const { world } = fakeWorld((event) => ({ next: event.t + 1000, effects: event.type === "boot" ? [radioOn, apOn] : [] }), { seed });
		world.boot();
		world.advance(100);
		return world.transcript;
	};
	expect(run(1)).toBe(run(1));
	expect(run(1)).not.toBe(run(2));
});
