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
