/**
 * Writes what the natives need at compile time, from their own sources:
 * mc.xs.h (names of properties as constant ids) and nativeTable.c (the functions that native() and Native() find).
 *
 *     node genids.mjs <output folder> <preprocessed xsCommon.c> <source.c>...
 *
 * The engine's own names keep their fixed index; the others follow in alphabetical order, the same in every machine.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [folder, engineIds, ...files] = process.argv.slice(2);
if (folder === undefined || engineIds === undefined) {
	console.error("genids: <output folder> <preprocessed xsCommon.c> <source.c>...");
	process.exit(2);
}

const table = /gxIDStrings\s*\[[^\]]*\]\s*=\s*\{([\s\S]*?)\};/.exec(readFileSync(engineIds, "utf8"));
if (table === null) throw new Error(`genids: no table of names in ${engineIds}`);
const engineNames = [...(table[1] ?? "").matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1] ?? "");

const names = new Set();
const functions = new Map();
for (const file of files) {
	const text = readFileSync(file, "utf8");
	for (const match of text.matchAll(/\bxsID_(\w+)/g)) names.add(match[1]);
	for (const match of text.matchAll(/^void\s+(xs_\w+)\s*\(\s*(xsMachine|void)\s*\*\s*\w*\s*\)\s*\{/gm)) {
		const [, name, parameter] = match;
		if (functions.has(name)) throw new Error(`genids: ${name} is in ${functions.get(name).file} and in ${file}`);
		functions.set(name, { file, destructor: parameter === "void" });
	}
}

const ids = new Map(engineNames.map((name, index) => [name, index]));
const extra = [...names].filter((name) => !ids.has(name)).sort();
for (const [index, name] of extra.entries()) ids.set(name, engineNames.length + index);

const header = [...names].sort().map((name) => `#define xsID_${name} (${ids.get(name)})`);
const sorted = [...functions.keys()].sort();
const source = [
	'#include "host.h"',
	...sorted.map((name) => (functions.get(name).destructor ? `void ${name}(void *);` : `void ${name}(struct sxMachine *);`)),
	"const NativeEntry gNatives[] = {",
	...sorted.map((name) => (functions.get(name).destructor ? `\t{"${name}", 0, ${name}},` : `\t{"${name}", ${name}, 0},`)),
	"\t{0, 0, 0},",
	"};",
	`const int gNativeCount = ${sorted.length};`,
	"const char *const gExtraNames[] = {",
	...extra.map((name) => `\t"${name}",`),
	"\t0,",
	"};",
	`const int gExtraNameCount = ${extra.length};`,
];

function write(name, text) {
	const path = join(folder, name);
	if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
}

mkdirSync(folder, { recursive: true });
write("mc.xs.h", `#ifndef MC_XS_H\n#define MC_XS_H\n\n${header.join("\n")}\n\n#endif\n`);
write("nativeTable.c", `${source.join("\n")}\n`);
