import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import type { BoardEvent } from "../../sim/world/protocol";
import { ask, events, network, world } from "./network";

/** The queue of messages to the engine: docs/hardware.md has the sum of all that may wait in it. */

const folder = mkdtempSync(join(tmpdir(), "message-queue-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Two listeners; what comes is sent back, and a promise's job is asked for. */
const MAIN = `
import { Socket, Listener } from "socket";
import { WiFiDriver } from "wifi-roles/driver";
import { Radio } from "espnow/radio";
const say = (line) => trace(line + "\\n");
const kept = [];
for (const port of [80, 81]) {
	const listener = new Listener({ port });
	kept.push(listener);
	listener.callback = () => {
		const socket = new Socket({ listener });
		kept.push(socket);
		say("taken on " + port);
		socket.callback = (message) => {
			if (message !== 2) return;
			socket.write(socket.read(String));
			Promise.resolve().then(() => say("job"));
		};
	};
}
const wifi = new WiFiDriver({ country: "01", hostName: "rbr-board", onEvent() { say("wifi"); } });
wifi.setMode(1);
wifi.start();
kept.push(wifi, new Radio({ onActivity() { say("radio"); } }));
`;

/** A board with this script, switched on. */
function board() {
	const shipped = JSON.parse(readFileSync("build/virtual/app.json", "utf8"));
	const modules: Record<string, string> = { ...shipped.modules, main: join(folder, "main.js") };
	writeFileSync(join(folder, "main.js"), MAIN);
	const path = join(folder, "app.json");
	writeFileSync(path, JSON.stringify({ ...shipped, modules, resources: {}, preload: [] }));
	const made = world([{ name: "Board" }], { app: path }).boot();
	made.advance(500);
	const said = (word: string) => made.log.since(0).filter(({ event, line }) => event === "trace" && `${line}`.startsWith(word)).length;
	return { made, said };
}

describe("what comes while the engine is busy", () => {
	test("eight connections, two of which end, two that come instead, the radio, Wi-Fi and promises: each finds a place", () => {
		const { made, said } = board();
		const got = new Map<number, string>();
		const open = (port: number) => {
			const connection = made.tcp.create({ onData: (bytes) => got.set(connection.id, bytes.toString()) });
			connection.connect({ board: made.board("Board"), local: "192.168.9.1", port, remote: "192.168.9.2", up: () => true });
			made.advance(50);
			return connection;
		};
		const open8 = Array.from({ length: 8 }, (_, i) => open(80 + (i % 2)));
		expect(said("taken")).toBe(8);
		const [radio, wifi] = [said("radio"), said("wifi")];
		const hex = Buffer.from("hello").toString("hex");
		const come = (conn: number, port: number): BoardEvent => ({
			type: "tcp-open",
			conn,
			port,
			local: "192.168.9.1",
			remote: "192.168.9.2",
		});
		made.board("Board").post({
			type: "busy",
			events: [
				...open8.slice(0, 6).map(({ id }): BoardEvent => ({ type: "tcp-data", conn: id, hex })),
				...open8.slice(6).map(({ id }): BoardEvent => ({ type: "tcp-reset", conn: id })),
				come(901, 80),
				come(902, 81),
				{ type: "rx", from: "102030405060", to: made.board("Board").mac, rssi: -50, hex },
				{ type: "fault", kind: "event-storm", count: 1 },
			],
		});
		made.advance(1_000);
		expect(open8.slice(0, 6).map(({ id }) => got.get(id))).toEqual(Array(6).fill("hello"));
		expect(said("taken")).toBe(10);
		expect(said("job")).toBe(6);
		expect([said("radio") > radio, said("wifi") > wifi]).toEqual([true, true]);
	});
});

describe("a connection whose message is lost all the same", () => {
	test("is closed in the time that any request has, and nobody else is kept from anything", () => {
		const made = network(["Kitchen"]);
		let ended = "";
		const connection = made.connect(made.board("Hub"), "lan", {
			onClose: (ending) => {
				ended = ending;
			},
		});
		made.advance(100);
		made.fault("Hub", "queue-full-sockets", 1);
		connection.send("GET /?uptime HTTP/1.1\r\nHost: board\r\n\r\n");
		made.advance(1_000);
		expect(ended).toBe("");
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF /);
		made.advance(15_000);
		expect(ended).not.toBe("");
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF /);
		expect(events(made, "restart", "Hub")).toEqual([]);
	});
});
