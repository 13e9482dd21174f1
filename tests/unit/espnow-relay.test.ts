import { expect, test } from "@jest/globals";
import { parseRelay } from "espnow/codec";
import { isLoop, relayDeadlineMs } from "espnow/relay";
import { A, B, C, SELF } from "./espnow-fakes";

function loops(text: string, from = [A, SELF]): boolean {
	const path = parseRelay(text);
	if (!path) throw new Error("malformed");
	return isLoop(from, path);
}

test("a way that passes nobody twice is no loop", () => {
	expect(loops(`!${B},!${C},x`)).toBe(false);
});

test.each([
	["the sender", `!${B},!${A},x`],
	["ourselves", `!${SELF},x`],
	["ourselves by our access point", `!${SELF.slice(0, -1)}1,x`],
	["another board", `!${B},!${C},!${B},x`],
	["a board's two addresses", `!${B},!${B.slice(0, -1)}1,x`],
])("a way that passes %s twice is a loop", (_, text) => {
	expect(loops(text)).toBe(true);
});

test("a request on another's behalf gets 8 s, one less for each remaining relay, at least 2", () => {
	const way = (n: number) => `!${B},`.repeat(n);
	expect([0, 1, 2, 6, 9].map((n) => relayDeadlineMs(`${way(n)}x`))).toEqual([8000, 7000, 6000, 2000, 2000]);
});
