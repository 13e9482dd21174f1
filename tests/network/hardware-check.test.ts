import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { build } from "esbuild";
import type { Report } from "../../tools/hardware-check/report";
import { type DeskBoard, start } from "./desk-process";

/** `make hardware-check` against the desk, as an owner would run it. */

mkdirSync("build", { recursive: true });
// Inside the project, where the program finds the packages that it needs.
const folder = mkdtempSync("build/hardware-check-");
const script = join(folder, "check.mjs");
const out = join(folder, "report");

beforeAll(async () => {
	const entryPoints = ["tools/hardware-check/main.ts"];
	await build({ entryPoints, bundle: true, platform: "node", format: "esm", packages: "external", outfile: script, logLevel: "silent" });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the check on these devices. */
async function check(hub: DeskBoard, devices: readonly DeskBoard[], ...words: string[]) {
	return checkAs("", hub, devices, ...words);
}

/** @param password of the house, "" for nobody */
async function checkAs(password: string, hub: DeskBoard, devices: readonly DeskBoard[], ...words: string[]) {
	return running(password, hub, devices, ...words).ended;
}

/** A check on its way: what it has said, and what comes of it. */
function running(password: string, hub: DeskBoard, devices: readonly DeskBoard[], ...words: string[]) {
	const given = ["--hub", hub.lan, "--devices", devices.map(({ mac }) => mac).join(" "), "--out", out, ...words];
	const child = spawn(process.execPath, [script, ...given], {
		stdio: ["ignore", "ignore", "pipe"],
		env: { ...process.env, PASSWORD: password },
	});
	let said = "";
	child.stderr.on("data", (bytes) => {
		said += bytes;
	});
	/** Until it has said this. */
	const says = async (text: string) => {
		while (!said.includes(text) && child.exitCode === null) await Promise.race([once(child.stderr, "data"), once(child, "exit")]);
	};
	return { says, ended: once(child, "exit").then(() => outcome(child.exitCode, said)) };
}

function outcome(code: number | null, said: string) {
	const json = readFileSync(`${out}.json`, "utf8");
	const report = JSON.parse(json) as Report;
	const named = (verdict: string) =>
		report.lines.filter((line) => line.verdict === verdict).map(({ subject, id }) => (id.startsWith(subject) ? id : `${subject}: ${id}`));
	return { code, said, json, markdown: readFileSync(`${out}.md`, "utf8"), report, named };
}

async function desk() {
	const made = await start("--devices", "2", "--plain");
	const devices = made.ready.boards.slice(1);
	return { ...made, devices };
}

test("a house that is set up passes, and what nobody was there to answer is skipped, never passed", async () => {
	const { hub, devices } = await desk();
	const { code, report, named } = await check(hub, devices, "--trips", "50");
	expect(named("failed")).toEqual([]);
	expect(named("skipped")).toEqual(
		expect.arrayContaining([
			"device 1: device.relay",
			"device 2: device.relay",
			"network: owner.mute",
			"network: owner.channel",
			"device 1: device.reset",
		]),
	);
	expect(report.counts.passed).toBeGreaterThan(20);
	expect(code).toBe(0);
});

test("who is signed in is told of the self-test, of the cost in time, and that a device restarts", async () => {
	const { hub, devices } = await desk();
	const password = "house-password";
	const body = JSON.stringify({ house: { password } });
	await fetch(`${hub.ap}/api/config`, { method: "PUT", headers: { "content-type": "application/json" }, body });
	const { report, json, named } = await checkAs(password, hub, devices, "--trips", "20", "--yes");
	expect(named("failed")).toEqual([]);
	expect(named("passed")).toEqual(
		expect.arrayContaining(["hub.selftest", "hub.meter", "device 1: device.meter", "device 1: device.reset"]),
	);
	expect(report.lines.find(({ id }) => id === "hub.meter")?.value).toMatch(/^520 ns a count \(assumed\)/);
	expect(json).not.toContain(password);
});

test("relays are as they were before, and one that is on stays on", async () => {
	const { hub, devices, call } = await desk();
	// Posted: what fetch sends along with a question makes the board take it for a browser.
	const body = JSON.stringify({ mac: devices[0]?.mac, msg: "on" });
	await fetch(`${hub.lan}/api/send`, { method: "POST", headers: { "content-type": "application/json" }, body });
	const { named } = await check(hub, devices, "--trips", "20", "--yes");
	expect(named("passed")).toEqual(expect.arrayContaining(["device 1: device.relay", "device 2: device.relay"]));
	expect((await call("/api/world")).body.boards).toMatchObject([{}, { relay: "ON" }, { relay: "OFF" }]);
});

test("the report names no board, address or network", async () => {
	const { hub, devices } = await desk();
	const { json, markdown } = await check(hub, devices, "--trips", "20", "--yes");
	for (const text of [json, markdown]) expect(text).not.toMatch(/[0-9a-f]{12}|\b\d+\.\d+\.\d+\.\d+\b|Hub"|Kitchen|Bedroom|House/);
	expect(markdown).toMatch(/^\| ok \| device 1 \| answers \| /m);
});

test("a device that hears and says nothing is named, and nothing else", async () => {
	const { hub, devices, call } = await desk();
	await call("/api/faults", { board: devices[1]?.mac, kind: "mute" });
	const { code, named } = await check(hub, devices, "--trips", "50", "--yes");
	expect(named("failed")).toEqual(["device 2: device.answers"]);
	expect(code).toBe(1);
});

test("send statuses that never come are named, and nothing else", async () => {
	const { hub, devices, call } = await desk();
	await call("/api/faults", { board: hub.mac, kind: "status-lost", count: 2 });
	expect((await check(hub, devices, "--trips", "50", "--yes")).named("failed")).toEqual(["hub.statuses"]);
});

test("frames that are repeated on the air are named, and nothing else", async () => {
	const { hub, devices, call } = await desk();
	await call("/api/air", { loss: 0.2 });
	expect((await check(hub, devices, "--trips", "120", "--yes")).named("failed")).toEqual(["network: trips.late"]);
});

test("a round trip that is lost in the middle is named with its reason, and nothing else", async () => {
	const { hub, devices, call } = await desk();
	const { says, ended } = running("", hub, devices, "--trips", "130", "--yes");
	await says("100 round trips");
	await call("/api/faults", { board: devices[1]?.mac, kind: "mute", count: 1 });
	const { named, report } = await ended;
	expect(named("failed")).toEqual(["network: trips.lost"]);
	expect(report.lines.find(({ id }) => id === "trips.lost")?.value).toBe("1 of 130 (no reply)");
});

test("with an owner at hand one device is silent for a while, and all follow the router", async () => {
	const { hub, devices, call, ready } = await desk();
	let over = false;
	// The desk's time runs ahead while devices find out that their hub has moved.
	const jump = async () => {
		while (!over) {
			const { router } = (await call("/api/world")).body as unknown as { router: { channel: number } };
			if (router.channel === 11) await call("/api/time", { advanceMs: 2_000 });
			await new Promise((done) => setTimeout(done, 200));
		}
	};
	const jumping = jump();
	const { named } = await check(hub, devices, "--trips", "20", "--world", ready.world);
	over = true;
	await jumping;
	expect(named("failed")).toEqual([]);
	expect(named("passed")).toEqual(expect.arrayContaining(["network: owner.mute", "network: owner.channel"]));
});
