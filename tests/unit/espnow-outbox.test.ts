import { expect, test } from "@jest/globals";
import { MemoryBudget } from "common/memory-budget";
import { Kind } from "espnow/message";
import { OUTBOX_LIMIT, Outbox } from "espnow/outbox";
import type { Peer } from "espnow/peers";
import { newRequest } from "espnow/request";
import fc from "fast-check";
import { A, B, board, C, makePeer } from "./espnow-fakes";

function drain(outbox: Outbox, now = 0): string[] {
	const texts: string[] = [];
	for (let entry = outbox.take(now); entry; entry = outbox.take(now)) {
		texts.push(entry.text);
		outbox.release(entry);
	}
	return texts;
}

const retry = (peer: Peer) => ({ ...newRequest(peer, Kind.request, "x", 0, { timeoutMs: 10, tries: 3 }, () => {}), tries: 1 });

test("frames for one peer go in order", () => {
	const outbox = new Outbox();
	const a = makePeer(A);
	for (const text of ["1", "2", "3"]) outbox.put(Kind.request, null, a, text, 0, null, null);
	expect(drain(outbox)).toEqual(["1", "2", "3"]);
});

test("peers take turns", () => {
	const outbox = new Outbox();
	const [a, b, c] = [makePeer(A), makePeer(B), makePeer(C)];
	for (const text of ["a1", "a2", "a3"]) outbox.put(Kind.request, null, a, text, 0, null, null);
	for (const text of ["b1", "b2"]) outbox.put(Kind.request, null, b, text, 0, null, null);
	outbox.put(Kind.request, null, c, "c1", 0, null, null);
	expect(drain(outbox)).toEqual(["a1", "b1", "c1", "a2", "b2", "a3"]);
});

test("the 33rd frame is refused", () => {
	const outbox = new Outbox();
	for (let i = 0; i < OUTBOX_LIMIT; i++) expect(outbox.put(Kind.request, null, makePeer(board(i)), "x", 0, null, null)).not.toBeNull();
	expect(OUTBOX_LIMIT).toBe(32);
	expect(outbox.size).toBe(OUTBOX_LIMIT);
	expect(outbox.put(Kind.request, null, makePeer(A), "x", 0, null, null)).toBeNull();
	expect(outbox.size).toBe(32);
});

test("requests leave eight places to pongs and replies", () => {
	const outbox = new Outbox();
	for (let i = 0; i < 24; i++) outbox.put(Kind.request, null, makePeer(board(i)), "x", 0, null, null);
	expect(outbox.takesRequests).toBe(false);
	expect(outbox.size).toBeLessThan(OUTBOX_LIMIT);
});

test("another try for a board that did not acknowledge lets all others go first", () => {
	const outbox = new Outbox();
	const absent = makePeer(A);
	outbox.put(Kind.request, null, absent, "retry", 0, retry(absent), null);
	outbox.put(Kind.request, null, makePeer(B), "b", 1, null, null);
	outbox.put(Kind.request, null, makePeer(C), "c", 2, null, null);
	expect(drain(outbox, 3)).toEqual(["b", "c", "retry"]);
});

test("the first request to a board known to be absent lets others go first too", () => {
	const outbox = new Outbox();
	const absent = makePeer(A);
	absent.absent = true;
	outbox.put(
		Kind.request,
		null,
		absent,
		"first",
		0,
		newRequest(absent, Kind.request, "x", 0, { timeoutMs: 10, tries: 3 }, () => {}),
		null,
	);
	outbox.put(Kind.request, null, makePeer(B), "b", 1, null, null);
	expect(drain(outbox, 2)).toEqual(["b", "first"]);
});

test("a frame that has let others go first for a second goes", () => {
	const outbox = new Outbox();
	const absent = makePeer(A);
	outbox.put(Kind.request, null, absent, "retry", 0, retry(absent), null);
	outbox.put(Kind.request, null, makePeer(B), "b", 998, null, null);
	outbox.put(Kind.request, null, makePeer(C), "c", 999, null, null);
	expect(outbox.take(999)?.text).toBe("b");
	expect(outbox.take(1000)?.text).toBe("retry");
});

test("what a board is to be answered takes along what waited for it, in order", () => {
	const outbox = new Outbox();
	const absent = makePeer(A);
	outbox.put(Kind.request, null, absent, "retry", 0, retry(absent), null);
	outbox.put(Kind.pong, null, absent, "pong", 1, null, null);
	outbox.put(Kind.request, null, makePeer(B), "b", 2, null, null);
	expect(drain(outbox, 3)).toEqual(["retry", "b", "pong"]);
});

test("a frame that the driver did not take goes first after the pause, and nothing goes before", () => {
	const outbox = new Outbox();
	const a = makePeer(A);
	outbox.put(Kind.request, null, a, "a1", 0, null, null);
	outbox.put(Kind.request, null, a, "a2", 0, null, null);
	outbox.put(Kind.request, null, makePeer(B), "b", 0, null, null);
	const entry = outbox.take(0);
	if (!entry) throw new Error("nothing taken");
	outbox.putBack(entry, 10);
	expect(outbox.hasDue(9)).toBe(false);
	expect(outbox.take(9)).toBeNull();
	expect(outbox.pausedUntil).toBe(10);
	expect(outbox.hasDue(10)).toBe(true);
	expect(drain(outbox, 10)).toEqual(["a1", "b", "a2"]);
});

test("also when another has come meanwhile", () => {
	const outbox = new Outbox();
	outbox.put(Kind.request, null, makePeer(A), "a", 0, null, null);
	const entry = outbox.take(0);
	if (!entry) throw new Error("nothing taken");
	outbox.put(Kind.request, null, makePeer(B), "b", 0, null, null);
	outbox.putBack(entry, 10);
	expect(drain(outbox, 10)).toEqual(["a", "b"]);
});

test("the only frame can be taken out, and one that has left already changes nothing", () => {
	const outbox = new Outbox();
	const a = makePeer(A);
	const only = outbox.put(Kind.request, null, a, "1", 0, null, null);
	const left = outbox.take(0);
	expect(left).toBe(only);
	const next = outbox.put(Kind.request, null, a, "2", 0, null, null);
	if (left) outbox.remove(left);
	expect(outbox.size).toBe(1);
	if (next) outbox.remove(next);
	expect([outbox.size, outbox.take(0), a.frames]).toEqual([0, null, null]);
	outbox.put(Kind.request, null, a, "3", 0, null, null);
	expect(drain(outbox)).toEqual(["3"]);
});

test("a frame that nobody wants any more is taken out", () => {
	const outbox = new Outbox();
	const a = makePeer(A);
	outbox.put(Kind.request, null, a, "1", 0, null, null);
	const second = outbox.put(Kind.request, null, a, "2", 0, null, null);
	outbox.put(Kind.request, null, a, "3", 0, null, null);
	if (second) outbox.remove(second);
	expect(outbox.size).toBe(2);
	expect(drain(outbox)).toEqual(["1", "3"]);
});

test("an empty outbox has nothing due", () => {
	const outbox = new Outbox();
	expect([outbox.hasDue(5), outbox.take(5)]).toEqual([false, null]);
});

test("whatever is put in, taken out, put back and removed: nothing is lost, doubled or overtaken by its like", () => {
	const step = fc.oneof(
		fc.record({ do: fc.constant("put" as const), peer: fc.nat(4), patient: fc.boolean() }),
		fc.record({ do: fc.constant("take" as const), back: fc.boolean() }),
		fc.record({ do: fc.constant("remove" as const), which: fc.nat(40) }),
	);
	fc.assert(
		fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
			const room = new MemoryBudget();
			const outbox = new Outbox(room);
			const peers = [0, 1, 2, 3, 4].map((n) => makePeer(board(n)));
			const model: { peer: number; text: string; entry: NonNullable<ReturnType<Outbox["put"]>> }[] = [];
			let count = 0;
			let now = 0;
			for (const s of steps) {
				now += 7;
				if (s.do === "put") {
					const peer = peers[s.peer] ?? makePeer(A);
					const text = `${count++}`;
					const entry = outbox.put(s.patient ? Kind.request : Kind.pong, null, peer, text, now, s.patient ? retry(peer) : null, null);
					expect(entry === null).toBe(model.length >= 32);
					if (entry) model.push({ peer: s.peer, text, entry });
				} else if (s.do === "take") {
					const entry = outbox.take(now);
					expect(entry === null).toBe(model.length === 0);
					if (!entry) continue;
					const index = model.findIndex((item) => item.text === entry.text);
					const peer = model[index]?.peer;
					expect(model.findIndex((item) => item.peer === peer)).toBe(index);
					if (s.back) outbox.putBack(entry, now);
					else {
						model.splice(index, 1);
						outbox.release(entry);
					}
				} else {
					const item = model[s.which % (model.length || 1)];
					if (!item) continue;
					outbox.remove(item.entry);
					model.splice(model.indexOf(item), 1);
				}
				expect(outbox.size).toBe(model.length);
				expect(room.frames).toBe(model.filter(({ entry }) => entry.request === null).length);
			}
			expect(drain(outbox, now + 1000).sort()).toEqual(model.map((item) => item.text).sort());
		}),
	);
});
