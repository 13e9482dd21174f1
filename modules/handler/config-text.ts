import { utf8Length } from "common/text";

/** An ESP-NOW frame has 250 bytes, of which ` -127` is the signal strength at its end. */
const LONGEST_REPLY = 245;

/**
 * The configuration, or one key of it, as a reply.
 * @param redacted the configuration without its passwords
 * @param key such as `router.ssid`; "" for all
 * @param inFrame whether the reply must fit into one frame
 */
export function redactedText(redacted: { [key: string]: unknown }, key: string, inFrame: boolean): string {
	let value: unknown = redacted;
	for (const name of key === "" ? [] : key.split(".")) {
		if (typeof value !== "object" || value === null) return `Fail (no key ${key})`;
		// The names are compared. A look-up would make the name in the engine, and a name that any radio may send would take memory for good.
		const found = Object.entries(value).find(([known]) => known === name);
		if (!found) return `Fail (no key ${key})`;
		value = found[1];
	}
	const reply = `OK ${typeof value === "string" ? value : JSON.stringify(value)}`;
	return inFrame && utf8Length(reply) > LONGEST_REPLY ? "Fail (too long)" : reply;
}
