import { expect, test } from "@jest/globals";
import { BROADCAST } from "../../sim/world/mac";
import { ask, events, hubSpec, OWNER, settle, world } from "./network";
import { describeOriginal, type OriginalSnapshot, originalDevice, originalHub } from "./original-network";
import { call, finish, textsOf } from "./traffic";

describeOriginal("joining beside boards with the original's code", () => {
	test("one without a hub is not adopted, moved or stopped: it answers the calls, runs nothing, and answers its own hub afterwards", () => {
		const made = world([hubSpec(), originalDevice("Old", { hub: "" }), { name: "New" }]).boot();
		settle(made);
		const body = { do: "start" };
		expect(made.http("Hub", "lan", { method: "POST", path: "/api/join", body, headers: OWNER }).body).toBe('{"ok":true}');
		made.advance(130_000);
		const before = made.board("Old").snapshot() as OriginalSnapshot;
		expect(before).toMatchObject({ handled: {}, framesDropped: 0, channel: 6 });
		expect(before.myMaster || "").toBe("");
		expect(new Set(textsOf(made, "Old"))).toEqual(new Set(["pong"]));
		expect(
			new Set(
				events(made, "frame")
					.filter(({ to }) => to === BROADCAST)
					.map(({ text }) => text),
			),
		).toEqual(new Set(["ping"]));
		expect(ask(made, "Old", "uptime")).toMatch(/^OK OFF /);
	});

	test("a hub of the original's that waits for a reply gets that reply, whatever calls come between", () => {
		const made = world([originalHub(), originalDevice("Lamp"), { name: "New" }, { name: "Newer" }]).boot();
		settle(made);
		made.advance(10_000);
		for (let i = 0; i < 10; i++) {
			const asked = call(made, "Lamp", "uptime");
			for (let ms = 0; ms < 200 && asked.body === undefined; ms += 50) {
				made.sendFrame({ from: made.board("New").mac, to: BROADCAST, payload: Buffer.from("ping") });
				made.advance(50);
			}
			finish(made, [asked]);
			expect(asked.body).toMatch(/^OK OFF \d+\+ -\d+$/);
		}
		// It goes on to hear.
		expect((made.board("Hub").snapshot() as OriginalSnapshot).framesDropped).toBe(0);
	});
});
