import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import ts from "typescript";

/** Words that the field has others for: not even a comment uses them. The setting `setupAP.afterwards` keeps `cloaked` as a value. */
const NOWHERE = "Chance Wake KeptAnswers surroundings Surroundings hazard cloaked unclear owes insist faces".split(" ");

/** Ordinary words: no type, function or file is called so. */
const NO_NAME =
	"Answer Answers answer answers Room grant statuses frames suspect clear poor judge prompt patient house House phone phones Phone Phones seed".split(
		" ",
	);

/** What people see keeps their word for it: the page of the house. */
const KEPT_FILES = ["web/pages/house.html"];

/** All files below a folder of the repository, with `/` on every system. */
function tree(path: string): string[] {
	return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
		entry.isDirectory() ? tree(`${path}/${entry.name}`) : [`${path}/${entry.name}`],
	);
}

const files = ["main.ts", ...["modules", "web", "sim"].flatMap(tree)];

function words(file: string): string[] {
	const text = readFileSync(file, "utf8").replace(/(["'])cloaked\1/g, "");
	return NOWHERE.filter((word) => new RegExp(`\\b${word}\\b`).test(text)).map((word) => `${file}: ${word}`);
}

function isTypeOrFunction(node: ts.Node): node is ts.NamedDeclaration {
	return (
		ts.isClassDeclaration(node) ||
		ts.isInterfaceDeclaration(node) ||
		ts.isTypeAliasDeclaration(node) ||
		ts.isFunctionDeclaration(node) ||
		ts.isMethodDeclaration(node) ||
		ts.isGetAccessorDeclaration(node) ||
		(ts.isVariableDeclaration(node) && node.initializer !== undefined && ts.isArrowFunction(node.initializer))
	);
}

/** Names of types and functions that a file declares. */
function declared(file: string): string[] {
	const names: string[] = [];
	const look = (node: ts.Node): void => {
		if (isTypeOrFunction(node) && node.name && (ts.isIdentifier(node.name) || ts.isPrivateIdentifier(node.name)))
			names.push(node.name.text.replace(/^#/, ""));
		ts.forEachChild(node, look);
	};
	look(ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest));
	return names;
}

describe("the field's words", () => {
	test("no file says one of the words that the table in the style guide replaces", () => {
		expect(files.filter((file) => /\.(ts|mjs|c|h|html|json)$/.test(file)).flatMap(words)).toEqual([]);
	});

	test("no type, function or file has an ordinary word of the table for a name", () => {
		const named = files
			.filter((file) => file.endsWith(".ts"))
			.flatMap((file) =>
				declared(file)
					.filter((name) => NO_NAME.includes(name))
					.map((name) => `${file}: ${name}`),
			);
		const called = files.filter(
			(file) =>
				!KEPT_FILES.includes(file) &&
				file
					.split("/")
					.slice(1)
					.some((part) => NO_NAME.includes(part.replace(/\..*$/, ""))),
		);
		expect([...named, ...called]).toEqual([]);
	});
});
