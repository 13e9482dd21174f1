/** MAC addresses are strings of 12 lower-case hex digits everywhere. */
const MAC_LENGTH = 12;

/** Whether a text is a MAC in our one form: 12 lower-case hex digits. */
export function isMac(text: unknown): text is string {
	return typeof text === "string" && text.length === MAC_LENGTH && /^[0-9a-f]+$/.test(text);
}

/**
 * Brings what people and tools write (upper case, colons between the octets) into our form.
 * @returns undefined when it is no MAC of a single board: wrong length, group address, all zeros
 */
export function parseMac(text: string): string | undefined {
	const mac = (/^..(:..){5}$/.test(text) ? text.replaceAll(":", "") : text).toLowerCase();
	if (!isMac(mac) || mac === "000000000000") return undefined;
	// The lowest bit of the first octet marks group and broadcast addresses (IEEE 802).
	if (Number.parseInt(mac.slice(0, 2), 16) & 1) return undefined;
	return mac;
}

/**
 * The station MAC of the board that an address belongs to. Boards have MACs in multiples of 4, the access point the
 * station's plus 1, so an odd address is an access point's and only its last digit differs.
 */
export function stationMac(mac: string): string {
	const last = Number.parseInt(mac.slice(-1), 16);
	return last & 1 ? mac.slice(0, -1) + (last - 1).toString(16) : mac;
}

/** Whether two addresses belong to one board, whichever of its two interfaces each names. */
export function sameBoard(a: string, b: string): boolean {
	return a === b || stationMac(a) === stationMac(b);
}
