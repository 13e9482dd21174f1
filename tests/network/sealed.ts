import { joinAll } from "../../sim/world/provision";
import type { World } from "../../sim/world/world";
import { deviceSpec, hubSpec, type NetworkOptions, settle, world } from "./network";

/** A hub and devices of these names, joined to it by keys, all up. */
export function sealedNetwork(names: readonly string[], options: NetworkOptions = {}): World {
	const { hub, ...rest } = options;
	const made = world(joinAll([hubSpec(hub), ...names.map((name) => deviceSpec(name))]), rest).boot();
	settle(made);
	return made;
}
