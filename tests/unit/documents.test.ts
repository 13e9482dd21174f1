import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { posix } from "node:path";
import { expect, test } from "@jest/globals";

const read = (path: string) => readFileSync(path, "utf8");

const FILES: Readonly<Record<string, string>> = {
	"*apart*": "tests/network/stand-ins-apart.test.ts",
	"*questions*": "tests/network/stand-ins.test.ts",
	"*talks*": "tests/network/stand-ins-http.test.ts",
	"`tests/native/machine.test.ts`": "tests/native/machine.test.ts",
};

test("each difference of a stand-in names a test, and each test that it names exists", () => {
	const section = read("sim/shim/README.md").split("\n## ")[1] ?? "";
	const rows = section.split("\n").filter((line) => line.startsWith("| ") && !/^\| (difference|---)/.test(line));
	expect(rows.length).toBeGreaterThan(10);
	const wrong = rows.filter((row) => {
		const named = (row.split(" | ")[2]?.replace(/ \|$/, "") ?? "").split("; ").filter((each) => each !== "sdk-check");
		return (
			named.length === 0 ||
			named.some((each) => {
				const at = each.indexOf(": ");
				const file = FILES[each.slice(0, at)];
				return file === undefined || !read(file).includes(each.slice(at + 2).replace(/ …$/, ""));
			})
		);
	});
	expect(wrong).toEqual([]);
});

/** Line numbers are those of the day: whoever moves a line need not know of a document. */
test("the breakpoint of docs/hardware.md's session is a line of the file that it names", () => {
	const [, text] = /^ \d+\t+(.*)$/m.exec(read("docs/hardware.md")) ?? [];
	const lines = read("modules/handler/handler.ts").split("\n");
	expect(lines.map((line) => line.trim())).toContain(text);
});

test("and the file that called it does so", () => {
	expect(read("docs/hardware.md")).toMatch(/^ {2}#1: #run at routes\.ts:\d+$/m);
	expect(read("web/routes.ts")).toContain("handler.handle(");
});

/** Pages that people read first. */
const PAGES = ["README.md", "tests/README.md", ...readdirSync("docs").map((name) => `docs/${name}`)];
const LINK = /\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g;

/** The anchors of a page, as GitHub makes them of its headings. */
function anchors(page: string): string[] {
	return [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
		(heading ?? "")
			.toLowerCase()
			.replace(/[^\w\s-]/g, "")
			.replace(/ /g, "-"),
	);
}

test.each(PAGES)("each link of %s leads to a file, and to a heading of it", (page) => {
	const broken = [...read(page).matchAll(LINK)].filter(([, path = "", anchor]) => {
		const file = path === "" ? page : posix.join(posix.dirname(page), path);
		return !existsSync(file) || (anchor !== undefined && !anchors(file).includes(anchor));
	});
	expect(broken.map(([link]) => link)).toEqual([]);
});

/** Rows of tables, items of lists, paragraphs: names in them belong to the files that they link to. Code blocks are left out. */
function blocks(page: string): string[] {
	return read(page)
		.replace(/^ *```.*?^ *```$/gms, "")
		.split(/\n(?:\n|(?=\|)|(?=\d+\. ))/);
}

/** Code files that a block links to. */
function filesOf(page: string, block: string): string[] {
	const files = [...block.matchAll(LINK)].map(([, path = ""]) => posix.join(posix.dirname(page), path));
	return files.filter((file) => existsSync(file) && statSync(file).isFile());
}

test.each(["docs/architecture.md", "docs/how-to.md"])("what %s names in a row or paragraph is in the files that it links to", (page) => {
	const wrong = blocks(page).flatMap((block) => {
		const files = filesOf(page, block);
		if (files.length === 0) return [];
		const text = files.map(read).join("\n");
		const names = [...block.matchAll(/(?<!\[)`(#?[A-Za-z_]\w*)(?:\(\))?`/g)].map(([, name]) => name ?? "");
		return names.filter((name) => !new RegExp(`(?<!\\w)${name}\\b`).test(text)).map((name) => `${name} in ${files.join(", ")}`);
	});
	expect(wrong).toEqual([]);
});

test.each(PAGES)("each path that %s names exists", (page) => {
	const paths = [...read(page).matchAll(/`((?:modules|web|sim|tests|docs|tools|bench)\/[\w./*-]+)`/g)].map(([, path]) => path ?? "");
	const absent = paths.filter((path) => {
		const [folder, rest] = path.split("/*");
		return rest === undefined ? !existsSync(path) : !readdirSync(folder ?? "").some((name) => existsSync(`${folder}/${name}${rest}`));
	});
	expect(absent).toEqual([]);
});
