import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { build } from "esbuild";
import { hasChromium } from "./chromium";

const NETWORK = [
	"ip link set lo up",
	"ip link add near type veth peer name far",
	"ip link set near up && ip link set far up",
	...[1, 2, 3].map((last) => `ip addr add 10.99.0.${last}/24 dev near`),
].join(" && ");
/** A network namespace with addresses that are not loopback; it is gone with the program that runs in it. */
const inNamespace = (command: string) => ["-n", "bash", "-c", `${NETWORK} && ${command}`];

const isAllowed = spawnSync("unshare", inNamespace("true")).status === 0;
if (!isAllowed) console.warn("No network namespaces here (root and iproute2 are needed): the pages of other sites are not tried.");
const inNetwork = isAllowed && hasChromium ? describe : describe.skip;

interface Outcome {
	readonly relay: string;
	readonly reached: readonly string[];
	readonly read: string;
}

inNetwork("pages of other sites, at an address that is not loopback", () => {
	let folder = "";
	let hub = "";
	let outcomes: Record<string, Outcome> = {};

	beforeAll(async () => {
		folder = mkdtempSync("build/strange-pages-");
		const bundled = { bundle: true, platform: "node", format: "esm", packages: "external", logLevel: "warning" } as const;
		const script = join(folder, "strange-pages.mjs");
		const desk = join(folder, "start.mjs");
		await build({ ...bundled, entryPoints: ["tests/browser/strange-pages.ts"], outfile: script });
		await build({ ...bundled, entryPoints: ["sim/world/start.ts"], outfile: desk });
		const run = spawnSync("unshare", inNamespace(`node ${script} ${desk}`), { encoding: "utf8", timeout: 110_000, maxBuffer: 1 << 24 });
		if (run.status !== 0) throw new Error(`the browser's run failed: ${run.stderr}`);
		({ hub, outcomes } = JSON.parse(run.stdout) as { hub: string; outcomes: Record<string, Outcome> });
	});
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	test.each([
		"picture",
		"program text",
		"frame",
		"fetch no-cors",
		"fetch with an empty Accept-Language",
		"form by GET",
		"form by POST, as text",
		"JSON as text",
		"beacon",
		"event source",
		"web socket",
		"redirected window",
		"rebound name",
		"link",
	])("%s: reaches the hub and switches nothing", (name) => {
		expect(outcomes[name]?.reached.some((line) => /msg=on|\/api\/send/.test(line))).toBe(true);
		expect(outcomes[name]?.relay).toMatch(/^OK False/);
	});

	test("a name that is made to point at the hub reads nothing of it", () => {
		const { read } = outcomes["rebound name"] ?? { read: hub };
		expect(read).not.toContain(hub);
		expect(read).not.toContain("uptimeS");
		expect(read).not.toContain("router");
	});

	test("a person who opens a link to a command gets a button, which sends it", () => {
		expect(outcomes.link?.read).toContain("msg=on");
		expect(outcomes["link, and the button"]).toMatchObject({
			relay: expect.stringMatching(/^OK True/),
			read: expect.stringContaining("OK ON"),
		});
	});

	test("the hub's own page switches at the same address", () => {
		expect(outcomes["the hub's own page"]).toMatchObject({
			relay: expect.stringMatching(/^OK True/),
			read: expect.stringContaining("OK ON"),
		});
	});

	test("a script switches with the original's address", () => {
		expect(outcomes.script).toMatchObject({ relay: expect.stringMatching(/^OK True/), read: expect.stringMatching(/^OK ON/) });
	});
});
