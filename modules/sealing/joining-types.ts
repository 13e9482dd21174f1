/** Milliseconds since boot; never goes back. */
export interface Clock {
	now(): number;
}

export interface Random {
	/** Evenly spread in [0, 1). */
	random(): number;
}

/** What this part uses of the SDK's "timer" module. */
export interface Timers {
	set(callback: () => void, ms?: number): object;
	clear(timer: object | null | undefined): void;
}

/** What joining uses of the vault. Slots are numbers from 0; -1 is none. */
export interface JoinVault {
	/** What people have to know of the key record, "" when all is well. */
	readonly trouble: string;
	readonly hasKeys: boolean;
	makeKeys(): boolean;
	publicKey(into: Uint8Array): void;
	/** Of the own key, 12 characters. */
	code(): string;
	/** Of anybody's key. */
	codeOf(publicKey: Uint8Array): string;
	pairCode(slot: number): string;
	find(mac: string): number;
	macAt(slot: number): string;
	/** The key shared with a board, held as a candidate until {@link keep}. @returns a slot for it, below 0 when there is none or the key is none */
	agree(mac: string, publicKey: Uint8Array): number;
	/** Boards are found from then on, in another slot. @returns false when the flash refuses */
	keep(slot: number): boolean;
	/** Gives a candidate up; a key that was kept for that board before stays. */
	abandon(slot: number): void;
	remove(slot: number): unknown;
	removeAll(): unknown;
	/** Writes the first 16 bytes of HMAC-SHA-256(K, label | 0 | bytes). */
	proof(slot: number, label: string, bytes: Uint8Array, length: number, into: Uint8Array, at: number): unknown;
	/** Compares the same in constant time. */
	checkProof(slot: number, label: string, bytes: Uint8Array, length: number, proof: Uint8Array, at: number): boolean;
	random(into: Uint8Array): void;
}

/** How joining reaches the air. */
export interface JoinRadio {
	/** Broadcasts the joining call. */
	call(): void;
	/** Sends a frame to a board; its bytes are the radio's from then on. @returns whether its radio acknowledged */
	sendRaw(mac: string, bytes: Uint8Array): Promise<boolean>;
	/** A board is spoken to in another way from now on. */
	forgetPeer(mac: string): void;
}

/** The hub's roster. */
export interface JoinDevices {
	has(mac: string): boolean;
	nameOf(mac: string): string;
	/** @returns false when there is no room, or the flash refuses */
	add(mac: string, name: string, sealed: boolean): boolean;
	/** @returns false when the flash refuses */
	remove(mac: string): boolean | undefined;
	rename(mac: string, name: string): boolean;
	each(): Iterable<object>;
}
