import { describe, expect, test } from "@jest/globals";
import { ROUTER_DEFAULTS } from "../../sim/world/router";
import type { World } from "../../sim/world/world";
import { ask, deviceSpec, events, hubSpec, network, put, settle, snapshot, world } from "./network";

const STEPS = ["station-up", "station-joined", "ap-open", "ap-off", "ap-hidden", "espnow-up", "espnow-down"];

/** The steps of a board's bring-up since its last start, in the order of the log. */
function steps(made: World, name: string): string[] {
	const { mac } = made.board(name);
	const start = events(made, "power-on", name).at(-1)?.seq ?? 0;
	return made.log
		.since(start)
		.filter(({ board, event }) => board === mac && STEPS.includes(event))
		.map(({ event, channel }) => (channel === undefined ? event : `${event} ${channel}`));
}

const without = <Item>(items: readonly Item[]) => items.filter((item, index) => item !== items[index - 1]);

/** Time from the last power-on until the access point was open, in ms. */
function openedAfterMs(made: World, name: string): number {
	const start = events(made, "power-on", name).at(-1);
	const opened = events(made, "ap-open", name).find(({ seq }) => start !== undefined && seq > start.seq);
	return start && opened ? opened.timeMs - start.timeMs : Number.NaN;
}

const asPage = { accept: "text/html,application/xhtml+xml" };

describe("the order of bring-up", () => {
	test("a hub: station up, joined on the router's channel, access point on it, ESP-NOW", () => {
		const made = network(["Kitchen"]);
		const order = ["station-up", "station-joined 6", "ap-open 6", "espnow-up 6"];
		expect(without(steps(made, "Hub"))).toEqual(order);
		// The second time it knows where the router is.
		made.board("Hub").pressReset();
		made.advance(1000);
		settle(made);
		expect(steps(made, "Hub")).toEqual(order);
	});

	test("a device: access point, station, ESP-NOW", () => {
		const made = network(["Kitchen"]);
		expect(steps(made, "Kitchen")).toEqual(["ap-open 6", "station-up", "espnow-up 6"]);
	});

	test("a device whose window is not opened: station on its channel, ESP-NOW", () => {
		const made = network(["Kitchen"]);
		ask(made, "Kitchen", "reset");
		made.advance(1000);
		settle(made);
		expect(steps(made, "Kitchen")).toEqual(["station-up", "espnow-up 6"]);
	});

	test("no access point is ever on the air under another name, without a password, or with the driver's own", () => {
		const lines: string[] = [];
		const made = network(["Kitchen"], { onLine: (_, direction, line) => direction === "<" && lines.push(line) });
		made.board("Hub").pressReset();
		made.advance(10_000);
		const shown = lines.flatMap((line) =>
			(JSON.parse(line).effects as { do: string; state?: string }[]).filter((e) => e.do === "ap" && e.state === "on"),
		);
		expect(shown.length).toBeGreaterThan(2);
		for (const ap of shown)
			expect(ap).toMatchObject({ ssid: expect.stringMatching(/^RBR-Now-34b4720a100[04]$/), password: "00000000", auth: 3 });
	});

	test("MAC, name, role and channel are on the console first", () => {
		const made = network(["Kitchen"]);
		expect(events(made, "trace", "Kitchen")[0]?.line).toMatch(/^RBR-Now \S+ 34b4720a1004 "Kitchen" device channel 6$/);
		expect(events(made, "trace", "Hub")[0]?.line).toMatch(/^RBR-Now \S+ 34b4720a1000 "Hub" hub channel \d+$/);
	});
});

describe("a hub without its router", () => {
	const { ssid, password } = ROUTER_DEFAULTS;
	const hubWith = (router: object, options: Parameters<typeof world>[1] = {}) =>
		world([hubSpec({ router }), deviceSpec("Kitchen", { channel: 1 })], options).boot();

	test("wrong password: its access point comes up within 20 s, its status says why, and it joins once the right one was put", () => {
		const made = hubWith({ ssid, password: "not-the-one" });
		made.advance(20_500);
		expect(openedAfterMs(made, "Hub")).toBeLessThan(20_000);
		expect(steps(made, "Hub").slice(-2)).toEqual(["ap-open 1", "espnow-up 1"]);
		const { client } = made.joinClient("Hub", "00000000", 600_000);
		const status = JSON.parse(made.http("Hub", "ap", { path: "/api/status" }).body);
		expect(status.router).toMatchObject({ ssid, joined: false, reason: "wrong router password" });
		// While somebody uses the page the hub does not throw the phone off by searching.
		for (let n = 0; n < 12; n++) {
			made.advance(5000);
			made.http("Hub", "ap", { path: "/api/status" });
		}
		expect(client.joined).toBe(true);
		expect(snapshot(made, "Hub").router.tries).toBe(status.router.tries);
		expect(put(made, "Hub", "ap", "/api/config", { router: { password } }).status).toBe(200);
		expect(made.advanceUntil(() => made.reachable(made.board("Hub"), "lan"), 10_000)).toBe(true);
		made.advance(1000);
		expect(snapshot(made, "Hub")).toMatchObject({ joined: true, channel: 6, router: { reason: "" } });
		expect(made.http("Hub", "lan", { path: "/" }).body).toMatch(/ M Hub /);
	});

	test("the right password put while the wrong one is being tried: tried at once, not after the next search", () => {
		const made = hubWith({ ssid, password: "not-the-one" });
		// The second attempt, 30 s after the first: its end takes the router four seconds.
		expect(made.advanceUntil(() => snapshot(made, "Hub")?.router.tries === 2, 60_000)).toBe(true);
		const told = made.request("Hub", "ap", { method: "PUT", path: "/api/config", body: { router: { password } } });
		// All channels are searched for the strongest of its name: three seconds.
		expect(made.advanceUntil(() => made.reachable(made.board("Hub"), "lan"), 4000)).toBe(true);
		expect(told.response?.status).toBe(200);
	});

	test("router away: access point within 20 s, the reason said, ESP-NOW serves; it joins when the router comes, and ESP-NOW starts anew", () => {
		const made = hubWith({ ssid, password }, { router: { power: false } });
		made.advance(25_000);
		expect(openedAfterMs(made, "Hub")).toBeLessThan(20_000);
		expect(snapshot(made, "Hub").router).toMatchObject({ joined: false, reason: "router not found" });
		expect(ask(made, "Kitchen", "uptime", { side: "ap" })).toMatch(/^OK OFF \d+\+ -\d+$/);
		made.changeRouter({ power: true, channel: 1 });
		expect(made.advanceUntil(() => made.reachable(made.board("Hub"), "lan"), 40_000)).toBe(true);
		made.advance(1000);
		expect(steps(made, "Hub").slice(-3)).toEqual(["station-joined 1", "espnow-down", "espnow-up 1"]);
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF \d+\+ -\d+$/);
	});

	test("router late by minutes: nothing is forgotten or written, and the hub is in the house within 40 s of it", () => {
		const made = hubWith({ ssid, password }, { router: { power: false } });
		made.advance(600_000);
		expect(made.board("Hub").flashWrites).toBe(0);
		expect(made.configurationOf(made.board("Hub")).configuration.router).toEqual({ ssid, password });
		made.changeRouter({ power: true });
		expect(made.advanceUntil(() => made.reachable(made.board("Hub"), "lan"), 40_000)).toBe(true);
	});

	test("it comes up on the channel where it last met its router, not on channel 1", () => {
		const made = network(["Kitchen"]);
		made.changeRouter({ power: false });
		made.board("Hub").pressReset();
		made.advance(25_000);
		expect(steps(made, "Hub").slice(-2)).toEqual(["ap-open 6", "espnow-up 6"]);
		expect(ask(made, "Kitchen", "uptime", { side: "ap" })).toMatch(/^OK OFF \d+\+ -\d+$/);
	});

	test("a phone that sits idle on its access point keeps it from nothing: it is in the house within 70 s of the router", () => {
		const made = hubWith({ ssid, password }, { router: { power: false } });
		made.advance(20_000);
		made.joinClient("Hub", "00000000", 600_000);
		made.http("Hub", "ap", { path: "/api/status" });
		made.changeRouter({ power: true });
		expect(made.advanceUntil(() => made.reachable(made.board("Hub"), "lan"), 70_000)).toBe(true);
	});

	test("no router told: its access point comes up at once, and the router told there is joined without a restart", () => {
		const made = world([hubSpec({ router: { ssid: "", password: "" } })]).boot();
		made.advance(3000);
		expect(openedAfterMs(made, "Hub")).toBeLessThan(2000);
		expect(put(made, "Hub", "ap", "/api/config", { router: { ssid, password } }).status).toBe(200);
		expect(made.advanceUntil(() => made.reachable(made.board("Hub"), "lan"), 10_000)).toBe(true);
	});

	test("a router that changes its password puts the hub out; the reason is said, and the new one brings it back", () => {
		const made = network(["Kitchen"]);
		made.changeRouter({ password: "another-one" });
		made.advance(20_000);
		expect(snapshot(made, "Hub").router).toMatchObject({ joined: false, reason: "wrong router password" });
		expect(put(made, "Hub", "ap", "/api/config", { router: { password: "another-one" } }).status).toBe(200);
		expect(made.advanceUntil(() => made.reachable(made.board("Hub"), "lan"), 10_000)).toBe(true);
	});
});

test("a router on a channel that the country does not include: the hub says why its devices stay away; with the country set they come", () => {
	const made = network(["Kitchen"]);
	expect(snapshot(made, "Hub").lastError).toBe("");
	made.changeRouter({ channel: 13 }, true);
	made.advance(60_000);
	expect(snapshot(made, "Hub")).toMatchObject({ joined: true, channel: 13 });
	expect(snapshot(made, "Hub").lastError).toMatch(/^the router is on channel 13, where devices with country 01 cannot follow/);
	for (const name of ["Hub", "Kitchen"]) {
		expect(put(made, name, "ap", "/api/config", { country: "GB" }).status).toBe(200);
		put(made, name, "ap", "/api/restart", {}, "POST");
	}
	made.advance(180_000);
	expect(ask(made, "Kitchen", "channel")).toMatch(/^OK 13/);
	expect(snapshot(made, "Hub").lastError).toBe("");
});

describe("routers as houses have them", () => {
	const { ssid, password } = ROUTER_DEFAULTS;
	const inHouse = (made: World, withinMs = 20_000) => made.advanceUntil(() => made.reachable(made.board("Hub"), "lan"), withinMs);
	const on = (made: World) => made.routers.status().find(({ boards }) => boards.some(({ mac }) => mac === made.board("Hub").mac))?.id;
	/** A hub alone, told this router, in a house whose own router is as given. */
	const hubIn = (own: Partial<typeof ROUTER_DEFAULTS>, router: object = { ssid, password }) =>
		world([hubSpec({ router })], { router: own });

	test("of several of one name the strongest is joined, not the first that answers", () => {
		const made = hubIn({ channel: 1, rssi: -80 });
		made.changeRouter({ channel: 11, rssi: -40 }, false, "attic");
		made.boot();
		expect(inHouse(made)).toBe(true);
		expect(on(made)).toBe("attic");
	});

	test("where the strongest has another password, the next one is joined", () => {
		const made = hubIn({ channel: 1, rssi: -80 });
		made.changeRouter({ channel: 11, rssi: -40, password: "a-neighbour" }, false, "neighbour");
		made.boot();
		expect(inHouse(made)).toBe(true);
		expect(on(made)).toBe("main");
	});

	test("an open one of the same name never gets a hub that was told a password", () => {
		const made = hubIn({ power: false });
		made.changeRouter({ channel: 11, rssi: -40, password: "" }, false, "stranger");
		made.boot();
		expect(inHouse(made, 60_000)).toBe(false);
		expect(snapshot(made, "Hub").router.reason).toBe("router found, but its authentication mode does not suit");
	});

	test.each([
		["a hidden one", { hidden: true }, { ssid, password }],
		["an open one", { password: "" }, { ssid, password: "" }],
		["WPA3 only, hash to element only", { security: "wpa3", pwe: "h2e" }, { ssid, password }],
		["WPA3 only, hunting and pecking only", { security: "wpa3", pwe: "hnp" }, { ssid, password }],
		["64 hex digits: the key of the password", {}, { ssid, password: "f4665208cc1a0b4def3274d125f699d37f1da32f8825fb081e46e2ef6698489c" }],
		[
			"a name of 32 bytes, a password of 63",
			{ ssid: "é".repeat(16), password: "p".repeat(63) },
			{ ssid: "é".repeat(16), password: "p".repeat(63) },
		],
	] as const)("%s is joined", (_, own, router) => {
		const made = hubIn(own, router).boot();
		expect(inHouse(made)).toBe(true);
	});

	test("no address from the router: the status says so after 20 s, and the hub is there as soon as DHCP is", () => {
		const made = hubIn({ dhcp: false }).boot();
		made.advance(40_000);
		expect(snapshot(made, "Hub")).toMatchObject({
			joined: true,
			address: "",
			lastError: "the router gives no address: is DHCP switched on there?",
		});
		made.changeRouter({ dhcp: true });
		expect(inHouse(made, 61_000)).toBe(true);
		made.advance(1000);
		expect(snapshot(made, "Hub").lastError).toBe("");
	});

	test("the router learns the hub's name", () => {
		const made = world([hubSpec({ name: "Front hall" })]).boot();
		expect(inHouse(made)).toBe(true);
		expect(made.routers.status()[0]?.boards).toEqual([{ mac: made.board("Hub").mac, address: "192.168.1.50", hostname: "rbr-front-hall" }]);
	});

	test("a router back elsewhere without a word: ESP-NOW is opened anew each time, its devices are heard, a request on its way settles once", () => {
		const made = network(["Kitchen"]);
		for (const channel of [11, 1, 6]) {
			const before = events(made, "espnow-up", "Hub").length;
			made.changeRouter({ channel });
			made.advance(6000);
			const asked = made.request("Hub", "ap", { path: `/?mac=${made.board("Kitchen").mac}&msg=uptime` });
			expect(made.advanceUntil(() => snapshot(made, "Hub").channel === channel && made.reachable(made.board("Hub"), "lan"), 60_000)).toBe(
				true,
			);
			made.advance(120_000);
			expect(events(made, "espnow-up", "Hub").length).toBe(before + 1);
			expect(asked.done).toBe(true);
			expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF/);
		}
	});
});

describe("pages", () => {
	test("a browser gets the setup page on the setup side and the house page in the house, anything else the original's line", () => {
		const made = network(["Kitchen"]);
		const setup = made.http("Hub", "ap", { path: "/", headers: asPage });
		const home = made.http("Hub", "lan", { path: "/", headers: asPage });
		for (const page of [setup, home]) {
			expect(page.status).toBe(200);
			expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
			expect(page.body).toMatch(/^<!doctype html>/i);
			expect(page.body.trimEnd()).toMatch(/<\/html>$/);
		}
		expect(setup.body).toContain('id="save"');
		expect(home.body).not.toContain('id="save"');
		expect(made.http("Hub", "lan", { path: "/", headers: { accept: "*/*" } }).headers["content-type"]).toMatch(/^text\/plain/);
	});
});

describe("a house whose addresses are those of the setup access point", () => {
	const options = { router: { network: "192.168.9" } };

	test("the access point goes to another network: phones find the setup page there, the house finds the hub", () => {
		const made = network(["Kitchen"], options);
		expect(snapshot(made, "Hub").address).toBe("192.168.9.50");
		expect(made.board("Hub").accessPoint?.address).toBe("192.168.10.1");
		expect(made.joinClient("Hub", "00000000").result).toEqual({ joined: true, address: "192.168.10.2" });
		expect(made.http("Hub", "ap", { path: "/", headers: asPage }).body).toContain('id="save"');
		expect(put(made, "Hub", "ap", "/api/config", { name: "Hall" }).status).toBe(200);
		expect(made.http("Hub", "lan", { path: "/", headers: asPage }).body).not.toContain('id="save"');
		expect(put(made, "Hub", "lan", "/api/config", { name: "Mine" }).status).toBe(401);
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK/);
		// A device is not in the house.
		expect(made.board("Kitchen").accessPoint?.address).toBe("192.168.9.1");
	});

	test("also when the router comes only after the access point", () => {
		const made = world([hubSpec()], { router: { network: "192.168.9", power: false } }).boot();
		made.advance(20_000);
		expect(made.board("Hub").accessPoint?.address).toBe("192.168.9.1");
		made.changeRouter({ power: true });
		expect(made.advanceUntil(() => made.reachable(made.board("Hub"), "lan"), 40_000)).toBe(true);
		made.advance(3000);
		expect(made.board("Hub").accessPoint?.address).toBe("192.168.10.1");
		expect(made.http("Hub", "ap", { path: "/", headers: asPage }).body).toContain('id="save"');
		expect(made.http("Hub", "lan", { path: "/", headers: asPage }).body).not.toContain('id="save"');
	});
});
