import { expect, test } from "@jest/globals";
import { tripChecks } from "../../tools/hardware-check/checks/trips";
import type { Outcome } from "../../tools/hardware-check/hub";
import type { Line } from "../../tools/hardware-check/lines";
import { Session } from "../../tools/hardware-check/session";

/** Round trips of a check with two devices, whose n-th (from 0) ends as told; all others are answered in 2 ms. */
async function checked(ends: Readonly<Record<number, Partial<Outcome> | Error>>, { trips = 1000, simulated = false } = {}) {
	let asked = 0;
	const startedMs = performance.now();
	const session = new Session({
		hub: {
			retries: 0,
			get: () => Promise.reject(new Error("not asked")),
			json: () => Promise.reject(new Error("not asked")),
			send: async () => {
				const end = ends[asked++];
				if (end instanceof Error) throw end;
				const uptimeS = Math.floor((performance.now() - startedMs) / 1000);
				return { ok: true, text: `OK OFF ${uptimeS}+ -50`, rssi: -50, ms: 2, httpMs: 10, ...end };
			},
		},
		owner: { may: async () => "nobody", do: async () => "nobody", close: () => {} },
		devices: [],
		signedIn: false,
		trips,
		simulated,
		onLine: () => {},
		progress: () => {},
	});
	session.devices = [1, 2].map((n) => ({
		name: `device ${n}`,
		mac: `34b4720a100${4 * n}`,
		answers: true,
		hasRelay: false,
		uptime: undefined,
	}));
	await tripChecks(session);
	const line = (id: string): Line => {
		const found = session.lines.find((each) => each.id === id);
		if (!found) throw new Error(`no line ${id}`);
		return found;
	};
	return { asked, line };
}

const LOST: Partial<Outcome> = { ok: false, text: "no reply", rssi: 0, ms: 10_000, httpMs: 10_010 };

test("a round trip lost in the middle of a thousand stands with its reason in the line of those that are lost, and in no other", async () => {
	const { asked, line } = await checked({ 500: LOST });
	expect(asked).toBe(1000);
	expect(line("trips.lost")).toMatchObject({ verdict: "passed", value: "1 of 1000 (no reply)", figures: { lost: 1, of: 1000 } });
	const whole = await checked({});
	for (const id of ["trips.times", "trips.late"]) expect(line(id)).toEqual(whole.line(id));
});

test("three of a thousand fail the line of those that are lost, and no other", async () => {
	const { line } = await checked({ 300: LOST, 500: { ...LOST, text: "no result" }, 501: LOST });
	expect(line("trips.lost")).toMatchObject({ verdict: "failed", value: "3 of 1000 (no reply; no result)" });
	for (const id of ["trips.times", "trips.late"]) expect(line(id).verdict).toBe("passed");
});

test("a reply that is another one's counts as lost", async () => {
	const { line } = await checked({ 7: { text: "OK True -50" } }, { trips: 20 });
	expect(line("trips.lost")).toMatchObject({ verdict: "failed", value: "1 of 20 (OK True -50)" });
});

test("a hub that cannot be reached for a moment costs those round trips, not the report", async () => {
	const { asked, line } = await checked({ 400: new Error("the hub cannot be reached") });
	expect(asked).toBe(1000);
	expect(line("trips.lost").value).toBe("1 of 1000 (the hub cannot be reached)");
});

test("late round trips are told, but not judged where a radio is simulated", async () => {
	const late = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [i, { ms: 40 }]));
	expect((await checked(late, { trips: 100 })).line("trips.late").verdict).toBe("failed");
	const { line } = await checked(late, { trips: 100, simulated: true });
	expect([line("trips.late").verdict, line("trips.times").verdict]).toEqual(["skipped", "passed"]);
});

test("a network that loses everything is given up after twenty", async () => {
	const { asked, line } = await checked(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [i, LOST])));
	expect(asked).toBe(20);
	expect(line("trips.lost")).toMatchObject({ verdict: "failed", value: "20 of 20 (no reply)" });
	expect(line("trips.times").verdict).toBe("skipped");
});
