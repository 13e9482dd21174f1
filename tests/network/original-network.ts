import { accessSync } from "node:fs";
import { describe } from "@jest/globals";
import type { ConfigurationPatch } from "../../sim/world/provision";
import type { BoardSpec } from "../../sim/world/world";
import { deviceSpec, hubSpec } from "./network";

/** Boards that run the original's own code: the program, and the page of the book with that code. */
const PROGRAM = "build/original/board.mjs";
export const SEED_DOC = process.env.SEED_DOC ?? "";

/** Whether the page is there. It is not part of this repository. */
export const hasOriginal = SEED_DOC !== "" && exists(SEED_DOC);

/** Tests that need it; without it they are skipped, and the summary says why. */
export const describeOriginal = (name: string, tests: () => void): void => {
	const title = hasOriginal ? name : `${name} - skipped: SEED_DOC does not name the page espcomms.md with the original's code`;
	(hasOriginal ? describe : describe.skip)(title, tests);
};

export const originalHub = (config: ConfigurationPatch = {}): BoardSpec => ({ ...hubSpec(config), program: PROGRAM, app: SEED_DOC });

export const originalDevice = (name: string, config: ConfigurationPatch = {}): BoardSpec => ({
	...deviceSpec(name, config),
	program: PROGRAM,
	app: SEED_DOC,
});

/** What a board with the original's code says about itself. */
export interface OriginalSnapshot {
	readonly role: string;
	readonly channel: number;
	readonly myMaster?: string;
	/** Texts its handler was given, by their first word. */
	readonly handled: Readonly<Record<string, number>>;
	/** Pings of its own after 30 s of silence, and how many were answered within a second. */
	readonly pings: { readonly sent: number; readonly answered: number };
	readonly framesDropped: number;
	readonly loopStoodMs: number;
}

function exists(path: string): boolean {
	try {
		accessSync(path);
		return true;
	} catch {
		return false;
	}
}
