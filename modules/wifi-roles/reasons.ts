/** Disconnect reasons (`wifi_err_reason_t`, esp_wifi_types_generic.h) worth telling apart, in the words of a person. */
const words: Readonly<Record<number, string>> = Object.freeze({
	2: "the router let the login expire",
	4: "the router dropped the hub for inactivity",
	5: "the router has too many stations",
	8: "left on purpose",
	15: "wrong router password",
	200: "the router went silent",
	201: "router not found",
	202: "the router refused the login (wrong password?)",
	203: "the router refused the association",
	204: "wrong router password",
	205: "the connection failed",
	210: "router found, but its security does not suit",
	211: "router found, but its authentication mode does not suit",
	212: "router found, but its signal is too weak",
});

/** Own disconnect: nothing to reconnect. */
export const ASSOC_LEAVE = 8;

/**
 * Says in plain words why the station lost or did not get the router.
 * @param reason the driver's reason number
 */
export function reasonWords(reason: number): string {
	return words[reason] ?? `Wi-Fi reason ${reason}`;
}
