import { describe, expect, test } from "@jest/globals";
import { type HttpResponse, ResponseReader } from "../../sim/world/http";
import { Random } from "../../sim/world/random";
import type { Ending, TcpConnection } from "../../sim/world/tcp";
import type { Side, World } from "../../sim/world/world";
import { ask, events, macOf, network, put, SEED, snapshot } from "./network";

/** One connection by hand: what came back on it, and how and when it ended. */
class Caller {
	readonly connection: TcpConnection;
	response: HttpResponse | undefined;
	ending: Ending | undefined;
	endedMs = Number.NaN;
	received = 0;
	#reader = new ResponseReader();

	constructor(made: World, name: string, side: Side) {
		this.connection = made.connect(made.board(name), side, {
			onData: (bytes) => {
				this.received += bytes.length;
				this.response ??= this.#reader.push(bytes);
			},
			onClose: (ending) => {
				this.ending = ending;
				this.endedMs = made.timeMs;
			},
		});
	}

	send(data: string | Buffer): this {
		this.connection.send(data);
		return this;
	}
}

const GET = "GET / HTTP/1.1\r\nHost: 192.168.1.50\r\n\r\n";
const LINE = /^34b4720a1000 M Hub \d+$/;

/** The board is as it was: it did not restart, nothing of ours went wrong, no connection is left, and it serves. */
function unharmed(made: World): void {
	made.advance(15_000);
	expect(events(made, "restart")).toEqual([]);
	expect(snapshot(made, "Hub").web).toMatchObject({ connections: 0, faults: 0, lastFault: "" });
	expect(made.http("Hub", "lan", { path: "/" }).body).toMatch(LINE);
	expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK/);
}

describe("requests that are too much", () => {
	test("a header line of 3 KB without an end: 431, and the connection is closed", () => {
		const made = network(["Kitchen"]);
		const caller = new Caller(made, "Hub", "lan").send(`GET / HTTP/1.1\r\nX-Long: ${"x".repeat(3072)}`);
		made.advance(3000);
		expect(caller.response).toMatchObject({ status: 431, body: expect.stringMatching(/2048 bytes/) });
		expect(caller.ending).toBe("closed");
		unharmed(made);
	});

	test("an address of 3 KB: 431; many headers of 3 KB in all: 431", () => {
		const made = network(["Kitchen"]);
		expect(made.http("Hub", "lan", { path: `/?${"x".repeat(3072)}` }).status).toBe(431);
		const headers = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`x-header-${i}`, "0123456789012345"]));
		expect(made.http("Hub", "lan", { path: "/", headers }).status).toBe(431);
		unharmed(made);
	});

	test("a body of 5 KB: 413, whether or not it is sent", () => {
		const made = network(["Kitchen"]);
		const body = JSON.stringify({ name: "x".repeat(5000) });
		for (const side of ["ap", "lan"] as const)
			for (const [method, path] of [
				["PUT", "/api/config"],
				["POST", "/api/send"],
			] as const)
				expect(made.http("Hub", side, { method, path, headers: { "content-type": "application/json" }, body }).status).toBe(413);
		const announced = new Caller(made, "Hub", "ap").send(
			"PUT /api/config HTTP/1.1\r\nHost: 192.168.9.1\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n",
		);
		made.advance(3000);
		expect(announced.response?.status).toBe(413);
		expect(made.board("Hub").flashWrites).toBe(1);
		unharmed(made);
	});

	test("4 KB of opening brackets: 400, on every address that takes a body", () => {
		const made = network(["Kitchen"]);
		const request = { headers: { "content-type": "application/json" }, body: "[".repeat(4096) };
		expect(made.http("Hub", "ap", { method: "PUT", path: "/api/config", ...request }).status).toBe(400);
		expect(made.http("Hub", "lan", { method: "POST", path: "/api/send", ...request }).status).toBe(400);
		expect(made.http("Hub", "lan", { method: "POST", path: "/api/send", ...request, body: '{"a":'.repeat(600) }).status).toBe(400);
		unharmed(made);
	});

	test("a length that is none, two lengths, chunks: refused", () => {
		const made = network(["Kitchen"]);
		const status = (headers: string) => {
			const caller = new Caller(made, "Hub", "lan").send(`POST /api/send HTTP/1.1\r\nHost: 192.168.1.50\r\n${headers}\r\n\r\n`);
			made.advance(2500);
			return caller.response?.status;
		};
		expect(status("Content-Length: -1")).toBe(400);
		expect(status("Content-Length: 99999999999999999999")).toBe(400);
		expect(status("Content-Length: 5\r\nContent-Length: 6")).toBe(400);
		expect(status("Transfer-Encoding: chunked")).toBe(411);
		unharmed(made);
	});
});

describe("connections that are too many or too slow", () => {
	test("idle connections keep nobody out, and are closed after 10 s, then all is as before", () => {
		for (const side of ["lan", "ap"] as const) {
			const made = network(["Kitchen"]);
			const callers = Array.from({ length: 6 }, () => new Caller(made, "Hub", side));
			made.advance(1000);
			const startMs = made.timeMs - 1000;
			for (let i = 0; i < 4; i++) expect(made.http("Hub", side, { path: "/" }, 500).body).toMatch(LINE);
			made.advance(12_000);
			for (const { ending, endedMs } of callers.slice(1)) {
				expect(ending).toBe("closed");
				expect(endedMs - startMs).toBeGreaterThanOrEqual(9900);
				expect(endedMs - startMs).toBeLessThan(11_500);
			}
			unharmed(made);
		}
	});

	test("six polls at once are all answered, one after another", () => {
		const made = network(["Kitchen"]);
		const polls = Array.from({ length: 6 }, (_, i) =>
			made.request("Hub", "lan", { path: i % 2 ? "/api/status" : `/?mac=${macOf(made, "Kitchen")}&msg=uptime` }),
		);
		made.advance(2000);
		expect(polls.map(({ response, error }) => response?.status ?? error)).toEqual(Array(6).fill(200));
		unharmed(made);
	});

	test("twenty at once: each is answered, with what it asked for or 503, none is reset", () => {
		const made = network(["Kitchen"]);
		const callers = Array.from({ length: 20 }, () => new Caller(made, "Hub", "lan").send(GET));
		made.advance(20_000);
		const statuses = callers.map(({ response, ending }) => response?.status ?? ending);
		expect(statuses.every((status) => status === 200 || status === 503)).toBe(true);
		expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(6);
		unharmed(made);
	});

	test("eight slow ones, however they are slow, keep another caller waiting for seconds, and the setup side not at all", () => {
		const made = network(["Kitchen"]);
		const head = "POST /api/send HTTP/1.1\r\nHost: 192.168.1.50\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n";
		for (let round = 0; round < 3; round++) {
			const slow = Array.from({ length: 8 }, (_, i) => new Caller(made, "Hub", "lan").send(i % 2 ? head : "GET / HTTP/1.1\r\nX: "));
			made.advance(100);
			expect(made.http("Hub", "ap", { path: "/" }, 500).body).toMatch(LINE);
			const startMs = made.timeMs;
			for (let served = false; !served; ) {
				served = made.http("Hub", "lan", { path: "/" }, 11_000).status === 200;
				made.advance(500);
				for (const each of slow) if (each.ending === undefined) each.send("x");
			}
			expect(made.timeMs - startMs).toBeLessThan(6000);
			for (const each of slow) each.connection.close();
			made.advance(1000);
		}
		unharmed(made);
	});

	test("a head that drips in is cut off 10 s after the connection began", () => {
		const made = network(["Kitchen"]);
		const startMs = made.timeMs;
		const caller = new Caller(made, "Hub", "lan");
		for (let i = 0; i < 30 && caller.ending === undefined; i++) {
			caller.send("x");
			made.advance(500);
		}
		expect(caller.ending).toBe("closed");
		expect(caller.endedMs - startMs).toBeLessThan(11_500);
		unharmed(made);
	});

	test("one body at a time: a second one waits, and the first, if it never comes, gives way after a second", () => {
		const made = network(["Kitchen"]);
		const head = "PUT /api/config HTTP/1.1\r\nHost: 192.168.9.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n";
		const first = new Caller(made, "Hub", "ap").send(`${head}{"name":`);
		made.advance(100);
		const startMs = made.timeMs;
		expect(put(made, "Hub", "ap", "/api/config", { name: "Second" }).status).toBe(200);
		expect(made.timeMs - startMs).toBeLessThan(1600);
		made.advance(2000);
		expect([first.response?.status, first.ending]).toEqual([503, "closed"]);
		expect(put(made, "Hub", "ap", "/api/config", { name: "Hub" }).status).toBe(200);
		unharmed(made);
	});

	test("a reader that stands still is cut off after 10 s; others are served meanwhile", () => {
		const made = network(["Kitchen"]);
		const slow = new Caller(made, "Hub", "lan");
		slow.connection.pause();
		slow.send("GET / HTTP/1.1\r\nHost: 192.168.1.50\r\nAccept: text/html\r\n\r\n");
		made.advance(1000);
		expect(snapshot(made, "Hub").web.connections).toBe(1);
		for (let i = 0; i < 8; i++) {
			expect(made.http("Hub", "lan", { path: "/" }, 500).body).toMatch(LINE);
			expect(ask(made, "Kitchen", "uptime", { timeoutMs: 500 })).toMatch(/^OK/);
			made.advance(1000);
		}
		made.advance(3000);
		expect(snapshot(made, "Hub").web).toMatchObject({ connections: 0, timedOut: 1 });
		unharmed(made);
	});

	test("a slow reader that goes on reading gets the whole page", () => {
		const made = network(["Kitchen"]);
		const whole = made.http("Hub", "lan", { path: "/", headers: { accept: "text/html" } }).body;
		const slow = new Caller(made, "Hub", "lan").send("GET / HTTP/1.1\r\nHost: 192.168.1.50\r\nAccept: text/html\r\n\r\n");
		slow.connection.pause();
		for (let i = 0; i < 20 && !slow.response; i++) {
			made.advance(9000);
			slow.connection.resume();
			made.advance(3);
			slow.connection.pause();
		}
		expect(slow.response?.body).toBe(whole);
		unharmed(made);
	});

	test("a request that waits for the radio holds up nobody else", () => {
		const made = network(["Kitchen", "Bedroom"]);
		made.fault("Kitchen", "mute");
		const waiting = made.request("Hub", "lan", { path: `/?mac=${macOf(made, "Kitchen")}&msg=uptime` });
		made.advance(100);
		for (let i = 0; i < 9; i++) {
			expect(made.http("Hub", "lan", { path: "/" }, 200).body).toMatch(LINE);
			expect(ask(made, "Bedroom", "uptime", { timeoutMs: 200 })).toMatch(/^OK/);
			expect(waiting.done).toBe(false);
			made.advance(1000);
		}
		made.advance(2000);
		expect(waiting.response?.body).toBe("Fail (no reply)");
	});
});

describe("requests in pieces", () => {
	const body = JSON.stringify({ mac: "34b4720a1004", msg: "uptime" });
	const post = `POST /api/send HTTP/1.1\r\nHost: 192.168.1.50\r\nAccept: */*\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

	test("cut in two at any byte, line ends included, a request is served", () => {
		const made = network(["Kitchen"]);
		for (let at = 1; at < post.length; at++) {
			const caller = new Caller(made, "Hub", "lan").send(post.slice(0, at));
			made.advance(5);
			caller.send(post.slice(at));
			made.advanceUntil(() => caller.response !== undefined, 1000);
			expect([at, caller.response?.body]).toEqual([
				at,
				expect.stringMatching(/^\{"ok":true,"reply":"OK OFF \d+\+ -\d+","rssi":-\d+,"ms":\d+\}$/),
			]);
			made.advance(10);
		}
		unharmed(made);
	});

	test("byte by byte, and line by line", () => {
		const made = network(["Kitchen"]);
		for (const pieces of [post.split(""), post.split(/(?<=\n)/)]) {
			const caller = new Caller(made, "Hub", "lan");
			for (const piece of pieces) {
				caller.send(piece);
				made.advance(3);
			}
			made.advance(200);
			expect(caller.response?.status).toBe(200);
		}
		unharmed(made);
	});

	test("line feeds alone, an empty line before, a second request behind: the first one is served", () => {
		const made = network(["Kitchen"]);
		for (const request of [GET.replaceAll("\r\n", "\n"), `\r\n${GET}`, `${GET}${GET}`, GET.replace("1.1", "1.0")]) {
			const caller = new Caller(made, "Hub", "lan").send(request);
			made.advance(2500);
			expect(caller.response?.body).toMatch(LINE);
			expect(caller.ending).toBe("closed");
		}
		unharmed(made);
	});

	test("a caller who closes its side after asking still gets what is there at once", () => {
		const made = network(["Kitchen"]);
		const caller = new Caller(made, "Hub", "lan").send(GET);
		caller.connection.end();
		made.advance(2000);
		expect(caller.response?.body).toMatch(LINE);
		unharmed(made);
	});
});

describe("whatever comes in", () => {
	test("200 connections of garbage, ended in every way: nothing restarts, nothing leaks, the board serves", () => {
		const made = network(["Kitchen"]);
		const random = new Random(SEED, "garbage");
		const starts = [
			"",
			"GET / HTTP/1.1\r\n",
			"PUT /api/config HTTP/1.1\r\n",
			"POST /api/send HTTP/1.1\r\nContent-Length: 20\r\n\r\n",
			GET.slice(0, 20),
		];
		const burst = (count: number) => {
			for (let i = 0; i < count; i++) {
				const side = random.below(2) ? "lan" : "ap";
				const caller = new Caller(made, "Hub", side);
				const junk = Buffer.from(Array.from({ length: random.below(3000) }, () => (random.below(10) === 0 ? 10 : random.below(256))));
				caller.send(starts[random.below(starts.length)] ?? "").send(junk);
				made.advance(random.below(60));
				const how = random.below(4);
				if (how === 0) caller.connection.close();
				else if (how === 1) caller.connection.end();
				else if (how === 2) caller.connection.pause();
				if (i % 10 === 0) expect(ask(made, "Kitchen", "uptime", { side: "ap", board: "Kitchen" })).toMatch(/^OK/);
			}
			made.advance(15_000);
		};
		burst(40);
		const before = made.board("Hub").collect();
		burst(160);
		const after = made.board("Hub").collect();
		// Not one slot for each of them.
		expect(after.slots - before.slots).toBeLessThan(100);
		expect(after.chunks - before.chunks).toBeLessThan(4096);
		unharmed(made);
	});

	test("callers who vanish in the middle of an answer, or of asking, leave nothing behind", () => {
		const made = network(["Kitchen"]);
		for (let at = 0; at < 60; at += 3) {
			const caller = new Caller(made, "Hub", "lan").send(`GET /?mac=${macOf(made, "Kitchen")}&msg=uptime HTTP/1.1\r\nHost: hub\r\n\r\n`);
			made.advance(at / 4);
			caller.connection.close();
			made.advance(50);
		}
		unharmed(made);
	});

	test("texts that are echoed are never taken for a page", () => {
		const made = network(["Kitchen"]);
		const response = made.http("Hub", "lan", { path: "/?%3Cscript%3Ealert(1)%3C/script%3E", headers: { accept: "text/html" } });
		expect(response.headers).toMatchObject({ "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" });
		expect(response.body).toBe("Unknown message: <script>alert(1)</script>");
	});
});
