import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isFlatObject } from "../../web/json-shape";

const isFlat = (value: unknown): boolean =>
	typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every((each) => Object(each) !== each);

describe("the shape of a JSON text, found without parsing it", () => {
	test("one object of plain values passes, whatever its texts hold; everything that nests does not", () => {
		fc.assert(
			fc.property(fc.jsonValue({ maxDepth: 2 }), (value) => {
				expect(isFlatObject(JSON.stringify(value), Number.POSITIVE_INFINITY)).toBe(isFlat(value));
			}),
		);
	});

	test("brackets and commas inside a text are text, an escaped quote does not end it, and an escaped backslash escapes no more", () => {
		expect(isFlatObject('{"a":"[{,,"}', 1)).toBe(true);
		expect(isFlatObject('{"a":"\\"[{,"}', 1)).toBe(true);
		expect(isFlatObject('{"a":"\\\\","b":[]}', 9)).toBe(false);
	});

	test("no more values than are allowed", () => {
		expect([isFlatObject('{"a":1,"b":2}', 2), isFlatObject('{"a":1,"b":2,"c":3}', 2)]).toEqual([true, false]);
	});
});
