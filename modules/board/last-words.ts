/** Why a board restarts itself. Only a restart ordered from the setup side opens the setup access point again. */
export type RestartCause = "setup" | "lan" | "radio" | "recovery" | "heartbeat" | "error" | "button";

const causes: readonly string[] = Object.freeze(["setup", "lan", "radio", "recovery", "heartbeat", "error", "button"]);

export interface LastWords {
	cause: RestartCause;
	/** Reason and place, for people. */
	text: string;
}

/** How many characters fit behind the cause; the chip keeps 160 bytes. */
const LONGEST_TEXT = 140;

/**
 * Writes a cause and a text in the form that the chip keeps over a restart: `<cause>` or `<cause>: <text>`.
 * White space becomes one blank, anything else but printable ASCII `?`, so that the length in bytes is the length in characters.
 */
export function encodeWords(words: LastWords): string {
	const text = words.text
		.trim()
		.replace(/\s+/g, " ")
		.replace(/[^\x20-\x7e]/g, "?")
		.slice(0, LONGEST_TEXT);
	return text === "" ? words.cause : `${words.cause}: ${text}`;
}

/**
 * Reads what the chip kept. Anything may be in that memory: the chip does not promise that it survives a restart.
 * @returns undefined when nothing was kept; an unknown cause is told as an error with the whole text
 */
export function decodeWords(kept: string): LastWords | undefined {
	if (kept === "") return undefined;
	const colon = kept.indexOf(": ");
	const cause = colon < 0 ? kept : kept.slice(0, colon);
	if (!causes.includes(cause)) return { cause: "error", text: kept };
	return { cause: cause as RestartCause, text: colon < 0 ? "" : kept.slice(colon + 2) };
}

/** `esp_reset_reason_t` of esp_system.h, as far as they occur. */
const resetReasons: Readonly<Record<number, string>> = Object.freeze({
	1: "power-on",
	2: "reset pin",
	3: "software",
	4: "panic",
	5: "interrupt watchdog",
	6: "task watchdog",
	7: "watchdog",
	9: "brown-out",
	11: "built-in USB",
});
const POWER_ON = 1;
const RESET_PIN = 2;
const SOFTWARE = 3;
/** The chip was flashed, or its port opened, over its own USB. */
const USB = 11;

/** Whether a person has just switched the board on, reset it or flashed it. */
function isByHand(resetReason: number): boolean {
	return resetReason === POWER_ON || resetReason === RESET_PIN || resetReason === USB;
}

/** Names a reset reason for people. */
export function resetReasonName(reason: number): string {
	return resetReasons[reason] ?? `reset reason ${reason}`;
}

/** What went wrong before this start, for the status page; "" when nobody has to know: power-on, or a restart that was ordered. */
export function startTrouble(resetReason: number, words: LastWords | undefined): string {
	switch (words?.cause) {
		case "error":
			return `restarted after an error: ${words.text}`;
		case "heartbeat":
			return "restarted because the receive loop stood still";
		case "recovery":
			return `restarted to recover: ${words.text}`;
		case undefined:
			if (isByHand(resetReason)) return "";
			// Each restart of ours leaves words. So does the engine when it ends, unless it has no stack left.
			if (resetReason === SOFTWARE) return "restarted after an error without words, most likely a full heap or stack";
			return `restarted by ${resetReasonName(resetReason)}`;
		default:
			return "";
	}
}

/**
 * Whether this start opens the setup access point: after power-on, after the reset button (which the chip tells as one of
 * these two), after flashing over its own USB, and after a restart ordered from the setup side or by the factory button.
 */
export function opensSetup(resetReason: number, words: LastWords | undefined): boolean {
	if (isByHand(resetReason)) return true;
	return words?.cause === "setup" || words?.cause === "button";
}
