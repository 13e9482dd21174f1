import { readFileSync } from "node:fs";
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
