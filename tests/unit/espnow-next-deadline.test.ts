import { expect, test } from "@jest/globals";
import { Requests } from "espnow/requests";
import { A, B, board, FakeRadio, makeBoard, partsOf, watch } from "./espnow-fakes";

/** Nothing asks everybody for their deadlines every turn: whoever has one has to say so, and nothing that is due may be missed. */

test.each([
	["replies", () => "on"],
	["requests that are forwarded", (n: number) => `!${board(20 + n)},uptime`],
])("a request that found the outbox full of %s is sent as soon as these are withdrawn", async (_, request) => {
	const { time, radio, comms } = makeBoard();
	radio.fate = () => ({ acked: true, ms: 200 });
	comms.espSend(board(50), "x");
	await time.advance(1);
	for (let n = 0; n < 8; n++) radio.hear(board(n), request(n));
	await time.advance(1);
	comms.ask(A, "uptime");
	// The eight ask something else, which takes its time: what they were to be told has no meaning any more.
	for (let n = 0; n < 8; n++) radio.hear(board(n), "slow");
	await time.advance(1000);
	expect(radio.sent.filter(({ to }) => to === A).map(({ at }) => at)).toEqual([200]);
});

test("another try goes at its time", async () => {
	const { time, radio, comms } = makeBoard();
	await time.advance(110);
	radio.fate = () => ({ acked: false, ms: 5 });
	comms.ask(A, "uptime");
	await time.advance(90);
	// After 5 ms each, pauses of 20 and 40 ms.
	expect(radio.sent.map(({ at }) => at)).toEqual([110, 135, 180]);
});

test("the frame behind one that the driver refuses need not wait", async () => {
	const { time, radio, comms } = makeBoard();
	await time.advance(10);
	radio.sendErrors = [0x3066];
	comms.espSend(A, "1");
	comms.espSend(B, "2");
	await time.advance(10);
	expect(radio.sent).toEqual([{ at: 10, to: B, text: "2" }]);
});

test("the end of a pause is not missed, although the outbox was empty meanwhile", async () => {
	const { time, radio, comms } = makeBoard();
	await time.advance(1);
	comms.ask(B, "uptime", { timeoutMs: 7 });
	await time.advance(2);
	radio.sendErrors = [0x3067];
	// It is given up in the pause of 10 ms.
	comms.ask(A, "uptime", { timeoutMs: 3 });
	await time.advance(6);
	comms.espSend(A, "x");
	await time.advance(50);
	expect(radio.sent.slice(1)).toEqual([{ at: 13, to: A, text: "x" }]);
});

test("ESP-NOW that does not start at boot is tried again each second", async () => {
	let fails = 1;
	const radios: FakeRadio[] = [];
	const made = makeBoard({
		openRadio: (onActivity) => {
			if (fails-- > 0) throw new Error("0x306a");
			const radio = new FakeRadio(made.time, onActivity);
			radios.push(radio);
			return radio;
		},
	});
	await made.time.advance(900);
	expect(radios).toHaveLength(0);
	await made.time.advance(200);
	expect(radios).toHaveLength(1);
	expect(made.comms.snapshot().up).toBe(true);
});

test("requests that are never answered here do not occupy a board for ever", async () => {
	const { time, radio } = makeBoard();
	await time.advance(2_000);
	for (let n = 0; n < 32; n++) {
		radio.hear(board(n), "slow");
		await time.advance(1);
	}
	radio.hear(A, "uptime");
	await time.advance(100);
	expect(radio.texts(A)).toEqual(["Fail (busy)"]);
	await time.advance(10_000);
	radio.hear(A, "uptime");
	await time.advance(100);
	expect(radio.texts(A)).toEqual(["Fail (busy)", "OK uptime -50"]);
});

test("deadlines that an error has kept from being looked at are looked at in the next regular turn", async () => {
	const { expire } = Requests.prototype;
	let fails = 0;
	Requests.prototype.expire = function (now) {
		if (fails-- > 0) throw new Error("expire");
		expire.call(this, now);
	};
	try {
		const { time, comms } = makeBoard();
		const asked = watch(comms.ask(A, "uptime", { timeoutMs: 300 }));
		await time.advance(299);
		// In the turn, and where it is made once more.
		fails = 2;
		await time.advance(150);
		expect(asked.result).toEqual({ ok: false, reason: "no reply", ms: 400 });
	} finally {
		Requests.prototype.expire = expire;
	}
});

test("frames behind some that fail come in the next turn, each counted once", async () => {
	const { time, radio, comms } = makeBoard({
		onContact: (_, how) => {
			if (how === "reply") throw new Error("theirs");
		},
	});
	for (let n = 0; n < 12; n++) comms.ask(board(n), "uptime");
	await time.advance(60);
	for (let n = 0; n < 12; n++) radio.hear(board(n), "OK 1");
	radio.hear(A, "ping");
	await time.advance(1);
	expect(radio.sent.filter(({ to }) => to === A)).toEqual([{ at: 60, to: A, text: "pong" }]);
	const { counters } = comms.snapshot();
	expect(counters).toMatchObject({ pongs: 1, dropped: { fault: 12 }, events: { fault: 12 } });
	expect([counters.framesIn, partsOf(counters)]).toEqual([13, 13]);
});

test("a command that throws is counted and answered once, and an error of another part is none of its", async () => {
	let broken = false;
	const { time, radio, comms } = makeBoard({
		turn() {
			if (broken) throw new Error("turn");
		},
	});
	broken = true;
	radio.hear(A, "throw");
	await time.advance(1);
	radio.hear(B, "on");
	await time.advance(350);
	expect(radio.texts()).toEqual(["Fail (thrown) -50", "OK on -50"]);
	const { counters, lastError } = comms.snapshot();
	expect(counters).toMatchObject({ commands: 2, framesIn: 2, dropped: {} });
	expect(lastError).toBe("turn: turn");
});

test("a command that throws where the turn is made once more is answered, too", async () => {
	const { time, radio, comms } = makeBoard();
	for (let n = 0; n < 3; n++) radio.hear(board(n), "throw");
	await time.advance(20);
	expect(radio.texts()).toEqual(["Fail (thrown) -50", "Fail (thrown) -50", "Fail (thrown) -50"]);
	expect(comms.snapshot().counters).toMatchObject({ commands: 3, framesIn: 3 });
});

test("of more boards than the driver's list holds those written to last stay in it", async () => {
	const { time, radio, comms } = makeBoard();
	for (let n = 0; n < 20; n++) comms.espSend(board(n), "x");
	await time.advance(100);
	comms.espSend(board(0), "x");
	await time.advance(10);
	comms.espSend(board(20), "x");
	await time.advance(10);
	expect([radio.peers.has(board(0)), radio.peers.has(board(1)), radio.peers.size]).toEqual([true, false, 20]);
});

test("a peer's pong is waited for no longer although another request's deadline was looked at meanwhile", async () => {
	const { time, radio, comms } = makeBoard();
	comms.ask(A, "1", { timeoutMs: 50 });
	await time.advance(60);
	comms.ask(A, "2");
	comms.ask(B, "uptime", { timeoutMs: 333 });
	await time.advance(560);
	expect(radio.sent.filter(({ to }) => to === A).map(({ at, text }) => [at, text])).toEqual([
		[0, "1"],
		[60, "ping"],
		[560, "2"],
	]);
});

test("nor a reply that may be the last one over again", async () => {
	const { time, radio, comms } = makeBoard();
	comms.ask(A, "1");
	await time.advance(3);
	radio.hear(A, "OK 1");
	await time.advance(1);
	const asked = watch(comms.ask(A, "2"));
	comms.ask(B, "uptime", { timeoutMs: 133 });
	await time.advance(3);
	radio.hear(A, "OK 1");
	await time.advance(310);
	expect(asked.result).toMatchObject({ ok: true, reply: "OK 1", ms: 303 });
});

test("ESP-NOW is tried again when what is told of its end throws", async () => {
	let broken = true;
	const { time, radio, comms } = makeBoard({
		onReplySent() {
			if (broken) throw new Error("theirs");
		},
	});
	radio.fate = () => null;
	radio.hear(A, "uptime");
	await time.advance(1);
	expect(() => comms.restartESPNow()).toThrow("theirs");
	expect(comms.snapshot().up).toBe(false);
	broken = false;
	await time.advance(1100);
	expect(comms.snapshot().up).toBe(true);
});
