import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

export interface Alterations {
	/** app.json of the firmware. */
	readonly shipped: string;
	/** Where the files are written. */
	readonly folder: string;
	/** JavaScript by specifier. A module that ships under it stays at hand as `<specifier>-shipped`. */
	readonly modules?: Readonly<Record<string, string>>;
	/** Further entries of `mc/config`. */
	readonly config?: Readonly<Record<string, unknown>>;
	/** Other values of the manifest's `creation`: the chip's memory. */
	readonly creation?: Readonly<Record<string, unknown>>;
	/** Modules that are made in flash besides those that ship as such. */
	readonly preload?: readonly string[];
	/** Of the file that is written. */
	readonly name?: string;
}

/**
 * The firmware with modules of a test's or a measurement's own in front of some that ship.
 * @returns the path of its app.json
 */
export function alteredApp(alterations: Alterations): string {
	const { shipped, folder, modules = {}, config = {}, creation = {}, preload = [], name = "app.json" } = alterations;
	const app = JSON.parse(readFileSync(shipped, "utf8")) as {
		modules: Record<string, string>;
		config: Record<string, unknown>;
		creation: Record<string, unknown>;
		preload: string[];
	};
	for (const [specifier, source] of Object.entries(modules)) {
		const path = resolve(folder, `${specifier.replaceAll("/", "-")}.js`);
		writeFileSync(path, source);
		const original = app.modules[specifier];
		if (original !== undefined) app.modules[`${specifier}-shipped`] = original;
		app.modules[specifier] = path;
	}
	Object.assign(app.config, config);
	Object.assign(app.creation, creation);
	app.preload.push(...preload);
	const made = join(folder, name);
	writeFileSync(made, JSON.stringify(app));
	return made;
}
