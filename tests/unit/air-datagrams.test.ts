import { describe, expect, test } from "@jest/globals";
import { decodeDatagram, encodeDatagrams, type Out } from "../../sim/world/air-datagrams";

const MAC = "34b4720a2000";
const radio = { do: "radio", on: true, channel: 6, home: 6, mode: 3, sta: true, ap: true, sleepy: false };
const tx = { do: "tx", id: 1, to: "34b4720a1000", from: MAC, hex: "6f6e" };

const decode = (datagram: unknown) => decodeDatagram(Buffer.from(typeof datagram === "string" ? datagram : JSON.stringify(datagram)));
const one = (message: unknown) => decode({ v: 1, mac: MAC, messages: [message] });

describe("datagrams to the air", () => {
	test("each message of AIR.md is taken", () => {
		const messages = [
			radio,
			tx,
			{ ...tx, from: "34b4720a2001" },
			{ do: "probe", channel: 1, ssid: "" },
			{ do: "join", ssid: "House", password: "house-pass", bssid: "e4faed000001", channel: 6 },
			{ do: "dhcp" },
			{ do: "leave" },
			{ do: "log", event: "pin", pin: 3, level: 1 },
			{ do: "bye" },
		];
		expect(decode({ v: 1, mac: MAC, messages })).toEqual({ mac: MAC, messages });
	});

	test("another version is named in the refusal", () => {
		expect(decode({ v: 2, mac: MAC, messages: [] })).toEqual({ wrong: "version 2 of the air is not spoken here, 1 is" });
	});

	test.each([
		["no JSON", "{"],
		["no object", "[]"],
		["no MAC", { v: 1, mac: "34B4720A2000", messages: [] }],
		["no list", { v: 1, mac: MAC, messages: {} }],
	])("%s is refused", (_, datagram) => {
		expect(decode(datagram)).toHaveProperty("wrong");
	});

	test.each([
		["an unknown message", { do: "reset" }],
		["a name from Object.prototype", { do: "constructor" }],
		["a channel that does not exist", { ...radio, channel: 15 }],
		["a missing field", { ...radio, sta: undefined }],
		["a frame in somebody else's name", { ...tx, from: "34b4720a1000" }],
		["an empty frame", { ...tx, hex: "" }],
		["half a byte", { ...tx, hex: "6f6" }],
		["a frame over 250 bytes", { ...tx, hex: "00".repeat(251) }],
		["an event that is no word", { do: "log", event: "A\n" }],
	])("%s makes the datagram void", (_, message) => {
		expect(one(message)).toHaveProperty("wrong");
	});
});

describe("datagrams from the air", () => {
	test("messages share one datagram as far as they fit, in their order", () => {
		const messages: Out[] = Array.from({ length: 20 }, (_, i) => ({
			type: "rx",
			from: MAC,
			to: MAC,
			rssi: -50,
			hex: i.toString(16).padStart(2, "0").repeat(100),
		}));
		const datagrams = encodeDatagrams(messages);
		expect(datagrams.length).toBeLessThan(10);
		for (const datagram of datagrams) expect(datagram.length).toBeLessThanOrEqual(1400);
		const read = datagrams.flatMap((datagram) => JSON.parse(datagram.toString()).messages);
		expect(read).toEqual(messages);
	});

	test("nothing to say is no datagram", () => {
		expect(encodeDatagrams([])).toEqual([]);
	});
});
