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

test("the breakpoint of HARDWARE.md's session is in the line that it shows", () => {
	const [, line, text] = /^ (\d+)\t+(.*)$/m.exec(read("HARDWARE.md")) ?? [];
	expect(read("modules/handler/handler.ts").split("\n")[Number(line) - 1]?.trim()).toBe(text);
});

test("and the line that called it is where it says", () => {
	const [, line] = /^ {2}#1: #run at routes\.ts:(\d+)$/m.exec(read("HARDWARE.md")) ?? [];
	expect(read("web/routes.ts").split("\n")[Number(line) - 1]).toContain("handler.handle(");
});
