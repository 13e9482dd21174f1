import { beforeEach, describe, expect, test } from "@jest/globals";
import { hostLabel, isAddress, isInNetwork, isOurName, isOurOrigin } from "web/guard";
import { Desk } from "./web-fakes";

const far = "a0b1c2d3e4f4";
const browser = { "accept-language": "de-DE,de;q=0.9" };
const tab = { ...browser, accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
const image = { ...browser, accept: "image/avif,image/webp,*/*;q=0.8" };

let desk: Desk;
beforeEach(() => {
	desk = new Desk();
	desk.name = "Hub";
});

describe("a Host is ours", () => {
	test.each(["", "192.168.9.1", "127.0.0.1:8101", "localhost:8101", "LOCALHOST", "[::1]:80", "[fe80::1%25eth0]"])(
		"%j: an address",
		(host) => {
			expect(isAddress(host)).toBe(true);
		},
	);

	test.each(["hub", "HUB:80", "hub.", "hub.lan", "hub.local", "rbr-hub.local:8080", "hub.home.arpa", "hub.fritz.box", "hub.lan."])(
		"%j: our name",
		(host) => {
			expect(isOurName(host, ["hub", "rbr-hub"])).toBe(true);
		},
	);

	test.each([
		"evil.example",
		"192.168.9.1.evil.example",
		"localhost.evil.example:80",
		"1921.1.1.1",
		`[${":".repeat(64)}]`,
		"hub.evil.example",
		"hub.lan.evil.example",
		"evil.example.hub",
		"xhub.lan",
		"evil.lan",
		"hub.evil.lan",
		"hub.com",
		"hub..lan",
		".lan",
		"lan",
		".",
		`hub.${"a".repeat(80)}.lan`,
	])("%j: neither", (host) => {
		expect([isAddress(host), isOurName(host, ["hub", "rbr-hub"])]).toEqual([false, false]);
	});

	test("by what its name can be in an address", () => {
		expect(["Hub", "Living room 2", "(none)", "Küche", "--", "日本"].map(hostLabel)).toEqual([
			"hub",
			"living-room-2",
			"none",
			"k-che",
			"",
			"",
		]);
		desk.name = "--";
		return expect(desk.request("GET /", { lan: true, headers: { host: ".lan" } })).resolves.toMatchObject({ status: 421 });
	});
});

test("an origin is ours when it is the place that was asked, with or without the port that http means", () => {
	expect(isOurOrigin("http://hub", "hub:80")).toBe(true);
	expect(isOurOrigin("http://hub:80", "hub")).toBe(true);
	expect(isOurOrigin("http://HUB", "hub")).toBe(true);
	expect(isOurOrigin("http://hub:8101", "hub:8101")).toBe(true);
	for (const origin of ["http://hub:8080", "https://hub", "null", "http://evil.example", "http://hub.evil.example"])
		expect(isOurOrigin(origin, "hub")).toBe(false);
});

test("the network of the access point is told by whole numbers", () => {
	expect(isInNetwork("192.168.9.2", "192.168.9")).toBe(true);
	expect(isInNetwork("192.168.90.2", "192.168.9")).toBe(false);
	expect(isInNetwork(undefined, "192.168.9")).toBe(false);
});

describe("a page whose name was made to point at the board", () => {
	const headers = { host: "rebound.example" };

	test.each(["GET /", "GET /api/status", "GET /api/config", "GET /?on", "OPTIONS /", "GET /none", "POST /api/send"])(
		"reads and does nothing on the house side: %s",
		async (line) => {
			const answer = await desk.request(line, { lan: true, headers });
			expect(answer.status).toBe(421);
			expect(answer.body).not.toMatch(/Hub|home/);
			expect(desk.commands).toEqual([]);
		},
	);

	test("is led to the board's address on the setup side, as a phone that looks for a portal, which keeps no window open", async () => {
		const answer = await desk.request("GET /hotspot-detect.html", { headers: { host: "captive.apple.com" } });
		expect(answer).toMatchObject({ status: 302, headers: { location: "http://192.168.9.1/" } });
		expect(desk.ordered).toEqual([]);
		expect((await desk.request("POST /api/restart", { headers })).status).toBe(421);
		expect(desk.ordered).toEqual(["setup request"]);
	});

	test("is not let in by a whole address with another host in its header", async () => {
		expect((await desk.request("GET http://rebound.example/api/config", { lan: true })).status).toBe(421);
		expect((await desk.request("GET http://10.0.0.7/?uptime", { lan: true, headers })).status).toBe(200);
	});
});

describe("a browser on the house side that is led to an address that acts", () => {
	test.each(["/?on", `/?mac=${far}&msg=on`, `/?!${far},on`])("%s: does nothing, and gets a page with a button", async (path) => {
		expect(await desk.request(`GET ${path}`, { lan: true, headers: tab })).toMatchObject({ status: 200, body: "<!doctype html>press" });
		expect([desk.commands, desk.asked]).toEqual([[], []]);
	});

	test.each(["/?on", `/?mac=${far}&msg=on`])("%s: as a picture it is refused", async (path) => {
		expect((await desk.request(`GET ${path}`, { lan: true, headers: image })).status).toBe(403);
		expect([desk.commands, desk.asked]).toEqual([[], []]);
	});

	test("the page's button acts; another site's does not", async () => {
		const press = (headers: Record<string, string>) => desk.json("POST /?on", {}, { lan: true, headers: { ...browser, ...headers } });
		expect((await press({ origin: "http://evil.example" })).status).toBe(403);
		expect((await press({ origin: "null" })).status).toBe(403);
		expect((await press({ "content-type": "text/plain" })).status).toBe(415);
		expect(desk.commands).toEqual([]);
		expect(await press({ origin: "http://10.0.0.7" })).toMatchObject({ status: 200, body: "OK ON 12+" });
		expect((await desk.json(`POST /?mac=${far}&msg=on`, {}, { lan: true })).body).toBe("OK ON 5+ -57");
		expect((await desk.json("POST /", {}, { lan: true })).status).toBe(405);
	});

	test("pages and readings are open to it, and scripts act as ever", async () => {
		expect((await desk.request("GET /", { lan: true, headers: tab })).body).toContain("house");
		expect((await desk.request("GET /api/status", { lan: true, headers: tab })).status).toBe(200);
		expect((await desk.request("GET /?on", { lan: true, headers: { accept: "*/*" } })).body).toBe("OK ON 12+");
		expect((await desk.request("GET /?on", { headers: tab })).body).toBe("OK ON 12+");
	});
});

test("a content type of a thousand semicolons is not taken apart into a list", async () => {
	expect((await desk.request("POST /api/send", { body: "{}", headers: { "content-type": ";".repeat(1000) } })).status).toBe(415);
});
