import type { RequestHead } from "./request-reader";

/** An IPv6 address in brackets, with its zone and a port, has no more characters; a name of ours with its suffix neither. */
const LONGEST_HOST = 64;
const HTTP_PORT = /:80$/;
const PORT = /:[0-9]{1,5}$/;
const IPV4 = /^([0-9]{1,3}\.){3}[0-9]{1,3}$/;
const IPV6 = /^\[[0-9a-f:.]+(%[0-9a-z]+)?\]$/;

/**
 * What home routers and mDNS put behind a name. Nobody outside can have names under them: they are reserved (`local` RFC 6762, `home.arpa`
 * RFC 8375, `internal`, `home`: ICANN), delegated to nobody (`lan`, `localdomain`), or the zone of a maker of routers (`fritz.box`).
 */
const SUFFIXES: readonly string[] = Object.freeze(["local", "lan", "home", "internal", "home.arpa", "localdomain", "fritz.box"]);

/** Whether a dotted address lies in a /24 given by its first three numbers. */
export function isInNetwork(address: string | undefined, network: string): boolean {
	return address?.startsWith(`${network}.`) ?? false;
}

/** A name as it can stand in a Host: lower case, what is no letter or digit as `-`. */
export function hostLabel(name: string): string {
	return name
		.toLowerCase()
		.replace(/[^0-9a-z]+/g, "-")
		.replace(/^-|-$/g, "");
}

/*
 * DNS rebinding: somebody makes the name of a page point at this board, and the page could read and command it. Such a page has a name under a domain
 * that somebody owns. So a Host is ours when it is an address, or a name of this board, alone or with one of SUFFIXES behind it. The first label must be
 * the name, and all that follows must be the suffix: `hub.lan.evil.example` is not ours.
 */

/** Whether a Host is an IP literal, `localhost` (the desk), or left out, which no browser does. */
export function isAddress(host: string): boolean {
	if (host === "") return true;
	// A long one would cost the engine memory for each of its characters.
	if (host.length > LONGEST_HOST) return false;
	const name = host.replace(PORT, "").toLowerCase();
	return name === "localhost" || IPV4.test(name) || IPV6.test(name);
}

/**
 * Whether a Host is a name of this board.
 * @param names labels of this board, in lower case
 */
export function isOurName(host: string, names: readonly string[]): boolean {
	if (host.length > LONGEST_HOST) return false;
	let name = host.replace(PORT, "").toLowerCase();
	// `hub.lan.` is `hub.lan`, written in full.
	if (name.endsWith(".")) name = name.slice(0, -1);
	const dot = name.indexOf(".");
	if (dot < 0) return names.includes(name);
	return names.includes(name.slice(0, dot)) && SUFFIXES.includes(name.slice(dot + 1));
}

/** Whether the page that a request comes from, where a browser names it, is one of this board's own. */
export function isOurOrigin(origin: string, host: string): boolean {
	if (origin === "") return true;
	const own = `http://${host.replace(HTTP_PORT, "")}`;
	return origin.replace(HTTP_PORT, "").toLowerCase() === own.toLowerCase();
}

/** Why a request may not write, and the status that says so; undefined when it may. */
export function refuseWrite(head: RequestHead): { status: number; sentence: string } | undefined {
	// Browsers name the page that a request comes from; ours is always this board.
	if (!isOurOrigin(head.origin, head.host)) return { status: 403, sentence: "Another site may not change this board." };
	const semicolon = head.contentType.indexOf(";");
	const type = (semicolon < 0 ? head.contentType : head.contentType.slice(0, semicolon)).trim().toLowerCase();
	// A body of this type makes a browser ask before it sends one for another site; an order without a body has none.
	if (type !== "application/json" && !(type === "" && head.contentLength === 0))
		return { status: 415, sentence: "Send JSON with the header Content-Type: application/json." };
	return undefined;
}
