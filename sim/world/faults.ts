/** Faults that can be planted in a board: what `count` means and its range. */
export interface FaultKind {
	readonly meaning: string;
	readonly lowest: number;
	readonly highest: number;
	/** Used when no count is given. */
	readonly count: number;
}

export const FAULTS: Readonly<Record<string, FaultKind>> = {
	mute: {
		meaning: "frames that the radio acknowledges and the firmware is never told of; 0: none, -1: all from now on",
		lowest: -1,
		highest: 1_000_000,
		count: -1,
	},
	"status-lost": { meaning: "frames sent whose status never comes", lowest: 0, highest: 1_000_000, count: 1 },
	"no-mem": { meaning: "sends that the driver refuses for want of memory", lowest: 0, highest: 1_000_000, count: 1 },
	"power-cut-in-flash-write": {
		meaning: "flash steps from now until the power fails, just before the last of them; 0: never",
		lowest: 0,
		highest: 1_000_000,
		count: 1,
	},
};
