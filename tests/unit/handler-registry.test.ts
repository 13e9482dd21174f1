import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { ANSWER_TIMEOUT_MS, type Command, type Who } from "handler/handler";
import { fakeBoard, HUB, lan, ownHub, setup, signedIn, stranger } from "./handler-fakes";

const command = (changes: Partial<Command> & { name: string }): Command => ({
	help: changes.name,
	who: "anyone",
	run: (args) => `OK ${args}`,
	...changes,
});

describe("the registry", () => {
	test("an app adds a command in one line", () => {
		const { ask, handler } = fakeBoard();
		let beeps = 0;
		handler.add({ name: "beep", help: "beep sounds the buzzer", who: "anyone", run: () => `OK ${++beeps}` });
		expect(ask("beep", stranger)).toBe("OK 1");
		expect(handler.isCommand("beep")).toBe(true);
		expect(ask("help")).toMatch(/^OK uptime .* beep$/);
		expect(ask("help beep")).toBe("OK beep sounds the buzzer");
	});

	test("an app's command finds itself as `this`", () => {
		const { ask, handler } = fakeBoard();
		const counter = {
			...command({ name: "count" }),
			counted: 0,
			run() {
				return `OK ${++this.counted}`;
			},
		};
		handler.add(counter);
		expect([ask("count"), ask("count"), counter.counted]).toEqual(["OK 1", "OK 2", 2]);
	});

	test("a name may be given once, and only a name", () => {
		const { handler } = fakeBoard();
		for (const name of ["uptime", "help", "", "ping", "!relay", "two words"])
			expect(() => handler.add(command({ name }))).toThrow(RangeError);
	});

	test("a command without argument matches exactly", () => {
		const { ask, handler } = fakeBoard();
		for (const text of ["Uptime", "uptime ", " uptime", "uptimes", "on off", "updat", ""]) {
			expect(ask(text)).toBe(`Unknown message: ${text}`);
			expect(handler.isCommand(text)).toBe(false);
		}
	});

	test.each<[Command["argument"], string, string | undefined]>([
		["attached", "x=6", "6"],
		["attached", "x=", undefined],
		["attached", "y=6", undefined],
	])("an attached argument follows at once: %s %p", (argument, text, args) => {
		const { ask } = fakeBoard({ commands: [command({ name: "x=", ...(argument ? { argument } : {}) })] });
		expect(ask(text)).toBe(args === undefined ? `Unknown message: ${text}` : `OK ${args}`);
	});

	test.each<[string, string | undefined]>([
		["x-6", "6"],
		["x6-7", "-7"],
		["x-", undefined],
		["x", undefined],
	])("a separated argument follows any one character: %p", (text, args) => {
		const { ask } = fakeBoard({ commands: [command({ name: "x", argument: "separated" })] });
		expect(ask(text)).toBe(args === undefined ? `Unknown message: ${text}` : `OK ${args}`);
	});

	test.each<[string, string | undefined]>([
		["x", ""],
		["x y", "y"],
		["x y z", "y z"],
		["x=y", undefined],
		["xy", undefined],
	])("an optional argument follows a space: %p", (text, args) => {
		const { ask } = fakeBoard({ commands: [command({ name: "x", argument: "optional" })] });
		expect(ask(text)).toBe(args === undefined ? `Unknown message: ${text}` : `OK ${args}`);
	});

	test("a command of its own name goes before one that it begins with", () => {
		const { ask } = fakeBoard({ commands: [command({ name: "environment", run: () => "OK air" })] });
		expect(ask("environment")).toBe("OK air");
	});

	test("what is in a prototype is no command", () => {
		const { handler } = fakeBoard();
		for (const text of ["constructor", "toString", "__proto__", "hasOwnProperty"]) expect(handler.isCommand(text)).toBe(false);
	});

	test("replies are never taken for commands", () => {
		const { handler } = fakeBoard();
		for (const text of [
			"OK",
			"OK ON 12+ -50",
			"Fail (no reply)",
			"Unknown message: on",
			"pong",
			"ping",
			"0 100",
			"Sequence error: 3 2",
			"Save error",
			"No data",
			"Bad save",
			"348",
			"!24dcc3a1b2c0,on",
		])
			expect(handler.isCommand(text)).toBe(false);
	});

	test("every command is one, with and without its argument", () => {
		const { handler } = fakeBoard();
		for (const text of [
			"uptime",
			"on",
			"off",
			"relay",
			"reset",
			"ipaddr",
			"channel",
			"channel=6",
			"environ-6-24dcc3a1b2c0",
			"environ:6-24dcc3a1b2c0",
			"part:0,text:7b",
			"save:config.json",
			"update",
			"help",
			"help on",
			"version",
			"config",
			"config router.ssid",
		])
			expect(handler.isCommand(text)).toBe(true);
	});
});

describe("who may", () => {
	test.each<[Who, string]>([
		["setup", "setup"],
		["owner", "setup signedIn ownHub"],
		["anyone", "setup signedIn ownHub lan stranger"],
	])("a command for %s is open to: %s", (who, allowed) => {
		for (const given of [who, () => who]) {
			let runs = 0;
			const { ask } = fakeBoard({ commands: [command({ name: "x", who: given, run: () => `OK ${++runs}` })] });
			const callers = Object.entries({ setup, signedIn, ownHub, lan, stranger });
			expect(
				callers
					.filter(([, caller]) => !String(ask("x", caller)).startsWith("Fail (not allowed"))
					.map(([name]) => name)
					.join(" "),
			).toBe(allowed);
			expect(runs).toBe(allowed.split(" ").length);
		}
	});

	test("a refusal says what would do", () => {
		const { ask } = fakeBoard({ commands: [command({ name: "s", who: "setup" })] });
		expect(ask("reset", stranger)).toBe("Fail (not allowed: relayed, or not from this device's hub)");
		expect(ask("reset", lan)).toBe("Fail (not allowed: sign in with the house password)");
		expect(ask("s", ownHub)).toBe("Fail (not allowed: only through the board's own access point)");
	});

	test("a hub takes changes from nobody on the radio, whoever it takes itself for", () => {
		const { ask, restarts } = fakeBoard({ hub: "" });
		for (const mac of [HUB, "24dcc3a1b2c1", "", "ffffffffffff"]) expect(ask("reset", { ...ownHub, mac })).toMatch(/^Fail \(not allowed/);
		expect(restarts).toEqual([]);
	});

	test("the own hub may send from either of its addresses", () => {
		const { ask } = fakeBoard({ commands: [command({ name: "x", who: "owner" })] });
		expect(ask("x", { ...ownHub, mac: `${HUB.slice(0, -1)}1` })).toBe("OK ");
	});

	test("a device without a hub has none on the radio", () => {
		const { ask } = fakeBoard({ hub: "", commands: [command({ name: "x", who: "owner" })] });
		for (const mac of [HUB, "", "000000000000"]) expect(ask("x", { ...ownHub, mac })).toMatch(/^Fail \(not allowed/);
	});

	test("being called a hub counts on the radio only", () => {
		const { ask } = fakeBoard({ commands: [command({ name: "x", who: "owner" })] });
		expect(ask("x", { ...lan, mac: HUB })).toMatch(/^Fail \(not allowed/);
	});

	test("a stranger, and the house, change nothing that lasts", () => {
		for (const text of ["channel=6", "environ-6-24dcc3a1b2c0", "part:0,text:7b7d", "save:config.json", "update"]) {
			const { ask, records } = fakeBoard();
			for (const from of [stranger, lan]) expect(ask(text, from)).toMatch(/^Fail \(not allowed/);
			expect(records.writes).toBe(0);
		}
	});

	test("reset is a change: for the setup side, who has signed in in the house, and the own hub", () => {
		const { ask, restarts } = fakeBoard();
		expect([setup, signedIn, ownHub].map((from) => ask("reset", from))).toEqual(["OK", "OK", "OK"]);
		for (const from of [lan, stranger]) expect(ask("reset", from)).toMatch(/^Fail \(not allowed/);
		expect(restarts).toEqual(["setup", "lan", "radio"]);
	});
});

describe("what is harmless", () => {
	const { handler } = fakeBoard({ commands: [command({ name: "beep" }), command({ name: "burn", who: "owner" })] });
	const reads = [
		"ping",
		"temp",
		"uptime",
		"on",
		"off",
		"relay",
		"ipaddr",
		"channel",
		"role",
		"role US",
		"version",
		"help",
		"help on",
		"config name",
		"beep",
	];
	const changes = [
		...["reset", "channel=6", "environ-6-24dcc3a1b2c0", "part:0,text:7b7d", "save:config.json", "update", "burn"],
		...[
			"config",
			"config router",
			"config name.x",
			"delete:main.py",
			"mkdir:x",
			"pause",
			"resume",
			"temps",
			"pings",
			"ON",
			"on ",
			"",
			"OK",
		],
	];

	test.each(["", "!24dcc3a1b2d0,", "!24dcc3a1b2d0,!24dcc3a1b2d4,", "!,", "!24:dc:c3:a1:b2:d0,"])(
		"is what changes nothing for good, behind %p",
		(path) => {
			expect(reads.filter((text) => !handler.isHarmless(path + text))).toEqual([]);
			expect(changes.filter((text) => handler.isHarmless(path + text))).toEqual([]);
		},
	);

	test("a way without an end is not", () => {
		for (const text of ["!", "!on", "!24dcc3a1b2d0", "!24dcc3a1b2d0,", "!24dcc3a1b2d0,!"]) expect(handler.isHarmless(text)).toBe(false);
	});
});

describe("answers that fail", () => {
	test("a handler that throws answers so, at once or later", async () => {
		const { ask, lines } = fakeBoard({
			commands: [
				command({
					name: "now",
					run: () => {
						throw new Error("no sensor");
					},
				}),
				command({ name: "later", run: () => Promise.reject(new TypeError("bad wire")) }),
				command({
					name: "text",
					run: () => {
						throw "just text";
					},
				}),
			],
		});
		expect(ask("now")).toBe("Fail (no sensor)");
		expect(ask("text")).toBe("Fail (just text)");
		expect(await ask("later")).toBe("Fail (bad wire)");
		expect(lines).toHaveLength(3);
	});

	test("a reason is one short printable line", async () => {
		const { ask } = fakeBoard({ commands: [command({ name: "x", run: () => Promise.reject(new Error(`a\nb\u00fc${"c".repeat(999)}`)) })] });
		const reply = await ask("x");
		expect(reply).toMatch(/^Fail \(a\?b\?c+\)$/);
		expect(reply.length).toBeLessThan(200);
	});

	test("one that does not answer within 8 s is given up, and no timer is left", async () => {
		let finish: (text: string) => void = () => {};
		const { ask, timers } = fakeBoard({ commands: [command({ name: "x", run: () => new Promise((resolve) => (finish = resolve)) })] });
		const reply = ask("x");
		timers.advance(ANSWER_TIMEOUT_MS - 1);
		expect(timers.pending).toBe(1);
		timers.advance(1);
		expect(await reply).toBe("Fail (timeout)");
		finish("OK late");
		await Promise.resolve();
		expect(timers.pending).toBe(0);
	});

	test("one that answers in time leaves no timer behind", async () => {
		const { ask, timers } = fakeBoard({
			commands: [command({ name: "x", run: async () => "OK" }), command({ name: "y", run: () => Promise.reject(new Error("z")) })],
		});
		expect(await ask("x")).toBe("OK");
		expect(await ask("y")).toBe("Fail (z)");
		expect(timers.pending).toBe(0);
	});

	test("a command that answers at once is answered at once", () => {
		expect(typeof fakeBoard().ask("uptime")).toBe("string");
	});

	test("no text whatever makes the handler throw", async () => {
		const text = fc.oneof(
			fc.string({ unit: "binary" }),
			fc
				.tuple(fc.constantFrom("channel=", "environ-", "part:", "part:0,text:", "save:", "config ", "help "), fc.string({ unit: "binary" }))
				.map(([a, b]) => a + b),
			fc.tuple(fc.constantFrom("uptime", "channel=6", "environ-6-24dcc3a1b2c0", "update"), fc.string()).map(([a, b]) => a + b),
		);
		await fc.assert(
			fc.asyncProperty(fc.array(text, { maxLength: 20 }), fc.constantFrom(setup, lan, ownHub, stranger), async (texts, from) => {
				const { ask } = fakeBoard();
				for (const each of texts) expect(typeof (await ask(each, from))).toBe("string");
			}),
		);
	});
});
