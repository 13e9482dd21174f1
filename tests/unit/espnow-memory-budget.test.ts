import { expect, test } from "@jest/globals";
import { MemoryBudget, requestBytes, SHORT_TEXT } from "common/memory-budget";
import type { AskResult } from "espnow/types";
import fc from "fast-check";
import { A, B, board, C, makeBoard, reason, watch } from "./espnow-fakes";

/** How many of ours and of others' can be under way when so many of the other kind are. */
function most(requests: number, others: number) {
	const memory = new MemoryBudget({ requests: 26, together: 30 });
	const [counts, grow] = [memory, { requests: () => memory.takesRequest("x", false), others: () => memory.takesAnswer }];
	Object.assign(counts, { requests, answers: others });
	while (grow.requests()) memory.requests++;
	const mostRequests = memory.requests;
	Object.assign(counts, { requests, answers: others });
	while (grow.others()) memory.answers++;
	return { requests: mostRequests, others: memory.answers };
}

test.each([
	[0, 0, 26, 30],
	[26, 0, 26, 4],
	[20, 5, 25, 10],
	[0, 30, 6, 30],
	[8, 22, 8, 22],
])("with %d requests and %d of others there may be %d requests, or %d of others", (requests, others, mostRequests, mostOthers) => {
	expect(most(requests, others)).toEqual({ requests: mostRequests, others: mostOthers });
});

test("frames that wait for others count like their requests", () => {
	const memory = new MemoryBudget({ requests: 26, together: 30 });
	Object.assign(memory, { requests: 26, answers: 1, frames: 4 });
	expect(memory.takesAnswer).toBe(false);
});

test("without limits there is room for everything", () => {
	expect(new MemoryBudget().takesRequest("x", true)).toBe(true);
	const memory = new MemoryBudget();
	Object.assign(memory, { requests: 300, forwarded: 300, answers: 300 });
	expect([memory.takesRequest("x", false), memory.takesRequest("x", true), memory.takesAnswer]).toEqual([true, true, true]);
});

const small = { memory: { requests: 10, together: 12 } };

test.each([
	["have been sent", 200],
	["wait for the radio", 1],
])("a board that asks as many as it may still answers others, four at a time: its requests %s", async (_, ms) => {
	const { time, radio, comms } = makeBoard(small);
	if (ms === 1) radio.fate = () => null;
	const asked = Array.from({ length: 10 }, (_, n) => watch(comms.ask(board(n), "x")));
	await time.advance(ms);
	radio.fate = () => null;
	for (let n = 20; n < 26; n++) radio.hear(board(n), "uptime");
	await time.advance(1);
	expect(comms.snapshot().counters).toMatchObject({ commands: 4, dropped: { outboxFull: 2 } });
	radio.hear(board(0), "OK 0");
	await time.advance(1);
	expect(asked[0]?.result).toMatchObject({ reply: "OK 0" });
});

test("a board that is asked by as many as it takes still asks six others; when those have their answers it takes more", async () => {
	const { time, radio, comms, slow } = makeBoard(small);
	for (let n = 20; n < 34; n++) radio.hear(board(n), "slow");
	await time.advance(10);
	expect(comms.snapshot().counters).toMatchObject({ commands: 12, dropped: { outboxFull: 2 } });
	const asked = Array.from({ length: 9 }, (_, n) => watch(comms.ask(board(n), "x")));
	await time.advance(10);
	expect(asked.map(({ result }) => result)).toEqual([
		...Array(6).fill(undefined),
		...Array(3).fill(expect.objectContaining({ ok: false, reason: "busy" })),
	]);
	for (const answer of slow) answer("OK");
	await time.advance(200);
	const later = watch(comms.ask(board(9), "x"));
	await time.advance(10);
	radio.hear(board(9), "OK later");
	radio.hear(A, "uptime");
	await time.advance(50);
	expect(later.result).toMatchObject({ reply: "OK later" });
	expect(radio.texts(A)).toEqual(["OK uptime -50"]);
});

test("boards that have asked and are gone take no room from others: their answers are only kept", async () => {
	const { time, radio, comms } = makeBoard(small);
	radio.fate = () => ({ acked: false, ms: 5 });
	for (let n = 20; n < 40; n++) {
		radio.hear(board(n), "uptime");
		await time.advance(10);
	}
	radio.fate = () => ({ acked: true, ms: 1 });
	radio.hear(A, "ping");
	radio.hear(B, "uptime");
	await time.advance(10);
	expect([radio.texts(A), radio.texts(B)]).toEqual([["pong"], ["OK uptime -50"]]);
	const asked = Array.from({ length: 10 }, (_, n) => watch(comms.ask(board(n), "x")));
	await time.advance(50);
	for (let n = 0; n < 10; n++) radio.hear(board(n), "OK");
	await time.advance(50);
	expect(asked.map(({ result }) => result?.ok)).toEqual(Array(10).fill(true));
	expect(comms.snapshot().counters).toMatchObject({ commands: 21, dropped: {} });
});

test("an answer is kept for its request to come again as long as there is room", async () => {
	const { time, radio, ran, comms } = makeBoard(small);
	const gone = async (n: number) => {
		radio.fate = () => ({ acked: false, ms: 5 });
		radio.hear(board(n), "on");
		await time.advance(10);
		radio.fate = () => ({ acked: true, ms: 1 });
	};
	for (let n = 20; n < 32; n++) await gone(n);
	radio.hear(board(20), "on");
	await time.advance(10);
	expect(ran).toHaveLength(12);
	// The oldest ones make room for the requests of ours.
	for (let n = 0; n < 10; n++) comms.ask(board(n), "x");
	await time.advance(10);
	for (const n of [21, 31]) radio.hear(board(n), "on");
	await time.advance(20);
	expect(ran).toHaveLength(13);
	expect(comms.snapshot().counters.events.repeated).toBe(2);
});

test("what it forwards takes nothing of what is kept for its own requests", async () => {
	const { time, radio, comms } = makeBoard({ memory: { requests: 26, together: 30 } });
	for (let n = 20; n < 33; n++) radio.hear(board(n), `!${board(99)},x`);
	await time.advance(10);
	for (let n = 40; n < 60; n++) radio.hear(board(n), "slow");
	await time.advance(10);
	const asked = Array.from({ length: 9 }, (_, n) => watch(comms.ask(board(n), "x")));
	await time.advance(10);
	expect(asked.map(({ result }) => result)).toEqual([
		...Array(6).fill(undefined),
		...Array(3).fill(expect.objectContaining({ ok: false, reason: "busy" })),
	]);
	expect(comms.snapshot().counters.relayed).toBe(13);
});

/** How many requests of ours, of others that it forwards, and of others to itself a board takes, each alone. */
async function capacity({ time, radio, comms, slow }: ReturnType<typeof makeBoard>) {
	const fate = radio.fate;
	radio.fate = () => ({ acked: true, ms: 1 });
	const before = comms.snapshot().counters;
	const asked = Array.from({ length: 20 }, (_, n) => watch(comms.ask(board(n), "x")));
	await time.advance(100);
	const own = asked.filter(({ result }) => result === undefined).length;
	await time.advance(11_000);
	for (let n = 40; n < 60; n++) radio.hear(board(n), `!${board(n + 100)},y`);
	await time.advance(100);
	const { open, unsent } = comms.snapshot().requests;
	const forwarded = open + unsent;
	await time.advance(11_000);
	for (let n = 60; n < 80; n++) radio.hear(board(n), "slow");
	await time.advance(100);
	const others = comms.snapshot().counters.commands - before.commands;
	for (const answer of slow.splice(0)) answer("OK");
	await time.advance(11_000);
	radio.fate = fate;
	return { own, forwarded, others };
}

test.each(["settled", "answered", "given up", "closed with the radio", "gone"])("nothing is counted for ever: %s", async (end) => {
	const it = makeBoard(small);
	const { time, radio, comms, slow } = it;
	expect(await capacity(it)).toEqual({ own: 10, forwarded: 5, others: 12 });
	for (let round = 0; round < 20; round++) {
		const asked = watch(comms.ask(board(1), "x"));
		if (end === "gone") radio.fate = () => ({ acked: false, ms: 5 });
		radio.hear(board(2), `!${board(3)},y`);
		radio.hear(board(4), "slow");
		radio.hear(board(5), "ping");
		await time.advance(5);
		if (end === "settled") for (const n of [1, 3]) radio.hear(board(n), "OK");
		if (end === "answered") for (const answer of slow.splice(0)) answer("OK");
		if (end === "closed with the radio") comms.restartESPNow();
		await time.advance(11_000);
		expect(asked.result).toBeDefined();
	}
	radio.fate = () => ({ acked: true, ms: 1 });
	await time.advance(11_000);
	expect(await capacity(it)).toEqual({ own: 10, forwarded: 5, others: 12 });
});

test("a board with little memory takes so many requests at once; those too many are `busy`, and there is room again when one is settled", async () => {
	const { comms, radio, time } = makeBoard({ memory: { requests: 3, together: 30 } });
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
	const { comms, radio, time } = makeBoard({ memory: { requests: 4, together: 30 } });
	for (const asker of [A, B, C]) radio.hear(asker, `!${board(9)},x`);
	await time.advance(50);
	expect([A, B, C].map((asker) => radio.texts(asker))).toEqual([[], [], ["Fail (busy)"]]);
	const own = [watch(comms.ask(board(7), "x")), watch(comms.ask(board(8), "x")), watch(comms.ask(board(10), "x"))];
	await time.advance(50);
	expect(own.map(({ result }) => result && reason(result))).toEqual([undefined, undefined, "busy"]);
});

/** What main gives: see there. */
const bytes = { bytes: 36_864, webKept: 5_376, webMost: 16_384 };

/** How many requests with this text there may be beside what the web holds. */
function requestsBeside(text: string, web: number): number {
	const memory = new MemoryBudget(bytes);
	memory.web = web;
	while (memory.takesRequest(text, false)) {
		memory.requests++;
		if (text.length > SHORT_TEXT) memory.longTexts++;
	}
	return memory.requests;
}

test.each([
	["uptime", 0, 26],
	["uptime", 5_376, 26],
	["uptime", 16_000, 16],
	["x".repeat(240), 0, 18],
	["x".repeat(240), 16_000, 11],
	["x".repeat(240), 30_000, 6],
])("long texts and full connections leave room for fewer requests, never for less than six: %s, %d bytes of web", (text, web, most) => {
	expect(requestsBeside(text, web)).toBe(most);
});

test("the lists count long texts as such, and no longer than they are there", async () => {
	const { time, comms } = makeBoard({ memory: bytes });
	const ask = (count: number, text: string) => Promise.all(Array.from({ length: count }, (_, n) => comms.ask(board(n), text)));
	const busy = (results: AskResult[]) => results.filter((result) => !result.ok && result.reason === "busy").length;
	const long = ask(26, "x".repeat(240));
	await time.advance(11_000);
	expect(busy(await long)).toBe(26 - 18);
	const short = ask(26, "uptime");
	await time.advance(11_000);
	expect(busy(await short)).toBe(0);
});

test("the web gets what is kept for it however many requests there are, and no more", () => {
	const memory = new MemoryBudget(bytes);
	Object.assign(memory, { requests: 26, answers: 4 });
	expect(memory.requestBytes).toBe(26 * requestBytes("uptime", false));
	expect([memory.takesWeb(5_376), memory.takesWeb(8_192)]).toEqual([true, false]);
	expect(new MemoryBudget(bytes).takesWeb(16_384)).toBe(true);
	expect(new MemoryBudget(bytes).takesWeb(16_385)).toBe(false);
});

test("a reply that a handler promised counts until it is there", async () => {
	const { time, radio, memory, slow } = makeBoard();
	for (let n = 20; n < 24; n++) radio.hear(board(n), "slow");
	await time.advance(10);
	const before = memory.view().others;
	expect(memory.awaited).toBe(4);
	for (const answer of slow) answer("OK");
	await time.advance(50);
	expect(memory.view().others).toBeLessThan(before);
	expect(memory.awaited).toBe(0);
});

test("after any storm of requests nothing is counted any more", async () => {
	const step = fc.record({
		kind: fc.constantFrom("ask", "relay", "slow", "ping", "reply", "answer", "restart"),
		n: fc.integer({ min: 0, max: 11 }),
		long: fc.boolean(),
		acked: fc.boolean(),
		ms: fc.integer({ min: 0, max: 3_000 }),
	});
	await fc.assert(
		fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
			const it = makeBoard({ memory: { requests: 26, together: 30, ...bytes } });
			const { time, comms, memory, slow } = it;
			for (const { kind, n, long, acked, ms } of steps) {
				const text = long ? "x".repeat(200) : "x";
				it.radio.fate = () => ({ acked, ms: 2 });
				if (kind === "ask") void comms.ask(board(n), text);
				else if (kind === "relay") it.radio.hear(board(n), `!${board(n + 1)},${text}`);
				else if (kind === "slow") it.radio.hear(board(n), "slow");
				else if (kind === "ping") it.radio.hear(board(n), "ping");
				else if (kind === "reply") it.radio.hear(board(n), "OK");
				else if (kind === "answer") slow.shift()?.("OK");
				else comms.restartESPNow();
				await time.advance(ms);
			}
			for (const answer of slow.splice(0)) answer("OK");
			await time.advance(30_000);
			expect(memory).toMatchObject({
				requests: 0,
				forwarded: 0,
				longTexts: 0,
				requestBytes: 0,
				answers: 0,
				frames: 0,
				failed: 0,
				awaited: 0,
			});
		}),
		{ numRuns: 60 },
	);
});
