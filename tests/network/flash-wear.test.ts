import { describe, expect, test } from "@jest/globals";
import type { Board } from "../../sim/world/board";
import type { World } from "../../sim/world/world";
import { deviceSpec, HUB, network, settle, snapshot, world } from "./network";

/** Radios of a stranger, each of which can say that it is a hub. */
const FORGED = Array.from({ length: 20 }, (_, i) => (0x02f0f0000000 + 16 * i).toString(16).padStart(12, "0"));
/** It is in another country each time. */
const COUNTRIES = ["GB", "US", "01"];
const LAST = 11;
const MINUTES = 10;
/** Changes that are ordered: four at once, then one in 20 s; channels: three at once, then one a minute; and the hub that is adopted. */
const ORDERED_A_MINUTE = 3;
const MOST_AT_ONCE = 4;
const LEARNED_A_MINUTE = 1;
const LEARNED_AT_ONCE = 3;

/** A stranger who answers a device's questions as a hub does, wherever the device looks for it. */
class FalseHub {
	readonly #made: World;
	readonly #device: Board;
	#seen: number;
	#roles = 0;

	constructor(made: World, device: Board) {
		this.#made = made;
		this.#device = device;
		this.#seen = made.log.next;
	}

	say(from: string, text: string): void {
		this.#made.sendFrame({ from, to: this.#device.mac, payload: Buffer.from(text) });
	}

	/** Lets time pass, and answers meanwhile. @param home the channel on which the device is not to stay */
	answer(ms: number, home = 0): void {
		const { log } = this.#made;
		const untilMs = this.#made.timeMs + ms;
		while (this.#made.timeMs < untilMs) {
			this.#made.advanceUntil(() => log.next !== this.#seen, untilMs - this.#made.timeMs);
			const events = log.since(this.#seen);
			this.#seen = log.next;
			for (const { board, event, to, text } of events) {
				if (board !== this.#device.mac || event !== "frame" || !FORGED.includes(String(to))) continue;
				const reply = this.#replyTo(String(text), home);
				if (reply !== "") this.say(String(to), reply);
			}
		}
	}

	#replyTo(text: string, home: number): string {
		const { channel } = this.#device.radio;
		if (text === "ping") return "pong";
		if (text.startsWith("role")) return `OK hub ${COUNTRIES[this.#roles++ % COUNTRIES.length]} -40`;
		// Elsewhere than at home it states the truth: the device has found its hub there.
		if (text === "channel") return `OK ${channel === home ? (home % LAST) + 1 : channel} -40`;
		return "";
	}
}

/** A device that was told of no hub, up and alone. */
function orphan(): { made: World; device: Board; stranger: FalseHub } {
	const made = world([deviceSpec("Kitchen", { hub: "", setupAP: { minutes: 1 } })]).boot();
	settle(made);
	made.advance(61_000);
	const device = made.board("Kitchen");
	return { made, device, stranger: new FalseHub(made, device) };
}

describe("flash is written a few times a minute, whatever a stranger says in a loop", () => {
	test("twenty radios that say they are hubs: the first is adopted, which is one write, and no other after it", () => {
		const { made, device, stranger } = orphan();
		for (let i = 0; i < 600; i++) {
			stranger.say(FORGED[i % FORGED.length] ?? "", "uptime");
			stranger.answer(500);
		}
		expect(FORGED).toContain(snapshot(made, "Kitchen").hub);
		expect(device.flashWrites).toBe(1);
	});

	test("a hub that is on another channel each time: three channels at once, then one a minute, and the last one in the end", () => {
		const { made, device, stranger } = orphan();
		stranger.say(FORGED[0] ?? "", "uptime");
		stranger.answer(2_000);
		const before = device.flashWrites;
		const visited: number[] = [];
		for (const end = made.timeMs + MINUTES * 60_000; made.timeMs < end; ) {
			const home = device.radio.channel;
			stranger.answer(34_000, home);
			visited.push(device.radio.channel);
		}
		// The device was led from channel to channel all the time.
		expect(visited.filter((channel, i) => channel !== visited[i - 1]).length).toBeGreaterThan(LEARNED_AT_ONCE + MINUTES);
		expect(device.flashWrites - before).toBeGreaterThanOrEqual(LEARNED_AT_ONCE);
		expect(device.flashWrites - before).toBeLessThanOrEqual(LEARNED_AT_ONCE + MINUTES * LEARNED_A_MINUTE);
		made.advance(15_000);
		const channel = snapshot(made, "Kitchen").channel;
		made.advance(60_000);
		device.pressReset();
		settle(made);
		expect(snapshot(made, "Kitchen").channel).toBe(channel);
	});

	test("that hub's orders among it, another hub, a channel, a restart: neither gives the other more", () => {
		const { made, device, stranger } = orphan();
		stranger.say(FORGED[0] ?? "", "uptime");
		stranger.answer(2_000);
		const before = device.flashWrites;
		let hub = 0;
		for (const end = made.timeMs + MINUTES * 60_000; made.timeMs < end; ) {
			for (let i = 0; i < 20; i++) {
				const next = (hub + 1) % FORGED.length;
				for (const text of [`channel=${1 + (i % LAST)}`, `environ-${1 + (i % LAST)}-${FORGED[next]}`, "reset"])
					stranger.say(FORGED[hub] ?? "", text);
				stranger.answer(50);
				if (device.running && snapshot(made, "Kitchen").hub === FORGED[next]) hub = next;
			}
			stranger.answer(34_000, device.radio.channel);
		}
		expect(device.bootCount).toBeGreaterThan(5);
		expect(device.flashWrites - before).toBeGreaterThan(MINUTES);
		expect(device.flashWrites - before).toBeLessThanOrEqual(
			MOST_AT_ONCE + LEARNED_AT_ONCE + MINUTES * (ORDERED_A_MINUTE + LEARNED_A_MINUTE),
		);
	});

	test("a router that moves all the time takes its hub along: three channels at once, then one a minute", () => {
		const made = network([]);
		made.advance(61_000);
		const before = made.board(HUB).flashWrites;
		for (let i = 0; i < 60 * 3; i++) {
			made.changeRouter({ channel: 1 + ((i * 5) % LAST) }, true);
			made.advance(1_000);
		}
		expect(made.board(HUB).flashWrites - before).toBeGreaterThanOrEqual(LEARNED_AT_ONCE);
		expect(made.board(HUB).flashWrites - before).toBeLessThanOrEqual(LEARNED_AT_ONCE + 3 * LEARNED_A_MINUTE);
	});
});
