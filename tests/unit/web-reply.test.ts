import { describe, expect, test } from "@jest/globals";
import { head, JSONList, joinedJSON } from "web/reply";
import "./web-fakes";

const text = (body: readonly Uint8Array[]) => Buffer.concat(body).toString();

describe("an object that comes in parts", () => {
	test.each<[string, object[]]>([
		["none", []],
		["one", [{ a: 1 }]],
		["several", [{ a: 1, b: [2] }, { c: { d: "é}" } }, { e: null }]],
		["empty ones among them", [{}, { a: 1 }, {}, { b: "," }, {}]],
		["nothing but empty ones", [{}, {}]],
	])("is one object: %s", (_, parts) => {
		expect(JSON.parse(text(joinedJSON(parts).body))).toEqual(Object.assign({}, ...parts));
	});

	test.each([0, 1, 40])("holds a list of %d items, made in pieces, wherever it stands", (count) => {
		const items = Array.from({ length: count }, (_, n) => ({ n, name: "é".repeat(20) }));
		for (const parts of [[new JSONList("list", items)], [{ a: 1 }, new JSONList("list", items), { b: 2 }]]) {
			const { body } = joinedJSON(parts);
			expect(JSON.parse(text(body))).toEqual(Object.assign({ list: items }, ...parts.filter((part) => !(part instanceof JSONList))));
			for (const piece of body) expect(piece.length).toBeLessThan(1_500);
		}
	});

	test("has the length that its head says", () => {
		const reply = joinedJSON([{ name: "Küche" }, { b: 2 }]);
		expect(Buffer.from(head(reply)).toString()).toContain(`Content-Length: ${Buffer.byteLength(text(reply.body))}\r\n`);
	});

	test("is made part by part: the next one is asked for when the one before is text", () => {
		const log: string[] = [];
		const part = (name: string) => ({
			toJSON: () => {
				log.push(`${name} made`);
				return { [name]: 1 };
			},
		});
		function* parts() {
			for (const name of ["a", "b"]) {
				log.push(`${name} asked for`);
				yield part(name);
			}
		}
		joinedJSON(parts());
		expect(log).toEqual(["a asked for", "a made", "b asked for", "b made"]);
	});
});
