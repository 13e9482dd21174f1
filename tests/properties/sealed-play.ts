import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Recorded } from "../../sim/world/attacker";
import type { LogEvent } from "../../sim/world/log";
import { boardMac } from "../../sim/world/mac";
import { joinAll } from "../../sim/world/provision";
import { Random } from "../../sim/world/random";
import { ROUTER_DEFAULTS } from "../../sim/world/router";
import { keysIn } from "../../sim/world/sealed-keys";
import { type Opened, SealedWatch } from "../../sim/world/sealed-watch";
import { type BoardSpec, World } from "../../sim/world/world";
import { type Planned, plannedApp } from "./firmware";
import type { Status } from "./play";
import type { Trouble } from "./scenario";
import { type Attack, BUSY_MS, deviceOf, type SealedAsk, type SealedScenario } from "./sealed-scenario";

const APP = "build/virtual/app.json";
const PROGRAM = process.env.BOARD ?? "build/board/board";
/** All boards are up by then. */
const UP_MS = 4_000;
/** A request's deadline, and what a board does after it. */
const SETTLED_MS = 13_000;
/** Until the last of a row of frames is let go. */
const ROW_MS = 50_000;

/** What came of a scenario. */
export interface SealedCourse {
	readonly scenario: SealedScenario;
	readonly macs: readonly string[];
	readonly log: readonly LogEvent[];
	/** Every frame of a board, and what is in it for a second implementation of the sealed frames. */
	readonly frames: readonly { readonly record: Recorded; readonly opened: Opened | undefined }[];
	/** What each device answered to a request of the hub after all was over. */
	readonly last: readonly string[];
	readonly done: readonly { readonly board: number; readonly kind: string; readonly timeMs: number }[];
	readonly endMs: number;
	readonly boards: readonly { readonly status: Status }[];
}

/** Lets a scenario happen on real boards, in virtual time. */
export function playSealed(scenario: SealedScenario): SealedCourse {
	const folder = mkdtempSync(join(tmpdir(), "properties-"));
	const specs = boardSpecs(scenario, folder);
	const world = new World({ seed: scenario.seed, app: APP, program: PROGRAM, boards: specs });
	try {
		return run(scenario, world, specs);
	} finally {
		world.close();
		rmSync(folder, { recursive: true });
	}
}

function boardSpecs({ boards: count, asks }: SealedScenario, folder: string): BoardSpec[] {
	const { ssid, password, channel } = ROUTER_DEFAULTS;
	const plans = Array.from({ length: count }, (): Planned[] => []);
	asks.forEach((ask, n) => {
		plans[ask.what === "request" ? 0 : deviceOf(ask.device, count)]?.push(planned(ask, n, count));
	});
	return joinAll(
		plans.map((plan, i): BoardSpec => {
			const name = `Board ${i}`;
			const role = i === 0 ? { role: "hub", router: { ssid, password } } : { role: "device", hub: boardMac(0), channel };
			return { name, app: plannedApp(APP, folder, i, plan), config: { name, ...role } };
		}),
	);
}

function planned({ device, via, atMs, what, answerMs }: SealedAsk, n: number, count: number): Planned {
	const [to, relay] = [deviceOf(device, count), deviceOf(via, count)];
	const at = { n, atMs: UP_MS + atMs, answerMs };
	if (what !== "request") return { ...at, to: boardMac(0), path: "", message: what === "report" ? "report" : "question" };
	return { ...at, to: boardMac(relay), path: relay === to ? "" : `!${boardMac(to)},`, message: "question" };
}

function run(scenario: SealedScenario, world: World, specs: readonly BoardSpec[]): SealedCourse {
	const { attacker, clock } = world;
	const done: SealedCourse["done"][number][] = [];
	const random = new Random(scenario.seed, "attacks");
	world.boot();
	attacker.record(true);
	world.air.loss = scenario.loss;
	world.air.duplicate = scenario.duplicate;
	for (const trouble of scenario.troubles)
		clock.after((UP_MS + trouble.atMs) * 1000, () => {
			const board = trouble.board % world.boards.length;
			cause(world, board, trouble);
			done.push({ board, kind: trouble.kind, timeMs: world.timeMs });
		});
	for (const each of scenario.attacks) clock.after((UP_MS + each.atMs) * 1000, () => attack(world, each, random));
	world.advance(endOf(scenario));
	const records = [...attacker.records];
	attacker.stop();
	world.air.loss = 0;
	world.air.duplicate = 0;
	world.advance(100);
	const last = world.boards.slice(1).map(({ mac }) => world.http("Board 0", "lan", { path: `/?mac=${mac}&msg=q:last-${mac};0` }).body);
	const keys = new Map(specs.map(({ keys: nvs = [] }, i) => [boardMac(i), keysIn(nvs)]));
	const watch = new SealedWatch((a, b) => keys.get(a)?.get(b));
	return {
		scenario,
		macs: world.boards.map(({ mac }) => mac),
		log: world.log.since(0),
		frames: records.map((record) => ({ record, opened: watch.see(record.payload) })),
		last,
		done,
		endMs: world.timeMs,
		boards: world.boards.map((board) => ({ status: board.snapshot() as Status })),
	};
}

/** Everything is over by then: asking, also of boards that begin anew, and what the attacker lets go late. */
function endOf({ attacks }: SealedScenario): number {
	const asked = UP_MS + 2 * BUSY_MS + 3_000;
	const later = attacks.map(
		(each) => UP_MS + each.atMs + each.forMs + each.laterMs + Math.min(ROW_MS, each.everyMs * Math.min(each.number + 1, 6)),
	);
	return Math.max(asked, ...later) + SETTLED_MS;
}

function cause(world: World, index: number, { kind, count }: Trouble): void {
	const board = world.boards[index];
	if (!board) return;
	if (kind === "reset") board.pressReset();
	else if (kind === "power") {
		board.powerOff();
		world.clock.after(count * 200_000, () => board.powerOn());
	} else if (board.running) world.fault(board.name, kind, kind === "burst" ? 10 * count : count);
}

function attack(world: World, { do: what, board, way, kind, forMs, laterMs, everyMs, order, number }: Attack, random: Random): void {
	const { attacker, clock } = world;
	const mac = world.boards[board % world.boards.length]?.mac;
	const match = { ...(way === "to" ? { to: mac } : way === "from" ? { from: mac } : {}), ...(kind === "any" ? {} : { kind }) };
	const after = (ms: number, act: () => void) => void clock.after(ms * 1000, act);
	const during = (rule: number) => after(forMs, () => attacker.remove(rule));
	switch (what) {
		case "drop":
			during(attacker.add({ do: "drop", match }));
			break;
		case "hold":
			during(attacker.add({ do: "hold", match, ...(everyMs >= 4_000 ? { count: 6 } : {}) }));
			after(forMs + laterMs, () => attacker.release({ everyMs, order }));
			break;
		case "delay":
			during(attacker.add({ do: "delay", match, ms: laterMs + 1 }));
			break;
		case "flip":
			during(attacker.add({ do: "flip", match }));
			break;
		case "reorder":
			during(attacker.add({ do: "reorder", match, frames: 2 + (number % 4) }));
			break;
		case "replay": {
			const { records } = attacker;
			const record = records[records.length - 1 - (number % Math.max(1, records.length))];
			if (record) attacker.replay({ frame: record.frame, times: 3, everyMs });
			break;
		}
		case "replay-all":
			after(laterMs, () => replayAll(world, mac, everyMs === 0 ? 2 : Math.min(everyMs, 100)));
			break;
		case "forge":
			for (let i = 0; i <= number % 8; i++) after(i * 20, () => forge(world, random));
			break;
	}
}

/** Everything that a board was ever sent, in order: so that an old session would be the same again. */
function replayAll({ attacker, clock }: World, to: string | undefined, everyMs: number): void {
	attacker.records
		.filter((record) => record.to === to)
		.slice(0, 400)
		.forEach(({ frame }, i) => {
			clock.after(i * everyMs * 1000, () => attacker.replay({ frame }));
		});
}

/** Something that no board made: plain orders in the hub's name, and frames that were real but for a part. */
function forge(world: World, random: Random): void {
	const { attacker, boards } = world;
	const real = attacker.records[random.below(Math.max(1, attacker.records.length))];
	const to = boards[random.below(boards.length)]?.mac ?? "";
	const from = boards[random.below(boards.length)]?.mac ?? "";
	const choice = random.below(6);
	const bytes = Buffer.from(real?.payload ?? Buffer.alloc(0));
	if (choice <= 1 || bytes.length < 22) {
		// The hub serves strangers' plain frames; a board of its own it would know.
		if (to === boards[0]?.mac && from === to) return;
		const text = [`q:forged-${random.below(1_000_000)};0`, "reset", "ping", "OK forged -50", `environ-1-${from}`][random.below(5)] ?? "";
		attacker.forge({ from, to, payload: Buffer.from(text) });
		return;
	}
	// Of a real frame: another byte in the head, in the text or in the tag; a piece cut off; another receiver.
	if (choice === 2) bytes.writeUInt8(random.below(256), 1 + random.below(13));
	else if (choice === 3) bytes.writeUInt8(random.below(256), random.below(bytes.length));
	else if (choice === 4) bytes.writeUInt8(random.below(256), bytes.length - 1 - random.below(8));
	const payload = choice === 5 && random.below(2) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
	const same = real && random.below(3) > 0;
	attacker.forge({ from: same ? real.from : from, to: same ? real.to : to, payload });
}
