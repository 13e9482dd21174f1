/**
 * MAC addresses: 12 lower-case hex digits.
 *
 * A board has one address, its station MAC. Espressif gives each board a block of four addresses that starts at a multiple of four:
 * the station has the first, the access point the second. So an odd address is an access point's, and its station is one below.
 */

const LETTERS = 0x41;
const MAC = /^[0-9a-f][02468ace][0-9a-f]{10}$/;

/** Whether a text is the MAC of a board. */
export function isMac(text: string): boolean {
	return MAC.test(text);
}

/** The station MAC of the board that has this station or access point MAC. */
export function stationMac(mac: string): string {
	return isOdd(mac.charCodeAt(11)) ? mac.slice(0, 11) + (parseInt(mac.charAt(11), 16) - 1).toString(16) : mac;
}

/** Whether an address is that of a group of boards, such as all of them: nobody sends from it. */
export function isGroup(mac: string): boolean {
	return isOdd(mac.charCodeAt(1));
}

/** Whether a hex digit is odd: so are the codes of odd numerals, and those of the letters b, d and f are even. */
function isOdd(code: number): boolean {
	return (code & 1) === (code < LETTERS ? 1 : 0);
}

/** Whether two MACs belong to the same board. */
export function sameBoard(a: string, b: string): boolean {
	return a === b || (a.length === 12 && b.length === 12 && stationMac(a) === stationMac(b));
}
