import { describe, expect, test } from "@jest/globals";
import { ROUTER_DEFAULTS } from "../../sim/world/router";
import type { World } from "../../sim/world/world";
import { ask, deviceSpec, events, HOUSE_PASSWORD, HUB, hubSpec, macOf, network, OWNER, put, settle, snapshot, world } from "./network";

const STRANGER = "020000000001";

/** What only the setup side and a device's own hub may order. */
const ORDERS = [
	`environ-11-${STRANGER}`,
	"channel=11",
	`part:0,text:${Buffer.from('{"name":"x"}').toString("hex")}`,
	"save:config.json",
	"update",
	"reset",
];

const NOT_SIGNED_IN = "Fail (not allowed: sign in with the house password)";

/** Sends one frame from a radio that is no board and returns what the board answers it. */
function fromStranger(made: World, name: string, text: string, stranger = STRANGER): unknown {
	const before = made.log.next;
	made.sendFrame({ from: stranger, to: macOf(made, name), payload: Buffer.from(text) });
	made.advance(300);
	return made.log.since(before).find(({ event, to }) => event === "frame" && to === stranger)?.text;
}

/** Everything a board remembers, and how often its flash was written. */
const kept = (made: World, name: string) => [made.board(name).nvs(), made.board(name).flashWrites, made.board(name).bootCount];

describe("orders from somebody who may not give them", () => {
	test.each(ORDERS)("%s from a stranger's radio: refused, nothing written, no restart", (order) => {
		const made = network(["Kitchen"]);
		for (const name of ["Kitchen", "Hub"]) {
			const before = kept(made, name);
			expect(fromStranger(made, name, order)).toMatch(/^Fail \(not allowed: .*\) -\d+$/);
			made.advance(2000);
			expect(kept(made, name)).toEqual(before);
		}
	});

	test("environ, reset and the like from the house, to the hub itself: refused, nothing written, no restart", () => {
		const made = network(["Kitchen"]);
		const before = kept(made, "Hub");
		for (const order of ORDERS) {
			expect([order, made.http("Hub", "lan", { path: `/?${order}` }).body]).toEqual([order, NOT_SIGNED_IN]);
			expect(JSON.parse(put(made, "Hub", "lan", "/api/send", { mac: HUB, msg: order }, "POST").body)).toEqual({
				ok: false,
				reason: expect.stringMatching(/^not allowed: /),
			});
		}
		made.advance(2000);
		expect(kept(made, "Hub")).toEqual(before);
	});

	test("another device's radio is a stranger too", () => {
		const made = network(["Kitchen", "Bedroom"]);
		const before = kept(made, "Bedroom");
		expect(fromStranger(made, "Bedroom", "channel=11", macOf(made, "Kitchen"))).toMatch(/^Fail \(not allowed: .*\) -\d+$/);
		expect(ask(made, "Bedroom", "uptime", { board: "Kitchen", side: "ap" })).toMatch(/^OK/);
		expect(kept(made, "Bedroom")).toEqual(before);
	});

	test.each([
		["without a house password: 403", "", 403],
		["not signed in: 401", HOUSE_PASSWORD, 401],
	])("PUT /api/config and POST /api/restart from the house, %s, nothing written, no restart", (_, password, status) => {
		const made = network(["Kitchen"], { hub: { house: { password } } });
		const before = kept(made, "Hub");
		expect(put(made, "Hub", "lan", "/api/config", { name: "Mine" }).status).toBe(status);
		expect(put(made, "Hub", "lan", "/api/restart", {}, "POST").status).toBe(status);
		expect(made.http("Hub", "lan", { method: "POST", path: "/api/restart" }).status).toBe(status);
		made.advance(2000);
		expect(kept(made, "Hub")).toEqual(before);
	});

	test.each([
		["without a house password", "", {}],
		["not signed in", HOUSE_PASSWORD, {}],
		["with a password where there is none", "", OWNER],
	])(
		"anything that changes a device for good, from the house %s: refused with a sentence, not a frame sent, nothing written",
		(_, password, headers) => {
			const made = network(["Kitchen"], { hub: { house: { password } } });
			const before = [kept(made, "Kitchen"), kept(made, "Hub")];
			const sent = () => snapshot(made, "Hub").counters.framesOut;
			const framesBefore = sent();
			for (const order of [...ORDERS, "delete:main.py", "nobody knows this"])
				for (const message of [order, `!${macOf(made, "Kitchen")},${order}`])
					expect([message, ask(made, "Kitchen", message, { headers })]).toEqual([
						message,
						expect.stringMatching(/^Fail \(not allowed: (set|sign in)/),
					]);
			expect(ask(made, "Kitchen", "uptime", { headers })).toMatch(/^OK/);
			made.advance(2000);
			expect([kept(made, "Kitchen"), kept(made, "Hub")]).toEqual(before);
			expect(sent() - framesBefore).toBeLessThan(10);
		},
	);

	test("the owner, signed in on the house side, changes the hub and its devices", () => {
		const made = network(["Kitchen"]);
		const headers = { ...OWNER, "content-type": "application/json" };
		expect(made.http("Hub", "lan", { method: "PUT", path: "/api/config", body: { name: "Attic" }, headers }).body).toBe(
			'{"ok":true,"changed":true}',
		);
		expect(ask(made, "Kitchen", "channel=11")).toMatch(/^OK 11/);
		expect(made.http("Hub", "lan", { method: "POST", path: "/api/restart", headers }).status).toBe(200);
		expect(made.advanceUntil(() => events(made, "restart", "Hub").length === 1, 1000)).toBe(true);
		settle(made);
		expect(made.http("Hub", "lan", { path: "/" }).body).toContain(" Attic ");
	});

	test("a page of another site, or one whose name was made to point at the hub, switches and reads nothing", () => {
		const made = network(["Kitchen"]);
		const path = `/?mac=${macOf(made, "Kitchen")}&msg=on`;
		const browser = { "accept-language": "en", accept: "image/avif,*/*;q=0.8" };
		expect(made.http("Hub", "lan", { path, headers: browser }).status).toBe(403);
		const page = made.http("Hub", "lan", { path, headers: { ...browser, accept: "text/html" } });
		expect(page.headers["content-type"]).toContain("text/html");
		expect(page.body).toContain("<button");
		for (const each of [path, "/", "/api/config", "/api/status"])
			expect(made.http("Hub", "lan", { path: each, headers: { host: "rebound.example" } }).status).toBe(421);
		expect(ask(made, "Kitchen", "relay")).toMatch(/^OK False/);
		expect(
			made.http("Hub", "lan", {
				method: "POST",
				path,
				body: {},
				headers: { ...browser, origin: "http://192.168.1.50", host: "192.168.1.50:80" },
			}).body,
		).toMatch(/^OK ON/);
	});

	test("the hub answers to its names in the house, and no page of the portal's probes keeps its setup window open", () => {
		const made = network([]);
		for (const host of ["hub", "hub.lan", "HUB.local:80", "rbr-hub.local", "[fe80::1]"])
			expect([host, made.http("Hub", "lan", { path: "/?uptime", headers: { host } }).status]).toEqual([host, 200]);
		const probe = made.http("Hub", "ap", { path: "/generate_204", headers: { host: "connectivitycheck.gstatic.com" } });
		expect(probe).toMatchObject({ status: 302, headers: { location: "http://192.168.9.1/" } });
	});

	test("the setup server answers nobody who knocks from the house network", () => {
		const made = network(["Kitchen"]);
		let got = "";
		const connection = made.tcp.create({ onData: (bytes) => (got += bytes.toString()) });
		connection.send("GET /?environ-11-020000000001 HTTP/1.1\r\nHost: 192.168.9.1\r\n\r\n");
		connection.connect({ board: made.board("Hub"), local: "192.168.9.1", port: 80, remote: "192.168.1.2", up: () => true });
		made.advance(2000);
		expect(got).toMatch(/^HTTP\/1\.1 403 /);
	});

	test("a page of another site can change nothing: type, origin and name are checked", () => {
		const made = network(["Kitchen"]);
		const before = kept(made, "Kitchen");
		const status = (headers: Record<string, string>, body: string | object = { name: "Mine" }) =>
			made.http("Kitchen", "ap", { method: "PUT", path: "/api/config", headers, body }).status;
		expect(status({ "content-type": "text/plain" })).toBe(415);
		expect(status({ "content-type": "application/x-www-form-urlencoded" }, "name=Mine")).toBe(415);
		expect(status({ origin: "http://evil.example" })).toBe(403);
		expect(status({ host: "evil.example" })).toBe(421);
		expect(kept(made, "Kitchen")).toEqual(before);
		expect(status({ origin: "http://192.168.9.1" })).toBe(200);
	});

	test("a device's own hub may: the reply comes, and the value is kept", () => {
		const made = network(["Kitchen"]);
		expect(ask(made, "Kitchen", "channel=11")).toMatch(/^OK 11 -\d+$/);
		expect(ask(made, "Kitchen", `environ-6-${HUB}`)).toMatch(new RegExp(`^OK 6-${HUB} -\\d+$`));
		expect(made.configurationOf(made.board("Kitchen")).configuration).toMatchObject({ channel: 6, hub: HUB });
	});

	test("a device takes its hub's orders under both of the hub's addresses, and under no other hub's", () => {
		const access = HUB.replace(/0$/, "1");
		const made = world([hubSpec(), deviceSpec("Kitchen", { hub: access }), deviceSpec("Bedroom", { hub: STRANGER })]).boot();
		settle(made);
		expect(ask(made, "Kitchen", "channel=6")).toMatch(/^OK 6/);
		expect(ask(made, "Bedroom", "channel=6")).toMatch(/^Fail \(not allowed/);
		expect(ask(made, "Bedroom", "on")).toMatch(/^OK ON/);
	});
});

describe("a forged address: frames from the own hub's, one after the other for a minute", () => {
	/** @returns what a minute of it did to the device */
	function minute(made: World, text: (i: number) => string) {
		const before = { writes: made.board("Kitchen").flashWrites, boots: made.board("Kitchen").bootCount };
		for (let i = 0; i < 1200; i++) {
			made.sendFrame({ from: HUB, to: macOf(made, "Kitchen"), payload: Buffer.from(text(i)) }, () => {});
			made.advance(50);
		}
		return { writes: made.board("Kitchen").flashWrites - before.writes, boots: made.board("Kitchen").bootCount - before.boots };
	}

	test("changes are written a few times, the rest is told to be busy", () => {
		const made = network(["Kitchen"]);
		const { writes } = minute(made, (i) => `channel=${1 + (i % 11)}`);
		expect(writes).toBeGreaterThanOrEqual(4);
		expect(writes).toBeLessThanOrEqual(7);
		expect(events(made, "frame", "Kitchen").filter(({ text }) => /^Fail \(busy\)/.test(String(text))).length).toBeGreaterThan(500);
		expect(minute(made, (i) => `environ-${1 + (i % 11)}-${STRANGER}`).writes).toBeLessThanOrEqual(3);
	});

	test("it restarts once in ten seconds", () => {
		const made = network(["Kitchen"]);
		const { boots } = minute(made, () => "reset");
		expect(boots).toBeGreaterThanOrEqual(4);
		expect(boots).toBeLessThanOrEqual(6);
	});

	test("restarts give no further changes", () => {
		const made = network(["Kitchen"]);
		minute(made, (i) => (i % 2 ? "reset" : `channel=${1 + (i % 11)}`));
		expect(minute(made, (i) => (i % 2 ? "reset" : `channel=${1 + (i % 11)}`)).writes).toBeLessThanOrEqual(3);
	});
});

test("strangers are told a board's name, version and relay, a hub's country, and nothing else that people have set", () => {
	const made = network(["Kitchen"]);
	for (const name of ["Kitchen", "Hub"]) {
		expect(fromStranger(made, name, "config name")).toMatch(new RegExp(`^OK ${name} -\\d+$`));
		expect(fromStranger(made, name, "version")).toMatch(/^OK \S+ -\d+$/);
		expect(fromStranger(made, name, "role")).toMatch(name === "Hub" ? /^OK hub [0-9A-Z]{2} -\d+$/ : /^OK device -\d+$/);
		for (const key of ["", " router", " router.ssid", " hub", " channel", " country", " setupAP", " pins", " role"])
			expect(fromStranger(made, name, `config${key}`)).toMatch(/^Fail \(not allowed: /);
		expect(made.http(name, name === "Hub" ? "lan" : "ap", { path: "/?config%20name" }).body).toBe(`OK ${name}`);
	}
	expect(made.http("Hub", "lan", { path: "/?config%20router.ssid" }).body).toBe(NOT_SIGNED_IN);
});

describe("flash", () => {
	const writes = (made: World, name: string) => made.board(name).flashWrites;

	test("the same PUT twice is one write more, not two", () => {
		const made = network(["Kitchen"]);
		const before = writes(made, "Kitchen");
		const change = { name: "Cellar", pins: { led: { pin: 3, invert: true } } };
		expect(put(made, "Kitchen", "ap", "/api/config", change).body).toBe('{"ok":true,"changed":true}');
		expect(writes(made, "Kitchen")).toBe(before + 1);
		expect(put(made, "Kitchen", "ap", "/api/config", change).body).toBe('{"ok":true,"changed":false}');
		expect(writes(made, "Kitchen")).toBe(before + 1);
	});

	test("environ and channel= with what is known already write nothing", () => {
		const made = network(["Kitchen"]);
		const before = writes(made, "Kitchen");
		for (let i = 0; i < 3; i++) {
			expect(made.http("Kitchen", "ap", { path: `/?environ-6-${HUB}` }).body).toBe(`OK 6-${HUB}`);
			expect(ask(made, "Kitchen", "channel=6")).toMatch(/^OK 6/);
		}
		expect(writes(made, "Kitchen")).toBe(before);
	});

	test("ten minutes of talk, a router that goes and comes and five restarts write next to nothing", () => {
		const made = network(["Kitchen"]);
		for (let i = 0; i < 60; i++) {
			ask(made, "Kitchen", i % 2 ? "on" : "off");
			made.advance(10_000);
		}
		made.changeRouter({ power: false });
		made.advance(60_000);
		made.changeRouter({ power: true });
		made.advance(60_000);
		for (let i = 0; i < 5; i++) {
			for (const name of ["Hub", "Kitchen"]) made.board(name).pressReset();
			made.advance(5000);
			ask(made, "Kitchen", "uptime");
		}
		for (const name of ["Hub", "Kitchen"]) expect(writes(made, name)).toBeLessThanOrEqual(1);
	});

	test("the router moving to another channel is one write on each board", () => {
		const made = network(["Kitchen"]);
		ask(made, "Kitchen", "uptime");
		made.advance(60_000);
		const before = ["Hub", "Kitchen"].map((name) => writes(made, name));
		made.changeRouter({ channel: 11 }, true);
		made.advance(180_000);
		expect(ask(made, "Kitchen", "channel")).toMatch(/^OK 11/);
		expect(["Hub", "Kitchen"].map((name, i) => writes(made, name) - (before[i] ?? 0))).toEqual([1, 1]);
	});
});

describe("passwords", () => {
	const SECRETS = ["router-Geheim-1", "setup-Geheim-2", "mqtt-Geheim-3", "short-7", "router-Geheim-4"];
	const [ROUTER = "", SETUP = "", MQTT = "", SHORT = "", LATER = ""] = SECRETS;

	/** Effects that carry a password because they must: to the router, to the access point, to flash. */
	const PROPER = ["join", "ap", "nvs"];

	test("are in no reply, page, frame, log or trace line, whoever asks for them in whatever way", () => {
		const said: string[] = [];
		const onLine = (_: unknown, direction: string, line: string) => {
			if (direction !== "<") return;
			for (const effect of JSON.parse(line).effects as { do: string; hex?: string }[])
				if (!PROPER.includes(effect.do)) said.push(JSON.stringify(effect), Buffer.from(effect.hex ?? "", "hex").toString("latin1"));
		};
		const secrets = {
			setupAP: { password: SETUP },
			mqtt: { host: "x", password: MQTT, pasword2: MQTT },
			wifi_key: MQTT,
			wlan: { key: MQTT },
		};
		const made = world(
			[hubSpec({ router: { ssid: ROUTER_DEFAULTS.ssid, password: ROUTER }, ...secrets }), deviceSpec("Kitchen", secrets)],
			{
				onLine,
				router: { password: ROUTER },
			},
		).boot();
		settle(made);
		const keys = ["", " router", " router.password", " setupAP", " setupAP.password", " mqtt", " mqtt.password", " mqtt.pasword2"];
		const page = { accept: "text/html" };
		for (const [name, side] of [
			["Hub", "lan"],
			["Hub", "ap"],
			["Kitchen", "ap"],
		] as const) {
			for (const path of ["/", "/devices", "/api/config", "/api/status"]) {
				made.http(name, side, { path });
				made.http(name, side, { path, headers: page });
			}
			for (const key of keys) made.http(name, side, { path: `/?${encodeURIComponent(`config${key}`)}` });
			// Refused, with words about what is wrong, not with what was sent.
			for (const body of [
				{ router: { password: SHORT } },
				{ setupAP: { password: SHORT } },
				{ hostpass: SHORT },
				`{"router":{"password":"${SHORT}`,
				{ name: 1, router: { password: LATER } },
			])
				made.http(name, side, { method: "PUT", path: "/api/config", body, headers: { "content-type": "application/json" } });
		}
		for (const key of keys) ask(made, "Kitchen", `config${key}`);
		expect(made.http("Hub", "ap", { path: "/?config%20router.password" }).body).toBe("OK ********");
		expect(JSON.parse(made.http("Hub", "ap", { path: "/api/config" }).body)).toMatchObject({
			router: { password: "********" },
			setupAP: { password: "********" },
			mqtt: "********",
		});
		// The wrong one, then one that the router does not know, and what the hub has to say about it.
		put(made, "Hub", "ap", "/api/config", { router: { password: LATER } });
		made.advance(30_000);
		made.http("Hub", "ap", { path: "/api/status" });
		put(made, "Hub", "ap", "/api/restart", {}, "POST");
		made.advance(30_000);
		made.joinClient("Hub", SHORT);
		made.joinClient("Hub", SETUP);
		const logged = [...made.log.since(0).map((event) => JSON.stringify(event)), JSON.stringify(made.status())];
		const everything = [...said, ...logged, ...made.boards.map(({ name }) => JSON.stringify(snapshot(made, name)))];
		expect(everything.length).toBeGreaterThan(1000);
		for (const secret of SECRETS) {
			expect(everything.filter((line) => line.includes(secret))).toEqual([]);
			const hex = Buffer.from(secret).toString("hex");
			expect(everything.filter((line) => line.includes(hex))).toEqual([]);
		}
		// The search finds what is there.
		expect(everything.some((line) => line.includes("wrong router password"))).toBe(true);
		expect(events(made, "restart", "Hub")).toHaveLength(1);
	});
});
