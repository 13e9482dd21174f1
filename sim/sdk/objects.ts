import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { atomicCalls, brokenSettings, FORCED } from "./promises";
import { CheckFailed, complaints, type Sdk } from "./tools";

/** What stands in for Espressif's compilers where those are not: Debian's, with the headers of its newlib (libnewlib-dev). */
const NEWLIB = "/usr/include/newlib";
const DEBIAN = {
	// Debian's assembler wants the instructions for control registers named, which IDF's headers use.
	riscv: { gcc: "riscv64-unknown-elf", flags: ["-march=rv32imc_zicsr_zifencei", "-mabi=ilp32"] },
	// Another core of the same family: its objects are only looked at. This newlib does not know its jump buffer.
	xtensa: { gcc: "xtensa-lx106-elf", flags: ["-D_JBLEN=17", "-D_JBTYPE=int"] },
} as const;

/**
 * The SDK compiles with `-Wno-implicit-function-declaration`: a header that is missing would be found by the linker at best, and at worst
 * cut a pointer to an int.
 */
const STRICT = ["-Wall", "-Wextra", "-Werror=implicit-function-declaration", "-Werror=implicit-int", "-Werror=int-conversion"];

export interface ObjectOptions {
	readonly root: string;
	/** Where mcconfig has put the makefile, and what is made by it. */
	readonly made: string;
	/** Such as `esp32c3`. */
	readonly chip: string;
	/** For the folder of the objects, such as `esp32c3-debug`. */
	readonly name: string;
}

/** Why our C cannot be compiled here, or "" when it can. */
export function noObjects(sdk: Sdk): string {
	const idf = process.env.IDF_PATH;
	if (!idf || !existsSync(join(idf, "components/esp_wifi/include"))) return "IDF_PATH is no ESP-IDF: our C was not compiled";
	if (sdk.run("sh", ["-c", "python3 -m kconfgen --help >/dev/null 2>&1 || echo none"]).includes("none"))
		return "no kconfgen (pip install esp-idf-kconfig): our C was not compiled";
	return "";
}

/**
 * Compiles our C for a chip with the commands of the SDK's makefile and with warnings that it leaves out, against the settings that Kconfig makes of
 * mcconfig's file. Refuses settings that are not as promised, warnings, headers that are missing, atomics that are library calls.
 * @returns what it saw, a line
 * @throws CheckFailed
 */
export function compileOurC(sdk: Sdk, { root, made, chip, name }: ObjectOptions): string {
	const idf = process.env.IDF_PATH ?? "";
	const out = join(sdk.out, "objects", name);
	rmSync(out, { recursive: true, force: true });
	mkdirSync(out, { recursive: true });
	const settings = makeSettings(sdk, { idf, chip, out, defaults: join(made, `xsProj-${chip}/sdkconfig.mc`) });
	const broken = brokenSettings(settings, FORCED[chip]);
	if (broken.length > 0) throw new CheckFailed(`${name}: what Kconfig makes of our settings:\n${broken.join("\n")}`);

	const family = chip.includes("c") ? "riscv" : "xtensa";
	const own = family === "riscv" ? "riscv32-esp-elf" : `xtensa-${chip}-elf`;
	const isOwn = sdk.has(`${own}-gcc`);
	const prefix = isOwn ? own : DEBIAN[family].gcc;
	if (!sdk.has(`${prefix}-gcc`) || (!isOwn && !existsSync(NEWLIB)))
		return `no ${own}-gcc nor ${prefix}-gcc on the path: our C was not compiled`;
	const flags = [...STRICT, ...(isOwn ? [] : [...DEBIAN[family].flags, "-isystem", newlibHeaders(sdk)])];

	let codeBytes = 0;
	let dataBytes = 0;
	let zeroedBytes = 0;
	const sources = ourSources(root);
	for (const source of sources) {
		const object = join(out, `${basename(source)}.o`);
		const command = compileCommand(sdk, { made, source, idf, config: out, cc: `${prefix}-gcc` });
		const said = sdk.run("sh", ["-c", `${command} ${flags.join(" ")} -o ${object}`], { cwd: made });
		const about = complaints(said, root);
		if (about.length > 0) throw new CheckFailed(`${name}: the compiler has something to say about our C:\n${about.join("\n")}`);
		const calls = atomicCalls(sdk.run(`${prefix}-nm`, ["-u", object]));
		if (calls.length > 0)
			throw new CheckFailed(`${name}: ${basename(source)} needs ${calls.join(", ")}, which ESP-IDF leaves out where the chip has atomics`);
		const [text, data, bss] = (sdk.run(`${prefix}-size`, [object]).split("\n")[1] ?? "").trim().split(/\s+/).map(Number);
		codeBytes += text ?? 0;
		dataBytes += data ?? 0;
		zeroedBytes += bss ?? 0;
	}
	return `our C by ${prefix}-gcc: ${sources.length} objects, ${codeBytes} bytes of code and constants, ${dataBytes} of data, ${zeroedBytes} zeroed`;
}

/** Debian's newlib is older than Espressif's: one declaration differs. */
function newlibHeaders(sdk: Sdk): string {
	const folder = join(sdk.out, "newlib");
	const file = join(folder, "sys/reent.h");
	if (!existsSync(folder)) cpSync(NEWLIB, folder, { recursive: true });
	writeFileSync(file, readFileSync(file, "utf8").replace("*const _global_impure_ptr", "* _global_impure_ptr"));
	return folder;
}

function ourSources(root: string): string[] {
	return readdirSync(join(root, "modules"), { encoding: "utf8", recursive: true })
		.filter((file) => /^[^/]+\/esp32\/[^/]+\.c$/.test(file))
		.sort()
		.map((file) => join(root, "modules", file));
}

/** The makefile's own command for one object, less where that goes. */
function compileCommand(sdk: Sdk, options: { made: string; source: string; idf: string; config: string; cc: string }): string {
	const { made, source, idf, config, cc } = options;
	const goal = join(made, `${basename(source)}.o`);
	const said = sdk.run(
		"make",
		[
			...["-n", "-W", source, "-o", join(made, "mc.xs.c"), "-o", join(config, "sdkconfig.h"), "-f", join(made, "makefile")],
			...[`SDKCONFIG_H_DIR=${config}`, `CC=${cc}`, goal],
		],
		{ cwd: made, env: { IDF_PATH: idf } },
	);
	const command = said.split("\n").find((line) => line.startsWith(`${cc} `) && line.includes(` ${source} `));
	if (!command) throw new CheckFailed(`The SDK's makefile has no command for ${basename(source)}:\n${said}`);
	return command.replace(/ -o \S+$/, "");
}

/** Has Kconfig read what mcconfig wrote, as idf.py does. @returns the settings as they are then; `sdkconfig.h` is in the folder `out` */
function makeSettings(sdk: Sdk, options: { idf: string; chip: string; out: string; defaults: string }): string {
	const { idf, chip, out, defaults } = options;
	const components = join(idf, "components");
	const files = (name: string) =>
		readdirSync(components)
			.filter((each) => each !== "linux" && existsSync(join(components, each, name)))
			.map((each) => join(components, each, name))
			.join(";");
	const environment = join(out, "environment.json");
	writeFileSync(
		environment,
		JSON.stringify({
			COMPONENT_KCONFIGS: files("Kconfig"),
			COMPONENT_KCONFIGS_SOURCE_FILE: join(out, "kconfigs.in"),
			COMPONENT_KCONFIGS_PROJBUILD: files("Kconfig.projbuild"),
			COMPONENT_KCONFIGS_PROJBUILD_SOURCE_FILE: join(out, "projbuild.in"),
			COMPONENT_KCONFIGS_EXCLUDED: "",
			COMPONENT_KCONFIGS_EXCLUDED_SOURCE_FILE: join(out, "excluded.in"),
			COMPONENT_KCONFIGS_PROJBUILD_EXCLUDED: "",
			COMPONENT_KCONFIGS_PROJBUILD_EXCLUDED_SOURCE_FILE: join(out, "excluded-projbuild.in"),
			COMPONENT_SDKCONFIG_RENAMES: "",
			IDF_TARGET: chip,
			IDF_TOOLCHAIN: "gcc",
			IDF_ENV_FPGA: "",
			IDF_VERSION: "6.0.0",
			IDF_INIT_VERSION: "6.0.0",
			IDF_MINIMAL_BUILD: "n",
			IDF_PATH: idf,
		}),
	);
	sdk.run("python3", [join(idf, "tools/kconfig_new/prepare_kconfig_files.py"), "--list-separator=semicolon", "--env-file", environment]);
	const settings = join(out, "sdkconfig");
	sdk.run(
		"python3",
		[
			...["-m", "kconfgen", "--list-separator=semicolon", "--kconfig", join(idf, "Kconfig")],
			...["--sdkconfig-rename", join(idf, "sdkconfig.rename"), "--config", settings, "--defaults", defaults, "--env-file", environment],
			...["--output", "header", join(out, "sdkconfig.h"), "--output", "config", settings],
		],
		{ env: { KCONFIG_REPORT_VERBOSITY: "quiet" } },
	);
	return readFileSync(settings, "utf8");
}
