import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { ManifestReader, type Merged, type SdkTable } from "./manifest";
import { resolveSpecifier } from "./specifier";

export interface BuildOptions {
	/** Folder of the project; the other paths are relative to it. */
	readonly root: string;
	readonly manifest?: string;
	readonly sdk?: string;
	readonly platform?: string;
	/** Where app.json and the compiled modules go. */
	readonly out?: string;
}

export interface BuildResult extends Merged {
	/** Path of app.json. */
	readonly app: string;
	/** Specifier to what that module imports, as written there. */
	readonly imports: ReadonlyMap<string, readonly string[]>;
}

/** What every app has without any manifest. */
const BUILT_IN = ["mc/config"];

/**
 * Compiles the firmware for the virtual boards: reads the manifests, compiles each module by itself to an ES module,
 * checks what they import and writes app.json. Files whose content is the same as before are left alone.
 * @throws Error with a sentence for whoever wrote the manifest or the module
 */
export async function buildApp(options: BuildOptions): Promise<BuildResult> {
	const root = resolve(options.root);
	const out = resolve(root, options.out ?? "build/virtual");
	const sdk = JSON.parse(readFileSync(resolve(root, options.sdk ?? "sim/sdk.json"), "utf8")) as SdkTable;
	const reader = new ManifestReader({ root, platform: options.platform ?? "esp32/esp32c3", sdk });
	const merged = reader.read(options.manifest ?? "manifest.json");
	const imports = await compile(merged.modules, join(out, "js"), root);
	const complaints = unresolvedImports(merged.modules.keys(), imports);
	if (complaints.length > 0) throw new Error(complaints.join("\n"));
	const app = {
		modules: Object.fromEntries([...merged.modules.keys()].map((specifier) => [specifier, join(out, "js", `${specifier}.js`)])),
		resources: Object.fromEntries(merged.resources),
		config: merged.config,
		creation: merged.creation,
		defines: merged.defines,
		// As mcconfig does: with any preload the configuration is preloaded as well.
		preload: merged.preload.size > 0 ? [...merged.preload, ...BUILT_IN] : [],
		main: "main",
	};
	mkdirSync(out, { recursive: true });
	// Always written: make compares its time with the sources'.
	writeFileSync(join(out, "app.json"), `${JSON.stringify(app, null, "\t")}\n`);
	return { ...merged, app: join(out, "app.json"), imports };
}

/** Sentences about imports that no included manifest brings: they would fail on the device as well. */
export function unresolvedImports(specifiers: Iterable<string>, imports: ReadonlyMap<string, readonly string[]>): string[] {
	const known = new Set([...specifiers, ...BUILT_IN]);
	const complaints: string[] = [];
	for (const [specifier, names] of imports)
		for (const name of names) {
			const meant = resolveSpecifier(specifier, name);
			if (!known.has(meant)) complaints.push(`module ${specifier} imports "${name}": no included manifest brings ${meant}`);
		}
	return complaints;
}

async function compile(modules: ReadonlyMap<string, string>, out: string, root: string): Promise<Map<string, string[]>> {
	const result = await build({
		absWorkingDir: root,
		entryPoints: [...modules].map(([specifier, file]) => ({ in: file, out: specifier })),
		outdir: out,
		bundle: false,
		write: false,
		metafile: true,
		format: "esm",
		target: "es2022",
		sourcemap: true,
		sourcesContent: false,
		logLevel: "silent",
		tsconfigRaw: { compilerOptions: { target: "ES2022", verbatimModuleSyntax: true } },
	}).catch((error: unknown) => {
		throw new Error(explain(error));
	});
	for (const { path, contents } of result.outputFiles) {
		writeIfChanged(path, path.endsWith(".js") ? Buffer.from(withNatives(Buffer.from(contents).toString())) : Buffer.from(contents));
	}
	const imports = new Map<string, string[]>();
	for (const [path, output] of Object.entries(result.metafile.outputs)) {
		if (!path.endsWith(".js")) continue;
		const specifier = relative(out, resolve(root, path)).slice(0, -3);
		imports.set(specifier, [...new Set(output.imports.map((each) => each.path))]);
	}
	return imports;
}

function explain(error: unknown): string {
	const { errors } = error as { errors?: { text: string; location: { file: string; line: number; column: number } | null }[] };
	if (!errors) return error instanceof Error ? error.message : String(error);
	return errors.map(({ text, location }) => (location ? `${location.file}:${location.line}:${location.column}: ${text}` : text)).join("\n");
}

function writeIfChanged(path: string, content: Buffer): void {
	if (existsSync(path) && readFileSync(path).equals(content)) return;
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, content);
}

/** `node app.mjs [root]` */
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
	buildApp({ root: process.argv[2] ?? "." }).catch((error: unknown) => {
		process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
		process.exitCode = 1;
	});
}

/** A method, or a function, that does nothing but hand its arguments on to a native. */
const METHOD = /^( *)(\w+)\(([^()]*)\) \{\n *(?:return )?native\("(\w+)"\)\.call\(this(?:, )?\3\);\n *\}/gm;
const FUNCTION = /^function (\w+)\(([^()]*)\) \{\n *(?:return )?native\("(\w+)"\)\.call\(this(?:, )?\2\);\n\}/gm;

/** Puts natives in the place of what only calls them, as the SDK's compiler does: the call between costs nothing on the chip. Lines stay where they are. */
export function withNatives(code: string): string {
	return code
		.replace(FUNCTION, '\n\nconst $1 = native("$3");')
		.replace(METHOD, (_, indent: string, name: string, __: string, native: string) => {
			return name === "constructor" ? _ : `\n\n${indent}static { this.prototype.${name} = native("${native}"); }`;
		});
}
