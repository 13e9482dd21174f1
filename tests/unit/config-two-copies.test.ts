import { describe, expect, test } from "@jest/globals";
import { TwoCopies } from "config/two-copies";
import fc from "fast-check";
import { FakeRecords, PowerCut } from "./config-fakes";

const KEYS = ["a", "b"] as const;
const open = (records: FakeRecords) => new TwoCopies({ records, keys: KEYS });

function load(
	records: FakeRecords,
	accept: (text: string) => boolean = () => true,
): { text: string; found: boolean; damaged: readonly string[] } {
	let text = "";
	const result = open(records).load((candidate) => {
		if (accept(candidate)) text = candidate;
		return accept(candidate);
	});
	return { ...result, text };
}

/** Flash after these texts were saved one after another. */
function saved(...texts: string[]): FakeRecords {
	const records = new FakeRecords();
	const copies = open(records);
	copies.load(() => true);
	for (const text of texts) copies.save(text);
	return records;
}

describe("two copies", () => {
	test("an empty flash has nothing, and nothing damaged", () => {
		expect(load(new FakeRecords())).toEqual({ text: "", found: false, damaged: [] });
	});

	test("the last text saved is the one found", () => {
		for (let count = 1; count < 12; count++) {
			const texts = Array.from({ length: count }, (_, index) => `text ${index}`);
			expect(load(saved(...texts))).toEqual({ text: `text ${count - 1}`, found: true, damaged: [] });
		}
	});

	test("writes take turns, so that the copy in use is never the one that is erased", () => {
		expect([...saved("one").texts.keys()]).toEqual(["a"]);
		const records = saved("one", "two");
		expect(records.texts.get("a")).toMatch(/^1 1 [0-9a-f]{8} one$/);
		expect(records.texts.get("b")).toMatch(/^1 2 [0-9a-f]{8} two$/);
	});

	test("turns go on over a restart", () => {
		const records = saved("one", "two").restarted();
		const copies = open(records);
		copies.load(() => true);
		copies.save("three");
		expect(records.texts.get("a")).toMatch(/^1 3 .* three$/);
		expect(records.texts.get("b")).toMatch(/^1 2 .* two$/);
	});

	test("a power cut before any step of a write leaves the old text or the new one", () => {
		for (const history of [["old"], ["older", "old"], ["oldest", "older", "old"]]) {
			for (let step = 0; step < 2; step++) {
				const records = saved(...history).restarted();
				const copies = open(records);
				copies.load(() => true);
				records.cutBefore = step;
				expect(() => copies.save("new")).toThrow(PowerCut);
				expect(load(records.restarted())).toEqual({ text: "old", found: true, damaged: [] });
			}
		}
	});

	test("after a power cut the next write is as safe as the first", () => {
		fc.assert(
			fc.property(fc.array(fc.nat(4), { maxLength: 30 }), (cuts) => {
				let records = new FakeRecords();
				let kept = "";
				cuts.forEach((cut, index) => {
					records = records.restarted();
					const copies = open(records);
					copies.load(() => true);
					records.cutBefore = cut;
					let done = true;
					try {
						copies.save(`text ${index}`);
					} catch {
						done = false;
					}
					const { text } = load(records.restarted());
					expect(done ? [`text ${index}`] : [kept, `text ${index}`]).toContain(text);
					kept = text;
				});
			}),
		);
	});

	test("a power cut while both are erased leaves the text in use, or none", () => {
		for (const history of [["old"], ["older", "old"], ["oldest", "older", "old"]]) {
			const left: string[] = [];
			for (let step = 0; step < 2; step++) {
				const records = saved(...history).restarted();
				const copies = open(records);
				copies.load(() => true);
				records.cutBefore = step;
				try {
					copies.erase();
				} catch {
					// The power went.
				}
				left.push(load(records.restarted()).text);
			}
			expect(left[0]).toBe("old");
			expect(["old", ""]).toContain(left[1]);
		}
	});

	test("whatever befalls one copy, the other is found and the damage told", () => {
		const damages = ["", "x", "1 2", "1 2 00000000 two", "2 2 00000000 two", "1 two", "\u00ff".repeat(99)];
		for (const damage of damages) {
			const records = saved("one", "two");
			records.texts.set("b", damage);
			expect(load(records)).toEqual({ text: "one", found: true, damaged: ["b"] });
		}
	});

	test("any single changed character of a copy is noticed", () => {
		const record = saved("one", "two").texts.get("b") ?? "";
		for (let index = 0; index < record.length; index++) {
			const records = saved("one", "two");
			records.texts.set("b", `${record.slice(0, index)}~${record.slice(index + 1)}`);
			expect(load(records)).toEqual({ text: "one", found: true, damaged: ["b"] });
		}
	});

	test("a copy that ends too early is noticed", () => {
		const record = saved("one", "two").texts.get("b") ?? "";
		for (let length = 0; length < record.length; length++) {
			const records = saved("one", "two");
			records.texts.set("b", record.slice(0, length));
			expect(load(records).text).toBe("one");
		}
	});

	test("both damaged: nothing is found, both are told, and the next write works", () => {
		const records = saved("one", "two");
		records.texts.set("a", "?");
		records.texts.set("b", "?");
		expect(load(records)).toEqual({ text: "", found: false, damaged: ["a", "b"] });
		const copies = open(records);
		copies.load(() => true);
		copies.save("three");
		expect(load(records).text).toBe("three");
	});

	test("a whole copy that its reader does not take counts as damaged, and is outnumbered by the next write", () => {
		const records = saved("good", "bad");
		expect(load(records, (text) => text !== "bad")).toEqual({ text: "good", found: true, damaged: ["b"] });
		const copies = open(records);
		copies.load((text) => text !== "bad");
		copies.save("better");
		expect(load(records)).toMatchObject({ text: "better", damaged: [] });
	});

	test("a flash that cannot be read counts as damaged", () => {
		const records = saved("one");
		records.cutBefore = 0;
		expect(load(records)).toEqual({ text: "", found: false, damaged: ["a", "b"] });
	});

	test("a flash that silently keeps nothing is noticed, and the copy in use stays", () => {
		const records = saved("one");
		const copies = open(records);
		copies.load(() => true);
		records.write = () => {};
		expect(() => copies.save("two")).toThrow("did not keep");
		expect(load(records.restarted()).text).toBe("one");
	});

	test("any text comes back as it was", () => {
		fc.assert(
			fc.property(fc.string({ unit: "grapheme" }), (text) => {
				expect(load(saved("before", text))).toEqual({ text, found: true, damaged: [] });
			}),
		);
	});
});
