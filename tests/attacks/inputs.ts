import { COMMANDS } from "../../modules/handler/commands";
import type { HttpRequest } from "../../sim/world/http";
import { ROUTES } from "./lan-kinds";
import { HUB } from "./network";

/** What a frame holds. */
const FRAME_BYTES = 250;
/** What is left of a request line for an address. */
const TARGET_BYTES = 2_000;
const BODY_BYTES = 4_096;

/** What a text is filled with: letters of one to four bytes, digits, marks that mean something to somebody. */
const FILLERS = ["x", "7", "&", "=", ",", "-", "%", '"', "\\", "ü", "€", "😀", "{", "["] as const;

const sized = (start: string, filler: string, bytes: number) => {
	const left = bytes - Buffer.byteLength(start);
	return left > 0 ? start + filler.repeat(Math.floor(left / Buffer.byteLength(filler))) : start;
};

/** Each command as it is, and with as much behind it as there is room for. `reset` by itself is left out where it would be obeyed. */
export function commandTexts(bytes: number): string[] {
	return COMMANDS.names().flatMap((name, i) => {
		const filler = (step: number) => FILLERS[(i + step) % FILLERS.length] ?? "x";
		const separator = /[:=]$/.test(name) ? "" : name === "environ" ? "-" : " ";
		return [name, sized(name + separator, filler(0), bytes), sized(name + separator, filler(5), bytes), sized(name, filler(9), bytes)];
	});
}

/** Messages that are sent in more than one way: keys, numbers, parts of files, texts in every shape. */
const MESSAGES: readonly string[] = [
	"config router.ssid",
	`config ${"a.".repeat(100)}a`,
	"config constructor",
	"config __proto__",
	"help __proto__",
	"__proto__",
	"part:0,text:",
	`part:0,text:${"7b".repeat(100)}`,
	`part:0,text:${"f0".repeat(100)}`,
	`part:9999,text:${"41".repeat(80)}`,
	"save:config.json",
	"save:../main",
	"update",
	`environ-99-${HUB}`,
	"environ-6-020000000001",
	"channel=99",
	"channel=-1",
	"on\n",
	"on off",
	"\ufeffon",
	"1 2 3 4 5 6 7 8 9",
];

/** One frame of each kind, and of no kind. */
export function frames(boards: readonly string[]): Buffer[] {
	const chain = Array.from({ length: 15 }, (_, i) => `!${boards[i % boards.length]},`).join("");
	const texts = [
		"ping",
		"pong",
		"",
		"!",
		`!${HUB},`,
		sized("!", "!", FRAME_BYTES),
		`${chain}on`,
		sized(`!02f0000000f0,`, "x", FRAME_BYTES),
		sized("OK ", "7", FRAME_BYTES),
		sized("Fail (", "x", FRAME_BYTES),
		sized("Unknown message: ", "😀", FRAME_BYTES),
		sized("1 ", "2 ", FRAME_BYTES),
		...FILLERS.map((filler) => sized("", filler, FRAME_BYTES)),
		...MESSAGES,
		...commandTexts(FRAME_BYTES),
	];
	const bytes = [
		Buffer.alloc(FRAME_BYTES),
		Buffer.alloc(FRAME_BYTES, 0xff),
		Buffer.alloc(FRAME_BYTES, 0x80),
		Buffer.alloc(FRAME_BYTES + 1, 0x61),
		Buffer.alloc(1_470, 0x61),
		Buffer.from([0xfe, 0x10, ...Array(FRAME_BYTES - 2).fill(0x55)]),
		Buffer.from([0x6f, 0x6e, 0x00]),
		Buffer.from([0xef, 0xbb, 0xbf]),
	];
	return [...texts.map((text) => Buffer.from(text)), ...bytes];
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `"name${i}":0`).join(",");

/** Every address, every command and every message in the ways that HTTP has for them in the house. */
export function lanRequests(mac: string): HttpRequest[] {
	const json = (body: string): HttpRequest => ({
		method: "POST",
		path: "/api/send",
		headers: { "content-type": "application/json" },
		body,
	});
	return [
		...ROUTES,
		...["&", "=", "%26", "&=", "+", "%00", "%"].map((mark) => ({ path: sized("/?", mark, TARGET_BYTES) })),
		...FILLERS.map((filler) => ({ path: sized("/?", encodeURIComponent(filler), TARGET_BYTES) })),
		{ path: `/?${"mac=1&msg=2&".repeat(160)}` },
		{ path: "/", headers: { authorization: sized("Basic ", "QUFB", 1_800) } },
		{ path: "/", headers: { cookie: sized("", "a=b;", 1_800), "accept-language": "de" } },
		{ path: "/", headers: Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`x-${i}`, "1"])) },
		...commandTexts(240).map((text) => ({ path: `/?${encodeURIComponent(text)}` })),
		...[...MESSAGES, ...commandTexts(200)].map((text) => ({ path: `/?mac=${mac}&msg=${encodeURIComponent(text)}` })),
		...MESSAGES.map((msg) => json(JSON.stringify({ mac, msg }))),
		json(`{${names(300).slice(0, 1_600)}}`),
		json(sized('{"mac":"', "a", BODY_BYTES)),
		json("[".repeat(BODY_BYTES)),
		json(`\ufeff{"mac":"${mac}","msg":"uptime"}`),
		{ ...json(""), body: Buffer.alloc(BODY_BYTES, 0xff) },
	];
}

/** What of the setup side restarts the board. */
export const RESTARTS: readonly HttpRequest[] = [
	{ method: "POST", path: "/api/restart", body: {} },
	{ path: "/?reset" },
	{ method: "POST", path: "/api/send", body: { mac: HUB, msg: "reset" } },
];

/** A request and the status that is right for it. */
interface Judged {
	readonly request: HttpRequest;
	readonly status: number;
}

/** Names under which phones ask whether they are in the internet, and longer and odder ones. */
const FOREIGN_HOSTS: readonly string[] = [
	"connectivitycheck.gstatic.com",
	"captive.apple.com",
	"www.msftconnecttest.com",
	"192.168.9.1.example",
	"x".repeat(1_800),
	"a.".repeat(900),
	"[::",
	"ü",
];

/** What the setup side may, and what it may not: it ends with the configuration that it began with. */
export function setupRequests(mac: string): Judged[] {
	const gives = (status: number, request: HttpRequest): Judged => ({ status, request });
	const put = (status: number, body: string | object) =>
		gives(status, {
			method: "PUT",
			path: "/api/config",
			headers: { "content-type": "application/json" },
			body: typeof body === "string" ? body : JSON.stringify(body),
		});
	const unknown = (count: number, bytes: number) =>
		Object.fromEntries(Array.from({ length: count }, (_, i) => [`unknown${i}`, "x".repeat(bytes)]));
	// Each of its bytes may take three in an address.
	const own = [...commandTexts(TARGET_BYTES / 3 - 50), ...MESSAGES].filter((text) => text !== "reset");
	return [
		gives(200, { path: "/" }),
		gives(200, { path: "/", headers: { accept: "text/html" } }),
		gives(200, { path: "/", headers: { accept: "text/html", "accept-language": "de", cookie: sized("", "a=b;", 1_700) } }),
		gives(200, { path: "/devices" }),
		gives(200, { path: "/api/status" }),
		gives(200, { path: "/api/config" }),
		gives(200, { method: "HEAD", path: "/" }),
		gives(405, { method: "HEAD", path: "/?reset" }),
		gives(204, { method: "OPTIONS", path: "/api/config" }),
		gives(405, { method: "DELETE", path: "/api/config" }),
		gives(404, { path: sized("/", "x", TARGET_BYTES) }),
		gives(431, { path: "/", headers: { "x-filler": "y".repeat(3_000) } }),
		...FOREIGN_HOSTS.flatMap((host) => [
			gives(302, { path: "/generate_204", headers: { host } }),
			gives(421, { method: "POST", path: "/api/restart", headers: { host }, body: {} }),
		]),
		gives(302, { path: sized("http://captive.apple.com/", "x", TARGET_BYTES), headers: { host: "captive.apple.com" } }),
		...FILLERS.map((filler) => gives(200, { path: sized("/?", encodeURIComponent(filler), TARGET_BYTES) })),
		...own.map((text) => gives(200, { path: `/?${encodeURIComponent(text)}` })),
		...MESSAGES.map((msg) => gives(200, { path: `/?mac=${mac}&msg=${encodeURIComponent(msg)}` })),
		...MESSAGES.map((msg) => gives(200, { method: "POST", path: "/api/send", body: { mac: HUB, msg } })),
		...FILLERS.map((filler) => put(400, sized("", filler, BODY_BYTES))),
		put(413, sized("", "x", BODY_BYTES + 1)),
		put(400, sized('{"name":"', "😀", BODY_BYTES)),
		put(400, `{${names(300)}}`),
		put(400, { name: "x".repeat(33), setupAP: { minutes: 99 } }),
		put(400, unknown(9, 10)),
		put(200, { name: "😀".repeat(8), ...unknown(4, 200) }),
		put(200, { pins: { relay: { pin: 5, invert: true } }, setupAP: { minutes: 1, afterwards: "cloaked" }, country: "US" }),
		// As it was.
		put(200, {
			...{ name: "Hub", pins: { relay: null }, setupAP: { minutes: 10, afterwards: "off" }, country: "01" },
			...{ unknown0: null, unknown1: null, unknown2: null, unknown3: null },
		}),
	];
}
