import { describe, expect, test } from "@jest/globals";
import { type Event, run } from "./native-board";

/** The shipping C of the Wi-Fi driver on the real engine, under AddressSanitizer and UBSan. */

const READER = `
const kinds = Object.fromEntries(Object.entries(WiFiEventKind).map(([name, kind]) => [kind, name]));
const event = { kind: 0, a: 0, b: 0, text: "" };
const options = { country: "01", hostName: "rbr-hall", onEvent() { while (this.readEvent(event)) say(kinds[event.kind], event.a, event.b, event.text); } };
const setup = { ssid: "RBR-Now-a0b1c2d3e4f0", password: "00000000", channel: 1, hidden: false, address: "192.168.9.1" };
const wifi = new WiFiDriver(options);
`;

const beacon = (channel: number, rssi = -48, bssid = "e4faed000001"): Event => ({
	type: "beacon",
	ssid: "House",
	bssid,
	channel,
	rssi,
	auth: "wpa2",
});
/** What a search of all channels takes: eleven are asked on, three only listened to. */
const ALL_CHANNELS_MS = 11 * 120 + 3 * 360;
/** A search goes on at these times only. */
const STEPS_MS = [...Array.from({ length: 11 }, (_, n) => 120 * (n + 1)), ...[1, 2, 3].map((n) => 1320 + 360 * n)];
const searchedFrom = (afterMs: number): Event[] => STEPS_MS.filter((t) => t > afterMs).map((t) => ({ type: "wake", t }));
const joined = (channel: number): Event => ({ type: "join-result", ok: true, reason: 0, channel, bssid: "e4faed000001", rssi: -48 });
const lease: Event = { type: "dhcp", ip: "192.168.1.50", mask: "255.255.255.0", gateway: "192.168.1.1" };
const client = (password: string): Event => ({ type: "client-auth", client: "020000000001", password });

describe("wifi driver", () => {
	test("joining is told with channel and address, silence and loss with the reason", () => {
		const { said } = run(
			`${READER} wifi.setMode(1); wifi.setStation({ ssid: "House", password: "house-pass" }); wifi.start(); say(wifi.connect(), wifi.stationRSSI());`,
			[
				{ type: "wake", t: 120 },
				beacon(2),
				...searchedFrom(120),
				joined(2),
				lease,
				{ type: "audible", audible: false },
				{ type: "wake", t: ALL_CHANNELS_MS + 6000 },
				{ type: "wake", t: ALL_CHANNELS_MS + 6500 },
				{ type: "wake", t: 140_000 },
			],
		);
		expect(said).toEqual([
			"0 0",
			"stationStarted 0 0 ",
			"homeChannel 0 1 ",
			"homeChannel 1 2 ",
			"joined 2 0 ",
			"address 0 0 192.168.1.50",
			"beaconTimeout 0 0 ",
			"lost 200 0 ",
			"addressLost 0 0 ",
		]);
	});

	test("the strongest access point of the name is joined, whichever answers first; 64 hex digits go whole", () => {
		const key = "0123456789abcdef".repeat(4);
		const { effects } = run(
			`${READER} wifi.setMode(1); wifi.setStation({ ssid: "House", password: "${key}" }); wifi.start(); wifi.connect();`,
			[beacon(1, -80), { type: "wake", t: 120 }, beacon(2, -40, "e4faed000002"), ...searchedFrom(120)],
		);
		expect(effects("join")).toEqual([{ do: "join", ssid: "House", password: key, bssid: "e4faed000002", channel: 2 }]);
	});

	test("names of 32 odd bytes, from scans and in the settings, and a scan that finds more than it keeps", () => {
		const odd = "\u0001\u0007\u001b é🙂".repeat(3).slice(0, 15);
		const found = Array.from({ length: 60 }, (_, n) => ({
			...beacon(6, -40 - n, `e4faed0001${n.toString(16).padStart(2, "0")}`),
			ssid: odd,
		}));
		const { said } = run(
			`${READER} wifi.setMode(1); wifi.start(); say(wifi.setStation({ ssid: "${"é".repeat(16)}", password: "" }), wifi.scan({ ssid: "", channel: 6 }));
say(failure(() => wifi.setStation({ ssid: "${"é".repeat(16)}x", password: "" })).startsWith("RangeError"));`,
			[...found, { type: "wake", t: 120 }],
		);
		expect(said.slice(0, 2)).toEqual(["0 0", "true"]);
		expect(said.at(-1)).toBe("scanned 6 -40 ");
	});

	test("an announced move is told as a change of the home channel", () => {
		const { said } = run(
			`${READER} wifi.setMode(1); wifi.setStation({ ssid: "House", password: "house-pass" }); wifi.start(); wifi.connect();`,
			[beacon(1), ...searchedFrom(0), joined(1), { type: "csa", channel: 11 }],
		);
		expect(said.at(-1)).toBe("homeChannel 1 11 ");
	});

	test("the setup access point has its name, password, address and a lease for the client", () => {
		const { said, effects } = run(`${READER} say(wifi.setMode(3), wifi.setAccessPoint(setup), wifi.start());`, [
			client("wrong"),
			client("00000000"),
			{ type: "client-leave", client: "020000000001" },
		]);
		expect(effects("ap").at(-1)).toEqual({
			do: "ap",
			state: "on",
			ssid: "RBR-Now-a0b1c2d3e4f0",
			password: "00000000",
			channel: 1,
			hidden: false,
			auth: 3,
			address: "192.168.9.1",
		});
		expect(effects("client").at(-1)).toMatchObject({ joined: true, address: "192.168.9.2" });
		expect(said.slice(4)).toEqual(["clientRefused 0 0 020000000001", "clientJoined 0 0 020000000001", "clientLeft 0 0 020000000001"]);
	});

	test("the same access point again writes nothing, one difference restarts it", () => {
		const { said, effects } = run(
			`${READER} wifi.setMode(3); wifi.setAccessPoint(setup); wifi.start(); say(wifi.setAccessPoint(setup)); say(wifi.setAccessPoint({ ...setup, hidden: true }));`,
		);
		expect(effects("ap").map((effect) => effect.state === "on" && effect.hidden)).toEqual([false, true]);
		expect(said.filter((line) => line.startsWith("ap"))).toEqual(["apStarted 0 0 ", "apStopped 0 0 ", "apStarted 0 0 "]);
	});

	test("an unconnected station never rests its radio", () => {
		const { effects } = run(`${READER} wifi.setMode(1); wifi.start();`);
		expect(effects("radio").map(({ sta, sleepy }) => ({ sta, sleepy }))).toEqual([{ sta: true, sleepy: false }]);
	});

	test("a password under 8 characters is refused by its number", () => {
		const { said } = run(`${READER} wifi.setMode(3); say(wifi.setAccessPoint({ ...setup, password: "1234567" }));`);
		expect(said).toEqual([`${0x300b}`]);
	});

	test("the channel is set, read and refused by number while joined", () => {
		const { said } = run(
			`${READER} say(wifi.getChannel(), wifi.setChannel(6)); wifi.setMode(3); wifi.setAccessPoint(setup); wifi.start(); say(wifi.setChannel(6), wifi.getChannel(), wifi.setChannel(12));`,
		);
		expect(said.slice(0, 2)).toEqual([`0 ${0x3002}`, `0 6 ${0x102}`]);
	});

	test("a scan tells the strongest access point of the name, or 0", () => {
		const scan = `${READER} wifi.setMode(1); wifi.start(); say(wifi.scan({ ssid: "House", channel: 6 }));`;
		const found = run(scan, [beacon(6, -70), beacon(7, -60, "e4faed000002"), { type: "wake", t: 120 }]);
		expect(found.said.at(-1)).toBe("scanned 7 -60 ");
		expect(run(scan, [{ type: "wake", t: 120 }]).said.at(-1)).toBe("scanned 0 0 ");
	});

	test("events beyond 16 are counted and told last", () => {
		const { said } = run(
			`
let calls = 0;
const event = { kind: 0, a: 0, b: 0, text: "" };
const wifi = new WiFiDriver({ country: "01", hostName: "rbr-hall", onEvent() {
	if (++calls < 20) return;
	let count = 0;
	while (wifi.readEvent(event)) count++;
	say(count, event.kind, event.a);
} });
wifi.setMode(3);
wifi.setAccessPoint({ ssid: "RBR", password: "00000000", channel: 1, hidden: false, address: "192.168.9.1" });
wifi.start();`,
			Array.from({ length: 19 }, () => client("wrong")),
		);
		expect(said).toEqual(["17 15 6"]);
	});

	test("close() may come twice and within onEvent; a closed driver answers that it is not initialised; a new one works", () => {
		const { said } = run(
			`
const event = { kind: 0, a: 0, b: 0, text: "" };
const wifi = new WiFiDriver({ country: "01", hostName: "rbr-hall", onEvent() {
	wifi.close();
	wifi.close();
	say(wifi.setMode(1), wifi.start(), wifi.stop(), wifi.connect(), wifi.disconnect(), wifi.setChannel(1), wifi.setPowerSave(0));
	say(wifi.getChannel(), wifi.stationRSSI(), wifi.readEvent(event), wifi.scan({ ssid: "", channel: 0 }));
	const second = new WiFiDriver({ country: "DE", hostName: "rbr-hall", onEvent() { while (this.readEvent(event)) say("second", event.kind); } });
	say(second.setMode(1), second.start());
} });
wifi.setMode(1);
wifi.start();`,
			[{ type: "collect" }],
		);
		const closed = `${0x3001}`;
		expect(said).toEqual([Array(7).fill(closed).join(" "), `0 0 false ${closed}`, "0 0", "second 1", "second 9"]);
	});

	test.each(["ssid", "password", "address", "channel", "hidden"])("an option that closes the driver while it is read: %s", (option) => {
		const { said } = run(`${READER} wifi.setMode(3);
const value = setup.${option};
Object.defineProperty(setup, "${option}", { get() { wifi.close(); return value; } });
say(wifi.setAccessPoint(setup));`);
		expect(said).toEqual([`${0x3001}`]);
	});

	test("options are checked before Wi-Fi is touched", () => {
		const { said } = run(`
say(failure(() => new WiFiDriver({ onEvent() {} })));
say(failure(() => new WiFiDriver({ country: "01", hostName: "rbr-hall" })));
say(failure(() => new WiFiDriver({ country: "toolong", hostName: "rbr-hall", onEvent() {} })).startsWith("RangeError"));
say(failure(() => new WiFiDriver({ country: "01", hostName: "x".repeat(33), onEvent() {} })).startsWith("RangeError"));
say(failure(() => new WiFiDriver({ country: "XX", hostName: "rbr-hall", onEvent() {} })));
const wifi = new WiFiDriver({ country: "01", hostName: "rbr-hall", onEvent() {} });
say(failure(() => new WiFiDriver({ country: "01", hostName: "rbr-hall", onEvent() {} })));
const setup = { ssid: "RBR", password: "00000000", channel: 1, hidden: false, address: "192.168.9.1" };
for (const wrong of [{ channel: 0 }, { channel: 15 }, { address: "192.168.9" }, { address: "192.168.9.256" }, { address: "1.2.3.4.5" }, { ssid: "" }, { ssid: "x".repeat(33) }, { password: "x".repeat(65) }])
	say(failure(() => wifi.setAccessPoint({ ...setup, ...wrong })).startsWith("RangeError"));
say(failure(() => wifi.setMode(0)).startsWith("RangeError"), failure(() => wifi.setPowerSave(3)).startsWith("RangeError"), failure(() => wifi.setChannel(0)).startsWith("RangeError"));`);
		expect(said).toEqual([
			"TypeError: option missing",
			"TypeError: onEvent required",
			"true",
			"true",
			`Error: wifi ${0x102}`,
			"Error: wifi in use",
			...Array(8).fill("true"),
			"true true true",
		]);
	});
});
