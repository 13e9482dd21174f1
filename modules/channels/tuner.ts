/** Moves the radio of an unconnected board; only wifi-roles knows how. */
export interface Tuner {
	/** The home channel. */
	readonly home: number;
	/** Channels that may be used in the configured country. */
	readonly allowed: readonly number[];
	/** Moves home to a channel; "busy" when Wi-Fi does not allow it at present (a phone is connected, a scan runs). */
	retune(channel: number): "ok" | "busy";
}
