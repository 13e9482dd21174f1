/**
 * MAC addresses: 12 lower-case hex digits everywhere.
 *
 * A board has one address, its station MAC. Espressif gives each board a block of four addresses that starts at a multiple of four:
 * the station has the first, the access point the second. So an odd address is an access point's, and its station is one below.
 */

const LETTERS = 0x41;
/** The lowest bit of the first octet marks group and broadcast addresses (IEEE 802). */
const MAC = /^[0-9a-f][02468ace][0-9a-f]{10}$/;
/** Twelve hex digits, or six pairs with one separator (`:`, `-`) between them, or three groups of four with dots. */
const WRITTEN = /^[0-9a-f]{12}$|^[0-9a-f]{2}([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2}){4}$|^[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}$/;
/** `24:dc:c3:a1:b2:c0` with some blanks around it; longer texts are no MAC and are not looked at. */
const LONGEST_WRITTEN = 32;

/** Whether a value is the MAC of one board in our one form: 12 lower-case hex digits, no group address. */
export function isMac(text: unknown): text is string {
	return typeof text === "string" && MAC.test(text);
}

/**
 * Brings what people and tools write (upper case, `:`, `-` or `.` between the digits, blanks around) into our form.
 * @returns undefined when it is no MAC of one board: wrong length, group address, all zeros
 */
export function parseMac(text: string): string | undefined {
	if (text.length > LONGEST_WRITTEN) return undefined;
	const written = text.trim().toLowerCase();
	if (!WRITTEN.test(written)) return undefined;
	// Made here: a global expression keeps its place, and one that was preloaded lies in flash and cannot.
	const mac = written.replace(/[:.-]/g, "");
	return MAC.test(mac) && mac !== "000000000000" ? mac : undefined;
}

/** The station MAC of the board that has this station or access point MAC. */
export function stationMac(mac: string): string {
	return isOdd(mac.charCodeAt(11)) ? mac.slice(0, 11) + (parseInt(mac.charAt(11), 16) - 1).toString(16) : mac;
}

/** Whether an address is that of a group of boards, such as all of them: no board sends from it. */
export function isGroup(mac: string): boolean {
	return isOdd(mac.charCodeAt(1));
}

/** Whether a hex digit is odd: so are the codes of odd numerals, and those of the letters b, d and f are even. */
function isOdd(code: number): boolean {
	return (code & 1) === (code < LETTERS ? 1 : 0);
}

/** Whether two MACs belong to the same board, whichever of its two interfaces each names. */
export function sameBoard(a: string, b: string): boolean {
	return a === b || (a.length === 12 && b.length === 12 && stationMac(a) === stationMac(b));
}
