import { expect, test } from "@jest/globals";
import { Air, type FrameReport } from "../../sim/world/air";
import { Clock } from "../../sim/world/clock";
import { Links } from "../../sim/world/links";
import { BROADCAST } from "../../sim/world/mac";
import { type AirRadio, airtimeUs } from "../../sim/world/medium";
import { Random } from "../../sim/world/random";

interface Heard {
	atUs: number;
	from: string;
	text: string;
	rssi: number;
}

function network(seed = 1) {
	const clock = new Clock();
	const links = new Links();
	const reports: FrameReport[] = [];
	const air = new Air({ clock, links, random: new Random(seed, "air"), onFrame: (report) => reports.push(report) });
	function radio(mac: string) {
		const state = { on: true, at: 6, sleepy: false, mac, heard: [] as Heard[] };
		const face: AirRadio = {
			key: mac,
			channel: () => (state.on ? state.at : 0),
			hasAddress: (address) => state.on && address === mac,
			sleepy: () => state.sleepy,
			receive: ({ from, rssi, payload }) => state.heard.push({ atUs: clock.nowUs, from, text: payload.toString(), rssi }),
		};
		air.add(face);
		const send = (to: string, text: string, done = (_: string) => {}) =>
			air.send(face, { from: mac, to, payload: Buffer.from(text), done });
		const tune = (channel: number) => {
			state.at = channel;
			air.retuned(face);
		};
		return { ...state, state, face, send, tune };
	}
	return { clock, links, air, reports, radio };
}

const A = "020000000001";
const B = "020000000002";
const C = "020000000003";

test("a frame takes 192 µs and 8 µs for each of 43 + n bytes", () => {
	expect(airtimeUs(60)).toBe(192 + 8 * 103);
});

test("a frame is heard after its airtime and its acknowledgement 314 µs later", () => {
	const { clock, radio, reports } = network();
	const a = radio(A);
	const b = radio(B);
	a.send(B, "hello");
	clock.runUntil(1_000_000);
	expect(b.heard).toHaveLength(1);
	expect(reports).toHaveLength(1);
	const [report] = reports;
	const [heard] = b.heard;
	expect(report?.outcome).toBe("acked");
	expect(report && heard && report.tookUs - heard.atUs).toBe(314);
	expect(heard?.atUs).toBeGreaterThanOrEqual(50 + airtimeUs(5));
	expect(heard?.atUs).toBeLessThanOrEqual(50 + 31 * 20 + airtimeUs(5));
});

test("a silent peer costs 20 to 26 ms on average", () => {
	const { clock, radio, reports } = network();
	const a = radio(A);
	for (let i = 0; i < 400; i++) a.send(B, "x".repeat(30));
	clock.runUntil(60_000_000);
	expect(reports).toHaveLength(400);
	expect(reports.every(({ outcome }) => outcome === "lost")).toBe(true);
	let last = 0;
	const each = reports.map(({ tookUs }) => {
		const own = tookUs - last;
		last = tookUs;
		return own / 1000;
	});
	const mean = each.reduce((sum, ms) => sum + ms, 0) / each.length;
	expect(mean).toBeGreaterThan(20);
	expect(mean).toBeLessThan(26);
});

test("a frame for all is not acknowledged and goes out once", () => {
	const { clock, radio, reports } = network();
	const a = radio(A);
	const b = radio(B);
	const c = radio(C);
	a.send(BROADCAST, "all");
	clock.runUntil(1_000_000);
	expect([b.heard.length, c.heard.length]).toEqual([1, 1]);
	expect(reports.map(({ outcome, tries }) => [outcome, tries])).toEqual([["broadcast", 1]]);
});

test("only radios on the sender's channel hear it", () => {
	const { clock, radio, reports } = network();
	const a = radio(A);
	const b = radio(B);
	b.tune(11);
	a.send(B, "x");
	clock.runUntil(1_000_000);
	expect(b.heard).toHaveLength(0);
	expect(reports[0]?.outcome).toBe("lost");
});

test("a frame whose acknowledgements are lost is still passed on once", () => {
	const { clock, radio, reports, air } = network();
	air.loss = 0.5;
	const a = radio(A);
	const b = radio(B);
	for (let i = 0; i < 300; i++) a.send(B, `${i}`);
	clock.runUntil(60_000_000);
	expect(reports.some(({ tries }) => tries > 1)).toBe(true);
	const texts = b.heard.map(({ text }) => text);
	expect(new Set(texts).size).toBe(texts.length);
	const acked = reports.filter(({ outcome }) => outcome === "acked").map(({ payload }) => payload.toString());
	expect(acked.every((text) => texts.includes(text))).toBe(true);
	// Six tries of data and acknowledgement at one half each: 0.75 to the sixth, nearly a fifth, are given up.
	const lost = reports.length - acked.length;
	expect(lost).toBeGreaterThan(30);
	expect(lost).toBeLessThan(80);
});

test("duplicate hands a frame to the firmware twice", () => {
	const { clock, radio, air } = network();
	air.duplicate = 1;
	const a = radio(A);
	const b = radio(B);
	a.send(B, "x");
	clock.runUntil(1_000_000);
	expect(b.heard.map(({ text }) => text)).toEqual(["x", "x"]);
});

test("radios that hear each other take turns, so that nothing is lost", () => {
	const { clock, radio, reports } = network();
	const a = radio(A);
	const b = radio(B);
	const c = radio(C);
	for (let i = 0; i < 100; i++) {
		a.send(C, `a${i}`);
		b.send(C, `b${i}`);
	}
	clock.runUntil(10_000_000);
	expect(reports.filter(({ outcome }) => outcome === "acked")).toHaveLength(200);
	expect(c.heard).toHaveLength(200);
	// Equal back-offs happen, one in 32 or so.
	expect(reports.filter(({ tries }) => tries > 1).length).toBeLessThan(40);
});

test("radios that do not hear each other disturb each other at a third one", () => {
	const { clock, links, radio, reports } = network();
	links.set(A, B, null);
	const a = radio(A);
	const b = radio(B);
	radio(C);
	for (let i = 0; i < 100; i++) {
		a.send(C, "x".repeat(200));
		b.send(C, "x".repeat(200));
	}
	clock.runUntil(60_000_000);
	const tries = reports.reduce((sum, report) => sum + report.tries, 0);
	expect(tries / reports.length).toBeGreaterThan(1.5);
});

test("frames of one radio stay in order", () => {
	const { clock, radio } = network();
	const a = radio(A);
	const b = radio(B);
	for (let i = 0; i < 50; i++) a.send(B, `${i}`);
	clock.runUntil(10_000_000);
	expect(b.heard.map(({ text }) => Number(text))).toEqual(Array.from({ length: 50 }, (_, i) => i));
});

test("out of range is silence, and a set signal is what the receiver reads", () => {
	const { clock, links, radio, reports } = network();
	const a = radio(A);
	const b = radio(B);
	links.set(A, B, null);
	a.send(B, "1");
	clock.runUntil(1_000_000);
	links.set(A, B, -85);
	a.send(B, "2");
	clock.runUntil(2_000_000);
	expect(b.heard.map(({ text, rssi }) => [text, rssi])).toEqual([["2", -85]]);
	expect(reports.map(({ outcome, rssi }) => [outcome, rssi])).toEqual([
		["lost", null],
		["acked", -85],
	]);
});

test("neighbour channels leak only when told to", () => {
	const { clock, radio, air, reports } = network();
	const a = radio(A);
	const b = radio(B);
	b.tune(7);
	a.send(B, "1");
	clock.runUntil(1_000_000);
	air.leak = 1;
	a.send(B, "2");
	clock.runUntil(2_000_000);
	b.tune(8);
	a.send(B, "3");
	clock.runUntil(3_000_000);
	expect(reports.map(({ outcome }) => outcome)).toEqual(["lost", "acked", "lost"]);
	expect(b.heard.map(({ text }) => text)).toEqual(["2"]);
});

test("a sleeping radio misses most frames", () => {
	const { clock, radio } = network();
	const a = radio(A);
	const b = radio(B);
	b.state.sleepy = true;
	for (let i = 0; i < 200; i++) clock.at(i * 37_000, () => a.send(B, `${i}`));
	clock.runUntil(20_000_000);
	expect(b.heard.length).toBeGreaterThan(20);
	expect(b.heard.length).toBeLessThan(150);
});

test("a radio that changes its channel during a frame misses it", () => {
	const { clock, radio, reports } = network();
	const a = radio(A);
	const b = radio(B);
	a.send(B, "x".repeat(250));
	clock.at(1500, () => {
		b.tune(11);
		b.tune(6);
	});
	clock.runUntil(1_000_000);
	expect(reports[0]?.outcome).toBe("acked");
	expect(reports[0]?.tries).toBe(2);
});

test("the same seed gives the same air, another one another", () => {
	const run = (seed: number) => {
		const { clock, radio, reports, air } = network(seed);
		air.loss = 0.3;
		const a = radio(A);
		radio(B);
		for (let i = 0; i < 50; i++) a.send(B, "x");
		clock.runUntil(60_000_000);
		return reports.map(({ tookUs, outcome }) => `${tookUs} ${outcome}`).join();
	};
	expect(run(7)).toBe(run(7));
	expect(run(7)).not.toBe(run(8));
});
