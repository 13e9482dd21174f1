/**
 * Pages of another site against a hub of virtual boards, in Chromium, in a network namespace of its own (see strange-pages.test.ts):
 * 10.99.0.1 is the hub, 10.99.0.2 another site, 10.99.0.3 a name that leads to that site first and to the hub afterwards.
 * None is loopback: to localhost browsers send `Sec-Fetch-*`, and to a board they do not. Prints one JSON object.
 */
import { spawn } from "node:child_process";
import { createServer, request } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import { createInterface } from "node:readline";
import type { Browser, Page } from "playwright-core";
import { launch } from "./chromium";

const HUB = "10.99.0.1";
const SITE = "10.99.0.2";
const REBOUND = "10.99.0.3";
const SITE_PORT = 80;
/** Time that a page has to do its worst, in ms. */
const ATTACK_MS = 1000;

interface Outcome {
	/** The device's relay afterwards, as the hub tells a script. */
	relay: string;
	/** First lines of the requests that reached the hub meanwhile. */
	reached: string[];
	/** What the page could read. */
	read: string;
}

let reached: string[] = [];
let rebound = false;
let body = "";

async function main(desk: string): Promise<void> {
	const boards = spawn(process.execPath, [desk, "--json", "--devices", "1"], { stdio: ["ignore", "pipe", "inherit"] });
	let browser: Browser | undefined;
	try {
		const line = await new Promise<string>((done, fail) => {
			createInterface(boards.stdout).once("line", done);
			boards.once("exit", () => fail(new Error("the desk did not start")));
		});
		const [hub, device] = (JSON.parse(line) as { boards: { mac: string; lan: string }[] }).boards;
		if (!hub || !device) throw new Error("the desk has no boards");
		const port = Number(new URL(hub.lan).port);
		await Promise.all([
			pipe(HUB, () => ["127.0.0.1", port]),
			site(),
			pipe(REBOUND, () => (rebound ? ["127.0.0.1", port] : [SITE, SITE_PORT])),
		]);
		browser = await launch(`--host-resolver-rules=MAP evil.example ${REBOUND}`);
		const outcomes = await run(await (await browser.newContext()).newPage(), device.mac);
		process.stdout.write(`${JSON.stringify({ hub: hub.mac, outcomes })}\n`);
	} finally {
		await browser?.close();
		boards.kill();
	}
}

async function run(page: Page, mac: string): Promise<Record<string, Outcome>> {
	const address = `http://${HUB}/?mac=${mac}&msg=on`;
	const outcomes: Record<string, Outcome> = {};
	const note = async (name: string, attack: () => Promise<string>) => {
		await script(`/?mac=${mac}&msg=off`);
		reached = [];
		const read = await attack();
		const lines = reached;
		outcomes[name] = { relay: await script(`/?mac=${mac}&msg=relay`), reached: lines, read };
	};
	const attacks: Record<string, string> = {
		picture: `<img src="${address}">`,
		"program text": `<script src="${address}"></script>`,
		frame: `<iframe src="${address}"></iframe>`,
		"fetch no-cors": js(`fetch("${address}", { mode: "no-cors" })`),
		"fetch with an empty Accept-Language": js(`fetch("${address}", { mode: "no-cors", headers: { "Accept-Language": "" } })`),
		"form by GET": `<form action="http://${HUB}/"><input name="mac" value="${mac}"><input name="msg" value="on"></form>${js("document.forms[0].submit()")}`,
		"form by POST, as text": `<form action="${address}" method="POST" enctype="text/plain"><input name="a" value="b"></form>${js("document.forms[0].submit()")}`,
		"JSON as text": js(`fetch("http://${HUB}/api/send", { method: "POST", mode: "no-cors", body: '{"mac":"${mac}","msg":"on"}' })`),
		beacon: js(`navigator.sendBeacon("http://${HUB}/api/send", '{"mac":"${mac}","msg":"on"}')`),
		"event source": js(`new EventSource("${address}")`),
		"web socket": js(`new WebSocket("${address.replace("http", "ws")}")`),
		"redirected window": js(`location = "${address}"`),
	};
	for (const [name, html] of Object.entries(attacks))
		await note(name, async () => {
			body = html;
			await page.goto(`http://${SITE}/`);
			await page.waitForTimeout(ATTACK_MS);
			return "";
		});
	await note("rebound name", async () => {
		rebound = false;
		body = "";
		await page.goto("http://evil.example/");
		rebound = true;
		return page.evaluate(`(async () => {
			const text = async (path, init) => (await fetch(path, init)).text();
			const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: '{"mac":"${mac}","msg":"on"}' };
			return [await text("/api/status"), await text("/api/config"), await text("/?mac=${mac}&msg=on"), await text("/api/send", init)].join();
		})()`);
	});
	await note("link", async () => {
		body = `<a href="${address}">a link</a>`;
		await page.goto(`http://${SITE}/`);
		await page.click("text=a link");
		await page.waitForLoadState();
		return (await page.textContent("body")) ?? "";
	});
	await note("link, and the button", async () => {
		const button = page.locator("button");
		if ((await button.count()) === 0) return "no button";
		await button.first().click();
		await page.waitForFunction("document.body.innerText.includes('OK ON')", undefined, { timeout: 10_000 }).catch(() => {});
		return (await page.textContent("body")) ?? "";
	});
	await note("the hub's own page", async () => {
		await page.goto(`http://${HUB}/`);
		await page.waitForSelector(`[aria-label="On: ${mac}"]`);
		await page.click(`[aria-label="On: ${mac}"]`);
		await page.waitForSelector("#log >> text=OK ON");
		return (await page.textContent("#log")) ?? "";
	});
	await note("script", () => script(`/?mac=${mac}&msg=on`));
	return outcomes;
}

function js(statement: string): string {
	return `<script>${statement}</script>`;
}

/** Asks the hub as curl does. */
function script(path: string): Promise<string> {
	return new Promise((done, fail) => {
		request({ host: HUB, path }, (response) => {
			let text = "";
			response.on("data", (data) => {
				text += data;
			});
			response.on("end", () => done(text));
		})
			.on("error", fail)
			.end();
	});
}

/** Passes on every connection to an address's port 80, and notes the first line of what goes to a board. */
function pipe(host: string, to: () => [host: string, port: number]): Promise<void> {
	const server = createTcpServer({ allowHalfOpen: true }, (near) => {
		const [farHost, port] = to();
		const far = connect({ host: farHost, port, allowHalfOpen: true });
		near.once("data", (data) => {
			if (farHost !== SITE) reached.push(data.toString().split("\r\n", 1)[0] ?? "");
		});
		near.pipe(far).pipe(near);
		near.on("error", () => far.destroy());
		far.on("error", () => near.destroy());
	});
	return new Promise((done) => server.listen(80, host, done));
}

/** The other site: whatever `body` holds. */
function site(): Promise<void> {
	const server = createServer((_request, response) => {
		response.setHeader("Content-Type", "text/html");
		response.setHeader("Connection", "close");
		response.end(`<!doctype html><link rel="icon" href="data:,"><title>another site</title><body>${body}`);
	});
	return new Promise((done) => server.listen(SITE_PORT, SITE, done));
}

main(process.argv[2] ?? "")
	.catch((error) => {
		process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
		process.exitCode = 1;
	})
	// The servers would keep the program up.
	.finally(() => process.exit());
