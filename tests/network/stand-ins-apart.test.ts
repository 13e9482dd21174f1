import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import type { Ending } from "../../sim/world/tcp";
import { world } from "./network";

/** What the stand-ins have not, or have otherwise than the SDK's modules, and what their sockets keep of lwIP: sim/shim/README.md lists it. */

const folder = mkdtempSync(join(tmpdir(), "stand-ins-apart-"));
afterAll(() => rmSync(folder, { recursive: true }));

const PRELUDE = `import Timer from "timer";
import Time from "time";
import Resource from "Resource";
import { Socket, Listener } from "socket";
import * as http from "http";
const say = (...values) => trace(values.join(" ") + "\\n");
const failure = (act) => { try { act(); return "none"; } catch (error) { return String(error); } };
`;

/** A board with the stand-ins and this script, switched on. */
function board(script: string, resources: Record<string, string> = {}) {
	const shipped = JSON.parse(readFileSync("build/virtual/app.json", "utf8"));
	const modules: Record<string, string> = { main: join(folder, "main.js") };
	for (const each of ["timer", "time", "Resource", "socket", "http"]) modules[each] = shipped.modules[each];
	writeFileSync(join(folder, "main.js"), PRELUDE + script);
	const path = join(folder, "app.json");
	writeFileSync(path, JSON.stringify({ ...shipped, modules, resources, preload: [] }));
	const made = world([{ name: "Board" }], { app: path }).boot();
	made.advance(100);
	const said = () => made.log.since(0).flatMap(({ event, line }) => (event === "trace" ? [`${line}`] : []));
	const ends: Ending[] = [];
	const connect = (port: number, address = "192.168.9.1") => {
		const connection = made.tcp.create({ onClose: (ending) => ends.push(ending) });
		connection.connect({ board: made.board("Board"), local: address, port, remote: "192.168.9.2", up: () => true });
		made.advance(50);
		return connection;
	};
	return { made, said, connect, ends };
}

describe("otherwise than the SDK's", () => {
	test("delay() lets the board's clock run ahead of the event, which a world refuses", () => {
		expect(() => board("const start = Time.ticks; Timer.delay(500); say(Time.delta(start));")).toThrow(
			/^Board: it answered for 5\d{5} µs an event of \d{4,5} µs.*"line":"500"/,
		);
	});

	test("the calendar starts at 1970 on boot and cannot be set", () => {
		expect(board("say(new Date().getUTCFullYear(), typeof Time.set);").said()).toEqual(["1970 undefined"]);
	});

	test("a resource whose file is missing is found on first use", () => {
		const { said } = board('say("up"); say(failure(() => new Resource("gone.txt")));', { "gone.txt": join(folder, "gone") });
		expect(said()).toEqual(["up", "URIError: Resource not found: gone.txt"]);
	});

	test("a socket takes connections and makes none", () => {
		const { said } = board('say(failure(() => new Socket({ host: "house", port: 80 })), typeof Socket.prototype.suspend);');
		expect(said()).toEqual(["Error: a virtual board has no outgoing connections undefined"]);
	});

	test("http has a server, no client, and words for a stranger's detach()", () => {
		const { said } = board('say("Request" in http, failure(() => new http.Server({ port: 81 }).detach({})));');
		expect(said()).toEqual(["false Error: not a connection of this server"]);
	});
});

describe("what a socket keeps of lwIP", () => {
	const TAKING = "listener.callback = () => { const socket = new Socket({ listener }); all.push(socket); taken(socket); };";
	const listening = (taken: string) => `const all = []; const listener = new Listener({ port: 80 }); const taken = ${taken}; ${TAKING}`;

	test("what does not fit the send buffer of 5,744 bytes is refused whole", () => {
		const { said, connect } = board(
			listening('(socket) => say(socket.write(), failure(() => socket.write("x".repeat(5744), "y")), socket.write())'),
		);
		connect(80);
		expect(said()).toEqual(["5744 Error: can't write all data 5744"]);
	});

	test("reading what is not there is an error", () => {
		const { said, connect } = board(listening("(socket) => say(socket.read(), failure(() => socket.read(String)))"));
		connect(80);
		expect(said()).toEqual(["0 Error: nothing to read"]);
	});

	test("a second listener on the same port and address hears nothing, without an error", () => {
		const { said, connect } = board(
			'const kept = ["first", "second"].map((name) => { const each = new Listener({ port: 80 }); each.callback = () => say(name); return each; });',
		);
		connect(80);
		expect(said()).toEqual(["first"]);
	});

	test("a listener on an address hears that address only", () => {
		const { said, connect, ends } = board(
			'const one = new Listener({ port: 80, address: "192.168.9.1" }); one.callback = () => say("heard");',
		);
		connect(80, "192.168.1.4");
		connect(80);
		expect([said(), ends]).toEqual([["heard"], ["refused"]]);
	});

	test("eight connections exist, a ninth finds nobody: its SYN falls", () => {
		const { said, connect, ends } = board(listening("(socket) => { socket.callback = () => {}; say(all.length); }"));
		for (let i = 0; i < 9; i++) connect(80);
		expect([said().at(-1), ends]).toEqual(["8", []]);
	});

	test("four connections wait for their socket, the fifth is refused", () => {
		const { connect, ends } = board("const listener = new Listener({ port: 80 }); listener.callback = () => {};");
		for (let i = 0; i < 4; i++) connect(80);
		expect(ends).toEqual([]);
		connect(80);
		expect(ends).toEqual(["refused"]);
	});

	test("a socket knows its peer's address until the connection is gone", () => {
		const { said, connect } = board(
			listening(
				'(socket) => { say(socket.get("REMOTE_IP")); socket.callback = (message) => message < 0 && say(message, socket.get("REMOTE_IP")); }',
			),
		);
		connect(80).close();
		const last = said();
		expect(last[0]).toBe("192.168.9.2");
	});
});
