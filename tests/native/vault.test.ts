import { afterEach, describe, expect, test } from "@jest/globals";
import { FRESH } from "../../modules/sealing/types";
import { readHello, readWelcome, sharedKey } from "../../sim/world/sealing";
import { hexOf, mustOpen, VaultBoard } from "./vault-board";

/** The shipping C of the vault on the real engine, over a real library behind PSA, against Node's crypto. */

const HUB = "34b4720a1000";
const DEVICE = "34b4720a1004";

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
function pair(): { hub: VaultBoard; device: VaultBoard; key: Buffer } {
	const hub = start({ seed: 1 });
	const device = start({ mac: DEVICE, capacity: 1, seed: 2 });
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
	const read = readHello(key, hello);
	if (!read) throw new Error("the hello is not under this key");
	const session = readWelcome(key, read, welcome);
	if (!session) throw new Error("the welcome is not under this key");
	return { hub, device, key, session };
}

describe("sealed frames", () => {
	test("hub and device talk both ways, and Node's crypto reads both", () => {
		const { hub, device, session } = joined();
		const request = hub.seal(0, 6, "on");
		expect(mustOpen(session, request)).toMatchObject({ kind: 6, counter: 1, reply: 0, direction: 0, text: Buffer.from("on") });
		expect(device.open(request, HUB)).toEqual({ slot: 0, fields: [6, 1, 0, FRESH, 2, session.number], text: hexOf(Buffer.from("on")) });
		const reply = device.seal(0, 4, "OK ON", 1);
		expect(hub.open(reply, DEVICE)).toEqual({ slot: 0, fields: [4, 1, 1, FRESH, 5, session.number], text: hexOf(Buffer.from("OK ON")) });
		expect(mustOpen(session, reply)).toMatchObject({ kind: 4, counter: 1, reply: 1, direction: 1 });
	});
});
