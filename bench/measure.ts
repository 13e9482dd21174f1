import type { Board } from "../sim/world/board";
import { boardMac } from "../sim/world/mac";
import type { World } from "../sim/world/world";
import { device, HUB, makeNetwork } from "./network";
import { askOriginal, askTogether } from "./original";
import { carryOut, percentile, type Result } from "./plan";

/** One house after another is asked; each measurement has a house of its own. */
export interface Subject {
	readonly seed: number;
	/** app.json of the bench's firmware. */
	readonly app: string;
	/** Nanoseconds charged for each count of the engine's meter. */
	readonly engineNsPerMeter: number;
	readonly machine?: "plain" | "chip";
	/** A sealed network instead of a plain one. */
	readonly sealed?: boolean;
}

/** In ms. */
export interface Times {
	readonly p50: number;
	readonly p95: number;
	readonly max: number;
}

const SILENT_ROUNDS = 20;
/** Longer than a request can last. */
const ROUND_MS = 11_000;

const round = (value: number): number => Math.round(value * 1000) / 1000;

export function timesOf(values: readonly number[]): Times {
	return { p50: round(percentile(values, 0.5)), p95: round(percentile(values, 0.95)), max: round(Math.max(...values)) };
}

function within<T>(world: World, act: (world: World) => T): T {
	try {
		return act(world);
	} finally {
		world.close();
	}
}

function inNetwork<T>(subject: Subject, devices: number, act: (world: World) => T): T {
	return within(makeNetwork({ ...subject, devices }), act);
}

const msOf = (results: readonly Result[]): number[] => {
	const failed = results.find(({ failure }) => failure !== "");
	if (failed) throw new Error(`request ${failed.id}: ${failed.failure}`);
	return results.map(({ ms }) => ms);
};

/** Round trips of one request at a time, over the devices in `via`. */
export function roundTrips(subject: Subject, bytes: number, hops = 0, times = 400): Times {
	return inNetwork(subject, hops + 1, (world) => {
		const via = Array.from({ length: hops }, (_, i) => i + 1);
		const plan = { open: 1, from: hops + 1, count: 1, times, bytes, pause: 20, via } as const;
		return timesOf(msOf(carryOut(world, plan).results));
	});
}

/** Ten devices asked one after another, and all at once: the time until the last answer, the median of so many rounds. */
export function ten(subject: Subject, bytes: number, rounds = 40): { oneByOne: number; atOnce: number } {
	return inNetwork(subject, 10, (world) => {
		const oneByOne: number[] = [];
		const atOnce: number[] = [];
		for (let i = 0; i < rounds; i++) {
			const sequence = carryOut(world, { open: 1, from: 1, count: 10, times: 10, bytes }).results;
			msOf(sequence);
			const last = sequence.at(-1);
			if (last) oneByOne.push(last.askedMs + last.ms - (sequence[0]?.askedMs ?? 0));
			atOnce.push(Math.max(...msOf(carryOut(world, { open: 10, from: 1, count: 10, times: 10, bytes }).results)));
		}
		return { oneByOne: timesOf(oneByOne).p50, atOnce: timesOf(atOnce).p50 };
	});
}

export interface Silent {
	readonly others: Times;
	/** Of the same nine without the silent one. */
	readonly without: Times;
}

/**
 * Ten devices asked at once, round after round; one of them, another one with each seed, is mute (its radio acknowledges, nothing is answered) or off.
 */
export function oneSilent(subject: Subject, how: "mute" | "off", bytes = 20): Silent {
	const asked = (silent: boolean) =>
		inNetwork(subject, 10, (world) => {
			const place = 1 + (subject.seed % 10);
			const others: number[] = [];
			if (silent && how === "mute") world.fault(device(place), "mute", -1);
			if (silent && how === "off") world.board(device(place)).powerOff();
			for (let i = 0; i < SILENT_ROUNDS; i++) {
				const until = world.timeMs + ROUND_MS;
				const plan = { open: 10, from: 1, count: 10, times: 10, bytes } as const;
				const { results } = carryOut(world, silent ? plan : { ...plan, skip: place - 1 });
				others.push(...msOf(results.filter(({ id }) => id % 10 !== place - 1)));
				world.advance(until - world.timeMs);
			}
			return timesOf(others);
		});
	return { others: asked(true), without: asked(false) };
}

/** Requests answered in a second when each of ten devices always has one. */
export function sustained(subject: Subject, bytes = 20, ms = 10_000): number {
	return inNetwork(subject, 10, (world) => {
		const { answered, failed, startMs, endMs } = carryOut(world, { open: 10, from: 1, count: 10, times: 1e9, bytes, ms, quiet: true });
		if (failed > 0) throw new Error(`${failed} requests failed`);
		return Math.round((answered / (endMs - startMs)) * 10_000) / 10;
	});
}

/** As many as the firmware that ships takes at once, see `LIMITS` in main.ts. */
const POLLED_AT_ONCE = 14;

/** Many devices asked by one hub on a lossy air, so many at once as its memory allows with ease. */
export function poll(subject: Subject, devices: number, loss: number) {
	return inNetwork(subject, devices, (world) => {
		world.air.loss = loss;
		const { results, answered, failed } = carryOut(world, { open: POLLED_AT_ONCE, from: 1, count: devices, times: devices, bytes: 20 });
		const { driverPeers } = world.board(HUB).snapshot() as { driverPeers: number };
		const ms = round(Math.max(...results.map((each) => each.askedMs + each.ms)) - Math.min(...results.map((each) => each.askedMs)));
		return { ms, answered, failed, lost: devices - answered - failed, driverPeers };
	});
}

export interface Cost {
	readonly meter: number;
	/** Allocated until the next collection: slots at the chip's 16 bytes, and chunks. */
	readonly heapBytes: number;
}

const SLOT_BYTES = 16;

/** Something done so many times, so that its fixed cost can be taken off: what it cost each board, per time. */
function each(world: World, few: number, many: number, figure: (board: Board) => number, act: (times: number) => void): number[] {
	const cost = (times: number) => {
		for (const board of world.boards) board.collect();
		const before = world.boards.map(figure);
		act(times);
		return world.boards.map((board, i) => figure(board) - (before[i] ?? 0));
	};
	const base = cost(few);
	return cost(many).map((total, i) => Math.round((total - (base[i] ?? 0)) / (many - few)));
}

const meterOf = ({ meter }: Board): number => meter;

/**
 * What a request and its reply cost the two engines. What is allocated shows only where nothing is collected meanwhile: on the plain machine, whose
 * heap is large, and in few messages. A collection makes the figure smaller, never larger: the largest of three is told.
 */
export function perMessage(subject: Subject, bytes = 20): { hub: Cost; device: Cost } {
	const measure = (machine: "plain" | "chip", many: number, figure: (board: Board) => number) =>
		inNetwork({ ...subject, machine }, 1, (world) => {
			const ask = (times: number) => carryOut(world, { open: 1, from: 1, count: 1, times, bytes, quiet: true });
			ask(50);
			return each(world, 1, many, figure, ask);
		});
	const meter = measure("chip", 501, meterOf);
	const heap = [6, 11, 16].map((many) => measure("plain", many, heapBytes));
	const cost = (i: 0 | 1): Cost => ({ meter: meter[i] ?? 0, heapBytes: Math.max(...heap.map((bytes) => bytes[i] ?? 0)) });
	return { hub: cost(0), device: cost(1) };
}

/** What boards that have nothing to do hold in their heaps and cost in a second. */
export function atRest(subject: Subject) {
	const measure = (machine: "plain" | "chip", figure: (board: Board) => number) =>
		inNetwork({ ...subject, machine }, 1, (world) => each(world, 1, 11, figure, (seconds) => world.advance(seconds * 1000)));
	const held = inNetwork(subject, 1, (world) => world.boards.map((board) => board.collect()));
	const meter = measure("chip", meterOf);
	const heap = measure("plain", heapBytes);
	const look = (i: 0 | 1) => ({
		slots: held[i]?.slots ?? 0,
		chunkBytes: held[i]?.chunks ?? 0,
		meterPerSecond: meter[i] ?? 0,
		heapBytesPerSecond: heap[i] ?? 0,
	});
	return { hub: look(0), device: look(1) };
}

/** Heap in use of hub and device before and after so many messages, in bytes. */
export function afterMany(subject: Subject, messages: number): { before: number; after: number }[] {
	return inNetwork(subject, 1, (world) => {
		const ask = (times: number) => carryOut(world, { open: 1, from: 1, count: 1, times, bytes: 20, quiet: true });
		const inUse = () =>
			world.boards.map((board) => {
				board.collect();
				return heapBytes(board);
			});
		ask(100);
		world.advance(15_000);
		const before = inUse();
		ask(messages);
		world.advance(15_000);
		const after = inUse();
		return before.map((bytes, i) => ({ before: bytes, after: after[i] ?? 0 }));
	});
}

function heapBytes({ heap }: Board): number {
	return heap.slots * SLOT_BYTES + heap.chunks;
}

/** One device that answers among others that are off, all asked at once. */
export function oneAlive(subject: Subject, off: number, bytes = 20): { ms: number; triesBefore: number } {
	return inNetwork(subject, off + 1, (world) => {
		for (let i = 1; i <= off; i++) world.board(device(i)).powerOff();
		const plan = { open: off + 1, from: 1, count: off + 1, times: off + 1, bytes } as const;
		const { results } = carryOut(world, plan);
		const alive = results.find(({ id }) => id === off);
		if (alive?.failure !== "") throw new Error(`the one alive: ${alive?.failure ?? "not asked"}`);
		const mac = boardMac(off + 1);
		const frames = world.log.of("frame", boardMac(0)).filter(({ timeMs }) => timeMs >= alive.askedMs);
		const own = frames.findIndex(({ to }) => to === mac);
		return { ms: round(alive.ms), triesBefore: own };
	});
}

/** The original's code on the same air. */
export function original(seed: number, document: string) {
	const start = (devices: number) => makeNetwork({ seed, devices, app: document, original: true });
	const trips = (bytes: number, times = 60) =>
		within(start(1), (world) =>
			timesOf(
				Array.from({ length: times }, () => {
					// Long enough for its loop to be ready again: a request that follows at once takes 100 ms more.
					world.advance(1_037);
					const { ms, right, reply } = askOriginal(world, 1, bytes);
					if (!right) throw new Error(`the original: ${reply}`);
					return ms;
				}),
			),
		);
	const tenDevices = (bytes: number) =>
		within(start(10), (world) => {
			const everyone = Array.from({ length: 10 }, (_, i) => i + 1);
			let oneByOne = 0;
			for (const each of everyone) oneByOne += askOriginal(world, each, bytes).ms;
			const together = askTogether(world, everyone, bytes);
			return {
				oneByOne: round(oneByOne),
				atOnce: round(Math.max(...together.map(({ ms }) => ms))),
				wrongReplies: together.filter(({ right }) => !right).length,
			};
		});
	const relayed = (hops: number) =>
		within(start(hops + 1), (world) => {
			const { ms, right, reply } = askOriginal(
				world,
				hops + 1,
				20,
				Array.from({ length: hops }, (_, i) => i + 1),
			);
			if (right) return { ms: round(ms), outcome: "answered" };
			const { loopStoodMs } = world.board(device(1)).snapshot() as { loopStoodMs: number };
			return { ms: null, outcome: loopStoodMs > 5_000 ? "deadlock" : reply };
		});
	return { trips, tenDevices, relayed };
}
