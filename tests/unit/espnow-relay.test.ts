import { expect, test } from "@jest/globals";
import { parseRelay } from "espnow/plain-text";
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

test("a request on another's behalf gets 8.5 s, half a second more for each relay before it, at most 9.5: the nearest to the far board gives up first", () => {
	const way = (n: number) => `!${B},`.repeat(n);
	expect([0, 1, 2, 3, 9].map((n) => relayDeadlineMs(`${way(n)}x`))).toEqual([8500, 9000, 9500, 9500, 9500]);
});
