import { expect, test } from "@jest/globals";
import { A, B, board, C, makeBoard, reason, SELF, watch } from "./espnow-fakes";

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
	const { time, radio, comms } = makeBoard({ random: { random: () => random } });
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

test("a request whose time is over before it could be sent: its peer was busy with another and mute, or does not acknowledge", async () => {
	const { time, comms } = makeBoard();
	comms.ask(A, "1", { timeoutMs: 300 });
	const behind = watch(comms.ask(A, "2", { timeoutMs: 400 }));
	await time.advance(100);
	comms.stop();
	await time.advance(1000);
	expect(behind.result).toMatchObject({ ok: false, reason: "no reply" });
	const again = makeBoard();
	again.comms.ask(B, "1", { timeoutMs: 300 });
	const unheard = watch(again.comms.ask(B, "2", { timeoutMs: 330 }));
	await again.time.advance(100);
	again.radio.fate = () => ({ acked: false, ms: 1 });
	await again.time.advance(1000);
	expect(unheard.result).toMatchObject({ ok: false, reason: "no result" });
});
