import type { RequestHead } from "./request-reader";

/** An IPv6 address in brackets, with its zone and a port, has no more characters. */
const LONGEST_HOST = 64;

/** Whether a dotted address lies in a /24 given by its first three numbers. */
export function isInNetwork(address: string | undefined, network: string): boolean {
	return address?.startsWith(`${network}.`) ?? false;
}

/**
 * Whether a Host is one of ours: an address, or this machine itself (the desk forwards its ports from 127.0.0.1).
 * A name from the outside means that somebody made his name point at this board, so that his page may talk to it
 * (DNS rebinding); a board has no name of its own that could be confused with it.
 */
export function isOurHost(host: string): boolean {
	// A long one would cost the engine memory for each of its characters.
	if (host.length > LONGEST_HOST) return false;
	const name = host.replace(/:[0-9]+$/, "").toLowerCase();
	return name === "localhost" || /^([0-9]{1,3}\.){3}[0-9]{1,3}$/.test(name) || /^\[[0-9a-f:.]+\]$/.test(name);
}

/** Why a request may not write, and the status that says so; undefined when it may. */
export function refuseWrite(head: RequestHead): { status: number; sentence: string } | undefined {
	if (!isOurHost(head.host)) return { status: 421, sentence: "Open this board by its address, not by a name." };
	// Browsers name the page that a request comes from; ours is always this board.
	if (head.origin !== "" && head.origin !== `http://${head.host}`)
		return { status: 403, sentence: "Another site may not change this board." };
	const type = (head.contentType.split(";")[0] ?? "").trim().toLowerCase();
	// A body of this type makes a browser ask before it sends one for another site; an order without a body has none.
	if (type !== "application/json" && !(type === "" && head.contentLength === 0))
		return { status: 415, sentence: "Send JSON with the header Content-Type: application/json." };
	return undefined;
}
