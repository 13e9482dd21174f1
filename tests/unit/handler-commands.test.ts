import { describe, expect, test } from "@jest/globals";
import { PASSWORD_MASK } from "config/schema";
import { fakeBoard, lan, ownHub, setup, signedIn, stranger } from "./handler-fakes";

describe("replies in RBR-Now's newest form", () => {
	test("uptime tells the relay and whole seconds", () => {
		const { ask, relay } = fakeBoard();
		expect(ask("uptime", stranger)).toBe("OK OFF 1234+");
		relay.isOn = true;
		expect(ask("uptime", stranger)).toBe("OK ON 1234+");
		expect(fakeBoard({ relay: false }).ask("uptime")).toBe("OK None 1234+");
	});

	test("on and off switch the relay and tell its state", () => {
		const { ask, relay } = fakeBoard();
		expect(ask("on", stranger)).toBe("OK ON 1234+");
		expect(relay.isOn).toBe(true);
		expect(ask("off", lan)).toBe("OK OFF 1234+");
		expect(relay.isOn).toBe(false);
	});

	test("without a relay on and off answer None and drive nothing", () => {
		const { ask, relay } = fakeBoard({ relay: false });
		expect(ask("on")).toBe("OK None 1234+");
		expect(ask("off")).toBe("OK None 1234+");
		expect(relay.sets).toBe(0);
	});

	test("relay answers True, False or None", () => {
		const { ask } = fakeBoard();
		expect(ask("relay")).toBe("OK False");
		ask("on");
		expect(ask("relay")).toBe("OK True");
		expect(fakeBoard({ relay: false }).ask("relay")).toBe("OK None");
	});

	test("ipaddr answers the address, or None", () => {
		const { ask, network } = fakeBoard();
		expect(ask("ipaddr")).toBe("OK None");
		network.address = "192.168.1.20";
		expect(ask("ipaddr")).toBe("OK 192.168.1.20");
	});

	test("channel states where the radio is now, not what is configured", () => {
		const { ask, network, store } = fakeBoard();
		store.update({ channel: 1 });
		expect(ask("channel", stranger)).toBe("OK 6");
		network.home = 11;
		expect(ask("channel", stranger)).toBe("OK 11");
	});

	test("role tells a hub from a device", () => {
		const { ask, store } = fakeBoard();
		expect(ask("role", stranger)).toBe("OK device");
		store.update({ role: "hub" });
		expect(ask("role", stranger)).toBe("OK hub 01");
		expect(ask("role US", stranger)).toBe("OK hub 01");
		expect(ask("role USA", stranger)).toBe("Fail (role [country])");
	});

	test("reset answers first and tells who ordered the restart", () => {
		const { ask, restarts } = fakeBoard();
		expect(ask("reset", signedIn)).toBe("OK");
		expect(restarts).toEqual(["lan"]);
	});

	test("join alone is for anyone; all else about joining only for the owner", () => {
		const { ask } = fakeBoard();
		expect(ask("join", stranger)).toBe("OK join ");
		for (const text of ["join start", "join list", "join accept x y", "devices", "devices remove x", "let-go"])
			expect(ask(text, stranger)).toMatch(/^Fail \(not allowed/);
		expect([ask("join start"), ask("devices 3"), ask("let-go")]).toEqual(["OK join start", "OK devices 3", "OK let go now"]);
		expect(ask("let-go", ownHub)).toBe("OK let go later");
	});

	test("version, and the list of commands", () => {
		const { ask } = fakeBoard();
		expect(ask("version")).toBe("OK 1.2.3");
		expect(ask("help")).toBe(
			"OK uptime on off relay ipaddr channel role alive orphan version meter reset channel= environ part: save: update config join devices let-go help",
		);
	});

	test("help for one command is its line, found by its name or by a use of it", () => {
		const { ask } = fakeBoard();
		expect(ask("help on")).toBe("OK on switches the relay on");
		expect(ask("help channel=")).toMatch(/^OK channel=<n> /);
		expect(ask("help environ")).toMatch(/^OK environ-<channel>-<mac> /);
		expect(ask("help channel=6")).toMatch(/^OK channel=<n> /);
		expect(ask("help nothing")).toBe("Fail (no command nothing)");
	});

	test("every help line fits into a frame and begins with its command", () => {
		const { ask, handler } = fakeBoard();
		expect(String(ask("help")).length).toBeLessThan(245);
		for (const name of handler.help()) {
			const line = String(ask(`help ${name}`));
			expect(line.startsWith(`OK ${name}`)).toBe(true);
			expect(line.length).toBeLessThan(245);
		}
	});

	test("what is no command is unknown, as it came", () => {
		const { ask } = fakeBoard();
		for (const text of ["temp", "ping", "OK late -50", "delete:main.py", "", "!24dcc3a1b2c0,on"])
			expect(ask(text)).toBe(`Unknown message: ${text}`);
	});
});

describe("channel=", () => {
	test("keeps a number for the next start and leaves the radio alone", () => {
		const { ask, network, store, records } = fakeBoard();
		expect(ask("channel=11", ownHub)).toBe("OK 11");
		expect(store.configuration.channel).toBe(11);
		expect(network.home).toBe(6);
		ask("channel=11", ownHub);
		expect(records.writes).toBe(1);
	});

	test.each(["0", "12", "99", "x", "6x", "-1", "6.0", "1e1", " 6"])("refuses %p with the rule, writing nothing", (text) => {
		const { ask, records } = fakeBoard();
		expect(ask(`channel=${text}`)).toMatch(/^Fail \(channel: a number from 1 to 1[13].*\)$/);
		expect(records.writes).toBe(0);
	});
});

describe("environ", () => {
	test("keeps channel and hub with one write, whatever separates them from the command", () => {
		for (const separator of ["-", ":", " ", "="]) {
			const { ask, store, records } = fakeBoard();
			expect(ask(`environ${separator}11-24dcc3a1b2c1`)).toBe("OK 11-24dcc3a1b2c1");
			expect(store.configuration).toMatchObject({ channel: 11, hub: "24dcc3a1b2c1" });
			expect(store.configured).toBe(true);
			expect(records.writes).toBe(1);
		}
	});

	test.each<[string, RegExp]>([
		["environ-x-24dcc3a1b2c0", /^Fail \(channel: /],
		["environ-99-24dcc3a1b2c0", /^Fail \(channel: /],
		["environ-6-24dcc3a1b2", /^Fail \(hub: /],
		["environ-6-", /^Fail \(hub: /],
		["environ-6-ffffffffffff", /^Fail \(hub: /],
		["environ-6", /^Fail \(environ-<channel>-<mac>\)$/],
	])("refuses %p, writing nothing", (text, reply) => {
		const { ask, records } = fakeBoard();
		expect(ask(text)).toMatch(reply);
		expect(records.writes).toBe(0);
	});

	test.each(["24:DC:C3:A1:B2:C1", "24-dc-c3-a1-b2-c1", "24dc.c3a1.b2c1", " 24dcc3a1b2c1 "])(
		"takes an address as people write it: %p",
		(mac) => {
			const { ask, store } = fakeBoard();
			expect(ask(`environ-6-${mac}`)).toBe(`OK 6-${mac}`);
			expect(store.configuration.hub).toBe("24dcc3a1b2c1");
		},
	);

	test.each(["24dcc3a1b2c4", "24dcc3a1b2c5", "24:dc:c3:a1:b2:c4"])("refuses the board's own address, %s, with a sentence", (mac) => {
		const { ask, records } = fakeBoard({ mac: "24dcc3a1b2c4" });
		for (const from of [setup, ownHub])
			expect(ask(`environ-6-${mac}`, from)).toBe("Fail (hub: another board's MAC: this one is the board's own)");
		expect(records.writes).toBe(0);
	});

	test("names the channels that the country allows", () => {
		const { ask, store } = fakeBoard();
		expect(ask("environ-99-24dcc3a1b2c1")).toBe("Fail (channel: a number from 1 to 11 in country 01)");
		store.update({ country: "GB" });
		expect(ask("environ-99-24dcc3a1b2c1")).toBe("Fail (channel: a number from 1 to 13 in country GB)");
		expect(ask("channel=14")).toBe("Fail (channel: a number from 1 to 13 in country GB)");
	});

	test("is refused by the hub itself", () => {
		const { ask, store } = fakeBoard();
		store.update({ role: "hub" });
		expect(ask("environ-6-24dcc3a1b2c0")).toBe("Fail (this is the hub)");
		expect(store.configuration.hub).toBe("");
	});

	test("works from the own hub, which may hand its device to another one", () => {
		const { ask, store } = fakeBoard();
		expect(ask("environ-6-24dcc3a1b2d0", ownHub)).toBe("OK 6-24dcc3a1b2d0");
		expect(store.configuration.hub).toBe("24dcc3a1b2d0");
	});
});

describe("config", () => {
	test("shows everything but passwords", () => {
		const { ask, store } = fakeBoard();
		store.update({ router: { ssid: "House", password: "sesame123" }, path: "x" });
		const reply = String(ask("config", setup));
		expect(reply).not.toContain("sesame123");
		expect(JSON.parse(reply.slice(3))).toMatchObject({ router: { ssid: "House", password: PASSWORD_MASK }, path: PASSWORD_MASK });
	});

	test("shows one key: texts as they are, the rest as JSON", () => {
		const { ask, store } = fakeBoard();
		store.update({ name: "Kitchen", router: { ssid: "House", password: "sesame123" }, pins: { led: { pin: 3 } } });
		expect(ask("config name", stranger)).toBe("OK Kitchen");
		expect(ask("config channel", ownHub)).toBe("OK 1");
		expect(ask("config router.ssid", ownHub)).toBe("OK House");
		expect(ask("config router.password", ownHub)).toBe(`OK ${PASSWORD_MASK}`);
		expect(ask("config setupAP.password", ownHub)).toBe(`OK ${PASSWORD_MASK}`);
		expect(ask("config pins", ownHub)).toBe('OK {"led":{"pin":3,"invert":false}}');
	});

	test("strangers, and the house without its password, are told the name and nothing else of it", () => {
		const { ask, store } = fakeBoard();
		store.update({ name: "Kitchen", router: { ssid: "House" }, path: "x" });
		for (const from of [stranger, lan]) {
			expect(ask("config name", from)).toBe("OK Kitchen");
			for (const key of ["", " ", " router", " router.ssid", " hub", " channel", " path", " x", " name ", " name.x"])
				expect(ask(`config${key}`, from)).toMatch(/^Fail \(not allowed: /);
		}
	});

	test("what is no key is told", () => {
		const { ask } = fakeBoard();
		for (const key of ["x", "name.length", "router.x", "constructor", "__proto__", "router.", ".", "pins.led"])
			expect(ask(`config ${key}`)).toBe(`Fail (no key ${key})`);
	});

	test("what does not fit into a frame is too long on the radio only", () => {
		const { ask, store } = fakeBoard();
		store.update({ name: "x".repeat(32), router: { ssid: "y".repeat(20) }, port: 1 });
		expect(ask("config", ownHub)).toBe("Fail (too long)");
		expect(ask("config router", ownHub)).toMatch(/^OK \{"ssid":"y+","password":""\}$/);
		const whole = String(ask("config", signedIn));
		expect(whole.length).toBeGreaterThan(245);
		store.update({ name: "x".repeat(32 - (whole.length - 245)) });
		expect(ask("config", ownHub)).toHaveLength(245);
		store.update({ port: 10 });
		expect(ask("config", ownHub)).toBe("Fail (too long)");
	});
});

describe("a line end behind a command", () => {
	test.each(["\n", "\r\n", "\n\n"])("%j is left out, from every side", (end) => {
		const { ask, handler, relay, store } = fakeBoard();
		for (const from of [setup, lan, ownHub, stranger]) {
			relay.isOn = false;
			expect(ask(`on${end}`, from)).toBe("OK ON 1234+");
		}
		expect(ask(`channel=11${end}`)).toBe("OK 11");
		expect(store.configuration.channel).toBe(11);
		expect(ask(`nothing${end}`)).toBe("Unknown message: nothing");
		expect(handler.isCommand(`on${end}`)).toBe(true);
		expect(handler.isHarmless(`on${end}`)).toBe(true);
		expect(handler.isHarmless(`reset${end}`)).toBe(false);
	});
});

describe("changes by radio, whose address anybody can forge", () => {
	let asked = 0;
	/** Asks so often, each time for something new. @returns how many were written */
	const written = (board: ReturnType<typeof fakeBoard>, times: number, text: (i: number) => string): number => {
		const before = board.records.writes;
		for (let i = 0; i < times; i++) {
			const writes = board.records.writes;
			const change = text(++asked);
			const reply = board.ask(change, ownHub);
			expect(reply).toBe(board.records.writes > writes ? `OK ${change.slice(change.search(/\d/))}` : "Fail (busy)");
		}
		return board.records.writes - before;
	};
	const channel = (i: number) => `channel=${1 + (i % 11)}`;
	const environ = (i: number) => `environ-${1 + (i % 11)}-24dcc3a1b2d0`;

	test.each([
		["channel=", channel],
		["environ", environ],
	])("%s is written four times at once, then three times a minute", (_, text) => {
		const board = fakeBoard();
		expect(written(board, 1000, text)).toBe(4);
		let later = 0;
		for (let second = 0; second < 600; second++) {
			board.clock.nowMs += 1000;
			later += written(board, 3, text);
		}
		expect(later).toBe(30);
		board.clock.nowMs += 3_600_000;
		expect(written(board, 100, text)).toBe(4);
	});

	test("so is what was uploaded, which stays there for later", () => {
		const board = fakeBoard();
		const name = (n: number) => {
			board.ask(`part:0,text:${Buffer.from(`{"name":"x${n}"}`).toString("hex")}`, ownHub);
			board.ask("save:config.json", ownHub);
			return board.ask("update", ownHub);
		};
		expect(Array.from({ length: 6 }, (_, n) => name(n))).toEqual(["OK", "OK", "OK", "OK", "Fail (busy)", "Fail (busy)"]);
		board.clock.nowMs += 20_000;
		expect(board.ask("update", ownHub)).toBe("OK");
		expect(board.store.configuration.name).toBe("x5");
		expect(board.ask("channel=6", ownHub)).toBe("Fail (busy)");
	});

	test("what is known already is no write, and what is refused neither", () => {
		const board = fakeBoard();
		board.ask("channel=6", ownHub);
		for (let i = 0; i < 100; i++) {
			expect(board.ask("channel=6", ownHub)).toBe("OK 6");
			expect(board.ask("channel=99", ownHub)).toMatch(/^Fail \(channel/);
		}
		asked = 6;
		expect(written(board, 10, channel)).toBe(3);
	});

	test("the setup side and who has signed in are not held up by it", () => {
		const board = fakeBoard();
		written(board, 10, channel);
		for (let i = 0; i < 20; i++) expect(board.ask(channel(i), i % 2 ? setup : signedIn)).toBe(`OK ${1 + (i % 11)}`);
	});

	test("reset is taken once in ten seconds", () => {
		const { ask, clock, restarts } = fakeBoard();
		let refused = 0;
		for (let ms = 0; ms < 60_000; ms += 100) {
			const reply = ask("reset", ownHub);
			if (reply !== "OK") refused += 1;
			expect(["OK", "Fail (busy)"]).toContain(reply);
			clock.nowMs += 100;
		}
		expect([restarts.length, refused]).toEqual([6, 594]);
		expect(ask("reset", ownHub)).toBe("OK");
		expect(ask("reset", signedIn)).toBe("OK");
	});

	test("a restart by radio gives nothing back: ten seconds to the next, twenty to a change", () => {
		const board = fakeBoard({ restartedByRadio: true });
		board.clock.nowMs = 9_999;
		expect([board.ask("reset", ownHub), board.ask("channel=6", ownHub)]).toEqual(["Fail (busy)", "Fail (busy)"]);
		board.clock.nowMs = 10_000;
		expect([board.ask("reset", ownHub), board.ask("channel=6", ownHub)]).toEqual(["OK", "Fail (busy)"]);
		board.clock.nowMs = 20_000;
		expect([board.ask("channel=6", ownHub), board.ask("channel=7", ownHub)]).toEqual(["OK 6", "Fail (busy)"]);
	});
});
