import { createCipheriv, createHmac, pbkdf2Sync } from "node:crypto";
import { afterEach, describe, expect, test } from "@jest/globals";
import { FRESH } from "../../modules/sealing/types";
import { Random } from "../../sim/world/random";
import {
	codeOf,
	type Handshake,
	makeHello,
	makeWelcome,
	openFrame,
	readHello,
	readWelcome,
	type SealedSession,
	sealFrame,
	sharedKey,
} from "../../sim/world/sealing";
import { GC_STRESS } from "./native-board";
import { hexOf, mustOpen, VaultBoard } from "./vault-board";

/** The shipping C of the vault, and the class over it, on the real engine, against Node's crypto. */

const HUB = "34b4720a1000";
const DEVICE = "34b4720a1004";
const RELEASE = "build/board/board";

const boards: VaultBoard[] = [];
afterEach(() => {
	for (const board of boards.splice(0)) board.close();
});

function start(options: Partial<ConstructorParameters<typeof VaultBoard>[0]> = {}): VaultBoard {
	const board = new VaultBoard({ mac: HUB, capacity: 3, seed: 1, ...options });
	boards.push(board);
	return board;
}

const publicKeyOf = (board: VaultBoard): Buffer => Buffer.from(board.run("(vault.publicKey(out), hex(out, 32))") as string, "hex");
const privateKeyOf = (board: VaultBoard): Buffer => Buffer.from(board.flash.get("rbrseal/own")?.hex.slice(2, 66) ?? "", "hex");

/** A hub and a device that hold each other's key. */
function pair(options: { program?: string } = {}): { hub: VaultBoard; device: VaultBoard; key: Buffer } {
	const hub = start({ seed: 1, ...options });
	const device = start({ mac: DEVICE, capacity: 1, seed: 2, ...options });
	expect(hub.run("vault.makeKeys()")).toBe(true);
	expect(device.run("vault.makeKeys()")).toBe(true);
	expect(hub.run(`vault.keep(vault.agree("${DEVICE}", bytes("${hexOf(publicKeyOf(device))}")))`)).toBe(true);
	expect(device.run(`vault.keep(vault.agree("${HUB}", bytes("${hexOf(publicKeyOf(hub))}")))`)).toBe(true);
	return { hub, device, key: sharedKey(privateKeyOf(hub), publicKeyOf(device), true) };
}

/** The hub says hello, the device welcomes it. */
function joined() {
	const { hub, device, key } = pair();
	const hello = hub.hello(0);
	const welcome = device.onHello(hello);
	expect(hub.onWelcome(welcome)).toBe(0);
	return { hub, device, key, hello, welcome, session: sessionOf(key, hello, welcome) };
}

function sessionOf(key: Buffer, hello: Buffer, welcome: Buffer): SealedSession {
	const read = readHello(key, hello);
	const session = read && readWelcome(key, read, welcome);
	if (!session) throw new Error("hello or welcome is not under this key");
	return session;
}

describe("the vault and Node's crypto", () => {
	test("agree on the key of two boards, on codes and on proofs", () => {
		const { hub, device, key } = pair();
		const kept = (board: VaultBoard, other: string) => board.flash.get(`rbrseal/k${other}`)?.hex.slice(2, 34);
		expect([kept(hub, DEVICE), kept(device, HUB)]).toEqual([hexOf(key), hexOf(key)]);
		expect(hub.run("vault.code()")).toBe(codeOf(publicKeyOf(hub)));
		expect(hub.run("vault.code()")).toMatch(/^[0-9A-HJKMNP-TV-Z]{12}$/);
		expect(hub.run("vault.pairCode(0)")).toBe(codeOf(publicKeyOf(hub), publicKeyOf(device)));
		expect(device.run("vault.pairCode(0)")).toBe(codeOf(publicKeyOf(hub), publicKeyOf(device)));
		expect(hub.run(`vault.codeOf(bytes("${hexOf(publicKeyOf(device))}"))`)).toBe(device.run("vault.code()"));
		expect(hub.run("(vault.publicKeyOf(0, out), hex(out, 32))")).toBe(hexOf(publicKeyOf(device)));
		const proof = createHmac("sha256", key)
			.update("accept\0")
			.update(Buffer.of(1, 2, 3))
			.digest("hex")
			.slice(0, 32);
		expect(hub.run(`(vault.proof(0, "accept", bytes("010203"), 3, out, 5), hex(out.subarray(5), 16))`)).toBe(proof);
		expect(device.run(`vault.checkProof(0, "accept", bytes("010203"), 3, bytes("00${proof}"), 1)`)).toBe(true);
		expect(device.run(`vault.checkProof(0, "acceptx", bytes("010203"), 3, bytes("00${proof}"), 1)`)).toBe(false);
		expect(device.run(`vault.checkProof(0, "accept", bytes("010203"), 2, bytes("00${proof}"), 1)`)).toBe(false);
		expect(device.run(`vault.checkProof(0, "accept", bytes("010203"), 3, bytes("00${proof}"), 2)`)).toBe(false);
	});

	test("agree on a session that either of them begins", () => {
		const { hub, device, session, key } = joined();
		const request = hub.seal(0, 6, "on");
		expect(mustOpen(session, request)).toMatchObject({ kind: 6, counter: 1, reply: 0, direction: 0, text: Buffer.from("on") });
		expect(device.open(request, HUB)).toEqual({ slot: 0, fields: [6, 1, 0, FRESH, 2, session.number], text: hexOf(Buffer.from("on")) });
		const reply = device.seal(0, 4, "OK ON", 1);
		expect(hub.open(reply, DEVICE)).toEqual({ slot: 0, fields: [4, 1, 1, FRESH, 5, session.number], text: hexOf(Buffer.from("OK ON")) });
		expect(mustOpen(session, reply)).toMatchObject({ kind: 4, counter: 1, reply: 1, direction: 1 });
		const hello: Handshake = { from: DEVICE, to: HUB, random: Buffer.alloc(16, 7) };
		const welcome = hub.onHello(makeHello(key, DEVICE, HUB, hello.random));
		const theirs = readWelcome(key, hello, welcome);
		if (!theirs) throw new Error("the hub's welcome is not under this key");
		const report = sealFrame(theirs, { kind: 7, counter: 1, reply: 0, direction: 0, text: Buffer.from("relay=on") });
		expect(hub.open(report, DEVICE)).toMatchObject({ slot: 0, fields: [7, 1, 0, FRESH, 8, theirs.number] });
		const ours = makeWelcome(key, readHello(key, hub.hello(0)) as Handshake, Buffer.alloc(16, 9), 123456789);
		expect(hub.onWelcome(ours.frame)).toBe(0);
		expect(mustOpen(ours.session, hub.seal(0, 6, "off"))).toMatchObject({ counter: 1, session: 123456789, text: Buffer.from("off") });
	});

	test("agree on 10,000 random frames", () => {
		const { hub, device, key } = pair({ program: RELEASE });
		const random = new Random(14, "frames");
		const differing: string[] = [];
		for (let round = 0; round < 5; round++) {
			const hello = hub.hello(0);
			const welcome = device.onHello(hello);
			expect(hub.onWelcome(welcome)).toBe(0);
			const session = sessionOf(key, hello, welcome);
			for (let counter = 1; counter <= 1000; counter++) {
				const kind = 1 + random.below(7);
				const reply = random.below(0x7fffffff);
				const text = Buffer.from(Array.from({ length: random.below(229) }, () => random.below(256)));
				const { opened, echo } = device.hear(sealFrame(session, { kind, counter, reply, direction: 0, text }), HUB);
				const back = openFrame(session, echo);
				// Not a matcher for each: 10,000 of them take longer than all else.
				const isSame = back?.counter === counter && back.reply === counter && back.direction === 1 && back.text.equals(text);
				if (!isSame || !opened.startsWith(`0 ${kind} ${counter} ${reply} `) || !opened.endsWith(` ${text.length} ${session.number}`))
					differing.push(`${round} ${counter}: ${opened}`);
			}
		}
		expect(differing).toEqual([]);
	});

	test("agree on a backup", () => {
		const { hub, device } = pair();
		const header = Buffer.concat([Buffer.from("RBRB\x01salt of 16 bytes"), Buffer.of(0xa0, 0x86, 1, 0, 1, 0)]);
		expect(hub.run(`vault.backupBegin("p\\u00e4ss", bytes("${hexOf(header)}"), 27)`)).toBe(true);
		while ((hub.run("vault.backupTurn(30000)") as number) > 0);
		const key = pbkdf2Sync("päss", header.subarray(5, 21), 100_000, 16, "sha256");
		const open = (hex: string) => {
			const part = Buffer.from(hex, "hex");
			// CCM is counter mode from 1 on, over the nonce and a length of 2 bytes.
			const cipher = createCipheriv("aes-128-ctr", key, Buffer.concat([Buffer.of(1), part.subarray(0, 13), Buffer.of(0, 1)]));
			return hexOf(cipher.update(part.subarray(13, -16)));
		};
		expect(open(hub.run("made(vault.backupKeys(out))") as string)).toBe(`00${hexOf(privateKeyOf(hub))}${hexOf(publicKeyOf(hub))}`);
		const board = open(hub.run(`made(vault.backupBoard(0, "bad", out))`) as string);
		expect(board.startsWith(`01${DEVICE}${hexOf(publicKeyOf(device))}`)).toBe(true);
		expect(board.endsWith(hexOf(Buffer.from("bad")))).toBe(true);
		expect(hub.run("(vault.backupEnd(), vault.backupKeys(out))")).toBe(-10);
	});
});

describe("a vault on the engine", () => {
	test("seals and opens texts of all planes, wherever they go in the buffer", () => {
		const { hub, device, session } = joined();
		const frame = Buffer.from(hub.run(`(made(vault.seal(0, 6, 0, 0, "ä€😀", out, 9)), hex(out.subarray(9), 31))`) as string, "hex");
		expect(mustOpen(session, frame).text.toString()).toBe("ä€😀");
		expect(device.open(frame, HUB)).toMatchObject({ slot: 0, text: hexOf(Buffer.from("ä€😀")) });
		expect(hub.run(`vault.seal(0, 6, 0, 0, "x".repeat(228), out, 50)`)).toBe(250);
		expect(hub.run(`vault.seal(0, 6, 0, 0, "x".repeat(228), out, 51)`)).toBe(-7);
		expect(hub.run(`vault.seal(0, 6, 0, 0, "x", out, 301)`)).toBe(-7);
		expect(hub.run(`vault.sealBytes(0, 3, 0, 0, out, 290, 11, out, 0)`)).toBe(-7);
	});

	test("does the same with a collection at every allocation", () => {
		const told = (program?: string) => {
			const { hub, device } = pair(program === undefined ? {} : { program });
			const hello = hub.hello(0);
			const welcome = device.onHello(hello);
			const request = hub.onWelcome(welcome) === 0 ? hub.seal(0, 6, "on ä€") : Buffer.alloc(0);
			const opened = device.open(request, HUB);
			const { echo } = device.hear(hub.seal(0, 6, "again"), HUB);
			return [hello, welcome, request, opened, echo, hub.open(echo, DEVICE), hub.run("[vault.code(), vault.pairCode(0), vault.macAt(0)]")];
		};
		expect(told(GC_STRESS)).toEqual(told());
	});

	test("says what is in flash only to itself: no key is in anything that it tells", () => {
		const { hub, device, key, session } = joined();
		hub.run(`vault.seal(0, 6, 0, 0, "on", out, 0)`);
		for (const board of [hub, device])
			for (const secret of [key, session.key, privateKeyOf(board)]) expect(board.said.includes(hexOf(secret))).toBe(false);
	});

	test("is as it was after a restart, without sessions; a damaged record is told in a sentence", () => {
		const { hub, key } = joined();
		const flash = new Map(hub.flash);
		const again = start({ flash });
		expect(
			again.run("[vault.trouble, vault.hasKeys, vault.count, vault.find('34b4720a1004'), vault.macAt(0), vault.hasSession(0)]"),
		).toEqual([...["", true, 1, 0, DEVICE, false]]);
		expect(readHello(key, again.hello(0))).toBeDefined();
		const spoil = (name: string) => {
			const entry = flash.get(`rbrseal/${name}`);
			if (entry)
				flash.set(`rbrseal/${name}`, { ...entry, hex: entry.hex.replace(/^01(..)/, (_, first) => `01${first === "00" ? "08" : "00"}`) });
		};
		spoil("own");
		expect(start({ flash }).run("[vault.trouble, vault.hasKeys, vault.count]")).toEqual([
			"key record damaged: join this board again",
			false,
			1,
		]);
		spoil(`k${DEVICE}`);
		expect(start({ flash }).run("[vault.trouble, vault.count]")).toEqual(["key records damaged: join all boards again", 0]);
	});

	test("may be closed twice, and is then no vault any more; options that are none are refused", () => {
		const board = start();
		expect(board.run("(vault.close(), vault.close(), 1)")).toBe(1);
		expect(() => board.run("vault.count")).toThrow("vault closed");
		expect(() => board.run(`new vault.constructor({ mac: "34b4720a100", capacity: 1 })`)).toThrow("invalid mac");
		expect(() => board.run(`new vault.constructor({ mac: "${HUB}", capacity: 0 })`)).toThrow("invalid capacity");
		expect(() => board.run(`new vault.constructor({ mac: "${HUB}", capacity: 201 })`)).toThrow("invalid capacity");
		expect(board.run("(newVault(), vault.count)")).toBe(0);
	});

	test("takes whatever slot, MAC and length there is", () => {
		const { hub } = joined();
		for (const slot of [-1, 1, 4, 11, 1e9, "NaN"]) {
			const all = `[vault.macAt(${slot}), vault.pairCode(${slot}), vault.publicKeyOf(${slot}, out), vault.hello(${slot}, out), vault.hasSession(${slot}),
				vault.seal(${slot}, 6, 0, 0, "x", out, 0), vault.keep(${slot}), vault.remove(${slot}), vault.session(${slot}), vault.isKept(${slot})]`;
			const told = hub.run(all) as unknown[];
			if (slot !== "NaN") expect(told).toEqual(["", "", false, -10, false, -10, false, true, 0, false]);
		}
		expect(
			hub.run(
				`[vault.find(""), vault.find("34B4720A1004"), vault.find("34b4720a10045"), vault.agree("x", out), vault.agree("${HUB}", bytes("00"))]`,
			),
		).toEqual(Array(5).fill(-1));
		expect(
			hub.run(
				`[vault.open(out, -1, "", new Int32Array(6)), vault.open(out, 301, "", new Int32Array(6)), vault.onHello(out, 301, "", out)]`,
			),
		).toEqual([-4, -4, -4]);
		expect(() => hub.run("vault.open(out, 30, '', new Int32Array(5))")).toThrow("opened too short");
	});
});
