import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const PROGRAM = "build/board/board";
const APP = "build/virtual/app.json";

/**
 * Bytes of the firmware's byte code as the virtual boards' engine compiles it, without line numbers, by module. The stand-ins for the SDK's
 * modules are not in it.
 */
export function byteCode(): Record<string, number> {
	const sdk = readFileSync("sim/sdk.json", "utf8");
	const lines = execFileSync(PROGRAM, ["--code", APP], { encoding: "utf8" }).trim().split("\n");
	return Object.fromEntries(
		lines
			.map((line) => line.split(" "))
			.filter(([specifier = ""]) => !sdk.includes(`"${specifier}"`))
			.map(([specifier = "", bytes]) => [specifier, Number(bytes)] as const)
			.sort(([a], [b]) => (a < b ? -1 : 1)),
	);
}
