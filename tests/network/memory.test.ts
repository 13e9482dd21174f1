import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { boardMac } from "../../sim/world/mac";
import type { World } from "../../sim/world/world";
import { askAll, muteNetwork } from "./mute-network";
import { ask, events, macOf, network, OWNER, put, settle, snapshot } from "./network";
import { appWithCommands, testApp } from "./test-app";

/** Memory that is used up, on the machine that is like the chip's: the board starts anew and can tell why. */

const machine = "chip";
const TOLD = "restarted after an error: memory full";
/** When nobody was asked for words. */
const WITHOUT_WORDS = "restarted after an error without words, most likely a full heap or stack";
/**
 * What fills the heap, and what is told of it. Buffers and strings leave the bytes that the engine needs to say why; when the
 * last slot is taken, it is a matter of luck whether a byte is left.
 */
const FILL: Readonly<Record<string, readonly [body: string, told: readonly string[]]>> = {
	objects: ["let kept; for (;;) kept = { kept };", [TOLD, WITHOUT_WORDS]],
	buffers: ["const kept = []; for (;;) kept.push(new ArrayBuffer(2000));", [TOLD]],
	strings: ["let kept = 'x'; for (;;) kept += kept;", [TOLD]],
	"an array": ["const kept = []; for (;;) kept.push(1);", [TOLD]],
};
const SINK = "const sink = () => sink() + 1; sink();";
/** Where it happens: inside the command, in a timer, in a promise. */
const PLACES: Readonly<Record<string, (body: string) => string>> = {
	"a command": (body) => `${body} return "OK";`,
	"a timer": (body) => `Timer.set(() => { ${body} }); return "OK";`,
	"a promise": (body) => `Promise.resolve().then(() => { ${body} }); return "OK";`,
};

const reasons = (made: World, name: string) => events(made, "restart", name).map(({ reason }) => reason);

/** What a board's status page says was wrong. */
const told = (made: World, name: string) =>
	(JSON.parse(made.http(name, "lan", { path: "/api/status" }).body) as { lastError: string }).lastError;

/** Has the hub do it, and gives it time to be back. */
function end(made: World): void {
	made.request("Hub", "lan", { path: "/?end" });
	expect(made.advanceUntil(() => reasons(made, "Hub").length > 0, 2000)).toBe(true);
	settle(made);
}

describe("a full heap", () => {
	for (const [what, [fill, words]] of Object.entries(FILL))
		for (const [place, body] of Object.entries(PLACES))
			test(`of ${what}, in ${place}: the board restarts within 2 s, and its status page tells it`, () => {
				const made = network(["Kitchen"], { app: appWithCommands({ end: body(fill) }), machine });
				end(made);
				expect(reasons(made, "Hub")).toEqual(["memory full"]);
				expect(words).toContain(told(made, "Hub"));
				expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF \d+\+? -\d+$/);
			});

	test("on a device that is asked by radio: its relay is off after that, its hub is told that no reply came and can ask again", () => {
		const made = network(["Kitchen"], {
			app: appWithCommands({ end: "const kept = []; for (;;) kept.push(new ArrayBuffer(500));" }),
			machine,
		});
		expect(ask(made, "Kitchen", "on")).toMatch(/^OK ON/);
		expect(ask(made, "Kitchen", "end")).toMatch(/^Fail/);
		settle(made);
		expect(reasons(made, "Kitchen")).toContain("memory full");
		expect(snapshot(made, "Kitchen").lastError).toBe(TOLD);
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF \d+\+? -\d+$/);
	});
});

describe("a full stack", () => {
	for (const [place, body] of Object.entries(PLACES))
		test(`in ${place}: the board restarts within 2 s, and its status page tells it`, () => {
			const made = network(["Kitchen"], { app: appWithCommands({ end: body(SINK) }), machine });
			end(made);
			expect(reasons(made, "Hub")).toEqual(["stack overflow"]);
			expect(told(made, "Hub")).toBe(WITHOUT_WORDS);
			expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF \d+\+? -\d+$/);
		});
});

/** So many callers send a long request that is not quite complete, all at once, and complete it a second later. */
function crowd(made: World, callers: number): void {
	const open = Array.from({ length: callers }, () => made.connect(made.board("Hub"), "lan", {}));
	for (const connection of open)
		connection.send(
			`GET /?mac=${made.board("Kitchen").mac}&msg=uptime HTTP/1.1\r\nHost: 192.168.1.50\r\nX-Filler: ${"x".repeat(1500)}\r\n`,
		);
	made.advance(1000);
	for (const connection of open) connection.send("\r\n");
	made.advance(20_000);
}

describe("a crowd of 32 slow requests", () => {
	test("does not fill the heap that the chip has", () => {
		const made = network(["Kitchen"], { machine });
		crowd(made, 32);
		expect(events(made, "restart")).toEqual([]);
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF \d+\+? -\d+$/);
	});

	test("restarts a board with half of it, which tells why and serves again", () => {
		const made = network(["Kitchen"], { app: testApp({ creation: { static: 50_000 } }), machine });
		crowd(made, 32);
		expect(reasons(made, "Hub")).toEqual(["memory full"]);
		// Its status takes more memory than such a board has left.
		expect(events(made, "trace", "Hub").some(({ line }) => /last words: .*memory full/.test(String(line)))).toBe(true);
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF \d+\+? -\d+$/);
	});
});

test("the longest part of a file that a request lets through, two hundred times, restarts nobody and leaves no slot behind", () => {
	const made = network(["Kitchen"], { machine });
	const board = made.board("Hub");
	// With the rest of the request's lines, 2 KB.
	const path = `/?part:0,text:${"7b".repeat(995)}`;
	const slots = () => {
		made.advance(2_000);
		board.collect();
		return board.collect().slots;
	};
	const send = (times: number) => {
		for (let i = 0; i < times; i++) {
			expect(made.http("Hub", "ap", { path })).toMatchObject({ status: 200, body: "0 995" });
			// Changes over HTTP come at most four a second.
			made.advance(250);
		}
	};
	// What follows a start is over by then: the self-test, the first polls.
	send(3);
	made.advance(60_000);
	send(3);
	const before = slots();
	send(200);
	expect(events(made, "restart")).toEqual([]);
	expect(Math.abs(slots() - before)).toBeLessThanOrEqual(8);
});

test("a request that waits for the radio keeps nothing of its headers", () => {
	const made = network(["Kitchen"], { machine });
	made.fault("Kitchen", "mute", -1);
	const used = () => {
		made.board("Hub").collect();
		const { slots, chunks } = made.board("Hub").collect();
		return slots * 16 + chunks;
	};
	const before = used();
	const open = Array.from({ length: 2 }, () => made.connect(made.board("Hub"), "lan", {}));
	const target = `/?mac=${macOf(made, "Kitchen")}&msg=uptime`;
	for (const connection of open) connection.send(`GET ${target} HTTP/1.1\r\nHost: 192.168.1.50\r\nAccept: ${"x".repeat(1500)}\r\n\r\n`);
	// Longer than the hub's own first ping of the board.
	made.advance(3_000);
	expect(snapshot(made, "Hub").web.connections).toBe(2);
	// Their headers are 3,000 bytes.
	expect(used() - before).toBeLessThan(2 * 3_200);
	made.advance(15_000);
});

/** A name that the engine made once, it never gives back: what anybody may say must not be looked up as a name. */
describe("what is no name here takes no memory for good", () => {
	const long = "x".repeat(200);
	const others = (turn: number) => Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`other${turn}-${i}`, 0]));
	const ways: Readonly<Record<string, (made: World, turn: number) => void>> = {
		"in a message to be sent": (made, turn) => {
			const message = { ...others(turn), mac: made.board("Kitchen").mac, msg: "uptime" };
			expect(put(made, "Hub", "lan", "/api/send", message, "POST").body).toMatch(/"ok":true/);
		},
		"an address that is none": (made, turn) => {
			for (let i = 0; i < 4; i++) expect(made.http("Hub", "lan", { path: `/${turn}-${i}/${long}` }).status).toBe(404);
		},
		"a method that is none": (made, turn) => {
			for (let i = 0; i < 4; i++) expect(made.http("Hub", "lan", { method: `M${turn}X${i}${long}`, path: "/" }).status).toBe(405);
		},
		"a header": (made, turn) => {
			const headers = { [`x-${turn}-${long}`]: "1", [`y-${turn}-${long}`]: "2", [`z-${turn}-${long}`]: "3" };
			expect(made.http("Hub", "lan", { path: "/", headers }).status).toBe(200);
		},
		"a word of the query": (made, turn) => {
			for (let i = 0; i < 4; i++) made.http("Hub", "lan", { path: `/?mac=1&msg=2&${turn}-${i}-${long}=1` });
		},
		"a command that is none": (made, turn) => {
			for (let i = 0; i < 4; i++)
				expect(made.http("Hub", "lan", { path: `/?${turn}-${i}-${long}` }).body).toMatch(/^(Unknown message|Fail)/);
		},
		"a key that the configuration lacks": (made, turn) => {
			for (let i = 0; i < 4; i++)
				expect(made.http("Hub", "lan", { path: `/?config%20a${turn}-${i}-${long}`, headers: OWNER }).body).toMatch(/^Fail \(no key/);
		},
		"a configuration with many unknown keys": (made, turn) => {
			expect(put(made, "Hub", "ap", "/api/config", { ...others(turn), name: "Hall" }).body).toMatch(/at most 8 keys/);
		},
		"configurations with a few unknown keys each": (made, turn) => {
			for (let i = 0; i < 8; i++) put(made, "Hub", "ap", "/api/config", { [`few${turn}-${i}-${"x".repeat(20)}`]: i });
		},
		"help for what is no command": (made, turn) => {
			for (let i = 0; i < 4; i++) made.http("Hub", "lan", { path: `/?help%20a${turn}-${i}-${long}` });
		},
	};

	test.each(Object.entries(ways))("%s", (_, act) => {
		const made = network(["Kitchen"]);
		const used = () => {
			made.board("Hub").collect();
			const { slots, chunks } = made.board("Hub").collect();
			return slots * 16 + chunks;
		};
		act(made, 0);
		made.advance(30_000);
		const before = used();
		for (let turn = 1; turn <= 5; turn++) act(made, turn);
		made.advance(30_000);
		expect(used() - before).toBeLessThan(600);
		expect(events(made, "restart")).toEqual([]);
	});
});

describe("a thousand commands from each side, with the largest and oddest that may come", () => {
	const names = (prefix: string, count: number) =>
		JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, i])));
	/** A file as it may come by radio, in pieces, and what takes it into use. */
	const upload = (file: string) => {
		const pieces =
			Buffer.from(file)
				.toString("hex")
				.match(/.{1,200}/g) ?? [];
		return [...pieces.map((piece, i) => `part:${i},text:${piece}`), "save:config.json", "update"];
	};
	/** Sent over and over; `~` is the turn in four digits, in a file as well. */
	const odd: Readonly<Record<string, readonly string[]>> = {
		"unknown texts": [`x~${"y".repeat(230)}`, `\u{1f525}~${"\u{1f525}".repeat(50)}`, `!~,${"!".repeat(200)}`],
		"config keys": [`config k~${"x".repeat(200)}`, "config a~.b~.c~", "config pins.p~", "config __proto__.q~", `config ${".".repeat(20)}~`],
		help: [`help h~${"x".repeat(200)}`, "help !~", "help channel=~"],
		"channel=": [`channel=~${"9".repeat(200)}`, "channel=~", "channel=-~.5e9"],
		environ: [`environ-6-~${"f".repeat(200)}`, `environ-~-${"-".repeat(200)}`, "environ-~", "environ-6-2a~dcc3a1b0"],
		"parts out of order": [
			"part:~,text:7b",
			`part:0,text:${"61".repeat(115)}`,
			`part:1,text:${"61".repeat(115)}`,
			"part:3,text:61",
			"save:config.json",
		],
		"cut characters": ["part:0,text:f09f94", "part:1,text:~", "part:0,text:~", "part:0,text:ff~", "save:config.json", "update"],
		"files that are none": [`save:f~${"x".repeat(200)}`, "save:~"],
		"uploads of many new names": upload(names("n~-", 100)),
		"uploads of a few new names": upload(names("f~-", 7)),
		"uploads of many values": upload(`{"k":[${"0,".repeat(900)}0]}`),
		"uploads of nothing but brackets": upload("[".repeat(1900)),
		"uploads with escaped names": upload('{"\\u00e4~":1,"\\ud83d~":2,"p\\u0061th":"~"}'),
	};
	/** The board does it itself, as each side in turn: frames and connections of their own would take minutes. */
	const STORM = `
		const sides = ["setup", "lan", "radio"];
		const callers = sides.map((side) => ({ side, mac: "24dcc3a1b2f0", rssi: -50, signedIn: true }));
		for (let turn = Number(args); turn < Number(args) + STEP; turn++) {
			const digits = String(turn).padStart(4, "0");
			const codes = digits.replace(/./g, "3$&");
			for (const from of callers) for (const text of TEXTS) {
				const made = text.startsWith("part:") ? text.replaceAll("7e", codes) : text.replaceAll("~", digits);
				handler.handle(made, from);
				handler.isCommand(made);
				handler.isHarmless(made);
			}
		}
		return "OK";`;

	test.each(Object.entries(odd))("%s", (_, texts) => {
		// So many turns that the heartbeat does not take them for a board that hangs.
		const step = Math.ceil(150 / texts.length);
		const made = network(["Kitchen"], {
			app: appWithCommands({ "storm:": STORM.replace("STEP", String(step)).replace("TEXTS", () => JSON.stringify(texts)) }),
			machine,
		});
		const slots = () => {
			made.board("Kitchen").collect();
			return made.board("Kitchen").collect().slots;
		};
		const storm = (from: number) => expect(made.http("Kitchen", "ap", { path: `/?storm:${from}` }).body).toBe("OK");
		storm(0);
		const before = slots();
		for (let n = 1; n <= 7; n++) storm(n * step);
		expect(slots() - before).toBeLessThanOrEqual(0);
		expect(events(made, "restart")).toEqual([]);
	});
});

describe("the stack", () => {
	const { creation } = JSON.parse(readFileSync("build/virtual/app.json", "utf8")) as { creation: { stack: number } };

	test("is a fifth free in what goes deepest: a request for another board, a configuration in the original's form", () => {
		const made = network(["Kitchen"], { machine });
		const message = { mac: made.board("Kitchen").mac, msg: "uptime" };
		expect(put(made, "Hub", "lan", "/api/send", message, "POST").body).toMatch(/"ok":true/);
		const file = {
			master: false,
			hostssid: "Home",
			hostpass: "long enough",
			name: "Shed",
			pins: { led: { pin: "2" }, relay: { pin: "4" } },
		};
		for (const path of [`/?part:0,text:${Buffer.from(JSON.stringify(file)).toString("hex")}`, "/?save:config.json"])
			expect(made.http("Kitchen", "ap", { path }).status).toBe(200);
		expect(made.http("Kitchen", "ap", { path: "/?update" }).body).toBe("OK");
		for (const name of ["Hub", "Kitchen"]) {
			const { peakStack } = made.board(name).collect();
			expect(peakStack).toBeGreaterThan(300);
			expect(peakStack).toBeLessThan(creation.stack * 0.8);
		}
	});

	test("and what patterns are matched with lies at its other end: texts as long as a request may be do not fill it", () => {
		const made = network(["Kitchen"], { machine });
		expect(made.http("Kitchen", "ap", { path: `/?part:0,text:${"61".repeat(900)}` }).body).toBe("0 900");
		const headers = { host: `[${":".repeat(1800)}]`, "content-type": "application/json" };
		expect(made.http("Kitchen", "ap", { method: "PUT", path: "/api/config", headers, body: "{}" }).status).toBe(421);
		expect(made.board("Kitchen").collect().peakStack).toBeLessThan(creation.stack * 0.8);
	});
});

describe("an app that asks more boards at once than the heap has room for", () => {
	function told(made: World): Record<string, number> {
		const counts: Record<string, number> = {};
		for (const { line } of events(made, "trace", "Hub")) {
			const what = /^[0-9a-f]{12} (.+)$/.exec(String(line))?.[1];
			if (what) counts[what] = (counts[what] ?? 0) + 1;
		}
		return counts;
	}

	function pages(made: World): unknown[] {
		const all = ["/api/status", "/", "/devices", "/api/status"].map((path) => made.request("Hub", "lan", { path }));
		made.advanceUntil(() => all.every(({ done }) => done), 5_000);
		return all.map(({ response, error }) => response?.status ?? error);
	}

	test("those too many are told to be busy, and four pages at once are served meanwhile and afterwards", () => {
		const { made, macs } = muteNetwork("uptime", { machine });
		askAll(made, macs.slice(0, 32));
		expect(pages(made)).toEqual([200, 200, 200, 200]);
		made.advance(15_000);
		expect(told(made)).toEqual({ busy: 32 - 14, "no reply": 14 });
		// What the slots have taken the strings do not get back.
		expect(pages(made)).toEqual([200, 200, 200, 200]);
		expect(made.board("Hub").bootCount).toBe(1);
	});

	test.each([0, 7, 14])("%d of them, strangers that all want a long answer, and four pages: it goes on", (asked) => {
		const { made, macs } = muteNetwork("uptime", { machine });
		askAll(made, macs.slice(0, asked));
		for (let n = 0; n < 300; n++) {
			const payload = Buffer.from(`environ-6-${"x".repeat(180)}${n}`);
			made.sendFrame({ from: boardMac(500 + (n % 100)), to: macOf(made, "Hub"), payload }, () => {});
			if (n % 4 === 3) made.advance(8);
		}
		expect(pages(made)).toEqual([200, 200, 200, 200]);
		made.advance(15_000);
		expect(told(made)).toEqual(asked ? { "no reply": asked } : {});
		expect(pages(made)).toEqual([200, 200, 200, 200]);
		expect(made.board("Hub").bootCount).toBe(1);
		for (const name of ["Room 0", "Room 1"]) made.fault(name, "mute", 0);
		expect(ask(made, "Room 0", "uptime")).toMatch(/^OK/);
	});
});

test("of long replies only the beginning is remembered", () => {
	const names = Array.from({ length: 32 }, (_, i) => `Room ${i}`);
	const made = network(names, { app: appWithCommands({ tell: 'return "OK " + "x".repeat(200);' }), machine });
	const used = () => {
		const { slots, chunks } = made.board("Hub").collect();
		return slots * 16 + chunks;
	};
	for (const name of names) ask(made, name, "channel");
	made.advance(2_000);
	const before = used();
	for (const name of names) expect(ask(made, name, "tell")).toMatch(/^OK x{200} -\d+$/);
	made.advance(2_000);
	expect(used() - before).toBeLessThan(names.length * 80);
});
