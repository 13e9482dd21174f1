import { expect, test } from "@jest/globals";
import { complaints, ourModules } from "../../sim/sdk/tools";

const ROOT = "/home/somebody/rbr-now";

test.each([
	["a native that stays a closure", "/x/espnow-esp32.ts:4: warning: cannot optimize native!"],
	["a preloaded closure over what may change", "### warning: config/merge: merge() words: no const"],
	["what the compiler refuses", "../rbr-now/main.ts(204,12): error TS7017: Element implicitly has an 'any' type"],
	["C of ours", `${ROOT}/modules/board/esp32/board-esp32.c:9:1: warning: unused variable`],
])("a build may not speak of our files: %s", (_, line) => {
	expect(complaints(`# cc one.c\n${line}\n# ld mc.so`, ROOT)).toEqual([line]);
});

test("what the SDK's own files are warned of is the SDK's affair", () => {
	const said = ["### warning: wifi: default() timer: no const", "/sdk/xs/sources/xsRun.c:429:23: warning: variable might be clobbered"];
	expect(complaints(said.join("\n"), ROOT)).toEqual([]);
});

test("modules of ours are those that the makefile names, once, and none of the SDK's", () => {
	const makefile = "MODULES = \\\n\t$(MODULES_DIR)/main.xsb\\\n\t$(MODULES_DIR)/espnow/comms.xsb\\\n\t$(MODULES_DIR)/timer.xsb\n";
	expect(ourModules(`${makefile}$(MODULES_DIR)/espnow/comms.xsb: x.js\n`)).toEqual(["main.xsb", "espnow/comms.xsb"]);
});
