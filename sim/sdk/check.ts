import { appendFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type BuildFigures, buildForBoards, buildForHost, buildHost } from "./builds";
import { conversations } from "./conversations";
import { compareStandIns } from "./standins";
import { compareTalks } from "./talking";
import { CheckFailed, Sdk } from "./tools";

/** Ports of this check, away from those of `make start` and of a simulator that somebody runs. */
const PORTS = { desk: 8470, air: 8479, setup: 8480, lan: 8481, talks: 8482 };
const MAC = "34b4720a3000";

/** What was said stays, too: `make sizes` finds the sizes in it. */
const SAID = "build/sdk/check.log";
const say = (line: string) => {
	process.stdout.write(`${line}\n`);
	appendFileSync(SAID, `${line}\n`);
};

async function main(path: string): Promise<void> {
	const root = process.cwd();
	const sdk = new Sdk({ path, out: join(root, "build/sdk"), root });
	const state = join(sdk.out, "state/");
	rmSync(state, { recursive: true, force: true });
	mkdirSync(state, { recursive: true });
	rmSync(SAID, { force: true });
	const show = ({ what, lines, isSkipped }: BuildFigures) => {
		say(`${isSkipped ? "--" : "ok"}  ${what}`);
		for (const line of lines) say(`    ${line}`);
	};
	for (const done of buildForBoards(sdk, root)) show(done);
	if (process.platform !== "linux") {
		say("The desktop build is checked on Linux only: skipped");
		return;
	}
	const { program, figures } = buildForHost(sdk, root, {
		file: { root: state },
		boardMac: MAC,
		airPort: PORTS.air,
		httpSetupPort: PORTS.setup,
		httpLanPort: PORTS.lan,
	});
	show(figures);
	const host = buildHost(sdk, root);
	say(`ok  ${await compareStandIns(sdk, { root, host })}`);
	say(`ok  ${await compareTalks(sdk, { root, host, port: PORTS.talks })}`);
	for await (const done of conversations({ host, program, ports: PORTS, mac: MAC })) say(`ok  ${done}`);
}

const path = process.env.MODDABLE;
if (!path) process.stdout.write("MODDABLE is not set: skipped\n");
else
	main(path).catch((error: unknown) => {
		process.stderr.write(`${error instanceof CheckFailed ? error.message : error instanceof Error ? error.stack : error}\n`);
		process.exit(1);
	});
