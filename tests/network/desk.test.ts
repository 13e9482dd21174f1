import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "@jest/globals";
import { BASE, childrenOf, refused, run, start, stillRunning, text } from "./desk-process";

test("ready line, relay through the hub, jump in time, nothing left behind", async () => {
	const { child, said, ready, call, hub, kitchen } = await start("--devices", "2");
	expect(ready.boards.map(({ name, role }) => [name, role])).toEqual([
		["Hub", "hub"],
		["Kitchen", "device"],
		["Bedroom", "device"],
	]);
	expect(ready.world).toBe(`http://127.0.0.1:${BASE}`);
	expect([hub.lan, hub.ap, kitchen.lan, kitchen.ap]).toEqual([1, 101, 2, 102].map((offset) => `http://127.0.0.1:${BASE + offset}`));
	expect(await text(`${hub.lan}/?mac=${kitchen.mac}&msg=on`)).toMatch(/^OK ON \d+\+ -\d+$/);
	const { body: world } = await call("/api/world");
	expect(world.boards).toMatchObject([
		{ name: "Hub", joined: true, relay: "OFF", ap: { state: "open", ssid: `RBR-Now-${hub.mac}` } },
		{ name: "Kitchen", joined: false, relay: "ON", channel: 6 },
		{ name: "Bedroom", relay: "OFF" },
	]);
	expect(await refused(kitchen.lan)).toBe(true);
	expect(await text(`${kitchen.ap}/`)).toMatch(new RegExp(`^${kitchen.mac} S Kitchen \\d+$`));
	// The phone that asked has gone again after five seconds, and two minutes after the boot the access point closes.
	expect((await call("/api/time", { advanceMs: 155_000 })).status).toBe(200);
	expect(await refused(kitchen.ap)).toBe(true);
	expect(await text(`${hub.lan}/?mac=${kitchen.mac}&msg=off`)).toMatch(/^OK OFF 1\d\d\+/);
	// The reset button opens it again.
	await call(`/api/boards/${kitchen.mac}`, { reset: true });
	await call("/api/time", { advanceMs: 2000 });
	expect(await refused(kitchen.ap)).toBe(false);
	// One program that has loaded the app, and a copy for each board.
	const templates = childrenOf(child.pid);
	const boards = templates.flatMap(childrenOf);
	expect([templates.length, boards.length]).toEqual([1, 3]);
	child.kill("SIGINT");
	await once(child, "exit");
	expect(child.exitCode).toBe(0);
	expect(said.out.trim().split("\n")).toHaveLength(1);
	expect(await stillRunning([...templates, ...boards])).toEqual([]);
});

test("phones, faults, frames and the air are steered; the log tells it in order", async () => {
	const { call, hub, kitchen } = await start("--devices", "1", "--plain");
	expect((await call("/api/clients", { ap: kitchen.mac, password: "00000000" })).body).toEqual({ joined: true, address: "192.168.9.2" });
	expect((await call("/api/clients", { ap: kitchen.mac, password: "wrong-one" })).body).toMatchObject({ joined: false });
	expect(
		(await call("/api/frame", { to: kitchen.mac, from: "020000000001", hex: Buffer.from("ping").toString("hex") })).body,
	).toMatchObject({
		outcome: "acked",
	});
	expect((await call("/api/air", { loss: 0.1 })).body).toEqual({ loss: 0.1, duplicate: 0, leak: 0 });
	expect((await call("/api/link", { a: hub.mac, b: kitchen.mac, rssi: -85 })).status).toBe(200);
	expect((await call("/api/faults", { board: kitchen.mac, kind: "mute", count: 1 })).body).toMatchObject({ kind: "mute", count: 1 });
	expect((await call("/api/router", { channel: 11, announce: true })).body).toMatchObject({ channel: 11 });
	await call("/api/time", { advanceMs: 1000 });
	const { body: log } = await call("/api/log?since=0");
	expect(log.events.map(({ seq }) => seq)).toEqual(Array.from({ length: log.next }, (_, i) => i));
	expect(log.events).toEqual(
		expect.arrayContaining([
			expect.objectContaining({ event: "frame", to: kitchen.mac, text: "ping", outcome: "acked", bytes: 4 }),
			expect.objectContaining({ event: "frame", from: kitchen.mac, text: "pong", outcome: "acked" }),
			expect.objectContaining({ event: "channel", board: hub.mac, from: 6, to: 11 }),
		]),
	);
	expect((await call(`/api/log?since=${log.next}`)).body).toMatchObject({ events: [] });
});

test("bad input: a status and a sentence", async () => {
	const { call, ready, kitchen } = await start("--devices", "1");
	const cases: [string, unknown, number, RegExp][] = [
		["/api/router", { channel: 14 }, 400, /"channel" must be a whole number from 1 to 13, not 14/],
		["/api/router", { chanel: 6 }, 400, /no "chanel" here/],
		["/api/router", {}, 400, /at least one of/],
		["/api/router", { announce: true }, 400, /goes with a "channel"/],
		["/api/router", "[", 400, /not JSON/],
		["/api/router", "[]", 400, /must be a JSON object/],
		["/api/air", { loss: "0.2" }, 400, /"loss" must be a number from 0 to 1, not "0.2"/],
		["/api/link", { a: kitchen.mac, b: "000000000000", rssi: 1 }, 400, /"b" must be the MAC of a board of this world/],
		["/api/link", { a: kitchen.mac, b: kitchen.mac, rssi: -5 }, 400, /two boards/],
		["/api/boards/000000000000", { power: false }, 404, /no board 000000000000/],
		[`/api/boards/${kitchen.mac}`, { power: false, reset: true }, 400, /one of/],
		["/api/clients", { ap: kitchen.mac }, 400, /"password" must be a text .*, it is missing/],
		["/api/faults", { board: kitchen.mac, kind: "magic" }, 400, /one of mute, status-lost, .*, power-cut-in-flash-write/],
		["/api/frame", { to: kitchen.mac, from: "020000000001", hex: "abc" }, 400, /hex digits/],
		["/api/time", { advanceMs: 0 }, 400, /from 1 to/],
		["/api/air", `{"loss":${" ".repeat(70_000)}0}`, 413, /at most 65536 bytes/],
		["/api/nothing", {}, 404, /no \/api\/nothing/],
		["/api/world", {}, 405, /knows GET, not POST/],
	];
	for (const [path, body, status, sentence] of cases) {
		const answer = await call(path, body);
		expect([path, answer.status]).toEqual([path, status]);
		expect(answer.body.error).toMatch(sentence);
	}
	expect((await fetch(`${ready.world}/api/log?since=-1`)).status).toBe(400);
});

test("a port that is taken is named, and the desk ends with 1", async () => {
	const server = createServer().listen(BASE + 102, "127.0.0.1");
	await once(server, "listening");
	const { child, said } = run("--port", String(BASE));
	await once(child, "exit");
	expect(child.exitCode).toBe(1);
	expect(said.err).toBe(`Port ${BASE + 102} is in use. Choose another one with --port.\n`);
	expect(said.out).toBe("");
	server.close();
});

test("boards from the factory have their access points open and no part in a house", async () => {
	const { call, hub, kitchen } = await start("--devices", "1", "--factory");
	expect([hub.role, kitchen.role]).toEqual(["device", "device"]);
	expect((await call("/api/world")).body.boards).toMatchObject([
		{ joined: false, relay: null, ap: { state: "open" } },
		{ joined: false, relay: null, ap: { state: "open" } },
	]);
	expect(await refused(hub.lan)).toBe(true);
	expect(await text(`${hub.ap}/`)).toMatch(new RegExp(`^${hub.mac} S \\(none\\) \\d+$`));
});

test("people get a table and a sentence that it is ready", async () => {
	const { child, said } = run("--port", String(BASE), "--devices", "1");
	while (!said.out.includes("Ready.") && child.exitCode === null) await once(child.stdout, "data");
	expect(said.out).toMatch(/Hub +hub +34b4720a1000 +http:/);
	expect(said.out).toMatch(/Kitchen +device +34b4720a1004 +http:/);
	expect(said.err).toBe("");
});

test("the desk's network is sealed unless it is to be plain, and a browser gets a page that is told live what happens", async () => {
	const { ready, call, hub, kitchen } = await start("--devices", "1");
	const page = await fetch(ready.world, { headers: { accept: "text/html" } });
	expect([page.headers.get("content-type"), await page.text()]).toEqual(["text/html; charset=utf-8", expect.stringContaining("<svg")]);
	const stream = await fetch(`${ready.world}/api/log`, { headers: { accept: "text/event-stream" } });
	const reader = stream.body?.getReader();
	expect(await text(`${hub.lan}/?mac=${kitchen.mac}&msg=on`)).toMatch(/^OK ON /);
	let told = "";
	while (!told.includes('"text":"OK ON')) told += Buffer.from((await reader?.read())?.value ?? []).toString();
	await reader?.cancel();
	expect(told).toMatch(/^\n+data: \[/);
	expect(told).toContain('"sealed":{"version":1,"kind":"request"');
	const { body } = await call("/api/log?since=0");
	expect(body.events.filter(({ event, ...fields }) => event === "frame" && "text" in fields)).toEqual([]);
	expect((await call("/api/links")).body).toMatchObject({
		links: expect.arrayContaining([{ a: kitchen.mac, b: hub.mac, rssi: expect.any(Number) }]),
	});
});
