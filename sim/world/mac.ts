/** MACs are 12 lower-case hexadecimal digits everywhere. */
export const BROADCAST = "ffffffffffff";

/** The first board's station MAC; real chips have blocks of four addresses (station, access point, Bluetooth, Ethernet). */
const FIRST_BOARD = 0x34b4720a1000;

export function isMac(value: unknown): value is string {
	return typeof value === "string" && /^[0-9a-f]{12}$/.test(value);
}

/** Station MAC of the board with this index. */
export function boardMac(index: number): string {
	return plus(FIRST_BOARD, index * 4);
}

/** The setup access point's MAC: the station's plus one in the last octet, which wraps by itself. */
export function accessPointMac(stationMac: string): string {
	const last = (Number.parseInt(stationMac.slice(10), 16) + 1) & 0xff;
	return stationMac.slice(0, 10) + last.toString(16).padStart(2, "0");
}

/** A locally administered address, as clients use. */
export function clientMac(index: number): string {
	return plus(0xda5a00000001, index);
}

function plus(base: number, offset: number): string {
	return (base + offset).toString(16).padStart(12, "0");
}
