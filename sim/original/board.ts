import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";
import { Chip } from "./chip";
import { originalCode } from "./document";
import { Line } from "./line";
import asyncio from "./python/asyncio.py";
import config from "./python/config.py";
import espnow from "./python/espnow.py";
import handler from "./python/handler.py";
import machine from "./python/machine.py";
import main from "./python/main.py";
import network from "./python/network.py";
import time from "./python/time.py";

/** Files of a board's flash. They stand in front of what MicroPython brings, where that has the same name. */
const FOLDER = "/board";

/**
 * A board program like `build/board/board`, for a board that runs the original's networking module: `board.mjs <document>`. It speaks the same protocol.
 */
async function run(document: string): Promise<void> {
	const files = { asyncio, config, espnow, handler, machine, network, time, main, espcomms: originalCode(document) };
	const line = new Line();
	const boot = line.next(null);
	if (boot?.type !== "boot") return;
	const chip = new Chip(line, boot);
	const say = (text: string) => line.effect({ do: "trace", line: text });
	const python = await loadMicroPython({ stdout: say, stderr: say });
	python.FS.mkdir(FOLDER);
	for (const [name, text] of Object.entries(files)) python.FS.writeFile(`${FOLDER}/${name}.py`, text);
	python.registerJsModule("_world", chip.face);
	python.runPython(
		`import sys\nsys.path.insert(0, "${FOLDER}")\nimport random\nrandom.seed(${boot.seed & 0x3fffffff})\nimport main\nfrom asyncio import step`,
	);
	const step = python.globals.get("step") as () => number;
	for (;;) chip.waitFor(step());
}

const document = process.argv[2];
if (document === undefined) throw new Error("which document?");
await run(document);
