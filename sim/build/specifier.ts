/** What `import "name"` means inside a module: a relative name is relative to its specifier, not to its file. */
export function resolveSpecifier(importer: string, name: string): string {
	if (!name.startsWith(".")) return name;
	const parts = importer.split("/").slice(0, -1);
	for (const part of name.split("/")) {
		if (part === "..") {
			if (parts.length === 0) return name;
			parts.pop();
		} else if (part !== ".") parts.push(part);
	}
	return parts.join("/");
}
