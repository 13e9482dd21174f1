import { isIPv4 } from "node:net";
import { readOptions } from "../tools/options";

export interface Arguments {
	/** IPv4 address of this machine on which everything is reached. */
	readonly host: string;
	readonly port: number;
	readonly devices: number;
	readonly seed: number;
	/** UDP port of the air, 0: none. */
	readonly air: number;
	readonly json: boolean;
	readonly factory: boolean;
	readonly plain: boolean;
	readonly help: boolean;
}

export const USAGE = `make start ARGS="…"    or    npm start -- …
  --port N      port of the control API, default 8000; boards have N + 1, N + 2 … (house) and N + 101, N + 102 … (setup)
  --host A      IPv4 address on which all of them are, default 127.0.0.1; any other lets everybody steer this desk who can reach it
  --devices N   devices besides the hub, 0 to 98, default 3
  --seed N      what everything random comes from, default 1
  --air N       UDP port on which boards from elsewhere join the air, such as those of the SDK's simulator (sim/world/AIR.md); default none
  --json        print one line of JSON when ready
  --factory     boards as they leave the factory: no configuration
  --plain       boards that talk plain text, as the original's; else hub and devices are joined to a sealed network
  --help        this text`;

const OPTIONS = {
	numbers: {
		port: { lowest: 1024, highest: 65_535 - 200, usual: 8000 },
		devices: { lowest: 0, highest: 98, usual: 3 },
		seed: { lowest: 0, highest: 0xffffffff, usual: 1 },
		air: { lowest: 1024, highest: 65_535, usual: 0 },
	},
	texts: { host: "127.0.0.1" },
	switches: ["json", "factory", "plain", "help"],
} as const;

/** Reads the command line. @throws Error with a sentence */
export function parseArguments(words: readonly string[]): Arguments {
	const given = readOptions(words, OPTIONS);
	const host = given.text("host");
	if (!isIPv4(host)) throw new Error(`--host must be an IPv4 address of this machine, not ${host}.`);
	return {
		host,
		port: given.number("port"),
		devices: given.number("devices"),
		seed: given.number("seed"),
		air: given.number("air"),
		json: given.has("json"),
		factory: given.has("factory"),
		plain: given.has("plain"),
		help: given.has("help"),
	};
}
