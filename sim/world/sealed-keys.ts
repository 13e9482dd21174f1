import { createHash, createPrivateKey, createPublicKey, diffieHellman, hkdfSync } from "node:crypto";
import type { NvsEntry } from "./protocol";

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
const AGREEMENT = Buffer.from("rbr-now sealed 1");
/** What PKCS #8 and SubjectPublicKeyInfo have around a raw key of X25519 (RFC 8410). */
const PRIVATE_KEY = Buffer.from("302e020100300506032b656e04220420", "hex");
const PUBLIC_KEY = Buffer.from("302a300506032b656e032100", "hex");

export interface KeyPair {
	readonly secret: Buffer;
	readonly open: Buffer;
}

/** A key pair that follows from a text: the same board of the same world has the same one. */
export function keyPairOf(text: string): KeyPair {
	const secret = createHash("sha256").update(`key pair of ${text}`).digest();
	secret.writeUInt8(secret.readUInt8(0) & 248, 0);
	secret.writeUInt8((secret.readUInt8(31) & 127) | 64, 31);
	const open = createPublicKey(privateKey(secret)).export({ format: "der", type: "spki" }).subarray(PUBLIC_KEY.length);
	return { secret, open };
}

/** The key of a hub and a device, from one's secret key and the other's open one. */
export function agree(own: KeyPair, theirs: Buffer, role: "hub" | "device"): Buffer {
	const publicKey = createPublicKey({ key: Buffer.concat([PUBLIC_KEY, theirs]), format: "der", type: "spki" });
	const secret = diffieHellman({ privateKey: privateKey(own.secret), publicKey });
	const [hub, device] = role === "hub" ? [own.open, theirs] : [theirs, own.open];
	return Buffer.from(hkdfSync("sha256", secret, Buffer.alloc(0), Buffer.concat([AGREEMENT, hub, device]), KEY_BYTES));
}

/** Flash of a hub and its devices, all joined: what each board's vault finds there, by MAC. */
export function joined(hub: string, devices: readonly string[]): ReadonlyMap<string, NvsEntry[]> {
	const pair = keyPairOf(hub);
	const entries = [blob(OWN, pair.secret, pair.open)];
	const all = new Map([[hub, entries]]);
	for (const device of devices) {
		const own = keyPairOf(device);
		const key = agree(own, pair.open, "device");
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

function privateKey(secret: Buffer) {
	return createPrivateKey({ key: Buffer.concat([PRIVATE_KEY, secret]), format: "der", type: "pkcs8" });
}

function blob(key: string, ...parts: readonly Buffer[]): NvsEntry {
	const content = Buffer.concat([VERSION, ...parts]);
	const check = createHash("sha256").update(content).update(key).digest().subarray(0, 4);
	return { ns: SPACE, key, type: "blob", hex: Buffer.concat([content, check]).toString("hex") };
}
