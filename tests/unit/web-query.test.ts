import { describe, expect, test } from "@jest/globals";
import "./web-fakes";
import { isInNetwork, isOurHost } from "web/guard";
import { decode, parseQuery, parseRelay } from "web/query";

const far = "a0b1c2d3e4f4";

describe("the query of the seed's gateway", () => {
	test.each([
		[undefined, { kind: "status" }],
		["", { kind: "status" }],
		["uptime", { kind: "command", text: "uptime" }],
		["uptime&x=1", { kind: "command", text: "uptime" }],
		["channel=11", { kind: "command", text: "channel=11" }],
		["environ-6-a0b1c2d3e4f4", { kind: "command", text: "environ-6-a0b1c2d3e4f4" }],
		["part:0,text:7b7d", { kind: "command", text: "part:0,text:7b7d" }],
		["a+b%20c", { kind: "command", text: "a+b c" }],
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
		`mac=${far}&msg=%e2%82`,
	])("%p is answered with what is wrong", (query) => {
		expect(parseQuery(query)).toMatchObject({ kind: "bad", sentence: expect.any(String) });
	});

	test("decoding leaves what has no escape alone", () => {
		expect(decode("100+200")).toBe("100+200");
	});
});

describe("a text that is to be passed on", () => {
	test("is told from a command", () => {
		expect(parseRelay(`!${far},on`)).toEqual({ mac: far, text: "on" });
		expect(parseRelay(`!${far},!a0b1c2d3e4f8,on`)).toEqual({ mac: far, text: "!a0b1c2d3e4f8,on" });
		for (const text of ["!", "!x", `!${far}`, `!${far},`, `!${far}on`, "!zzzzzzzzzzzz,on", "on"]) expect(parseRelay(text)).toBeUndefined();
	});
});

describe("who may", () => {
	test("an address or this machine is a host of ours; a name is not", () => {
		for (const host of ["192.168.9.1", "127.0.0.1:8101", "localhost:8101", "LOCALHOST", "[::1]:80"]) expect(isOurHost(host)).toBe(true);
		for (const host of [
			"",
			"evil.example",
			"192.168.9.1.evil.example",
			"localhost.evil.example:80",
			"evil.example:80",
			"1921.1.1.1",
			`[${":".repeat(64)}]`,
		])
			expect(isOurHost(host)).toBe(false);
	});

	test("the network of the access point is told by whole numbers", () => {
		expect(isInNetwork("192.168.9.2", "192.168.9")).toBe(true);
		expect(isInNetwork("192.168.90.2", "192.168.9")).toBe(false);
		expect(isInNetwork(undefined, "192.168.9")).toBe(false);
	});
});
