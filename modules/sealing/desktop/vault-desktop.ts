import { Drop } from "sealing/types";
import type { Vault as OnBoard, VaultOptions } from "../esp32/vault-esp32";

export type { VaultOptions } from "../esp32/vault-esp32";

/**
 * The desktop build has no keys: it stays in plain networks, and says so to whoever asks for one. Its random numbers come from the C library's
 * `rand()`: they are worth nothing for keys.
 */
export class Vault implements OnBoard {
	readonly trouble = "";
	readonly hasKeys = false;
	readonly count = 0;
	readonly lastCounter = 0;
	readonly lastSession = 0;
	readonly lastReply = 0;
	readonly lastSlot = -1;

	constructor(options: VaultOptions) {
		if (options.capacity < 1) throw new RangeError("invalid capacity");
	}
	close(): void {}
	damage(): number {
		return 0;
	}
	makeKeys(): boolean {
		return false;
	}
	publicKey(into: Uint8Array): void {
		into.fill(0, 0, 32);
	}
	code(): string {
		return "";
	}
	pairCode(_slot: number): string {
		return "";
	}
	codeOf(_publicKey: Uint8Array): string {
		return "";
	}
	publicKeyOf(_slot: number, _into: Uint8Array): boolean {
		return false;
	}
	find(_mac: string): number {
		return -1;
	}
	macAt(_slot: number): string {
		return "";
	}
	agree(_mac: string, _publicKey: Uint8Array): number {
		return Drop.noKey;
	}
	keep(_slot: number): boolean {
		return false;
	}
	abandon(_slot: number): void {}
	isKept(_slot: number): boolean {
		return false;
	}
	remove(_slot: number): boolean {
		return true;
	}
	removeAll(): boolean {
		return true;
	}
	eraseAll(): boolean {
		return true;
	}
	proof(): boolean {
		return false;
	}
	checkProof(): boolean {
		return false;
	}
	greeting(_slot: number): number {
		return Number.POSITIVE_INFINITY;
	}
	slotOf(_session: number): number {
		return -1;
	}
	hello(_slot: number, _into: Uint8Array): number {
		return Drop.noKey;
	}
	onHello(_bytes: Uint8Array, _length: number, _from: string, _into: Uint8Array): number {
		return Drop.noKey;
	}
	onWelcome(_bytes: Uint8Array, _length: number, _from: string): number {
		return Drop.noKey;
	}
	hasSession(_slot: number): boolean {
		return false;
	}
	session(_slot: number): number {
		return 0;
	}
	forgetSession(_slot: number): void {}
	awaiting(_slot: number): number {
		return Number.POSITIVE_INFINITY;
	}
	seal(): number {
		return Drop.noKey;
	}
	sealBytes(): number {
		return Drop.noKey;
	}
	open(): number {
		return Drop.unknownSession;
	}
	backupBegin(): boolean {
		return false;
	}
	backupTurn(): number {
		return -1;
	}
	backupKeys(): number {
		return Drop.noKey;
	}
	backupBoard(): number {
		return Drop.noKey;
	}
	restorePart(): number {
		return Drop.noKey;
	}
	backupEnd(): void {}
	random(into: Uint8Array): void {
		for (let at = 0; at < into.length; at++) into[at] = Math.floor(Math.random() * 256);
	}
}
