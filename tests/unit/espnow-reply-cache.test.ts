import { expect, test } from "@jest/globals";
import { A, B, board, makeBoard } from "./espnow-fakes";

/** What is kept of another board's request until our reply is acknowledged: it is not run twice, and no reply is taken for that to its next one. */

test.each([
	["pings, as it has given it up", "ping", "pong"],
	["asks something else: after a restart it knows nothing of it", "uptime", "OK uptime -50"],
])("an answer still being made is dropped when its asker %s", async (_, text, answer) => {
	const { time, radio, slow } = makeBoard();
	radio.hear(A, "slow");
	radio.hear(B, "slow");
	await time.advance(10);
	radio.hear(A, text);
	await time.advance(10);
	slow[0]?.("OK a");
	slow[1]?.("OK b");
	await time.advance(10);
	expect([radio.texts(A), radio.texts(B)]).toEqual([[answer], ["OK b -50"]]);
});

test("a reply that is made already goes out before the pong", async () => {
	const { time, radio, comms } = makeBoard();
	comms.espSend(B, "keeps the radio busy");
	await time.advance(1);
	radio.hear(A, "uptime");
	radio.hear(A, "ping");
	await time.advance(20);
	expect(radio.texts(A)).toEqual(["OK uptime -50", "pong"]);
});

test("the same request again while its reply waits gets one reply and is run once", async () => {
	const { time, radio, ran, comms } = makeBoard();
	radio.fate = () => ({ acked: true, ms: 20 });
	comms.espSend(B, "keeps the radio busy");
	await time.advance(1);
	radio.hear(A, "on");
	await time.advance(1);
	radio.hear(A, "on");
	await time.advance(100);
	expect(ran).toHaveLength(1);
	expect(radio.texts(A)).toEqual(["OK on -50"]);
	expect(comms.snapshot().counters).toMatchObject({ commands: 2, events: { repeated: 1 } });
});

test("the same request again after its reply failed gets the same reply and is not run again", async () => {
	const { time, radio, ran } = makeBoard();
	radio.fate = () => ({ acked: false, ms: 20 });
	radio.hear(A, "on");
	await time.advance(30);
	radio.fate = () => ({ acked: true, ms: 2 });
	radio.hear(A, "on", -70);
	await time.advance(10);
	expect(ran).toHaveLength(1);
	expect(radio.texts(A)).toEqual(["OK on -50", "OK on -50"]);
});

test("the same request again while its reply is in the air: sent again only if that fails", async () => {
	for (const acked of [true, false]) {
		const { time, radio, ran } = makeBoard();
		radio.fate = () => ({ acked, ms: 20 });
		radio.hear(A, "on");
		await time.advance(10);
		radio.hear(A, "on");
		await time.advance(10);
		radio.fate = () => ({ acked: true, ms: 2 });
		await time.advance(30);
		expect(ran).toHaveLength(1);
		expect(radio.texts(A)).toHaveLength(acked ? 1 : 2);
	}
});

test("the same request again after its reply was acknowledged is a new one", async () => {
	const { time, radio, ran } = makeBoard();
	radio.hear(A, "on");
	await time.advance(10);
	radio.hear(A, "on");
	await time.advance(10);
	expect(ran).toHaveLength(2);
});

test("the same request from another board is another one", async () => {
	const { time, radio, ran } = makeBoard();
	radio.fate = () => null;
	radio.hear(A, "on");
	radio.hear(B, "on");
	await time.advance(10);
	expect(ran).toHaveLength(2);
});

test("the same request again while its answer is still being made is not run again", async () => {
	const { time, radio, ran, slow } = makeBoard();
	radio.hear(A, "slow");
	radio.hear(A, "slow");
	await time.advance(10);
	slow[0]?.("OK");
	await time.advance(10);
	expect(ran).toHaveLength(1);
	expect(radio.texts(A)).toEqual(["OK -50"]);
});

test("a board that has asked something else since has its old request run again", async () => {
	const { time, radio, ran } = makeBoard();
	radio.fate = () => ({ acked: false, ms: 5 });
	for (const text of ["on", "off", "on"]) {
		radio.hear(A, text);
		await time.advance(10);
	}
	expect(ran.map(({ text }) => text)).toEqual(["on", "off", "on"]);
});

test("a reply in the air whose request came again is not sent again once its asker has asked something else", async () => {
	const { time, radio } = makeBoard();
	radio.fate = () => ({ acked: false, ms: 20 });
	radio.hear(A, "on");
	await time.advance(10);
	radio.hear(A, "on");
	radio.hear(A, "off");
	await time.advance(100);
	expect(radio.texts(A)).toEqual(["OK on -50", "OK off -50"]);
});

test("a reply that waits for the radio is not sent when its asker asks something else", async () => {
	const { time, radio, ran, comms } = makeBoard();
	radio.fate = () => ({ acked: true, ms: 20 });
	comms.espSend(B, "keeps the radio busy");
	await time.advance(1);
	radio.hear(A, "on");
	await time.advance(1);
	radio.hear(A, "off");
	await time.advance(100);
	expect(ran.map(({ text }) => text)).toEqual(["on", "off"]);
	expect(radio.texts(A)).toEqual(["OK off -50"]);
	expect(comms.snapshot()).toMatchObject({ sending: false, requestToSend: false });
});

test.each([
	["after it left without being acknowledged", 30],
	["while it is in the air", 10],
])("what a board has asked before something else is run when it asks for it again, its reply overtaken %s", async (_, afterMs) => {
	const { time, radio, ran } = makeBoard();
	radio.fate = (_to, text) => ({ acked: text !== "OK on -50", ms: 20 });
	radio.hear(A, "on");
	await time.advance(afterMs);
	radio.hear(A, "off");
	await time.advance(100);
	radio.hear(A, "on");
	await time.advance(100);
	expect(ran.map(({ text }) => text)).toEqual(["on", "off", "on"]);
	expect(radio.texts(A)).toEqual(["OK on -50", "OK off -50", "OK on -50"]);
});

test.each([
	["left without being acknowledged", 30],
	["is in the air", 10],
])("the same request after a ping is a new one, also where the reply to the first %s: its asker is done with that", async (_, afterMs) => {
	const { time, radio, ran } = makeBoard();
	radio.fate = (_to, text) => ({ acked: text === "pong", ms: 20 });
	radio.hear(A, "on");
	await time.advance(afterMs);
	radio.hear(A, "ping");
	await time.advance(100);
	radio.hear(A, "on");
	await time.advance(100);
	expect(ran).toHaveLength(2);
});

test("of two replies that failed neither is sent again once their asker has asked something else", async () => {
	const { time, radio, ran } = makeBoard();
	radio.fate = () => ({ acked: false, ms: 20 });
	for (const text of ["on", "off", "channel"]) {
		radio.hear(A, text);
		await time.advance(text === "channel" ? 100 : 10);
	}
	radio.hear(A, "off");
	await time.advance(100);
	expect(ran.map(({ text }) => text)).toEqual(["on", "off", "channel", "off"]);
});

test("a late answer that found no room is there for who asks again, and is not made again", async () => {
	const { time, radio, slow, ran, comms } = makeBoard();
	radio.hear(A, "slow");
	await time.advance(5);
	for (let n = 0; n < 40; n++) comms.espSend(board(n), "x");
	slow[0]?.("OK at last");
	await time.advance(500);
	expect(radio.texts(A)).toEqual([]);
	radio.hear(A, "slow");
	await time.advance(10);
	expect(radio.texts(A)).toEqual(["OK at last -50"]);
	expect(ran).toHaveLength(1);
	expect(comms.snapshot().counters.events.replyLost).toBe(1);
});

test("an unacknowledged reply is forgotten after 10 s: the same text is a new request then", async () => {
	const { time, radio, ran } = makeBoard();
	radio.fate = () => ({ acked: false, ms: 5 });
	radio.hear(A, "on");
	await time.advance(10_100);
	radio.hear(A, "on");
	await time.advance(10);
	expect(ran).toHaveLength(2);
});

test("a reply is never sent again of our own accord: the asker could take it for that to its next request", async () => {
	const { time, radio } = makeBoard();
	radio.fate = () => ({ acked: false, ms: 5 });
	radio.hear(A, "on");
	await time.advance(9000);
	expect(radio.texts(A)).toHaveLength(1);
});

test("of more requests at once than can be kept, those too many are told to be busy", async () => {
	const { time, radio, comms } = makeBoard();
	for (let n = 0; n < 40; n++) {
		radio.hear(board(n), "slow");
		await time.advance(0);
	}
	await time.advance(100);
	expect(radio.texts()).toEqual(Array(8).fill("Fail (busy)"));
	expect(comms.snapshot().counters.commands).toBe(40);
});

test("a stranger that asks without end, and acknowledges nothing, takes no other board's place", async () => {
	const { time, radio, comms } = makeBoard();
	radio.fate = (to) => (to === B ? { acked: false, ms: 26 } : { acked: true, ms: 2 });
	for (let ms = 0; ms < 2000; ms++) {
		radio.hear(B, ms % 2 ? `question ${ms}` : "ping");
		if (ms % 100 === 50) radio.hear(A, "uptime");
		await time.advance(1);
	}
	expect(radio.texts(A)).toEqual(Array(20).fill("OK uptime -50"));
	expect(comms.snapshot().counters.dropped.outboxFull).toBeGreaterThan(1000);
});
