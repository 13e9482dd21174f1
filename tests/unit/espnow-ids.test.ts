import { expect, test } from "@jest/globals";
import { Outcome } from "espnow/counters";
import { type Codec, Kind, type Message } from "espnow/message";
import type { Outgoing } from "espnow/outbox";
import { A, B, type FakeRadio, makeBoard, partsOf, plainText, utf8, watch } from "./espnow-fakes";

/** A peer whose messages carry ids: several requests to it are open at once, and their replies come in any order. */

/**
 * A codec that exists here only: byte 0 kind, bytes 1 to 4 id (0: none, big-endian), then the text in UTF-8. It shows that nothing but the codec and the
 * matching of replies knows how a peer is spoken to.
 */
let ids = 0;
const binary: Codec = {
	hasIds: true,
	sessions: null,
	maxTextBytes: 200,
	decode(bytes: Uint8Array, length: number, into: Message) {
		const text = length < 5 ? null : utf8.decode(bytes.subarray(5, length), length - 5);
		const kind = Object.values(Kind).find((each) => each === bytes[0]);
		if (text === null || kind === undefined) return Outcome.malformed;
		into.kind = kind;
		into.id = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1) || null;
		into.text = text;
		return null;
	},
	encode(message: Pick<Outgoing, "kind" | "id" | "text">, into: Uint8Array) {
		const { kind, text } = message;
		message.id ??= ++ids;
		into[0] = kind;
		new DataView(into.buffer).setUint32(1, message.id);
		const length = utf8.encode(text, into.subarray(5));
		return length < 0 ? -1 : length + 5;
	},
};

/** This board speaks binary to A, plain text to all others. */
const make = () => makeBoard({ codecOf: (mac) => (mac === A ? binary : plainText) });

const frameOf = (message: Pick<Outgoing, "kind" | "id" | "text">): Uint8Array => {
	const into = new Uint8Array(250);
	return into.slice(0, binary.encode(message as Outgoing, into));
};

/** What A was sent. */
function sentTo(radio: FakeRadio): Message[] {
	return radio.sentBytes
		.filter((_, i) => radio.sent[i]?.to === A)
		.map((bytes) => {
			const message: Message = { kind: Kind.request, id: null, text: "" };
			expect(binary.decode(bytes, bytes.length, message)).toBeNull();
			return message;
		});
}

test("three requests to one peer are open at once, and replies in any order find theirs", async () => {
	const { time, radio, comms } = make();
	const asked = ["1", "2", "3"].map((text) => watch(comms.ask(A, text)));
	await time.advance(20);
	const sent = sentTo(radio);
	expect(sent.map(({ kind, text }) => [kind, text])).toEqual(["1", "2", "3"].map((text) => [Kind.request, text]));
	for (const i of [2, 0, 1]) radio.hear(A, frameOf({ kind: Kind.reply, id: sent[i]?.id ?? null, text: `OK ${sent[i]?.text}` }));
	await time.advance(5);
	expect(asked.map(({ result }) => result)).toMatchObject(["1", "2", "3"].map((text) => ({ ok: true, reply: `OK ${text}` })));
	expect(comms.snapshot().requests).toEqual({ open: 0, unsent: 0 });
});

test("a late reply harms nobody: its id is no longer asked for, and the next request needs no ping before it", async () => {
	const { time, radio, comms } = make();
	const first = watch(comms.ask(A, "1"));
	await time.advance(10_000);
	expect(first.result).toMatchObject({ reason: "no reply" });
	const second = watch(comms.ask(A, "2"));
	await time.advance(5);
	const [late, next] = sentTo(radio);
	expect(next).toMatchObject({ kind: Kind.request, text: "2" });
	radio.hear(A, frameOf({ kind: Kind.reply, id: late?.id ?? null, text: "OK 1" }));
	await time.advance(5);
	expect(second.result).toBeUndefined();
	radio.hear(A, frameOf({ kind: Kind.reply, id: next?.id ?? null, text: "OK 2" }));
	await time.advance(5);
	expect(second.result).toMatchObject({ reply: "OK 2" });
	expect(comms.snapshot().counters.dropped).toEqual({ strayReply: 1 });
});

test("a request of the peer is run, whatever it says and whatever is asked of it, and its reply carries its id", async () => {
	const { time, radio, comms, ran } = make();
	comms.ask(A, "1");
	await time.advance(5);
	for (const [id, text] of [
		[7, "OK this is no reply"],
		[8, "uptime"],
	] as const)
		radio.hear(A, frameOf({ kind: Kind.request, id, text }));
	await time.advance(20);
	expect(ran.map(({ text }) => text)).toEqual(["OK this is no reply", "uptime"]);
	expect(sentTo(radio).slice(1)).toEqual([
		{ kind: Kind.reply, id: 7, text: "Unknown message: OK this is no reply -50" },
		{ kind: Kind.reply, id: 8, text: "OK uptime -50" },
	]);
});

test("the same request again gets the same reply and is not run again; the same text under another id is a new request", async () => {
	const { time, radio, ran } = make();
	radio.fate = () => ({ acked: false, ms: 2 });
	const hear = async (id: number) => {
		radio.hear(A, frameOf({ kind: Kind.request, id, text: "on" }));
		await time.advance(20);
	};
	await hear(1);
	await hear(1);
	expect(ran).toHaveLength(1);
	await hear(2);
	expect(ran).toHaveLength(2);
	await hear(1);
	expect(ran).toHaveLength(2);
	expect(sentTo(radio).map(({ id }) => id)).toEqual([1, 1, 2, 1]);
});

test("several of the peer's requests are answered side by side, and its ping gives none of them up", async () => {
	const { time, radio, slow } = make();
	for (const id of [1, 2]) radio.hear(A, frameOf({ kind: Kind.request, id, text: "slow" }));
	radio.hear(A, frameOf({ kind: Kind.ping, id: 3, text: "" }));
	await time.advance(20);
	slow[1]?.("OK b");
	slow[0]?.("OK a");
	await time.advance(20);
	expect(sentTo(radio).map(({ kind, id, text }) => [kind, id, text])).toEqual([
		[Kind.pong, 3, ""],
		[Kind.reply, 2, "OK b -50"],
		[Kind.reply, 1, "OK a -50"],
	]);
});

test("a ping finds its pong by its id, and no other", async () => {
	const { time, radio, comms } = make();
	const [request, ping] = [watch(comms.ask(A, "1")), watch(comms.ask(A, "ping"))];
	await time.advance(10);
	const [asked, pinged] = sentTo(radio);
	expect(pinged?.kind).toBe(Kind.ping);
	radio.hear(A, frameOf({ kind: Kind.pong, id: asked?.id ?? null, text: "" }));
	await time.advance(5);
	expect([request.result, ping.result]).toEqual([undefined, undefined]);
	radio.hear(A, frameOf({ kind: Kind.pong, id: pinged?.id ?? null, text: "" }));
	await time.advance(5);
	expect(ping.result).toMatchObject({ reply: "pong" });
});

test("what is relayed from one kind of peer to the other keeps its text", async () => {
	const { time, radio, comms } = make();
	radio.hear(B, `!${A},uptime`);
	await time.advance(10);
	const [asked] = sentTo(radio);
	expect(asked).toMatchObject({ kind: Kind.request, text: "uptime" });
	radio.hear(A, frameOf({ kind: Kind.reply, id: asked?.id ?? null, text: "OK far -60" }));
	radio.hear(A, frameOf({ kind: Kind.relay, id: 9, text: `!${B},uptime` }));
	await time.advance(20);
	expect(radio.texts(B)).toEqual(["OK far -60", "uptime"]);
	radio.hear(B, "OK near -70");
	await time.advance(20);
	expect(sentTo(radio).at(-1)).toEqual({ kind: Kind.reply, id: 9, text: "OK near -70" });
	expect(comms.snapshot().counters.relayed).toBe(2);
});

test("a text is as long as the peer's codec lets it be, and a reply that is longer says so", async () => {
	const { time, radio, comms } = make();
	expect(await comms.ask(A, "x".repeat(201))).toMatchObject({ reason: "too long" });
	watch(comms.ask(A, "x".repeat(200)));
	await time.advance(5);
	expect(sentTo(radio)).toHaveLength(1);
	// The reply repeats it after "Unknown message: ", and has 211 bytes: plain text would carry it.
	radio.hear(A, frameOf({ kind: Kind.request, id: 1, text: "y".repeat(190) }));
	await time.advance(5);
	expect(sentTo(radio).at(-1)?.text).toBe("Fail (too long) -50");
});

test("frames that the codec cannot read are counted by cause and end nothing", async () => {
	const { time, radio, comms } = make();
	const asked = watch(comms.ask(A, "1"));
	await time.advance(5);
	for (const bytes of [[], [4], [99, 0, 0, 0, 1, 0x61], [4, 0, 0, 0, 1, 0xc3]]) radio.hear(A, Uint8Array.from(bytes));
	radio.hear(A, "OK 1");
	await time.advance(5);
	expect(asked.result).toBeUndefined();
	const { counters } = comms.snapshot();
	expect(counters.dropped).toEqual({ malformed: 5 });
	expect(partsOf(counters)).toBe(counters.framesIn);
});
