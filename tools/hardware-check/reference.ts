import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { type Report, referenceOf } from "./report";

/**
 * Writes the virtual boards' values beside this file: the same list, carried out by the same program, on a desk of its own, signed in.
 */
const PORT = 8700;
/** Of that desk's house. */
const PASSWORD = "hardware-reference";
const OUT = "build/hardware-reference";

const desk = spawn(process.execPath, ["build/desk/start.mjs", "--json", "--port", `${PORT}`], { stdio: ["ignore", "pipe", "inherit"] });
try {
	const [line] = (await Promise.race([once(createInterface({ input: desk.stdout }), "line"), once(desk, "exit")])) as [unknown];
	if (typeof line !== "string") throw new Error("the desk did not start");
	const { boards } = JSON.parse(line) as { boards: readonly { ap: string }[] };
	const body = JSON.stringify({ house: { password: PASSWORD } });
	const set = await fetch(`${boards[0]?.ap}/api/config`, { method: "PUT", headers: { "content-type": "application/json" }, body });
	if (!set.ok) throw new Error(`the house has no password: ${await set.text()}`);
	const world = `http://127.0.0.1:${PORT}`;
	const words = ["--hub", `http://127.0.0.1:${PORT + 1}`, "--world", world, "--out", OUT, ...process.argv.slice(2)];
	execFileSync(process.execPath, ["build/desk/hardware-check.mjs", ...words], { stdio: "inherit", env: { ...process.env, PASSWORD } });
	const report = JSON.parse(readFileSync(`${OUT}.json`, "utf8")) as Report;
	writeFileSync("tools/hardware-check/virtual.json", `${JSON.stringify(referenceOf(report), null, "\t")}\n`);
} finally {
	desk.kill();
}
