import { describe, expect, test } from "@jest/globals";
import { type Event, frame, GC_STRESS, PEER, run, runApp, withWiFi } from "./native-board";

/**
 * The board program in which every allocation collects garbage, every chunk is a block of its own and AddressSanitizer watches
 * (`make gc-stress`). A native that keeps a pointer into the engine's memory over an allocation works in every other build.
 */

const RELEASE = "build/board/board";
const APP = "build/virtual/app.json";

const hex = (text: string) => Buffer.from(text).toString("hex");
const radio = (text: string | Uint8Array, t: number): Event => ({ ...frame(text), t });
const tcp = (conn: number, text: string, t: number): Event[] => [
	{ type: "tcp-open", conn, local: "192.168.9.1", port: 80, remote: "192.168.9.2", t },
	{ type: "tcp-data", conn, hex: hex(text), t },
	{ type: "wake", t: t + 500 },
];

/** Everything that the three classes over natives can be asked. */
const ALL_NATIVES = `
const chip = new Chip({ heartbeatMs: 30000 });
say(chip.mac(), chip.now(), chip.resetReason(), chip.randomHex(8), chip.random() < 1, chip.lastWords());
chip.keep("words" + String(1));
chip.feed();
say(chip.output(4, 1), chip.write(4, 0), chip.level(4), chip.input(9), chip.level(9));
const event = { kind: 0, a: 0, b: 0, text: "" };
const wifi = new WiFiDriver({ country: "01", hostName: "rbr-hall", onEvent() { while (wifi.readEvent(event)) say("event", event); } });
say(wifi.setMode(3), wifi.setAccessPoint({ ssid: "RBR" + String(1), password: "0000" + "0000", channel: 1, hidden: false, address: "192.168.9.1" }));
say(wifi.setStation({ ssid: "House", password: "house" + "-pass" }), wifi.start(), wifi.setPowerSave(0), wifi.setChannel(1), wifi.getChannel());
say(wifi.scan({ ssid: "House", channel: 2 }), wifi.stationRSSI(), failure(() => wifi.setAccessPoint({ ssid: "x".repeat(33) })));
const frame = newFrame();
const status = { to: "", acked: false };
const counters = { received: 0, whileClosed: 0, ringFull: 0, tooLong: 0, notForUs: 0, joiningCalls: 0, statusFull: 0, postFailed: 0 };
let radio;
const open = () => new Radio({ onActivity() {
	while (radio.read(frame)) {
		say("frame", told(frame));
		say(radio.addPeer(frame.from), send(radio, frame.from, "re" + (textOf(frame) ?? "")), failure(() => send(radio, "no mac", "x")));
	}
	while (radio.readStatus(status)) say("status", status);
	radio.counters(counters);
	say(counters);
	if (textOf(frame) !== "again") return;
	radio.close();
	radio = open();
} });
radio = open();
say(radio.removePeer("${PEER}"), radio.addPeer("${PEER}"), send(radio, "${PEER}", "x".repeat(250)));
`;

const EVENTS: readonly Event[] = [
	frame("on"),
	frame(Uint8Array.of(0x61, 0xff)),
	frame(""),
	{ type: "tx-done", id: 1, acked: true },
	{ type: "beacon", ssid: "House", bssid: "e4faed000001", channel: 2, rssi: -48, auth: "wpa2" },
	{ type: "client-auth", client: "020000000001", password: "00000000" },
	{ type: "wake", t: 1000 },
	frame("again"),
	frame("€😀"),
	{ type: "collect" },
	frame("end"),
];

describe("with a collection at every allocation", () => {
	test("the natives do what they do otherwise", () => {
		const { said } = run(ALL_NATIVES, EVENTS, {}, GC_STRESS);
		expect(said).toEqual(run(ALL_NATIVES, EVENTS).said);
		expect(said.filter((line) => line.startsWith("frame "))).toHaveLength(6);
		expect(said).toContain(`status {"to":"${PEER}","acked":true}`);
		expect(said).toContain('event {"kind":10,"a":2,"b":-48,"text":""}');
	});

	test("a frame that is longer than the buffer it is read into is not written beyond that", () => {
		const script = withWiFi(`
const frame = newFrame(8);
const radio = new Radio({ onActivity() { while (radio.read(frame)) say(frame.length, frame.bytes.at(-1)); } });`);
		expect(run(script, [frame("x".repeat(100))], {}, GC_STRESS).said).toEqual(["100 120"]);
	});

	test("the whole firmware does what it does otherwise: requests by radio, pages, a new configuration, restart", () => {
		const wanted = JSON.stringify({ name: "küche", pins: { relay: { pin: 4 } } });
		const events: Event[] = [
			{ type: "wake", t: 1000 },
			radio("ping", 1100),
			radio(Uint8Array.of(0xff, 0x00), 1200),
			radio("environ {", 1300),
			{ type: "client-auth", client: "020000000001", password: "00000000", t: 1400 },
			...tcp(1, "GET / HTTP/1.1\r\nHost: 192.168.9.1\r\n\r\n", 1500),
			...tcp(2, "GET /api/status HTTP/1.1\r\nHost: 192.168.9.1\r\n\r\n", 2500),
			...tcp(
				3,
				`PUT /api/config HTTP/1.1\r\nHost: 192.168.9.1\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(wanted)}\r\n\r\n${wanted}`,
				3500,
			),
			{ type: "snapshot", t: 5000 },
			...tcp(4, "POST /api/restart HTTP/1.1\r\nHost: 192.168.9.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", 6000),
			{ type: "wake", t: 12_000 },
		];
		const stressed = runApp(APP, events, {}, GC_STRESS);
		const release = runApp(APP, events, {}, RELEASE);
		// The heap is another one by design; everything else that is told is the same.
		const withoutHeap = (text: string) => text.replace(/"engine":\d+/, '"engine":0');
		const same = (effect: Record<string, unknown>) => ({
			...effect,
			...(typeof effect.hex === "string" ? { hex: withoutHeap(Buffer.from(effect.hex, "hex").toString("latin1")) } : {}),
			...(typeof effect.json === "string" ? { json: withoutHeap(effect.json) } : {}),
		});
		const effects = ({ answers }: typeof stressed) => answers.flatMap((answer) => answer.effects.map((effect) => same({ ...effect })));
		expect(effects(stressed)).toEqual(effects(release));
		expect(stressed.effects("tx").map((effect) => effect.to)).toContain(PEER);
		expect(stressed.effects("tcp-data").length).toBeGreaterThan(3);
		expect(stressed.effects("nvs").length).toBeGreaterThan(0);
		expect(stressed.effects("restart").map(({ reason }) => reason)).toEqual(["software"]);
	});
});
