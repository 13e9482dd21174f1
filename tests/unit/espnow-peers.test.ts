import { expect, test } from "@jest/globals";
import { A, board, FakeRadio, FakeTime, makePeers } from "./espnow-fakes";

function setup(hub = "") {
	const time = new FakeTime();
	return { peers: makePeers(() => hub), radio: new FakeRadio(time, () => {}) };
}
const AP = "a0b1c2d30011";

test("a board is one peer under both of its MACs", () => {
	const { peers } = setup();
	expect(peers.get(AP)).toBe(peers.get(A));
	expect(peers.get(AP).mac).toBe(A);
	expect(peers.count).toBe(1);
});

test("a peer is added to the driver once", () => {
	const { peers, radio } = setup();
	const calls: string[] = [];
	radio.addPeer = (mac) => {
		calls.push(mac);
		return 0;
	};
	peers.register(peers.get(A), radio);
	peers.register(peers.get(A), radio);
	expect(calls).toEqual([A]);
});

test("a board addressed by its access point's MAC is written to at its station", () => {
	const { peers, radio } = setup();
	peers.register(peers.get(AP), radio);
	expect([...radio.peers]).toEqual([A]);
});

test("a radio that was only ever heard from an odd address is written to there", () => {
	const { peers, radio } = setup();
	const peer = peers.get(AP);
	peers.heard(peer, AP, -50, 0);
	peers.register(peer, radio);
	expect([...radio.peers]).toEqual([AP]);
});

test("a board whose station was heard is written to there, whatever it uses later", () => {
	const { peers } = setup();
	const peer = peers.get(AP);
	peers.heard(peer, AP, -50, 0);
	peers.heard(peer, A, -50, 1);
	peers.heard(peer, AP, -50, 2);
	expect(peer.address).toBe(A);
});

test("the address that a board no longer uses leaves the driver's list, once", () => {
	const { peers, radio } = setup();
	const peer = peers.get(AP);
	peers.heard(peer, AP, -50, 0);
	peers.register(peer, radio);
	peers.heard(peer, A, -50, 1);
	peers.register(peer, radio);
	expect([...radio.peers]).toEqual([A]);
	expect(peers.driverCount).toBe(1);
	// Should somebody else want it there, it stays.
	radio.addPeer(AP);
	peers.register(peers.get(board(0)), radio);
	expect(radio.peers.has(AP)).toBe(true);
});

test("the driver never holds more than 20: the one used longest ago gives way", () => {
	const { peers, radio } = setup();
	for (let n = 0; n < 20; n++) peers.register(peers.get(board(n)), radio);
	peers.used(peers.get(board(0)));
	expect(peers.register(peers.get(board(20)), radio)).toBe(0);
	expect(radio.peers.size).toBe(20);
	expect(radio.peers.has(board(0))).toBe(true);
	expect(radio.peers.has(board(1))).toBe(false);
	expect(radio.peers.has(board(20))).toBe(true);
});

test("200 boards can be written to in turn", () => {
	const { peers, radio } = setup();
	for (let round = 0; round < 2; round++) {
		for (let n = 0; n < 200; n++) expect(peers.register(peers.get(board(n)), radio)).toBe(0);
	}
	expect(radio.mostPeers).toBe(20);
});

test("a peer that the driver knows already is as good as added", () => {
	const { peers, radio } = setup();
	radio.peers.add(A);
	expect(peers.register(peers.get(A), radio)).toBe(0);
	expect(peers.driverCount).toBe(1);
});

test("a driver whose list is fuller than we think makes room", () => {
	const { peers, radio } = setup();
	peers.used(peers.get(board(0)));
	for (let n = 50; n < 69; n++) radio.addPeer(board(n));
	expect(peers.register(peers.get(A), radio)).toBe(0);
	expect(radio.peers.has(board(0))).toBe(false);
});

test("a driver that takes no peer says why", () => {
	const { peers, radio } = setup();
	radio.addError = 0x3066;
	expect(peers.register(peers.get(A), radio)).toBe(0x3066);
	expect(peers.driverCount).toBe(0);
});

test("a peer that the driver has lost is added again", () => {
	const { peers, radio } = setup();
	const peer = peers.get(A);
	peers.register(peer, radio);
	radio.peers.clear();
	peers.lost(peer);
	peers.register(peer, radio);
	expect([...radio.peers]).toEqual([A]);
});

test("a new radio gets the peers of the old one, and their order of use stays", () => {
	const { peers, radio } = setup();
	for (let n = 0; n < 20; n++) peers.register(peers.get(board(n)), radio);
	peers.used(peers.get(board(0)));
	const next = setup().radio;
	peers.rebuild(next);
	expect(next.peers.size).toBe(20);
	peers.register(peers.get(A), next);
	expect(next.peers.has(board(0))).toBe(true);
	expect(next.peers.has(board(1))).toBe(false);
});

test("strangers do not fill the memory", () => {
	const { peers } = setup();
	for (let n = 0; n < 1000; n++) peers.heard(peers.get(board(n)), board(n), -50, n);
	expect(peers.count).toBeLessThanOrEqual(32);
});

test("strangers do not fill the memory although the driver holds some and others are waited for", () => {
	const { peers, radio } = setup();
	for (let n = 0; n < 26; n++) peers.get(board(n)).inbound = 1;
	for (let n = 100; n < 200; n++) {
		const peer = peers.get(board(n));
		peers.heard(peer, board(n), -50, n);
		peers.register(peer, radio);
	}
	expect(peers.count).toBe(32);
	expect([...radio.peers]).toEqual([194, 195, 196, 197, 198, 199].map(board));
	expect(radio.mostPeers).toBeLessThanOrEqual(20);
});

test("what was kept beyond need goes when it is no longer waited for", () => {
	const { peers } = setup();
	for (let n = 0; n < 60; n++) peers.get(board(n)).inbound = 1;
	expect(peers.count).toBe(60);
	for (let n = 0; n < 60; n++) peers.get(board(n)).inbound = 0;
	peers.get(A);
	expect(peers.count).toBe(32);
});

test("a board that the driver holds is remembered longer than one that it does not", () => {
	const { peers, radio } = setup();
	peers.heard(peers.get(A), A, -50, 0);
	peers.register(peers.get(A), radio);
	for (let n = 0; n < 40; n++) peers.heard(peers.get(board(n)), board(n), -50, n + 1);
	expect(peers.find(A)?.rssi).toBe(-50);
});

test("boards that are waited for are not forgotten, however many there are", () => {
	const { peers } = setup();
	for (let n = 0; n < 200; n++) peers.get(board(n)).inbound = 1;
	expect(peers.count).toBe(200);
	peers.get(A);
	expect(peers.find(board(0))).toBeDefined();
});

test("the hub is not forgotten for strangers", () => {
	const { peers } = setup(A);
	peers.heard(peers.get(A), A, -40, 0);
	for (let n = 0; n < 100; n++) peers.heard(peers.get(board(n)), board(n), -50, n + 1);
	expect(peers.find(A)?.rssi).toBe(-40);
});

test("of forgotten boards the last 256 that need a resync are remembered, each until it is met again", () => {
	const { peers } = setup();
	for (let n = 0; n < 300; n++) {
		const peer = peers.get(board(n));
		peers.heard(peer, board(n), -50, n);
		peer.replies.needsResync = true;
	}
	for (let n = 1000; n < 1040; n++) peers.heard(peers.get(board(n)), board(n), -50, n);
	const remembered = (n: number) => peers.get(board(n)).replies.needsResync;
	expect([0, 43, 44, 150, 299].map(remembered)).toEqual([false, false, true, true, true]);
	peers.get(board(200)).replies.needsResync = false;
	for (let n = 2000; n < 2040; n++) peers.heard(peers.get(board(n)), board(n), -50, n);
	expect(remembered(200)).toBe(false);
});

test("a board that never was there needs no resync once it is forgotten; one that has acknowledged something does", () => {
	const { peers } = setup();
	for (const [n, absent] of [
		[0, true],
		[1, false],
	] as const) {
		const peer = peers.get(board(n));
		peer.absent = absent;
		peer.replies.needsResync = true;
	}
	for (let n = 1000; n < 1040; n++) peers.heard(peers.get(board(n)), board(n), -50, n);
	expect([0, 1].map((n) => peers.get(board(n)).replies.needsResync)).toEqual([false, true]);
});

test("that a board's words are doubtful outlives the rest of what is known of it", () => {
	const { peers } = setup();
	peers.get(A).replies.needsResync = true;
	for (let n = 0; n < 100; n++) peers.heard(peers.get(board(n)), board(n), -50, n);
	expect(peers.find(A)).toBeUndefined();
	expect(peers.get(A).replies.needsResync).toBe(true);
});

test("the view shows how well and when a board was last heard", () => {
	const { peers } = setup();
	peers.heard(peers.get(A), A, -61, 1000);
	peers.get(board(1));
	expect([...peers.each(4900)]).toEqual([
		{ mac: A, rssi: -61, lastSeenS: 3 },
		{ mac: board(1), rssi: 0, lastSeenS: null },
	]);
});
