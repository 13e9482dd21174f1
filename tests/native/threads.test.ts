import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";

/** The radio's C between real threads, without the engine: `tests/native/threads`. */

const BUILD = "build/tests-native";
const INCLUDES = ["tests/native/threads/include", "sim/board/idf/include"].map((folder) => `-I${folder}`);
const SOURCES = ["modules/espnow/esp32/espnow-esp32.c", "tests/native/threads/stress.c"];

/** Whether this desk can link and run such a program at all. */
function possible(sanitizer: string): boolean {
	mkdirSync(BUILD, { recursive: true });
	const program = `${BUILD}/probe-${sanitizer.replace(",", "-")}`;
	const flags = ["-x", "c", "-", `-fsanitize=${sanitizer}`, "-o", program];
	const built = spawnSync("gcc", flags, { input: "int main(void) { return 0; }", encoding: "utf8" });
	if (built.status === 0 && spawnSync(`./${program}`).status === 0) return true;
	console.warn(
		`SKIPPED: the radio between tasks under -fsanitize=${sanitizer}, which gcc has no libraries for here, or the kernel does not run`,
	);
	return false;
}

interface Figures {
	received: number;
	read: number;
	dropped: number;
	broken: number;
	statuses: number;
	calls: number;
	waiting: number;
}

function stress(sanitizer: string): { figures: Figures; complaints: string } {
	mkdirSync(BUILD, { recursive: true });
	const program = `${BUILD}/stress-${sanitizer.replace(",", "-")}`;
	const flags = ["-std=gnu17", "-O1", "-g", "-Wall", "-Wextra", "-Werror", `-fsanitize=${sanitizer}`, ...INCLUDES];
	execFileSync("gcc", [...flags, ...SOURCES, "-lpthread", "-o", program], { stdio: "inherit" });
	const { stdout, stderr } = spawnSync(`./${program}`, { encoding: "utf8" });
	return { figures: JSON.parse(stdout.split("\n")[0] || "{}") as Figures, complaints: stderr };
}

const all = ["thread", "address,undefined"];
const here = all.filter(possible);

test("a sanitizer for memory is there", () => {
	expect(here).toContain("address,undefined");
});

describe.each(here)("radio between tasks, -fsanitize=%s", (sanitizer) => {
	const { figures, complaints } = stress(sanitizer);

	test("nothing is raced for, used after its release or leaked, whatever is closed when", () => {
		expect(complaints).toBe("");
	});

	test("every frame that the driver delivered was read whole or counted as dropped", () => {
		expect(figures.received).toBe(80_000);
		expect(figures.read + figures.dropped).toBe(figures.received);
		expect(figures.read).toBeGreaterThan(0);
		expect(figures.broken).toBe(0);
	});

	test("no message is left behind", () => {
		expect(figures.waiting).toBe(0);
		expect(figures.statuses).toBeGreaterThan(0);
		expect(figures.calls).toBeGreaterThan(0);
	});
});
