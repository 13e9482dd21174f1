import { expect, test } from "@jest/globals";
import type { World } from "../../sim/world/world";
import { events, hubSpec, settle, snapshot, world } from "./network";
import { appWithCommands } from "./test-app";

/** The board's own test: each planted fault is named in words, and nothing else. */

interface Result {
	readonly ok: boolean;
	readonly checks: readonly { readonly name: string; readonly result: string; readonly seen: string }[];
}

const PINS = { relay: { pin: 4, invert: true }, led: { pin: 3, invert: false }, button: 10 };

const PASSWORD = "house-password";
const SIGNED_IN = { authorization: `Basic ${Buffer.from(`me:${PASSWORD}`).toString("base64")}` };

function board(): World {
	const made = world([{ ...hubSpec({ pins: PINS, house: { password: PASSWORD } }), pins: { 10: 1 } }]).boot();
	settle(made);
	return made;
}

const get = (made: World, headers: Readonly<Record<string, string>> = SIGNED_IN) =>
	made.http("Hub", "lan", { path: "/api/selftest", headers });

const ask = (made: World): Result => JSON.parse(get(made).body) as Result;

const wrong = (made: World): string[] => {
	const { ok, checks } = ask(made);
	const found = checks.filter(({ result }) => result !== "OK").map(({ name, result }) => `${name}: ${result}`);
	expect(ok).toBe(found.length === 0);
	return found;
};

test("a healthy board finds nothing, and tells what it has seen", () => {
	const made = board();
	const { ok, checks } = ask(made);
	expect(checks.map(({ name, result }) => `${name}: ${result}`)).toEqual(
		[
			"random numbers",
			"flash",
			"relay",
			"LED",
			"button",
			"memory of ESP-IDF",
			"memory of the engine",
			"stack",
			"versions",
			"start",
			"timers",
		].map((name) => `${name}: OK`),
	);
	expect(ok).toBe(true);
	const seen = (name: string) => checks.find((each) => each.name === name)?.seen;
	expect(seen("versions")).toBe("ESP-IDF and Wi-Fi v6.0, ESP-NOW 2");
	expect(seen("flash")).toBe("written and read");
	expect(seen("start")).toBe("power-on");
});

test.each([
	["random-stuck", ["random numbers: the same number again and again"]],
	["random-repeats", ["random numbers: numbers repeat themselves"]],
	["pin-stuck", ["LED: pin 3 does not change"]],
	["flash-refuses", ["flash: nvs set fail"]],
	["flash-forgets", ["flash: what was written does not come back"]],
	["clock-stops", ["timers: 50 ms lasted 0 ms"]],
	["heap-low", ["memory of ESP-IDF: only 9000 bytes left"]],
	["stack-low", ["stack: only 180 bytes left"]],
	["no-version", ["versions: ESP-NOW does not tell its version"]],
])("%s is named, and nothing else", (kind, found) => {
	const made = board();
	made.fault("Hub", kind, 1);
	expect(wrong(made)).toEqual(found);
	made.fault("Hub", kind, 0);
	if (kind.startsWith("flash")) made.advance(600_000);
	expect(wrong(made)).toEqual([]);
});

test.each([
	["panic", "panic"],
	["watchdog", "task watchdog"],
	["brown-out", "brown-out"],
])("a start after %s is named, and nothing else", (kind, reason) => {
	const made = board();
	made.fault("Hub", kind);
	settle(made);
	expect(wrong(made)).toEqual([`start: restarted by ${reason}`]);
	made.board("Hub").pressReset();
	settle(made);
	expect(wrong(made)).toEqual([]);
});

test("a heap of the engine that is nearly full is named, and nothing else", () => {
	const app = appWithCommands({ "hold:": "handler.held = new ArrayBuffer(Number(args)); return 'OK';" });
	const made = world([hubSpec({ house: { password: PASSWORD } })], { app, machine: "chip" }).boot();
	settle(made);
	const free = () => (snapshot(made, "Hub") as unknown as { heap: { engine: number } }).heap.engine;
	made.board("Hub").collect();
	// What is left is enough to say so.
	expect(made.http("Hub", "ap", { path: `/?hold:${free() - 5_000}` }).body).toBe("OK");
	expect(wrong(made)).toEqual([expect.stringMatching(/^memory of the engine: only [1-9][0-9]{3} bytes left$/)]);
	expect(made.http("Hub", "ap", { path: "/?hold:0" }).body).toBe("OK");
	made.board("Hub").collect();
	expect(wrong(made)).toEqual([]);
});

test("a relay whose pin does not follow, and a button that is held, are named", () => {
	const made = board();
	made.http("Hub", "ap", { path: "/?on" });
	made.fault("Hub", "pin-stuck", 1);
	expect(wrong(made)).toEqual(["relay: pin 4 shows 1 and should show 0", "LED: pin 3 does not change"]);
	made.fault("Hub", "pin-stuck", 0);
	made.pressButton("Hub", 3_000);
	expect(wrong(made)).toEqual(["button: pin 10 is low: pressed, or tied to ground"]);
});

test("a relay is not switched by it, and stays as it is", () => {
	const made = board();
	made.http("Hub", "ap", { path: "/?on" });
	const before = events(made, "pin", "Hub").filter(({ pin }) => pin === 4).length;
	ask(made);
	expect(events(made, "pin", "Hub").filter(({ pin }) => pin === 4)).toHaveLength(before);
	expect(made.http("Hub", "ap", { path: "/?relay" }).body).toBe("OK True");
});

test("whoever polls it wears out no flash: one write in ten minutes", () => {
	const made = board();
	ask(made);
	const written = made.board("Hub").flashWrites;
	for (let i = 0; i < 50; i++) {
		made.advance(250);
		ask(made);
	}
	expect(made.board("Hub").flashWrites).toBe(written);
	made.advance(600_000);
	ask(made);
	expect(made.board("Hub").flashWrites).toBeGreaterThan(written);
});

test("what is wrong five seconds after a start stays on the status page, without a write to flash", () => {
	const made = board();
	const written = made.board("Hub").flashWrites;
	made.fault("Hub", "heap-low", 1);
	made.advance(6_000);
	expect(snapshot(made, "Hub").lastError).toBe("self-test: memory of ESP-IDF: only 9000 bytes left");
	expect(made.board("Hub").flashWrites).toBe(written);
});

test("it is for the setup side, and for who is signed in in the house", () => {
	const made = board();
	expect(made.http("Hub", "ap", { path: "/api/selftest" }).status).toBe(200);
	expect(get(made).status).toBe(200);
	expect(get(made, {}).status).toBe(401);
});

test("two who ask at once get the same test", () => {
	const made = board();
	const [one, other] = [0, 1].map(() => made.request("Hub", "ap", { path: "/api/selftest" }));
	made.advance(1_000);
	expect(one?.response?.body).toBe(other?.response?.body);
	expect(one?.response?.body).toMatch(/"ok":true/);
});
