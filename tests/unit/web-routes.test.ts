import { beforeEach, describe, expect, test } from "@jest/globals";
import { Desk, FakeWire } from "./web-fakes";

let desk: Desk;
beforeEach(() => {
	desk = new Desk();
});

const own = "a0b1c2d3e4f0";
const far = "a0b1c2d3e4f4";
const setupCaller = { side: "setup", mac: "", rssi: 0, signedIn: false };
const lanCaller = { ...setupCaller, side: "lan" };

describe("the original's addresses", () => {
	test("/ is one line of plain text with a name without blanks", async () => {
		desk.name = "Living room\t2";
		const answer = await desk.request("GET /", { lan: true });
		expect(answer).toMatchObject({ status: 200, body: `${own} M Living_room_2 83` });
		expect(answer.headers).toMatchObject({ "content-type": "text/plain; charset=utf-8", connection: "close" });
	});

	test("a browser gets the page of its side", async () => {
		const headers = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
		expect((await desk.request("GET /", { headers })).body).toContain("setup");
		expect((await desk.request("GET /", { headers, lan: true })).body).toContain("house");
		expect((await desk.request("GET /devices")).body).toContain("house");
	});

	test("a browser that sends a command gets plain text, never a page of what it sent", async () => {
		const answer = await desk.request("GET /?<script>alert(1)</script>", { headers: { accept: "text/html" } });
		expect(answer.body).toBe("Unknown message: <script>alert(1)</script>");
		expect(answer.headers).toMatchObject({ "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" });
	});

	test("a command runs here in the name of the side it came through", async () => {
		expect((await desk.request("GET /?on")).body).toBe("OK ON 12+");
		await desk.request("GET /?off", { lan: true });
		expect(desk.commands).toEqual([
			["on", setupCaller],
			["off", lanCaller],
		]);
	});

	test("a message for another board goes by radio and its reply comes back as it is", async () => {
		desk.known["a b"] = true;
		expect((await desk.request(`GET /?mac=${far}&msg=a%20b`, { lan: true })).body).toBe("OK ON 5+ -57");
		expect(desk.asked).toEqual([[far, "a b"]]);
		expect(desk.commands).toEqual([]);
	});

	test("a failure is told in the original's words, with 200", async () => {
		desk.ask = async () => ({ ok: false, reason: "no result", ms: 60 });
		expect(await desk.request(`GET /?mac=${far}&msg=on`)).toMatchObject({ status: 200, body: "Fail (no result)" });
		desk.ask = () => Promise.reject(new Error("radio"));
		expect(await desk.request(`GET /?mac=${far}&msg=on`)).toMatchObject({ status: 500 });
		expect(desk.web.snapshot()).toMatchObject({ faults: 1, lastFault: "Error: radio" });
	});

	test("both of the board's own MACs mean this board", async () => {
		await desk.request(`GET /?mac=${own}&msg=on`);
		await desk.request("GET /?mac=A0B1C2D3E4F1&msg=on");
		expect(desk.commands).toHaveLength(2);
		expect(desk.asked).toEqual([]);
	});

	test("a message to be passed on is asked for, not run here", async () => {
		await desk.request(`GET /?!${far},on`);
		await desk.request(`GET /?mac=${own}&msg=!${far},off`);
		// By way of ourselves, where a ring that comes back here is seen.
		expect(desk.asked).toEqual([
			[own, `!${far},on`],
			[own, `!${far},off`],
		]);
	});

	test("no msg, no mac, broken encoding: 400 and a sentence", async () => {
		for (const query of [`mac=${far}`, "mac=1&msg=on", "%zz"])
			expect(await desk.request(`GET /?${query}`)).toMatchObject({ status: 400, body: expect.stringMatching(/\.$|msg=/) });
	});

	test("a command that throws or rejects is told as such", async () => {
		desk.handle = () => {
			throw new Error("no sensor");
		};
		expect((await desk.request("GET /?temp")).body).toBe("Fail (no sensor)");
		desk.handle = () => Promise.reject(new Error("gone"));
		expect((await desk.request("GET /?temp")).body).toBe("Fail (gone)");
	});

	test("whoever restarts the board is told when its answer is out, and only then", async () => {
		const wire = desk.connect();
		wire.receive("GET /?reset HTTP/1.1\r\n\r\n");
		expect(desk.ordered).toEqual(["setup request"]);
		wire.drain();
		expect(desk.ordered).toEqual(["setup request", "reply sent"]);
	});
});

describe("/api/status and /api/config", () => {
	test("are JSON", async () => {
		const status = await desk.request("GET /api/status", { lan: true });
		expect(JSON.parse(status.body)).toEqual({ name: "Living room", role: "hub", uptimeS: 83.7, peers: [] });
		expect(status.headers["content-type"]).toBe("application/json");
		expect(JSON.parse((await desk.request("GET /api/config", { lan: true })).body)).toMatchObject({ router: { password: "********" } });
	});

	test("the length counts bytes, not characters", async () => {
		desk.name = "Küche";
		const answer = await desk.request("GET /api/status");
		expect(Number(answer.headers["content-length"])).toBe(Buffer.byteLength(answer.body));
		expect(answer.body).toContain("Küche");
	});

	test("HEAD is GET without its body; OPTIONS says what there is; other methods 405", async () => {
		const head = await desk.request("HEAD /api/status");
		expect(head).toMatchObject({ status: 200, body: "" });
		expect(Number(head.headers["content-length"])).toBeGreaterThan(10);
		expect((await desk.request("OPTIONS /api/config")).headers.allow).toBe("GET, PUT, HEAD, OPTIONS");
		const wrong = await desk.request("DELETE /api/config");
		expect(wrong).toMatchObject({ status: 405, headers: { allow: "GET, PUT, HEAD, OPTIONS" } });
		expect((await desk.request("POST /")).status).toBe(405);
		expect((await desk.request("toString /")).status).toBe(405);
	});

	test("HEAD runs no command", async () => {
		expect((await desk.request("HEAD /?on")).status).toBe(405);
		expect(desk.commands).toEqual([]);
	});

	test("nothing is anywhere else, in the form its caller reads", async () => {
		expect(await desk.request("GET /favicon.ico")).toMatchObject({ status: 404, body: "There is nothing at this address." });
		expect(JSON.parse((await desk.request("GET /api/none")).body)).toEqual({ error: "There is nothing at this address." });
		expect((await desk.request("GET /constructor")).status).toBe(404);
		expect((await desk.request("GET /__proto__")).status).toBe(404);
	});
});

describe("changing the configuration", () => {
	test("takes JSON on the setup side and says whether anything changed", async () => {
		const answer = await desk.json("PUT /api/config", { name: "Küche" });
		expect(answer).toMatchObject({ status: 200, body: '{"ok":true,"changed":true}' });
		expect(desk.written).toEqual(['{"name":"Küche"}']);
	});

	test("a wrong value is answered with its path and what is expected", async () => {
		desk.update = () => ({ ok: false, path: "router.ssid", expected: "a text of at most 32 bytes" });
		const answer = await desk.json("PUT /api/config", { router: { ssid: 1 } });
		expect(answer.status).toBe(400);
		expect(JSON.parse(answer.body)).toMatchObject({
			path: "router.ssid",
			expected: "a text of at most 32 bytes",
			error: expect.stringContaining("router.ssid"),
		});
	});

	test("a body that is not UTF-8 never reaches the configuration", async () => {
		for (const bytes of [
			[0xff, 0xfe],
			[0xc0, 0xaf],
		]) {
			const wire = desk.connect();
			wire.receive("PUT /api/config HTTP/1.1\r\nHost: 1.2.3.4\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n");
			wire.receive(Buffer.from(bytes));
			expect(wire.sent.toString()).toContain("HTTP/1.1 400");
		}
		expect(desk.written).toEqual([]);
	});

	test("a byte order mark before it is no part of it", async () => {
		expect((await desk.json("PUT /api/config", '\ufeff{"name":"Attic"}')).status).toBe(200);
		expect(desk.written).toEqual(['{"name":"Attic"}']);
		expect((await desk.json("POST /api/send", `\ufeff{"mac":"${far}","msg":"on"}`)).status).toBe(200);
		expect(desk.asked).toEqual([[far, "on"]]);
	});

	test("is refused on the house side without a house password", async () => {
		expect((await desk.json("PUT /api/config", {}, { lan: true })).status).toBe(403);
		expect((await desk.request("POST /api/restart", { lan: true })).status).toBe(403);
		expect(desk.written).toEqual([]);
		expect(desk.ordered).toEqual([]);
	});

	test("is refused to a form, to another site's page and under a foreign name", async () => {
		const form = { "content-type": "application/x-www-form-urlencoded" };
		expect((await desk.json("PUT /api/config", {}, { headers: form })).status).toBe(415);
		expect((await desk.json("PUT /api/config", {}, { headers: { origin: "http://evil.example" } })).status).toBe(403);
		expect((await desk.json("PUT /api/config", {}, { headers: { host: "evil.example" } })).status).toBe(421);
		expect((await desk.request("POST /api/restart", { headers: { origin: "null" } })).status).toBe(403);
		expect((await desk.request("POST /api/send", { body: "mac=1" })).status).toBe(415);
		expect(desk.written).toEqual([]);
		expect(desk.ordered).toEqual(Array(5).fill("setup request"));
		const ours = { origin: "http://127.0.0.1:8101", "content-type": "application/json; charset=utf-8" };
		expect((await desk.json("PUT /api/config", {}, { headers: ours })).status).toBe(200);
	});

	test("a restart is ordered before its answer goes out, which is announced", async () => {
		expect(await desk.request("POST /api/restart")).toMatchObject({ status: 200, body: '{"ok":true}' });
		expect(desk.ordered).toEqual(["setup request", "restart setup", "reply sent"]);
	});
});

describe("the setup side", () => {
	test("is for callers from its own network while it is open", async () => {
		desk.apOpen = false;
		expect((await desk.request("GET /")).status).toBe(403);
		desk.apOpen = true;
		const knocking = new FakeWire();
		knocking.remote = "10.0.0.50";
		desk.connect("192.168.9.1", knocking).receive("GET /api/config HTTP/1.1\r\n\r\n");
		expect(knocking.sent.toString()).toContain("HTTP/1.1 403");
		expect(desk.ordered).toEqual([]);
	});

	test("is kept open by its requests, not by those of the house", async () => {
		await desk.request("GET /", { lan: true });
		expect(desk.ordered).toEqual([]);
		await desk.request("GET /");
		expect(desk.ordered).toEqual(["setup request"]);
	});
});

describe("/api/send", () => {
	const send = (body: unknown) => desk.json("POST /api/send", body, { lan: true });

	test("gives reply, signal strength and time, or the reason", async () => {
		expect(JSON.parse((await send({ mac: far.toUpperCase(), msg: "on" })).body)).toEqual({
			ok: true,
			reply: "OK ON 5+ -57",
			rssi: -57,
			ms: 6,
		});
		expect(desk.asked).toEqual([[far, "on"]]);
		desk.ask = async () => ({ ok: false, reason: "no reply", ms: 10000 });
		expect(await send({ mac: far, msg: "on" })).toMatchObject({ status: 200, body: '{"ok":false,"reason":"no reply"}' });
	});

	test("reaches this board and what it passes on, too", async () => {
		expect(JSON.parse((await send({ mac: own, msg: "on" })).body)).toEqual({ ok: true, reply: "OK ON 12+", rssi: 0, ms: 0 });
		expect(desk.commands).toEqual([["on", lanCaller]]);
		await send({ mac: own, msg: `!${far},off` });
		expect(desk.asked).toEqual([[own, `!${far},off`]]);
	});

	test.each([
		["", ""],
		["{", ""],
		["[]", ""],
		[`[${"1,".repeat(800)}1]`, ""],
		[`{"mac":"${far}","msg":"on"${',"x":1'.repeat(120)}}`, ""],
		[{ mac: far, msg: "\r\n" }, "msg"],
		["null", ""],
		['"x"', ""],
		["[".repeat(1700), ""],
		[`{"mac":"${far}","msg":"${"x".repeat(2000)}"}`, ""],
		[`{"mac":"${far}","msg":"on","x":[[]]}`, ""],
		[{ msg: "on" }, "mac"],
		[{ mac: 1, msg: "on" }, "mac"],
		[{ mac: "ffffffffffff", msg: "on" }, "mac"],
		[{ mac: far }, "msg"],
		[{ mac: far, msg: "" }, "msg"],
		[{ mac: far, msg: 5 }, "msg"],
		[{ mac: far, msg: "a\0b" }, "msg"],
		[`{"mac":"${far}","msg":"half a character: \\ud800"}`, "msg"],
	])("%j is answered 400 and sends nothing", async (body, path) => {
		const answer = await send(body);
		expect(answer.status).toBe(400);
		expect(JSON.parse(answer.body)).toMatchObject({ path, expected: expect.any(String) });
		expect(desk.asked).toEqual([]);
	});
});
