import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "@jest/globals";
import { BASE, childrenOf, refused, run, start, stillRunning, text } from "./desk-process";

/** The calls of the control API, one by one, on a desk in real time. */

const json = { "content-type": "application/json" };

interface Status {
	readonly joined: boolean;
	readonly power: boolean;
	readonly bootCount: number;
	readonly flashWrites: number;
	readonly relay: string | null;
	readonly ap: { state: string };
	readonly channel: number;
	readonly clients: number;
}

test("from the factory to a house that answers, with requests only", async () => {
	const { call, hub, kitchen } = await start("--devices", "1", "--factory");
	const config = { role: "hub", name: "Hall", router: { ssid: "House", password: "house-pass" } };
	expect(await text(`${hub.ap}/api/config`, { method: "PUT", headers: json, body: JSON.stringify(config) })).toBe(
		'{"ok":true,"changed":true}',
	);
	expect(await text(`${kitchen.ap}/?environ-6-${hub.mac}`)).toBe(`OK 6-${hub.mac}`);
	expect(await text(`${hub.ap}/api/restart`, { method: "POST" })).toBe('{"ok":true}');
	expect(await text(`${kitchen.ap}/?reset`)).toBe("OK");
	expect((await call("/api/time", { advanceMs: 4000 })).status).toBe(200);
	expect(await text(`${hub.lan}/?mac=${kitchen.mac}&msg=uptime`)).toMatch(/^OK None \d+\+ -\d+$/);
	expect((await call("/api/world")).body.boards).toMatchObject([
		{ name: "Hall", role: "hub", joined: true, bootCount: 2 },
		{ role: "device", joined: false, channel: 6, bootCount: 2 },
	]);
	const { body } = await call("/api/log?since=0");
	expect(body.events.filter(({ event }) => event === "restart")).toHaveLength(2);
});

test("power, the reset button, the button and the router, and what the boards' addresses make of them", async () => {
	const { call, hub, kitchen } = await start("--devices", "1");
	const world = async () => (await call("/api/world")).body.boards as readonly Status[];
	const pass = (advanceMs: number) => call("/api/time", { advanceMs });
	const board = (mac: string, body: object) => call(`/api/boards/${mac}`, body);
	// Power.
	expect((await board(kitchen.mac, { power: false })).body).toMatchObject({ power: false });
	expect(await refused(kitchen.ap)).toBe(true);
	expect(await text(`${hub.lan}/?mac=${kitchen.mac}&msg=uptime`)).toBe("Fail (no result)");
	for (const [path, body] of [
		[`/api/boards/${kitchen.mac}`, { reset: true }],
		[`/api/boards/${kitchen.mac}`, { button: 10_000 }],
		["/api/faults", { board: kitchen.mac, kind: "mute" }],
	] as const)
		expect(await call(path, body)).toMatchObject({ status: 400, body: { error: "Kitchen is switched off." } });
	await board(kitchen.mac, { power: true });
	await pass(2000);
	expect((await world())[1]).toMatchObject({ power: true, bootCount: 2, ap: { state: "open" } });
	// The router: off, back with another password, back with the old one.
	await call("/api/router", { power: false });
	await pass(15_000);
	expect(await refused(hub.lan)).toBe(true);
	expect((await world())[0]?.joined).toBe(false);
	await call("/api/router", { power: true, password: "another-one" });
	await pass(40_000);
	expect(await refused(hub.lan)).toBe(true);
	expect(await text(`${hub.ap}/api/status`)).toContain('"reason":"wrong router password"');
	await call("/api/router", { password: "house-pass" });
	await pass(60_000);
	expect(await refused(hub.lan)).toBe(false);
	// The button: nine seconds, then ten.
	await board(kitchen.mac, { reset: true });
	await pass(2000);
	await board(kitchen.mac, { button: 9000 });
	await pass(12_000);
	expect((await world())[1]?.bootCount).toBe(3);
	await board(kitchen.mac, { button: 10_300 });
	await pass(12_000);
	expect((await world())[1]).toMatchObject({ bootCount: 4, name: "Kitchen", role: "device", relay: null });
	expect(await text(`${kitchen.ap}/`)).toMatch(new RegExp(`^${kitchen.mac} S \\(none\\) \\d+$`));
	expect(await call(`/api/boards/${hub.mac}`, { button: 500 })).toMatchObject({ status: 200 });
});

test("links, phones that stay, faults of flash: what was asked for is what happens", async () => {
	const { call, hub, kitchen } = await start("--devices", "2");
	const world = async () => (await call("/api/world")).body.boards as readonly Status[];
	await call("/api/link", { a: hub.mac, b: kitchen.mac, rssi: -85 });
	expect(await text(`${hub.lan}/?mac=${kitchen.mac}&msg=uptime`)).toMatch(/^OK OFF \d+\+ -85$/);
	await call("/api/link", { a: hub.mac, b: kitchen.mac, rssi: null });
	expect(await text(`${hub.lan}/?mac=${kitchen.mac}&msg=uptime`)).toBe("Fail (no result)");
	expect((await call("/api/clients", { ap: kitchen.mac, password: "00000000", stayMs: 60_000 })).body).toMatchObject({ joined: true });
	expect((await world())[1]?.clients).toBe(1);
	await call("/api/faults", { board: kitchen.mac, kind: "power-cut-in-flash-write", count: 1 });
	await fetch(`${kitchen.ap}/api/config`, { method: "PUT", headers: json, body: '{"name":"Cellar"}' }).catch(() => undefined);
	await call("/api/time", { advanceMs: 3000 });
	expect((await world())[1]).toMatchObject({ bootCount: 2, name: "Kitchen", clients: 0 });
});

test("what the calls do not understand: 400 and a sentence, and nothing has changed", async () => {
	const { call, ready, hub, kitchen } = await start("--devices", "1");
	const before = (await call("/api/world")).body.boards;
	const cases: [string, unknown, RegExp][] = [
		["/api/router", { channel: 0 }, /"channel" must be a whole number from 1 to 13, not 0\./],
		["/api/router", { channel: 6.5 }, /whole number/],
		["/api/router", { power: "off" }, /"power" must be true or false, not "off"\./],
		["/api/router", { password: "short" }, /"password" must be a text of 8 to 63 bytes, not "short"\./],
		["/api/router", { ssid: "" }, /"ssid" must be a text of 1 to 32 bytes/],
		["/api/router", null, /must be a JSON object/],
		["/api/air", {}, /at least one of/],
		["/api/air", { loss: 1.5 }, /from 0 to 1, not 1\.5/],
		["/api/air", { duplicate: null }, /"duplicate" must be a number/],
		["/api/link", { a: hub.mac, b: kitchen.mac }, /"rssi" must be .*it is missing/],
		["/api/link", { a: hub.mac, b: kitchen.mac, rssi: 5 }, /-127 to 0 dBm, or null/],
		["/api/link", { a: hub.mac.toUpperCase(), b: kitchen.mac, rssi: -50 }, /12 lower-case hex digits/],
		[`/api/boards/${kitchen.mac}`, {}, /one of "power", "reset" and "button"/],
		[`/api/boards/${kitchen.mac}`, { power: 1 }, /"power" must be true or false/],
		[`/api/boards/${kitchen.mac}`, { reset: false }, /"reset" must be true/],
		[`/api/boards/${kitchen.mac}`, { button: 0 }, /from 1 to 600000 ms/],
		[`/api/boards/${kitchen.mac}`, { name: "x" }, /no "name" here/],
		["/api/clients", { ap: "000000000000", password: "00000000" }, /"ap" must be the MAC of a board of this world/],
		["/api/clients", { ap: kitchen.mac, password: 0 }, /"password" must be a text/],
		["/api/faults", { board: kitchen.mac }, /"kind" must be one of mute/],
		["/api/faults", { board: kitchen.mac, kind: "mute", count: -2 }, /"count" must be a whole number from -1/],
		["/api/faults", { board: kitchen.mac, kind: "no-mem", count: -1 }, /"count" must be a whole number from 0/],
		["/api/frame", { to: "020000000001", from: "020000000002", hex: "" }, /"to" must be the MAC of a board/],
		["/api/frame", { to: kitchen.mac, from: "ffffffffffff", hex: "00" }, /"from" must be the MAC of one radio/],
		["/api/frame", { to: kitchen.mac, from: "020000000001", hex: "zz" }, /hex digits/],
		["/api/frame", { to: kitchen.mac, from: "020000000001" }, /"hex" .*it is missing/],
		["/api/time", { advanceMs: -5 }, /from 1 to/],
		["/api/time", { advanceMs: 1e12 }, /from 1 to/],
		["/api/time", "", /not JSON/],
	];
	for (const [path, body, sentence] of cases) {
		const answer = await call(path, body);
		expect([path, body, answer.status]).toEqual([path, body, 400]);
		expect(answer.body.error).toMatch(sentence);
	}
	expect(await (await fetch(`${ready.world}/api/log?since=x`)).json()).toEqual({ error: '"since" must be a number of an event, not "x".' });
	// A device notes the channel on which it met its hub, in its own time.
	const steady = (board: object) => ({ ...board, turns: 0, grants: 0, counters: 0, heapBytes: 0, flashWrites: 0 });
	expect((await call("/api/world")).body.boards.map(steady)).toEqual(before.map(steady));
});

test("the control port, too, is named when it is taken", async () => {
	const server = createServer().listen(BASE, "127.0.0.1");
	await once(server, "listening");
	const { child, said } = run("--json", "--port", String(BASE));
	await once(child, "exit");
	expect([child.exitCode, said.out]).toEqual([1, ""]);
	expect(said.err).toBe(`Port ${BASE} is in use. Choose another one with --port.\n`);
	server.close();
});

test("a desk that is killed leaves no board behind either", async () => {
	const { child } = await start("--devices", "1");
	const templates = childrenOf(child.pid);
	const boards = templates.flatMap(childrenOf);
	expect([templates.length, boards.length]).toEqual([1, 2]);
	child.kill("SIGKILL");
	await once(child, "exit");
	expect(await stillRunning([...templates, ...boards])).toEqual([]);
});
