import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "@jest/globals";

const SHIPPED = "build/virtual/app.json";

const folders: string[] = [];
afterEach(() => {
	for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/**
 * The firmware as it ships with further commands on its boards, as an app adds them: name and body of a function of `(args, from)`,
 * which may use the SDK's `Timer`.
 * @returns the path of its app.json
 */
export function appWithCommands(commands: Readonly<Record<string, string>>): string {
	return appWith("handler/commands", (shipped) => {
		const made = Object.entries(commands).map(([name, body]) => {
			const argument = name.endsWith(":") ? `argument: "attached", ` : "";
			return `{ name: "${name}", ${argument}help: "a command of this test", who: "anyone", run(args, from) { ${body} } }`;
		});
		return `import Timer from "timer";\nimport * as shipped from "${shipped}";\nexport const createCommands = (board) => [...shipped.createCommands(board), ${made.join(", ")}];\n`;
	});
}

/** An app.json that the board program reads. */
interface App {
	readonly modules: Record<string, string>;
	readonly creation: Record<string, unknown>;
}

function shippedApp(): App {
	return JSON.parse(readFileSync(SHIPPED, "utf8")) as App;
}

/** The firmware as it ships on a chip with another amount of memory: `creation` of the manifest. @returns the path of its app.json */
export function appWithCreation(creation: Readonly<Record<string, unknown>>): string {
	const app = shippedApp();
	return write({ ...app, creation: { ...app.creation, ...creation } }, {});
}

/** The firmware with one module replaced by what `source` makes; the replacement may import the shipped one by the name it is given. */
function appWith(specifier: string, source: (shipped: string) => string): string {
	const app = shippedApp();
	const path = app.modules[specifier];
	if (path === undefined) throw new Error(`the firmware has no module ${specifier}`);
	const shipped = `${specifier}-shipped`;
	return write({ ...app, modules: { ...app.modules, [shipped]: path } }, { [specifier]: source(shipped) });
}

/** Writes an app with further modules, by their source; it is gone after the test. */
function write(app: App, sources: Readonly<Record<string, string>>): string {
	const folder = mkdtempSync(join(tmpdir(), "test-app-"));
	folders.push(folder);
	const modules = { ...app.modules };
	for (const [i, [specifier, source]] of Object.entries(sources).entries()) {
		const path = join(folder, `${i}.js`);
		modules[specifier] = path;
		writeFileSync(path, source);
	}
	writeFileSync(join(folder, "app.json"), JSON.stringify({ ...app, modules }));
	return join(folder, "app.json");
}
