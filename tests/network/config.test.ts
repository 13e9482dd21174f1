import { describe, expect, test } from "@jest/globals";
import type { NvsEntry } from "../../sim/world/protocol";
import { ROUTER_DEFAULTS } from "../../sim/world/router";
import type { World } from "../../sim/world/world";
import { ask, deviceSpec, events, HUB, hubSpec, network, OWNER, put, settle, snapshot, world } from "./network";

const json = { "content-type": "application/json" };
const read = (made: World, name: string) => JSON.parse(made.http(name, "ap", { path: "/api/config" }).body);

describe("a wrong configuration", () => {
	const cases: readonly (readonly [what: string, body: string | object, path: string, expected: RegExp])[] = [
		["a role that is none", { role: "master" }, "role", /^hub or device$/],
		["a channel as text", { channel: "6" }, "channel", /^a number from 1 to 11 in country 01$/],
		["a channel of no band", { channel: 14 }, "channel", /1 to 11/],
		["a channel that the country lacks", { country: "US", channel: 13 }, "channel", /1 to 11 in country US/],
		["a country that the chip does not know", { country: "XX" }, "country", /country code/],
		["a name that is too long", { name: "ä".repeat(17) }, "name", /1 to 32 bytes/],
		["no name", { name: "" }, "name", /1 to 32 bytes/],
		["a name over two lines", { name: "a\nb" }, "name", /1 to 32 bytes/],
		["a network name that is too long", { router: { ssid: "x".repeat(33) } }, "router.ssid", /at most 32 bytes/],
		["a short router password", { router: { password: "1234567" } }, "router.password", /8 to 63 bytes, or an empty one, or 64 hex digits/],
		["a router that is no object", { router: "House" }, "router", /^an object$/],
		["an open setup access point", { setupAP: { password: "" } }, "setupAP.password", /8 to 63 bytes/],
		["a window without an end", { setupAP: { minutes: 11 } }, "setupAP.minutes", /1 to 10/],
		["another way of closing", { setupAP: { afterwards: "open" } }, "setupAP.afterwards", /off or cloaked/],
		["a hub that is no MAC", { hub: "34:b4" }, "hub", /MAC of 12 hex digits/],
		["a group address as hub", { hub: "ffffffffffff" }, "hub", /MAC/],
		["a pin that no chip has", { pins: { relay: { pin: 99 } } }, "pins.relay.pin", /0 to 48/],
		["one pin twice", { pins: { led: { pin: 9 } } }, "pins.relay.pin", /another pin than pins.led.pin, which is GPIO 9/],
		["the button on the relay's pin", { pins: { button: 9 } }, "pins.button", /another pin than pins.relay.pin, which is GPIO 9/],
		["the relay on a pin of the flash", { pins: { relay: { pin: 14 } } }, "pins.relay.pin", /another pin: GPIO 14 hangs on the flash/],
		["the LED on a pin of USB", { pins: { led: { pin: 18 } } }, "pins.led.pin", /another pin: GPIO 18 is USB's/],
		["a pin that this chip lacks", { pins: { button: 22 } }, "pins.button", /another pin: GPIO 22 is not on this chip/],
		// The only board of this world has the first address.
		["its own address as its hub", { hub: HUB.replace(/0$/, "1") }, "hub", /another board's MAC/],
		["its own address as RBR-Now's master", { myMaster: HUB }, "myMaster", /another board's MAC/],
		["nine keys that nobody knows", Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`k${i}`, i])), "", /at most 8 keys/],
		["a hundred and one values", { name: Array(99).fill(0) }, "", /at most 100 values/],
		["RBR-Now's form, wrong", { master: "yes" }, "master", /true or false/],
		["RBR-Now's form, short password", { hostpass: "1234567" }, "hostpass", /8 to 63/],
		["both forms at once", { role: "hub", master: true }, "master", /not together with role/],
		["a list", [], "", /object/],
		["a number", "7", "", /object/],
		["no JSON", "{name:1}", "", /JSON/],
		["half a JSON", '{"name":"x"', "", /JSON/],
		["nothing", "", "", /JSON/],
		["4 KB of brackets", "[".repeat(4096), "", /at most/],
		["nine levels", `{"a":${"[".repeat(8)}${"]".repeat(8)}}`, "", /8 levels/],
		["more than it keeps", { note: "x".repeat(2100) }, "", /2000 bytes/],
		["a prototype", '{"__proto__":{"role":"hub"}}', "__proto__", /no such key/],
		["bytes that are no UTF-8", "\u00ff", "", /JSON/],
	];

	test.each(cases)("%s: 400 with the key and what is expected, nothing changed, nothing written", (_, body, path, expected) => {
		const made = world([deviceSpec("Kitchen")]).boot();
		settle(made);
		const before = read(made, "Kitchen");
		const sent = body === "\u00ff" ? Buffer.from([0x22, 0xff, 0xfe, 0x22]) : body;
		const response = made.http("Kitchen", "ap", { method: "PUT", path: "/api/config", body: sent, headers: json });
		expect(response.status).toBe(400);
		const told = JSON.parse(response.body);
		expect(told).toEqual({ error: expect.stringContaining(told.expected), path, expected: expect.stringMatching(expected) });
		expect(read(made, "Kitchen")).toEqual(before);
		expect([made.board("Kitchen").flashWrites, made.board("Kitchen").bootCount]).toEqual([0, 1]);
		expect(made.http("Kitchen", "ap", { path: "/?uptime" }).body).toMatch(/^OK/);
	});

	test("a key that every object inherits is refused by its path", () => {
		const made = network(["Kitchen"]);
		for (const key of ["constructor", "toString"]) {
			const { status, body } = put(made, "Kitchen", "ap", "/api/config", { name: "new", x: { [key]: 1 } });
			expect([status, JSON.parse(body)]).toEqual([400, expect.objectContaining({ path: `x.${key}` })]);
		}
		expect(snapshot(made, "Kitchen").name).toBe("Kitchen");
	});

	test("one wrong key among good ones: none of them is taken", () => {
		const made = network(["Kitchen"]);
		expect(put(made, "Kitchen", "ap", "/api/config", { name: "Cellar", pins: { led: { pin: 3 } }, channel: 0 }).status).toBe(400);
		expect(read(made, "Kitchen")).toMatchObject({ name: "Kitchen", pins: { relay: { pin: 9 } } });
	});
});

describe("a configuration that is read and sent back", () => {
	test("changes nothing: masked passwords stay what they are, and nothing is written", () => {
		const secret = { setupAP: { password: "told-by-people" }, mqtt: { password: "unknown-to-us" } };
		const made = world([hubSpec(secret)]).boot();
		settle(made);
		const shown = read(made, "Hub");
		expect(shown.setupAP.password).toBe("********");
		expect(put(made, "Hub", "ap", "/api/config", shown).body).toBe('{"ok":true,"changed":false}');
		expect(made.configurationOf(made.board("Hub")).configuration).toMatchObject({
			router: { password: ROUTER_DEFAULTS.password },
			...secret,
		});
		// With one thing changed the rest is as it was, and the router still takes the hub after a restart.
		expect(put(made, "Hub", "ap", "/api/config", { ...shown, name: "Hall" }).body).toBe('{"ok":true,"changed":true}');
		made.board("Hub").pressReset();
		made.advance(5000);
		expect(made.http("Hub", "lan", { path: "/" }).body).toMatch(/ M Hall /);
		expect(made.joinClient("Hub", "told-by-people").result.joined).toBe(true);
	});

	test("null removes what is optional, unknown keys are kept and counted, and the house is not told their names", () => {
		const made = network(["Kitchen"]);
		expect(put(made, "Kitchen", "ap", "/api/config", { path: "x", pins: { relay: null, dht22: { pin: "4" } } }).status).toBe(200);
		expect(read(made, "Kitchen")).toMatchObject({ path: "********", pins: { dht22: "********" } });
		expect(read(made, "Kitchen").pins.relay).toBeUndefined();
		expect(JSON.parse(made.http("Kitchen", "ap", { path: "/api/status" }).body).store.unknownKeys).toBe(2);
		expect(put(made, "Hub", "ap", "/api/config", { "sesame-key": 1 }).status).toBe(200);
		const { body } = made.http("Hub", "lan", { path: "/api/status" });
		expect(JSON.parse(body).store.unknownKeys).toBe(1);
		expect(body).not.toContain("sesame");
	});

	test("a byte order mark before it, as editors leave, is none of it", () => {
		const made = network(["Kitchen"]);
		const body = Buffer.from('\ufeff{"name":"Cellar"}');
		expect(made.http("Kitchen", "ap", { method: "PUT", path: "/api/config", headers: json, body }).body).toBe('{"ok":true,"changed":true}');
		expect(read(made, "Kitchen").name).toBe("Cellar");
	});

	test("RBR-Now's form is taken by PUT as well", () => {
		const made = network(["Kitchen"]);
		const file = { name: "Cellar", master: false, myMaster: HUB, channel: "11", hostssid: "Other", hostpass: "other-pass" };
		expect(put(made, "Kitchen", "ap", "/api/config", file).status).toBe(200);
		expect(read(made, "Kitchen")).toMatchObject({ name: "Cellar", hub: HUB, channel: 11, router: { ssid: "Other", password: "********" } });
	});
});

describe("power that fails at any step of a write", () => {
	/** Repeats a change with the power failing before its first, second, … flash step until it goes through. */
	function cutAtEveryStep(start: () => World, change: (made: World) => void, good: (made: World) => string): string[] {
		const outcomes: string[] = [];
		for (let step = 1; step < 12; step++) {
			const made = start();
			made.fault("Kitchen", "power-cut-in-flash-write", step);
			change(made);
			made.advance(4000);
			const cut = events(made, "restart", "Kitchen").some(({ reason }) => reason === "power-cut");
			if (!cut) {
				// Read it as the next start would.
				made.board("Kitchen").pressReset();
				made.advance(4000);
			}
			expect(snapshot(made, "Kitchen").store.lastError).toBe("");
			outcomes.push(good(made));
			made.close();
			if (!cut) return outcomes;
		}
		throw new Error("the power never stopped failing");
	}

	const start = () => {
		const made = network(["Kitchen"]);
		// Both copies are in use from the second change on.
		put(made, "Kitchen", "ap", "/api/config", { name: "First" });
		put(made, "Kitchen", "ap", "/api/config", { name: "Old" });
		return made;
	};
	const nameOf = (made: World) => snapshot(made, "Kitchen").name;

	test("PUT /api/config: the old or the new one, and the board starts and answers", () => {
		const body = JSON.stringify({ name: "New", note: "x".repeat(900) });
		const outcomes = cutAtEveryStep(
			start,
			(made) => made.request("Kitchen", "ap", { method: "PUT", path: "/api/config", headers: json, body }),
			(made) => {
				expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF/);
				return nameOf(made);
			},
		);
		expect(outcomes.length).toBeGreaterThan(1);
		expect(outcomes.at(-1)).toBe("New");
		expect(outcomes.slice(0, -1).every((name) => name === "Old" || name === "New")).toBe(true);
	});

	test("environ by radio: likewise", () => {
		const outcomes = cutAtEveryStep(
			start,
			(made) => made.request("Hub", "lan", { path: `/?mac=${made.board("Kitchen").mac}&msg=environ-11-${HUB}`, headers: OWNER }),
			(made) => `${made.configurationOf(made.board("Kitchen")).configuration.channel} ${nameOf(made)}`,
		);
		expect(outcomes.at(-1)).toBe("11 Old");
		expect(outcomes.slice(0, -1).every((each) => each === "6 Old" || each === "11 Old")).toBe(true);
	});

	test("the way back to the factory configuration: all of the old one, or nothing", () => {
		const outcomes = cutAtEveryStep(
			() => {
				const made = world([hubSpec(), deviceSpec("Kitchen", { name: "First", pins: { button: 4 } })]).boot();
				settle(made);
				put(made, "Kitchen", "ap", "/api/config", { name: "Old" });
				ask(made, "Kitchen", "uptime");
				return made;
			},
			(made) => {
				made.pressButton("Kitchen", 10_200);
				made.advance(11_000);
			},
			(made) => `${nameOf(made)} ${made.status().boards[1]?.ap.state}`,
		);
		expect(outcomes.at(-1)).toBe("(none) open");
		expect(outcomes.slice(0, -1).every((each) => /^(Old|\(none\)) open$/.test(each))).toBe(true);
	});

	test("the adoption of a hub: adopted or not, and the configuration untouched", () => {
		const outcomes = cutAtEveryStep(
			() => {
				const made = world([hubSpec(), deviceSpec("Kitchen", { hub: "" })]).boot();
				settle(made);
				return made;
			},
			(made) => made.request("Hub", "lan", { path: `/?mac=${made.board("Kitchen").mac}&msg=uptime` }),
			(made) => {
				expect(nameOf(made)).toBe("Kitchen");
				return snapshot(made, "Kitchen").hub;
			},
		);
		expect(outcomes.length).toBeGreaterThan(1);
		expect(outcomes.at(-1)).toBe(HUB);
		expect(outcomes.slice(0, -1).every((hub) => hub === "" || hub === HUB)).toBe(true);
	});

	test("the first configuration of all: the factory's or the new one", () => {
		const outcomes = cutAtEveryStep(
			() => {
				const made = world([{ name: "Kitchen" }]).boot();
				made.advance(2000);
				return made;
			},
			(made) => made.request("Kitchen", "ap", { method: "PUT", path: "/api/config", headers: json, body: '{"name":"New"}' }),
			nameOf,
		);
		expect(outcomes.slice(0, -1).every((name) => name === "(none)")).toBe(true);
		expect(outcomes.at(-1)).toBe("New");
	});
});

describe("a damaged store", () => {
	/** Flash of a board that was told "Old" and then "New": both copies in use. */
	function twoCopies(): NvsEntry[] {
		const made = network(["Kitchen"]);
		put(made, "Kitchen", "ap", "/api/config", { name: "Old" });
		put(made, "Kitchen", "ap", "/api/config", { name: "New" });
		return made.board("Kitchen").nvs();
	}

	/** Changes what stands under a key that holds this text. */
	const spoil = (nvs: readonly NvsEntry[], holding: string, change: (bytes: Buffer) => Buffer): NvsEntry[] =>
		nvs.map((entry) => {
			const bytes = Buffer.from(entry.hex, "hex");
			return bytes.includes(holding) ? { ...entry, hex: change(bytes).toString("hex") } : entry;
		});

	const boot = (nvs: readonly NvsEntry[]) => {
		const made = world([hubSpec(), { name: "Kitchen", nvs }]).boot();
		settle(made);
		return made;
	};

	const flip = (at: number) => (bytes: Buffer) => {
		bytes[at] = (bytes[at] ?? 0) ^ 0x10;
		return bytes;
	};

	test("the newest copy damaged: the one before is used, and the status says so", () => {
		const nvs = twoCopies();
		const length = Buffer.from(nvs.find(({ hex }) => Buffer.from(hex, "hex").includes('"New"'))?.hex ?? "", "hex").length;
		for (let at = 0; at < length - 1; at += 23) {
			const made = boot(spoil(nvs, '"New"', flip(at)));
			const status = JSON.parse(made.http("Kitchen", "ap", { path: "/api/status" }).body);
			expect(status).toMatchObject({ name: "Old", store: { source: "previous", configured: true } });
			expect(status.store.damaged).toHaveLength(1);
			expect(status.lastError).toMatch(/^configuration [ab] damaged, using the other copy$/);
			expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF/);
			made.close();
		}
	});

	test.each([
		["cut off", (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 40), Buffer.from([0])])],
		["empty", () => Buffer.from([0])],
		["as long as it can be", () => Buffer.concat([Buffer.alloc(3999, "["), Buffer.from([0])])],
		["not UTF-8", (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 50), Buffer.from([0xff, 0xc3]), bytes.subarray(50)])],
	])("a copy that is %s: the other one", (_, change) => {
		const made = boot(spoil(twoCopies(), '"New"', change));
		expect(snapshot(made, "Kitchen")).toMatchObject({ name: "Old", store: { source: "previous" } });
	});

	test("both copies damaged: a board from the factory that says so, and takes a new configuration", () => {
		const nvs = spoil(spoil(twoCopies(), '"New"', flip(30)), '"Old"', flip(30));
		const made = boot(nvs);
		expect(snapshot(made, "Kitchen")).toMatchObject({
			name: "(none)",
			store: { source: "defaults", configured: false, damaged: expect.arrayContaining(["a", "b"]) },
			ap: { state: "open" },
		});
		expect(put(made, "Kitchen", "ap", "/api/config", { name: "Anew" }).status).toBe(200);
		made.board("Kitchen").pressReset();
		made.advance(3000);
		expect(snapshot(made, "Kitchen").name).toBe("Anew");
	});

	test("other things in the same flash are none of its business", () => {
		const more: NvsEntry[] = [
			{ ns: "other", key: "a", type: "str", hex: Buffer.from("garbage\0").toString("hex") },
			{ ns: "rbrnow", key: "c", type: "i32", hex: "01000000" },
		];
		const made = boot([...more, ...twoCopies()]);
		expect(snapshot(made, "Kitchen")).toMatchObject({ name: "New", store: { source: "newest", damaged: [] } });
	});

	test("a number where a copy should be: the other one", () => {
		const nvs = twoCopies().map(
			(entry): NvsEntry => (Buffer.from(entry.hex, "hex").includes('"New"') ? { ...entry, type: "i32", hex: "01000000" } : entry),
		);
		const made = boot(nvs);
		expect(snapshot(made, "Kitchen").name).toBe("Old");
	});

	test("a damaged state costs the adopted hub and nothing else", () => {
		const made = world([hubSpec(), deviceSpec("Kitchen", { hub: "" })]).boot();
		settle(made);
		ask(made, "Kitchen", "uptime");
		made.advance(1000);
		const again = boot(spoil(made.board("Kitchen").nvs(), '"channels"', flip(25)));
		expect(snapshot(again, "Kitchen")).toMatchObject({ name: "Kitchen", hub: "" });
		expect(ask(again, "Kitchen", "uptime")).toMatch(/^OK/);
	});
});
