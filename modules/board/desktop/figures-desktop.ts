import type { Figure } from "board/figure-kinds";

export { Figure } from "board/figure-kinds";

/** A desktop has more memory than a board can use: what a board has at rest is told, so that nothing complains. */
const FIGURES: readonly number[] = Object.freeze([120_000, 120_000, 60_000, 30_000, 4_000, 2]);

/** The figures of a board, on a desktop without any. */
export function figure(which: Figure): number {
	const value = FIGURES[which];
	if (value === undefined) throw new RangeError("invalid figure");
	return value;
}

export function idfVersion(): string {
	return "desktop";
}
