import type { Outcome } from "./counters";
import type { Outgoing } from "./outbox";

/**
 * What a message is. From `reply` on a message of plain text may be the reply to a request, also where the codec cannot tell. `report`: what a device tells its
 * hub by itself. `notice`: what a hub tells its devices and wants no reply to. The last three only sealed networks have: `fragment`, a part of a long text; `undelivered`, a relay device's word that it did not reach the next board; `bytes`, a frame that goes
 * out as it is.
 */
export const Kind = Object.freeze({
	ping: 1,
	pong: 2,
	relay: 3,
	reply: 4,
	error: 5,
	request: 6,
	report: 7,
	fragment: 10,
	undelivered: 12,
	notice: 14,
	bytes: 0,
} as const);
export type Kind = (typeof Kind)[keyof typeof Kind];

/** What one board tells another. */
export interface Message {
	kind: Kind;
	/** A pong or a reply has the id of its ping or request. null: the codec has no ids, or has not numbered the message yet. */
	id: number | null;
	/** Of a `relay` the whole path, as {@link file://./plain-text.ts} writes it; "" for `ping` and `pong`. */
	text: string;
}

/** Turns the bytes of frames into messages and back. Each peer has one; several peers may share it. */
export interface Codec {
	/** Whether its messages carry an id. Without ids the order of the replies tells to which request each belongs. */
	readonly hasIds: boolean;
	/** The longest text that a message may carry, in bytes of UTF-8. */
	readonly maxTextBytes: number;
	/** The peers' sessions; null: there are none. */
	readonly sessions: Sessions | null;
	/**
	 * Reads a frame.
	 * @param length how many of the bytes are the frame's
	 * @param into is filled in
	 * @returns null, or why the frame is dropped: it is no message
	 */
	decode(bytes: Uint8Array, length: number, into: Message): Outcome | null;
	/**
	 * Writes a frame. A codec with ids numbers a message that has no id yet. A message with an id gives the same frame as before.
	 * @returns its length in bytes; negative when it does not fit, or cannot be sent to that peer now
	 */
	encode(message: Outgoing, into: Uint8Array): number;
}

/** The sessions with boards that must agree on one before any other message. */
export interface Sessions {
	/** The number of the session with a board, 0: none. Ids of one session say nothing in another. */
	current(mac: string): number;
	/** Whether the board would take a request for a new one: there is a session, and the board was heard in it a short time ago. A ping makes it fresh. */
	isFresh(mac: string): boolean;
}
