/** What `figure()` of `board/figures` tells; sizes in bytes. */
export const Figure = Object.freeze({
	/** Free in ESP-IDF's heap now, and the least since the start. */
	idfFree: 0,
	idfLeast: 1,
	/** Free and in use, garbage included, in the engine's memory. */
	engineFree: 2,
	engineUsed: 3,
	/** What the engine's task has never used of its stack. */
	stackLeft: 4,
	/** 1 or 2; -1: the driver does not say. */
	espnowVersion: 5,
} as const);
export type Figure = (typeof Figure)[keyof typeof Figure];
