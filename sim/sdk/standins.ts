import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildApp } from "../build/app";
import { World } from "../world/world";
import { CheckFailed, lastLines, type Sdk } from "./tools";

const PATIENCE_MS = 20_000;

/**
 * Where the SDK on a desktop and the stand-in, which plays the chip's, are not the same, and why. Anything else that
 * differs fails the check, and so does a difference that is no more.
 */
const KNOWN: Readonly<Record<string, string>> = {
	"preference, fraction": "a desktop keeps preferences as JSON; NVS has no fractions",
	"preference, null": "likewise",
	"preference, key of 16 characters": "JSON has no limit; NVS takes 15",
};

/** Asks the SDK's own modules and the stand-ins the same questions. @returns how many, and how many answers differ as is known */
export async function compareStandIns(sdk: Sdk, options: { root: string; host: string }): Promise<string> {
	const own = await ofSdk(sdk, options);
	const ours = await ofStandIns(options.root, join(sdk.out, "standins"));
	const wrong: string[] = [];
	for (const question of new Set([...own.keys(), ...ours.keys()])) {
		const same = own.get(question) === ours.get(question);
		if (same === question in KNOWN)
			wrong.push(
				`${question}: ${own.get(question)} by the SDK, ${ours.get(question)} by the stand-in${same ? ", which is no longer a difference" : ""}`,
			);
	}
	if (wrong.length > 0) throw new CheckFailed(`The stand-ins are not what they are said to be:\n${wrong.join("\n")}`);
	return `${own.size} questions to timer, preference and Resource: the SDK's and the stand-ins answer alike but for ${Object.keys(KNOWN).length}`;
}

async function ofSdk(sdk: Sdk, { root, host }: { root: string; host: string }): Promise<Map<string, string>> {
	const folder = join(sdk.out, "standins");
	const state = join(folder, "state/");
	rmSync(state, { recursive: true, force: true });
	mkdirSync(state, { recursive: true });
	const manifest = join(folder, "manifest.json");
	writeFileSync(
		manifest,
		`${JSON.stringify({ include: [join(root, "sim/sdk/standins/manifest.json")], config: { file: { root: state } } }, null, "\t")}\n`,
	);
	sdk.run("mcconfig", ["-d", "-m", "-t", "build", "-p", "lin", "-o", sdk.out, manifest]);
	const program = join(sdk.out, "bin/lin/mc/debug/standins/mc.so");
	if (!existsSync(program)) throw new CheckFailed(`mcconfig made no ${program}`);
	const child = spawn(host, [program], { stdio: ["ignore", "pipe", "pipe"] });
	let said = "";
	const timer = setTimeout(() => child.kill("SIGTERM"), PATIENCE_MS);
	await new Promise<void>((done) => {
		child.on("exit", () => done());
		for (const stream of [child.stdout, child.stderr])
			stream.on("data", (bytes: Buffer) => {
				said += bytes.toString();
				if (said.includes("same end")) child.kill("SIGTERM");
			});
	});
	clearTimeout(timer);
	return parseReplies(said, "the SDK's modules");
}

/** What the stand-ins answer, question by question. */
export async function ofStandIns(root: string, out: string): Promise<Map<string, string>> {
	const { app } = await buildApp({ root, manifest: "sim/sdk/standins/manifest.json", out: join(out, "virtual") });
	const world = new World({ seed: 1, app, program: join(root, "build/board/board"), boards: [{ name: "asked" }] });
	try {
		world.boot();
		world.advance(5_000);
		const lines = world.log.since(0).flatMap(({ event, line }) => (event === "trace" ? [`${line}`] : []));
		return parseReplies(lines.join("\n"), "the stand-ins");
	} finally {
		world.close();
	}
}

function parseReplies(said: string, whose: string): Map<string, string> {
	if (!said.includes("same end")) throw new CheckFailed(`${whose} did not come to the end:\n${lastLines(said)}`);
	const pairs = said.split("\n").flatMap((line) => /^same ([^:]+): (.*)$/.exec(line) ?? []);
	const found = new Map<string, string>();
	for (let i = 0; i + 2 < pairs.length; i += 3) found.set(pairs[i + 1] ?? "", pairs[i + 2] ?? "");
	return found;
}
