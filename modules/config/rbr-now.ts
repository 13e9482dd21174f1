import { isObject } from "./merge";
import { type Configuration, type JsonObject, PASSWORD_MASK, type Refusal } from "./schema";

/** RBR-Now's names for our paths. */
const names: Readonly<Record<string, string>> = Object.freeze({
	role: "master",
	hub: "myMaster",
	"router.ssid": "hostssid",
	"router.password": "hostpass",
});

/** Whether this is a `config.json` as RBR-Now writes it: it has one of its own keys, or a pin as a text. */
export function isRbrNow(patch: unknown): patch is JsonObject {
	if (!isObject(patch)) return false;
	for (const path of Object.keys(names)) if (Object.hasOwn(patch, names[path] ?? "")) return true;
	const pins = ownObject(patch, "pins");
	return Object.keys(pins).some((key) => key !== "dht22" && typeof ownObject(pins, key).pin === "string");
}

/**
 * RBR-Now's form in ours. Values that fit no rule are passed on, to be refused there; keys that are unknown here
 * (`path`, `ipaddr`, `ssid`, `pins.dht22`) stay as they are.
 */
export function fromRbrNow(file: JsonObject): { readonly ok: true; readonly patch: JsonObject } | Refusal {
	const patch: JsonObject = { ...file };
	for (const path of Object.keys(names)) {
		const theirs = names[path] ?? "";
		const ours = path.startsWith("router.") ? "router" : path;
		if (!Object.hasOwn(file, theirs)) continue;
		if (Object.hasOwn(file, ours)) return { ok: false, path: theirs, expected: `not together with ${ours}` };
		delete patch[theirs];
	}
	if (Object.hasOwn(file, "master")) {
		if (typeof file.master !== "boolean") return { ok: false, path: "master", expected: "true or false" };
		patch.role = file.master ? "hub" : "device";
	}
	if (Object.hasOwn(file, "myMaster")) patch.hub = file.myMaster;
	if (Object.hasOwn(file, "hostssid") || Object.hasOwn(file, "hostpass")) {
		const router: JsonObject = {};
		if (Object.hasOwn(file, "hostssid")) router.ssid = file.hostssid;
		if (Object.hasOwn(file, "hostpass")) router.password = file.hostpass;
		patch.router = router;
	}
	if (Object.hasOwn(file, "channel")) patch.channel = numberOf(file.channel);
	if (isObject(file.pins)) patch.pins = fromPins(file.pins);
	return { ok: true, patch };
}

/** A refused path as the writer of an RBR-Now file knows it. */
export function rbrNowPath(path: string): string {
	return Object.hasOwn(names, path) ? (names[path] ?? path) : path;
}

/** Our configuration as a `config.json` of RBR-Now, the router's password masked. */
export function toRbrNow(configuration: Configuration): JsonObject {
	const { name, role, router, hub, channel, pins, country, plain, setupAP, house, ...unknown } = configuration;
	const { led, relay, button, ...otherPins } = pins;
	return {
		path: "",
		...unknown,
		name,
		master: role === "hub",
		myMaster: hub,
		channel,
		hostssid: router.ssid,
		hostpass: router.password === "" ? "" : PASSWORD_MASK,
		pins: {
			dht22: { pin: "" },
			...otherPins,
			led: { pin: led ? String(led.pin) : "", invert: led?.invert ?? false },
			relay: { pin: relay ? String(relay.pin) : "", invert: relay?.invert ?? false },
		},
	};
}

/** An empty pin is one that is not fitted. */
function fromPins(pins: JsonObject): JsonObject {
	const patch: JsonObject = { ...pins };
	for (const key of ["led", "relay"]) {
		if (!isObject(pins[key]) || !Object.hasOwn(pins, key)) continue;
		const output = pins[key];
		patch[key] = output.pin === "" ? null : { ...output, ...(Object.hasOwn(output, "pin") ? { pin: numberOf(output.pin) } : {}) };
	}
	return patch;
}

function numberOf(value: unknown): unknown {
	return typeof value === "string" && /^\d{1,3}$/.test(value) ? Number(value) : value;
}

function ownObject(from: JsonObject, key: string): JsonObject {
	const value = Object.hasOwn(from, key) ? from[key] : undefined;
	return isObject(value) ? value : {};
}
