import { expect, test } from "@jest/globals";
import type { AskResult } from "espnow/faces";
import { A, B, board, C, makeBoard, SELF, watch } from "./espnow-fakes";

const reason = (result: AskResult) => (result.ok ? result.reply : result.reason);

test("a request gets the reply as it came, how well it was heard, and how long it took", async () => {
	const { time, radio, comms } = makeBoard();
	const asked = comms.ask(A, "uptime");
	await time.advance(6);
	radio.hear(A, "OK ON 12+ -48", -57);
	await time.advance(0);
	expect(await asked).toEqual({ ok: true, reply: "OK ON 12+ -48", rssi: -57, ms: 6 });
	expect(comms.snapshot().counters.replies).toBe(1);
});

test("a reply is accepted from sending on, before the status has come", async () => {
	const { time, radio, comms } = makeBoard();
	radio.fate = () => null;
	const seen = watch(comms.ask(A, "uptime"));
	await time.advance(3);
	radio.hear(A, "OK");
	await time.advance(0);
	expect(seen.result).toMatchObject({ ok: true });
});

test("no reply is accepted before the request is sent", async () => {
	const { time, radio, comms } = makeBoard();
	radio.fate = () => ({ acked: true, ms: 50 });
	comms.espSend(B, "keeps the radio busy");
	await time.advance(1);
	const seen = watch(comms.ask(A, "uptime"));
	radio.hear(A, "OK early");
	await time.advance(1);
	expect(seen.result).toBeUndefined();
	expect(comms.snapshot().counters.dropped).toEqual({ strayReply: 1 });
});

test("a reply from a board's other MAC is its reply", async () => {
	const { time, radio, comms } = makeBoard();
	const seen = watch(comms.ask("a0b1c2d30011", "uptime"));
	await time.advance(5);
	expect(radio.sent[0]?.to).toBe(A);
	radio.hear(A, "OK");
	await time.advance(0);
	expect(seen.result?.ok).toBe(true);
});

test("a board that acknowledges and does not reply: `no reply` after 10 s", async () => {
	const { time, comms } = makeBoard();
	const seen = watch(comms.ask(A, "uptime"));
	await time.advance(9999);
	expect(seen.result).toBeUndefined();
	await time.advance(1);
	expect(seen.result).toEqual({ ok: false, reason: "no reply", ms: 10_000 });
});

test("a board that does not acknowledge: `no result` after three tries", async () => {
	const { time, radio, comms } = makeBoard();
	radio.fate = () => ({ acked: false, ms: 20 });
	const seen = watch(comms.ask(A, "uptime"));
	await time.advance(1000);
	expect(radio.texts()).toEqual(["uptime", "uptime", "uptime"]);
	expect(seen.result).toMatchObject({ ok: false, reason: "no result" });
});

test.each([
	[0, 10, 20],
	[0.999, 30, 60],
])("the pauses before another try are random in 10-30 ms, then doubled (%d)", async (random, first, second) => {
	const { time, radio, comms } = makeBoard({ chance: { random: () => random } });
	radio.fate = () => ({ acked: false, ms: 20 });
	comms.ask(A, "uptime");
	await time.advance(1000);
	const [one, two, three] = radio.sent.map((frame) => frame.at);
	expect((two ?? 0) - (one ?? 0) - 20).toBe(first);
	expect((three ?? 0) - (two ?? 0) - 20).toBe(second);
});

test("a try that is acknowledged at last gets its reply", async () => {
	const { time, radio, comms } = makeBoard();
	radio.fate = () => ({ acked: radio.sent.length === 3, ms: 5 });
	const seen = watch(comms.ask(A, "uptime"));
	await time.advance(200);
	radio.hear(A, "OK");
	await time.advance(0);
	expect(seen.result?.ok).toBe(true);
});

test("a reply that comes between two tries is accepted, and no try follows", async () => {
	const { time, radio, comms } = makeBoard();
	radio.fate = () => ({ acked: false, ms: 5 });
	const seen = watch(comms.ask(A, "uptime"));
	await time.advance(7);
	radio.hear(A, "OK");
	await time.advance(200);
	expect(seen.result?.ok).toBe(true);
	expect(radio.texts()).toEqual(["uptime"]);
});

test("the reply comes while another try waits in the outbox: that is taken out", async () => {
	const { time, radio, comms } = makeBoard();
	radio.fate = (to) => ({ acked: to !== A, ms: to === A ? 5 : 100 });
	const seen = watch(comms.ask(A, "uptime"));
	await time.advance(6);
	comms.espSend(B, "keeps the radio busy");
	await time.advance(50);
	expect(comms.requestToSend).toBe(true);
	radio.hear(A, "OK");
	await time.advance(0);
	expect(comms.requestToSend).toBe(false);
	await time.advance(300);
	expect(seen.result?.ok).toBe(true);
	expect(radio.texts(A)).toEqual(["uptime"]);
});

test("one request to a peer is open at a time; the next goes when the one before is settled, in order", async () => {
	const { time, radio, comms } = makeBoard();
	const asked = ["1", "2", "3"].map((text) => comms.ask(A, text));
	await time.advance(50);
	expect(radio.texts()).toEqual(["1"]);
	for (const text of ["1", "2", "3"]) {
		radio.hear(A, `OK ${text}`);
		await time.advance(10);
	}
	expect(radio.texts()).toEqual(["1", "2", "3"]);
	expect((await Promise.all(asked)).map(reason)).toEqual(["OK 1", "OK 2", "OK 3"]);
});

test("the next request to a peer goes in the turn in which the reply to the one before is read", async () => {
	const { time, radio, comms, calls } = makeBoard();
	comms.ask(A, "1");
	comms.ask(A, "2");
	await time.advance(5);
	const turns = calls.turns;
	radio.hear(A, "OK 1");
	await time.advance(0);
	expect(calls.turns).toBe(turns + 1);
	expect(radio.sent.at(-1)).toEqual({ at: 5, to: A, text: "2" });
});

test("requests to different peers go side by side, each gets its own reply", async () => {
	const { time, radio, comms } = makeBoard();
	const asked = [comms.ask(A, "x"), comms.ask(B, "x")];
	await time.advance(10);
	radio.hear(B, "OK b");
	radio.hear(A, "OK a");
	await time.advance(0);
	expect((await Promise.all(asked)).map(reason)).toEqual(["OK a", "OK b"]);
});

test("a mute board holds up nobody else", async () => {
	const { time, radio, comms } = makeBoard();
	comms.ask(A, "x");
	await time.advance(5);
	const seen = watch(comms.ask(B, "x"));
	await time.advance(2);
	radio.hear(B, "OK b");
	await time.advance(0);
	expect(seen.result).toMatchObject({ ok: true, ms: 2 });
});

test("an absent board costs the others one series of tries at most", async () => {
	const { time, radio, comms } = makeBoard();
	radio.fate = (to) => (to === A ? { acked: false, ms: 25 } : { acked: true, ms: 2 });
	radio.onSent = (to) => to !== A && time.set(() => radio.hear(to, "OK"), 4);
	comms.ask(A, "x");
	const others = Array.from({ length: 9 }, (_, n) => comms.ask(board(n), "x"));
	await time.advance(1000);
	for (const result of await Promise.all(others)) expect(result).toMatchObject({ ok: true });
	expect(Math.max(...(await Promise.all(others)).map(({ ms }) => ms))).toBeLessThanOrEqual(25 + 9 * 4);
});

test("25 absent boards and one alive asked at once: the live one's request goes before any second try", async () => {
	const { time, radio, comms } = makeBoard();
	radio.fate = (to) => (to === A ? { acked: true, ms: 2 } : { acked: false, ms: 25 });
	for (let n = 0; n < 25; n++) comms.ask(board(n), "x");
	comms.ask(A, "x");
	await time.advance(3000);
	expect(radio.sent.findIndex((frame) => frame.to === A)).toBeLessThanOrEqual(25);
});

test("a board that did not acknowledge last time is asked after all others", async () => {
	const { time, radio, comms } = makeBoard();
	radio.fate = (to) => (to === A ? { acked: false, ms: 25 } : { acked: true, ms: 2 });
	comms.ask(A, "x");
	await time.advance(1000);
	radio.sent.length = 0;
	for (const mac of [A, B, C]) comms.ask(mac, "x");
	await time.advance(30);
	expect(radio.sent.map((frame) => frame.to).slice(0, 3)).toEqual([B, C, A]);
});

test("the deadline counts from the call, the wait behind others included", async () => {
	const { time, comms } = makeBoard();
	comms.ask(A, "1");
	await time.advance(4000);
	const seen = watch(comms.ask(A, "2"));
	await time.advance(9999);
	expect(seen.result).toBeUndefined();
	await time.advance(1);
	expect(seen.result).toEqual({ ok: false, reason: "no reply", ms: 10_000 });
});

test("a request whose time is up while it waits behind another: `no reply`, and it is never sent", async () => {
	const { time, radio, comms } = makeBoard();
	comms.ask(A, "1");
	const seen = watch(comms.ask(A, "2", { timeoutMs: 1000 }));
	await time.advance(1000);
	expect(seen.result).toEqual({ ok: false, reason: "no reply", ms: 1000 });
	await time.advance(15_000);
	expect(radio.texts()).toEqual(["1"]);
});

test("a late reply is never given to the next asker of the same board, nor run", async () => {
	const { time, radio, comms, ran } = makeBoard();
	const first = watch(comms.ask(A, "1"));
	await time.advance(10_000);
	expect(first.result).toMatchObject({ reason: "no reply" });
	const second = watch(comms.ask(A, "2"));
	await time.advance(1);
	expect(radio.texts()).toEqual(["1", "ping"]);
	radio.hear(A, "OK late 1");
	radio.hear(A, "pong");
	await time.advance(5);
	expect(radio.texts()).toEqual(["1", "ping", "2"]);
	radio.hear(A, "OK 2");
	await time.advance(5);
	expect(second.result).toMatchObject({ reply: "OK 2" });
	expect(ran).toEqual([]);
	expect(comms.snapshot().counters.dropped).toEqual({ unclear: 1 });
});

test("after a request that went out more than once the peer is pinged before the next", async () => {
	const { time, radio, comms } = makeBoard();
	radio.fate = () => ({ acked: radio.sent.length > 1, ms: 5 });
	comms.ask(A, "1");
	await time.advance(100);
	radio.hear(A, "OK 1");
	await time.advance(1);
	const second = watch(comms.ask(A, "2"));
	await time.advance(5);
	expect(radio.texts()).toEqual(["1", "1", "ping"]);
	radio.hear(A, "OK 1");
	radio.hear(A, "pong");
	await time.advance(5);
	radio.hear(A, "OK 2");
	await time.advance(5);
	expect(second.result).toMatchObject({ reply: "OK 2" });
});

test("that a request went out more than once is not forgotten, however long the next one takes to come", async () => {
	const { time, radio, comms } = makeBoard();
	radio.fate = () => ({ acked: radio.sent.length > 1, ms: 5 });
	comms.ask(A, "1");
	await time.advance(100);
	radio.hear(A, "OK 1");
	await time.advance(600_000);
	comms.ask(A, "1");
	await time.advance(5);
	expect(radio.texts()).toEqual(["1", "1", "ping"]);
});

test("after a reply that came before the status the peer is pinged before the next: our radio may have sent the request twice", async () => {
	const { time, radio, comms } = makeBoard();
	radio.fate = () => ({ acked: true, ms: 15 });
	comms.ask(A, "1");
	await time.advance(5);
	radio.hear(A, "OK 1");
	await time.advance(200);
	const second = watch(comms.ask(A, "2"));
	await time.advance(20);
	// It was served twice, the second time slowly.
	radio.hear(A, "OK 1");
	radio.hear(A, "pong");
	await time.advance(20);
	radio.hear(A, "OK 2");
	await time.advance(20);
	expect(radio.texts()).toEqual(["1", "ping", "2"]);
	expect(second.result).toMatchObject({ reply: "OK 2" });
});

test("a reply that came before the status leaves no doubt in what its board asks us later, even if we have nothing to ask it", async () => {
	const { time, radio, comms, ran } = makeBoard();
	radio.fate = () => ({ acked: true, ms: 15 });
	comms.ask(A, "1");
	await time.advance(5);
	radio.hear(A, "OK 1");
	await time.advance(1_000);
	radio.hear(A, "no command of ours");
	await time.advance(20);
	expect(ran.map(({ text }) => text)).toEqual(["no command of ours"]);
});

test("after a request that went out once and got its reply the next goes without a ping", async () => {
	const { time, radio, comms } = makeBoard();
	for (const text of ["1", "2"]) {
		comms.ask(A, text);
		await time.advance(5);
		radio.hear(A, "OK");
		await time.advance(1);
	}
	expect(radio.texts()).toEqual(["1", "2"]);
});

test("commands of an unclear peer are run all the same", async () => {
	const { time, radio, comms, ran } = makeBoard();
	comms.ask(A, "1");
	await time.advance(10_000);
	radio.hear(A, "on");
	radio.hear(A, "ping");
	await time.advance(10);
	expect(ran.map(({ text }) => text)).toEqual(["on"]);
	expect(radio.texts(A)).toEqual(["1", "OK on -50", "pong"]);
});

test("an unclear peer that does not pong is asked after 500 ms", async () => {
	const { time, radio, comms } = makeBoard();
	comms.ask(A, "1");
	await time.advance(10_000);
	comms.ask(A, "2");
	await time.advance(499);
	expect(radio.texts()).toEqual(["1", "ping"]);
	await time.advance(1);
	expect(radio.texts()).toEqual(["1", "ping", "2"]);
});

test("an unclear peer that does not even acknowledge costs three tries, not more", async () => {
	const { time, radio, comms } = makeBoard();
	comms.ask(A, "1");
	await time.advance(10_000);
	radio.fate = () => ({ acked: false, ms: 25 });
	const seen = watch(comms.ask(A, "2"));
	await time.advance(400);
	expect(radio.texts()).toEqual(["1", "ping", "ping", "ping"]);
	expect(seen.result).toMatchObject({ reason: "no result" });
});

test("the tries that a ping took are not those of the request after it", async () => {
	const { time, radio, comms } = makeBoard();
	comms.ask(A, "1");
	await time.advance(10_000);
	radio.fate = () => ({ acked: radio.sent.length === 4, ms: 5 });
	comms.ask(A, "2");
	await time.advance(200);
	radio.hear(A, "pong");
	await time.advance(400);
	expect(radio.texts()).toEqual(["1", "ping", "ping", "ping", "2", "2", "2"]);
});

test("the tries that a ping took are not those of the request after it, where no pong came, either", async () => {
	const { time, radio, comms } = makeBoard();
	comms.ask(A, "1");
	await time.advance(10_000);
	radio.fate = () => ({ acked: radio.sent.length === 4, ms: 5 });
	comms.ask(A, "2");
	await time.advance(800);
	expect(radio.texts()).toEqual(["1", "ping", "ping", "ping", "2", "2", "2"]);
});

test("a pong from before the ping has left makes nothing clear", async () => {
	const { time, radio, comms } = makeBoard();
	comms.ask(A, "1");
	await time.advance(10_000);
	radio.fate = () => ({ acked: true, ms: 30 });
	comms.espSend(B, "keeps the radio busy");
	await time.advance(1);
	comms.ask(A, "2");
	radio.hear(A, "pong");
	await time.advance(31);
	expect(radio.texts(A)).toEqual(["1", "ping"]);
	expect(comms.snapshot().counters.dropped).toEqual({ strayPong: 1 });
});

test("`ping` as a request takes only `pong` for its reply", async () => {
	const { time, radio, comms } = makeBoard();
	const seen = watch(comms.ask(A, "ping"));
	await time.advance(5);
	radio.hear(A, "OK late");
	await time.advance(1);
	expect(seen.result).toBeUndefined();
	radio.hear(A, "pong");
	await time.advance(1);
	expect(seen.result).toMatchObject({ ok: true, reply: "pong" });
});

test("`pong` is no reply to anything but a ping", async () => {
	const { time, radio, comms } = makeBoard();
	const seen = watch(comms.ask(A, "uptime"));
	await time.advance(5);
	radio.hear(A, "pong");
	await time.advance(1);
	expect(seen.result).toBeUndefined();
	expect(comms.snapshot().counters.dropped).toEqual({ strayPong: 1 });
});

test("a ping to an unclear peer needs no ping before it, and makes it clear", async () => {
	const { time, radio, comms } = makeBoard();
	comms.ask(A, "1");
	await time.advance(10_000);
	const ping = watch(comms.ask(A, "ping"));
	await time.advance(5);
	radio.hear(A, "OK late 1");
	radio.hear(A, "pong");
	await time.advance(1);
	expect(ping.result).toMatchObject({ reply: "pong" });
	comms.ask(A, "2");
	await time.advance(5);
	expect(radio.texts()).toEqual(["1", "ping", "2"]);
});

test("a reply that the air gave us twice does not become that to the next request", async () => {
	const { time, radio, comms } = makeBoard();
	comms.ask(A, "1");
	const second = watch(comms.ask(A, "2"));
	await time.advance(5);
	radio.hear(A, "OK 1");
	await time.advance(0);
	radio.hear(A, "OK 1");
	await time.advance(5);
	expect(second.result).toBeUndefined();
	radio.hear(A, "OK 2");
	await time.advance(0);
	expect(second.result).toMatchObject({ reply: "OK 2" });
});

test("what comes before a request can have been answered is not the reply to it: a board that has restarted hears those to what it forgot", async () => {
	const { time, radio, comms } = makeBoard();
	const asked = watch(comms.ask(A, "1"));
	await time.advance(1);
	radio.hear(A, "OK something else");
	await time.advance(1);
	expect(asked.result).toBeUndefined();
	expect(comms.snapshot().counters.dropped).toEqual({ unclear: 1 });
	radio.hear(A, "OK 1");
	await time.advance(0);
	expect(asked.result).toMatchObject({ reply: "OK 1" });
});

test("a reply heard again before the next request can have been answered is not that to it, however long that takes", async () => {
	const { time, radio, comms } = makeBoard();
	comms.ask(A, "1");
	const second = watch(comms.ask(A, "2"));
	await time.advance(5);
	radio.hear(A, "OK 1");
	await time.advance(1);
	expect(radio.texts()).toEqual(["1", "2"]);
	radio.hear(A, "OK 1");
	await time.advance(3_000);
	expect(second.result).toBeUndefined();
	expect(comms.snapshot().counters.dropped).toEqual({ unclear: 1 });
	radio.hear(A, "OK 2");
	await time.advance(0);
	expect(second.result).toMatchObject({ reply: "OK 2" });
});

test("a reply like the one before, whose status is lost, is still accepted within 300 ms", async () => {
	const { time, radio, comms } = makeBoard();
	comms.ask(A, "1");
	await time.advance(5);
	radio.hear(A, "OK");
	await time.advance(5);
	radio.fate = () => null;
	const second = watch(comms.ask(A, "2"));
	await time.advance(4);
	radio.hear(A, "OK");
	await time.advance(300);
	expect(second.result).toMatchObject({ ok: true, reply: "OK" });
});

const LONG = "x".repeat(200);

test.each([
	["1", "2", "OK 1"],
	["1", "2", `OK 1 ${LONG}`],
	[`1 ${LONG}`, `2 ${LONG}`, "OK 1"],
	[`${LONG} 1`, `${LONG} 2`, `OK ${LONG} 1`],
])(
	"a reply that is heard again and again while the next request is with its board does not become that to it (%#)",
	async (one, two, reply) => {
		const { time, radio, comms } = makeBoard();
		comms.ask(A, one);
		const second = watch(comms.ask(A, two));
		await time.advance(5);
		radio.hear(A, reply);
		// The next request has arrived, and its board is still repeating the last reply, as our acknowledgements are lost.
		for (let i = 0; i < 4; i++) {
			await time.advance(50);
			radio.hear(A, reply);
		}
		expect(second.result).toBeUndefined();
		radio.hear(A, "OK 2");
		await time.advance(0);
		expect(second.result).toMatchObject({ reply: "OK 2" });
	},
);

test("the same words later are a reply of their own", async () => {
	const { time, radio, comms } = makeBoard();
	comms.ask(A, "1");
	await time.advance(5);
	radio.hear(A, "OK");
	await time.advance(250);
	const second = watch(comms.ask(A, "2"));
	await time.advance(5);
	radio.hear(A, "OK");
	await time.advance(0);
	expect(second.result).toMatchObject({ reply: "OK" });
});

test("the same answer to the same question is taken at once, and the next other question waits for a pong", async () => {
	const { time, radio, comms } = makeBoard();
	for (let i = 0; i < 2; i++) {
		const seen = watch(comms.ask(A, "uptime"));
		await time.advance(5);
		radio.hear(A, "OK ON 5+ -50");
		await time.advance(0);
		expect(seen.result).toMatchObject({ reply: "OK ON 5+ -50" });
	}
	const other = watch(comms.ask(A, "channel"));
	await time.advance(5);
	expect(radio.texts(A)).toEqual(["uptime", "uptime", "ping"]);
	radio.hear(A, "OK ON 6+ -50");
	radio.hear(A, "pong");
	await time.advance(5);
	radio.hear(A, "OK 6 -50");
	await time.advance(0);
	expect(other.result).toMatchObject({ reply: "OK 6 -50" });
});

test("on a link that loses frames a pong comes between two questions asked in a row", async () => {
	const { time, radio, comms } = makeBoard();
	radio.fate = () => ({ acked: radio.sent.length > 1, ms: 2 });
	comms.ask(A, "1");
	const second = watch(comms.ask(A, "2"));
	await time.advance(60);
	radio.hear(A, "OK 1");
	await time.advance(5);
	expect(radio.texts(A)).toEqual(["1", "1", "ping"]);
	radio.hear(A, "OK 1");
	radio.hear(A, "pong");
	await time.advance(5);
	expect(radio.texts(A)).toEqual(["1", "1", "ping", "2"]);
	radio.hear(A, "OK 2");
	await time.advance(0);
	expect(second.result).toMatchObject({ reply: "OK 2" });
	const third = watch(comms.ask(A, "3"));
	await time.advance(5);
	expect(radio.texts(A).slice(4)).toEqual(["ping"]);
	await time.advance(60_000);
	expect(third.result).toMatchObject({ ok: false });
});

test("on a link that loses frames that holds for the same question, too", async () => {
	const { time, radio, comms } = makeBoard();
	radio.fate = () => ({ acked: radio.sent.length > 1, ms: 2 });
	comms.ask(A, "uptime");
	await time.advance(60);
	radio.hear(A, "OK ON 5+ -50");
	radio.hear(A, "OK ON 5+ -50");
	await time.advance(500);
	const start = radio.sent.length;
	for (let i = 0; i < 2; i++) {
		const seen = watch(comms.ask(A, "uptime"));
		await time.advance(5);
		if (radio.texts(A).at(-1) === "ping") radio.hear(A, "pong");
		await time.advance(5);
		radio.hear(A, `OK ON ${6 + i}+ -50`);
		await time.advance(0);
		expect(seen.result).toMatchObject({ reply: `OK ON ${6 + i}+ -50` });
	}
	expect(radio.texts(A).slice(start)).toEqual(["ping", "uptime", "ping", "uptime"]);
});

test("a text over 250 bytes is refused without a frame: `too long`", async () => {
	const { comms, radio, time } = makeBoard();
	expect(await comms.ask(A, "é".repeat(126))).toMatchObject({ ok: false, reason: "too long" });
	comms.ask(A, "é".repeat(125));
	await time.advance(1);
	expect(radio.sent).toHaveLength(1);
});

test.each([
	["", "x"],
	["nonsense", "x"],
	["ffffffffffff", "x"],
])("%j is no board: `adding peer`", async (mac, text) => {
	const { comms, radio } = makeBoard();
	expect(await comms.ask(mac, text)).toMatchObject({ ok: false, reason: "adding peer" });
	expect(radio.sent).toEqual([]);
});

test.each(["", "a\0b", "!", `!${A}`])("%j cannot be sent: `malformed`", async (text) => {
	const { comms } = makeBoard();
	expect(await comms.ask(A, text)).toMatchObject({ ok: false, reason: "malformed" });
});

test("a driver that takes no peer: `adding peer`", async () => {
	const { comms, radio, time } = makeBoard();
	radio.addError = 0x3066;
	const seen = watch(comms.ask(A, "x"));
	await time.advance(1);
	expect(seen.result).toMatchObject({ ok: false, reason: "adding peer" });
});

test("another error of the driver is told by its name after three tries", async () => {
	const { comms, radio, time } = makeBoard();
	radio.sendErrors = [0x306a, 0x306a, 0x306a];
	const seen = watch(comms.ask(A, "x"));
	await time.advance(500);
	expect(seen.result).toMatchObject({ ok: false, reason: "ESP_ERR_ESPNOW_INTERNAL" });
	expect(comms.snapshot().lastError).toBe("ESP_ERR_ESPNOW_INTERNAL");
});

test("a peer that the driver has lost is added again, unnoticed", async () => {
	const { comms, radio, time } = makeBoard();
	comms.espSend(A, "1");
	await time.advance(10);
	radio.peers.clear();
	comms.espSend(A, "2");
	await time.advance(10);
	expect(radio.texts()).toEqual(["1", "2"]);
});

test("NO_MEM: again after 10 ms, and it is no try", async () => {
	const { comms, radio, time } = makeBoard();
	radio.sendErrors = Array(5).fill(0x3067);
	comms.ask(A, "x");
	await time.advance(49);
	expect(radio.sent).toEqual([]);
	await time.advance(1);
	expect(radio.sent).toEqual([{ at: 50, to: A, text: "x" }]);
	expect(comms.snapshot().counters.events.retries).toBeUndefined();
});

test("the 257th request that waits to be sent is refused: `busy`", async () => {
	const { comms, time } = makeBoard();
	comms.stop();
	const asked = Array.from({ length: 257 }, (_, n) => watch(comms.ask(board(n % 100), "x")));
	await time.advance(1);
	expect(asked[255]?.result).toBeUndefined();
	expect(asked[256]?.result).toMatchObject({ ok: false, reason: "busy" });
	expect(comms.snapshot().requests.unsent).toBe(256);
});

test("a board with little memory takes so many requests at once; those too many are `busy`, and room is again when one is settled", async () => {
	const { comms, radio, time } = makeBoard({ limits: { requests: 3, together: 30 } });
	const asked = Array.from({ length: 4 }, (_, n) => watch(comms.ask(board(n), "x")));
	await time.advance(20);
	expect(asked.map(({ result }) => result && reason(result))).toEqual([undefined, undefined, undefined, "busy"]);
	radio.hear(board(1), "OK");
	await time.advance(20);
	const later = watch(comms.ask(board(3), "x"));
	await time.advance(20);
	radio.hear(board(3), "OK later");
	await time.advance(20);
	expect(later.result).toMatchObject({ reply: "OK later" });
});

test("requests on others' behalf take at most half of that", async () => {
	const { comms, radio, time } = makeBoard({ limits: { requests: 4, together: 30 } });
	for (const asker of [A, B, C]) radio.hear(asker, `!${board(9)},x`);
	await time.advance(50);
	expect([A, B, C].map((asker) => radio.texts(asker))).toEqual([[], [], ["Fail (busy)"]]);
	const own = [watch(comms.ask(board(7), "x")), watch(comms.ask(board(8), "x")), watch(comms.ask(board(10), "x"))];
	await time.advance(50);
	expect(own.map(({ result }) => result && reason(result))).toEqual([undefined, undefined, "busy"]);
});

test("200 boards asked at once all get their replies, with 20 peers in the driver", async () => {
	const { comms, radio, time } = makeBoard();
	radio.onSent = (to) => time.set(() => radio.hear(to, `OK ${to}`), 3);
	const asked = Array.from({ length: 200 }, (_, n) => comms.ask(board(n), "x"));
	await time.advance(3000);
	expect((await Promise.all(asked)).map(reason)).toEqual(Array.from({ length: 200 }, (_, n) => `OK ${board(n)}`));
	expect(radio.mostPeers).toBe(20);
});

test("`espSend` goes once, opens no request and waits for nothing", async () => {
	const { comms, radio, time, ran } = makeBoard();
	radio.fate = () => ({ acked: false, ms: 5 });
	comms.espSend(A, "hello");
	await time.advance(500);
	expect(radio.texts()).toEqual(["hello"]);
	expect(comms.snapshot().requests).toEqual({ open: 0, unsent: 0 });
	radio.hear(A, "hello back");
	await time.advance(5);
	expect(ran).toHaveLength(1);
});

test.each([
	["ourselves in the way", A, `!${SELF},x`],
	["the first board again", A, `!${B},!${A},x`],
	["a ring", A, `!${B},!${C},!${SELF},x`],
	["ourselves through ourselves", SELF, `!${SELF},x`],
])("%s: `loop`, and no frame", async (_, mac, text) => {
	const { comms, radio, time } = makeBoard();
	expect(await comms.ask(mac, text)).toMatchObject({ ok: false, reason: "loop" });
	await time.advance(100);
	expect(radio.sent).toEqual([]);
});

test("a request to ourselves that is to be relayed goes to the next board", async () => {
	const { comms, radio, time } = makeBoard();
	const seen = watch(comms.ask(SELF, `!${A},x`));
	await time.advance(5);
	expect(radio.sent[0]).toMatchObject({ to: A, text: "x" });
	radio.hear(A, "OK");
	await time.advance(5);
	expect(seen.result).toMatchObject({ reply: "OK" });
});
