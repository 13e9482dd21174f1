import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { Apps } from "../heap/apps";
import { type AtRest, atRest, bytes, SLOT_BYTES } from "../heap/measure";
import { type Size, sdkSizes, thousands, withSizes } from "./block";

const DOCUMENT = "docs/hardware.md";
/** What `make sdk-check` printed last. */
const SDK_SAID = "build/sdk/check.log";
const APP = "build/virtual/app.json";

/** The sizes of this tree, in the order in which the document has them. */
function measure(program: string): Size[] {
	const sdk = process.env.MODDABLE && existsSync(SDK_SAID) ? sdkSizes(readFileSync(SDK_SAID, "utf8")) : undefined;
	const { resources } = JSON.parse(readFileSync(APP, "utf8")) as { resources: Record<string, string> };
	const pages = Object.entries(resources).filter(([name]) => name.endsWith(".html"));
	const pageBytes = pages.reduce((sum, [, path]) => sum + statSync(path).size, 0);

	const apps = new Apps({ app: APP, folder: "build/heap" });
	const room = apps.shipped.creation;
	const stack = room.stack * SLOT_BYTES;
	// With 64-bit words chunks are larger than on the chip.
	const rest = program.includes("m32") ? atRest(apps, program) : undefined;
	const parts = (each: AtRest | undefined) =>
		each && `${[bytes(each.rest), stack, room.static - stack - bytes(each.rest)].map(thousands).join(" / ")} bytes`;
	return [
		{ what: "byte code of our modules, debug, with line numbers", value: sdk?.byteCode },
		{ what: "pages", value: `${thousands(pageBytes)} bytes` },
		{ what: "preloaded, stays in flash: debug build of the C3", value: sdk?.preloaded },
		{ what: "our C as objects for the C3: debug / release", value: sdk?.objects },
		{ what: "engine's memory", value: `${thousands(room.static)} bytes` },
		{ what: "of it, hub at rest: objects / stack / free", value: parts(rest?.hub) },
		{ what: "of it, device at rest: objects / stack / free", value: parts(rest?.device) },
		{
			what: "deepest stack seen, hub / device",
			value: rest && `${rest.hub.stack} / ${rest.device.stack} of ${room.stack} slots`,
		},
	];
}

const [program = "build/board/board"] = process.argv.slice(2);
try {
	const sizes = measure(program);
	writeFileSync(DOCUMENT, withSizes(readFileSync(DOCUMENT, "utf8"), sizes));
	for (const { what, value } of sizes) console.log(`${what}: ${value ?? "not measured here, left as it was"}`);
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = 1;
}
