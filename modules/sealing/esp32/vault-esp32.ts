/** Sentences for what the records in flash are: see xs_vault_damage. */
const TROUBLES = Object.freeze([
	"",
	"key record damaged: join this board again",
	"key of a board damaged: join that board again",
	"key records damaged: join all boards again",
	"keys could not be read from flash",
]);

export interface VaultOptions {
	/** This board's station MAC, 12 lower-case hex digits. */
	mac: string;
	/** How many boards' keys it can hold: 200 on a hub, 1 on a device. */
	capacity: number;
}

/**
 * Keys, sessions and frames of the sealed network. Keys stay in C; a slot, 0 to capacity - 1, stands for a board whose key is held.
 *
 * Numbers below 0 are a `Drop` (sealing/types). Random numbers are true while Wi-Fi runs: make keys, hellos and welcomes only then.
 * Nothing here makes anything in the engine's heap but the functions that return a text.
 */
export class Vault extends (Native("xs_vault_destructor") as new () => object) {
	/** Loads the keys that flash holds. @throws RangeError for options that are none; Error without memory */
	constructor(options: VaultOptions) {
		super();
		native("xs_vault").call(this, options);
	}
	/** Wipes what is in memory. May be called again; all else throws after it. */
	close(): void {
		native("xs_vault_close").call(this);
	}
	/** What people have to know of the records in flash; "" when all is well. */
	get trouble(): string {
		return TROUBLES[this.damage()] ?? "";
	}
	/** 0 nothing, 1 own key pair, 2 a board's key, 3 both, 4 flash could not be read. */
	damage(): number {
		return native("xs_vault_damage").call(this);
	}
	get hasKeys(): boolean {
		return native("xs_vault_hasKeys").call(this);
	}
	/** Makes the X25519 key pair if there is none, and keeps it. Only while Wi-Fi runs. @returns whether there is one now */
	makeKeys(): boolean {
		return native("xs_vault_makeKeys").call(this);
	}
	/** Writes the own public key, 32 bytes. */
	publicKey(into: Uint8Array): void {
		native("xs_vault_publicKey").call(this, into);
	}
	/** The 12 characters by which people know this board's key; "" without one. */
	code(): string {
		return native("xs_vault_code").call(this);
	}
	/** The 12 characters that both pages show after joining; "" for a free slot. */
	pairCode(slot: number): string {
		return native("xs_vault_pairCode").call(this, slot);
	}
	/** The code of another board's public key. */
	codeOf(publicKey: Uint8Array): string {
		return native("xs_vault_codeOf").call(this, publicKey);
	}
	/** Writes the other's public key. @returns false for a free slot */
	publicKeyOf(slot: number, into: Uint8Array): boolean {
		return native("xs_vault_publicKeyOf").call(this, slot, into);
	}

	/** How many boards' keys are kept. Candidates are found by nobody: they have the slot that {@link agree} gave, and no session. */
	get count(): number {
		return native("xs_vault_count").call(this);
	}
	/** @returns slot of a board whose key is kept, or -1 */
	find(mac: string): number {
		return native("xs_vault_find").call(this, mac);
	}
	/** @returns "" for a free slot, and for a candidate's */
	macAt(slot: number): string {
		return native("xs_vault_macAt").call(this, slot);
	}
	/**
	 * Computes the key shared with a board (150 ms on the chip) and holds it as a candidate; flash knows nothing of it. A key of the
	 * same board that is kept stays until {@link keep}. What was asked last costs nothing the second time.
	 * @returns the candidate's slot, which is capacity or more; the board's own slot when this is the key that is kept; -1 when full, or for a bad
	 *   public key; noKey before {@link makeKeys}
	 */
	agree(mac: string, publicKey: Uint8Array): number {
		return native("xs_vault_agree").call(this, mac, publicKey);
	}
	/**
	 * Writes a candidate's key to flash, as a whole or not at all. The board is then at `find(mac)`; its slot of before means it, too, until others
	 * need the place.
	 * @returns whether it is kept now
	 */
	keep(slot: number): boolean {
		return native("xs_vault_keep").call(this, slot);
	}
	/** Gives a candidate up. What is kept stays. */
	abandon(slot: number): void {
		native("xs_vault_abandon").call(this, slot);
	}
	isKept(slot: number): boolean {
		return native("xs_vault_isKept").call(this, slot);
	}
	/** Forgets a board's key, in flash too, and its session. @returns false when flash refused: it is back after a restart */
	remove(slot: number): boolean {
		return native("xs_vault_remove").call(this, slot);
	}
	/** Forgets all boards and candidates, damaged records too. The own key pair stays. @returns false when flash refused */
	removeAll(): boolean {
		return native("xs_vault_removeAll").call(this);
	}
	/** Forgets the own key pair as well. */
	eraseAll(): boolean {
		return native("xs_vault_eraseAll").call(this);
	}
	/**
	 * Writes the first 16 bytes of HMAC-SHA-256(K, label, 0, bytes). For candidates, too.
	 * @param at where in `into` they go
	 * @returns false for a free slot
	 */
	proof(slot: number, label: string, bytes: Uint8Array, length: number, into: Uint8Array, at: number): boolean {
		return native("xs_vault_proof").call(this, slot, label, bytes, length, into, at);
	}
	/** Compares a proof in constant time. */
	checkProof(slot: number, label: string, bytes: Uint8Array, length: number, proof: Uint8Array, at: number): boolean {
		return native("xs_vault_checkProof").call(this, slot, label, bytes, length, proof, at);
	}

	/** Writes a hello for a board, 38 bytes. One is under way for a slot; a newer one replaces it, and {@link onHello} forgets it. */
	hello(slot: number, into: Uint8Array): number {
		return native("xs_vault_hello").call(this, slot, into);
	}
	/** How long our hello has been under way, in ms; Infinity when none is. */
	greeting(slot: number): number {
		return native("xs_vault_greeting").call(this, slot);
	}
	/**
	 * Checks a hello and writes the welcome for it. `lastSlot` says whose it is. On a device a hello under its hub's key may come from another MAC: with the first
	 * frame of that session the hub has that MAC, in flash, too.
	 * @returns length of the welcome, 46
	 */
	onHello(bytes: Uint8Array, length: number, from: string, into: Uint8Array): number {
		return native("xs_vault_onHello").call(this, bytes, length, from, into);
	}
	/** Checks a welcome. Its session is the one for sending from now on. @returns slot */
	onWelcome(bytes: Uint8Array, length: number, from: string): number {
		return native("xs_vault_onWelcome").call(this, bytes, length, from);
	}
	hasSession(slot: number): boolean {
		return native("xs_vault_hasSession").call(this, slot);
	}
	/** Number of the session for sending; 0: none. */
	session(slot: number): number {
		return native("xs_vault_session").call(this, slot);
	}
	/** @returns slot of the board whose session for sending has this number, or -1 */
	slotOf(session: number): number {
		return native("xs_vault_slotOf").call(this, session);
	}
	forgetSession(slot: number): void {
		native("xs_vault_forgetSession").call(this, slot);
	}
	/** An upper bound, in ms, for the age of our newest frame that the other is known to have, 63,750 at most; Infinity without session. */
	awaiting(slot: number): number {
		return native("xs_vault_awaiting").call(this, slot);
	}

	/**
	 * Seals a text. `lastCounter`, `lastSession` and `lastReply` say what went into the frame.
	 * @param counter 0 takes the next one. Another seals the same frame again, byte for byte: same kind, same text, `lastReply` of the first time.
	 *   It gives `void` for a frame of another session, one that differs, and one that 64 others were sealed after.
	 * @param reply of pong, reply and error: the request's counter. Of all other kinds it counts when they are sealed again only; at first the vault writes its acknowledgement
	 * @param at where in `into` the frame begins
	 * @returns its length
	 */
	seal(slot: number, kind: number, counter: number, reply: number, text: string, into: Uint8Array, at: number): number {
		return native("xs_vault_seal").call(this, slot, kind, counter, reply, text, into, at);
	}
	/** The same for bytes, at most 228. They may lie in the same buffer as `into`. */
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
	): number {
		return native("xs_vault_sealBytes").call(this, slot, kind, counter, reply, bytes, from, length, into, at);
	}
	get lastCounter(): number {
		return native("xs_vault_lastCounter").call(this);
	}
	get lastSession(): number {
		return native("xs_vault_lastSession").call(this);
	}
	/** What the last sealed frame has in its reply field. */
	get lastReply(): number {
		return native("xs_vault_lastReply").call(this);
	}
	/** Whose the last hello was; -1 when its tag was wrong. */
	get lastSlot(): number {
		return native("xs_vault_lastSlot").call(this);
	}
	/**
	 * Opens a frame in place: its text is in `bytes` from 14 on. On a drop nothing has changed, neither here nor there.
	 * @param from the MAC it came from: its sessions are looked at first, then all others' (a relayed frame)
	 * @param opened filled in as `Opened` says; an array that has its buffer for itself
	 * @returns slot
	 */
	open(bytes: Uint8Array, length: number, from: string, opened: Int32Array): number {
		return native("xs_vault_open").call(this, bytes, length, from, opened);
	}
	/**
	 * Begins to make, or to read, a backup under a passphrase. The key is PBKDF2-HMAC-SHA-256 of it, 16 bytes.
	 * @param header 27 bytes: "RBRB", version 1, salt 16, rounds 4 (100,000 to 10,000,000), boards 2; numbers are little-endian. All parts are bound to it
	 * @returns false for a header that is none
	 */
	backupBegin(passphrase: string, header: Uint8Array, length: number): boolean {
		return native("xs_vault_backupBegin").call(this, passphrase, header, length);
	}
	/** Does some of the rounds. @returns how many are left; 0: the key is ready. -1 without {@link backupBegin} */
	backupTurn(rounds: number): number {
		return native("xs_vault_backupTurn").call(this, rounds);
	}
	/** Writes the part with the own key pair, 94 bytes. */
	backupKeys(into: Uint8Array): number {
		return native("xs_vault_backupKeys").call(this, into);
	}
	/** Writes the part of a kept board, 84 bytes and its name, which has 32 at the most. */
	backupBoard(slot: number, name: string, into: Uint8Array): number {
		return native("xs_vault_backupBoard").call(this, slot, name, into);
	}
	/**
	 * Opens a part and keeps what is in it, in flash, too.
	 * @param isKeys whether it must be the own key pair, else a board's; one of the other kind is malformed
	 * @param name 33 bytes: gets the length of a board's name, and the name
	 * @returns slot of the board; `RESTORED_KEYS` when it was the own key pair; `badTag` for another passphrase, `crypto` when flash refuses
	 */
	restorePart(bytes: Uint8Array, length: number, isKeys: boolean, name: Uint8Array): number {
		return native("xs_vault_restorePart").call(this, bytes, length, isKeys, name);
	}
	/** Forgets the passphrase's key. */
	backupEnd(): void {
		native("xs_vault_backupEnd").call(this);
	}
	/** Fills it with random bytes. True ones only while Wi-Fi runs. */
	random(into: Uint8Array): void {
		native("xs_vault_random").call(this, into);
	}
}
