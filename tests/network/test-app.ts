import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "@jest/globals";
import { type Alterations, alteredApp } from "../../sim/build/altered-app";

const folders: string[] = [];
afterEach(() => {
	for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** The firmware that ships, altered; it is gone after the test. @returns the path of its app.json */
export function testApp(alterations: Omit<Alterations, "shipped" | "folder">): string {
	const folder = mkdtempSync(join(tmpdir(), "test-app-"));
	folders.push(folder);
	return alteredApp({ modules: {}, ...alterations, shipped: "build/virtual/app.json", folder });
}

/**
 * The firmware as it ships with further commands on its boards, as an app adds them: name and body of a function of `(args, from, handler)`,
 * which may use the SDK's `Timer`.
 */
export function appWithCommands(
	commands: Readonly<Record<string, string>>,
	alterations: Omit<Alterations, "shipped" | "folder"> = {},
): string {
	const made = Object.entries(commands).map(([name, body]) => {
		const argument = name.endsWith(":") ? `argument: "attached", ` : "";
		return `{ name: "${name}", ${argument}help: "a command of this test", who: "anyone", run(args, from, handler) { ${body} } }`;
	});
	const source = `
		import Timer from "timer";
		import * as shipped from "handler/handler-shipped";
		export class Handler extends shipped.Handler {
			constructor(options) {
				super(options);
				for (const command of [${made.join(", ")}]) this.add(command);
			}
		}
	`;
	const preload = ["handler/handler-shipped", ...(alterations.preload ?? [])];
	return testApp({ ...alterations, preload, modules: { ...alterations.modules, "handler/handler": source } });
}
