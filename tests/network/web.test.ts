import { describe, expect, test } from "@jest/globals";
import type { Ending, TcpConnection } from "../../sim/world/tcp";
import type { Side, World } from "../../sim/world/world";
import { events, hubSpec, macOf, network, put, settle, snapshot, world } from "./network";

/** A connection that speaks in bytes. */
class Raw {
	/** Everything the board has sent. */
	text = "";
	ended: Ending | undefined;
	readonly connection: TcpConnection;

	constructor(made: World, side: Side) {
		this.connection = made.connect(made.board("Hub"), side, {
			onData: (data) => {
				this.text += data.toString();
			},
			onClose: (ending) => {
				this.ended = ending;
			},
		});
		made.advance(20);
	}
}

/** Sends bytes as one or more segments, waits for the end of the connection and gives what came back. */
function exchange(made: World, side: Side, ...segments: (string | Buffer)[]): Raw {
	const raw = new Raw(made, side);
	for (const segment of segments) {
		raw.connection.send(segment);
		made.advance(50);
	}
	made.advanceUntil(() => raw.ended !== undefined, 20_000);
	return raw;
}

const status = (raw: Raw) => Number(raw.text.split(" ")[1]);
const webOf = (made: World, name = "Hub") => (snapshot(made, name) as unknown as { web: Record<string, unknown> }).web;
const putHead = (length: number) =>
	`PUT /api/config HTTP/1.1\r\nHost: 192.168.9.1\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;

describe("a board's HTTP", () => {
	test("bad requests are answered, every byte of the answer arrives, and no board restarts", () => {
		const made = network([]);
		expect(status(exchange(made, "ap", `GET / HTTP/1.1\r\nX: ${"a".repeat(3072)}`))).toBe(431);
		expect(status(exchange(made, "ap", `${putHead(5120)}${"[".repeat(5120)}`))).toBe(413);
		expect(status(exchange(made, "ap", `${putHead(4096)}${"[".repeat(4096)}`))).toBe(400);
		expect(status(exchange(made, "ap", `${putHead(1900)}${"[".repeat(1900)}`))).toBe(400);
		expect(status(exchange(made, "lan", Buffer.from([0xff, 0, 0xfe, 13, 10, 13, 10])))).toBe(400);
		expect(status(exchange(made, "ap", Buffer.from("GET /?\xff HTTP/1.1\r\n\r\n", "latin1")))).toBe(400);
		expect(status(exchange(made, "ap", "PUT /api/config HTTP/1.1\r\nContent-Length: x\r\n\r\n"))).toBe(400);
		expect(status(exchange(made, "ap", "PUT /api/config HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"))).toBe(411);
		expect(status(exchange(made, "ap", putHead(2), Buffer.from([0xff, 0xff])))).toBe(400);
		const refused = exchange(made, "ap", `${putHead(5120)}${"[".repeat(5120)}`);
		expect(refused.ended).toBe("closed");
		expect(refused.text).toContain('{"error":"The body exceeds 4096 bytes."}');
		expect(events(made, "restart")).toEqual([]);
		expect(webOf(made)).toMatchObject({ connections: 0, faults: 0 });
	});

	test("of eight idle connections the oldest give way with a 503, the others are freed after ten seconds, and others are served meanwhile", () => {
		const made = network([]);
		const idle = Array.from({ length: 8 }, () => {
			const raw = new Raw(made, "lan");
			made.advance(600);
			return raw;
		});
		expect(idle.map(({ text }) => text.slice(9, 12))).toEqual(["503", "503", "", "", "", "", "", ""]);
		expect(made.http("Hub", "lan", { path: "/?uptime" }).status).toBe(200);
		made.advance(11_000);
		expect(idle.map(({ ended }) => ended)).toEqual(Array(8).fill("closed"));
		expect(made.http("Hub", "lan", { path: "/?uptime" }).status).toBe(200);
		expect(events(made, "restart")).toEqual([]);
	});

	test("a request is understood however it is cut, even where a segment ends with a line", () => {
		const made = network([]);
		expect(status(exchange(made, "lan", "GET /?uptime HTTP/1.1\r\n", "Host: hub\r\n", "\r\n"))).toBe(200);
		expect(status(exchange(made, "lan", ..."GET /?uptime HTTP/1.1\r\nHost: hub\r\n\r\n"))).toBe(200);
		expect(status(exchange(made, "ap", putHead(13).slice(0, -1), "\n", '{"name":', '"H2"}'))).toBe(200);
		expect(made.http("Hub", "lan", { path: "/" }).body).toContain(" M H2 ");
	});

	test("a client that stops reading a page is freed, others are served meanwhile", () => {
		const made = network([]);
		const raw = new Raw(made, "lan");
		raw.connection.pause();
		raw.connection.send("GET / HTTP/1.1\r\nHost: hub\r\nAccept: text/html\r\n\r\n");
		made.advance(5000);
		expect(made.http("Hub", "lan", { path: "/?uptime" }).status).toBe(200);
		made.advance(50);
		expect(webOf(made)).toMatchObject({ connections: 1 });
		made.advance(6000);
		expect(webOf(made)).toMatchObject({ connections: 0, timedOut: 1 });
	});

	test("pages arrive whole, each on its side", () => {
		const made = network([]);
		const headers = { accept: "text/html" };
		const setup = made.http("Hub", "ap", { path: "/", headers });
		expect(setup).toMatchObject({ status: 200, headers: { "content-type": "text/html; charset=utf-8" } });
		expect(setup.body).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
		expect(setup.body).toContain("Setup access point");
		expect(made.http("Hub", "lan", { path: "/", headers }).body).toContain("Send a message");
	});

	test("the configuration is changed through the access point, or signed in, only; the same change twice is one flash write", () => {
		const made = network([]);
		const change = { name: "Attic" };
		expect(put(made, "Hub", "lan", "/api/config", change).status).toBe(401);
		expect(put(made, "Hub", "lan", "/api/restart", {}, "POST").status).toBe(401);
		const before = made.board("Hub").flashWrites;
		expect(put(made, "Hub", "ap", "/api/config", change).body).toBe('{"ok":true,"changed":true}');
		const once = made.board("Hub").flashWrites;
		expect(once).toBeGreaterThan(before);
		expect(put(made, "Hub", "ap", "/api/config", change).body).toBe('{"ok":true,"changed":false}');
		expect(made.board("Hub").flashWrites).toBe(once);
		const wrong = put(made, "Hub", "ap", "/api/config", { router: { ssid: 5 } });
		expect([wrong.status, JSON.parse(wrong.body)]).toEqual([400, expect.objectContaining({ path: "router.ssid" })]);
		expect(made.http("Hub", "ap", { path: "/api/config" }).body).not.toMatch(/"password":"(?!\*{8}")[^"]/);
	});

	test("a restart is answered first", () => {
		const made = network([]);
		const answer = made.http("Hub", "ap", { method: "POST", path: "/api/restart" });
		expect(answer).toMatchObject({ status: 200, body: '{"ok":true}' });
		expect(made.advanceUntil(() => events(made, "restart").length === 1, 600)).toBe(true);
		settle(made);
		expect(made.http("Hub", "ap", { path: "/api/status" }).status).toBe(200);
	});

	test("/api/send gives reply, signal and time, or the reason", () => {
		const made = network(["Kitchen"]);
		const send = (mac: string, msg: string) => JSON.parse(put(made, "Hub", "lan", "/api/send", { mac, msg }, "POST").body);
		expect(send(macOf(made, "Kitchen"), "on")).toEqual({
			ok: true,
			reply: expect.stringMatching(/^OK ON \d+\+ -\d+$/),
			rssi: expect.any(Number),
			ms: expect.any(Number),
		});
		expect(send("34b4720afff0", "on")).toEqual({ ok: false, reason: "no result" });
		expect(send("nobody", "on")).toMatchObject({ path: "mac" });
	});

	test("a hub with a wrong router password has its setup page and says why", () => {
		const made = world([hubSpec({ router: { ssid: "House", password: "not the one" } })]).boot();
		expect(made.advanceUntil(() => made.reachable(made.board("Hub"), "ap"), 20_000)).toBe(true);
		const { router } = JSON.parse(made.http("Hub", "ap", { path: "/api/status" }).body);
		expect(router).toMatchObject({ joined: false, reason: expect.stringContaining("password") });
	});

	test("requests leave nothing behind in the engine's heap", () => {
		const made = network(["Kitchen"]);
		const round = () => {
			for (let i = 0; i < 40; i++) {
				made.http("Hub", "lan", { path: `/?mac=${macOf(made, "Kitchen")}&msg=uptime` });
				made.http("Hub", "lan", { path: "/api/status" });
				made.http("Hub", "lan", { path: "/", headers: { accept: "text/html" } });
				exchange(made, "lan", "nonsense\r\n\r\n");
			}
			made.advance(2000);
			return made.board("Hub").collect();
		};
		round();
		const before = round();
		const after = round();
		expect(after.slots - before.slots).toBeLessThan(before.slots / 100);
		expect(after.chunks - before.chunks).toBeLessThan(1024);
	});
});
