import { expect, test } from "@jest/globals";
import { ASSUMED_NS, METERED_COUNTS } from "../../modules/board/meter";
import { boardMac } from "../../sim/world/mac";
import { HUB, network, OWNER } from "./network";

/** The command `meter`: what an owner of a real board sends us so that estimates become figures. */

const LINE =
	/^OK (?<counts>\d+) counts (?<us>\d+) us(?<assumed> assumed)?; (?<turns>\d+) turns (?<turnsUs>\d+) us; radio (?<radio>-?\d+) ms; frame (?<frame>-?\d+) ms/;

function made() {
	const world = network(["Kitchen"]);
	const ask = (msg: string, headers: Readonly<Record<string, string>> = OWNER, mac = HUB) => {
		const body = JSON.stringify({ mac, msg });
		const before = world.board("Hub").meter;
		const answer = world.http("Hub", "lan", {
			method: "POST",
			path: "/api/send",
			headers: { ...headers, "content-type": "application/json" },
			body,
		});
		const { reply = "", reason = "" } = JSON.parse(answer.body) as { reply?: string; reason?: string };
		return { text: reply || reason, counts: world.board("Hub").meter - before };
	};
	return { world, ask };
}

test("the engine counts what the meter says it counts", () => {
	const { ask } = made();
	for (const msg of ["meter", "help", "version"]) ask(msg);
	// What is not the measured work is about the same in another command. The reply to `help` grows with each new one.
	const counts = ask("meter").counts - ask("version").counts;
	expect(counts / METERED_COUNTS).toBeGreaterThan(0.98);
	expect(counts / METERED_COUNTS).toBeLessThan(1.02);
});

test("a virtual board's time stands still while it works: it tells the assumed cost and says so", () => {
	const { groups } = LINE.exec(made().ask("meter").text) ?? {};
	expect(groups).toMatchObject({
		counts: `${METERED_COUNTS}`,
		us: `${Math.round((METERED_COUNTS * ASSUMED_NS) / 1000)}`,
		assumed: " assumed",
	});
});

test("a device tells it through its hub, with the time from its start to its first frame", () => {
	const { world, ask } = made();
	world.advance(60_000);
	const { groups } = LINE.exec(ask("meter", OWNER, boardMac(1)).text) ?? {};
	const { radio = "-1", frame = "-1", turns = "0" } = groups ?? {};
	expect(Number(radio)).toBeGreaterThanOrEqual(0);
	expect(Number(frame)).toBeGreaterThan(Number(radio));
	expect(Number(turns)).toBeGreaterThan(500);
});

test("who is not signed in cannot keep a board from its radio with it", () => {
	const { ask } = made();
	expect(ask("meter", {}).text).toMatch(/^not allowed/);
	expect(ask("meter", {}, boardMac(1)).text).toMatch(/^not allowed/);
});
