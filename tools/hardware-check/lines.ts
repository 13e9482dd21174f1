export type Verdict = "passed" | "failed" | "skipped";

/** What one check came to. */
export interface Finding {
	readonly verdict: Verdict;
	/** What was seen, or why it failed or was left out: for people, without names, addresses and passwords. */
	readonly value: string;
	/** The same in numbers, to be compared. */
	readonly figures?: Readonly<Record<string, number>>;
}

/** One line of the report. */
export interface Line extends Finding {
	/** The same for all boards of a kind, such as `device.answers`. */
	readonly id: string;
	/** `hub`, `device 1`, `network`. */
	readonly subject: string;
	readonly title: string;
}

export const passed = (value: string, figures?: Readonly<Record<string, number>>): Finding => ({
	verdict: "passed",
	value,
	...(figures ? { figures } : {}),
});
export const failed = (value: string, figures?: Readonly<Record<string, number>>): Finding => ({
	verdict: "failed",
	value,
	...(figures ? { figures } : {}),
});
export const skipped = (value: string): Finding => ({ verdict: "skipped", value });

/** What each check is called, in the order of the report. */
export const TITLES = {
	"hub.answers": "answers over HTTP",
	"hub.role": "is a hub and on the router",
	"hub.radio": "ESP-NOW is up",
	"hub.complaints": "has nothing to complain about",
	"hub.selftest": "self-test",
	"network.devices": "devices are known",
	"device.answers": "answers",
	"device.commands": "understands the commands",
	"device.channel": "is on the hub's channel",
	"device.signal": "is heard well enough",
	"device.relay": "relay goes on, off, and back",
	"network.unknown-board": "a board that does not exist is told as such",
	"network.unknown-command": "an unknown command is told as such",
	"network.too-long": "a text that is too long is refused",
	"network.two-at-once": "two requests at once get their own replies",
	"network.relaying": "a device is reached through another one",
	"trips.lost": "round trips: none is lost",
	"trips.times": "round trips: times",
	"trips.late": "round trips: in time (frames are not repeated on the air)",
	"hub.meter": "cost in time",
	"device.meter": "cost in time",
	"owner.mute": "others go on while one is silent; it comes back",
	"owner.channel": "all follow the router to another channel",
	"device.reset": "restarts when told to",
	"hub.statuses": "each frame's send status came, nothing was dropped or failed",
	"hub.counters": "frames that came in add up",
	"network.restarts": "no board restarted by itself",
	"hub.heap": "memory is left",
} as const satisfies Readonly<Record<string, string>>;

export type CheckId = keyof typeof TITLES;
