import type { Figure } from "board/figure-kinds";

export { Figure } from "board/figure-kinds";

/** One figure of chip or engine. @throws RangeError for one that does not exist */
export function figure(this: void, which: Figure): number {
	return native("xs_figures").call(this, which);
}

/** The version of ESP-IDF, Wi-Fi's driver included: `v6.0`. */
export function idfVersion(this: void): string {
	return native("xs_figures_idf").call(this);
}
