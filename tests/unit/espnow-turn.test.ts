import { expect, test } from "@jest/globals";
import { A, B, board, makeBoard, SELF } from "./espnow-fakes";

test("a turn comes at once, then every 100 ms although nothing happens", async () => {
	const { time, calls, comms } = makeBoard();
	await time.advance(1000);
	expect(calls.turns).toBe(11);
	expect(comms.snapshot().turns).toBe(11);
});

test("turns go on while ESP-NOW is down", async () => {
	const { time, calls, comms } = makeBoard();
	comms.stop();
	await time.advance(1000);
	expect(calls.turns).toBe(11);
	expect(comms.snapshot().up).toBe(false);
});

test("a frame pulls the turn forward and is answered in it", async () => {
	const { time, radio } = makeBoard();
	await time.advance(30);
	radio.hear(A, "uptime");
	await time.advance(0);
	expect(radio.sent).toEqual([{ at: 30, to: A, text: "OK uptime -50" }]);
});

test("many activities pull the turn forward once", async () => {
	const { time, radio, calls } = makeBoard();
	for (let i = 0; i < 5; i++) radio.hear(A, "OK stray");
	await time.advance(0);
	expect(calls.turns).toBe(1);
	expect(time.scheduled).toBe(1);
});

test("a request is sent at once when the radio is free", async () => {
	const { time, radio, comms } = makeBoard();
	await time.advance(30);
	comms.ask(A, "uptime");
	await time.advance(0);
	expect(radio.sent).toEqual([{ at: 30, to: A, text: "uptime" }]);
});

test("the next frame goes as soon as the status of the one before has come", async () => {
	const { time, radio, comms } = makeBoard();
	for (const mac of [board(1), board(2), board(3)]) comms.ask(mac, "uptime");
	await time.advance(20);
	expect(radio.sent.map((frame) => frame.at)).toEqual([0, 2, 4]);
});

test("never more than one frame is with the driver", async () => {
	const { time, radio, comms } = makeBoard();
	for (let n = 0; n < 30; n++) comms.ask(board(n), "uptime");
	for (let n = 0; n < 16; n++) radio.hear(board(n), "ping");
	await time.advance(500);
	expect(radio.sent.length).toBeGreaterThanOrEqual(38);
	expect(radio.mostInFlight).toBe(1);
});

test("a turn handles at most 8 frames, the next ones follow at once", async () => {
	const { time, radio, ran, calls } = makeBoard();
	for (let n = 0; n < 16; n++) radio.hear(board(n), "uptime");
	const atTurnEnd: number[] = [];
	const comms = makeBoard({ turn: () => atTurnEnd.push(comms.ran.length) });
	for (let n = 0; n < 16; n++) comms.radio.hear(board(n), "uptime");
	await comms.time.advance(0);
	expect(atTurnEnd).toEqual([8, 16]);
	await time.advance(0);
	expect(ran).toHaveLength(16);
	expect(calls.turns).toBe(2);
});

test("a turn is: statuses, frames, deadlines, one frame sent", async () => {
	const order: string[] = [];
	const { time, radio, comms } = makeBoard({
		onReplySent: () => order.push("status"),
		answer: () => {
			order.push("frame");
			return "OK";
		},
		turn: () => order.push("end"),
	});
	radio.fate = () => null;
	radio.hear(A, "uptime");
	await time.advance(0);
	comms.ask(B, "uptime", { timeoutMs: 50 }).then(() => order.push("deadline"));
	await time.advance(49);
	order.length = 0;
	radio.onSent = () => order.push("send");
	time.ms = 50;
	radio.status(A, true);
	radio.hear(A, "on");
	await time.advance(0);
	expect(order).toEqual(["status", "frame", "send", "end", "deadline"]);
});

test("an error in one part of a turn does not keep the others from theirs", async () => {
	const { time, radio, calls, counters, comms } = makeBoard();
	radio.read = () => {
		throw new Error("ring");
	};
	comms.ask(A, "uptime");
	await time.advance(1000);
	expect(radio.texts()).toEqual(["uptime"]);
	expect(calls.turns).toBeGreaterThanOrEqual(10);
	expect(counters.events.fault ?? 0).toBe(0);
	expect(comms.snapshot().counters.events.fault).toBeGreaterThan(0);
	expect(comms.snapshot().lastError).toBe("frames: ring");
});

test("an error of those who are told does not leave the loop", async () => {
	const fail = () => {
		throw new Error("theirs");
	};
	const { time, radio, comms } = makeBoard({ onContact: fail, onReplySent: fail, onAnswered: fail, turn: fail });
	radio.hear(A, "uptime");
	radio.hear(A, "ping");
	await time.advance(500);
	const asked = comms.ask(B, "uptime");
	await time.advance(1);
	radio.hear(B, "OK 1");
	await time.advance(10_000);
	expect((await asked).ms).toBeLessThanOrEqual(10_000);
});

test("`sending` is true from the sending of a frame to its status", async () => {
	const { time, comms } = makeBoard();
	expect(comms.sending).toBe(false);
	comms.ask(A, "uptime");
	await time.advance(1);
	expect(comms.sending).toBe(true);
	await time.advance(1);
	expect(comms.sending).toBe(false);
});

test("`sending` ends after 250 ms when no status comes", async () => {
	const { time, comms, radio } = makeBoard();
	radio.fate = () => null;
	comms.espSend(A, "hello");
	await time.advance(249);
	expect(comms.sending).toBe(true);
	await time.advance(1);
	expect(comms.sending).toBe(false);
});

test("`requestToSend` is true while a due frame waits", async () => {
	const { time, comms } = makeBoard();
	expect(comms.requestToSend).toBe(false);
	comms.espSend(A, "1");
	comms.espSend(A, "2");
	expect(comms.requestToSend).toBe(true);
	await time.advance(1);
	expect([comms.sending, comms.requestToSend]).toEqual([true, true]);
	await time.advance(2);
	expect([comms.sending, comms.requestToSend]).toEqual([true, false]);
});

test("a request that waits for its reply sets neither flag", async () => {
	const { time, comms } = makeBoard();
	comms.ask(A, "uptime");
	await time.advance(50);
	expect([comms.sending, comms.requestToSend]).toEqual([false, false]);
	expect(comms.snapshot().requests).toEqual({ open: 1, unsent: 0 });
});

test("the flags cannot be set from outside", () => {
	const { comms } = makeBoard();
	expect(() => Object.assign(comms, { sending: true })).toThrow(TypeError);
	expect(() => Object.assign(comms, { requestToSend: true })).toThrow(TypeError);
});

test("closing cancels what waits and stops the turns", async () => {
	const { time, comms, calls, radio } = makeBoard();
	const asked = [comms.ask(A, "1"), comms.ask(A, "2"), comms.ask(B, "3")];
	await time.advance(1);
	comms.close();
	comms.close();
	const turns = calls.turns;
	await time.advance(1000);
	expect((await Promise.all(asked)).map((result) => !result.ok && result.reason)).toEqual(["cancelled", "cancelled", "cancelled"]);
	expect(calls.turns).toBe(turns);
	expect(radio.closed).toBe(true);
	expect(time.count).toBe(0);
	expect(await comms.ask(A, "x")).toEqual({ ok: false, reason: "cancelled", ms: 0 });
});

test("what is to be sent while ESP-NOW is down waits until it is up", async () => {
	const board = makeBoard();
	board.comms.stop();
	board.comms.ask(A, "uptime");
	await board.time.advance(3000);
	expect(board.radio.texts()).toEqual([]);
	board.comms.start();
	await board.time.advance(0);
	expect(board.radio.texts()).toEqual(["uptime"]);
});

test("what is to be sent while ESP-NOW is down waits for its deadline", async () => {
	const { time, comms } = makeBoard();
	comms.stop();
	const asked = comms.ask(A, "uptime");
	await time.advance(9999);
	let settled = false;
	asked.then(() => {
		settled = true;
	});
	await time.advance(0);
	expect(settled).toBe(false);
	await time.advance(1);
	expect(await asked).toEqual({ ok: false, reason: "no result", ms: 10_000 });
});

test("a request to ourselves is answered here, without a frame", async () => {
	const { comms, time, radio, ran } = makeBoard();
	const asked = comms.ask(SELF, "uptime");
	const byAccessPoint = comms.ask(`${SELF.slice(0, -1)}1`, "uptime");
	await time.advance(0);
	expect(await asked).toEqual({ ok: true, reply: "OK uptime", rssi: 0, ms: 0 });
	expect((await byAccessPoint).ok).toBe(true);
	expect(ran[0]?.from).toEqual({ side: "radio", mac: SELF, rssi: 0 });
	expect(radio.sent).toEqual([]);
});

test("a request to ourselves settles, whatever becomes of its answer", async () => {
	const { comms, time } = makeBoard();
	const asked = ["throw", "reject", "slow"].map((text) => comms.ask(SELF, text));
	await time.advance(10_000);
	expect(await Promise.all(asked)).toMatchObject([
		{ ok: true, reply: "Fail (thrown)" },
		{ ok: true, reply: "Fail (rejected)" },
		{ ok: false, reason: "no reply", ms: 10_000 },
	]);
});
