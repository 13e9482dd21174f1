import { expect, test } from "@jest/globals";
import { A, B, makeBoard } from "./espnow-fakes";

test("one status that does not come: the frame is forgotten, the request sent again, ESP-NOW stays", async () => {
	const it = makeBoard();
	it.radio.fate = () => (it.radio.sent.length > 1 ? { acked: true, ms: 2 } : null);
	const asked = it.comms.ask(A, "uptime");
	await it.time.advance(300);
	expect(it.radio.texts()).toEqual(["uptime", "uptime"]);
	expect(it.radios).toHaveLength(1);
	it.radio.hear(A, "OK");
	await it.time.advance(5);
	expect(await asked).toMatchObject({ ok: true });
	expect(it.counters.events.statusTimeout).toBe(1);
});

test("a reply to the last try is waited for even if its status never came", async () => {
	const it = makeBoard();
	it.setup.template = (radio) => {
		radio.fate = () => null;
	};
	it.radio.fate = () => null;
	const asked = it.comms.ask(A, "uptime");
	await it.time.advance(2000);
	it.radio.hear(A, "OK");
	await it.time.advance(5);
	expect(await asked).toMatchObject({ ok: true });
});

test("no status at all for 3 s: ESP-NOW off and on with its peers, and the request goes on", async () => {
	const it = makeBoard();
	it.comms.espSend(B, "hello");
	await it.time.advance(10);
	it.radio.fate = () => null;
	const asked = it.comms.ask(A, "uptime", { tries: 10 });
	await it.time.advance(3_200);
	expect(it.radios).toHaveLength(1);
	while (it.radios.length < 2 && it.time.ms < 6_000) await it.time.advance(10);
	expect(it.radios).toHaveLength(2);
	expect(it.radios[0]?.closed).toBe(true);
	expect([...it.radio.peers].sort()).toEqual([A, B]);
	await it.time.advance(3_000);
	expect(it.radio.texts()).toEqual(["uptime"]);
	it.radio.hear(A, "OK");
	await it.time.advance(5);
	expect(await asked).toMatchObject({ ok: true });
	expect(it.comms.snapshot().recovery).toEqual({ espnow: 1, wifi: 0, board: 0 });
});

test("a status that does not come, one that does, and one that does not: ESP-NOW stays", async () => {
	const it = makeBoard();
	it.radio.fate = (_, text) => (text === "lost" ? null : { acked: true, ms: 2 });
	for (const text of ["lost", "good", "lost", "good", "lost"]) it.comms.espSend(A, text);
	await it.time.advance(2000);
	expect(it.radio.sent).toHaveLength(5);
	expect(it.radios).toHaveLength(1);
});

test("NO_MEM now and then is no reason to do anything", async () => {
	const it = makeBoard();
	for (let n = 0; n < 10; n++) {
		it.radio.sendErrors = [0x3067];
		it.comms.espSend(A, "x");
		await it.time.advance(300);
	}
	expect(it.radio.sent).toHaveLength(10);
	expect(it.radios).toHaveLength(1);
});

test("`sending` is false after ESP-NOW was turned off and on", async () => {
	const it = makeBoard();
	it.radio.fate = () => null;
	it.comms.espSend(A, "1");
	await it.time.advance(5);
	it.comms.restartESPNow();
	expect(it.comms.sending).toBe(false);
	it.comms.espSend(A, "2");
	await it.time.advance(5);
	expect(it.radio.texts()).toEqual(["2"]);
});

test("the ladder: ESP-NOW, Wi-Fi, board", async () => {
	const it = makeBoard({
		restartWiFi: () => {
			it.calls.restartWiFi++;
			it.comms.restartESPNow();
		},
	});
	it.setup.template = (radio) => {
		radio.fate = () => null;
	};
	it.radio.fate = () => null;
	const silence = async (ms: number) => {
		for (const end = it.time.ms + ms; it.time.ms < end; ) {
			it.comms.espSend(A, "x");
			await it.time.advance(300);
		}
		return [it.radios.length, it.calls.restartWiFi, it.calls.restartBoard.length];
	};
	expect(await silence(4_000)).toEqual([2, 0, 0]);
	expect(await silence(8_000)).toEqual([3, 1, 0]);
	await silence(31_000);
	expect(it.calls.restartBoard).toEqual(["recovery: ESP-NOW does not send"]);
	expect(it.comms.snapshot().recovery).toEqual({ espnow: 1, wifi: 1, board: 1 });
});

test("NO_MEM for a second: ESP-NOW off and on, and the frame goes", async () => {
	const it = makeBoard();
	it.radio.sendErrors = Array(200).fill(0x3067);
	it.comms.espSend(A, "x");
	await it.time.advance(999);
	expect(it.radios).toHaveLength(1);
	await it.time.advance(20);
	expect(it.radios).toHaveLength(2);
	expect(it.radio.texts()).toEqual(["x"]);
});

test("during NO_MEM `requestToSend` follows the pauses and turns do not spin", async () => {
	const it = makeBoard();
	await it.time.advance(50);
	it.radio.sendErrors = Array(200).fill(0x3067);
	it.comms.espSend(A, "x");
	const turns = it.calls.turns;
	await it.time.advance(100);
	expect(it.calls.turns - turns).toBeLessThanOrEqual(12);
	expect(it.comms.sending).toBe(false);
});

test("the driver says that Wi-Fi is down: the request waits and is told that at its deadline", async () => {
	const it = makeBoard();
	it.radio.sendErrors = Array(1000).fill(0x306c);
	const asked = it.comms.ask(A, "x");
	await it.time.advance(10_000);
	expect(await asked).toMatchObject({ ok: false, reason: "ESP_ERR_ESPNOW_IF" });
	expect(it.radios).toHaveLength(1);
});

test("what the driver did not take goes at once when ESP-NOW is new, without the rest of its pause", async () => {
	const it = makeBoard();
	it.radio.sendErrors = Array(10).fill(0x306c);
	it.comms.espSend(A, "x");
	await it.time.advance(10);
	it.comms.restartESPNow();
	await it.time.advance(1);
	expect(it.radio.texts()).toEqual(["x"]);
});

test("ESP-NOW that does not start is tried again each second", async () => {
	const it = makeBoard();
	it.comms.stop();
	it.setup.openFails = true;
	it.comms.start();
	await it.time.advance(900);
	it.setup.openFails = false;
	expect(it.comms.snapshot().up).toBe(false);
	expect(it.comms.snapshot().lastError).toBe("0x306a");
	await it.time.advance(200);
	expect(it.comms.snapshot().up).toBe(true);
});

test("while Wi-Fi restarts ESP-NOW is left alone; it starts when Wi-Fi says so", async () => {
	const it = makeBoard();
	it.comms.stop();
	it.setup.openFails = true;
	it.comms.start();
	await it.time.advance(1100);
	expect(it.calls.restartWiFi).toBe(1);
	await it.time.advance(20_000);
	expect([it.calls.restartWiFi, it.calls.restartBoard.length]).toEqual([1, 0]);
	it.setup.openFails = false;
	it.comms.start();
	expect(it.comms.snapshot().up).toBe(true);
});

test("ESP-NOW that was stopped on purpose stays down", async () => {
	const it = makeBoard();
	it.comms.stop();
	await it.time.advance(60_000);
	expect(it.radios).toHaveLength(1);
	expect(it.comms.snapshot().up).toBe(false);
});

test("a status for a frame we know nothing of is counted, nothing else", async () => {
	const it = makeBoard();
	it.radio.status(A, false);
	await it.time.advance(5);
	expect(it.counters.events.lateStatus).toBe(1);
	expect(it.comms.sending).toBe(false);
});

test("a status of a board's other MAC is its status", async () => {
	const it = makeBoard();
	it.radio.fate = () => null;
	it.comms.espSend(A, "x");
	await it.time.advance(1);
	it.radio.status("a0b1c2d30011", true);
	await it.time.advance(1);
	expect(it.comms.sending).toBe(false);
});

test("a driver error is traced once, counted each time", async () => {
	const it = makeBoard();
	it.radio.sendErrors = Array(6).fill(0x306a);
	for (const mac of [A, B]) it.comms.ask(mac, "x");
	await it.time.advance(500);
	expect(it.traces).toEqual(["ESP-NOW: ESP_ERR_ESPNOW_INTERNAL"]);
	expect(it.counters.events.driverError).toBe(6);
});

test("a reply whose driver call failed can be asked for again", async () => {
	const it = makeBoard();
	it.radio.sendErrors = [0x306a];
	it.radio.hear(A, "on");
	await it.time.advance(5);
	expect(it.radio.texts()).toEqual([]);
	it.radio.hear(A, "on");
	await it.time.advance(5);
	expect(it.radio.texts()).toEqual(["OK on -50"]);
	expect(it.ran).toHaveLength(1);
});

test("a late status of one board is no status of the frame that is with the driver for another", async () => {
	const it = makeBoard();
	it.radio.fate = (to) => (to === A ? { acked: false, ms: 300 } : { acked: true, ms: 100 });
	it.comms.espSend(A, "first");
	await it.time.advance(255);
	// Only now, as nothing else may go out while the first one is awaited.
	it.comms.espSend(B, "second");
	await it.time.advance(40);
	expect(it.comms.sending).toBe(true);
	await it.time.advance(20);
	expect(it.counters.events).toMatchObject({ statusTimeout: 1, lateStatus: 1 });
	expect(it.counters.events.sendFailed).toBeUndefined();
	expect(it.comms.sending).toBe(true);
	await it.time.advance(100);
	expect(it.comms.sending).toBe(false);
	expect(it.counters.events.sendFailed).toBeUndefined();
});
