import { expect, test } from "@jest/globals";
import type { Comms } from "espnow/comms";
import { Kind } from "espnow/message";
import { Sealed } from "sealing/sealed";
import { A, B, FakeTime, makeBoard, partsOf, plainText, utf8, watch } from "./espnow-fakes";
import { ToyVault } from "./toy-vault";

/** A hub and two devices of a sealed network, on an air that the test may listen to and hold. */

const HUB = "a0b1c2d30000";
type Board = ReturnType<typeof makeBoard> & { vault: ToyVault; sealed: Sealed };

interface Frame {
	from: string;
	to: string;
	bytes: Buffer;
}

function makeNetwork() {
	const time = new FakeTime();
	const boards = new Map<string, Board>();
	/** All frames, in the order of sending. */
	const air: Frame[] = [];
	const control = { reach: (_from: string, _to: string) => true, pass: (_frame: Frame) => true };
	const reports: string[] = [];
	const add = (mac: string, hub: string) => {
		const vault = new ToyVault(mac, time);
		const sealed = new Sealed({ vault, mac, hub: () => hub, decode: utf8.decode, clock: time });
		const board = makeBoard({
			mac,
			time,
			hub: () => hub,
			sealed,
			codecOf: (other) => (hub !== "" || vault.find(other) >= 0 ? sealed : plainText),
			onReport: (from, text) => reports.push(`${from} ${text}`),
		});
		boards.set(mac, Object.assign(board, { vault, sealed }));
		connect(mac);
	};
	const connect = (mac: string) => {
		const board = boards.get(mac);
		if (!board) return;
		board.radio.fate = (to) => ({ acked: boards.has(to) && control.reach(mac, to), ms: 2 });
		board.radio.onSent = (to) => {
			const frame = { from: mac, to, bytes: board.radio.sentBytes.at(-1) ?? Buffer.alloc(0) };
			air.push(frame);
			if (control.reach(mac, to) && control.pass(frame)) time.set(() => boards.get(to)?.radio.hear(mac, frame.bytes), 1);
		};
	};
	add(HUB, "");
	for (const mac of [A, B]) {
		add(mac, HUB);
		boards.get(HUB)?.vault.add(mac, `key of ${mac}`);
		boards.get(mac)?.vault.add(HUB, `key of ${mac}`);
	}
	const get = (mac: string): Board => {
		const board = boards.get(mac);
		if (!board) throw new Error(mac);
		return board;
	};
	return {
		...{ time, air, control, reports },
		hub: get(HUB),
		a: get(A),
		b: get(B),
		hear: (to: string, frame: Frame) => boards.get(to)?.radio.hear(frame.from, frame.bytes),
		kinds: () => air.map(({ bytes }) => (bytes[1] ?? 0) & 15),
		restart(mac: string) {
			const old = get(mac);
			old.comms.close();
			const hub = mac === HUB ? "" : HUB;
			add(mac, hub);
			for (const other of hub ? [HUB] : [A, B]) get(mac).vault.add(other, `key of ${hub ? mac : other}`);
		},
		get,
	};
}

async function ask(made: ReturnType<typeof makeNetwork>, from: Comms, to: string, text: string, ms = 100) {
	const seen = watch(from.ask(to, text));
	await made.time.advance(ms);
	return seen.result;
}

test("the first request makes a session by hello and welcome, the second one needs neither", async () => {
	const made = makeNetwork();
	expect(await ask(made, made.hub.comms, A, "uptime")).toMatchObject({ ok: true, reply: "OK uptime -50", rssi: -50 });
	expect(made.kinds()).toEqual([8, 9, Kind.request, Kind.reply]);
	expect(await ask(made, made.hub.comms, A, "on")).toMatchObject({ ok: true, reply: "OK on -50" });
	expect(made.kinds().slice(4)).toEqual([Kind.request, Kind.reply]);
	expect(made.a.ran.map(({ text }) => text)).toEqual(["uptime", "on"]);
	for (const board of [made.hub, made.a]) expect(partsOf(board.counters)).toBe(board.counters.framesIn);
});

test("a request after some silence is preceded by a ping, so that it cannot be held back and run later", async () => {
	const made = makeNetwork();
	await ask(made, made.hub.comms, A, "uptime");
	await made.time.advance(6_000);
	made.air.length = 0;
	expect(await ask(made, made.hub.comms, A, "on")).toMatchObject({ ok: true });
	expect(made.kinds()).toEqual([Kind.ping, Kind.pong, Kind.request, Kind.reply]);
});

test("three requests at once wait for one session, and all are answered", async () => {
	const made = makeNetwork();
	const asked = ["uptime", "on", "off"].map((text) => watch(made.hub.comms.ask(A, text)));
	await made.time.advance(100);
	expect(asked.map(({ result }) => result?.ok)).toEqual([true, true, true]);
	expect(made.kinds().filter((kind) => kind === 8)).toHaveLength(1);
});

test("a frame that comes again is not run again, whoever sends it", async () => {
	const made = makeNetwork();
	await ask(made, made.hub.comms, A, "on");
	const request = made.air.find(({ bytes }) => bytes[1] === 0x16);
	if (!request) throw new Error("no request");
	for (const from of [HUB, B, "a0b1c2d3fff0"]) made.hear(A, { ...request, from });
	await made.time.advance(50);
	expect(made.a.ran).toHaveLength(1);
	expect(made.a.counters.dropped).toEqual({ replay: 3 });
});

test("a reply that was lost is sent again when the same request comes again, and it is not run again", async () => {
	const made = makeNetwork();
	await ask(made, made.hub.comms, A, "uptime");
	let lost = 0;
	made.control.reach = (from) => from !== A || lost++ > 0;
	const request = watch(made.hub.comms.ask(A, "on"));
	await made.time.advance(5);
	const sent = made.air.filter(({ bytes }) => bytes[1] === 0x16).at(-1);
	if (!sent) throw new Error("no request");
	made.hear(A, sent);
	await made.time.advance(50);
	expect(request.result).toMatchObject({ ok: true });
	expect(made.a.ran.map(({ text }) => text)).toEqual(["uptime", "on"]);
});

test("what was held back on the air does not run later than ten seconds", async () => {
	const made = makeNetwork();
	await ask(made, made.hub.comms, A, "uptime");
	const held: Frame[] = [];
	made.control.pass = (frame) => {
		if (frame.to !== A || frame.bytes[1] !== 0x16) return true;
		held.push(frame);
		return false;
	};
	for (const text of ["on", "off"]) watch(made.hub.comms.ask(A, text));
	await made.time.advance(20);
	expect(held).toHaveLength(2);
	await made.time.advance(9_000);
	if (held[0]) made.hear(A, held[0]);
	await made.time.advance(5_000);
	if (held[1]) made.hear(A, held[1]);
	await made.time.advance(50);
	expect(made.a.ran.map(({ text }) => text)).toEqual(["uptime", "on"]);
	expect(made.a.counters.dropped).toMatchObject({ stale: 1 });
});

test("a device that restarted is asked again with a new session; what was under way is not sent again", async () => {
	const made = makeNetwork();
	await ask(made, made.hub.comms, A, "uptime");
	made.restart(A);
	const during = watch(made.hub.comms.ask(A, "on"));
	await made.time.advance(2_000);
	expect(during.result).toMatchObject({ ok: false, reason: "no reply" });
	expect(await ask(made, made.hub.comms, A, "off", 1_000)).toMatchObject({ ok: true });
	expect(made.get(A).ran.map(({ text }) => text)).toEqual(["off"]);
});

test("a sealed device takes no plain text, not even from its hub's address, and answers no ping", async () => {
	const made = makeNetwork();
	for (const text of ["ping", "on", `!${B},on`, "OK"]) made.a.radio.hear(HUB, text);
	await made.time.advance(100);
	expect(made.a.ran).toEqual([]);
	expect(made.a.radio.sent).toEqual([]);
	expect(made.a.counters.dropped).toEqual({ plainRefused: 4 });
	expect(made.a.comms.heardAt(HUB)).toBe(-1);
});

test("a relay device carries what it cannot read: request and reply find each other over it", async () => {
	const made = makeNetwork();
	made.control.reach = (from, to) => [from, to].includes(A);
	expect(await ask(made, made.hub.comms, A, `!${B},on`)).toMatchObject({ ok: true, reply: "OK on -50" });
	expect(made.b.ran.map(({ text, from }) => [text, from.mac])).toEqual([["on", HUB]]);
	expect(made.a.ran).toEqual([]);
	// From now on its way is known.
	expect(await ask(made, made.hub.comms, B, "off")).toMatchObject({ ok: true, reply: "OK off -50" });
	for (const board of [made.hub, made.a, made.b]) expect(partsOf(board.counters)).toBe(board.counters.framesIn);
});

test("a relay device says that it does not reach the far board", async () => {
	const made = makeNetwork();
	await ask(made, made.hub.comms, A, "uptime");
	await ask(made, made.hub.comms, A, `!${B},uptime`);
	made.control.reach = (_, to) => to !== B;
	expect(await ask(made, made.hub.comms, A, `!${B},on`, 1_000)).toMatchObject({ ok: false, reason: "no result" });
});

test("a device reports to its hub by itself, and asks it", async () => {
	const made = makeNetwork();
	const reported = watch(made.a.comms.report("relay ON"));
	await made.time.advance(100);
	expect(reported.result).toMatchObject({ ok: true, reply: "" });
	expect(made.reports).toEqual([`${A} relay ON`]);
	expect(await ask(made, made.a.comms, HUB, "uptime")).toMatchObject({ ok: true, reply: "OK uptime -50" });
	expect(await ask(made, made.a.comms, HUB, `!${B},on`)).toMatchObject({ ok: true, reply: "OK on -50" });
});

test("a session is not ended by what a stranger sends", async () => {
	const made = makeNetwork();
	await ask(made, made.hub.comms, A, "uptime");
	const session = made.a.vault.session(0);
	const hello = made.air.find(({ bytes }) => bytes[1] === 0x18);
	const forged = Buffer.alloc(40, 7);
	forged.set([0xfe, 0x16]);
	for (let i = 0; i < 20; i++) {
		made.hear(A, { from: HUB, to: A, bytes: forged });
		if (hello) made.hear(A, hello);
		await made.time.advance(100);
	}
	expect(made.a.vault.session(0)).toBe(session);
	expect(await ask(made, made.hub.comms, A, "on")).toMatchObject({ ok: true });
});

test("two hellos that cross make one session, and both requests are answered", async () => {
	const made = makeNetwork();
	const both = [watch(made.hub.comms.ask(A, "on")), watch(made.a.comms.ask(HUB, "uptime"))];
	await made.time.advance(1_000);
	expect(both.map(({ result }) => result?.ok)).toEqual([true, true]);
	expect(made.a.vault.session(0)).toBe(made.hub.vault.session(made.hub.vault.find(A)));
});

test("a board whose key is not held is told apart: the hub speaks plain text to it, and a way over it is refused", async () => {
	const made = makeNetwork();
	const PLAIN = "a0b1c2d30040";
	watch(made.hub.comms.ask(PLAIN, "on"));
	expect(await ask(made, made.hub.comms, A, `!${PLAIN},on`)).toMatchObject({ ok: false, reason: `not joined: ${PLAIN}` });
	expect(made.air.some(({ to, bytes }) => to === PLAIN && bytes.toString() === "on")).toBe(true);
});

test("a text of 2,000 bytes arrives whole, and so does a reply; a longer one is refused", async () => {
	const made = makeNetwork();
	const text = "x".repeat(1_000) + "ü€😀".repeat(100);
	expect(await ask(made, made.hub.comms, A, text, 500)).toMatchObject({ ok: true, reply: `Unknown message: ${text} -50` });
	expect(made.a.ran.map((each) => each.text)).toEqual([text]);
	expect(await ask(made, made.hub.comms, A, "x".repeat(2_001))).toMatchObject({ ok: false, reason: "too long" });
});

test("of a long text only what was lost is sent again, also over a relay device", async () => {
	const made = makeNetwork();
	made.control.reach = (from, to) => [from, to].includes(A);
	await ask(made, made.hub.comms, A, `!${B},uptime`);
	let frames = 0;
	// Asked twice for each frame: whether it is acknowledged, and whether it arrives. Every thirteenth does neither.
	made.control.reach = (from, to) => [from, to].includes(A) && Math.floor(frames++ / 2) % 13 !== 0;
	made.air.length = 0;
	const text = "y".repeat(900);
	const seen = watch(made.hub.comms.ask(A, `!${B},${text}`));
	await made.time.advance(9_500);
	expect(seen.result).toMatchObject({ ok: true, reply: `Unknown message: ${text} -50` });
	expect(made.b.ran.map((each) => each.text)).toEqual(["uptime", text]);
});

test("parts that never become a text are forgotten, and what they took of the memory is given back", async () => {
	const made = makeNetwork();
	made.control.pass = ({ bytes }) => bytes[1] !== 0x16;
	const seen = watch(made.hub.comms.ask(A, "z".repeat(900)));
	await made.time.advance(30_000);
	expect(seen.result).toMatchObject({ ok: false });
	expect(made.a.memory.awaited).toBe(0);
	expect(made.hub.memory.awaited).toBe(0);
});
