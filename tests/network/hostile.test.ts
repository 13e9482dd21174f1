import { describe, expect, test } from "@jest/globals";
import { BROADCAST } from "../../sim/world/mac";
import { Random } from "../../sim/world/random";
import { ask, HUB, macOf, network, SEED, snapshot } from "./network";
import { accounted, call, finish, framesOf, inject, moved, STRANGER, textsOf } from "./traffic";

const HOSTILE = [
	["a late reply", "OK late -50", "strayReply"],
	["a bare OK", "OK", "strayReply"],
	["an error report", "Unknown message: x", "strayError"],
	["a failure", "Fail (x)", "strayError"],
	["a pong", "pong", "strayPong"],
	["an empty frame", "", "empty"],
	["half a UTF-8 sequence", [0x6f, 0x6e, 0xc3], "notText"],
	["a UTF-8 sequence that goes on for ever", [0xff, 0xfe, 0xfd], "notText"],
	["a surrogate in UTF-8", [0xed, 0xa0, 0x80], "notText"],
	["an overlong NUL", [0xc0, 0x80], "notText"],
	["a NUL inside", [0x6f, 0x6e, 0x00, 0x6f], "notText"],
	["a NUL alone", [0x00], "notText"],
	["a bare !", "!", "malformed"],
	["a ! with no MAC", "!zz,x", "malformed"],
	["a ! with a short MAC", "!34b4720a100,uptime", "malformed"],
	["a ! with nothing to say", `!${HUB},`, "malformed"],
	["a ! whose second ! is malformed", "!34b4720a1008,!zz,x", "malformed"],
	["251 bytes", Buffer.alloc(251, "a"), "tooLong"],
	["252 bytes of !", Buffer.alloc(252, "!"), "tooLong"],
	["500 bytes", Buffer.alloc(500, "b"), "tooLong"],
	["1000 bytes of NUL", Buffer.alloc(1000), "tooLong"],
	["1470 bytes", Buffer.alloc(1470, 0xff), "tooLong"],
] as const;

describe("hostile frames", () => {
	test.each(HOSTILE)("%s in a device's name: nothing is sent, one named counter moves", (_, payload, cause) => {
		const made = network(["Kitchen", "Bedroom"]);
		ask(made, "Kitchen", "uptime");
		const since = made.log.next;
		const changes = moved(made, "Hub", () => inject(made, { to: "Hub", from: "Kitchen", payload }));
		expect(changes).toEqual({ framesIn: 1, [cause]: 1 });
		for (const name of ["Hub", "Kitchen", "Bedroom"]) expect(framesOf(made, name, since)).toEqual([]);
	});

	test.each(HOSTILE)("%s in the hub's name, and in nobody's: a device does likewise", (_, payload, cause) => {
		const made = network(["Kitchen"]);
		for (const from of ["Hub", STRANGER]) {
			const since = made.log.next;
			const changes = moved(made, "Kitchen", () => inject(made, { to: "Kitchen", from, payload }));
			expect(changes).toEqual({ framesIn: 1, [cause]: 1 });
			expect(framesOf(made, "Kitchen", since)).toEqual([]);
		}
	});

	test.each([
		["a command", "on", "notForUs"],
		["a request to relay", `!${HUB},uptime`, "notForUs"],
		["noise", [0xff, 0x00], "notForUs"],
		["the joining call", "ping", "joiningCall"],
	] as const)("%s to everybody is counted by its cause, run by nobody and answered by nobody", (_, payload, cause) => {
		const made = network(["Kitchen", "Bedroom"]);
		for (const from of ["Hub", STRANGER]) {
			const since = made.log.next;
			const changes = moved(made, "Kitchen", () => inject(made, { to: BROADCAST, from, payload }));
			expect(changes).toEqual({ framesIn: 1, [cause]: 1 });
			for (const name of ["Hub", "Kitchen", "Bedroom"]) expect(framesOf(made, name, since).length).toBe(0);
		}
		expect(made.status().boards.map(({ relay }) => relay)).toEqual([null, "OFF", "OFF"]);
	});

	test("50 frames a second to everybody restart none of 20 devices and keep nobody's request from its reply", () => {
		const names = Array.from({ length: 20 }, (_, i) => `D${i}`);
		const made = network(names);
		const frame = { to: BROADCAST, from: STRANGER, payload: Buffer.from("on") };
		for (let s = 0; s < 20; s++) {
			for (let i = 0; i < 50; i++) {
				made.sendFrame(frame);
				made.advance(20);
			}
			if (s % 5 === 0) expect(ask(made, names[s % 20] ?? "", "uptime")).toMatch(/^OK OFF /);
		}
		expect(made.boards.map(({ bootCount }) => bootCount)).toEqual(Array(21).fill(1));
		expect(made.boards.map(({ name }) => snapshot(made, name).recovery)).toEqual(Array(21).fill({ espnow: 0, wifi: 0, board: 0 }));
	});

	test("frames that can be no reply do not settle an open request", () => {
		const made = network(["Kitchen"]);
		made.fault("Kitchen", "mute", 1);
		const waiting = call(made, "Kitchen", "uptime");
		made.advance(100);
		for (const [, payload, cause] of HOSTILE) {
			if (cause === "strayReply" || cause === "strayError") continue;
			expect(moved(made, "Hub", () => inject(made, { to: "Hub", from: "Kitchen", payload }))).toEqual({ framesIn: 1, [cause]: 1 });
			expect(waiting.body).toBeUndefined();
		}
		finish(made, [waiting]);
		expect(waiting.body).toBe("Fail (no reply)");
	});

	test("a frame of 250 bytes is the longest that is served, one in several bytes a letter too", () => {
		const made = network(["Kitchen"]);
		for (const payload of ["x".repeat(250), "ü".repeat(125)])
			expect(moved(made, "Kitchen", () => inject(made, { to: "Kitchen", from: STRANGER, payload }))).toEqual({
				framesIn: 1,
				framesOut: 1,
				commands: 1,
			});
		expect(textsOf(made, "Kitchen").every((text) => /^Fail \(too long\) -\d+$/.test(`${text}`))).toBe(true);
	});

	test("a board's own MAC as the sender harms nobody", () => {
		const made = network(["Kitchen"]);
		for (const payload of ["uptime", "ping", "OK x", `!${HUB},uptime`]) inject(made, { to: "Kitchen", from: "Kitchen", payload });
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF /);
	});

	test("a ping during an open request is answered within 20 ms, and the request goes on", () => {
		const made = network(["Kitchen", "Bedroom"]);
		made.fault("Kitchen", "mute", 1);
		const waiting = call(made, "Kitchen", "uptime");
		made.advance(100);
		for (const from of ["Kitchen", "Bedroom", STRANGER]) {
			for (let i = 0; i < 5; i++) {
				const since = made.log.next;
				const sent = made.timeMs;
				made.sendFrame({ to: HUB, from: macOf(made, from), payload: Buffer.from("ping") });
				made.advanceUntil(() => textsOf(made, "Hub", since).length > 0, 1_000);
				expect(textsOf(made, "Hub", since, from)).toEqual(["pong"]);
				expect(made.timeMs - sent).toBeLessThan(20);
				made.advance(37);
			}
		}
		expect(waiting.body).toBeUndefined();
		finish(made, [waiting]);
		expect(waiting.body).toBe("Fail (no reply)");
	});

	test("a request that comes again while its reply is unacknowledged gets the same reply and does not run again", () => {
		const made = network(["Kitchen", "Bedroom"]);
		// Nobody acknowledges for a board that is off: each reply leaves Kitchen in vain.
		made.board("Bedroom").powerOff();
		const since = made.log.next;
		const changes = moved(made, "Kitchen", () => {
			for (let i = 0; i < 4; i++) {
				inject(made, { to: "Kitchen", from: "Bedroom", payload: "uptime" });
				made.advance(1_500);
			}
		});
		// Its hub says meanwhile that it is there, and is answered.
		const replies = framesOf(made, "Kitchen", since, "Bedroom");
		expect(replies.map(({ outcome }) => outcome)).toEqual(Array(4).fill("lost"));
		// Run again, it would tell another number of seconds.
		expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
		expect(changes.commands).toBeGreaterThanOrEqual(4);
		expect(snapshot(made, "Kitchen").counters.events.repeated).toBe(3);
	});

	test("a request that comes again after its reply was acknowledged is a new one", () => {
		const made = network(["Kitchen"]);
		const since = made.log.next;
		for (let i = 0; i < 2; i++) {
			inject(made, { to: "Kitchen", from: STRANGER, payload: "uptime" });
			made.advance(1_500);
		}
		expect(new Set(textsOf(made, "Kitchen", since)).size).toBe(2);
	});

	test("10,000 random frames: the board still answers, and every frame is accounted for", () => {
		const made = network(["Kitchen", "Bedroom"]);
		const random = new Random(SEED, "hostile");
		const senders = [STRANGER, "ce0000000020", macOf(made, "Bedroom"), HUB, "ce0000000031"];
		const words = [
			"ping",
			"pong",
			"uptime",
			"on",
			"OK",
			"Fail (x)",
			"!",
			`!${HUB},`,
			`!${macOf(made, "Bedroom")},uptime`,
			"help on",
			"part:0,text:41",
			"config",
		];
		const payload = (): Buffer => {
			const word = Buffer.from(words[random.below(words.length)] ?? "");
			const noise = Buffer.from(Array.from({ length: random.below(40) }, () => random.below(256)));
			switch (random.below(6)) {
				case 0:
					return noise;
				case 1:
					return word;
				case 2:
					return Buffer.concat([word, noise]);
				case 3:
					return Buffer.concat([noise, word]);
				case 4:
					return Buffer.alloc(random.below(1471), random.below(256));
				default:
					return Buffer.from(Array.from({ length: random.below(60) }, () => 32 + random.below(95)));
			}
		};
		let left = 10_000;
		let under = 0;
		const send = () => {
			if (left-- <= 0) return;
			under++;
			made.sendFrame({ to: macOf(made, "Kitchen"), from: senders[random.below(senders.length)] ?? STRANGER, payload: payload() }, () => {
				under--;
				made.clock.after(random.below(1_000), send);
			});
		};
		// Two at a time, so that they also come faster than they are served.
		send();
		send();
		made.advanceUntil(() => left <= 0 && under === 0, 600_000);
		expect(under).toBe(0);
		made.advance(15_000);
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK (ON|OFF) \d+\+ -\d+$/);
		expect(made.boards.map(({ bootCount }) => bootCount)).toEqual([1, 1, 1]);
		for (const name of ["Hub", "Kitchen", "Bedroom"]) {
			const { counters } = snapshot(made, name);
			expect(counters.framesIn).toBe(accounted(counters));
		}
		expect(snapshot(made, "Kitchen").counters.framesIn).toBeGreaterThan(9_000);
		expect(snapshot(made, "Kitchen").counters.dropped.fault).toBeUndefined();
	});
});

test("boards that ask and are gone before they are answered do not make a hub deaf to others", () => {
	const names = Array.from({ length: 32 }, (_, n) => `Gone ${n}`);
	const made = network(["Kitchen", ...names]);
	for (const name of names) made.board(name).powerOff();
	for (const name of names) inject(made, { to: "Hub", from: name, payload: "uptime" });
	expect(moved(made, "Hub", () => inject(made, { to: "Hub", from: STRANGER, payload: "ping" }))).toMatchObject({ pongs: 1 });
	expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK/);
});
