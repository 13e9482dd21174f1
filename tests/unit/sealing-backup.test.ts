import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from "node:crypto";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { Backup, type BackupVault } from "sealing/backup";
import { utf8 } from "./espnow-fakes";
import { FakeTimers } from "./fake-timers";
import { FakeDevices, MemoryVault } from "./joining-fakes";

const HEADER = 27;
const PASSPHRASE = "a long passphrase";

/** The vault's part of a backup over Node's own cryptography. */
class BackedVault extends MemoryVault implements BackupVault {
	readonly #header = Buffer.alloc(HEADER);
	#passphrase = "";
	#left = 0;
	#key: Buffer | null = null;
	/** Most rounds in one turn, and whether the derived key is held. */
	most = 0;
	get holdsKey(): boolean {
		return this.#key !== null || this.#left > 0;
	}

	backupBegin(passphrase: string, header: Uint8Array, length: number): boolean {
		this.#header.set(header.subarray(0, length));
		this.#left = this.#header.readUInt32LE(21);
		this.#passphrase = passphrase;
		this.#key = null;
		const isGood = this.#header.toString("latin1", 0, 4) === "RBRB" && this.#header[4] === 1 && this.#left >= 100_000;
		if (!isGood) this.#left = 0;
		return isGood;
	}
	backupTurn(rounds: number): number {
		this.most = Math.max(this.most, rounds);
		this.#left = Math.max(0, this.#left - rounds);
		if (this.#left === 0)
			this.#key = pbkdf2Sync(this.#passphrase, this.#header.subarray(5, 21), this.#header.readUInt32LE(21), 16, "sha256");
		return this.#left;
	}
	backupKeys(into: Uint8Array): number {
		return this.seal(Buffer.concat([Buffer.of(0), this.flash.privateKey ?? Buffer.alloc(32), this.flash.publicKey]), into);
	}
	backupBoard(slot: number, name: string, into: Uint8Array): number {
		const kept = this.flash.kept[slot];
		if (!kept) return -10;
		return this.seal(Buffer.concat([Buffer.of(1), Buffer.from(kept.mac, "hex"), kept.publicKey, kept.key, Buffer.from(name)]), into);
	}
	restorePart(bytes: Uint8Array, length: number, isKeys: boolean, name: Uint8Array): number {
		if (!this.#key) return -10;
		const decipher = createDecipheriv("aes-128-ccm", this.#key, bytes.subarray(0, 13), { authTagLength: 16 });
		decipher.setAuthTag(bytes.slice(length - 16, length));
		decipher.setAAD(this.#header, { plaintextLength: length - 29 });
		let text: Buffer;
		try {
			text = decipher.update(bytes.subarray(13, length - 16));
			decipher.final();
		} catch {
			return -2;
		}
		if ((text[0] === 0) !== isKeys) return -4;
		if (isKeys) {
			this.flash.privateKey = Buffer.from(text.subarray(1, 33));
			this.flash.publicKey = Buffer.from(text.subarray(33, 65));
			return 1000;
		}
		const mac = text.toString("hex", 1, 7);
		const at = this.find(mac);
		const slot = at >= 0 ? at : this.flash.kept.indexOf(null);
		if (slot < 0) return -10;
		this.flash.kept[slot] = { mac, publicKey: Buffer.from(text.subarray(7, 39)), key: Buffer.from(text.subarray(39, 55)) };
		name[0] = text.length - 55;
		name.set(text.subarray(55), 1);
		return slot;
	}
	backupEnd(): void {
		this.#key = null;
		this.#left = 0;
	}
	private seal(text: Buffer, into: Uint8Array): number {
		if (!this.#key) return -10;
		const nonce = randomBytes(13);
		const cipher = createCipheriv("aes-128-ccm", this.#key, nonce, { authTagLength: 16 });
		cipher.setAAD(this.#header, { plaintextLength: text.length });
		const sealed = Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
		into.set(sealed);
		return sealed.length;
	}
}

/** A hub that makes backups. */
class Hub {
	readonly time = new FakeTimers();
	readonly vault = new BackedVault(4);
	readonly devices = new FakeDevices();
	readonly forgotten: string[] = [];
	/** Milliseconds that a round takes. */
	roundMs = 0;
	#workMs = 0;
	readonly backup = new Backup({
		vault: this.vault,
		capacity: 4,
		devices: this.devices,
		forgetPeer: (mac) => this.forgotten.push(mac),
		decode: utf8.decode,
		clock: { now: () => this.time.nowMs + this.#workMs },
		timers: this.time,
	});

	constructor() {
		const turn = this.vault.backupTurn.bind(this.vault);
		this.vault.backupTurn = (rounds) => {
			this.#workMs += rounds * this.roundMs;
			return turn(rounds);
		};
	}

	derive(): void {
		this.time.advance(60_000);
	}

	lines(): string[] {
		const lines: string[] = [];
		for (let line = this.backup.line(0); line !== undefined; line = this.backup.line(lines.length)) lines.push(line);
		return lines;
	}
}

let old: Hub;
let fresh: Hub;
let file: string[];
beforeEach(() => {
	old = new Hub();
	old.vault.makeKeys();
	const names = ["Kitchen", "0123456789", "Ä".repeat(16)];
	names.forEach((name, index) => {
		const other = new MemoryVault(1);
		other.makeKeys();
		const mac = `a0b1c2d3000${4 * (index + 1)}`.slice(-12).padStart(12, "0");
		old.vault.keep(old.vault.agree(mac, other.flash.publicKey));
		old.devices.add(mac, name);
	});
	expect(old.backup.save(PASSPHRASE)).toBe("");
	old.derive();
	file = old.lines();
	fresh = new Hub();
	fresh.vault.makeKeys();
});

describe("the hub's backup", () => {
	test("brings its keys, devices and names to another board", () => {
		expect(file).toHaveLength(5);
		expect(fresh.backup.restore(PASSPHRASE, file[0] ?? "")).toBe("");
		fresh.derive();
		for (const line of file.slice(1)) expect(fresh.backup.take(line)).toBe("");
		expect(fresh.vault.flash).toEqual(old.vault.flash);
		expect(fresh.devices.names).toEqual(old.devices.names);
		expect(fresh.forgotten).toEqual([...old.devices.names.keys()]);
		expect([fresh.backup.view(), fresh.vault.holdsKey]).toEqual([{ state: "idle" }, false]);
	});

	test("holds no key, MAC or name that can be read, and is another one each time", () => {
		const bytes = Buffer.from(file.join(""), "hex");
		const secrets = [old.vault.flash.privateKey, ...old.vault.flash.kept.map((kept) => kept?.key), Buffer.from("Kitchen")];
		for (const secret of secrets) if (secret) expect(bytes.includes(secret)).toBe(false);
		expect(secrets.filter((secret) => secret).length).toBeGreaterThan(2);
		expect(old.backup.save(PASSPHRASE)).toBe("");
		old.derive();
		const again = old.lines();
		expect(file.filter((line) => again.includes(line))).toEqual([]);
	});

	test("with a wrong passphrase, a changed line or header nothing is restored", () => {
		const before = { ...fresh.vault.flash, kept: [...fresh.vault.flash.kept] };
		expect(fresh.backup.restore("another passphrase", file[0] ?? "")).toBe("");
		fresh.derive();
		for (const line of file.slice(1)) expect(fresh.backup.take(line)).not.toBe("");
		fresh.backup.restore(PASSPHRASE, (file[0] ?? "").replace(/....$/, "0000"));
		fresh.derive();
		for (const line of file.slice(1)) expect(fresh.backup.take(line)).toContain("wrong passphrase");
		fresh.backup.restore(PASSPHRASE, file[0] ?? "");
		fresh.derive();
		const changed = Buffer.from(file[1] ?? "", "hex");
		changed[30] = (changed[30] ?? 0) ^ 1;
		expect(fresh.backup.take(changed.toString("hex"))).toContain("damaged line");
		expect(fresh.backup.take("xyz")).toContain("hex");
		expect(fresh.vault.flash).toEqual(before);
		expect(fresh.devices.names.size).toBe(0);
	});

	test("the hub's own keys are the last: without all devices before them this hub stays what it was", () => {
		const own = Buffer.from(fresh.vault.flash.publicKey);
		fresh.backup.restore(PASSPHRASE, file[0] ?? "");
		fresh.derive();
		expect(fresh.backup.take(file[4] ?? "")).not.toBe("");
		for (const line of [file[1], file[1], file[3]]) expect(fresh.backup.take(line ?? "")).toBe("");
		expect(fresh.backup.take(file[4] ?? "")).not.toBe("");
		expect(fresh.vault.flash.publicKey).toEqual(own);
		for (const line of [file[2], file[4]]) expect(fresh.backup.take(line ?? "")).toBe("");
		expect(fresh.vault.flash.publicKey).toEqual(old.vault.flash.publicKey);
	});

	test("deriving the key takes no turn longer than 20 ms, whatever a round takes", () => {
		for (const roundMs of [0.01, 0.04, 0.2]) {
			const hub = new Hub();
			hub.vault.makeKeys();
			hub.roundMs = roundMs;
			hub.backup.save(PASSPHRASE);
			hub.time.advance(600_000);
			expect(hub.vault.most * roundMs).toBeLessThanOrEqual(20);
		}
	});

	test("the derived key is forgotten five minutes after its last use", () => {
		expect(old.vault.holdsKey).toBe(true);
		old.time.advance(299_000);
		expect(old.backup.line(0)).toBeDefined();
		old.time.advance(299_000);
		expect(old.vault.holdsKey).toBe(true);
		old.time.advance(2_000);
		expect([old.vault.holdsKey, old.backup.line(0)]).toEqual([false, undefined]);
	});

	test.each([
		["short", "", "a passphrase of 10 to 64 characters"],
		["x".repeat(65), "", "a passphrase of 10 to 64 characters"],
		[PASSPHRASE, "52", "the first line of a backup"],
		[PASSPHRASE, "00".repeat(HEADER), "not a backup"],
	])("passphrase %j and first line %j are refused", (passphrase, line, why) => {
		expect(fresh.backup.restore(passphrase, line)).toContain(why);
		expect(fresh.backup.view()).toEqual({ state: "idle" });
	});
});
