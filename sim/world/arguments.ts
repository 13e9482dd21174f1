export interface Arguments {
	readonly port: number;
	readonly devices: number;
	readonly seed: number;
	/** UDP port of the air, 0: none. */
	readonly air: number;
	readonly json: boolean;
	readonly factory: boolean;
	readonly help: boolean;
}

export const USAGE = `make start ARGS="…"    or    npm start -- …
  --port N      port of the control API, default 8000; boards have N + 1, N + 2 … (house) and N + 101, N + 102 … (setup)
  --devices N   devices besides the hub, 0 to 98, default 3
  --seed N      what everything random comes from, default 1
  --air N       UDP port on which boards from elsewhere join the air, such as those of the SDK's simulator (sim/world/AIR.md); default none
  --json        print one line of JSON when ready
  --factory     boards as they leave the factory: no configuration
  --help        this text`;

const NUMBERS: Readonly<Record<string, readonly [lowest: number, highest: number]>> = {
	port: [1024, 65_535 - 200],
	devices: [0, 98],
	seed: [0, 0xffffffff],
	air: [1024, 65_535],
};
const SWITCHES = ["json", "factory", "help"];

/** Reads the command line. @throws Error with a sentence */
export function parseArguments(words: readonly string[]): Arguments {
	const numbers: Record<string, number> = { port: 8000, devices: 3, seed: 1 };
	const switches = new Set<string>();
	const rest = words.filter((word) => word !== "");
	for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
		const [, name = "", inline] = /^--([a-z]+)(?:=(.*))?$/.exec(word) ?? [];
		const range = NUMBERS[name];
		if (range) {
			const value = inline ?? rest.shift() ?? "";
			const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
			if (!(number >= range[0] && number <= range[1]))
				throw new Error(`--${name} must be a whole number from ${range[0]} to ${range[1]}${value === "" ? "" : `, not ${value}`}.`);
			numbers[name] = number;
		} else if (SWITCHES.includes(name) && inline === undefined) switches.add(name);
		else
			throw new Error(
				`There is no option ${word}; there are ${[...Object.keys(NUMBERS), ...SWITCHES].map((each) => `--${each}`).join(", ")}.`,
			);
	}
	return {
		port: numbers.port ?? 0,
		devices: numbers.devices ?? 0,
		seed: numbers.seed ?? 0,
		air: numbers.air ?? 0,
		json: switches.has("json"),
		factory: switches.has("factory"),
		help: switches.has("help"),
	};
}
