import { describe, expect, test } from "@jest/globals";
import { frames, RESTARTS, setupRequests } from "./inputs";
import { STRANGER } from "./means";
import { HUB } from "./network";
import { compare, makeNetwork, ROUNDS } from "./rounds";

/** Frames of one sender come this far apart, in ms: what one of them begins has its end before the next. */
const PACE_MS = 12;
/** A setup access point is open for ten minutes: so many rounds come to their end before. */
const ROUNDS_A_WINDOW = 40;
/** The setup side takes four changes a second, in ms. */
const CHANGE_MS = 250;
/** For a restart that was ordered, and to come back, in ms. */
const RESTART_MS = 25_000;

describe("what anybody may send, at its largest and oddest, leaves no slot behind and restarts nobody", () => {
	test.each(["Hub", "Room 1"])(
		"every kind of frame and every command by radio, to %s",
		(name) => {
			const network = makeNetwork("closed");
			const board = network.world.board(name);
			const all = frames([HUB, ...network.devices.map(({ mac }) => mac)]);
			compare(network, network.world.boards, ROUNDS, () => {
				for (const payload of all) {
					network.world.sendFrame({ from: STRANGER, to: board.mac, payload });
					network.world.advance(PACE_MS);
				}
			});
			expect(network.world.log.of("restart")).toEqual([]);
		},
		3_600_000,
	);

	test("every route, command and message on the setup side, from window to window; it restarts when it is told to", () => {
		const network = makeNetwork("open");
		const { world, hub } = network;
		const all = setupRequests(network.devices[0]?.mac ?? "");
		const before = world.configurationOf(hub).configuration;
		let left = ROUNDS;
		for (let window = 0; left > 0; window++) {
			const rounds = Math.min(left, ROUNDS_A_WINDOW);
			compare(network, [hub], rounds, () => {
				for (const { request, status } of all) {
					if (request.method === "PUT") world.advance(CHANGE_MS);
					const exchange = world.request("Hub", "ap", request);
					world.advanceUntil(() => exchange.done, 15_000);
					expect([request.method, request.path, exchange.response?.status ?? exchange.error]).toEqual([
						request.method,
						request.path,
						status,
					]);
				}
			});
			expect(world.configurationOf(hub).configuration).toEqual(before);
			left -= rounds;
			const order = RESTARTS[window % RESTARTS.length];
			if (order) world.http("Hub", "ap", order);
			world.advance(RESTART_MS);
			expect([hub.bootCount, world.log.of("restart").at(-1)?.reason]).toEqual([window + 2, "software"]);
		}
	}, 3_600_000);
});
