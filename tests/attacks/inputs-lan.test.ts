import { expect, test } from "@jest/globals";
import { lanRequests } from "./inputs";
import { compare, makeNetwork, ROUNDS } from "./rounds";

test("what anybody in the house may send, every route, command and message, leaves no slot behind and restarts nobody", () => {
	const network = makeNetwork("closed");
	const device = network.world.board("Room 1");
	const all = lanRequests(device.mac);
	compare(network, [network.hub, device], ROUNDS, () => {
		for (const request of all) {
			const exchange = network.request(9, request);
			network.world.advanceUntil(() => exchange.done, 15_000);
			expect(exchange.response ?? exchange.error).toBeDefined();
		}
	});
	expect(network.world.log.of("restart")).toEqual([]);
}, 3_600_000);
