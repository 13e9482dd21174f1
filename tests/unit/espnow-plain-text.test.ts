import { expect, test } from "@jest/globals";
import { Kind } from "espnow/message";
import { buildReply, classify, FRAME_LIMIT, hops, innermost, parseRelay, unsendable } from "espnow/plain-text";
import fc from "fast-check";
import { A, B } from "./espnow-fakes";

const kinds: [string, Kind][] = [
	["ping", Kind.ping],
	["pong", Kind.pong],
	["!", Kind.relay],
	[`!${A},on`, Kind.relay],
	["OK", Kind.reply],
	["OK late -50", Kind.reply],
	["Fail (x)", Kind.error],
	["Fail -57", Kind.error],
	["Fail", Kind.error],
	["Unknown message: x", Kind.error],
	["0 100 -57", Kind.reply],
	["200 -57", Kind.reply],
	["Sequence error: 2 1 -57", Kind.error],
	["Save error -57", Kind.error],
	["Bad save -57", Kind.error],
	["No update -57", Kind.error],
	["No data -57", Kind.error],
	["No relay -57", Kind.error],
	["uptime", Kind.request],
	["OKAY", Kind.request],
	["Failure", Kind.request],
	["pings", Kind.request],
	["No more", Kind.request],
	["12", Kind.request],
	["part:0,text:41", Kind.request],
];
test.each(kinds)("%j is judged by itself", (text, kind) => {
	expect(classify(text)).toBe(kind);
});

test("a relay text names the boards to pass, and what the first of them gets", () => {
	expect(parseRelay(`!${A},!${B},uptime`)).toEqual({ macs: [A, B], inner: `!${B},uptime`, text: `!${A},!${B},uptime` });
});

test("a relay text may write its MACs as people do and name the access point; what is sent has their 12 digits", () => {
	expect(parseRelay("!A0B1C2D30011,on")).toEqual({ macs: [A], inner: "on", text: "!a0b1c2d30011,on" });
	for (const written of ["A0:B1:C2:D3:00:10", "a0-b1-c2-d3-00-10", "a0b1.c2d3.0010", " a0b1c2d30010 "]) {
		const text = `!${A},!${A},a,!b`;
		expect(parseRelay(`!${written},!${written},a,!b`)).toEqual({ macs: [A, A], inner: `!${A},a,!b`, text });
	}
});

test.each(["!", "!,x", "!a0b1c2d3001,x", `!${A}`, `!${A},`, `!${A};x`, `!${A},!`, `!${A},!${B},`, "!ffffffffffff,x", "!zzzzzzzzzzzz,x"])(
	"%j is malformed",
	(text) => {
		expect(parseRelay(text)).toBeNull();
	},
);

test("only the message itself remains of a relay text", () => {
	expect(innermost(`!${A},!${B},ping`)).toBe("ping");
	expect(innermost("ping")).toBe("ping");
});

test("each board to pass is a hop", () => {
	expect([hops("x"), hops(`!${A},x`), hops(`!${A},!${B},x`)]).toEqual([0, 1, 2]);
});

test("a text with a NUL, no text at all, and one of over 250 bytes cannot be sent", () => {
	expect(["a", "a".repeat(250), "é".repeat(125)].map((text) => unsendable(text, FRAME_LIMIT))).toEqual(["", "", ""]);
	expect(["a\0b", "", `${"a".repeat(100)}\0`].map((text) => unsendable(text, FRAME_LIMIT))).toEqual(["not text", "not text", "not text"]);
	expect(["a".repeat(251), "é".repeat(126)].map((text) => unsendable(text, FRAME_LIMIT))).toEqual(["too long", "too long"]);
});

test("a reply carries the RSSI of its request", () => {
	expect(buildReply("OK ON 12+", -57, FRAME_LIMIT)).toBe("OK ON 12+ -57");
});

test("a reply that is over 250 bytes with its RSSI says that it is too long", () => {
	expect(buildReply("x".repeat(246), -57, FRAME_LIMIT)).toBe(`${"x".repeat(246)} -57`);
	expect(buildReply("x".repeat(247), -57, FRAME_LIMIT)).toBe("Fail (too long) -57");
});

test("a reply that cannot be sent as text says so", () => {
	expect(buildReply("a\0b", 0, FRAME_LIMIT)).toBe("Fail (not text) 0");
});

test("every reply fits into a frame and is sendable", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary", maxLength: 300 }), fc.integer({ min: -127, max: 0 }), (text, rssi) => {
			const reply = buildReply(text, rssi, FRAME_LIMIT);
			expect(unsendable(reply, FRAME_LIMIT)).toBe("");
		}),
	);
});

test("any text is classified, and any relay text taken apart, without an error", () => {
	const pieces = fc.constantFrom("!", A, ",", "ping", "OK ", "Fail", " ", "é", "\0", "-5");
	fc.assert(
		fc.property(
			fc.oneof(
				fc.string({ unit: "binary" }),
				fc.array(pieces).map((list) => list.join("")),
			),
			(text) => {
				const kind = classify(text);
				const path = parseRelay(text);
				if (path) {
					expect(kind).toBe(Kind.relay);
					expect(path.macs).toHaveLength(hops(text));
					expect(hops(path.inner)).toBe(hops(text) - 1);
					expect(innermost(path.inner)).toBe(innermost(text));
				}
			},
		),
	);
});
