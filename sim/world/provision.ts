import { readFileSync } from "node:fs";
import type { Records } from "../../modules/config/records";
import type { Configuration } from "../../modules/config/schema";
import { ConfigStore } from "../../modules/config/store";
import { Roster } from "../../modules/devices/roster";
import { boardMac } from "./mac";
import type { NvsEntry } from "./protocol";
import { joined } from "./sealed-keys";
import type { BoardSpec } from "./world";

/** NVS namespace in which the firmware keeps its records. NVS stores a string with the NUL at its end. */
const DOMAIN = "rbrnow";

/** A configuration as `PUT /api/config` takes it: whole or partial. */
export type ConfigurationPatch = { readonly [Key in keyof Configuration]?: unknown };

/** Flash of a board that was given this configuration: written by the firmware's own store. */
export function provision(patch: ConfigurationPatch): NvsEntry[] {
	const texts = new Map<string, string>();
	const store = new ConfigStore({ records: records(texts) });
	store.load();
	const result = store.update(patch);
	if (!result.ok) throw new Error(`the configuration does not hold: ${result.path || "the whole"} must be ${result.expected}`);
	return entries(texts);
}

/**
 * The same boards with the keys of a sealed network in flash, as after joining: the first is the hub of all others, and knows their names.
 * @param isSealed says by their places which of the others have joined; those that have not stay as they are
 */
export function joinAll(specs: readonly BoardSpec[], isSealed: (index: number) => boolean = () => true): BoardSpec[] {
	const macs = specs.map(({ mac }, index) => mac ?? boardMac(index));
	const devices = specs.flatMap(({ name, config }, index) =>
		index > 0 && isSealed(index) ? [{ mac: macs[index] ?? "", name: String(config?.name ?? name) }] : [],
	);
	const keys = joined(
		macs[0] ?? "",
		devices.map(({ mac }) => mac),
	);
	const roster = rosterOf(devices);
	return specs.map((spec, index) => ({ ...spec, keys: [...(keys.get(macs[index] ?? "") ?? []), ...(index === 0 ? roster : [])] }));
}

/** The hub's list of its devices, written by the firmware's own code. */
function rosterOf(devices: readonly { readonly mac: string; readonly name: string }[]): NvsEntry[] {
	const texts = new Map<string, string>();
	const roster = new Roster(records(texts));
	roster.load(() => {});
	const room = roster.room(0);
	for (let group = 0; group * room < devices.length; group++) {
		const members = devices.slice(group * room, (group + 1) * room).map((device) => ({ ...device, isSealed: true }));
		if (!roster.write(group, members)) throw new Error("the list of devices does not hold");
	}
	return entries(texts);
}

function entries(texts: ReadonlyMap<string, string>): NvsEntry[] {
	return [...texts].map(([key, text]) => ({ ns: DOMAIN, key, type: "str", hex: Buffer.from(`${text}\0`, "utf8").toString("hex") }));
}

/** The configuration that a board with this flash starts with. */
export function storedConfiguration(nvs: readonly NvsEntry[]): { configuration: Configuration; configured: boolean } {
	const texts = new Map<string, string>();
	for (const { ns, key, type, hex } of nvs)
		if (ns === DOMAIN && type === "str") texts.set(key, Buffer.from(hex, "hex").toString("utf8").replace(/\0$/, ""));
	const store = new ConfigStore({ records: records(texts) });
	store.load();
	return { configuration: store.configuration, configured: store.configured };
}

/** Pin of the button that boards of the kind that this firmware (its app.json) is for are sold with. */
export function usualButton(app: string): number | undefined {
	const { config } = JSON.parse(readFileSync(app, "utf8")) as { config?: { button?: unknown } };
	return typeof config?.button === "number" ? config.button : undefined;
}

function records(texts: Map<string, string>): Records {
	return {
		read: (key) => texts.get(key),
		write: (key, text) => {
			texts.set(key, text);
		},
		erase: (key) => {
			texts.delete(key);
		},
	};
}
