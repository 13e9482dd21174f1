import { describe, expect, test } from "@jest/globals";
import { ask, HUB, macOf, snapshot } from "./network";
import { sealedNetwork } from "./sealed";
import { accounted, framesOf, inject, STRANGER } from "./traffic";

const STATE = /^OK (ON|OFF) \d+\+ -\d+$/;

describe("a sealed network", () => {
	test("requests are answered, and nothing that can be read is on the air", () => {
		const made = sealedNetwork(["A", "B"]);
		const since = made.log.next;
		expect(ask(made, "A", "on")).toMatch(STATE);
		expect(ask(made, "B", "uptime")).toMatch(STATE);
		expect(made.status().boards.map(({ relay }) => relay)).toEqual([null, "ON", "OFF"]);
		const frames = ["Hub", "A", "B"].flatMap((name) => framesOf(made, name, since));
		expect(frames.length).toBeGreaterThan(6);
		for (const { text } of frames) expect(text).toBeUndefined();
		for (const name of ["Hub", "A", "B"]) {
			const { counters } = snapshot(made, name);
			expect(accounted(counters)).toBe(counters.framesIn);
			expect(counters.dropped).toEqual({});
		}
	});

	test("a stranger commands nobody, whatever address is forged", () => {
		const made = sealedNetwork(["A"]);
		for (const from of [HUB, STRANGER])
			for (const text of ["on", "ping", "reset", `!${macOf(made, "A")},on`]) inject(made, { to: "A", from, payload: text });
		made.advance(2_000);
		expect(made.status().boards[1]?.relay).toBe("OFF");
		expect(made.board("A").bootCount).toBe(1);
		expect(snapshot(made, "A").counters.dropped).toEqual({ plainRefused: 8 });
	});

	test("a board out of the hub's range is reached over one in between that reads nothing of it", () => {
		const made = sealedNetwork(["A", "B"]);
		made.link("Hub", "B", null);
		expect(ask(made, "A", `!${macOf(made, "B")},on`)).toMatch(STATE);
		expect(made.status().boards.map(({ relay }) => relay)).toEqual([null, "OFF", "ON"]);
		expect(ask(made, "B", "off")).toMatch(STATE);
	});

	test("after a restart of either side the next request is answered", () => {
		const made = sealedNetwork(["A"]);
		expect(ask(made, "A", "on")).toMatch(STATE);
		made.board("A").powerOff();
		made.board("A").powerOn();
		made.advance(3_000);
		expect(ask(made, "A", "on")).toMatch(STATE);
		made.board("Hub").powerOff();
		made.board("Hub").powerOn();
		made.advance(8_000);
		expect(ask(made, "A", "off")).toMatch(STATE);
	});

	test("a hub whose setting `plain` is off hears no board of which it holds no key, and asks none", () => {
		const made = sealedNetwork(["A"], { hub: { plain: "off" } });
		expect(ask(made, "A", "on")).toMatch(STATE);
		inject(made, { to: "Hub", from: STRANGER, payload: "uptime" });
		made.advance(1_000);
		expect(framesOf(made, "Hub", 0, STRANGER)).toEqual([]);
		expect(snapshot(made, "Hub").counters.dropped).toEqual({ plainRefused: 1 });
		expect(ask(made, STRANGER, "on")).toBe("Fail (not joined)");
	});
});
