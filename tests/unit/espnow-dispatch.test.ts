import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { A, B, board, COMMANDS, makeBoard, partsOf, SELF } from "./espnow-fakes";

const AP = "a0b1c2d30011";

test("`ping` is answered with `pong`", async () => {
	const { time, radio, comms } = makeBoard();
	radio.hear(A, "ping");
	await time.advance(0);
	expect(radio.sent).toEqual([{ at: 0, to: A, text: "pong" }]);
	expect(comms.snapshot().counters.pongs).toBe(1);
});

test("`ping` during an open request is answered at once", async () => {
	const { time, radio, comms } = makeBoard();
	comms.ask(A, "uptime");
	await time.advance(50);
	radio.hear(A, "ping");
	await time.advance(20);
	expect(radio.texts(A)).toEqual(["uptime", "pong"]);
});

test("a request for this board is run and answered with its RSSI", async () => {
	const { time, radio, ran, comms } = makeBoard();
	radio.hear(A, "uptime", -61);
	await time.advance(0);
	expect(ran).toEqual([{ text: "uptime", from: { side: "radio", mac: A, rssi: -61 } }]);
	expect(radio.texts(A)).toEqual(["OK uptime -61"]);
	expect(comms.snapshot().counters.commands).toBe(1);
});

test("a request from an access point's MAC is its station's", async () => {
	const { time, radio, ran } = makeBoard();
	radio.hear(A, "OK stray");
	radio.hear(A, "ping");
	radio.hear(AP, "uptime");
	await time.advance(10);
	expect(ran[0]?.from.mac).toBe(A);
	expect(radio.sent.map((frame) => frame.to)).toEqual([A, A]);
});

test("an answer over 250 bytes becomes `Fail (too long)`", async () => {
	const { time, radio } = makeBoard();
	radio.hear(A, "long");
	await time.advance(0);
	expect(radio.texts()).toEqual(["Fail (too long) -50"]);
});

test("an answer that fails is told as `Fail (…)`, at once or later", async () => {
	const { time, radio } = makeBoard();
	radio.hear(A, "throw");
	radio.hear(B, "reject");
	await time.advance(10);
	expect(radio.texts(A)).toEqual(["Fail (thrown) -50"]);
	expect(radio.texts(B)).toEqual(["Fail (rejected) -50"]);
});

test("an answer that takes time holds nothing up and goes to the board that asked", async () => {
	const { time, radio, slow } = makeBoard();
	radio.hear(A, "slow", -44);
	await time.advance(0);
	radio.hear(B, "uptime");
	await time.advance(3000);
	expect(radio.texts()).toEqual(["OK uptime -50"]);
	slow[0]?.("OK at last");
	await time.advance(0);
	expect(radio.sent.at(-1)).toEqual({ at: 3000, to: A, text: "OK at last -44" });
});

test("answers that finish in another order go each to its own asker", async () => {
	const { time, radio, slow } = makeBoard();
	radio.hear(A, "slow");
	radio.hear(B, "slow");
	await time.advance(0);
	slow[1]?.("OK b");
	slow[0]?.("OK a");
	await time.advance(10);
	expect([radio.texts(A), radio.texts(B)]).toEqual([["OK a -50"], ["OK b -50"]]);
});

test("an answer that comes after its asker has given up is not sent", async () => {
	const { time, radio, slow, comms } = makeBoard();
	radio.hear(A, "slow");
	await time.advance(10_000);
	slow[0]?.("OK too late");
	await time.advance(1000);
	expect(radio.texts()).toEqual([]);
	expect(comms.snapshot().counters.events.replyLost).toBe(1);
});

/** The first of two bytes of a character. */
const NO_TEXT = Uint8Array.of(0xc3);

const dropped: [string, string | Uint8Array, string][] = [
	["a late reply", "OK late -50", "strayReply"],
	["a reply of the file commands", "3 100 -50", "strayReply"],
	["an error report", "Unknown message: x", "strayError"],
	["a failure", "Fail (x)", "strayError"],
	["a pong", "pong", "strayPong"],
	["an empty frame", "", "empty"],
	["half a UTF-8 sequence", NO_TEXT, "notText"],
	["a NUL", "o\0n", "notText"],
	["an exclamation mark", "!", "malformed"],
	["a relay request without a message", `!${B},`, "malformed"],
];
test.each(dropped)("%s that nobody waits for is dropped, counted, and not answered", async (_, text, cause) => {
	const { time, radio, ran, comms } = makeBoard();
	radio.hear(A, text);
	await time.advance(500);
	expect(radio.sent).toEqual([]);
	expect(ran).toEqual([]);
	expect(comms.snapshot().counters.dropped).toEqual({ [cause]: 1 });
	expect(comms.snapshot().counters.framesIn).toBe(1);
});

test.each([
	["everybody", "ffffffffffff"],
	["a group", "010000000001"],
	["this board", SELF],
	["this board's access point", "a0b1c2d30001"],
])("a frame that says it is from %s is forged: dropped, counted, not answered", async (_, from) => {
	const { time, radio, ran, comms } = makeBoard();
	radio.hear(from, "ping");
	radio.hear(from, "on");
	await time.advance(500);
	expect(radio.sent).toEqual([]);
	expect(ran).toEqual([]);
	expect(comms.snapshot().counters.dropped).toEqual({ malformed: 2 });
});

test("what the native ring drops is counted as having come in", async () => {
	const { time, radio, comms } = makeBoard();
	for (let n = 0; n < 20; n++) radio.hear(board(n), "uptime");
	radio.hear(A, "x".repeat(251));
	await time.advance(100);
	const { counters } = comms.snapshot();
	expect(counters.dropped).toEqual({ ringFull: 4, tooLong: 1 });
	expect(counters.framesIn).toBe(21);
	expect(counters.framesIn).toBe(partsOf(counters));
});

test("what an earlier radio dropped stays counted", async () => {
	const { time, radio, comms } = makeBoard();
	radio.hear(A, "x".repeat(251));
	await time.advance(100);
	comms.restartESPNow();
	expect(comms.snapshot().counters.dropped).toEqual({ tooLong: 1 });
});

test("an unknown request is answered, as it reports no error", async () => {
	const { time, radio } = makeBoard();
	radio.hear(A, "hello");
	await time.advance(0);
	expect(radio.texts()).toEqual(["Unknown message: hello -50"]);
});

test("a request for which there is no room in the outbox is not run", async () => {
	const { time, radio, ran, comms } = makeBoard();
	radio.fate = () => null;
	for (let n = 0; n < 40; n++) comms.espSend(board(n), "x");
	await time.advance(1);
	comms.espSend(board(41), "x");
	radio.hear(A, "on");
	radio.hear(A, "ping");
	radio.hear(A, `!${B},on`);
	await time.advance(1);
	expect(ran).toEqual([]);
	expect(comms.snapshot().counters.dropped).toEqual({ outboxFull: 3 });
});

test("a hub is adopted once the reply to its request went out, not before and not for less", async () => {
	const { time, radio, answered, repliesSent } = makeBoard();
	radio.hear(A, "ping");
	radio.hear(A, "OK stray");
	await time.advance(10);
	radio.fate = () => ({ acked: false, ms: 5 });
	radio.hear(A, "uptime");
	await time.advance(10);
	expect(answered).toEqual([]);
	expect(repliesSent).toEqual([A]);
	radio.fate = () => ({ acked: true, ms: 5 });
	radio.hear(B, "uptime");
	await time.advance(4);
	expect(answered).toEqual([]);
	await time.advance(1);
	expect(answered).toEqual([B]);
});

test("contact: a request answered, a reply to our own", async () => {
	const { time, radio, contacts, comms } = makeBoard();
	radio.hear(A, "uptime");
	await time.advance(10);
	expect(contacts.splice(0)).toEqual([{ mac: A, how: "answered" }]);
	comms.ask(A, "uptime");
	await time.advance(10);
	radio.hear(A, "OK 1");
	await time.advance(10);
	expect(contacts.splice(0)).toEqual([{ mac: A, how: "reply" }]);
});

test.each([NO_TEXT, "", "OK stray", "pong", "!"])("a hub is heard with any frame of its own, from either address: %j", async (text) => {
	const { time, radio, comms } = makeBoard({ hub: () => A });
	expect(comms.heardAt(A)).toBe(-1);
	await time.advance(30);
	radio.hear(AP, text);
	await time.advance(10);
	expect([comms.heardAt(A), comms.heardAt(AP), comms.heardAt(B)]).toEqual([30, 30, -1]);
	await time.advance(30);
	radio.hear(A, text);
	await time.advance(10);
	expect(comms.heardAt(A)).toBe(70);
});

test("a stranger who says nothing of use is not remembered", async () => {
	const { time, radio, comms } = makeBoard({ hub: () => B });
	for (const text of [NO_TEXT, "", "OK stray", "pong", "!"]) radio.hear(A, text);
	await time.advance(10);
	expect(comms.peers()).toEqual([]);
});

test("10,000 random frames: no error, every frame counted once, no reply to a reply, and requests still answered", async () => {
	const piece = fc.constantFrom("!", A, B, ",", "ping", "pong", "OK ", "Fail (", "Unknown message", "on", "slow", "throw", " ", "é", "x");
	const text = fc.oneof(
		fc.array(piece, { maxLength: 8 }).map((list) => list.join("")),
		fc.uint8Array({ maxLength: 260 }),
		fc.string({ maxLength: 260 }),
	);
	const frame = fc.record({ from: fc.nat(60), text, wait: fc.constantFrom(0, 0, 0, 1, 5) });
	await fc.assert(
		fc.asyncProperty(fc.array(frame, { minLength: 80, maxLength: 120 }), async (frames) => {
			const { time, radio, comms } = makeBoard();
			radio.fate = (to) => ({ acked: !to.endsWith("8"), ms: 1 });
			for (const { from, text, wait } of frames) {
				radio.hear(board(from), text);
				await time.advance(wait);
			}
			await time.advance(12_000);
			const { counters } = comms.snapshot();
			expect(counters.framesIn).toBe(frames.length);
			expect(partsOf(counters)).toBe(counters.framesIn);
			expect(counters.dropped.fault).toBeUndefined();
			const before = radio.sent.length;
			radio.hear(A, "uptime");
			await time.advance(100);
			expect(radio.sent[before]?.text).toBe("OK uptime -50");
		}),
		{ numRuns: 100 },
	);
});

test("no reply to a request of ours is ever run", async () => {
	const { time, radio, ran, comms } = makeBoard();
	const asked = comms.ask(A, "hello");
	await time.advance(10);
	radio.hear(A, "some text that is no command");
	await time.advance(10);
	expect(await asked).toMatchObject({ ok: true, reply: "some text that is no command" });
	expect(ran).toEqual([]);
});

test.each(COMMANDS.filter((name) => name !== "slow"))(
	"`%s` from a board that we wait for is run, not taken for its reply",
	async (command) => {
		const { time, radio, ran, comms } = makeBoard();
		const asked = comms.ask(A, "uptime");
		await time.advance(10);
		radio.hear(A, command);
		await time.advance(10);
		expect(ran.map(({ text }) => text)).toEqual([command]);
		radio.hear(A, "OK reply");
		await time.advance(10);
		expect(await asked).toMatchObject({ ok: true, reply: "OK reply" });
	},
);
