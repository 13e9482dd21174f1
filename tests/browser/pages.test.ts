import { existsSync, readFileSync, statSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { BoardServer } from "./board-server";

const CHROMIUM = "/usr/bin/chromium";
/** Chromium is not part of the project; `.ci/run` installs it. */
const inBrowser = existsSync(CHROMIUM) ? describe : describe.skip;

let browser: Browser;
let board: BoardServer;
let faults: string[];

test.each(["setup.html", "house.html"])("%s stays below 12 KB and names no other host", (name) => {
	expect(readFileSync(`web/pages/${name}`, "utf8")).not.toMatch(/https?:|src=|@import|url\(/);
	expect(statSync(`web/pages/${name}`).size).toBeLessThan(12 * 1024);
});

async function open(url: string, options: BrowserContextOptions = {}): Promise<Page> {
	const context = await browser.newContext({ viewport: { width: 360, height: 740 }, ...options });
	const page = await context.newPage();
	page.on("pageerror", (error) => faults.push(error.message));
	page.on("console", (message) => {
		if (message.type() === "error" && !message.text().includes("400")) faults.push(message.text());
	});
	await page.goto(url);
	await page.waitForSelector("dd");
	return page;
}

inBrowser("the pages in a browser", () => {
	beforeAll(async () => {
		const quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"];
		browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-sync", ...quiet] });
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
		for (const url of [board.setupUrl, board.houseUrl]) {
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
		["country", "XX"],
		["setupAP.password", "1234567"],
		["pins.led.pin", "x9"],
		["pins.button", "99"],
	])("a wrong %s is explained beside its field, which gets the focus", async (name, value) => {
		board.store.update({ role: "hub" });
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
		const house = await open(board.houseUrl);
		await house.fill("[name=mac]", "a0b1c2d3e4f4");
		await house.fill("[name=msg]", "on");
		await house.click("#send");
		await house.waitForSelector(`#log >> text=OK ${evil}`);
		expect(await house.locator("img").count()).toBe(0);
	});

	test("the house page sends to a board by one touch and shows reply or reason", async () => {
		const asked: string[] = [];
		board.status = { peers: [{ mac: "a0b1c2d3e4f4", rssi: -57, lastSeenS: 12 }] };
		board.ask = async (mac, text) => {
			asked.push(`${mac} ${text}`);
			return text === "on" ? { ok: true, reply: "OK ON 5+ -57", rssi: -57, ms: 6.4 } : { ok: false, reason: "no reply", ms: 10000 };
		};
		const page = await open(board.houseUrl);
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
});

async function expectEventually(condition: () => boolean): Promise<void> {
	for (let i = 0; i < 50 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
	expect(condition()).toBe(true);
}
