/** First byte of every frame of a sealed network; no text in UTF-8 begins with it. */
export const SEALED = 0xfe;
const HEAD_BYTES = 14;

/** Kinds of sealed frames by their number, the low nibble of the second byte. */
const KINDS = [
	"",
	"ping",
	"pong",
	"relay",
	"reply",
	"error",
	"request",
	"report",
	"hello",
	"welcome",
	"fragment",
	"missing",
	"undelivered",
	"join",
] as const;

/** Kinds that a frame can be asked for by: `sealed` and `plain` stand for all of their sort. */
export const FRAME_KINDS: readonly string[] = ["plain", "sealed", ...KINDS.slice(1)];

/** What anybody can read of a sealed frame: all but its text. */
export interface SealedHead {
	readonly version: number;
	/** `kind 14` where there is no name for it. */
	readonly kind: string;
	/** Of frames within a session. */
	readonly session?: number;
	readonly counter?: number;
	readonly reply?: number;
}

/** @returns undefined for what is no sealed frame */
export function sealedHead(bytes: Buffer): SealedHead | undefined {
	if (bytes[0] !== SEALED || bytes.length < 2) return undefined;
	const second = bytes.readUInt8(1);
	const version = second >> 4;
	const kind = KINDS[second & 0x0f] || `kind ${second & 0x0f}`;
	if (kind === "hello" || kind === "welcome" || kind === "join" || bytes.length < HEAD_BYTES) return { version, kind };
	return { version, kind, session: bytes.readUInt32LE(2), counter: bytes.readUInt32LE(6), reply: bytes.readUInt32LE(10) };
}

/** Whether a frame is of this kind of {@link FRAME_KINDS}. */
export function isOfKind(bytes: Buffer, kind: string): boolean {
	const head = sealedHead(bytes);
	if (kind === "plain" || kind === "sealed") return (head !== undefined) === (kind === "sealed");
	return head?.kind === kind;
}
