import ts from "typescript";

/** A call that tells the heap at this point of a module. */
export function mark(label: string): string {
	return `native("xs_sim_heap").call(undefined, ${JSON.stringify(label)});`;
}

/**
 * Puts a mark before the first statement of a module, labelled "", and one after each, labelled with the imported module that the
 * statement makes something of (`new X`, or a call of what such a statement made), else `own`.
 */
export function withMarks(source: string, own: string): string {
	const file = ts.createSourceFile("main.js", source, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
	const makers = importedNames(file);
	const inserts: { at: number; text: string }[] = [];
	for (const statement of file.statements) {
		if (!ts.isVariableStatement(statement) && !ts.isExpressionStatement(statement)) continue;
		if (inserts.length === 0) inserts.push({ at: statement.getStart(), text: `${mark("")}\n` });
		const name = principal(statement);
		const label = (name !== undefined && makers.get(name)) || own;
		if (ts.isVariableStatement(statement))
			for (const { name: made } of statement.declarationList.declarations) if (ts.isIdentifier(made)) makers.set(made.text, label);
		inserts.push({ at: statement.end, text: `\n${mark(label)}` });
	}
	return inserts.reduceRight((text, insert) => text.slice(0, insert.at) + insert.text + text.slice(insert.at), source);
}

/** What a module imports, as written there. */
export function importsOf(source: string): string[] {
	return ts.preProcessFile(source, true, true).importedFiles.map(({ fileName }) => fileName);
}

/** Imported name to the specifier that it comes from. */
function importedNames(file: ts.SourceFile): Map<string, string> {
	const names = new Map<string, string>();
	for (const statement of file.statements) {
		if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
		const specifier = statement.moduleSpecifier.text;
		const { importClause } = statement;
		if (importClause?.name) names.set(importClause.name.text, specifier);
		const bindings = importClause?.namedBindings;
		if (bindings && ts.isNamedImports(bindings)) for (const { name } of bindings.elements) names.set(name.text, specifier);
	}
	return names;
}

/** The name at the root of what a statement calls, makes or stands for: `X` of `const a = new X()`, `x` of `x.y.z()`. */
function principal(statement: ts.VariableStatement | ts.ExpressionStatement): string | undefined {
	let node: ts.Expression | undefined = ts.isVariableStatement(statement)
		? statement.declarationList.declarations[0]?.initializer
		: statement.expression;
	while (node && (ts.isNewExpression(node) || ts.isCallExpression(node) || ts.isPropertyAccessExpression(node))) node = node.expression;
	return node && ts.isIdentifier(node) ? node.text : undefined;
}
