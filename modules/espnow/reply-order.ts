/**
 * What a peer's words are worth. Replies have no id: all that ties one to a request is the order in which a link delivers them, and the radio may hand a
 * frame over again. Where that leaves doubt, the peer is *unclear*: it is pinged before the next request, and what it says before its `pong` is dropped.
 */
import type { Peer } from "./peers";
import { isPing, type Request } from "./request";

/** A radio that missed our acknowledgement sends its frame again, and no filter keeps that from us; not later than so, in ms. */
const AGAIN_MS = 250;
/** No reply is there earlier after its request was handed to the driver, in ms: two frames of a byte and an acknowledgement at 1 Mbit/s. */
const QUICKEST_MS = 1.5;
/** A board that was given an answer too many gets its own out within this time, in ms. */
const OWED_MS = 1_000;
/** A link on which something went wrong is trusted again after this time, in ms. */
const LOSSY_MS = 60_000;
/**
 * So many characters of a peer's last reply are remembered, and no longer question: texts may have 250 bytes, and many boards are known. A longer
 * reply that begins alike is taken for the same, a longer question for another one: the peer is doubted rather too often.
 */
const REMEMBERED = 48;

/**
 * Judges a text that can be the reply to a peer's open request.
 * @returns "reply" when it is taken for that; "early" when it came before that can have been made; "perhaps" when it may as well be the last reply over again
 */
export function matchReply(peer: Peer, request: Request, text: string, now: number): "reply" | "early" | "perhaps" {
	// Whatever it is: the last reply over again, or that to something asked before a restart.
	// A request that waits for another try has been on the air longer.
	const early = request.sends === 1 && request.state !== "due" && now - request.at < QUICKEST_MS;
	if (now - peer.lastReplyAt < AGAIN_MS && (text.length > REMEMBERED ? beginsAs(text, peer.lastReply) : text === peer.lastReply)) {
		// More likely the air gave us the last reply twice: its sender may still be at it after our next request has reached it.
		if (request.text !== peer.lastAsked) {
			markLossy(peer, now);
			return early ? "early" : "perhaps";
		}
		// To the same question it is an answer as good as the next, which may still come.
		peer.mayReplyAgain = true;
	}
	if (early) return "early";
	// A reply that outruns our status: the radio missed an acknowledgement and repeats a request that is served already, perhaps once more.
	if (request.state === "sending") markLossy(peer, now);
	peer.lastAsked = request.text.length > REMEMBERED ? "" : request.text;
	peer.lastReply = text.length > REMEMBERED ? text.slice(0, REMEMBERED) : text;
	peer.lastReplyAt = now;
	return "reply";
}

/** Whether a long text may be the one of which this is remembered. */
function beginsAs(text: string, kept: string): boolean {
	return kept.length === REMEMBERED && text.startsWith(kept);
}

/** A frame of ours was not acknowledged: acknowledgements are lost, and so frames sent again and again. */
export function markLossy(peer: Peer, now: number): void {
	peer.lossyUntil = now + LOSSY_MS;
}

/**
 * A request is about to be its peer's open one: what the peer said last may be heard once more and be taken for the reply to this. On a poor link, or
 * when it may owe an answer to another question, a pong in between tells them apart.
 */
export function distrust(peer: Peer, request: Request, now: number): void {
	const since = now - peer.lastReplyAt;
	if (since < AGAIN_MS && now < peer.lossyUntil) peer.needsResync = true;
	if (request.text === peer.lastAsked) return;
	if (peer.mayReplyAgain && since < OWED_MS) peer.needsResync = true;
	peer.mayReplyAgain = false;
}

/** A request ended without its reply, or was sent more than once and may get two: what the peer says next is doubtful. */
export function doubt(request: Request): void {
	if (!isPing(request)) request.peer.needsResync = true;
}
