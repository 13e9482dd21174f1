import { describe, expect, test } from "@jest/globals";
import type { World } from "../../sim/world/world";
import { ask, deviceSpec, events, HUB, hubSpec, network, put, settle, snapshot, world } from "./network";
import { appWithCommands } from "./test-app";

/** Lets time pass until a board has stopped; how long that took in ms, or undefined. */
function untilRestart(made: World, name: string, maxMs: number): number | undefined {
	const before = events(made, "restart", name).length;
	const startMs = made.timeMs;
	return made.advanceUntil(() => events(made, "restart", name).length > before, maxMs) ? made.timeMs - startMs : undefined;
}

const reasons = (made: World, name: string) => events(made, "restart", name).map(({ reason }) => reason);

describe("a restart that was ordered", () => {
	test("the reply to reset by radio arrives before the restart, which comes within 500 ms", () => {
		const made = network(["Kitchen"]);
		expect(ask(made, "Kitchen", "reset")).toMatch(/^OK -\d+$/);
		expect(events(made, "restart", "Kitchen")).toHaveLength(0);
		expect(untilRestart(made, "Kitchen", 1000)).toBeLessThanOrEqual(500);
		expect(reasons(made, "Kitchen")).toEqual(["software"]);
		settle(made);
		expect(made.board("Kitchen").bootCount).toBe(2);
		expect(snapshot(made, "Kitchen").reset).toMatchObject({ reason: "software", words: { cause: "radio" } });
	});

	test("the reply to ?reset and to POST /api/restart arrives before the restart, which comes within 500 ms", () => {
		for (const order of [
			(made: World) => made.http("Kitchen", "ap", { path: "/?reset" }).body,
			(made: World) => put(made, "Kitchen", "ap", "/api/restart", {}, "POST").body,
			(made: World) => made.http("Kitchen", "ap", { method: "POST", path: "/api/restart" }).body,
		]) {
			const made = network(["Kitchen"]);
			expect(order(made)).toMatch(/^(OK|\{"ok":true\})$/);
			expect(events(made, "restart", "Kitchen")).toHaveLength(0);
			expect(untilRestart(made, "Kitchen", 1000)).toBeLessThanOrEqual(500);
			settle(made);
			expect(snapshot(made, "Kitchen").reset).toMatchObject({ words: { cause: "setup" } });
		}
	});

	test("a caller who goes away with its reply cannot hold the restart up", () => {
		const made = network(["Kitchen"]);
		const connection = made.connect(made.board("Kitchen"), "ap", {});
		connection.pause();
		connection.send("GET /?reset HTTP/1.1\r\nHost: 192.168.9.1\r\n\r\n");
		expect(untilRestart(made, "Kitchen", 3000)).toBeLessThan(1000);
	});

	test("a hub told to restart from the house answers first, and serves the house again", () => {
		const order = 'handler.context.board.restarter.request("lan"); return "OK";';
		const made = network(["Kitchen"], { app: appWithCommands({ again: order }) });
		expect(made.http("Hub", "lan", { path: "/?again" }).body).toBe("OK");
		expect(untilRestart(made, "Hub", 1000)).toBeLessThanOrEqual(500);
		made.advance(10_000);
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF \d+\+ -\d+$/);
	});
});

describe("the button", () => {
	/** A hub whose button is held for so long. */
	const pressed = (ms: number) => {
		const made = network(["Kitchen"]);
		made.pressButton("Hub", ms);
		made.advance(ms + 5000);
		return made;
	};

	test("held for ten seconds brings the factory configuration back, and the access point with its first password", () => {
		const made = network(["Kitchen"], { hub: { setupAP: { password: "forgotten-one" } } });
		made.pressButton("Hub", 10_200);
		made.advance(15_000);
		expect(reasons(made, "Hub")).toEqual(["software"]);
		const { configuration, configured } = made.configurationOf(made.board("Hub"));
		expect([configured, configuration.role, configuration.router.ssid]).toEqual([false, "device", ""]);
		expect(made.joinClient("Hub", "00000000").result).toEqual({ joined: true, address: "192.168.9.2" });
		expect(made.http("Hub", "ap", { path: "/" }).body).toMatch(/^34b4720a1000 S \(none\) \d+$/);
		expect(snapshot(made, "Hub")).toMatchObject({ reset: { words: { cause: "button" } }, lastError: "" });
	});

	test("held for nine seconds does nothing", () => {
		const made = pressed(9000);
		expect(reasons(made, "Hub")).toEqual([]);
		expect(made.configurationOf(made.board("Hub")).configuration.role).toBe("hub");
	});

	test("held for a minute wipes once, not again and again", () => {
		const made = pressed(60_000);
		expect(reasons(made, "Hub")).toEqual(["software"]);
	});

	test("makes a device forget the hub that it adopted", () => {
		const made = world([hubSpec(), deviceSpec("Kitchen", { hub: "", pins: { button: 4 } })]).boot();
		settle(made);
		ask(made, "Kitchen", "uptime");
		expect(snapshot(made, "Kitchen").hub).toBe(HUB);
		made.pressButton("Kitchen", 10_200);
		made.advance(15_000);
		expect(snapshot(made, "Kitchen").hub).toBe("");
		expect(made.board("Kitchen").nvs()).toEqual([]);
	});

	test("is the usual one without being told, and nowhere when the relay is wired to its pin", () => {
		const made = network(["Kitchen"]);
		expect([made.buttonOf(made.board("Hub")), made.buttonOf(made.board("Kitchen"))]).toEqual([9, undefined]);
		// The relay's pin reads low while the relay is off.
		made.advance(30_000);
		expect(reasons(made, "Kitchen")).toEqual([]);
		expect(ask(made, "Kitchen", "on")).toMatch(/^OK ON/);
		made.board("Kitchen").setInput(9, 0);
		made.advance(30_000);
		expect(reasons(made, "Kitchen")).toEqual([]);
	});
});

describe("a board that cannot go on", () => {
	/** How each board ends: the command, the end as the chip sees it, and what the status says after the next start. */
	const ends: readonly (readonly [command: string, body: string, reason: string, told: RegExp])[] = [
		[
			"throw",
			"Timer.set(() => { throw new TypeError('of the test'); }); return 'OK';",
			"unhandled exception",
			/^restarted after an error: unhandled exception TypeError: of the test at /,
		],
		[
			"reject",
			"const nobody = () => Promise.reject(new RangeError('refused by the test')); nobody(); return 'OK';",
			"unhandled rejection",
			/^restarted after an error: unhandled rejection RangeError: refused by the test at nobody/,
		],
		["fill", "const kept = []; for (;;) kept.push(new ArrayBuffer(4096));", "memory full", /^restarted after an error: memory full$/],
		[
			"sink",
			"const sink = () => sink() + 1; return String(sink());",
			"stack overflow",
			/^restarted after an error without words, .* stack$/,
		],
		["hang", "for (;;);", "heartbeat", /^restarted because the receive loop stood still$/],
	];

	for (const [command, body, reason, told] of ends) {
		test(`${reason}: it restarts and the next status page tells the reason, and the place where there is one`, () => {
			const made = network(["Kitchen"], { app: appWithCommands({ [command]: body }) });
			made.request("Kitchen", "ap", { path: `/?${command}` });
			expect(untilRestart(made, "Kitchen", 60_000)).toBeDefined();
			expect(reasons(made, "Kitchen")).toEqual([reason]);
			settle(made);
			expect(snapshot(made, "Kitchen").lastError).toMatch(told);
			expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF \d\+ -\d+$/);
			// Told once: an ordered restart starts anew.
			ask(made, "Kitchen", "reset");
			untilRestart(made, "Kitchen", 1000);
			settle(made);
			expect(snapshot(made, "Kitchen").lastError).toBe("");
		});
	}

	test("the heartbeat waits for 30 s without a turn, and not much longer", () => {
		const made = network(["Kitchen"], { app: appWithCommands({ hang: "for (;;);" }) });
		made.request("Kitchen", "ap", { path: "/?hang" });
		const afterMs = untilRestart(made, "Kitchen", 60_000);
		// It is fed once a second and looked at once a second, so the last second and the first may be short.
		expect(afterMs).toBeGreaterThan(28_000);
		expect(afterMs).toBeLessThanOrEqual(31_000);
	});

	test("a loop that turns is left alone, whatever its board waits for", () => {
		const made = world([hubSpec()], { router: { power: false } }).boot();
		made.advance(300_000);
		expect(reasons(made, "Hub")).toEqual([]);
	});
});
