import { expect, test } from "@jest/globals";
import { importsOf, mark, withMarks } from "../../sim/heap/marks";

const SOURCE = `import { Chip } from "board/chip";
import { makeAll } from "handler/commands";
import Timer from "timer";
const LIMIT = 5;
const chip = new Chip({ limit: LIMIT });
chip.start(new Timer());
const all = makeAll(chip), more = 1;
function hoisted() { chip.stop(); }
all.forEach((each) => each.stop());
say("done");
export { hoisted };
`;

test("a mark stands before main's first statement and after each, named after the module that the statement is about", () => {
	const lines = withMarks(SOURCE, "main").split("\n");
	const marks = lines.flatMap((line, i) => (line.startsWith('native("xs_sim_heap")') ? [[lines[i - 1], line]] : []));
	expect(marks).toEqual([
		['import Timer from "timer";', mark("")],
		["const LIMIT = 5;", mark("main")],
		["const chip = new Chip({ limit: LIMIT });", mark("board/chip")],
		["chip.start(new Timer());", mark("board/chip")],
		["const all = makeAll(chip), more = 1;", mark("handler/commands")],
		["all.forEach((each) => each.stop());", mark("handler/commands")],
		['say("done");', mark("main")],
	]);
	expect(lines.filter((line) => !line.startsWith("native(")).join("\n")).toBe(SOURCE);
});

test("the imports of a module are found, those that only re-export too", () => {
	expect(importsOf('import a from "./a";\nexport * from "b/c";\nimport "d";\n// import "e";')).toEqual(["./a", "b/c", "d"]);
});
