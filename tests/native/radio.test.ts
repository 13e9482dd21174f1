import { describe, expect, test } from "@jest/globals";
import { type Event, frame, PEER, run, STATION, withWiFi } from "./native-board";

/** The shipping C of the radio on the real engine, under AddressSanitizer and UBSan. */

const COUNTERS = "{ received: 0, whileClosed: 0, ringFull: 0, tooLong: 0, notForUs: 0, joiningCalls: 0, statusFull: 0, postFailed: 0 }";

const READER = withWiFi(`
const frame = newFrame();
const status = { to: "", acked: false };
let calls = 0;
const radio = new Radio({ onActivity() {
	calls++;
	while (radio.read(frame)) say("frame", told(frame));
	while (radio.readStatus(status)) say("status", status);
} });
`);

const texts = (said: readonly string[]) =>
	said.filter((line) => line.startsWith("frame ")).map((line) => (JSON.parse(line.slice(6)) as { text: string | null }).text);

describe("radio", () => {
	test("a frame is told with its sender, signal, length and text", () => {
		const { said } = run(READER, [frame("on", { rssi: -71 })]);
		expect(said).toEqual([`frame {"from":"${PEER}","rssi":-71,"bytes":2,"text":"on"}`]);
	});

	test('an empty frame has the text ""', () => {
		expect(texts(run(READER, [frame("")]).said)).toEqual([""]);
	});

	test("text of all planes comes through unchanged", () => {
		const all = ["ä", "€", "😀", "a\u007f", "\u0080\u07ff\u0800\ud7ff\ue000\uffff"];
		expect(
			texts(
				run(
					READER,
					all.map((text) => frame(text)),
				).said,
			),
		).toEqual(all);
	});

	test.each([
		["a NUL", [0x61, 0x00]],
		["a NUL written long", [0xc0, 0x80]],
		["a slash written long", [0xc0, 0xaf]],
		["a character cut off", [0x61, 0xe2, 0x82]],
		["a lone continuation", [0x80]],
		["a missing continuation", [0xe2, 0x28, 0xa1]],
		["a surrogate", [0xed, 0xa0, 0x80]],
		["a character beyond the last", [0xf4, 0x90, 0x80, 0x80]],
		["a byte that is never text", [0xff]],
	])("%s is no text", (_, bytes) => {
		expect(texts(run(READER, [frame(Uint8Array.from(bytes))]).said)).toEqual([null]);
	});

	test("a character cut off by the end of its frame does not get its rest from what an earlier frame left in the buffer", () => {
		expect(texts(run(READER, [frame("a€"), frame(Uint8Array.of(0x61, 0xe2))]).said)).toEqual(["a€", null]);
	});

	test("a frame of 250 bytes is read, one of 251 or 1470 counted as too long", () => {
		const script = `${READER}\nglobalThis.count = () => { const c = ${COUNTERS}; radio.counters(c); return c; };`;
		const { said } = run(script.replace("calls++;", "calls++; say(globalThis.count());"), [
			frame("x".repeat(250)),
			frame("x".repeat(251)),
			frame("x".repeat(1470)),
			frame("y"),
		]);
		expect(texts(said).map((text) => text?.length)).toEqual([250, 1]);
		expect(said.at(-2)).toBe(
			'{"received":4,"whileClosed":0,"ringFull":0,"tooLong":2,"notForUs":0,"joiningCalls":0,"statusFull":0,"postFailed":0}',
		);
	});

	test("a frame to none of the board's own addresses is counted and left, the joining call apart; the others come through", () => {
		const everybody = { to: "ffffffffffff" };
		const script = `${READER}\nglobalThis.count = () => { const c = ${COUNTERS}; radio.counters(c); return c; };`;
		const { said } = run(script.replace("calls++;", "calls++; say(globalThis.count());"), [
			frame("on", everybody),
			frame("ping", everybody),
			frame("ping ", everybody),
			frame("ping", { to: "102030405068" }),
			frame("x".repeat(300), everybody),
			...Array.from({ length: 20 }, () => frame("on", everybody)),
			frame("station", { to: STATION }),
			frame("access point", { to: "a0b1c2d3e4f1" }),
		]);
		expect(texts(said)).toEqual(["station", "access point"]);
		expect(said.at(-2)).toBe(
			'{"received":27,"whileClosed":0,"ringFull":0,"tooLong":0,"notForUs":24,"joiningCalls":1,"statusFull":0,"postFailed":0}',
		);
	});

	test("frames of 1,470 bytes are read where asked for; a buffer that is shorter gets as much as it holds, and the true length", () => {
		const script = (frameBytes: number, buffer: number) =>
			withWiFi(`
const frame = newFrame(${buffer});
const radio = new Radio({ frameBytes: ${frameBytes}, onActivity() {
	while (radio.read(frame)) say(frame.length, frame.bytes.at(-1), textOf(frame)?.length ?? null);
} });`);
		const long = frame("x".repeat(1470));
		expect(run(script(1470, 1470), [long]).said).toEqual(["1470 120 1470"]);
		expect(run(script(1470, 250), [long, frame("ab")]).said).toEqual(["1470 120 null", "2 120 2"]);
		expect(run(script(1000, 1470), [long]).said).toEqual([]);
	});

	test("a buffer is never read or written beyond its end", () => {
		const { said } = run(
			withWiFi(`
const radio = new Radio({ onActivity() { say(failure(() => radio.read({ bytes: "none" })), radio.read(newFrame(0))); } });
radio.addPeer("${PEER}");
for (const length of [-1, 0, 5, 251]) say(radio.send("${PEER}", new Uint8Array(4), length));
say(failure(() => radio.send("${PEER}", "text", 4)), failure(() => radio.send("${PEER}")));
say(encode("abcd", new Uint8Array(3)), encode("", new Uint8Array(0)), decode(new Uint8Array(3), 4), decode(new Uint8Array(3), -1));
say(failure(() => decode("text", 1)), failure(() => encode("text")));`),
			[frame("on")],
		);
		expect(said).toEqual([
			"12390",
			"12390",
			"12390",
			"12390",
			"TypeError: this is no buffer TypeError: this is no buffer",
			"-1 0 null null",
			"TypeError: this is no buffer TypeError: this is no buffer",
			"TypeError: this is no buffer true",
		]);
	});

	test("the callback is told how many frames and statuses wait", () => {
		const { said } = run(
			withWiFi(`
const radio = new Radio({ onActivity(frames, statuses) { say(frames, statuses); } });
radio.addPeer("34b4720a1004");
send(radio, "34b4720a1004", "x");`),
			[frame("1"), frame("2"), { type: "tx-done", id: 1, acked: true }],
		);
		expect(said).toEqual(["1 0", "2 0", "2 1"]);
	});

	test("16 frames wait, the 17th is counted as lost; one call for as many as came", () => {
		const { said } = run(
			withWiFi(`
const frame = newFrame();
let calls = 0;
const radio = new Radio({ onActivity() {
	if (++calls < 20) return;
	let count = 0;
	while (radio.read(frame)) count++;
	const c = ${COUNTERS};
	radio.counters(c);
	say(count, textOf(frame), c);
} });`),
			Array.from({ length: 20 }, (_, i) => frame(`${i}`)),
		);
		expect(said).toEqual([
			'16 15 {"received":20,"whileClosed":0,"ringFull":4,"tooLong":0,"notForUs":0,"joiningCalls":0,"statusFull":0,"postFailed":0}',
		]);
	});

	test("results of the driver come through as numbers", () => {
		const { said, effects } = run(
			withWiFi(`
const radio = new Radio({ onActivity() {} });
say(send(radio, "${PEER}", "on"), radio.addPeer("${PEER}"), radio.addPeer("${PEER}"), send(radio, "${PEER}", "on"));
say(send(radio, "${PEER}", ""), send(radio, "${PEER}", "x".repeat(251)), send(radio, "${PEER}", "€".repeat(83)));
say(radio.removePeer("${PEER}"), radio.removePeer("${PEER}"));`),
		);
		expect(said).toEqual([`${0x3069} 0 ${0x306b} 0`, `${0x3066} ${0x3066} 0`, `0 ${0x3069}`]);
		expect(effects("tx")[0]).toMatchObject({ do: "tx", id: 1, to: PEER, from: STATION, hex: "6f6e" });
		expect(effects("tx")[1]?.hex).toHaveLength(2 * 249);
	});

	test("a send status names the peer and whether it acknowledged", () => {
		const events: Event[] = [
			{ type: "tx-done", id: 1, acked: true },
			{ type: "tx-done", id: 2, acked: false },
		];
		const { said } = run(`${READER}\nradio.addPeer("${PEER}"); send(radio, "${PEER}", "1"); send(radio, "${PEER}", "2");`, events);
		expect(said).toEqual([`status {"to":"${PEER}","acked":true}`, `status {"to":"${PEER}","acked":false}`]);
	});

	test("a 9th status that nobody read is counted", () => {
		const { said } = run(
			withWiFi(`
let calls = 0;
const radio = new Radio({ onActivity() {
	if (++calls < 10) return;
	const c = ${COUNTERS}, status = { to: "", acked: false };
	let count = 0;
	while (radio.readStatus(status)) count++;
	radio.counters(c);
	say(count, c.statusFull);
} });
radio.addPeer("${PEER}");
for (let i = 0; i < 10; i++) send(radio, "${PEER}", "x");`),
			Array.from({ length: 10 }, (_, i) => ({ type: "tx-done", id: i + 1, acked: true })),
		);
		expect(said).toEqual(["8 2"]);
	});

	test("close() may come twice and within onActivity; a closed radio says that it is closed", () => {
		const { said } = run(
			withWiFi(`
const frame = newFrame();
const radio = new Radio({ onActivity() {
	radio.close();
	radio.close();
	say(radio.read(frame), radio.readStatus({}), send(radio, "${PEER}", "x"), radio.addPeer("${PEER}"), radio.removePeer("${PEER}"));
	const c = { received: 1 };
	radio.counters(c);
	say(c.received);
} });`),
			[frame("1"), frame("2"), { type: "collect" }],
		);
		expect(said).toEqual([`false false ${0x3065} ${0x3065} ${0x3065}`, "0"]);
	});

	test("a radio opened within the callback of the closed one receives", () => {
		const { said } = run(
			withWiFi(`
const frame = newFrame();
const open = (name) => {
	const radio = new Radio({ onActivity() {
		while (radio.read(frame)) say(name, textOf(frame));
		radio.close();
		open(name + "+");
	} });
};
open("r");`),
			[frame("1"), frame("2"), { type: "collect" }, frame("3")],
		);
		expect(said).toEqual(["r 1", "r+ 2", "r++ 3"]);
	});

	test("a frame that comes in the middle of close() is told to nobody and counted by the next radio, once", () => {
		const { said } = run(
			withWiFi(`
const frame = newFrame();
const c = ${COUNTERS};
const open = (name) => {
	const radio = new Radio({ onActivity() {
		let count = 0;
		while (radio.read(frame)) count++;
		radio.counters(c);
		say(name, count, c.received, c.whileClosed);
		radio.close();
		radio.counters(c);
		say(c.whileClosed);
		open(name + "+");
	} });
};
open("r");`),
			[{ type: "fault", kind: "callback-in-close", count: 1 }, frame("1"), { type: "collect" }, frame("2"), frame("3")],
		);
		expect(said).toEqual(["r 1 1 0", "0", "r+ 1 1 1", "0", "r++ 1 1 0", "0"]);
	});

	test("an open radio that nobody holds survives a collection, with its callback", () => {
		const { said } = run(
			withWiFi(`
(() => {
	const frame = newFrame();
	const name = "held" + String(1);
	new Radio({ onActivity() { while (this.read(frame)) say(name, textOf(frame)); } });
})();`),
			[{ type: "collect" }, frame("1"), { type: "collect" }, frame("2")],
		);
		expect(said).toEqual(["held1 1", "held1 2"]);
	});

	test("options are checked before anything is taken, and a second radio is refused", () => {
		const { said } = run(
			withWiFi(`
say(failure(() => new Radio({})));
say(failure(() => new Radio({ onActivity: 1 })));
for (const frameBytes of [249, 1471, -1]) say(failure(() => new Radio({ frameBytes, onActivity() {} })));
const radio = new Radio({ onActivity() {} });
say(failure(() => new Radio({ onActivity() {} })));
say(failure(() => radio.addPeer("10203040506")), failure(() => radio.addPeer("10203040506G")), failure(() => radio.addPeer("1020304050600")));
say(failure(() => Radio.prototype.send.call({}, "${PEER}", "x")) !== "none");
radio.close();
new Radio({ onActivity() {} });
say("again");`),
		);
		const wrongLength = "RangeError: invalid frameBytes";
		const required = "TypeError: onActivity required";
		expect(said.slice(0, 6)).toEqual([required, required, wrongLength, wrongLength, wrongLength, "Error: radio in use"]);
		expect(said[6]?.match(/RangeError/g)).toHaveLength(3);
		expect(said.slice(7)).toEqual(["true", "again"]);
	});

	test("an exception out of onActivity ends the board, and nothing leaks or is used after it", () => {
		const { effects } = run(withWiFi(`new Radio({ onActivity() { throw new Error("broken"); } });`), [frame("1")]);
		expect(effects("restart")).toEqual([{ do: "restart", reason: "unhandled exception", words: "Error: broken" }]);
	});
});
