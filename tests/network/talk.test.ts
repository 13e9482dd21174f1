import { describe, expect, test } from "@jest/globals";
import { ask, events, HUB, macOf, network, snapshot, took } from "./network";
import { framesOf } from "./traffic";

describe("a hub and its devices", () => {
	test("a request through the hub's page switches a relay, and the reply carries the device's rssi", () => {
		const made = network(["Kitchen", "Bedroom"]);
		expect(ask(made, "Kitchen", "on")).toMatch(/^OK ON \d+\+ -\d+$/);
		const [, kitchen, bedroom] = made.status().boards;
		expect([kitchen?.relay, bedroom?.relay]).toEqual(["ON", "OFF"]);
		expect(ask(made, "Kitchen", "off")).toMatch(/^OK OFF \d+\+ -\d+$/);
	});

	test("a round trip takes milliseconds, since nothing waits for the clock", () => {
		const made = network(["Kitchen"]);
		ask(made, "Kitchen", "uptime");
		expect(took(made, () => ask(made, "Kitchen", "uptime"))).toBeLessThan(20);
	});

	test("a device's AP address names the same board", () => {
		const made = network(["Kitchen"]);
		const apMac = macOf(made, "Kitchen").replace(/.$/, (digit) => (Number.parseInt(digit, 16) + 1).toString(16));
		expect(ask(made, apMac, "uptime")).toMatch(/^OK OFF \d+\+ -\d+$/);
	});

	test("a request to the hub's own address is answered by the hub itself, with nothing on the air", () => {
		const made = network(["Kitchen"]);
		const frames = events(made, "frame").length;
		expect(ask(made, HUB, "channel")).toBe("OK 6");
		expect(events(made, "frame")).toHaveLength(frames);
	});

	test("ping is answered with pong, by the hub and by a device", () => {
		const made = network(["Kitchen"]);
		expect(ask(made, "Kitchen", "ping")).toBe("pong");
		expect(ask(made, HUB, "ping", { board: "Kitchen", side: "ap" })).toBe("pong");
	});

	test("an unknown board is given up after three tries", () => {
		const made = network(["Kitchen"]);
		expect(ask(made, "34b4720afff0", "uptime")).toBe("Fail (no result)");
		expect(events(made, "frame", "Hub").filter(({ to }) => to === "34b4720afff0")).toHaveLength(3);
	});

	test("every frame that came in is accounted for", () => {
		const made = network(["Kitchen", "Bedroom"]);
		for (const message of ["uptime", "nonsense", "ping", `!${macOf(made, "Bedroom")},uptime`, "!"]) ask(made, "Kitchen", message);
		for (const { counters } of made.boards.map(({ name }) => snapshot(made, name))) {
			const drops = Object.values(counters.dropped).reduce((sum, count) => sum + count, 0);
			expect(counters.framesIn).toBe(
				counters.pongs + counters.replies + counters.relayed + counters.commands + counters.reports + counters.sealing + drops,
			);
		}
	});

	test("the same seed is the same run, to the byte; another seed is another run", () => {
		const run = (seed: number) => {
			const made = network(["Kitchen", "Bedroom"], { seed });
			made.air.loss = 0.2;
			ask(made, "Kitchen", "on");
			ask(made, "Bedroom", "uptime");
			made.advance(5000);
			return made.transcript;
		};
		const first = run(5);
		expect(run(5)).toBe(first);
		expect(run(6)).not.toBe(first);
	});

	test("the original's page: mac, role letter, name and uptime as plain text", () => {
		const made = network(["Kitchen"]);
		expect(made.http("Hub", "lan", { path: "/" }).body).toMatch(new RegExp(`^${HUB} M Hub \\d+$`));
		expect(made.http("Kitchen", "ap", { path: "/" }).body).toMatch(/^34b4720a1004 S Kitchen \d+$/);
	});

	test.each([
		[58, /^Fail \(too long\) -\d+$/],
		[57, /^Unknown message: (😀){57} -\d+$/u],
		[62, /^Fail \(too long\) -\d+$/],
		[63, /^Fail \(too long\)$/],
		[64, /^Fail \(too long\)$/],
	])("a text is measured in bytes on the engine, too: %i characters of four bytes", (count, expected) => {
		const made = network(["Kitchen"]);
		const since = made.log.next;
		const reply = ask(made, "Kitchen", "😀".repeat(count));
		expect(reply).toMatch(expected);
		expect(framesOf(made, "Hub", since).length).toBe(count <= 62 ? 1 : 0);
	});
});
