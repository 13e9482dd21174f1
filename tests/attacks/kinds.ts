import type { ApClient } from "../../sim/world/ap-clients";
import { lanKinds } from "./lan-kinds";
import type { Means } from "./means";
import type { Network } from "./network";
import { RADIO_KINDS } from "./radio-kinds";

/** One way to do harm from outside. */
export interface Kind {
	readonly name: string;
	/** For people. */
	readonly what: string;
	/** Attempts a second while it goes on. */
	readonly perSecond: number;
	/** It uses the hub's address, which one device obeys. */
	readonly inHubsName?: true;
	readonly attempt: (means: Means) => void;
	/** Called when it pauses. */
	readonly rest?: () => void;
}

/** Not like the others: it goes on from the start, beside a hub that waits for its router. */
export const IDLE_PHONE = "idle phone";

const idlePhone: Kind = {
	name: IDLE_PHONE,
	what: "a phone on the hub's setup access point, idle, while the router comes back",
	perSecond: 0,
	attempt: () => {},
};

/** All kinds, with states of their own. */
export function kinds(): readonly Kind[] {
	return [...RADIO_KINDS, ...lanKinds(), idlePhone];
}

/** Long enough for the idle phone to be there for a whole test, in ms. */
const STAY_MS = 24 * 3_600_000;

/** Has a phone join the hub's setup access point and stay there, doing nothing. */
export function joinIdlePhone(network: Network): ApClient {
	network.world.advanceUntil(() => network.hub.accessPoint !== undefined, 30_000);
	return network.world.joinClient("Hub", "00000000", STAY_MS).client;
}
