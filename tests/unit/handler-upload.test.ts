import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Upload } from "handler/upload";
import { fakeBoard, ownHub, setup } from "./handler-fakes";

const hex = (text: string) => Buffer.from(text).toString("hex");

/** Sends a text in slices of so many bytes, as RBR-Now's tools do, and gives the replies. */
function send(ask: (text: string) => string | Promise<string>, text: string, bytes = 100): string[] {
	const digits = hex(text);
	const replies: string[] = [];
	for (let part = 0; part * bytes * 2 < digits.length; part++)
		replies.push(String(ask(`part:${part},text:${digits.slice(part * bytes * 2, (part + 1) * bytes * 2)}`)));
	return replies;
}

const file = JSON.stringify({
	name: "Kitchen",
	master: false,
	myMaster: "24dcc3a1b2c1",
	path: "",
	channel: "6",
	pins: { led: { pin: "3", invert: false }, relay: { pin: "9", invert: true }, dht22: { pin: "" } },
});

const object = (names: number) => JSON.stringify(Object.fromEntries(Array.from({ length: names }, (_, i) => [`new${i}`, i])));

describe("part, save, update", () => {
	test("a config.json in RBR-Now's form is taken into use", () => {
		const { ask, store, records } = fakeBoard();
		const replies = send((text) => ask(text, ownHub), file);
		expect(replies).toEqual(["0 100", `1 ${file.length - 100}`]);
		expect(ask("save:config.json", ownHub)).toBe(String(file.length));
		expect(records.writes).toBe(0);
		expect(ask("update", ownHub)).toBe("OK");
		expect(records.writes).toBe(1);
		expect(store.configuration).toMatchObject({
			name: "Kitchen",
			hub: "24dcc3a1b2c1",
			channel: 6,
			pins: { relay: { pin: 9, invert: true } },
		});
	});

	test("our own form is taken as well", () => {
		const { ask, store } = fakeBoard();
		send(ask, '{"role":"hub","router":{"ssid":"House","password":"sesame123"}}', 10);
		ask("save:config.json");
		expect(ask("update")).toBe("OK");
		expect(store.configuration).toMatchObject({ role: "hub", router: { ssid: "House" } });
	});

	test("a part out of turn is told with what was expected, then Save error until part 0", () => {
		const { ask } = fakeBoard();
		expect(ask("part:0,text:61")).toBe("0 1");
		expect(ask("part:2,text:63")).toBe("Sequence error: 2 1");
		expect(ask("part:1,text:62")).toBe("Save error");
		expect(ask("save:config.json")).toBe("Bad save");
		expect(ask("part:0,text:61")).toBe("0 1");
		expect(ask("part:1,text:62")).toBe("1 1");
		expect(ask("save:config.json")).toBe("2");
	});

	test("a part that comes twice is out of turn", () => {
		const { ask } = fakeBoard();
		ask("part:0,text:61");
		ask("part:1,text:62");
		expect(ask("part:1,text:62")).toBe("Sequence error: 1 2");
	});

	test("a part before part 0 is out of turn", () => {
		const { ask } = fakeBoard();
		expect(ask("part:1,text:61")).toBe("Sequence error: 1 0");
		expect(ask("part:2,text:61")).toBe("Save error");
		expect(ask("save:config.json")).toBe("No data");
	});

	test("saving without parts, or with empty ones, is No data", () => {
		const { ask } = fakeBoard();
		expect(ask("save:config.json")).toBe("No data");
		expect(ask("part:0,text:")).toBe("0 0");
		expect(ask("save:config.json")).toBe("No data");
	});

	test("saving twice is No data the second time", () => {
		const { ask } = fakeBoard();
		send(ask, "{}");
		expect(ask("save:config.json")).toBe("2");
		expect(ask("save:config.json")).toBe("No data");
		expect(ask("update")).toBe("OK");
	});

	test("there are no other files", () => {
		const { ask } = fakeBoard();
		send(ask, "{}");
		for (const name of ["main.py", "config.json ", "../config.json", "t-config.json"])
			expect(ask(`save:${name}`)).toBe("Fail (only config.json)");
		expect(ask("save:config.json")).toBe("2");
	});

	test("update with nothing saved is No data, after an update OK again without a write", () => {
		const { ask, store, records } = fakeBoard();
		expect(ask("update")).toBe("No data");
		send(ask, '{"name":"Kitchen"}');
		expect(ask("update")).toBe("No data");
		ask("save:config.json");
		expect(ask("update")).toBe("OK");
		store.update({ name: "Bath" });
		expect(ask("update")).toBe("OK");
		expect(store.configuration.name).toBe("Bath");
		expect(records.writes).toBe(2);
	});

	test("a byte order mark before the file is none of it", () => {
		const { ask, store } = fakeBoard();
		send(ask, '\ufeff{"name":"Kitchen"}');
		ask("save:config.json");
		expect(ask("update")).toBe("OK");
		expect(store.configuration.name).toBe("Kitchen");
	});

	test("part 0 forgets what was saved before", () => {
		const { ask, store } = fakeBoard();
		send(ask, '{"name":"Kitchen"}');
		ask("save:config.json");
		ask("part:0,text:7b");
		expect(ask("update")).toBe("No data");
		expect(store.configuration.name).toBe("(none)");
	});

	test.each<[string, string]>([
		['{"master":false,"channel":"x"}', "Fail (channel: a number from 1 to 11 in country 01)"],
		['{"master":true,"hostpass":"short"}', "Fail (hostpass: a text of 8 to 63 bytes, or an empty one, or 64 hex digits)"],
		['{"name":7}', "Fail (name: a text of 1 to 32 bytes)"],
		[object(9), "Fail (at most 8 keys that are unknown here, from one start of the board to the next)"],
		["{", "Fail (JSON)"],
		["[]", "Fail (an object)"],
		["[".repeat(2000), "Fail (at most 8 levels of JSON)"],
	])("update refuses what breaks a rule, with its path: %p", (text, reply) => {
		const { ask, records } = fakeBoard();
		send(ask, text);
		ask("save:config.json");
		expect(ask("update")).toBe(reply);
		expect(ask("update")).toBe("No data");
		expect(records.writes).toBe(0);
	});

	test("more than 2,000 bytes are refused, and what came is dropped", () => {
		const { ask } = fakeBoard();
		const replies = send(ask, "x".repeat(2001));
		expect(replies.slice(19)).toEqual(["19 100", "Fail (over 2000 bytes)"]);
		expect(ask("part:21,text:61")).toBe("Save error");
		expect(ask("save:config.json")).toBe("Bad save");
	});

	test.each([
		"part:",
		"part:0",
		"part:0,text:7",
		"part:0,text:7g",
		"part:x,text:7b",
		"part:-1,text:7b",
		"part:0,hex:7b",
		"part:0,text:7b,x",
		"part:1e1,text:7b",
		"part:00000,text:7b",
	])("a malformed part is refused and changes nothing: %p", (text) => {
		const { ask } = fakeBoard();
		ask("part:0,text:61");
		expect(ask(text)).toMatch(/^(Fail \(part:<n>,text:<hex>\)|Unknown message: part:)$/);
		expect(ask("part:1,text:62")).toBe("1 1");
	});

	test("what is no UTF-8 is refused", () => {
		for (const digits of ["ff", "80", "c0af", "eda080", "f4908080", "7bff"]) {
			const { ask } = fakeBoard();
			expect(ask(`part:0,text:${digits}`)).toBe("Fail (no UTF-8)");
			expect(ask("part:1,text:61")).toBe("Save error");
			expect(ask("save:config.json")).toBe("Bad save");
		}
	});

	test("an unfinished character at the end is a bad save", () => {
		const { ask } = fakeBoard();
		expect(ask("part:0,text:61e282")).toBe("0 1");
		expect(ask("save:config.json")).toBe("Bad save");
	});

	test("upper-case hex is hex", () => {
		expect(fakeBoard().ask("part:0,text:7B7D", setup)).toBe("0 2");
	});

	test("any text in slices of any size arrives whole, and its lengths add up to its characters", () => {
		fc.assert(
			fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 120 }), fc.integer({ min: 1, max: 120 }), (text, bytes) => {
				fc.pre(Buffer.byteLength(text) <= 2000 && Buffer.from(text).toString() === text);
				let taken = "";
				const upload = new Upload((json) => {
					taken = json;
					return { ok: true, changed: true };
				});
				const replies = send((message) => upload.part(message.slice("part:".length)), text, bytes);
				expect(upload.save("config.json")).toBe(String([...text].length));
				expect(replies.reduce((sum, reply) => sum + Number(reply.split(" ")[1]), 0)).toBe([...text].length);
				expect(upload.update()).toEqual({ ok: true, changed: true });
				expect(taken).toBe(text);
			}),
		);
	});
});
