import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resolveSpecifier } from "../build/specifier";
import { importsOf, mark, withMarks } from "./marks";

/** app.json as far as it matters here. */
export interface App {
	readonly modules: Readonly<Record<string, string>>;
	readonly creation: { readonly static: number; readonly stack: number };
	readonly preload: readonly string[];
	readonly [key: string]: unknown;
}

const MAIN = "main";
/** So much that nothing is ever collected by itself: what a piece of work takes can then be read off. */
const ROOMY = { static: 16 * 1024 * 1024, chunk: { initial: 2 * 1024 * 1024 }, heap: { initial: 64 * 1024 } };

/** Apps made from the firmware's for measuring; they are written into a folder of their own. */
export class Apps {
	readonly shipped: App;
	#folder: string;

	constructor(options: { app: string; folder: string }) {
		this.shipped = JSON.parse(readFileSync(options.app, "utf8")) as App;
		this.#folder = options.folder;
		mkdirSync(options.folder, { recursive: true });
	}

	/** The firmware, whose main tells what the heap holds after each of its statements. */
	marked(): string {
		const path = this.shipped.modules[MAIN];
		if (path === undefined) throw new Error("the firmware has no main");
		return this.#write("marked", {}, withMarks(readFileSync(path, "utf8"), MAIN));
	}

	/** The firmware with so much memory that nothing is collected unasked. */
	roomy(): string {
		return this.#write("roomy", { creation: { ...this.shipped.creation, ...ROOMY } });
	}

	/** Nothing is preloaded: a main loads one module after the other into RAM, first those that others need, and tells the heap after each. */
	oneByOne(): string {
		const order = this.#inOrder();
		const main = [mark(""), ...order.map((specifier) => `await import(${JSON.stringify(specifier)});\n${mark(specifier)}`)].join("\n");
		return this.#write("one-by-one", { preload: [], creation: { ...this.shipped.creation, ...ROOMY } }, main);
	}

	#write(name: string, change: Partial<App>, main?: string): string {
		let { modules } = this.shipped;
		if (main !== undefined) {
			const path = join(this.#folder, `${name}.js`);
			writeFileSync(path, main);
			modules = { ...modules, [MAIN]: path };
		}
		const path = join(this.#folder, `${name}.json`);
		writeFileSync(path, JSON.stringify({ ...this.shipped, modules, ...change }));
		return path;
	}

	/** All modules but main, each after those that it imports. */
	#inOrder(): string[] {
		const order: string[] = [];
		const seen = new Set([MAIN]);
		const visit = (specifier: string) => {
			const path = this.shipped.modules[specifier];
			if (seen.has(specifier)) return;
			seen.add(specifier);
			if (path !== undefined) for (const name of importsOf(readFileSync(path, "utf8"))) visit(resolveSpecifier(specifier, name));
			order.push(specifier);
		};
		for (const specifier of Object.keys(this.shipped.modules).sort()) visit(specifier);
		return order;
	}
}
