import { expect, test } from "@jest/globals";
import { A, B, board, C, makeBoard, SELF } from "./espnow-fakes";

test("a request for another board is forwarded, and its reply goes back as it came", async () => {
	const { time, radio, ran, comms } = makeBoard();
	radio.hear(A, `!${B},uptime`);
	await time.advance(5);
	expect(radio.sent).toEqual([{ at: 0, to: B, text: "uptime" }]);
	radio.hear(B, "OK ON 12+ -61");
	await time.advance(5);
	expect(radio.texts(A)).toEqual(["OK ON 12+ -61"]);
	expect(ran).toEqual([]);
	expect(comms.snapshot().counters).toMatchObject({ relayed: 1, replies: 1, commands: 0 });
});

test("a relayed request is forwarded in the turn in which it is read, and its reply likewise", async () => {
	const { time, radio, calls } = makeBoard();
	await time.advance(30);
	const turns = calls.turns;
	radio.hear(A, `!${B},uptime`);
	await time.advance(0);
	expect(calls.turns).toBe(turns + 1);
	expect(radio.sent.at(-1)).toMatchObject({ at: 30, to: B });
	await time.advance(3);
	radio.hear(B, "OK");
	await time.advance(0);
	expect(radio.sent.at(-1)).toEqual({ at: 33, to: A, text: "OK" });
});

test("over more boards each takes its own part of the way off", async () => {
	const { time, radio } = makeBoard();
	radio.hear(A, `!${B},!${C},uptime`);
	await time.advance(5);
	expect(radio.texts(B)).toEqual([`!${C},uptime`]);
});

test("a relay answers its own requests while it waits for the far board", async () => {
	const { time, radio } = makeBoard();
	radio.hear(A, `!${B},uptime`);
	await time.advance(5);
	radio.hear(C, "uptime");
	radio.hear(B, "ping");
	await time.advance(10);
	expect(radio.texts(C)).toEqual(["OK uptime -50"]);
	expect(radio.texts(B)).toEqual(["uptime", "pong"]);
	radio.hear(B, "OK 1");
	await time.advance(10);
	expect(radio.texts(A)).toEqual(["OK 1"]);
});

test("A to B and B to A at once: both right", async () => {
	const { time, radio } = makeBoard();
	radio.hear(A, `!${B},on`);
	radio.hear(B, `!${A},off`);
	await time.advance(10);
	radio.hear(A, "OK a");
	radio.hear(B, "OK b");
	await time.advance(10);
	expect(radio.texts(A)).toEqual(["off", "OK b"]);
	expect(radio.texts(B)).toEqual(["on", "OK a"]);
});

test("a relayed ping brings its pong", async () => {
	const { time, radio } = makeBoard();
	radio.hear(A, `!${B},ping`);
	await time.advance(5);
	radio.hear(B, "pong");
	await time.advance(5);
	expect([radio.texts(B), radio.texts(A)]).toEqual([["ping"], ["pong"]]);
});

test("to a relay, `pong` is the reply to a ping that it was to forward", async () => {
	const { time, radio, comms } = makeBoard();
	const asked = comms.ask(A, `!${B},ping`);
	await time.advance(5);
	radio.hear(A, "pong");
	await time.advance(5);
	expect(await asked).toMatchObject({ ok: true, reply: "pong" });
});

test("a relay that was pinged twice before a relayed ping may pong twice: the second is not the far board's", async () => {
	const { time, radio, comms } = makeBoard();
	comms.ask(A, "1");
	await time.advance(10_000);
	const lost = radio.sent.length + 1;
	radio.fate = () => ({ acked: radio.sent.length > lost, ms: 5 });
	const asked = comms.ask(A, `!${B},ping`);
	await time.advance(40);
	expect(radio.texts(A)).toEqual(["1", "ping", "ping"]);
	radio.hear(A, "pong");
	await time.advance(3);
	radio.hear(A, "pong");
	await time.advance(500);
	expect(radio.texts(A)).toEqual(["1", "ping", "ping", `!${B},ping`]);
	radio.hear(A, "Fail (no result)");
	await time.advance(5);
	expect(await asked).toMatchObject({ ok: true, reply: "Fail (no result)" });
});

test("a relay that pongs between two pings before a relayed ping is not pinged again", async () => {
	const { time, radio, comms } = makeBoard();
	comms.ask(A, "1");
	await time.advance(10_000);
	radio.fate = () => ({ acked: false, ms: 5 });
	comms.ask(A, `!${B},ping`);
	await time.advance(10);
	radio.hear(A, "pong");
	await time.advance(480);
	expect(radio.texts(A)).toEqual(["1", "ping"]);
	await time.advance(20);
	expect(radio.texts(A)).toEqual(["1", "ping", `!${B},ping`]);
});

test.each([
	["the sender", `!${A},x`],
	["ourselves", `!${SELF},x`],
	["a board twice", `!${B},!${C},!${B},x`],
])("a way over %s is refused with `Fail (loop)`, nothing is forwarded", async (_, text) => {
	const { time, radio } = makeBoard();
	radio.hear(A, text);
	await time.advance(500);
	expect(radio.sent).toEqual([{ at: 0, to: A, text: "Fail (loop)" }]);
});

test("a far board that does not acknowledge: `Fail (no result)`", async () => {
	const { time, radio } = makeBoard();
	radio.fate = (to) => ({ acked: to !== B, ms: 20 });
	radio.hear(A, `!${B},uptime`);
	await time.advance(500);
	expect(radio.texts(B)).toHaveLength(3);
	expect(radio.texts(A)).toEqual(["Fail (no result)"]);
});

test.each([
	["the far board itself", `!${B},x`, 8500],
	["one more relay", `!${B},!${C},x`, 9000],
])("what is forwarded to %s has its deadline before the asker's", async (_, text, deadline) => {
	const { time, radio } = makeBoard();
	radio.hear(A, text);
	await time.advance(deadline - 1);
	expect(radio.texts(A)).toEqual([]);
	await time.advance(1);
	expect(radio.texts(A)).toEqual(["Fail (no reply)"]);
});

test("the same relayed request again is forwarded once", async () => {
	const { time, radio } = makeBoard();
	radio.hear(A, `!${B},on`);
	await time.advance(20);
	radio.hear(A, `!${B},on`);
	await time.advance(20);
	radio.hear(B, "OK");
	await time.advance(20);
	expect(radio.texts(B)).toEqual(["on"]);
	expect(radio.texts(A)).toEqual(["OK"]);
});

test("when 256 requests wait, a further one is refused with `Fail (busy)`", async () => {
	const { time, radio, comms } = makeBoard();
	radio.fate = (to) => ({ acked: true, ms: to === A ? 1 : 240 });
	for (let n = 0; n < 270; n++) comms.ask(board(n % 3), "x");
	await time.advance(1);
	for (let n = 0; n < 5; n++) comms.ask(board(n % 3), "x");
	radio.hear(A, `!${B},on`);
	await time.advance(1000);
	expect(radio.texts(A)).toEqual(["Fail (busy)"]);
});

test("a relay whose asker has given up sends it no verdict: it would be taken for the reply to its next request", async () => {
	const { time, radio, comms } = makeBoard();
	radio.hear(A, `!${B},uptime`);
	await time.advance(3000);
	radio.hear(A, "ping");
	radio.hear(A, "on");
	await time.advance(7000);
	expect(radio.texts(A)).toEqual(["pong", "OK on -50"]);
	expect(comms.snapshot().counters.events.replyLost).toBe(1);
});

test.each(["ping", "uptime"])("what is forwarded for a board that has gone on to %j is given up: nobody waits behind it", async (next) => {
	const { time, radio, comms } = makeBoard();
	radio.hear(A, `!${B},uptime`);
	await time.advance(5);
	expect(comms.snapshot().requests.open).toBe(1);
	radio.hear(A, next);
	await time.advance(5);
	expect(comms.snapshot().requests.open).toBe(0);
	radio.hear(C, `!${B},on`);
	await time.advance(5);
	expect(radio.texts(B)).toEqual(["uptime", "ping"]);
	radio.hear(B, "OK late");
	radio.hear(B, "pong");
	await time.advance(5);
	radio.hear(B, "OK on -60");
	await time.advance(5);
	expect(radio.texts(C)).toEqual(["OK on -60"]);
	expect(radio.texts(A)).toHaveLength(1);
});

test("a board that has one after the other asked without waiting for any makes no more than one request", async () => {
	const { time, radio, comms } = makeBoard();
	radio.fate = (to) => ({ acked: to === A || to === B, ms: 20 });
	let most = 0;
	for (let n = 0; n < 500; n++) {
		radio.hear(A, `!${n % 2 ? B : board(n)},question ${n}`);
		await time.advance(5);
		const { open, unsent } = comms.snapshot().requests;
		most = Math.max(most, open + unsent);
	}
	expect(most).toBe(1);
});
