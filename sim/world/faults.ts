/** Faults that can be planted in a board: what `count` means and its range. */
export interface FaultKind {
	readonly meaning: string;
	readonly lowest: number;
	readonly highest: number;
	/** Used when no count is given. */
	readonly count: number;
}

/** A fault that is counted: so many times, and then it is over. */
function times(meaning: string, count = 1): FaultKind {
	return { meaning, lowest: 0, highest: 1_000_000, count };
}

/** A fault that lasts until it is taken back, or the program ends. */
function lasting(meaning: string): FaultKind {
	return { meaning: `1: ${meaning}; 0: no more`, lowest: 0, highest: 1, count: 1 };
}

/** A fault that strikes at once; the chip tells it as the reason of its next start. */
function ends(meaning: string): FaultKind {
	return { meaning: `1: ${meaning}, now; 0: nothing`, lowest: 0, highest: 1, count: 1 };
}

export const FAULTS: Readonly<Record<string, FaultKind>> = {
	mute: {
		meaning: "frames that the radio acknowledges and the firmware is never told of; 0: none, -1: all from now on",
		lowest: -1,
		highest: 1_000_000,
		count: -1,
	},
	"status-lost": times("frames sent whose status never comes"),
	"status-late": times("frames sent whose status comes 400 ms late"),
	"status-doubled": times("frames sent whose status comes again 3 ms later"),
	"no-mem": times("sends that the driver refuses for want of memory"),
	"no-mem-until-reinit": {
		meaning: "1: the driver refuses every send for want of memory until Wi-Fi is deinitialised; 0: no more",
		lowest: 0,
		highest: 1,
		count: 1,
	},
	burst: { ...times("frames that come in one go, text OK from a stranger; the firmware has room for 16", 40), highest: 10_000 },
	"callback-in-close": times("closings of ESP-NOW in the middle of which a frame and a status come"),
	"event-storm": {
		...times("Wi-Fi events that come at once, and as many ahead of the driver's next own one; the firmware has room for 16", 40),
		highest: 10_000,
	},
	"queue-full": times("posts of the radio's and Wi-Fi's tasks that the script's message queue refuses"),
	"queue-full-sockets": times("posts of lwIP's task that the script's message queue refuses: the socket is deaf until somebody closes it"),
	"promises-stop": {
		meaning: "1: the queue refuses the engine's next post for its promise jobs, after which no promise goes on; 0: no more",
		lowest: 0,
		highest: 1,
		count: 1,
	},
	"random-stuck": lasting("the random numbers' source gives the same number again and again"),
	"random-repeats": lasting("the random numbers' source begins again after 24 numbers"),
	"pin-stuck": lasting("outputs stay high, whatever is written"),
	"flash-refuses": lasting("flash takes no more"),
	"flash-forgets": lasting("texts come out of flash as something else"),
	"clock-stops": lasting("the clock stands still, timers go on"),
	"heap-low": lasting("ESP-IDF's heap is nearly full"),
	"stack-low": lasting("the engine's task has nearly used up its stack"),
	"no-version": lasting("ESP-NOW does not tell its version"),
	panic: ends("a fault of the processor ends the program"),
	watchdog: ends("the chip's own watchdog ends the program"),
	"brown-out": ends("the supply's voltage breaks down for a moment"),
	"heap-full": times("callbacks from now until the heap is full, when the last of them begins; 0: never"),
	"power-cut-in-flash-write": times("flash steps from now until the power fails, just before the last of them; 0: never"),
};
