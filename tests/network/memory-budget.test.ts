import { existsSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { boardMac } from "../../sim/world/mac";
import type { TcpConnection } from "../../sim/world/tcp";
import type { World } from "../../sim/world/world";
import { askAll, muteNetwork } from "./mute-network";
import { ask, events, macOf } from "./network";

const machine = "chip";
const SLOT_BYTES = 16;
/** With the chip's words, where 32-bit programs run: `make test` builds it. */
const M32 = "build/board-m32/board";
const words = process.env.BOARD === undefined && existsSync(M32) ? { program: M32 } : {};

describe("every part of the hub full at once", () => {
	/** A client of the house, each with an address of its own. */
	function client(made: World, from: number): TcpConnection {
		const connection = made.tcp.create({});
		const { mac } = made.board("Hub");
		const board = made.board("Hub");
		const local = made.routers.addressOf(mac) ?? "";
		connection.connect({ board, local, port: 80, remote: made.router.addressIn(from), up: () => made.routers.reaches(mac) });
		return connection;
	}

	/** Pages and statuses that nobody takes, bodies that stall, heads that are not complete: on both sides, as many as there are places, and more. */
	function clients(made: World): TcpConnection[] {
		const head = (line: string, more = "") => `${line} HTTP/1.1\r\nHost: 192.168.1.50\r\n${more}`;
		const status = `${head("GET /api/status")}\r\n`;
		const body = (line: string) =>
			`${head(line, `Content-Type: application/json\r\nContent-Length: 4096\r\nX: ${"x".repeat(1_800)}\r\n`)}\r\n${"[".repeat(4_000)}`;
		const half = head("GET /?uptime", `X-Filler: ${"x".repeat(1_900)}`);
		const open: TcpConnection[] = [];
		const begin = (connection: TcpConnection, text: string, takes = false) => {
			connection.send(text);
			if (!takes) connection.pause();
			open.push(connection);
		};
		for (const text of [status, body("PUT /api/config"), half]) begin(made.connect(made.board("Hub"), "ap", {}), text);
		for (const [i, text] of [status, status, status, body("POST /api/send"), half, half, status, half].entries())
			begin(client(made, 20 + i), text);
		return open;
	}

	test.each([
		["long", 240],
		["short", 6],
	])("requests with %s texts, strangers, uploads, pages, bodies: it goes on, three times over", (_, length) => {
		const times = 3;
		const { made, macs } = muteNetwork("x".repeat(length), { machine, ...words, hub: { setupAP: { minutes: 10 } } });
		for (let n = 0; n < times; n++) {
			for (let part = 0; part < 10; part++)
				expect(made.http("Hub", "ap", { path: `/?part:${part},text:${"7b".repeat(190)}` }).body).toBe(`${part} 190`);
			askAll(made, macs.slice(0, 32));
			const open = clients(made);
			for (let i = 0; i < 300; i++) {
				const inner = i % 3 === 0 ? `!${macs[i % macs.length]},${"y".repeat(200)}${i}` : `environ-6-${"x".repeat(180)}${i}`;
				made.sendFrame({ from: boardMac(500 + (i % 100)), to: macOf(made, "Hub"), payload: Buffer.from(inner) }, () => {});
				if (i % 4 === 3) made.advance(8);
			}
			expect(events(made, "restart")).toEqual([]);
			// It is really full, garbage apart.
			const { slots, chunks } = made.board("Hub").collect();
			if (n === 0) expect(slots * SLOT_BYTES + chunks).toBeGreaterThan(64_000);
			made.advance(15_000);
			for (const connection of open) connection.close();
			made.advance(2_000);
		}
		expect(events(made, "restart")).toEqual([]);
		expect(made.http("Hub", "lan", { path: "/api/status" }).status).toBe(200);
		made.fault("Room 0", "mute", 0);
		expect(ask(made, "Room 0", "uptime")).toMatch(/^OK/);
	});
});
