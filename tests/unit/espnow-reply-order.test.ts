import { expect, test } from "@jest/globals";
import { A, B, board, makeBoard, watch } from "./espnow-fakes";

/** What a peer's words are worth once a reply was late, lost, repeated or heard twice. */

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
	expect(comms.snapshot().counters.dropped).toEqual({ needsResync: 1 });
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

test("commands of a peer that needs a resync are run all the same", async () => {
	const { time, radio, comms, ran } = makeBoard();
	comms.ask(A, "1");
	await time.advance(10_000);
	radio.hear(A, "on");
	radio.hear(A, "ping");
	await time.advance(10);
	expect(ran.map(({ text }) => text)).toEqual(["on"]);
	expect(radio.texts(A)).toEqual(["1", "OK on -50", "pong"]);
});

test("a peer that needs a resync that does not pong is asked after 500 ms", async () => {
	const { time, radio, comms } = makeBoard();
	comms.ask(A, "1");
	await time.advance(10_000);
	comms.ask(A, "2");
	await time.advance(499);
	expect(radio.texts()).toEqual(["1", "ping"]);
	await time.advance(1);
	expect(radio.texts()).toEqual(["1", "ping", "2"]);
});

test("a peer that needs a resync that does not even acknowledge costs three tries, not more", async () => {
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

test("a ping to a peer that needs a resync needs no ping before it, and is its resync", async () => {
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
	expect(comms.snapshot().counters.dropped).toEqual({ needsResync: 1 });
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
	expect(comms.snapshot().counters.dropped).toEqual({ needsResync: 1 });
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

test("how early a word is counts from when its request left the outbox", async () => {
	const { time, radio, comms } = makeBoard();
	radio.fate = () => ({ acked: true, ms: 50 });
	comms.espSend(B, "x");
	await time.advance(1);
	const asked = watch(comms.ask(A, "uptime"));
	await time.advance(49);
	expect(radio.sent.at(-1)).toEqual({ at: 50, to: A, text: "uptime" });
	radio.hear(A, "OK 1");
	await time.advance(0);
	expect(asked.result).toBeUndefined();
	await time.advance(2);
	radio.hear(A, "OK 2");
	await time.advance(0);
	expect(asked.result).toMatchObject({ ok: true, reply: "OK 2" });
});

test("a word between two tries is none too early", async () => {
	const { time, radio, comms } = makeBoard();
	radio.fate = () => ({ acked: false, ms: 5 });
	const asked = watch(comms.ask(A, "uptime"));
	// The second try goes after 20 ms.
	await time.advance(10);
	radio.hear(A, "OK 1");
	await time.advance(1);
	expect(asked.result).toMatchObject({ ok: true, reply: "OK 1" });
});

test("what a board said last is known however many strangers ping meanwhile", async () => {
	const { time, radio, comms } = makeBoard({ memory: { requests: 26, together: 30 } });
	comms.ask(A, "1");
	await time.advance(3);
	radio.hear(A, "OK 1");
	await time.advance(1);
	for (let n = 0; n < 25; n++) comms.ask(board(n), "uptime");
	for (let n = 0; n < 7; n++) {
		radio.hear(board(100 + n), "ping");
		await time.advance(4);
	}
	const asked = watch(comms.ask(A, "2"));
	while (radio.texts(A).length < 2) await time.advance(1);
	await time.advance(3);
	radio.hear(A, "OK 1");
	await time.advance(5);
	radio.hear(A, "OK 2");
	await time.advance(400);
	expect(asked.result).toMatchObject({ ok: true, reply: "OK 2" });
});
