import type { Outcome } from "./counters";

/** What a message is. From `reply` on a message may be the reply to a request, also where a codec cannot tell. */
export const Kind = Object.freeze({ ping: 1, pong: 2, relay: 3, reply: 4, error: 5, request: 6 } as const);
export type Kind = (typeof Kind)[keyof typeof Kind];

/** What one board tells another. */
export interface Message {
	kind: Kind;
	/** A pong or a reply has that of its ping or request; null where the codec knows none. */
	id: number | null;
	/** Of a `relay` the whole path, as {@link file://./plain-text.ts} writes it; "" for `ping` and `pong`. */
	text: string;
}

/** Turns the bytes of frames into messages and back. Each peer has one; several peers may share it. */
export interface Codec {
	/** Whether its messages carry an id. Without one a reply finds its request by the order in which a link delivers. */
	readonly hasIds: boolean;
	/** The longest text that a message may carry, in bytes of UTF-8. */
	readonly maxTextBytes: number;
	/**
	 * Reads a frame.
	 * @param length how many of the bytes are the frame's
	 * @param into is filled in
	 * @returns null, or why the frame is dropped: it is no message
	 */
	decode(bytes: Uint8Array, length: number, into: Message): Outcome | null;
	/**
	 * Writes a frame.
	 * @returns its length in bytes; -1 when it does not fit
	 */
	encode(message: Readonly<Message>, into: Uint8Array): number;
}
