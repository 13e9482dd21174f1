import { describe, expect, test } from "@jest/globals";
import { ROUTER_DEFAULTS } from "../../sim/world/router";
import type { World } from "../../sim/world/world";
import { ask, events, HOUSE_PASSWORD, HUB, macOf, put, settle, snapshot, world } from "./network";

const { ssid, password, channel } = ROUTER_DEFAULTS;

/** Boards as they leave the factory, named only by whoever unpacked them. */
function unpacked(...names: string[]): World {
	const made = world(names.map((name) => ({ name }))).boot();
	if (!made.advanceUntil(() => made.boards.every((board) => made.reachable(board, "ap")), 5000)) throw new Error("no access points");
	made.advance(500);
	return made;
}

/** What a phone on a board's access point types behind the question mark. */
const type = (made: World, name: string, command: string) => made.http(name, "ap", { path: `/?${command}` }).body;

const restart = (made: World, name: string) => put(made, name, "ap", "/api/restart", {}, "POST").body;

/** Sends a file the way RBR-Now's tools do: slices of 100 characters as hex digits, each answered with its number and length. */
function upload(made: World, name: string, file: object): void {
	const text = JSON.stringify(file);
	const slices = text.match(/.{1,100}/gs) ?? [];
	slices.forEach((slice, number) => {
		expect(type(made, name, `part:${number},text:${Buffer.from(slice).toString("hex")}`)).toBe(`${number} ${slice.length}`);
	});
	expect(type(made, name, "save:config.json")).toBe(String(text.length));
	expect(type(made, name, "update")).toBe("OK");
}

describe("boards from the factory", () => {
	test("have open access points, are devices, and keep the access points open for good", () => {
		const made = unpacked("Hub", "Kitchen");
		for (const board of made.status().boards) {
			expect(board).toMatchObject({ role: "device", joined: false, relay: null });
			expect(board.ap).toEqual({ state: "open", ssid: `RBR-Now-${board.mac}` });
		}
		const writes = made.boards.map(({ flashWrites }) => flashWrites);
		made.advance(1_800_000);
		// Its key pair was the last thing to be written.
		expect(made.boards.map(({ flashWrites }) => flashWrites)).toEqual(writes);
		expect(made.status().boards.map(({ ap }) => ap.state)).toEqual(["open", "open"]);
		expect(snapshot(made, "Kitchen").ap.secondsLeft).toBeNull();
	});

	test("become a hub and a device with nothing but requests on their access points, and the device answers through the hub's house address", () => {
		const made = unpacked("Hub", "Kitchen");
		const config = { name: "Hall", role: "hub", router: { ssid, password } };
		expect(JSON.parse(put(made, "Hub", "ap", "/api/config", config).body)).toEqual({ ok: true, changed: true });
		expect(type(made, "Kitchen", `environ-${channel}-${HUB}`)).toBe(`OK ${channel}-${HUB}`);
		expect(restart(made, "Hub")).toBe('{"ok":true}');
		expect(type(made, "Kitchen", "reset")).toBe("OK");
		made.advance(1000);
		settle(made);
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK None \d+\+ -\d+$/);
		expect(made.http("Hub", "lan", { path: "/" }).body).toMatch(new RegExp(`^${HUB} M Hall \\d+$`));
		expect(made.status().boards).toMatchObject([
			{ name: "Hall", role: "hub", joined: true, channel },
			{ role: "device", joined: false, channel },
		]);
		// Both restarts were ordered from the setup side: the access points are there again, and now they close.
		expect(made.status().boards.map(({ ap }) => ap.state)).toEqual(["open", "open"]);
		made.advance(155_000);
		expect(made.status().boards.map(({ ap }) => ap.state)).toEqual(["off", "off"]);
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK None \d+\+ -\d+$/);
	});

	test("take config.json in RBR-Now's form by part, save and update", () => {
		const made = unpacked("Hub", "Kitchen");
		upload(made, "Hub", {
			name: "Hall",
			path: "",
			master: true,
			myMaster: "",
			channel: "1",
			hostssid: ssid,
			hostpass: password,
			pins: { led: { pin: "", invert: false }, relay: { pin: "", invert: false }, dht22: { pin: "" } },
		});
		upload(made, "Kitchen", {
			name: "Küche",
			path: "",
			master: false,
			myMaster: HUB,
			channel: String(channel),
			pins: { led: { pin: "3", invert: false }, relay: { pin: "9", invert: true }, dht22: { pin: "" } },
		});
		for (const name of ["Hub", "Kitchen"]) expect(type(made, name, "reset")).toBe("OK");
		made.advance(1000);
		settle(made);
		expect(ask(made, "Kitchen", "on")).toMatch(/^OK ON \d+\+ -\d+$/);
		expect(made.status().boards[1]).toMatchObject({ name: "Küche", relay: "ON" });
		expect(made.board("Kitchen").output(9)).toBe(0);
	});

	test("a device that was told nothing but the channel adopts the first hub that asks it", () => {
		const made = unpacked("Hub", "Kitchen");
		put(made, "Hub", "ap", "/api/config", { role: "hub", router: { ssid, password } });
		expect(type(made, "Kitchen", `channel=${channel}`)).toBe(`OK ${channel}`);
		for (const name of ["Hub", "Kitchen"]) restart(made, name);
		made.advance(1000);
		settle(made);
		expect(snapshot(made, "Kitchen").hub).toBe("");
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK None/);
		made.advance(100);
		expect(snapshot(made, "Kitchen").hub).toBe(HUB);
		// And keeps it over a loss of power.
		made.board("Kitchen").powerOff();
		made.board("Kitchen").powerOn();
		made.advance(1000);
		settle(made);
		expect(snapshot(made, "Kitchen").hub).toBe(HUB);
		expect(made.configurationOf(made.board("Kitchen")).configuration.hub).toBe("");
	});

	test("a file that arrives damaged changes nothing", () => {
		const made = unpacked("Kitchen");
		const writes = made.board("Kitchen").flashWrites;
		const hex = (text: string) => Buffer.from(text).toString("hex");
		expect(type(made, "Kitchen", "update")).toBe("No data");
		expect(type(made, "Kitchen", `part:0,text:${hex('{"name":')}`)).toBe("0 8");
		expect(type(made, "Kitchen", `part:2,text:${hex('"Bad"}')}`)).toBe("Sequence error: 2 1");
		expect(type(made, "Kitchen", "save:config.json")).toBe("Bad save");
		expect(type(made, "Kitchen", `part:0,text:${hex('{"name":"x","master":"yes"}')}`)).toBe("0 27");
		expect(type(made, "Kitchen", "save:config.json")).toBe("27");
		expect(type(made, "Kitchen", "update")).toBe("Fail (master: true or false)");
		expect(type(made, "Kitchen", "save:main.py")).toBe("Fail (only config.json)");
		expect(made.board("Kitchen").flashWrites).toBe(writes);
	});

	test("the hub passes part, save and update on to its own device, which takes them", () => {
		const made = unpacked("Hub", "Kitchen");
		put(made, "Hub", "ap", "/api/config", { role: "hub", router: { ssid, password }, house: { password: HOUSE_PASSWORD } });
		type(made, "Kitchen", `environ-${channel}-${HUB}`);
		for (const name of ["Hub", "Kitchen"]) restart(made, name);
		made.advance(1000);
		settle(made);
		const file = '{"name":"Kitchen","pins":{"relay":{"pin":"9","invert":false}}}';
		const said = (command: string) => ask(made, "Kitchen", command);
		expect(said(`part:0,text:${Buffer.from(file).toString("hex")}`)).toMatch(new RegExp(`^0 ${file.length} -\\d+$`));
		expect(said("save:config.json")).toMatch(new RegExp(`^${file.length} -\\d+$`));
		expect(said("update")).toMatch(/^OK -\d+$/);
		expect(said("reset")).toMatch(/^OK -\d+$/);
		made.advance(1000);
		settle(made);
		expect(ask(made, "Kitchen", "on")).toMatch(/^OK ON/);
		// A restart ordered by radio does not open the access point.
		expect(events(made, "ap-open", macOf(made, "Kitchen")).at(-1)?.timeMs).toBeLessThan(
			events(made, "restart", "Kitchen").at(-1)?.timeMs ?? 0,
		);
	});
});
