import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve } from "node:path";

type Json = { [key: string]: unknown };

/** What the manifests say, all of them together. Paths are absolute. */
export interface Merged {
	/** Specifier to source file. */
	readonly modules: Map<string, string>;
	/** C files that come with the modules. */
	readonly natives: Set<string>;
	/** Name to file. */
	readonly resources: Map<string, string>;
	/** Specifiers, patterns resolved. */
	readonly preload: Set<string>;
	readonly config: Json;
	readonly creation: Json;
	/** What becomes `MODDEF_*` in the SDK's C. */
	readonly defines: Json;
}

/** What a manifest of the SDK brings, with those that it includes for the ESP32-C3. */
interface SdkManifest {
	/** Specifier to the file that stands in for the SDK's here. */
	readonly modules: Readonly<Record<string, string>>;
	readonly preload: readonly string[];
	readonly creation?: Json;
}

/** The SDK's manifests by their path as an `include` has it. */
export type SdkTable = Readonly<Record<string, SdkManifest>>;

const KNOWN = new Set([
	...["build", "config", "creation", "data", "defines", "dependency", "error", "include", "modules", "platforms", "preload"],
	...["resources", "strip", "typescript", "warning"],
]);
const SCRIPTS = [".ts", ".js", ".mjs"];

/** Reads a manifest and what it includes, as mcconfig does for one platform. */
export class ManifestReader {
	#root: string;
	#platform: string;
	#sdk: SdkTable;
	#seen = new Set<string>();
	#preload: string[] = [];
	#merged: Merged = {
		modules: new Map(),
		natives: new Set(),
		resources: new Map(),
		preload: new Set(),
		config: {},
		creation: {},
		defines: {},
	};

	/** @param options.platform such as `esp32/esp32c3`: its own section counts, else that of `esp32`, else `...` */
	constructor(options: { root: string; platform: string; sdk: SdkTable }) {
		this.#root = options.root;
		this.#platform = options.platform;
		this.#sdk = options.sdk;
	}

	read(path: string): Merged {
		this.#read(resolve(this.#root, path), undefined);
		this.#resolvePreload();
		return this.#merged;
	}

	#read(path: string, includer: string | undefined): void {
		if (this.#seen.has(path)) return;
		this.#seen.add(path);
		if (!existsSync(path))
			throw new Error(`${this.#name(path)}: there is no such manifest${includer ? `, ${this.#name(includer)} includes it` : ""}`);
		let manifest: Json;
		try {
			manifest = JSON.parse(readFileSync(path, "utf8")) as Json;
		} catch (error) {
			throw new Error(`${this.#name(path)}: ${error instanceof Error ? error.message : error}`);
		}
		const variables = { MODULES: "$(MODDABLE)/modules", BUILD: "$(MODDABLE)/build", ...asObject(manifest.build) };
		this.#section(path, manifest, variables);
		const chosen = choosePlatform(asObject(manifest.platforms), this.#platform);
		if (chosen) this.#section(path, chosen, variables);
	}

	#section(path: string, section: Json, variables: Readonly<Record<string, unknown>>): void {
		for (const key of Object.keys(section)) if (!KNOWN.has(key)) throw new Error(`${this.#name(path)}: a manifest has no "${key}"`);
		if (section.error !== undefined) throw new Error(`${this.#name(path)}: ${section.error}`);
		const expand = (text: string) => expandVariables(text, variables);
		for (const include of asList(section.include)) this.#include(path, expand(include));
		for (const [target, sources] of Object.entries(asObject(section.modules)))
			for (const source of asList(sources)) this.#modules(path, target, expand(source));
		for (const kind of ["data", "resources"])
			for (const [target, sources] of Object.entries(asObject(section[kind])))
				for (const source of asList(sources)) this.#resources(path, target, expand(source));
		this.#preload.push(...asList(section.preload));
		merge(this.#merged.config, asObject(section.config));
		merge(this.#merged.creation, asObject(section.creation));
		merge(this.#merged.defines, asObject(section.defines));
	}

	#include(path: string, include: string): void {
		if (!include.startsWith("$(")) {
			this.#read(resolve(dirname(path), include), path);
			return;
		}
		const brought = this.#sdk[include];
		if (!brought) throw new Error(`${this.#name(path)}: sim/sdk.json does not know the manifest ${include}`);
		for (const [specifier, source] of Object.entries(brought.modules)) this.#addModule(specifier, resolve(this.#root, source), path);
		this.#preload.push(...brought.preload);
		merge(this.#merged.creation, brought.creation ?? {});
	}

	#modules(path: string, target: string, source: string): void {
		// A folder of headers for the C: the virtual boards have their own.
		if (source.endsWith("/")) return;
		const files = this.#files(path, target, source);
		// As in mcconfig: "~" takes a file out again.
		if (target === "~") {
			for (const { file } of files)
				for (const [specifier, known] of this.#merged.modules) if (known === file) this.#merged.modules.delete(specifier);
			return;
		}
		for (const { file, name } of files) {
			if (file.endsWith(".c")) this.#merged.natives.add(file);
			else if (SCRIPTS.includes(extname(file)) && !file.endsWith(".d.ts")) this.#addModule(name, file, path);
		}
	}

	#resources(path: string, target: string, source: string): void {
		for (const { file, name } of this.#files(path, target, source)) {
			const full = `${name}${extname(file)}`;
			const known = this.#merged.resources.get(full);
			if (known !== undefined && known !== file) throw new Error(`resource ${full} is both ${this.#name(known)} and ${this.#name(file)}`);
			this.#merged.resources.set(full, file);
		}
	}

	#addModule(specifier: string, file: string, path: string): void {
		if (!existsSync(file)) throw new Error(`${this.#name(path)}: module ${specifier} needs ${this.#name(file)}, which does not exist`);
		const known = this.#merged.modules.get(specifier);
		if (known !== undefined && known !== file) throw new Error(`module ${specifier} is both ${this.#name(known)} and ${this.#name(file)}`);
		this.#merged.modules.set(specifier, file);
	}

	/** Files of one entry: a name without extension, or a pattern with `*` at the end of the name. */
	#files(path: string, target: string, source: string): { file: string; name: string }[] {
		const pattern = resolve(dirname(path), source);
		const folder = dirname(pattern);
		const wanted = basename(pattern);
		const star = wanted.lastIndexOf("*");
		const found: { file: string; name: string }[] = [];
		for (const entry of existsSync(folder) ? readdirSync(folder).sort() : []) {
			const file = join(folder, entry);
			if (entry.startsWith(".") || !statSync(file).isFile()) continue;
			const stem = entry.slice(0, entry.length - extname(entry).length);
			if (star >= 0 ? !stem.startsWith(wanted.slice(0, star)) : stem !== wanted && entry !== wanted) continue;
			const own = star >= 0 ? stem.slice(star) : stem;
			found.push({ file, name: target.endsWith("*") ? target.slice(0, -1) + own : target });
		}
		if (found.length === 0) throw new Error(`${this.#name(path)}: no file matches ${source}`);
		return found;
	}

	#resolvePreload(): void {
		for (const pattern of this.#preload) {
			// As in mcconfig, whose patterns pass by TypeScript without a word: such modules have to be named.
			const matching = pattern.endsWith("*")
				? [...this.#merged.modules].filter(([name, file]) => name.startsWith(pattern.slice(0, -1)) && !file.endsWith(".ts"))
				: [...this.#merged.modules].filter(([name]) => name === pattern);
			if (matching.length === 0)
				throw new Error(`preload: no module ${pattern}${pattern.endsWith("*") ? " (TypeScript has to be named)" : ""}`);
			for (const [specifier] of matching) this.#merged.preload.add(specifier);
		}
	}

	#name(path: string): string {
		return relative(this.#root, path) || path;
	}
}

/** The most specific section, and only that one. */
function choosePlatform(platforms: Json, platform: string): Json | undefined {
	for (let parts = platform.split("/"); parts.length > 0; parts = parts.slice(0, -1)) {
		const name = parts.join("/");
		const match = Object.keys(platforms).find((key) => key === name || (key.endsWith("/*") && name.startsWith(key.slice(0, -1))));
		if (match !== undefined) return asObject(platforms[match]);
	}
	return "..." in platforms ? asObject(platforms["..."]) : undefined;
}

/** `$(NAME)` as the manifest's `build` section says, but for `$(MODDABLE)`: the SDK need not be there. */
function expandVariables(text: string, variables: Readonly<Record<string, unknown>>): string {
	let expanded = text;
	for (let depth = 0; depth < 8; depth++) {
		const next = expanded.replace(/\$\((\w+)\)/g, (whole, name: string) => {
			const value = variables[name];
			return typeof value === "string" && name !== "MODDABLE" ? value : whole;
		});
		if (next === expanded) return expanded;
		expanded = next;
	}
	throw new Error(`the variables in ${text} mean each other`);
}

function merge(target: Json, source: Json): void {
	for (const [key, value] of Object.entries(source)) {
		const old = target[key];
		if (isObject(old) && isObject(value)) merge(old, value);
		else target[key] = isObject(value) ? structuredClone(value) : value;
	}
}

function isObject(value: unknown): value is Json {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function asObject(value: unknown): Json {
	return isObject(value) ? value : {};
}

function asList(value: unknown): string[] {
	const list = value === undefined ? [] : Array.isArray(value) ? value : [value];
	return list.map((each) => (isObject(each) ? String(each.source) : String(each)));
}
