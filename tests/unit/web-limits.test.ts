import { beforeEach, describe, expect, test } from "@jest/globals";
import { ANSWER_MS, LINGER_MS, SLOW_MS } from "web/connection";
import { KEPT, PLACES } from "web/web";
import { Desk, FakeWire, parseResponse, settle } from "./web-fakes";

let desk: Desk;
beforeEach(() => {
	desk = new Desk();
});

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: 192.168.9.1\r\n\r\n`;
const put = (length: number) =>
	`PUT /api/config HTTP/1.1\r\nHost: 192.168.9.1\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
const status = (wire: FakeWire) => parseResponse(wire.sent)?.status;

describe("limits", () => {
	test("a header line without end is answered 431 and closed", () => {
		const wire = desk.connect();
		wire.receive(`GET / HTTP/1.1\r\nX: ${"a".repeat(1400)}`);
		wire.receive("a".repeat(1400));
		expect(status(wire)).toBe(431);
		wire.drain();
		wire.receive("a".repeat(1400));
		desk.advance(LINGER_MS);
		expect(wire.closed).toBe(true);
	});

	test("a body of 5 KB is answered 413 before it is read", () => {
		const wire = desk.connect();
		wire.receive(put(5000));
		expect(status(wire)).toBe(413);
		expect(desk.written).toEqual([]);
	});

	test("a refused request is read on for a second, since closing over unread bytes would lose the answer", () => {
		const wire = desk.connect();
		wire.receive(put(5000));
		wire.drain();
		expect(wire.closed).toBe(false);
		wire.receive("x".repeat(1400));
		wire.finish();
		expect(wire.closed).toBe(true);
		expect(desk.web.snapshot()).toMatchObject({ abandoned: 0, faults: 0 });
	});

	test("but not for ever", () => {
		const wire = desk.connect();
		wire.receive(put(5000));
		wire.drain();
		for (let i = 0; i < 100 && !wire.closed; i++) wire.receive("x".repeat(1400));
		expect(wire.closed).toBe(true);
	});

	test("connections on which nothing comes take nobody's place, and the oldest of too many gives way with a 503, not a reset", () => {
		const idle = Array.from({ length: KEPT }, () => desk.connect("10.0.0.7"));
		desk.advance(1000);
		const asking = desk.connect("10.0.0.7");
		expect(idle.map(status)).toEqual([503, ...Array(KEPT - 1).fill(undefined)]);
		asking.receive(get("/?on"));
		expect(status(asking)).toBe(200);
		expect(idle[0] && parseResponse(idle[0].sent)?.headers["retry-after"]).toBe("1");
		idle[0]?.drain();
		desk.advance(LINGER_MS);
		expect(idle[0]?.closed).toBe(true);
	});

	test("no more than seven are open, whoever comes", () => {
		const wires = Array.from({ length: 20 }, () => desk.connect());
		expect(wires.filter((wire) => wire.closed)).toHaveLength(13);
		expect(desk.web.snapshot()).toMatchObject({ connections: KEPT + 1, refused: { 503: 14 } });
	});

	test("each side has places of its own, an address two of them; who finds none waits, and is served when one is free", () => {
		desk.ask = () => new Promise(() => {});
		const long = get("/?mac=a0b1c2d3e4f4&msg=on");
		const ask = (from: string) => {
			const wire = desk.connect("10.0.0.7", new FakeWire(), from);
			wire.receive(long);
			return wire;
		};
		const wires = [ask("10.0.0.50"), ask("10.0.0.50"), ask("10.0.0.50")];
		expect(desk.asked).toHaveLength(2);
		wires.push(ask("10.0.0.51"), ask("10.0.0.52"));
		expect(desk.asked).toHaveLength(4);
		const phone = desk.connect();
		phone.receive(get("/?on"));
		expect(status(phone)).toBe(200);
		phone.drain();
		wires[1]?.finish();
		desk.turn();
		// The third of the first address takes the free place.
		expect(desk.asked).toHaveLength(5);
		expect(wires.map(status)).toEqual(Array(5).fill(undefined));
	});

	test("six polls at once are all answered, one after another", () => {
		const wires = Array.from({ length: 6 }, () => desk.connect("10.0.0.7"));
		for (const wire of wires) wire.receive(get("/?on"));
		expect(wires.map(status).filter((each) => each === 200)).toHaveLength(PLACES.lan / 2);
		for (let i = 0; i < 3; i++) {
			for (const wire of wires) wire.drain();
			desk.turn();
		}
		expect(wires.map(status)).toEqual(Array(6).fill(200));
	});

	test("who waits ten seconds for a place is told to come back", () => {
		desk.ask = () => new Promise(() => {});
		const wires = Array.from({ length: 3 }, () => desk.connect("10.0.0.7"));
		for (const wire of wires) wire.receive(get("/?mac=a0b1c2d3e4f4&msg=on"));
		desk.advance(SLOW_MS);
		expect(wires.map(status)).toEqual([undefined, undefined, 503]);
		wires[2]?.drain();
		expect(parseResponse(wires[2]?.sent ?? Buffer.alloc(0))?.headers["retry-after"]).toBe("1");
	});

	test.each([
		["that drip in", (wire: FakeWire) => wire.receive("x")],
		["that have begun and stand still", () => {}],
	])("eight slow requests %s keep another caller waiting for two seconds, not for ten", (_, drip) => {
		const slow = Array.from({ length: 8 }, (_unused, i) => desk.connect("10.0.0.7", new FakeWire(), `10.0.0.${60 + (i % 4)}`));
		for (const wire of slow) if (!wire.closed) wire.receive("GET / HTTP/1.1\r\nX: ");
		const owner = desk.connect("10.0.0.7");
		owner.receive(get("/?on"));
		const start = desk.nowMs;
		for (let i = 0; i < 40 && !status(owner); i++) {
			desk.advance(500);
			for (const wire of slow) {
				if (!wire.closed) drip(wire);
				wire.drain();
			}
		}
		expect(status(owner)).toBe(200);
		expect(desk.nowMs - start).toBeLessThanOrEqual(2500);
	});

	test("a reader that stands still gives way when others wait", () => {
		desk.pages["house.html"] = new Uint8Array(20000).fill(46);
		const readers = Array.from({ length: 4 }, (_, i) => desk.connect("10.0.0.7", new FakeWire(), `10.0.0.${60 + i}`));
		for (const wire of readers) wire.receive(get("/devices"));
		const owner = desk.connect("10.0.0.7");
		owner.receive(get("/?on"));
		desk.advance(1500);
		expect(status(owner)).toBeUndefined();
		desk.advance(1000);
		expect(status(owner)).toBe(200);
		expect(readers.filter((wire) => wire.closed)).toHaveLength(1);
	});

	test("one that takes a little now and then gives way after five seconds when others wait", () => {
		desk.pages["house.html"] = new Uint8Array(20000).fill(46);
		const readers = Array.from({ length: 4 }, (_, i) => desk.connect("10.0.0.7", new FakeWire(), `10.0.0.${60 + i}`));
		for (const wire of readers) wire.receive(get("/devices"));
		const owner = desk.connect("10.0.0.7");
		owner.receive(get("/?on"));
		for (let i = 0; i < 4; i++) {
			for (const wire of readers) wire.acknowledge(100);
			desk.advance(1000);
		}
		expect(readers.some((wire) => wire.closed)).toBe(false);
		for (const wire of readers) wire.acknowledge(100);
		desk.advance(1000);
		expect(status(owner)).toBe(200);
	});

	test("idle connections are freed after ten seconds", () => {
		const idle = Array.from({ length: KEPT }, () => desk.connect());
		desk.advance(SLOW_MS - 500);
		expect(idle.every((wire) => !wire.closed)).toBe(true);
		desk.advance(500);
		expect(idle.every((wire) => wire.closed)).toBe(true);
		expect(desk.web.snapshot()).toMatchObject({ connections: 0, timedOut: KEPT });
	});

	test("a request sent byte by byte has ten seconds in all", () => {
		const wire = desk.connect();
		for (let i = 0; i < 30 && !wire.closed; i++) {
			wire.receive("G");
			desk.advance(500);
		}
		expect(wire.closed).toBe(true);
		expect(desk.nowMs).toBe(1000 + SLOW_MS);
	});

	test("a peer that stops reading is closed ten seconds after its last acknowledgement", () => {
		desk.pages["setup.html"] = new Uint8Array(20000).fill(46);
		const wire = desk.connect();
		wire.receive(get("/").replace("Host", "Accept: text/html\r\nHost"));
		desk.advance(9000);
		wire.acknowledge();
		desk.advance(9000);
		expect(wire.closed).toBe(false);
		desk.advance(1500);
		expect(wire.closed).toBe(true);
		expect(desk.web.snapshot()).toMatchObject({ timedOut: 1, connections: 0 });
	});

	test("one body is in memory at a time on each side; who comes second waits", () => {
		const first = desk.connect();
		first.receive(put(100));
		const second = desk.connect();
		second.receive(put(2));
		second.receive("{}");
		expect(status(second)).toBeUndefined();
		const lan = desk.connect("10.0.0.7");
		lan.receive('POST /api/send HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 33\r\n\r\n{"mac":"a0b1c2d3e4f0","msg":"on"}');
		expect(desk.commands).toHaveLength(1);
		first.receive("x".repeat(100));
		desk.turn();
		expect([status(first), status(second)]).toEqual([200, 200]);
		expect(desk.written).toEqual(["x".repeat(100), "{}"]);
	});

	test.each([
		["stalls", 0, 1000],
		["drips in", 1, 2000],
	])("a body that %s frees its place for the next one", (_, bytes, withinMs) => {
		const first = desk.connect();
		first.receive(put(1000));
		const second = desk.connect();
		second.receive(`${put(2)}{}`);
		for (let i = 0; i < withinMs / 500; i++) {
			expect(status(second)).toBeUndefined();
			if (bytes) first.receive("x");
			desk.advance(500);
		}
		expect([status(first), status(second)]).toEqual([503, 200]);
		expect(desk.written).toEqual(["{}"]);
	});

	test("a body that never comes gives its place back", () => {
		desk.connect().receive(put(100));
		desk.advance(SLOW_MS);
		const next = desk.connect();
		next.receive(`${put(2)}{}`);
		expect(status(next)).toBe(200);
		const gone = desk.connect();
		gone.receive(put(100));
		gone.finish();
		const last = desk.connect();
		last.receive(`${put(2)}{}`);
		expect(status(last)).toBe(200);
	});

	test("an answer that waits for the radio has its own deadline, and what comes after it is dropped", async () => {
		let resolve: (outcome: { ok: true; reply: string; rssi: number; ms: number }) => void = () => {};
		desk.ask = () => new Promise((settleLater) => (resolve = settleLater));
		const wire = desk.connect();
		desk.advance(SLOW_MS - 500);
		wire.receive(get("/?mac=a0b1c2d3e4f4&msg=on"));
		desk.advance(ANSWER_MS - 500);
		expect(wire.sent.length).toBe(0);
		desk.advance(500);
		expect(parseResponse(wire.sent)?.body).toBe("Fail (timeout)");
		resolve({ ok: true, reply: "OK ON", rssi: 0, ms: 1 });
		await settle();
		wire.drain();
		expect(wire.sent.toString()).not.toContain("OK ON");
		expect(desk.web.snapshot()).toMatchObject({ connections: 0, faults: 0 });
	});
});

describe("a connection", () => {
	test("writes no more than fits and streams the rest as the peer takes it", () => {
		const body = new Uint8Array(30000).map((_, index) => 32 + (index % 90));
		desk.pages["setup.html"] = body;
		for (const room of [1, 100, 255, 1460, 5744]) {
			const wire = desk.connect("192.168.9.1", new FakeWire(room));
			wire.receive(get("/").replace("Host", "Accept: text/html\r\nHost"));
			expect(wire.largest).toBeLessThanOrEqual(room);
			wire.drain();
			expect(wire.sent.subarray(-30000).equals(body)).toBe(true);
			expect(wire.closed).toBe(true);
		}
	});

	test("asks the socket for bytes only when there are some", () => {
		const wire = desk.connect();
		wire.callback?.(2, 0);
		wire.receive(get("/?on"));
		wire.callback?.(2, 0);
		expect(status(wire)).toBe(200);
		expect(desk.web.snapshot()).toMatchObject({ faults: 0 });
	});

	test("is closed when the peer has the answer, not before", () => {
		const wire = desk.connect();
		wire.receive(get("/api/status"));
		expect(wire.closed).toBe(false);
		wire.acknowledge();
		expect(wire.closed).toBe(true);
	});

	test("that its peer has left is closed at once, and a late answer goes nowhere", async () => {
		const wire = desk.connect();
		wire.receive(get("/?mac=a0b1c2d3e4f4&msg=on"));
		wire.finish();
		expect(wire.closed).toBe(true);
		await settle();
		expect(wire.sent.length).toBe(0);
		expect(desk.web.snapshot()).toMatchObject({ connections: 0, abandoned: 1, faults: 0 });
	});

	test("answers a peer that closed its half right behind the request, when the answer is at hand", () => {
		const wire = desk.connect();
		wire.receive(get("/?on"));
		wire.finish();
		expect(parseResponse(wire.sent)?.body).toBe("OK ON 12+");
	});

	test("asks for the body when the client waits for that", () => {
		const wire = desk.connect();
		wire.receive(put(2).replace("Host", "Expect: 100-continue\r\nHost"));
		expect(wire.sent.toString()).toBe("HTTP/1.1 100 Continue\r\n\r\n");
		wire.receive("{}");
		expect(wire.sent.toString()).toContain("HTTP/1.1 200 OK");
	});

	test("survives whatever the socket throws", () => {
		const broken = new FakeWire();
		broken.write = () => {
			throw new Error("can't write all data");
		};
		desk.connect("192.168.9.1", broken).receive(get("/"));
		expect(broken.closed).toBe(true);
		const deaf = new FakeWire();
		deaf.get = () => {
			throw new Error("invalid");
		};
		desk.connect("192.168.9.1", deaf);
		expect(deaf.closed).toBe(true);
		expect(desk.web.snapshot()).toMatchObject({ connections: 0, faults: 2 });
	});

	test("a part that throws or rejects is answered 500, counted, and traced once", async () => {
		desk.snapshot = () => {
			throw new Error("no snapshot");
		};
		for (let i = 0; i < 3; i++) expect((await desk.request("GET /api/status")).status).toBe(500);
		expect(desk.web.snapshot()).toMatchObject({ faults: 3, lastFault: "Error: no snapshot" });
		expect(desk.traces).toHaveLength(1);
	});

	test("a program is told of a fault, and of an answer that is late, in JSON", async () => {
		desk.snapshot = () => {
			throw new Error("no snapshot");
		};
		expect(JSON.parse((await desk.request("GET /api/status")).body)).toEqual({ error: expect.any(String) });
		desk.ask = () => new Promise(() => {});
		const wire = desk.connect();
		const body = JSON.stringify({ mac: "a0b1c2d3e4f4", msg: "on" });
		wire.receive(
			`POST /api/send HTTP/1.1\r\nHost: 192.168.9.1\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
		);
		desk.advance(ANSWER_MS);
		expect(JSON.parse(parseResponse(wire.sent)?.body ?? "")).toEqual({ ok: false, reason: "timeout" });
	});

	test("nothing is left of 10,000 requests, good and bad", async () => {
		const heads = [
			get("/"),
			get("/?on"),
			get("/?mac=a0b1c2d3e4f4&msg=on"),
			`${put(2)}{}`,
			put(5000),
			put(9),
			"x\r\n",
			"GET / HT",
			get("/no"),
		];
		for (let i = 0; i < 10000; i++) {
			const wire = desk.connect(i % 3 ? "192.168.9.1" : "10.0.0.7");
			wire.receive(heads[i % heads.length] ?? "");
			if (i % 7 !== 0) await settle();
			if (i % 5 === 0) wire.finish();
			wire.drain();
			if (i % 11 === 0) desk.advance(500);
			wire.finish();
			if (!wire.closed) desk.advance(SLOW_MS);
			expect(wire.closed).toBe(true);
		}
		await settle();
		desk.advance(1000);
		expect(desk.web.snapshot()).toMatchObject({ connections: 0, faults: 0 });
		expect(desk.timers).toBe(0);
	});

	test("random bytes never do harm", async () => {
		let seed = 7;
		const random = () => {
			seed = (seed * 48271) % 2147483647;
			return seed / 2147483647;
		};
		for (let i = 0; i < 3000; i++) {
			const wire = desk.connect();
			const bytes = Buffer.from(`${get("/?on")}${put(9)}`.slice(Math.floor(random() * 40)));
			for (let k = 0; k < 6; k++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
			for (let at = 0; at < bytes.length; ) {
				const end = at + 1 + Math.floor(random() * 60);
				wire.receive(bytes.subarray(at, end));
				at = end;
			}
			await settle();
			wire.drain();
			wire.finish();
			expect(wire.closed).toBe(true);
		}
		expect(desk.web.snapshot()).toMatchObject({ connections: 0, faults: 0 });
	});
});

describe("the servers", () => {
	test("the house side moves with the station's address, and its connections go", () => {
		const old = desk.connect("10.0.0.7");
		desk.web.openLan("10.0.0.7");
		expect(old.closed).toBe(false);
		desk.web.openLan("10.0.0.9");
		expect(old.closed).toBe(true);
		expect(desk.listened).toEqual(["192.168.9.1", "10.0.0.7", "-10.0.0.7", "10.0.0.9"]);
		expect(desk.web.snapshot()).toMatchObject({ setup: "192.168.9.1", lan: "10.0.0.9" });
	});

	test("closing one side leaves the other's connections alone, and may be done twice", () => {
		const phone = desk.connect();
		const lan = desk.connect("10.0.0.7");
		desk.web.closeSetup();
		desk.web.closeSetup();
		expect([phone.closed, lan.closed]).toEqual([true, false]);
		expect(desk.web.snapshot()).toMatchObject({ setup: "", lan: "10.0.0.7", connections: 1 });
	});

	test("an address that cannot be bound is tried again until it can, or is given up", () => {
		desk.listenFails = 2;
		desk.web.openLan("10.0.0.9");
		expect(desk.web.snapshot()).toMatchObject({ lan: "", faults: 1 });
		desk.advance(11000);
		expect(desk.web.snapshot()).toMatchObject({ lan: "10.0.0.9", faults: 2 });
		desk.listenFails = 1;
		desk.web.openLan("10.0.0.11");
		desk.web.closeLan();
		desk.advance(20000);
		expect(desk.listened.at(-1)).toBe("-10.0.0.9");
		expect(desk.timers).toBe(0);
	});
});

describe("the memory that connections hold", () => {
	const CONNECTION = 1024;
	const HEAD = 2_688;

	test("is counted: alone, with a request that comes in, with its body, with what its peer has not taken, and no more", () => {
		const held: number[] = [];
		const note = () => held.push(desk.memory.web);
		const wire = desk.connect("10.0.0.7");
		note();
		wire.receive("GET / HTTP/1.1\r\n");
		note();
		wire.finish();
		note();
		const phone = desk.connect();
		phone.receive(put(1000));
		note();
		phone.finish();
		note();
		desk.snapshot = () => [{ long: "x".repeat(9_000) }];
		const reader = desk.connect();
		reader.receive(get("/api/status"));
		note();
		reader.drain();
		note();
		expect(held).toEqual([CONNECTION, CONNECTION + HEAD, 0, CONNECTION + HEAD + 2_000, 0, expect.any(Number), 0]);
		expect(held[5]).toBeGreaterThan(CONNECTION + 3_000);
		expect(held[5]).toBeLessThan(CONNECTION + 5_000);
	});

	test("when it is short a body waits for room, a long answer is 503, and one place on each side remains", () => {
		const tight = new Desk({ bytes: 20_000, webKept: 5_376, webMost: 7_000 });
		tight.snapshot = () => [{ long: "x".repeat(14_000) }];
		const reader = tight.connect();
		reader.receive(get("/api/status"));
		expect(status(reader)).toBe(503);
		reader.drain();
		const slow = tight.connect();
		slow.receive("GET / HTTP/1.1\r\nX: ");
		const lan = tight.connect("10.0.0.7");
		lan.receive(get("/?on"));
		expect(status(lan)).toBe(200);
		lan.drain();
		slow.finish();
		const writer = tight.connect();
		writer.receive(put(4000));
		writer.receive("x".repeat(1_000));
		expect(tight.memory.web).toBe(CONNECTION + HEAD);
		writer.finish();
		expect(tight.memory.web).toBe(0);
	});

	test("is all given back after a storm of connections that begin and end in any way", async () => {
		let seed = 11;
		const random = (below: number) => {
			seed = (seed * 48271) % 2147483647;
			return seed % below;
		};
		const most = 16_384;
		const tight = new Desk({ bytes: 36_864, webKept: 5_376, webMost: most });
		tight.snapshot = () => [{ long: "x".repeat(random(9_000)) }];
		const texts = [
			get("/api/status"),
			get("/?on"),
			get("/?mac=a0b1c2d3e4f4&msg=on"),
			put(2_000),
			"GET / HTTP/1.1\r\nX: ",
			"",
			`${put(2)}{}`,
		];
		let wires: FakeWire[] = [];
		let fullest = 0;
		for (let i = 0; i < 2_000; i++) {
			const wire = tight.connect(random(2) ? "10.0.0.7" : "192.168.9.1", new FakeWire(), `10.0.0.${random(6)}`);
			wires.push(wire);
			if (!wire.closed) wire.receive(texts[random(texts.length)] ?? "");
			const other = wires[random(wires.length)];
			if (other && !other.closed) [() => other.finish(), () => other.drain(), () => other.receive("x".repeat(1_000))][random(3)]?.();
			if (random(3) === 0) tight.advance(random(2) * 500);
			if (random(5) === 0) await settle();
			wires = wires.filter(({ closed }) => !closed);
			fullest = Math.max(fullest, tight.memory.web);
		}
		// Each side may have one place more than the rest allows.
		expect(fullest).toBeGreaterThan(most / 2);
		expect(fullest).toBeLessThanOrEqual(most + 2 * (CONNECTION + HEAD));
		for (const wire of wires) wire.finish();
		await settle();
		tight.advance(30_000);
		expect(tight.web.snapshot()).toMatchObject({ connections: 0, faults: 0 });
		expect(tight.memory.web).toBe(0);
	});
});
