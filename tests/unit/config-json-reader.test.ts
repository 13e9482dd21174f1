import { describe, expect, test } from "@jest/globals";
import { JSONReader, KNOWN_NAMES, LONGEST_NAME, MOST_NEW_NAMES } from "config/json-reader";
import { type Branch, shape } from "config/schema";

const object = (names: readonly string[]) => JSON.stringify(Object.fromEntries(names.map((name) => [name, 1])));
const names = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
const TOO_MANY = { ok: false, path: "", expected: expect.stringContaining(`at most ${MOST_NEW_NAMES} keys that are unknown here`) };

describe("names", () => {
	test("every key of the configuration is known", () => {
		const of = (branch: Branch): string[] =>
			Object.entries(branch.keys).flatMap(([key, rule]) => [key, ...("keys" in rule ? of(rule) : [])]);
		expect(of(shape).filter((name) => !KNOWN_NAMES.includes(name))).toEqual([]);
	});

	test("a few that are unknown are taken, from one start to the next, however many texts they come in", () => {
		const reader = new JSONReader();
		expect(reader.read(object([...KNOWN_NAMES, ...names("a", MOST_NEW_NAMES - 1)]))).toMatchObject({ ok: true });
		expect(reader.read(object(["a0", "a1", "b"]))).toMatchObject({ ok: true });
		expect(reader.read(object(["c"]))).toEqual(TOO_MANY);
		expect(reader.read(object(["a0", "b"]))).toMatchObject({ ok: true });
		expect(new JSONReader().read(object(["c"]))).toMatchObject({ ok: true });
	});

	test.each<[string, string]>([
		["in objects and arrays", `{"x":[{"n0":{"n1":1,"n2":2},"n3":3}],"n4":4,"n5":5,"n6":6,"n7":7}`],
		["with blanks before the colon", `{"n0" :1,"n1"\t:1,"n2"\r\n:1,"n3":1,"n4":1,"n5":1,"n6":1,"n7":1,"n8":1}`],
		["with escapes", `{"\\u006e0":1,"n\\u0031":1,"n\\"2":1,"n\\\\":1,"n4":1,"n5":1,"n6":1,"n7":1,"n8":1}`],
		["in what is no JSON", `{"n0":1,"n1":1,"n2":1,"n3":1,"n4":1,"n5":1,"n6":1,"n7":1,"n8":1`],
	])("are counted %s", (_, text) => {
		expect(new JSONReader().read(text)).toEqual(TOO_MANY);
	});

	test("texts are no names, escaped names of ours are ours", () => {
		const reader = new JSONReader();
		const texts = JSON.stringify({ name: ["a:", '":', ...names("x", 40)] });
		expect(reader.read(texts)).toMatchObject({ ok: true });
		for (let i = 0; i < 20; i++) expect(reader.read(`{"n\\u0061me":"x${i}"}`)).toEqual({ ok: true, value: { name: `x${i}` } });
		expect(reader.read(object(names("a", MOST_NEW_NAMES)))).toMatchObject({ ok: true });
	});

	test("an unknown one is short", () => {
		expect(new JSONReader().read(object(["x".repeat(LONGEST_NAME)]))).toMatchObject({ ok: true });
		for (const name of ["x".repeat(LONGEST_NAME + 1), "ä".repeat(LONGEST_NAME / 2 + 1)])
			expect(new JSONReader().read(object([name]))).toMatchObject({ ok: false, expected: "no unknown key of more than 32 bytes" });
	});

	test("what was refused by its names has taken none", () => {
		const reader = new JSONReader();
		for (let i = 0; i < 5; i++) expect(reader.read(object(names(`x${i}`, MOST_NEW_NAMES + 1)))).toEqual(TOO_MANY);
		expect(reader.read(object(names("a", MOST_NEW_NAMES)))).toMatchObject({ ok: true });
	});
});

describe("what is read", () => {
	test("has at most 100 values", () => {
		expect(new JSONReader().read(`[${"0,".repeat(97)}0]`)).toMatchObject({ ok: true });
		for (const text of [`[${"0,".repeat(99)}0]`, `[${"[],".repeat(60)}0]`, `{"name":[${"{},".repeat(60)}0]}`])
			expect(new JSONReader().read(text)).toEqual({ ok: false, path: "", expected: "at most 100 values" });
	});

	test("may have a byte order mark before it", () => {
		expect(new JSONReader().read('\ufeff{"name":"x"}')).toEqual({ ok: true, value: { name: "x" } });
		expect(new JSONReader().read('\ufeff\ufeff{"name":"x"}')).toMatchObject({ ok: false, expected: "JSON" });
	});
});
