/** Longest host name in bytes: ESP_NETIF_HOSTNAME_MAX_SIZE. */
const LONGEST = 32;
const PREFIX = "rbr-";
/** Last digits of the MAC that tell boards apart. */
const MAC_DIGITS = 4;

/**
 * What the router calls a board: `rbr-` and its name as a label of letters, digits and hyphens. A name that had to be changed for that (other letters than a
 * to z, too long, empty) gets the end of the MAC behind it, since another name may give the same label.
 * @param mac the station's MAC, 12 hex digits
 */
export function hostName(name: string, mac: string): string {
	const end = mac.slice(-MAC_DIGITS);
	let label = "";
	let whole = name !== "";
	for (const character of name.toLowerCase()) {
		const legal = (character >= "a" && character <= "z") || (character >= "0" && character <= "9");
		if (legal) label += character;
		else if (label !== "" && !label.endsWith("-")) label += "-";
		// A blank or a hyphen becomes a hyphen: nothing is lost.
		if (!legal && character !== " " && character !== "-") whole = false;
	}
	if (label.endsWith("-")) label = label.slice(0, -1);
	if (whole && label !== "" && PREFIX.length + label.length <= LONGEST) return PREFIX + label;
	const rest = label.slice(0, LONGEST - PREFIX.length - MAC_DIGITS - 1);
	return rest === "" ? PREFIX + end : `${PREFIX}${rest.endsWith("-") ? rest.slice(0, -1) : rest}-${end}`;
}
