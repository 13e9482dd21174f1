import { createHash } from "node:crypto";
import type { NvsEntry } from "./protocol";
import { publicOf, sharedKey } from "./sealing";

/**
 * The keys of a sealed network as the boards keep them in flash (name space `rbrseal`), for boards that are to start joined and for a world that looks
 * into frames. Both blobs end with a check: the first 4 bytes of SHA-256 over what is before, and the entry's name.
 *
 * | entry | offset | bytes | content |
 * | --- | --- | --- | --- |
 * | `own` | 0 | 1 | version, 1 |
 * | | 1 | 32 | private key |
 * | | 33 | 32 | public key |
 * | `k<mac>` | 0 | 1 | version, 1 |
 * | | 1 | 16 | K, the key of this pair of boards |
 * | | 17 | 32 | public key of the other board |
 */
const SPACE = "rbrseal";
const VERSION = Buffer.from([1]);
const OWN = "own";
const KEPT = /^k([0-9a-f]{12})$/;
const KEY_BYTES = 16;
export interface KeyPair {
	readonly secret: Buffer;
	readonly open: Buffer;
}

/** A key pair that follows from a text: the same board of the same world has the same one. */
export function keyPairOf(text: string): KeyPair {
	const secret = createHash("sha256").update(`key pair of ${text}`).digest();
	secret.writeUInt8(secret.readUInt8(0) & 248, 0);
	secret.writeUInt8((secret.readUInt8(31) & 127) | 64, 31);
	return { secret, open: publicOf(secret) };
}

/** Flash of a hub and its devices, all joined: what each board's vault finds there, by MAC. */
export function joined(hub: string, devices: readonly string[]): ReadonlyMap<string, NvsEntry[]> {
	const pair = keyPairOf(hub);
	const entries = [blob(OWN, pair.secret, pair.open)];
	const all = new Map([[hub, entries]]);
	for (const device of devices) {
		const own = keyPairOf(device);
		const key = sharedKey(own.secret, pair.open, false);
		entries.push(blob(`k${device}`, key, own.open));
		all.set(device, [blob(OWN, own.secret, own.open), blob(`k${hub}`, key, pair.open)]);
	}
	return all;
}

/** Keys that a board with this flash shares with others, by their MAC. */
export function keysIn(nvs: readonly NvsEntry[]): ReadonlyMap<string, Buffer> {
	const keys = new Map<string, Buffer>();
	for (const { ns, key, type, hex } of nvs) {
		const mac = ns === SPACE && type === "blob" ? KEPT.exec(key)?.[1] : undefined;
		if (mac !== undefined) keys.set(mac, Buffer.from(hex, "hex").subarray(VERSION.length, VERSION.length + KEY_BYTES));
	}
	return keys;
}

function blob(key: string, ...parts: readonly Buffer[]): NvsEntry {
	const content = Buffer.concat([VERSION, ...parts]);
	const check = createHash("sha256").update(content).update(key).digest().subarray(0, 4);
	return { ns: SPACE, key, type: "blob", hex: Buffer.concat([content, check]).toString("hex") };
}
