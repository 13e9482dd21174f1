import { readOptions } from "../../sim/tools/options";

export interface Arguments {
	readonly hub: URL;
	/** 12 lower-case hex digits each; none: those that the hub knows. */
	readonly devices: readonly string[];
	readonly password: string;
	readonly trips: number;
	readonly yes: boolean;
	/** A board of this network is no board but the SDK's simulator. */
	readonly simulated: boolean;
	/** The desk's control API: it does what the owner is asked to do. */
	readonly world: URL | undefined;
	readonly out: string;
}

export const USAGE = `make hardware-check HUB=http://192.168.1.50 [DEVICES="<mac> …"] [PASSWORD=…] [ARGS="…"]
  HUB         the hub's address in the house
  DEVICES     MACs of its devices; without it, those that the hub has heard
  PASSWORD    the house's password, for what is only done signed in
  --yes       relays may be switched on and off and back, a device may be restarted; nobody is asked
  --trips N   round trips, 20 to 10000, default 1000
  --simulated one of the boards is the SDK's simulator: the times of its radio are not judged
  --world URL the desk's control API (make start): it does what an owner is asked to do
  --out PATH  where the report goes, default build/hardware-report (.json and .md)
  --help      this text`;

const OPTIONS = {
	numbers: { trips: { lowest: 20, highest: 10_000, usual: 1000 } },
	texts: { hub: "", devices: "", world: "", out: "build/hardware-report" },
	switches: ["yes", "simulated", "help"],
} as const;

/**
 * Reads the command line; the password comes from the environment, where other people on the machine do not see it.
 * @returns undefined when help is wanted
 * @throws Error with a sentence
 */
export function readArguments(words: readonly string[], environment: NodeJS.ProcessEnv): Arguments | undefined {
	const given = readOptions(words, OPTIONS);
	if (given.has("help")) return undefined;
	if (given.text("hub") === "") throw new Error("HUB is missing: the hub's address in the house, such as HUB=http://192.168.1.50.");
	return {
		hub: address(given.text("hub"), "HUB"),
		devices: [
			...new Set(
				given
					.text("devices")
					.split(/[\s,]+/)
					.filter(Boolean)
					.map(mac),
			),
		],
		password: environment.PASSWORD ?? "",
		trips: given.number("trips"),
		yes: given.has("yes"),
		simulated: given.has("simulated"),
		world: given.text("world") === "" ? undefined : address(given.text("world"), "--world"),
		out: given.text("out"),
	};
}

function address(text: string, name: string): URL {
	const written = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`;
	if (!URL.canParse(written) || new URL(written).protocol !== "http:")
		throw new Error(`${name} must be an address such as http://192.168.1.50, not ${text}.`);
	return new URL(written);
}

function mac(text: string): string {
	const digits = text.toLowerCase().replace(/[:.-]/g, "");
	if (!/^[0-9a-f][02468ace][0-9a-f]{10}$/.test(digits)) throw new Error(`${text} is no MAC of a board: 12 hex digits.`);
	return digits;
}
