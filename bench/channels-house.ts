import { boardMac } from "../sim/world/mac";
import { Random } from "../sim/world/random";
import { ROUTER_DEFAULTS } from "../sim/world/router";
import { type BoardSpec, World } from "../sim/world/world";
import { C3_NS_PER_METER } from "./engine";

const PROGRAM = "build/board/board";
const ORIGINAL_PROGRAM = "build/original/board.mjs";
const APP = "build/virtual/app.json";
const HUB = "Hub";
/** What has not happened after so long never does, in ms. */
const PATIENCE_MS = 900_000;
/** A controller asks one device after another: each of ten has its turn every 5 s. */
const ROUND_MS = 5_000;

export interface HouseOptions {
	readonly seed: number;
	readonly devices: number;
	/** The page with the original's code: boards that run it. */
	readonly original?: string;
	/** Probability that a transmission is missed. */
	readonly loss?: number;
	/** The time for which setup access points are open, in minutes. */
	readonly setupMinutes?: number;
}

/** What became of one move. */
export interface Move {
	/** From the router's move until the hub was on the new channel, in ms. */
	readonly hubMs: number;
	/** From there until each device's first acknowledged frame to its hub, in ms; Infinity: not within a quarter of an hour. */
	readonly backMs: readonly number[];
	/** Frames on the air in the hub's first second after the move, and how many of them nobody acknowledged. */
	readonly frames: number;
	readonly lost: number;
	/** Share of that second in which something was on the air. */
	readonly airtime: number;
	/** Devices that ended on another channel than their hub. */
	readonly strayed: number;
}

/** A hub, devices at random strengths, a router, and somebody who moves it. */
export class House {
	readonly world: World;
	readonly random: Random;
	readonly #devices: readonly string[];
	#traffic = false;
	#next = 0;

	constructor(options: HouseOptions) {
		const { seed, devices, original, loss = 0, setupMinutes = 1 } = options;
		this.random = new Random(seed, "house");
		const { ssid, password, channel } = ROUTER_DEFAULTS;
		const setupAP = { minutes: setupMinutes };
		const common = original === undefined ? { setupAP } : {};
		const boards: BoardSpec[] = [{ name: HUB, config: { name: HUB, role: "hub", router: { ssid, password }, ...common } }];
		for (let i = 1; i <= devices; i++) {
			const config = { name: `D${i}`, role: "device", hub: boardMac(0), channel, pins: { relay: { pin: 9, invert: false } }, ...common };
			boards.push({ name: `D${i}`, config });
		}
		const programs = original === undefined ? {} : { app: original, program: ORIGINAL_PROGRAM };
		this.world = new World({
			seed,
			app: APP,
			program: PROGRAM,
			boards: boards.map((spec) => ({ ...spec, ...programs })),
			engineNsPerMeter: original === undefined ? C3_NS_PER_METER : 0,
		});
		const macs = this.world.boards.map(({ mac }) => mac);
		for (const mac of macs) for (const other of macs) if (mac < other) this.world.links.set(mac, other, -40 - this.random.below(45));
		this.#devices = macs.slice(1);
		this.world.boot();
		const up = () => this.world.log.of("espnow-up").length >= boards.length && this.world.reachable(this.world.board(HUB), "lan");
		if (!this.world.advanceUntil(up, 60_000)) throw new Error(`seed ${seed}: the boards did not come up`);
		this.world.air.loss = loss;
		this.world.advance(2_000);
	}

	/** Every device is asked once, as its controller does soon after the start. */
	meet(): void {
		for (const mac of this.#devices) {
			const { world } = this;
			const exchange = world.request(HUB, "lan", { path: `/?mac=${mac}&msg=uptime` });
			world.advanceUntil(() => exchange.done, 15_000);
		}
	}

	/** A controller asks one device after another from now on. */
	startTraffic(): void {
		if (this.#traffic) return;
		this.#traffic = true;
		const { world } = this;
		const ask = () => {
			if (!this.#traffic) return;
			const mac = this.#devices[this.#next++ % this.#devices.length] ?? "";
			if (world.reachable(world.board(HUB), "lan")) world.request(HUB, "lan", { path: `/?mac=${mac}&msg=uptime` });
			world.clock.after((ROUND_MS * 1000) / this.#devices.length, ask);
		};
		ask();
	}

	stopTraffic(): void {
		this.#traffic = false;
	}

	/** Another channel than the router's, any of those that all countries allow. */
	otherChannel(): number {
		const { channel } = this.world.router.settings;
		const other = 1 + this.random.below(10);
		return other >= channel ? other + 1 : other;
	}

	/** Changes the router and waits until all devices have answered their hub there. @param settleMs how long after that it is looked whether all are still there */
	move(change: () => void, settleMs = 3_000): Move {
		const { world } = this;
		const hub = world.board(HUB);
		const movedMs = world.timeMs;
		let seen = world.log.next;
		change();
		const joined = () => world.routers.addressOf(hub.mac) !== undefined && hub.radio.home === world.router.settings.channel;
		const hasMoved = () => hub.running && hub.radio.home === world.router.settings.channel && world.router.settings.power && joined();
		if (!world.advanceUntil(hasMoved, PATIENCE_MS)) throw new Error("the hub has not found its router");
		const { channel } = world.router.settings;
		const since = (event: string, field: string) =>
			world.log.of(event, hub.mac).findLast((entry) => entry.timeMs >= movedMs && entry[field] === channel)?.timeMs;
		// A router that announces its move keeps its stations.
		const hubAtMs = since("station-joined", "channel") ?? since("channel", "to") ?? world.timeMs;
		const back = new Map<string, number>();
		let frames = 0;
		let lost = 0;
		let airMs = 0;
		const look = () => {
			for (const entry of world.log.since(seen)) {
				if (entry.event !== "frame") continue;
				const first = entry.timeMs >= hubAtMs && entry.timeMs < hubAtMs + 1_000;
				if (first) {
					frames++;
					if (entry.outcome === "lost") lost++;
					airMs += Number(entry.tries) * airtimeMs(Number(entry.bytes));
				}
				const answers =
					entry.timeMs >= hubAtMs && entry.channel === channel && entry.outcome === "acked" && sameBoard(String(entry.to), hub.mac);
				if (answers && !back.has(String(entry.board))) back.set(String(entry.board), entry.timeMs - hubAtMs);
			}
			seen = world.log.next;
			return back.size === this.#devices.length;
		};
		world.advanceUntil(look, PATIENCE_MS);
		const atLeastMs = hubAtMs + 1_000 - world.timeMs;
		if (atLeastMs > 0) {
			world.advance(atLeastMs);
			look();
		}
		world.advance(settleMs);
		const strayed = this.#devices.filter((mac) => world.board(mac).radio.home !== channel).length;
		const backMs = this.#devices.map((mac) => back.get(mac) ?? Infinity);
		return { hubMs: hubAtMs - movedMs, backMs, frames, lost, airtime: airMs / 1_000, strayed };
	}

	/** The power of the whole house fails; boards come back one after another, the router last, on any channel. */
	cutPower(): void {
		const { world, random } = this;
		for (const board of world.boards) board.powerOff();
		world.changeRouter({ power: false });
		world.advance(1_000 + random.below(10_000));
		for (const board of world.boards) board.powerOn(1_000 * random.below(5_000));
		const channel = this.otherChannel();
		world.clock.after(1_000_000 * random.below(120), () => world.changeRouter({ power: true, channel }));
	}

	/** Asks a device and lets time pass until the answer is there. */
	ask(index: number): boolean {
		const { world } = this;
		const exchange = world.request(HUB, "lan", { path: `/?mac=${this.#devices[index]}&msg=uptime` });
		world.advanceUntil(() => exchange.done, 15_000);
		return exchange.response?.body.startsWith("OK") ?? false;
	}

	get flashWrites(): number[] {
		return this.world.boards.map(({ flashWrites }) => flashWrites);
	}

	close(): void {
		this.#traffic = false;
		this.world.close();
	}
}

/** Station and access point of one board differ in the last two bits. */
function sameBoard(mac: string, station: string): boolean {
	return mac === station || mac === (parseInt(station, 16) + 1).toString(16).padStart(12, "0");
}

/** A frame with its acknowledgement, in ms (bench/README.md). */
function airtimeMs(bytes: number): number {
	return (192 + 8 * (43 + bytes) + 10 + 304) / 1_000;
}
