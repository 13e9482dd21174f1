import { describe, expect, test } from "@jest/globals";
import type { World } from "../../sim/world/world";
import { ask, deviceSpec, events, hubSpec, network, put, settle, snapshot, world } from "./network";
import { appWithCommands } from "./test-app";

const state = (made: World, name: string) => made.status().boards.find((board) => board.mac === made.board(name).mac)?.ap;

/** When the access point last closed, in ms after it last opened. */
function openMs(made: World, name: string): number {
	const opened = events(made, "ap-open", name)[0]?.timeMs ?? Number.NaN;
	return (events(made, "ap-off", name)[0]?.timeMs ?? Number.NaN) - opened;
}

const restarted = (made: World) => {
	made.advance(1000);
	settle(made);
};

/** A house in which the window has closed and no phone lingers. */
function closed(config: object = {}): World {
	const made = world([hubSpec(config), deviceSpec("Kitchen", config)]).boot();
	settle(made);
	made.advance(125_000);
	return made;
}

describe("the setup window", () => {
	test("closes after two minutes: the access point is off, and a phone finds nothing", () => {
		const made = closed();
		for (const name of ["Hub", "Kitchen"]) {
			expect(state(made, name)).toEqual({ state: "off", ssid: "" });
			expect(made.joinClient(name, "00000000").result).toMatchObject({ joined: false });
			expect(() => made.http(name, "ap", { path: "/" })).toThrow(/refused/);
			// Counted from the start: a search of all channels comes before the hub's access point.
			expect(openMs(made, name)).toBeGreaterThan(117_000);
			expect(openMs(made, name)).toBeLessThan(122_000);
		}
		// Closed to phones, not to the house.
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF 12\d\+ -\d+$/);
	});

	test("opens after flashing over the board's own USB, which is no trouble to be told", () => {
		const made = closed();
		made.board("Kitchen").flashOverUSB();
		restarted(made);
		expect(state(made, "Kitchen")?.state).toBe("open");
		expect(snapshot(made, "Kitchen")).toMatchObject({ reset: { reason: "built-in USB", words: null }, lastError: "" });
	});

	test("cloaked: hidden under the name -, refused with eight zeros and with the configured password, another secret each time", () => {
		const secrets = new Set<string>();
		const made = closed({ setupAP: { password: "told-by-people", afterwards: "cloaked" } });
		for (let round = 0; round < 2; round++) {
			for (const name of ["Hub", "Kitchen"]) {
				expect(state(made, name)).toEqual({ state: "hidden", ssid: "-" });
				expect(events(made, "ap-hidden", name)).toHaveLength(round + 1);
				const ap = made.board(name).accessPoint;
				expect(ap).toMatchObject({ hidden: true, auth: 3, password: expect.stringMatching(/^[0-9a-f]{12}$/) });
				secrets.add(ap?.password ?? "");
				for (const password of ["00000000", "told-by-people", "", "-"])
					expect(made.joinClient(name, password).result).toMatchObject({ joined: false });
				expect(snapshot(made, name).ap).toMatchObject({ state: "hidden", clients: 0 });
			}
			expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF 1\d\d\+ -\d+$/);
			for (const name of ["Hub", "Kitchen"]) made.board(name).pressReset();
			restarted(made);
			for (const name of ["Hub", "Kitchen"]) expect(state(made, name)?.state).toBe("open");
			made.advance(125_000);
		}
		expect(secrets.size).toBe(4);
	});

	test("a house server that is reached through a cloaked access point would still refuse to be set up", () => {
		const made = closed({ setupAP: { afterwards: "cloaked" } });
		// Somebody who has guessed the secret.
		const { client, result } = made.joinClient("Kitchen", made.board("Kitchen").accessPoint?.password ?? "", 60_000);
		expect(result.joined).toBe(true);
		let ending = "";
		client.connect(80, "", { onClose: (why) => (ending = why) });
		made.advance(5000);
		expect(ending).toBe("refused");
	});

	test("lasts as long as people configured", () => {
		const made = world([deviceSpec("Kitchen", { setupAP: { minutes: 5 } })]).boot();
		made.advance(296_000);
		expect(state(made, "Kitchen")?.state).toBe("open");
		made.advance(10_000);
		expect(state(made, "Kitchen")?.state).toBe("off");
	});

	test("a request every 20 s keeps it open past two minutes, but not past ten", () => {
		for (const name of ["Hub", "Kitchen"]) {
			const made = network(["Kitchen"]);
			const asked: number[] = [];
			while (state(made, name)?.state === "open" && made.timeMs < 900_000) {
				expect(made.http(name, "ap", { path: "/" }).status).toBe(200);
				asked.push(made.timeMs);
				made.advance(20_000);
			}
			expect(asked.length).toBeGreaterThan(28);
			expect(openMs(made, name)).toBeGreaterThan(596_000);
			expect(openMs(made, name)).toBeLessThanOrEqual(602_000);
		}
	});

	test("after the last request it stays open for 30 s, no longer: a phone that is merely joined does not hold it", () => {
		const made = network(["Kitchen"]);
		const { client } = made.joinClient("Kitchen", "00000000", 3_600_000);
		made.advance(100_000);
		made.http("Kitchen", "ap", { path: "/" });
		const asked = made.timeMs;
		made.advance(60_000);
		expect(state(made, "Kitchen")?.state).toBe("off");
		expect(events(made, "ap-off", "Kitchen")[0]?.timeMs).toBeGreaterThan(asked + 29_000);
		expect(events(made, "ap-off", "Kitchen")[0]?.timeMs).toBeLessThan(asked + 32_000);
		expect(client.joined).toBe(false);
	});

	test("requests from the house do not hold it open", () => {
		const made = network(["Kitchen"]);
		for (let i = 0; i < 13; i++) {
			made.http("Hub", "lan", { path: "/" });
			made.advance(10_000);
		}
		expect(state(made, "Hub")?.state).toBe("off");
	});
});

/** What the house side's `reset` does once it is let through. */
const ORDER = 'handler.context.board.restarter.request("lan"); return "OK";';

describe("what opens the setup window again", () => {
	test("the reset button", () => {
		const made = closed();
		for (const name of ["Hub", "Kitchen"]) made.board(name).pressReset();
		restarted(made);
		expect(["Hub", "Kitchen"].map((name) => state(made, name)?.state)).toEqual(["open", "open"]);
	});

	test("power that returns", () => {
		const made = closed();
		made.board("Kitchen").powerOff();
		made.advance(10_000);
		made.board("Kitchen").powerOn();
		restarted(made);
		expect(state(made, "Kitchen")?.state).toBe("open");
	});

	test("a restart ordered from the setup side, once", () => {
		const made = network(["Kitchen"]);
		expect(put(made, "Kitchen", "ap", "/api/restart", {}, "POST").status).toBe(200);
		restarted(made);
		expect(state(made, "Kitchen")?.state).toBe("open");
		made.advance(125_000);
		expect(state(made, "Kitchen")?.state).toBe("off");
		ask(made, "Kitchen", "reset");
		restarted(made);
		expect(state(made, "Kitchen")?.state).toBe("off");
	});

	test("not reset by radio, though the window was still open", () => {
		const made = network(["Kitchen"]);
		expect(ask(made, "Kitchen", "reset")).toMatch(/^OK/);
		restarted(made);
		expect(made.board("Kitchen").bootCount).toBe(2);
		expect(state(made, "Kitchen")).toEqual({ state: "off", ssid: "" });
		expect(events(made, "ap-open", "Kitchen")).toHaveLength(1);
	});

	test("not a restart from the house", () => {
		const made = network(["Kitchen"], { app: appWithCommands({ again: ORDER }) });
		expect(made.http("Hub", "lan", { path: "/?again" }).body).toBe("OK");
		made.advance(5000);
		expect(made.board("Hub").bootCount).toBe(2);
		expect(state(made, "Hub")).toEqual({ state: "off", ssid: "" });
		expect(made.http("Hub", "lan", { path: "/" }).status).toBe(200);
	});

	test("not a hub's own reset sent through another board's radio either", () => {
		const made = network(["Kitchen"]);
		// A hub obeys nobody's radio.
		expect(ask(made, "Hub", "reset", { board: "Kitchen", side: "ap" })).toMatch(/^Fail \(not allowed/);
		made.advance(5000);
		expect(made.board("Hub").bootCount).toBe(1);
	});
});

describe("a board that was never configured", () => {
	test("keeps its access point open until it is told something, and has its whole window from then on", () => {
		const made = world([{ name: "Kitchen" }]).boot();
		made.advance(1_000_000);
		expect(state(made, "Kitchen")?.state).toBe("open");
		expect(put(made, "Kitchen", "ap", "/api/config", { name: "Kitchen" }).body).toBe('{"ok":true,"changed":true}');
		made.advance(115_000);
		expect(state(made, "Kitchen")?.state).toBe("open");
		made.advance(10_000);
		expect(state(made, "Kitchen")?.state).toBe("off");
	});

	test("keeps it open after a restart that does not open others'", () => {
		const made = world([{ name: "Kitchen" }], {
			app: appWithCommands({ crash: "Timer.set(() => { throw new Error('crash'); }, 100); return 'OK';" }),
		}).boot();
		made.advance(2000);
		made.http("Kitchen", "ap", { path: "/?crash" });
		made.advance(300_000);
		expect(made.board("Kitchen").bootCount).toBe(2);
		expect(state(made, "Kitchen")?.state).toBe("open");
	});

	test("lets no radio restart it, having no hub", () => {
		const made = world([hubSpec(), { name: "Kitchen" }], { router: { channel: 1 } }).boot();
		settle(made);
		expect(ask(made, "Kitchen", "reset")).toMatch(/^Fail \(not allowed/);
	});

	test("counts as configured once it has adopted a hub", () => {
		const made = world([hubSpec(), { name: "Kitchen" }], { router: { channel: 1 } }).boot();
		settle(made);
		made.advance(600_000);
		ask(made, "Kitchen", "uptime");
		made.advance(115_000);
		expect(state(made, "Kitchen")?.state).toBe("open");
		made.advance(10_000);
		expect(state(made, "Kitchen")?.state).toBe("off");
	});
});

test("a board that crashed or hung does not open its window again", () => {
	const made = network(["Kitchen"], { app: appWithCommands({ hang: "for (;;);" }) });
	made.request("Kitchen", "ap", { path: "/?hang" });
	made.advance(60_000);
	expect(made.board("Kitchen").bootCount).toBe(2);
	expect(state(made, "Kitchen")?.state).toBe("off");
});
