import { describe, expect, test } from "@jest/globals";
import { BROADCAST } from "../../sim/world/mac";
import { ROUTER_DEFAULTS } from "../../sim/world/router";
import type { BoardSpec, Side, World } from "../../sim/world/world";
import { ask, deviceSpec, events, HOUSE_PASSWORD, HUB, hubSpec, macOf, OWNER, put, settle, snapshot, world } from "./network";
import { framesOf, inject } from "./traffic";

const { ssid, password } = ROUTER_DEFAULTS;

interface Candidate {
	readonly mac: string;
	readonly name: string;
	readonly code: string;
	readonly state: string;
	readonly via: string;
	readonly reason: string;
}

interface JoinView {
	readonly role: string;
	readonly state: string;
	readonly secondsLeft: number;
	readonly code: string;
	readonly hub: string;
	readonly pairCode?: string;
	readonly trouble: string;
	readonly found: readonly Candidate[];
	readonly joined: readonly { mac: string; name: string; pairCode: string }[];
}

const view = (made: World, name: string, side: Side = "ap"): JoinView => JSON.parse(made.http(name, side, { path: "/api/join" }).body);

function order(made: World, name: string, what: object, side: Side = "ap"): { ok: boolean; reason?: string } {
	const headers = side === "lan" ? OWNER : {};
	return JSON.parse(made.http(name, side, { method: "POST", path: "/api/join", body: what, headers }).body);
}

interface Kept {
	readonly mac: string;
	readonly name: string;
	readonly sealed: boolean;
	readonly pairCode: string;
}
const devicesOf = (made: World, name = "Hub"): readonly Kept[] => JSON.parse(made.http(name, "lan", { path: "/api/devices" }).body).devices;

/** Boards as they leave the factory, the first made a hub, with nothing but HTTP on their access points. */
function unpacked(names: readonly string[], options: Parameters<typeof world>[1] = {}): World {
	const made = world(
		["Hub", ...names].map((name): BoardSpec => ({ name })),
		options,
	).boot();
	if (!made.advanceUntil(() => made.boards.every((board) => made.reachable(board, "ap")), 5000)) throw new Error("no access points");
	made.advance(500);
	put(made, "Hub", "ap", "/api/config", { name: "Hall", role: "hub", router: { ssid, password }, house: { password: HOUSE_PASSWORD } });
	for (const name of names) put(made, name, "ap", "/api/config", { name, pins: { relay: { pin: 5, invert: false } } });
	for (const name of ["Hub", ...names]) put(made, name, "ap", "/api/restart", {}, "POST");
	made.advance(1000);
	settle(made);
	return made;
}

/** Waits until the hub's list has these boards. */
function listed(made: World, names: readonly string[], maxMs = 40_000): readonly Candidate[] {
	for (const end = made.timeMs + maxMs; made.timeMs < end; made.advance(500)) {
		const { found } = view(made, "Hub", "lan");
		if (names.every((name) => found.some(({ mac }) => mac === macOf(made, name)))) return found;
	}
	throw new Error(`not on the list: ${JSON.stringify(view(made, "Hub", "lan"))}`);
}

const accept = (made: World, { mac, code }: Candidate) => order(made, "Hub", { do: "accept", mac, code }, "lan");

/** Waits until the hub has these devices. */
function joined(made: World, names: readonly string[], maxMs = 10_000): void {
	for (const end = made.timeMs + maxMs; made.timeMs < end; made.advance(100)) {
		const macs = devicesOf(made)
			.filter(({ sealed }) => sealed)
			.map(({ mac }) => mac);
		if (names.every((name) => macs.includes(macOf(made, name)))) return;
	}
	throw new Error(`not joined: ${JSON.stringify(view(made, "Hub", "lan"))}`);
}

/** A hub and devices that joined it. */
function house(names: readonly string[], options: Parameters<typeof world>[1] = {}): World {
	const made = unpacked(names, options);
	order(made, "Hub", { do: "start" }, "lan");
	const found = listed(made, names);
	for (const each of found) expect(accept(made, each)).toEqual({ ok: true });
	joined(made, names);
	return made;
}

describe("joining", () => {
	test("from the factory, with nothing but HTTP: three devices appear by themselves with names and codes, are accepted, and answer", () => {
		const made = unpacked(["Kitchen", "Attic", "Cellar"]);
		expect(view(made, "Kitchen")).toMatchObject({ role: "device", state: "looking", hub: "" });
		expect(order(made, "Hub", { do: "start" }, "lan")).toEqual({ ok: true });
		const found = listed(made, ["Kitchen", "Attic", "Cellar"]);
		for (const name of ["Kitchen", "Attic", "Cellar"]) {
			const candidate = found.find((each) => each.name === name);
			expect(candidate).toMatchObject({ mac: macOf(made, name), code: view(made, name).code, state: "calling", via: "" });
		}
		for (const each of found) expect(accept(made, each)).toEqual({ ok: true });
		joined(made, ["Kitchen", "Attic", "Cellar"]);
		for (const name of ["Kitchen", "Attic", "Cellar"]) {
			expect(ask(made, name, "on")).toMatch(/^OK ON /);
			expect(made.board(name).output(5)).toBe(1);
			const device = view(made, name);
			expect(device).toMatchObject({ state: "joined", hub: HUB });
			expect(view(made, "Hub", "lan").joined).toContainEqual({ mac: macOf(made, name), name, pairCode: device.pairCode });
			expect(devicesOf(made)).toContainEqual(
				expect.objectContaining({ mac: macOf(made, name), name, sealed: true, pairCode: device.pairCode }),
			);
		}
		// Nothing that they said since could be read.
		const said = events(made, "frame")
			.filter(({ from, to }) => from === HUB || to === HUB)
			.map(({ text }) => String(text ?? ""));
		expect(said.filter((text) => /^(on|OK)/.test(text))).toEqual([]);
	});

	test("from Accept to the first request that is answered it takes less than two seconds", () => {
		const made = unpacked(["Kitchen"]);
		order(made, "Hub", { do: "start" }, "lan");
		const [kitchen] = listed(made, ["Kitchen"]);
		const since = made.timeMs;
		if (kitchen) accept(made, kitchen);
		joined(made, ["Kitchen"]);
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK /);
		expect(made.timeMs - since).toBeLessThan(2000);
	});

	test("a device is found on whatever channel the router is, and is still the hub's after both lost their power", () => {
		const made = house(["Kitchen"], { router: { channel: 11 } });
		expect(snapshot(made, "Kitchen").channel).toBe(11);
		for (const name of ["Hub", "Kitchen"]) made.board(name).powerOff();
		for (const name of ["Hub", "Kitchen"]) made.board(name).powerOn();
		settle(made);
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK /);
		expect(view(made, "Kitchen")).toMatchObject({ state: "joined", hub: HUB });
	});

	test("a device with a plain hub stays with it until a person accepts it on that hub's page, and then hears no plain frame any more", () => {
		const made = world([hubSpec(), deviceSpec("Kitchen")]).boot();
		settle(made);
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK /);
		const since = made.log.next;
		made.advance(60_000);
		expect(events(made, "frame", "Kitchen").filter(({ seq, to }) => seq >= since && to === BROADCAST)).toEqual([]);
		order(made, "Hub", { do: "start" }, "lan");
		const found = listed(made, ["Kitchen"]);
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK /);
		for (const each of found) accept(made, each);
		joined(made, ["Kitchen"]);
		expect(ask(made, "Kitchen", "on")).toMatch(/^OK ON/);
		inject(made, { to: "Kitchen", from: HUB, payload: "off" });
		inject(made, { to: "Kitchen", from: HUB, payload: "ping" });
		expect(made.board("Kitchen").output(9)).toBe(1);
		expect(snapshot(made, "Kitchen").counters.dropped.plainRefused).toBe(2);
	});

	test("a second hub nearby that adds devices, too, takes none that was accepted", () => {
		const made = unpacked(["Kitchen", "Next"]);
		put(made, "Next", "ap", "/api/config", { name: "Next", role: "hub", router: { ssid, password }, house: { password: HOUSE_PASSWORD } });
		put(made, "Next", "ap", "/api/restart", {}, "POST");
		made.advance(1000);
		settle(made);
		for (const name of ["Hub", "Next"]) expect(order(made, name, { do: "start" }, "lan")).toEqual({ ok: true });
		const [kitchen] = listed(made, ["Kitchen"]);
		if (!kitchen) throw new Error("nobody");
		accept(made, kitchen);
		joined(made, ["Kitchen"]);
		expect(order(made, "Next", { do: "accept", mac: kitchen.mac, code: kitchen.code }, "lan").ok).toBe(true);
		made.advance(30_000);
		expect(devicesOf(made, "Next").filter(({ sealed }) => sealed)).toEqual([]);
		expect(view(made, "Kitchen").hub).toBe(HUB);
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK /);
	});

	test("a device out of the hub's range joins through a joined one, and is reached through it", () => {
		const made = unpacked(["Kitchen", "Attic"]);
		made.link("Hub", "Attic", null);
		order(made, "Hub", { do: "start" }, "lan");
		const [kitchen] = listed(made, ["Kitchen"]);
		if (kitchen) accept(made, kitchen);
		joined(made, ["Kitchen"]);
		const attic = listed(made, ["Attic"]).find(({ name }) => name === "Attic");
		expect(attic).toMatchObject({ via: macOf(made, "Kitchen") });
		if (attic) accept(made, attic);
		joined(made, ["Attic"], 20_000);
		made.advance(2_000);
		expect(view(made, "Attic")).toMatchObject({ state: "joined", hub: HUB });
		expect(ask(made, "Kitchen", `!${macOf(made, "Attic")},on`)).toMatch(/^OK ON/);
	});

	test("with a third of all frames lost a device still joins", () => {
		const made = unpacked(["Kitchen"]);
		made.air.loss = 0.33;
		order(made, "Hub", { do: "start" }, "lan");
		for (const each of listed(made, ["Kitchen"], 60_000)) accept(made, each);
		joined(made, ["Kitchen"], 20_000);
	});

	test("a phone on a device's access point is not disturbed: the device does not leave its channel", () => {
		const made = unpacked(["Kitchen"]);
		const since = made.log.next;
		const { result } = made.joinClient("Kitchen", "00000000", 60_000);
		expect(result.joined).toBe(true);
		made.advance(1_000);
		const from = made.log.next;
		made.advance(30_000);
		expect(events(made, "channel", "Kitchen").filter(({ seq }) => seq >= from)).toEqual([]);
		expect(events(made, "channel", "Kitchen").filter(({ seq }) => seq < from && seq >= since).length).toBeLessThan(4);
	});
});

describe("joining that is broken off", () => {
	// The whole conversation takes some 20 ms; the steps of a device without power are in the unit test, frame by frame.
	test.each([
		["Kitchen", 2],
		["Kitchen", 6],
		["Kitchen", 12],
		["Hub", 3],
		["Hub", 8],
		["Hub", 14],
	])("%s loses its power %d ms after Accept: both are as they were, or joined, and one press more joins them", (name, ms) => {
		const made = unpacked(["Kitchen"]);
		order(made, "Hub", { do: "start" }, "lan");
		const [kitchen] = listed(made, ["Kitchen"]);
		if (!kitchen) throw new Error("nobody");
		const accepting = made.request("Hub", "lan", {
			method: "POST",
			path: "/api/join",
			body: { do: "accept", mac: kitchen.mac, code: kitchen.code },
			headers: OWNER,
		});
		made.advanceUntil(() => framesOf(made, "Hub", 0, kitchen.mac).some(({ hex }) => String(hex).startsWith("fe1d03")), 1_000);
		made.advance(ms);
		made.board(name).powerOff();
		made.advance(500);
		accepting.cancel("no power");
		made.board(name).powerOn();
		settle(made);
		made.advance(40_000);
		const isDevice = view(made, "Kitchen").state === "joined";
		const isKept = devicesOf(made).some(({ sealed, mac }) => sealed && mac === kitchen.mac);
		expect([isDevice, isKept]).toEqual([isKept, isKept]);
		if (isKept) return;
		order(made, "Hub", { do: "start" }, "lan");
		for (const each of listed(made, ["Kitchen"])) accept(made, each);
		joined(made, ["Kitchen"]);
	});
});

describe("parting", () => {
	test("Remove on the hub lets the device go: it looks for a hub again, and the hub's key of it is gone", () => {
		const made = house(["Kitchen"]);
		const mac = macOf(made, "Kitchen");
		const answer = made.http("Hub", "lan", { method: "POST", path: "/api/devices", body: { do: "remove", mac }, headers: OWNER });
		expect(answer.body).toBe('{"ok":true}');
		expect(devicesOf(made)).toEqual([]);
		made.advance(3_000);
		expect(view(made, "Kitchen")).toMatchObject({ state: "looking", hub: "" });
		made.board("Hub").powerOff();
		made.board("Hub").powerOn();
		settle(made);
		expect(devicesOf(made)).toEqual([]);
		order(made, "Hub", { do: "start" }, "lan");
		for (const each of listed(made, ["Kitchen"])) accept(made, each);
		joined(made, ["Kitchen"]);
	});

	test("a device that is far away is removed all the same, and is let go on its own page", () => {
		const made = house(["Kitchen"]);
		made.link("Hub", "Kitchen", null);
		const body = { do: "remove", mac: macOf(made, "Kitchen") };
		expect(made.http("Hub", "lan", { method: "POST", path: "/api/devices", body, headers: OWNER }).body).toBe('{"ok":true}');
		expect(view(made, "Kitchen").state).toBe("joined");
		expect(order(made, "Kitchen", { do: "letGo" })).toEqual({ ok: true });
		made.link("Hub", "Kitchen", -50);
		order(made, "Hub", { do: "start" }, "lan");
		for (const each of listed(made, ["Kitchen"])) accept(made, each);
		joined(made, ["Kitchen"]);
	});

	test("names are given on the hub, and stay", () => {
		const made = house(["Kitchen"]);
		const body = { do: "rename", mac: macOf(made, "Kitchen"), name: "Küche <b>" };
		expect(made.http("Hub", "lan", { method: "POST", path: "/api/devices", body, headers: OWNER }).body).toBe('{"ok":true}');
		made.board("Hub").powerOff();
		made.board("Hub").powerOn();
		settle(made);
		expect(devicesOf(made)).toMatchObject([{ name: "Küche <b>", sealed: true }]);
	});

	test("ten seconds on the button empty the vault", () => {
		const made = house(["Kitchen"]);
		made.pressButton("Kitchen", 11_000);
		made.advance(15_000);
		settle(made);
		expect(view(made, "Kitchen")).toMatchObject({ state: "looking", hub: "" });
		expect(
			made
				.board("Kitchen")
				.nvs()
				.filter(({ ns, key }) => ns === "rbrseal" && key.startsWith("k")),
		).toEqual([]);
	});

	test("with a damaged key record a device says so, keeps its configuration, and joins again", () => {
		const made = house(["Kitchen"]);
		const kitchen = made.board("Kitchen");
		kitchen.powerOff();
		const damage = (hex: string) => hex.slice(0, 20) + (hex.slice(20, 22) === "00" ? "01" : "00") + hex.slice(22);
		kitchen.setNvs(
			kitchen.nvs().map((entry) => (entry.ns === "rbrseal" && entry.key.startsWith("k") ? { ...entry, hex: damage(entry.hex) } : entry)),
		);
		kitchen.powerOn();
		settle(made);
		expect(snapshot(made, "Kitchen")).toMatchObject({ name: "Kitchen", lastError: expect.stringContaining("damaged") });
		expect(view(made, "Kitchen")).toMatchObject({ state: "looking", trouble: expect.stringContaining("join") });
		order(made, "Hub", { do: "start" }, "lan");
		for (const each of listed(made, ["Kitchen"])) accept(made, each);
		for (let i = 0; i < 100 && view(made, "Kitchen").state !== "joined"; i++) made.advance(100);
		expect(ask(made, "Kitchen", "on")).toMatch(/^OK ON/);
	});
});

const PASSPHRASE = "correct horse battery";

function orderBackup(made: World, name: string, body: object): { ok: boolean; reason?: string; line?: string } {
	return JSON.parse(made.http(name, "ap", { method: "POST", path: "/api/backup", body }).body);
}

/** Waits until the key is derived. */
function derive(made: World, name: string): { devices: number } {
	for (let i = 0; i < 300; i++, made.advance(100)) {
		const found = JSON.parse(made.http(name, "ap", { path: "/api/backup" }).body);
		if (found.state !== "deriving") return found;
	}
	throw new Error("no key");
}

/** The lines of a hub's backup. */
function backupOf(made: World, name = "Hub"): string[] {
	expect(orderBackup(made, name, { do: "save", passphrase: PASSPHRASE })).toEqual({ ok: true });
	const { devices } = derive(made, name);
	const lines = Array.from({ length: devices + 2 }, (_, number) => orderBackup(made, name, { do: "line", number }).line ?? "");
	orderBackup(made, name, { do: "end" });
	return lines;
}

describe("the hub's backup", () => {
	test("restored on a board with another MAC: all devices follow it without a visit, and keep their names", () => {
		const made = unpacked(["Kitchen", "Attic", "Spare"]);
		order(made, "Hub", { do: "start" }, "lan");
		const found = listed(made, ["Kitchen", "Attic"]);
		for (const each of found) if (each.name !== "Spare") accept(made, each);
		joined(made, ["Kitchen", "Attic"]);
		const file = backupOf(made);
		expect(file).toHaveLength(4);
		made.board("Hub").powerOff();
		put(made, "Spare", "ap", "/api/config", { name: "Hall", role: "hub", router: { ssid, password }, house: { password: HOUSE_PASSWORD } });
		put(made, "Spare", "ap", "/api/restart", {}, "POST");
		made.advance(1000);
		if (!made.advanceUntil(() => made.reachable(made.board("Spare"), "lan"), 30_000)) throw new Error("no address");
		made.advance(500);
		expect(orderBackup(made, "Spare", { do: "restore", passphrase: "something else", line: file[0] })).toEqual({ ok: true });
		derive(made, "Spare");
		expect(orderBackup(made, "Spare", { do: "take", line: file[1] }).reason).toContain("passphrase");
		expect(orderBackup(made, "Spare", { do: "restore", passphrase: PASSPHRASE, line: file[0] })).toEqual({ ok: true });
		derive(made, "Spare");
		for (const line of file.slice(1)) expect(orderBackup(made, "Spare", { do: "take", line })).toEqual({ ok: true });
		for (const name of ["Kitchen", "Attic"]) {
			expect(ask(made, name, "on", { board: "Spare" })).toMatch(/^OK ON/);
			expect(view(made, name)).toMatchObject({ state: "joined", hub: macOf(made, "Spare") });
			expect(devicesOf(made, "Spare")).toContainEqual(expect.objectContaining({ name, mac: macOf(made, name), sealed: true }));
		}
		// After their power was gone they know where they belong.
		made.board("Kitchen").powerOff();
		made.board("Kitchen").powerOn();
		made.advance(5_000);
		expect(ask(made, "Kitchen", "off", { board: "Spare" })).toMatch(/^OK OFF/);
		expect(snapshot(made, "Kitchen").hub).toBe(macOf(made, "Spare"));
	});
});

describe("by command", () => {
	test("join, devices and let-go do what the page does", () => {
		const made = unpacked(["Kitchen"]);
		const say = (name: string, command: string) => made.http(name, "ap", { path: `/?${encodeURIComponent(command)}` }).body;
		expect(say("Hub", "join")).toMatch(/^OK idle /);
		expect(say("Kitchen", "join")).toMatch(/^OK looking \w{4}-\w{4}-\w{4}$/);
		expect(say("Hub", "join start")).toBe("OK");
		const [kitchen] = listed(made, ["Kitchen"]);
		expect(say("Hub", "join list")).toBe(`OK 1 ${kitchen?.mac} ${kitchen?.code}`);
		expect(say("Hub", `join accept ${kitchen?.mac} ${kitchen?.code}`)).toBe("OK");
		joined(made, ["Kitchen"]);
		expect(say("Hub", `devices name ${kitchen?.mac} Living room`)).toBe("OK");
		expect(say("Hub", "devices")).toBe(`OK 1 ${kitchen?.mac} Living room`);
		expect(say("Hub", "let-go")).toMatch(/^Fail/);
		expect(say("Hub", `devices remove ${kitchen?.mac}`)).toBe("OK");
		made.advance(3_000);
		expect(say("Kitchen", "join")).toMatch(/^OK looking /);
		// From the house only who is signed in, by radio nobody.
		expect(made.http("Hub", "lan", { path: "/?join%20start" }).body).toMatch(/^Fail \(not allowed/);
		expect(ask(made, "Hub", "join start", { headers: {} })).toMatch(/^Fail \(not allowed/);
	});
});
