import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { compileOurC, noObjects } from "./objects";
import { brokenDefines, brokenPartitions, brokenSettings } from "./promises";
import { CheckFailed, complaints, ourModules, type Sdk } from "./tools";

/** The chips, in the order they are built; with ESP-IDF at hand the first one is built to its end, and as a release as well. */
const [FIRST, ...OTHERS] = ["esp32/esp32c3", "esp32/esp32c6", "esp32/esp32s3", "esp32"] as const;
/** The same chips with their own USB: only what mcconfig writes is looked at. */
const OVER_USB = ["esp32/esp32c3_cdc", "esp32/esp32c6_cdc", "esp32/esp32s3_cdc"] as const;
type Kind = "debug" | "release";
const KINDS: readonly Kind[] = ["debug", "release"];

const chipOf = (target: string) => basename(target).replace(/_cdc$/, "");

export interface BuildFigures {
	readonly what: string;
	readonly lines: readonly string[];
	/** It could not be done here, as `what` says. */
	readonly isSkipped?: boolean;
}

/**
 * Builds for every chip as far as the machine can: byte code and the C made of it need the SDK only, objects and the image
 * need ESP-IDF (`idf.py` on the path).
 */
export function* buildForBoards(sdk: Sdk, root: string): Generator<BuildFigures> {
	yield settingsAndPartitions(sdk, root);
	const objects = objectsOf(sdk, root);
	if (sdk.has("idf.py")) {
		const said = sdk.run("mcconfig", ["-d", "-m", "-t", "buildArchive", "-p", FIRST, "-o", sdk.out]);
		refuseComplaints(said, root);
		const isWhole = /ESP-IDF v/.test(sdk.run("idf.py", ["--version"]));
		if (isWhole) refuseComplaints(sdk.run("mcconfig", ["-d", "-m", "-t", "build", "-p", FIRST, "-o", sdk.out]), root);
		yield { what: `${FIRST}: byte code, C, objects${isWhole ? ", image" : ""}`, lines: figures(said, madeFor(sdk, root, FIRST)) };
	} else yield byteCodeAndC(sdk, root, FIRST, "debug");
	yield objects(FIRST, "debug");
	for (const target of OTHERS) {
		yield byteCodeAndC(sdk, root, target, "debug");
		yield objects(target, "debug");
	}
	yield byteCodeAndC(sdk, root, FIRST, "release");
	yield objects(FIRST, "release");
}

/** What mcconfig writes for every chip, debug and release: settings of ESP-IDF, the partition table and the message queue, as promised. */
function settingsAndPartitions(sdk: Sdk, root: string): BuildFigures {
	const broken: string[] = [];
	for (const target of [FIRST, ...OTHERS, ...OVER_USB])
		for (const kind of KINDS) {
			configure(sdk, root, target, kind);
			const written = (file: string) => readFileSync(join(madeFor(sdk, root, target, kind), file), "utf8");
			const project = `xsProj-${chipOf(target)}`;
			const found = [
				...brokenSettings(written(`${project}/sdkconfig.mc`)),
				...brokenPartitions(written(`${project}/partitions.csv`)),
				...brokenDefines(written("mc.defines.h")),
			];
			broken.push(...found.map((each) => `${target}, ${kind}: ${each}`));
		}
	if (broken.length > 0) throw new CheckFailed(`What mcconfig writes is not as promised:\n${broken.join("\n")}`);
	return {
		what: "what mcconfig writes for all chips, debug and release: settings of ESP-IDF, partition table and message queue as promised",
		lines: [],
	};
}

/** Compiles our C where that can be done. */
function objectsOf(sdk: Sdk, root: string): (target: string, kind: Kind) => BuildFigures {
	const reason = noObjects(sdk);
	return (target, kind) => {
		const what = `${target}, ${kind}: `;
		if (reason !== "") return { what: `${what}${reason}`, lines: [], isSkipped: true };
		const chip = chipOf(target);
		const said = compileOurC(sdk, { root, made: madeFor(sdk, root, target, kind), chip, name: `${chip}-${kind}` });
		return { what: `${what}${said}`, lines: [], isSkipped: said.includes("not compiled") };
	};
}

function configure(sdk: Sdk, root: string, target: string, kind: Kind): void {
	mkdirSync(outFor(sdk, target), { recursive: true });
	refuseComplaints(sdk.run("mcconfig", [...(kind === "debug" ? ["-d"] : []), "-p", target, "-o", outFor(sdk, target)]), root);
}

function byteCodeAndC(sdk: Sdk, root: string, target: string, kind: Kind): BuildFigures {
	const made = madeFor(sdk, root, target, kind);
	configure(sdk, root, target, kind);
	if (target !== FIRST || kind !== "debug") takeOverScripts(root, madeFor(sdk, root, FIRST), made);
	const config = join(made, `xsProj-${chipOf(target)}/build/config/sdkconfig.h`);
	// The makefile asks for a checkout of the IDF and makes sdkconfig.h of it; neither is used by these two goals.
	const words = ["-o", config, "-f", join(made, "makefile"), join(made, "mc.xs.c"), join(made, "mc.resources.c")];
	const said = sdk.run("make", words, { cwd: made, env: { IDF_PATH: emptyRepository(sdk.out) } });
	refuseComplaints(said, root);
	return { what: `${target}, ${kind}: byte code and C`, lines: figures(said, made) };
}

/**
 * Where a chip's build goes. The platform `esp32` is one name, not two, and goes one folder deeper: its way from a compiled script
 * back to the source is then that of the others, whose scripts it takes over.
 */
const outFor = (sdk: Sdk, target: string) => (target.includes("/") ? sdk.out : join(sdk.out, "plain"));

const madeFor = (sdk: Sdk, root: string, target: string, kind: Kind = "debug") =>
	join(outFor(sdk, target), "tmp", target, kind, basename(root));

/**
 * Takes the scripts that the compiler made of our TypeScript for one chip over to another: mcconfig runs it once for each file, which
 * is nearly all the time a build takes. Where its options are not the same, the build makes its own. A chip's own modules are
 * among the options of all (`setup/target`); they make no difference while we import none of them.
 */
function takeOverScripts(root: string, from: string, to: string): void {
	const imported = importedNames(root);
	const options = (made: string) => {
		const read: { compilerOptions: { paths: Record<string, string[]> } } = JSON.parse(
			readFileSync(join(made, "modules/tsconfig-base.json"), "utf8").replaceAll(made, ""),
		);
		const { paths, ...others } = read.compilerOptions;
		return { ...read, compilerOptions: others, paths: Object.entries(paths).filter(([name]) => imported.has(name)) };
	};
	if (isDeepStrictEqual(options(from), options(to))) cpSync(join(from, "tsc"), join(to, "tsc"), { recursive: true });
}

/** What our TypeScript imports, its types included. */
function importedNames(root: string): Set<string> {
	const files = ["modules", "web"].flatMap((folder) =>
		readdirSync(join(root, folder), { encoding: "utf8", recursive: true }).map((file) => join(root, folder, file)),
	);
	const texts = [join(root, "main.ts"), ...files.filter((file) => file.endsWith(".ts"))].map((file) => readFileSync(file, "utf8"));
	return new Set(texts.flatMap((text) => [...text.matchAll(/\b(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, name]) => name as string)));
}

/** Builds for this machine. @returns the program that the SDK's simulator, or the host beside this file, runs */
export function buildForHost(sdk: Sdk, root: string, config: object): { program: string; figures: BuildFigures } {
	const folder = join(sdk.out, "rbr-now");
	mkdirSync(folder, { recursive: true });
	const manifest = join(folder, "manifest.json");
	// Its own place for preferences, so that those of somebody's simulator stay as they are.
	const text = `${JSON.stringify({ include: [join(root, "manifest.json")], config }, null, "\t")}\n`;
	if (!existsSync(manifest) || readFileSync(manifest, "utf8") !== text) writeFileSync(manifest, text);
	const said = sdk.run("mcconfig", ["-d", "-m", "-t", "build", "-p", "lin", "-o", sdk.out, manifest]);
	refuseComplaints(said, root);
	const program = join(sdk.out, "bin/lin/mc/debug/rbr-now/mc.so");
	if (!existsSync(program)) throw new CheckFailed(`mcconfig made no ${program}`);
	return { program, figures: { what: "lin: the desktop build", lines: figures(said, join(sdk.out, "tmp/lin/mc/debug/rbr-now")) } };
}

/** Compiles the host that runs a desktop build without a window. */
export function buildHost(sdk: Sdk, root: string): string {
	const program = join(sdk.out, "host");
	const flags = sdk.run("pkg-config", ["--cflags", "--libs", "gio-2.0"]).trim().split(/\s+/);
	const screen = join(sdk.path, "build/simulators/modules");
	sdk.run("gcc", [
		"-O1",
		"-Wall",
		"-Wextra",
		"-Werror",
		"-DmxLinux=1",
		`-I${screen}`,
		join(root, "sim/sdk/host.c"),
		"-o",
		program,
		...flags,
		"-ldl",
		// The program shall find the functions that the host replaces.
		"-rdynamic",
	]);
	return program;
}

function refuseComplaints(said: string, root: string): void {
	const about = complaints(said, root);
	if (about.length > 0) throw new CheckFailed(`The build has something to say about our files:\n${about.join("\n")}`);
}

/** What the linker counted, and the byte code of our own modules. */
function figures(said: string, made: string): string[] {
	const counted = said.split("\n").filter((line) => /instances,|Total resource size/.test(line));
	return [...counted.map((line) => line.replace(/^### /, "")), `byte code of our modules: ${byteCode(made)} bytes`];
}

function byteCode(made: string): number {
	return ourModules(readFileSync(join(made, "makefile"), "utf8")).reduce(
		(sum, file) => sum + statSync(join(made, "modules", file)).size,
		0,
	);
}

function emptyRepository(out: string): string {
	const folder = join(out, "no-idf");
	if (!existsSync(join(folder, ".git"))) {
		mkdirSync(folder, { recursive: true });
		const git = (...words: string[]) =>
			execFileSync("git", ["-C", folder, "-c", "user.name=check", "-c", "user.email=check@localhost", ...words]);
		git("init", "-q");
		git("commit", "-q", "--allow-empty", "-m", "stands in for a checkout of the IDF");
	}
	return folder;
}
