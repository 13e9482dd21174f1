import { describe, expect, jest, test } from "@jest/globals";
import "./web-fakes";
import { decode, normalRelay, parseQuery, parseRelay } from "web/query";
import { notUTF8At } from "web/utf8";

const far = "a0b1c2d3e4f4";

describe("the query of the original's gateway", () => {
	test.each([
		[undefined, { kind: "status" }],
		["", { kind: "status" }],
		["uptime", { kind: "command", text: "uptime" }],
		["uptime&x=1", { kind: "command", text: "uptime" }],
		["channel=11", { kind: "command", text: "channel=11" }],
		["environ-6-a0b1c2d3e4f4", { kind: "command", text: "environ-6-a0b1c2d3e4f4" }],
		["part:0,text:7b7d", { kind: "command", text: "part:0,text:7b7d" }],
		["a+b%20c%2Bd", { kind: "command", text: "a b c+d" }],
		["on%0a", { kind: "command", text: "on" }],
		["on%0D%0A", { kind: "command", text: "on" }],
		[`mac=${far}&msg=on%0A`, { kind: "ask", mac: far, text: "on" }],
		[`mac=a0-b1-c2-d3-e4-f4&msg=on`, { kind: "ask", mac: far, text: "on" }],
		[`mac=+A0B1.C2D3.E4F4+&msg=on`, { kind: "ask", mac: far, text: "on" }],
		[`mac=a0%3ab1:c2:d3:e4:f4%20&msg=on`, { kind: "ask", mac: far, text: "on" }],
		["&&&&", { kind: "command", text: "" }],
		[`mac=${far}&&&msgs=x&msg=on`, { kind: "ask", mac: far, text: "on" }],
		["k%C3%A4se", { kind: "command", text: "käse" }],
		[`mac=${far}&msg=on`, { kind: "ask", mac: far, text: "on" }],
		[`msg=on&mac=${far}`, { kind: "ask", mac: far, text: "on" }],
		["mac=A0B1C2D3E4F4&msg=on&x=1", { kind: "ask", mac: far, text: "on" }],
		[`mac=${far}&msg=channel=11`, { kind: "ask", mac: far, text: "channel=11" }],
		[`mac=${far}&msg=a%26b`, { kind: "ask", mac: far, text: "a&b" }],
		[`mac=${far}&msg=!${far},uptime`, { kind: "ask", mac: far, text: `!${far},uptime` }],
	])("%p", (query, question) => {
		expect(parseQuery(query)).toEqual(question);
	});

	test.each([
		`mac=${far}`,
		`mac=${far}&msg=`,
		"mac=&msg=on",
		"mac=12345&msg=on",
		"mac=ffffffffffff&msg=on",
		"mac=000000000000&msg=on",
		"%",
		"%4",
		"%zz",
		"%00",
		"%ff",
		"%C3",
		"%c0%af",
		"%ed%a0%80",
		"%f5%80%80%80",
		`mac=${far}&msg=%c0%af`,
		`mac=${far}&msg=%ed%a0%80`,
		`mac=${far}&msg=%0a`,
		`mac=${far}&msg=%e2%82`,
	])("%p is answered with what is wrong", (query) => {
		expect(parseQuery(query)).toMatchObject({ kind: "bad", sentence: expect.any(String) });
	});

	test("decoding leaves what has no escape alone", () => {
		expect(decode("100-200")).toBe("100-200");
	});

	test("a query of 1,950 `&` is looked through, never taken apart into a list", () => {
		const split = jest.spyOn(String.prototype, "split");
		const query = "&".repeat(1950);
		expect(parseQuery(query)).toEqual({ kind: "command", text: "" });
		expect(parseQuery(`mac=${far}${query}msg=on`)).toEqual({ kind: "ask", mac: far, text: "on" });
		expect(split).not.toHaveBeenCalled();
		split.mockRestore();
	});
});

describe("bytes", () => {
	test("are UTF-8 exactly when the standard decoder takes them", () => {
		const decoder = new TextDecoder("utf-8", { fatal: true });
		const isText = (bytes: Uint8Array) => {
			try {
				decoder.decode(bytes);
				return true;
			} catch {
				return false;
			}
		};
		let seed = 5;
		const random = (below: number) => {
			seed = (seed * 48271) % 2147483647;
			return seed % below;
		};
		// Lead bytes and the edges of what may follow them, in all mixtures.
		const edges = [
			0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3,
		];
		edges.push(0xf4, 0xf5, 0xff);
		let texts = 0;
		for (let i = 0; i < 60_000; i++) {
			const bytes = new Uint8Array(Array.from({ length: 1 + random(5) }, () => edges[random(edges.length)] ?? 0));
			if (isText(bytes)) texts += 1;
			if (notUTF8At(bytes) < 0 !== isText(bytes)) throw new Error(`${bytes}`);
		}
		expect(texts).toBeGreaterThan(1000);
	});
});

describe("a text that is to be passed on", () => {
	test("is told from a command", () => {
		expect(parseRelay(`!${far},on`)).toEqual({ mac: far, text: "on" });
		expect(parseRelay(`!${far},!a0b1c2d3e4f8,on`)).toEqual({ mac: far, text: "!a0b1c2d3e4f8,on" });
		for (const text of ["!", "!x", `!${far}`, `!${far},`, `!${far}on`, "!zzzzzzzzzzzz,on", "on"]) expect(parseRelay(text)).toBeUndefined();
	});

	test("goes on with its addresses in our one form", () => {
		expect(normalRelay(`!A0-B1-C2-D3-E4-F4,! a0b1.c2d3.e4f8 ,on, off`)).toBe(`!${far},!a0b1c2d3e4f8,on, off`);
		expect(normalRelay("!nobody,on")).toBe("!nobody,on");
	});
});
