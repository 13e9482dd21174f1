import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/** The folders of our modules, as their specifiers begin. */
const OURS = [
	...["board", "channels", "common", "config", "devices", "espnow", "handler", "mqtt", "sealing", "web", "wifi-roles"],
] as const;

/** The files of byte code of our modules that a makefile of mcconfig names: its folder may hold those of earlier builds, too. */
export function ourModules(makefile: string): string[] {
	const named = [...makefile.matchAll(/\$\(MODULES_DIR\)\/(\S+\.xsb)\b/g)].map(([, file]) => file ?? "");
	return [...new Set(named)].filter((file) => file === "main.xsb" || OURS.some((each) => file.startsWith(`${each}/`)));
}

/** What a build must not say about our own files. */
const COMPLAINTS = [/cannot optimize native/, new RegExp(`### warning: (main|${OURS.join("|")})\\b`), /error TS/];

export class CheckFailed extends Error {}

/** The SDK that `MODDABLE` points to, and what is built from it here. */
export class Sdk {
	readonly path: string;
	/** Where everything goes; the SDK's own folder is left alone. */
	readonly out: string;
	readonly #root: string;
	readonly #env: NodeJS.ProcessEnv;

	/** @throws CheckFailed when there is no SDK, or its tools are not built */
	constructor(options: { path: string; out: string; root: string }) {
		this.path = options.path;
		this.out = options.out;
		this.#root = options.root;
		if (!existsSync(join(this.path, "modules")))
			throw new CheckFailed(`MODDABLE is "${this.path}", and there is no Moddable SDK: let it be the folder of the SDK, or unset it`);
		const host = process.platform === "darwin" ? "mac" : "lin";
		const folders = ["release", "debug"]
			.map((kind) => join(this.path, "build/bin", host, kind))
			.filter((each) => existsSync(join(each, "mcconfig")));
		if (folders.length === 0)
			throw new CheckFailed(`The tools of the SDK in MODDABLE are not built: make -C "$MODDABLE/build/makefiles/${host}"`);
		this.#env = { ...process.env, PATH: [...folders, process.env.PATH].join(":") };
		// Manifests name folders of ESP-IDF, which have to be there, whether anything is compiled or not.
		this.#env.IDF_PATH ??= this.#withoutIdf();
		delete this.#env.MAKEFLAGS;
		delete this.#env.MAKELEVEL;
	}

	/** Runs a program with the SDK's tools on its path. @returns what it said. @throws CheckFailed with its last lines when it fails */
	run(program: string, words: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}): string {
		const result = spawnSync(program, words, {
			cwd: options.cwd ?? this.#root,
			env: { ...this.#env, ...options.env },
			encoding: "utf8",
			maxBuffer: 1 << 26,
		});
		const said = `${result.stdout ?? ""}${result.stderr ?? ""}`;
		if (result.error) throw new CheckFailed(`${program}: ${result.error.message}`);
		if (result.status !== 0) throw new CheckFailed(`${`${program} ${words.join(" ")}`.slice(0, 200)} failed:\n${lastLines(said)}`);
		return said;
	}

	/** A folder that stands in for ESP-IDF where that is not at hand. */
	#withoutIdf(): string {
		const folder = join(this.out, "headers-of-idf");
		for (const each of [
			"mbedtls/tf-psa-crypto/include",
			"mbedtls/tf-psa-crypto/drivers/builtin/include",
			"port/include",
			"port/psa_driver/include",
		])
			mkdirSync(join(folder, "components/mbedtls", each), { recursive: true });
		return folder;
	}

	/** Whether a program is there. */
	has(program: string): boolean {
		return spawnSync("which", [program], { env: this.#env }).status === 0;
	}
}

/** Lines of a build that are about our files: there must be none. */
export function complaints(said: string, root: string): string[] {
	return said
		.split("\n")
		.filter((line) => COMPLAINTS.some((each) => each.test(line)) || (/\b(warning|error):/.test(line) && line.includes(`${root}/`)));
}

/** The first errors that a compiler has told of, and the last lines. */
export function lastLines(text: string): string {
	const lines = text.trimEnd().split("\n");
	const last = lines.slice(-15);
	const errors = lines.filter((line) => /\berror:/.test(line) && !last.includes(line)).slice(0, 5);
	return [...errors, ...last].join("\n");
}
