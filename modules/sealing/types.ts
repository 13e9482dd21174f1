/** Why a frame was not opened, or not made: what {@link Vault}'s functions return below 0. The C has the same numbers. */
export const Drop = Object.freeze({
	/** No session of this number: the sender, or this board, has restarted. */
	unknownSession: -1,
	/** Not made by who holds the key, or changed on the way. */
	badTag: -2,
	/** Older than the window of 32. */
	replay: -3,
	malformed: -4,
	/** Of another version of these frames. */
	version: -5,
	noSession: -6,
	tooLong: -7,
	/** This counter was never used in this session, or for another frame. */
	void: -8,
	/** More than eight right hellos of one board in a second. */
	hellos: -9,
	/** No key of this board, or no place for one. */
	noKey: -10,
	/** The crypto library refused. */
	crypto: -11,
	/** A welcome that answers no hello under way. */
	lateWelcome: -12,
});

export type Drop = (typeof Drop)[keyof typeof Drop];

/** Places in what {@link Vault.open} fills in: an Int32Array of `OPENED_FIELDS`. */
export const Opened = Object.freeze({ kind: 0, counter: 1, reply: 2, flags: 3, length: 4, session: 5 });
export const OPENED_FIELDS = 6;

/** Bits of `Opened.flags`. */
export const SEEN = 1;
export const FRESH = 2;
/** Of the session before the present one: the other has not used the new one yet. */
export const FORMER = 4;

/** First byte of every sealed frame: never UTF-8. */
export const FRAME_MARK = 0xfe;
/** Where the text begins. */
export const HEAD_BYTES = 14;
export const TAG_BYTES = 8;
/** What a sealed frame has more than its text. */
export const OVERHEAD_BYTES = HEAD_BYTES + TAG_BYTES;
/** Longest sealed frame: ESP-NOW version 1. */
export const FRAME_BYTES = 250;
export const HELLO_BYTES = 38;
export const WELCOME_BYTES = 46;
export const KEY_BYTES = 32;
/** What {@link Vault.restorePart} returns for the own key pair. */
export const RESTORED_KEYS = 1000;

/**
 * What the codec uses of the vault (sealing/vault): keys and sessions by slot. Lengths and slots are not negative; what is negative says why not, see
 * {@link file://./sealed.ts}.
 */
export interface Keys {
	find(mac: string): number;
	slotOf(session: number): number;
	macAt(slot: number): string;
	session(slot: number): number;
	awaiting(slot: number): number;
	greeting(slot: number): number;
	hello(slot: number, into: Uint8Array): number;
	onHello(bytes: Uint8Array, length: number, from: string, into: Uint8Array): number;
	onWelcome(bytes: Uint8Array, length: number, from: string): number;
	seal(slot: number, kind: number, counter: number, reply: number, text: string, into: Uint8Array, at: number): number;
	sealBytes(
		slot: number,
		kind: number,
		counter: number,
		reply: number,
		bytes: Uint8Array,
		from: number,
		length: number,
		into: Uint8Array,
		at: number,
	): number;
	open(bytes: Uint8Array, length: number, from: string, opened: Int32Array): number;
	readonly lastCounter: number;
	readonly lastReply: number;
}
