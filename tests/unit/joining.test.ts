import { beforeEach, describe, expect, test } from "@jest/globals";
import { hereFrame, Join, offerFrame, provedFrame } from "sealing/joining-frames";
import { codeOf, FakeAir, type FakeBoard } from "./joining-fakes";

let air: FakeAir;
let hub: FakeBoard;
let kitchen: FakeBoard;
beforeEach(() => {
	air = new FakeAir();
	hub = air.hub();
	kitchen = air.device("a0b1c2d30010", "Kitchen");
});

const listed = (board: FakeBoard) => board.found().map(({ mac }) => mac);
const isJoined = (board: FakeBoard) => board.view().state === "joined";

/** The hub adds devices until this one is on its list. */
async function meet(device = kitchen): Promise<void> {
	air.start();
	if (hub.view().state !== "adding") expect(hub.joining.add()).toBe("");
	expect(await air.until(() => listed(hub).includes(device.mac))).toBe(true);
}

const acceptOf = (device: FakeBoard, at = hub) => at.joining.accept(device.mac, device.vault.code());

async function join(device = kitchen): Promise<void> {
	await meet(device);
	expect(acceptOf(device)).toBe("");
	expect(await air.until(() => isJoined(device), 2_000)).toBe(true);
}

describe("joining", () => {
	test("a device without a hub appears with its name and code on the list of a hub on another channel, and joins when a person accepts it", async () => {
		await meet();
		expect(hub.found()).toMatchObject([
			{ mac: kitchen.mac, name: "Kitchen", rssi: -50, via: "", state: "calling", code: kitchen.view().code },
		]);
		expect(isJoined(kitchen)).toBe(false);
		expect(acceptOf(kitchen)).toBe("");
		expect(await air.until(() => isJoined(kitchen), 1_000)).toBe(true);
		expect(kitchen.channel).toBe(hub.channel);
		expect(kitchen.joining.hub).toBe(hub.mac);
		expect(hub.devices.names).toEqual(new Map([[kitchen.mac, "Kitchen"]]));
		expect(hub.vault.keyAt(0)).toBe(kitchen.vault.keyAt(0));
		expect(hub.vault.keyAt(0)).not.toBe("");
		expect([...hub.joining.joined()]).toEqual([{ mac: kitchen.mac, name: "Kitchen", pairCode: kitchen.view().pairCode }]);
		// Each is asked anew how the other is spoken to.
		expect([hub.forgotten, kitchen.forgotten]).toEqual([[kitchen.mac], [hub.mac]]);
		expect(listed(hub)).toEqual([]);
	});

	test("nothing happens by itself: no device joins that nobody accepted, and no hub that is not adding answers", async () => {
		air.start();
		await air.advance(20_000);
		expect(air.flown.filter(({ kind }) => kind !== 0)).toEqual([]);
		hub.joining.add();
		await air.advance(130_000);
		expect(isJoined(kitchen)).toBe(false);
		expect(hub.vault.count).toBe(0);
		expect(hub.view().state).toBe("idle");
		const before = air.frames(Join.offer).length;
		await air.advance(20_000);
		expect(air.frames(Join.offer)).toHaveLength(before);
	});

	test("only `ping` is ever broadcast", async () => {
		await join();
		expect(air.flown.filter(({ to, kind }) => to === "ffffffffffff" && kind !== 0)).toEqual([]);
	});

	test("a device is away from its own channel for less than a tenth of the time, and for 40 ms at once", async () => {
		air.start();
		let away = 0;
		let longest = 0;
		let row = 0;
		for (let ms = 0; ms < 20_000; ms++) {
			await air.advance(1);
			row = kitchen.channel === 1 ? 0 : row + 1;
			away += kitchen.channel === 1 ? 0 : 1;
			longest = Math.max(longest, row);
		}
		expect(away).toBeGreaterThan(800);
		expect(away).toBeLessThan(2_000);
		expect(longest).toBeLessThanOrEqual(41);
	});

	test("a device with which somebody talks stays on its channel for ten seconds", async () => {
		air.start();
		await air.until(() => kitchen.moves.length > 4);
		await air.until(() => kitchen.channel === 1);
		await air.advance(1);
		const before = kitchen.moves.length;
		kitchen.joining.onAnswered();
		await air.advance(9_900);
		expect(kitchen.moves).toHaveLength(before);
		await air.advance(2_000);
		expect(kitchen.moves.length).toBeGreaterThan(before);
	});

	test("a phone on its access point keeps a device on its channel", async () => {
		kitchen.isHeld = true;
		air.start();
		await air.advance(30_000);
		expect(kitchen.moves).toEqual([]);
		expect(air.frames(0, kitchen).length).toBeGreaterThan(5);
	});

	test("a device that found no hub goes on to call each channel, less often", async () => {
		air.start();
		await air.advance(300_000);
		const since = air.time.nowMs;
		hub.joining.add();
		expect(await air.until(() => listed(hub).length === 1, 45_000)).toBe(true);
		expect(air.frames(0, kitchen).filter(({ at }) => at < since && at > since - 60_000).length).toBeLessThan(40);
	});

	test("a device with a plain hub stays on its channel, is silent, and is offered to that hub only", async () => {
		const neighbour = air.hub("a0b1c2d30400");
		kitchen.plainHub = hub.mac;
		kitchen.channel = hub.channel;
		air.start();
		await air.advance(60_000);
		expect(air.flown).toEqual([]);
		neighbour.joining.add();
		await air.advance(20_000);
		expect(listed(neighbour)).toEqual([]);
		hub.joining.add();
		expect(await air.until(() => listed(hub).includes(kitchen.mac), 20_000)).toBe(true);
		expect(listed(neighbour)).toEqual([]);
		expect(kitchen.moves).toEqual([]);
		expect(kitchen.view()).toMatchObject({ state: "plain", hub: hub.mac });
		expect(acceptOf(kitchen)).toBe("");
		expect(await air.until(() => isJoined(kitchen), 2_000)).toBe(true);
	});

	test("a joined device calls nobody and heeds no other hub", async () => {
		await join();
		hub.joining.cancel();
		const neighbour = air.hub("a0b1c2d30400");
		neighbour.joining.start();
		neighbour.joining.add();
		const since = air.flown.length;
		await air.advance(30_000);
		expect(air.flown.slice(since).filter(({ from }) => from === kitchen.mac)).toEqual([]);
		expect(listed(neighbour)).toEqual([]);
		const key = new Uint8Array(32);
		neighbour.vault.publicKey(key);
		void air.forge(neighbour.mac, kitchen.mac, offerFrame(neighbour.mac, kitchen.mac, new Uint8Array(8), key, 100, 6), 6);
		await air.advance(1_000);
		expect(kitchen.joining.hub).toBe(hub.mac);
	});

	test("of two hubs that add devices, the one whose person accepts first gets it; the other's list loses it", async () => {
		const neighbour = air.hub("a0b1c2d30400", 11);
		air.start();
		hub.joining.add();
		neighbour.joining.add();
		expect(await air.until(() => listed(hub).length + listed(neighbour).length === 2, 30_000)).toBe(true);
		acceptOf(kitchen);
		expect(await air.until(() => isJoined(kitchen), 10_000)).toBe(true);
		acceptOf(kitchen, neighbour);
		await air.advance(25_000);
		expect(kitchen.joining.hub).toBe(hub.mac);
		expect(neighbour.vault.count).toBe(0);
		expect(neighbour.devices.names.size).toBe(0);
		expect(listed(neighbour)).toEqual([]);
	});

	test("a device out of the hub's range joins through a joined device that hears both", async () => {
		await join();
		const attic = air.device("a0b1c2d30020", "Attic");
		air.part(hub, attic);
		attic.joining.start();
		expect(await air.until(() => listed(hub).includes(attic.mac), 40_000)).toBe(true);
		expect(hub.found()).toMatchObject([{ mac: attic.mac, via: kitchen.mac, name: "Attic" }]);
		acceptOf(attic);
		expect(await air.until(() => isJoined(attic), 5_000)).toBe(true);
		expect(attic.joining.hub).toBe(hub.mac);
		expect(hub.devices.has(attic.mac)).toBe(true);
	});

	test("a joined device passes nothing on while its hub is not adding", async () => {
		await join();
		// It has heard the hub call.
		await air.advance(3_000);
		hub.joining.cancel();
		await air.advance(10_000);
		const since = air.flown.length;
		const attic = air.device("a0b1c2d30020", "Attic");
		attic.joining.start();
		await air.advance(30_000);
		expect(air.flown.slice(since).filter(({ from }) => from === kitchen.mac)).toEqual([]);
	});
});

describe("joining that is broken off", () => {
	test.each([
		["accept", Join.accept],
		["prove", Join.prove],
		["confirm", Join.confirm],
	])("every second frame of the kind %s may be lost", async (_name, kind) => {
		let count = 0;
		air.loses = (frame) => frame.kind === kind && count++ % 2 === 0;
		await join();
		expect(hub.vault.keyAt(0)).toBe(kitchen.vault.keyAt(0));
	});

	test("without any accept both sides are as they were, and the hub says why", async () => {
		air.loses = (frame) => frame.kind === Join.accept;
		await meet();
		acceptOf(kitchen);
		await air.advance(21_000);
		expect(hub.found()).toMatchObject([{ mac: kitchen.mac, state: "failed", reason: "no answer" }]);
		expect([hub.vault.count, hub.devices.names.size, kitchen.vault.count, kitchen.records.size]).toEqual([0, 0, 0, 0]);
		air.loses = () => false;
		acceptOf(kitchen);
		expect(await air.until(() => isJoined(kitchen), 5_000)).toBe(true);
	});

	test("without any proof the hub lists nobody as joined", async () => {
		air.loses = (frame) => frame.kind === Join.prove;
		await meet();
		acceptOf(kitchen);
		await air.advance(21_000);
		expect([hub.vault.count, hub.devices.names.size, kitchen.vault.count]).toEqual([0, 0, 0]);
	});

	test("a device that lost its power before the hub's last word asks for it, also when the hub adds no more devices", async () => {
		air.loses = (frame) => frame.kind === Join.confirm;
		await meet();
		acceptOf(kitchen);
		expect(await air.until(() => hub.vault.count === 1, 2_000)).toBe(true);
		kitchen.off();
		await air.advance(5_000);
		hub.joining.cancel();
		air.loses = () => false;
		kitchen.channel = 1;
		kitchen.restart();
		expect(isJoined(kitchen)).toBe(false);
		expect(await air.until(() => isJoined(kitchen), 20_000)).toBe(true);
		expect(hub.vault.keyAt(0)).toBe(kitchen.vault.keyAt(0));
		expect(kitchen.records.has("joining")).toBe(false);
	});

	test("a device whose hub lost everything before it kept the key is offered again, and forgets that hub in ten minutes", async () => {
		air.loses = (frame) => frame.kind === Join.prove;
		await meet();
		acceptOf(kitchen);
		expect(await air.until(() => kitchen.records.size === 1, 2_000)).toBe(true);
		hub.restart();
		air.loses = () => false;
		await air.advance(15_000);
		expect(hub.vault.count).toBe(0);
		hub.joining.add();
		expect(await air.until(() => listed(hub).includes(kitchen.mac), 20_000)).toBe(true);
		hub.joining.cancel();
		await air.advance(620_000);
		expect(kitchen.records.size).toBe(0);
		expect(isJoined(kitchen)).toBe(false);
	});

	test("where the flash of either side takes no key, nobody is joined", async () => {
		hub.vault.refuses = true;
		await meet();
		acceptOf(kitchen);
		await air.advance(2_000);
		expect(hub.found()).toMatchObject([{ state: "failed", reason: "the flash takes no key" }]);
		expect([hub.devices.names.size, kitchen.vault.count]).toEqual([0, 0]);
		hub.vault.refuses = false;
		kitchen.vault.refuses = true;
		await air.advance(10_000);
		acceptOf(kitchen);
		await air.advance(10_000);
		expect(kitchen.view()).toMatchObject({ state: expect.not.stringMatching("joined"), trouble: expect.stringContaining("flash") });
	});

	test("a full roster is told to the person, and takes no key", async () => {
		hub.devices.isFull = true;
		await meet();
		acceptOf(kitchen);
		await air.advance(2_000);
		expect(hub.found()).toMatchObject([{ state: "failed", reason: "no room for another device" }]);
		expect([hub.vault.count, kitchen.vault.count]).toEqual([0, 0]);
	});

	test("cancel leaves both as they were", async () => {
		air.loses = (frame) => frame.kind === Join.prove;
		await meet();
		acceptOf(kitchen);
		await air.advance(500);
		hub.joining.cancel();
		air.loses = () => false;
		await air.advance(20_000);
		expect([hub.vault.count, hub.devices.names.size, kitchen.vault.count]).toEqual([0, 0, 0]);
	});
});

describe("who lies on the radio", () => {
	const stranger = (n: number) => (0xc0ffee000000 + 4 * n).toString(16);
	const keyOf = (n: number) => new Uint8Array(32).fill(n & 0xff, 0, 16).fill(n >> 8, 16);

	/** The token of these two minutes, as everybody in range hears it. */
	const token = () => air.frames(Join.offer, hub).at(-1)?.bytes.slice(15, 23) ?? new Uint8Array(8);

	test("a thousand forged boards take a list of sixteen, and the owner's device comes in again and again", async () => {
		await meet();
		let seen = 0;
		for (let i = 0; i < 1_000; i++) {
			const name = new TextEncoder().encode(`Forged ${i}`);
			void air.forge(stranger(i), hub.mac, hereFrame(stranger(i), hub.mac, token(), keyOf(i), name), hub.channel);
			await air.advance(10);
			expect(hub.found().length).toBeLessThanOrEqual(16);
			if (listed(hub).includes(kitchen.mac)) seen++;
		}
		expect(seen).toBeGreaterThan(100);
		// A person who has seen it once can accept it.
		expect(acceptOf(kitchen)).toBe("");
		expect(await air.until(() => isJoined(kitchen), 5_000)).toBe(true);
	});

	test("one MAC has two places at most, and the board that goes on to call keeps its own", async () => {
		await meet();
		await air.advance(5_000);
		for (let i = 0; i < 50; i++) {
			void air.forge(kitchen.mac, hub.mac, hereFrame(kitchen.mac, hub.mac, token(), keyOf(i), new Uint8Array()), hub.channel);
			await air.advance(5);
		}
		expect(hub.found()).toHaveLength(2);
		expect(hub.found().map(({ code }) => code)).toContain(kitchen.view().code);
	});

	test("a thousand calls a second get twenty offers, and the owner's device still appears", async () => {
		air.start();
		hub.joining.add();
		for (let i = 0; i < 10_000; i++) {
			air.forgeCall(stranger(i), hub.channel);
			if (i % 10 === 0) await air.advance(10);
		}
		expect(air.frames(Join.offer, hub).length).toBeLessThan(300);
		expect(await air.until(() => listed(hub).includes(kitchen.mac), 60_000)).toBe(true);
	});

	test("without the token of these two minutes nobody gets on the list", async () => {
		air.start();
		hub.joining.add();
		void air.forge(stranger(1), hub.mac, hereFrame(stranger(1), hub.mac, new Uint8Array(8), keyOf(1), new Uint8Array()), hub.channel);
		await air.advance(10);
		expect(listed(hub)).not.toContain(stranger(1));
	});

	test("a forged accept joins nobody and costs a bounded number of key agreements", async () => {
		await meet();
		const before = kitchen.vault.agreements;
		const hubKey = new Uint8Array(32);
		hub.vault.publicKey(hubKey);
		for (let i = 0; i < 1_000; i++) {
			const frame = provedFrame(Join.accept, hub.mac, kitchen.mac, [new Uint8Array(16).fill(i), hubKey]);
			void air.forge(hub.mac, kitchen.mac, frame, kitchen.channel);
			await air.advance(3);
		}
		expect(kitchen.vault.agreements - before).toBeLessThanOrEqual(5);
		expect(isJoined(kitchen)).toBe(false);
		// Nor does it wait for a hub's last word.
		expect([kitchen.records.size, kitchen.view().state]).toEqual([0, "looking"]);
		await air.advance(10_000);
		acceptOf(kitchen);
		expect(await air.until(() => isJoined(kitchen), 5_000)).toBe(true);
	});

	test("a proof under another key joins nobody, nor does a recorded one", async () => {
		await join();
		const recorded = air.frames(Join.prove, kitchen).at(-1)?.bytes ?? new Uint8Array();
		await hub.joining.remove(kitchen.mac);
		kitchen.off();
		acceptOf(kitchen);
		await air.advance(1_000);
		for (let flip = -1; flip < 63; flip += 8) {
			const bytes = recorded.slice();
			if (flip >= 0) bytes[flip] = (bytes[flip] ?? 0) ^ 1;
			void air.forge(kitchen.mac, hub.mac, bytes, hub.channel);
			await air.advance(10);
		}
		expect(hub.devices.names.size).toBe(0);
		expect(hub.vault.count).toBe(0);
	});

	test("a proof of somebody who has heard the accept, and has no key, joins nobody", async () => {
		air.loses = (frame) => frame.kind === Join.prove && frame.from === kitchen.mac;
		await meet();
		acceptOf(kitchen);
		await air.until(() => air.frames(Join.accept).length > 0, 2_000);
		const hubRandom = air.frames(Join.accept).at(-1)?.bytes.slice(15, 31) ?? new Uint8Array(16);
		kitchen.off();
		air.loses = () => false;
		void air.forge(kitchen.mac, hub.mac, provedFrame(Join.prove, kitchen.mac, hub.mac, [hubRandom, new Uint8Array(16)]), hub.channel);
		await air.advance(100);
		expect([hub.vault.count, hub.devices.names.size]).toEqual([0, 0]);
	});

	test("a forged confirm joins nobody", async () => {
		air.loses = (frame) => frame.kind === Join.prove;
		await meet();
		acceptOf(kitchen);
		await air.until(() => air.frames(Join.prove).length > 0, 2_000);
		const random = air.frames(Join.prove).at(-1)?.bytes.slice(31, 47) ?? new Uint8Array(16);
		const frame = provedFrame(Join.confirm, hub.mac, kitchen.mac, [random]);
		void air.forge(hub.mac, kitchen.mac, frame, kitchen.channel);
		await air.advance(100);
		expect(isJoined(kitchen)).toBe(false);
	});

	test("forged hubs on other channels do not keep a device from its own", async () => {
		air.start();
		hub.joining.add();
		for (let i = 0; i < 400 && !listed(hub).includes(kitchen.mac); i++) {
			const channel = 1 + (i % 13);
			if (kitchen.channel === channel)
				void air.forge(stranger(i), kitchen.mac, offerFrame(stranger(i), kitchen.mac, new Uint8Array(8), keyOf(i), 100, channel), channel);
			await air.advance(100);
		}
		expect(listed(hub)).toContain(kitchen.mac);
		acceptOf(kitchen);
		expect(await air.until(() => isJoined(kitchen), 20_000)).toBe(true);
	});

	test("frames that are none, and names that are no text, harm nobody", async () => {
		await meet();
		for (let length = 0; length <= 250; length++) {
			for (let kind = 0; kind <= 8; kind++) {
				const bytes = new Uint8Array(length).fill(0xff);
				bytes.set([0xfe, 0x1d, kind].slice(0, length));
				hub.joining.onJoin(kitchen.mac, bytes, length, -50);
				kitchen.joining.onJoin(hub.mac, bytes, length, -50);
			}
		}
		const odd = hereFrame(stranger(1), hub.mac, token(), keyOf(1), Uint8Array.of(0xff, 0xfe));
		const control = hereFrame(stranger(2), hub.mac, token(), keyOf(2), new TextEncoder().encode("a\u0007b"));
		void air.forge(stranger(1), hub.mac, odd, hub.channel);
		void air.forge(stranger(2), hub.mac, control, hub.channel);
		await air.advance(10);
		const names = new Map(hub.found().map(({ mac, name }) => [mac, name]));
		expect([names.get(stranger(1)), names.get(stranger(2))]).toEqual(["", ""]);
	});
});

describe("parting", () => {
	test("Remove tells the device, forgets its key and its name", async () => {
		await join();
		expect(await hub.joining.remove(kitchen.mac)).toBe("");
		expect(hub.asked).toEqual([`${kitchen.mac} let-go`]);
		expect([hub.vault.count, hub.devices.names.size]).toEqual([0, 0]);
		expect(await hub.joining.remove(kitchen.mac)).toBe("no device of this hub");
	});

	test("a device that is let go looks for a hub again, and may join another one", async () => {
		await join();
		hub.joining.cancel();
		expect(kitchen.joining.letGo()).toBe("");
		expect(kitchen.joining.hub).toBe("");
		const neighbour = air.hub("a0b1c2d30400", 11);
		neighbour.joining.start();
		neighbour.joining.add();
		expect(await air.until(() => listed(neighbour).includes(kitchen.mac), 20_000)).toBe(true);
		acceptOf(kitchen, neighbour);
		expect(await air.until(() => kitchen.joining.hub === neighbour.mac, 5_000)).toBe(true);
	});

	test("a device that was let go joins its old hub again, with the key that the hub still has", async () => {
		await join();
		const before = hub.vault.keyAt(0);
		kitchen.joining.letGo();
		await join();
		expect(hub.vault.keyAt(0)).toBe(before);
		expect(hub.vault.count).toBe(1);
	});

	test("a device that is made a hub, and a hub that is made a device, know none of their former boards", async () => {
		await join();
		for (const board of [kitchen, hub]) {
			board.role = board.role === "hub" ? "device" : "hub";
			board.restart();
			expect(board.vault.flash.kept.filter((each) => each !== null)).toEqual([]);
			expect(board.joining.hub).toBe("");
		}
	});

	test("the code on the page is that of the key, in threes of four", () => {
		air.start();
		expect(kitchen.view().code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
		expect(String(kitchen.view().code).replaceAll("-", "")).toBe(codeOf(kitchen.vault.flash.publicKey));
	});
});
