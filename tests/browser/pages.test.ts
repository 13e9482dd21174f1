import { readdirSync, readFileSync, statSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { BoardServer } from "./board-server";
import { expectEventually, hasChromium, launch } from "./chromium";

const inBrowser = hasChromium ? describe : describe.skip;

let browser: Browser;
let board: BoardServer;
let faults: string[];

test.each([
	["setup.html", 14],
	["house.html", 12],
	["join.html", 10],
])("%s stays below %d KB and names no other host", (name, limitKB) => {
	expect(readFileSync(`web/pages/${name}`, "utf8")).not.toMatch(/https?:|src=|@import|url\(/);
	expect(statSync(`web/pages/${name}`).size).toBeLessThan(limitKB * 1024);
});

test.each(readdirSync("web/pages"))("no id of %s equals a name: a form's elements are found by both", (name) => {
	const page = readFileSync(`web/pages/${name}`, "utf8");
	const named = (kind: string) => [...page.matchAll(new RegExp(` ${kind}="([^"]+)"`, "g"))].map((match) => match[1]);
	const ids = named("id");
	expect(ids.length).toBeGreaterThan(0);
	expect(new Set(ids).size).toBe(ids.length);
	expect(ids.filter((id) => named("name").includes(id))).toEqual([]);
});

async function open(url: string, options: BrowserContextOptions = {}): Promise<Page> {
	const context = await browser.newContext({ viewport: { width: 360, height: 740 }, ...options });
	const page = await context.newPage();
	page.on("pageerror", (error) => faults.push(error.message));
	page.on("console", (message) => {
		if (message.type() === "error" && !/\b40[01]\b/.test(message.text())) faults.push(message.text());
	});
	await page.goto(url);
	await page.waitForSelector("dd, #found");
	return page;
}

inBrowser("the pages in a browser", () => {
	beforeAll(async () => {
		browser = await launch();
	});
	afterAll(() => browser?.close());

	beforeEach(async () => {
		faults = [];
		board = new BoardServer();
		await board.open();
	});
	afterEach(async () => {
		await Promise.all(browser.contexts().map((context) => context.close()));
		board.close();
		expect(faults).toEqual([]);
		expect(board.snapshot()).toMatchObject({ faults: 0 });
	});

	test("fit on a phone of 360 px, with a label for every field", async () => {
		for (const url of [board.setupUrl, board.lanUrl]) {
			const page = await open(url);
			if (url === board.setupUrl) await page.waitForSelector("#save:enabled");
			expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
			expect(await page.evaluate("[...document.querySelectorAll('input, select')].filter((field) => !field.labels.length).length")).toBe(0);
		}
	});

	test("setup sends what was changed and nothing else, passwords only when typed", async () => {
		board.store.update({ router: { ssid: "home", password: "12345678" }, pins: { led: { pin: 3, invert: true }, button: 9 } });
		const page = await open(board.setupUrl);
		await page.waitForSelector("#save:enabled");
		const sent: unknown[] = [];
		page.on("request", (request) => request.method() === "PUT" && sent.push(request.postDataJSON()));
		await page.click("#save");
		await page.waitForSelector("text=Nothing was changed.");
		await page.check("[value=hub]");
		await page.fill("[name=name]", " Küche ");
		await page.fill("[name='pins.relay.pin']", "5");
		await page.fill("[name='pins.button']", "");
		await page.click("#save");
		await page.waitForSelector("text=Saved.");
		expect(sent).toEqual([{ name: "Küche", role: "hub", pins: { relay: { pin: 5, invert: false }, button: null } }]);
		await page.fill("[name='router.password']", "correct horse");
		await page.click("#save");
		await page.waitForSelector("text=A hub tries its router at once.");
		expect(board.store.configuration).toMatchObject({
			name: "Küche",
			role: "hub",
			router: { ssid: "home", password: "correct horse" },
			pins: { led: { pin: 3, invert: true }, relay: { pin: 5, invert: false } },
		});
		await page.check("text=This network has no password");
		await page.click("#save");
		await expectEventually(() => board.store.configuration.router.password === "");
	});

	test.each([
		["name", ""],
		["router.ssid", "x".repeat(33)],
		["router.password", "short"],
		["hub", "a0b1c2d3e4"],
		["house.password", "1234567"],
		["country", "XX"],
		["setupAP.password", "1234567"],
		["pins.led.pin", "x9"],
		["pins.button", "99"],
	])("a wrong %s is explained beside its field, which gets the focus", async (name, value) => {
		board.store.update({ role: name === "hub" ? "device" : "hub" });
		const page = await open(board.setupUrl);
		await page.waitForSelector("#save:enabled");
		await page.fill(`[name='${name}']`, value);
		await page.click("#save");
		const wrong = page.locator("#wrong");
		await wrong.waitFor();
		expect(await wrong.textContent()).toMatch(/^Expected: .+\.$/);
		expect(await page.evaluate("document.activeElement.name")).toBe(name);
		expect(await page.evaluate("document.activeElement.closest('p').contains(document.getElementById('wrong'))")).toBe(true);
	});

	test("the hub's MAC can be set on the setup page, and stays when only the name is changed", async () => {
		const page = await openSetup();
		await page.fill("[name=hub]", "A0:B1:C2:D3:E4:F8");
		await save(page);
		expect(board.store.configuration.hub).toBe("a0b1c2d3e4f8");
		expect(await page.inputValue("[name=hub]")).toBe("a0b1c2d3e4f8");
		await page.fill("[name=name]", "Bath");
		await save(page);
		expect(board.store.configuration).toMatchObject({ name: "Bath", hub: "a0b1c2d3e4f8" });
	});

	test.each([
		["name", "Bad & <Küche>", "Bad & <Küche>"],
		["role", "hub", "hub"],
		["hub", "a0-b1-c2-d3-e4-f8", "a0b1c2d3e4f8"],
		["router.ssid", " home ", " home "],
		["router.password", "correct horse", ""],
		["house.password", "ünsichtbar", ""],
		["country", "us", "US"],
		["channel", "11", "11"],
		["setupAP.password", "another one", ""],
		["setupAP.minutes", "10", "10"],
		["setupAP.afterwards", "cloaked", "cloaked"],
		["pins.led.pin", "4", "4"],
		["pins.relay.pin", "6", "6"],
		["pins.button", "9", "9"],
		["pins.led.invert", "", ""],
		["pins.relay.invert", "", ""],
	])("%s: set, saved, shown again, and nothing else changes", async (name, typed, shown) => {
		const role = /^(router|house)/.test(name) ? "hub" : "device";
		const before = {
			name: " two  blanks ",
			role,
			hub: "a0b1c2d3e4fc",
			channel: 7,
			country: "DE",
			plain: "on",
			path: "kept",
			nested: { also: [1, 2] },
			router: { ssid: "old ", password: "old password", note: "kept" },
			house: { password: "old house" },
			setupAP: { password: "12345678", minutes: 4, afterwards: "off" },
			pins: { led: { pin: 3, invert: false, note: "kept" }, relay: { pin: 5, invert: false }, button: 8, dht22: 2 },
		};
		expect(board.store.update(before)).toMatchObject({ ok: true });
		const page = await openSetup();
		const [group = "", key = "", leaf] = name.split(".");
		const field = page.locator(`[name='${name}']${name === "role" ? `[value=${typed}]` : ""}`);
		if (typed === "" || name === "role") await field.check();
		else if (/channel|minutes|afterwards/.test(name)) await field.selectOption(typed);
		else await field.fill(typed);
		await save(page);
		const number = name === "channel" || /minutes|pin$|button/.test(name);
		const value = typed === "" ? true : number ? Number(typed) : shown === "" ? typed : shown;
		const change = leaf ? { [group]: { [key]: { [leaf]: value } } } : key ? { [group]: { [key]: value } } : { [name]: value };
		expect(board.store.configuration).toEqual(laid(before, change));
		if (typed === "" || name === "role") expect(await field.isChecked()).toBe(true);
		else expect(await field.inputValue()).toBe(shown);
		await page.click("#save");
		await page.waitForSelector("text=Nothing was changed.");
	});

	test.each(["router", "house"])("the %s password is never shown, stays when left empty, and can be removed", async (group) => {
		board.store.update({ role: "hub", router: { ssid: "home", password: "12345678" }, house: { password: "12345678" } });
		const page = await openSetup();
		const field = page.locator(`[name='${group}.password']`);
		expect(await field.inputValue()).toBe("");
		expect(await field.getAttribute("placeholder")).toBe("leave empty to keep");
		await page.fill("[name=name]", "renamed");
		await save(page);
		expect(board.store.configuration).toMatchObject({ router: { password: "12345678" }, house: { password: "12345678" } });
		await page.check(`[data-none='${group}.password']`);
		expect(await field.isDisabled()).toBe(true);
		await save(page);
		expect(board.store.configuration).toMatchObject({
			router: { password: "12345678" },
			house: { password: "12345678" },
			[group]: { password: "" },
		});
		expect(await field.getAttribute("placeholder")).toBe("none yet");
		expect(await page.isChecked(`[data-none='${group}.password']`)).toBe(false);
	});

	test("another hub that calls while the own is silent is offered, and taken with one press", async () => {
		board.store.update({ hub: "a0b1c2d3e4f8", name: "Bath" });
		board.status = { hub: "a0b1c2d3e4f8", otherHub: "a0b1c2d3e4fc" };
		const page = await openSetup();
		await page.fill("[name=name]", "not saved");
		expect(await page.textContent("#other")).toContain("a0b1c2d3e4fc");
		await page.click("#follow");
		await page.waitForSelector("text=Saved.");
		expect(board.store.configuration).toMatchObject({ hub: "a0b1c2d3e4fc", name: "Bath" });
		expect(await page.inputValue("[name=hub]")).toBe("a0b1c2d3e4fc");
		expect(await page.inputValue("[name=name]")).toBe("not saved");
		board.status = { hub: "a0b1c2d3e4fc", otherHub: "" };
		await page.waitForSelector("#other", { state: "hidden" });
	});

	test("what is wrong with the hub is told at the top of the setup page", async () => {
		board.status = { lastError: "the hub a0b1c2d3e4f8 is no hub" };
		const page = await openSetup();
		expect(await page.textContent("#why")).toBe("the hub a0b1c2d3e4f8 is no hub");
		expect(await page.locator("#why").isVisible()).toBe(true);
	});

	test("setup says in words why the hub is not on the router", async () => {
		board.store.update({ role: "hub", router: { ssid: "home", password: "12345678" } });
		board.status = { router: { ssid: "home", joined: false, reason: "wrong router password", tries: 3 } };
		const page = await open(board.setupUrl);
		expect(await page.textContent("#why")).toBe("Not connected to home: wrong router password. Check the Wi-Fi password.");
		board.status = { store: { damaged: ["b"], source: "previous" } };
		board.store.update({ role: "device" });
		const again = await open(board.setupUrl);
		expect(await again.textContent("#why")).toBe("The stored configuration was damaged; the previous one is in use.");
	});

	test("a restart is ordered, waited for, and told", async () => {
		board.startedMs -= 10_000;
		const page = await open(board.setupUrl);
		await page.waitForSelector("#save:enabled");
		await page.fill("[name=name]", "not saved");
		page.once("dialog", (dialog) => dialog.dismiss());
		await page.click("#restart");
		expect(board.restarts).toBe(0);
		await page.fill("[name=name]", "(none)");
		await page.click("#restart");
		await page.waitForSelector("text=join it again");
		expect(board.restarts).toBe(1);
		await page.waitForSelector("text=The board has restarted.");
	});

	test("names and replies are shown, never run", async () => {
		const evil = "<img src=x onerror=alert(1)>";
		board.store.update({ name: evil });
		board.ask = async () => ({ ok: true, reply: `OK ${evil}`, rssi: -50, ms: 5 });
		board.status = { peers: [{ mac: evil, rssi: -50, lastSeenS: 1 }] };
		const setup = await open(board.setupUrl);
		expect(await setup.textContent("h1")).toBe(evil);
		const lan = await open(board.lanUrl);
		await lan.fill("[name=mac]", "a0b1c2d3e4f4");
		await lan.fill("[name=msg]", "on");
		await lan.click("#send");
		await lan.waitForSelector(`#log >> text=OK ${evil}`);
		expect(await lan.locator("img").count()).toBe(0);
	});

	test("the house page says what needs signing in, and restarts the hub for who does", async () => {
		board.store.update({ role: "hub", house: { password: "correct horse" } });
		const stranger = await open(board.lanUrl, { httpCredentials: { username: "any", password: "wrong horse" } });
		expect(await stranger.textContent("body")).toContain("need the house password");
		await stranger.click("#restart");
		await stranger.waitForSelector("#done >> text=That is not the house password.");
		expect(board.restarts).toBe(0);
		board.aheadMs = 60_000;
		const owner = await open(board.lanUrl, { httpCredentials: { username: "any", password: "correct horse" } });
		await owner.click("#restart");
		await owner.waitForSelector("#done >> text=Restarting");
		expect(board.restarts).toBe(1);
	});

	test("the house page sends to a board by one touch and shows reply or reason", async () => {
		const asked: string[] = [];
		board.status = { peers: [{ mac: "a0b1c2d3e4f4", rssi: -57, lastSeenS: 12 }] };
		board.ask = async (mac, text) => {
			asked.push(`${mac} ${text}`);
			return text === "on" ? { ok: true, reply: "OK ON 5+ -57", rssi: -57, ms: 6.4 } : { ok: false, reason: "no reply", ms: 10000 };
		};
		const page = await open(board.lanUrl);
		await page.waitForSelector("text=seen 12 s ago · -57 dBm, strong");
		await page.click("[aria-label='On: a0b1c2d3e4f4']");
		await page.waitForSelector("text=OK ON 5+ -57 (6 ms)");
		await page.click("[aria-label='Off: a0b1c2d3e4f4']");
		await page.waitForSelector("#log >> text=no reply");
		expect(asked).toEqual(["a0b1c2d3e4f4 on", "a0b1c2d3e4f4 off"]);
		await page.fill("[name=mac]", "12");
		await page.click("#send");
		await page.waitForSelector("text=Expected: the 12 hex digits of one board.");
	});

	test("the joining page shows who calls as text, whatever they call themselves, and accepts the one whose button is pressed", async () => {
		board.joinView = { role: "hub", state: "adding", secondsLeft: 93, code: "K7QF-2M9D-XA3T", trouble: "" };
		const name = `<img src=x onerror="document.title='taken'">`;
		const candidate = { rssi: -50, via: "", state: "calling", reason: "" };
		board.joinFound = [
			{ ...candidate, mac: "a0b1c2d3e500", name, code: "AAAA-BBBB-CCCC" },
			{ ...candidate, mac: "a0b1c2d3e504", name: "Kitchen", code: "DDDD-EEEE-FFFF" },
		];
		board.joinDevices = [{ mac: "a0b1c2d3e508", name, sealed: true, pairCode: "GGGG-HHHH-JJJJ" }];
		const page = await open(`${board.setupUrl}join`);
		await page.waitForSelector("text=another 93 s");
		expect(await page.textContent("#found li")).toContain(name);
		expect(await page.textContent("#devices li")).toContain(name);
		await page.click("#found li:nth-child(2) button");
		await expectEventually(() => board.joinOrders.length === 1);
		expect(board.joinOrders).toEqual([["accept", "a0b1c2d3e504", "DDDD-EEEE-FFFF"]]);
		expect(await page.title()).not.toBe("taken");
		await page.click("text=Stop");
		await expectEventually(() => board.joinOrders.length === 2);
	});
});

async function openSetup(): Promise<Page> {
	const page = await open(board.setupUrl);
	await page.waitForSelector("#save:enabled");
	return page;
}

async function save(page: Page): Promise<void> {
	await page.click("#save");
	await page.waitForSelector("#note:has-text('Saved.')");
}

/** An object with another one laid over it. */
function laid(base: Record<string, unknown>, change: Record<string, unknown>): Record<string, unknown> {
	const result = { ...base };
	for (const [key, value] of Object.entries(change)) {
		const old = result[key];
		result[key] = isRecord(old) && isRecord(value) ? laid(old, value) : value;
	}
	return result;
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
