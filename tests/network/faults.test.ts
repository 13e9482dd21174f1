import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import type { World } from "../../sim/world/world";
import { appWithLedger, type Ledger } from "../soak/ledger";
import { ask, events, network, type Snapshot, settle, snapshot } from "./network";
import { accounted, call, finish } from "./traffic";

const BOARDS = ["Hub", "Kitchen"] as const;
const folder = mkdtempSync(join(tmpdir(), "faults-test-"));
afterAll(() => rmSync(folder, { recursive: true }));
/** The firmware, which also counts how often each of its requests is settled. */
const app = appWithLedger("build/virtual/app.json", folder);
/** The time in which a board goes on, or has restarted itself. */
const BACK_MS = 30_000;
const FAILED = /^(Fail \([^)]+\)|no response: .*)$/;

/** What became of a row of requests, each with a text of its own. */
interface Outcome {
	/** Answered with their own text. */
	answered: number;
	/** Told that there is no answer. */
	failed: string[];
	/** Anything else: a reply that belongs to another request, or to none. */
	wrong: string[];
	/** From the first request until all that followed were answered. */
	backMs: number;
}

/** Asks the two devices in turn, one request after the other, as long as it takes. */
function converse(made: World, count: number): Outcome {
	const outcome: Outcome = { answered: 0, failed: [], wrong: [], backMs: 0 };
	const fromMs = made.timeMs;
	let lost = true;
	for (let i = 0; i < count; i++) {
		const text = `round-${i}`;
		const asked = call(made, i % 3 === 0 ? "Bedroom" : "Kitchen", text);
		finish(made, [asked], 40_000);
		const { body = "" } = asked;
		const answered = body.startsWith(`Unknown message: ${text} `);
		if (answered && lost) outcome.backMs = made.timeMs - fromMs;
		lost = !answered;
		if (answered) outcome.answered++;
		else if (FAILED.test(body)) outcome.failed.push(body);
		else outcome.wrong.push(`${text}: ${body}`);
		made.advance(200);
	}
	return outcome;
}

/** No board's request was settled twice, none is left behind. */
function settledOnce(made: World): void {
	for (const { name } of made.boards) {
		const { counters, requests } = snapshot(made, name) as Snapshot & {
			counters: { ledger: Ledger };
			requests: { open: number; unsent: number };
		};
		const { taken, settled, twice, late } = counters.ledger;
		const open = requests.open + requests.unsent;
		expect([name, { twice, late, settled: settled + open }]).toEqual([name, { twice: 0, late: 0, settled: taken }]);
	}
}

/** From now until a request is answered, in ms. */
function untilServed(made: World, maxMs = 60_000): number {
	const fromMs = made.timeMs;
	while (made.timeMs - fromMs < maxMs) {
		const asked = call(made, "Kitchen", "uptime");
		finish(made, [asked]);
		if (asked.body?.startsWith("OK ")) return made.timeMs - fromMs;
		made.advance(200);
	}
	throw new Error(`nobody was served for ${maxMs} ms`);
}

interface Case {
	readonly kind: string;
	readonly count: number;
	/** A second fault that brings the first one about. */
	readonly with?: readonly [kind: string, count: number];
	/** How many of 20 requests may fail. */
	readonly lost: number;
	/** As a hub that restarts searches all channels for its router, some 2.5 s; as others unless given. */
	readonly lostByHub?: number;
	/** The board ends and this is why. */
	readonly restart?: { reason: string; told: string };
	/** What the board's status must say. */
	readonly cause: (status: Snapshot) => Record<string, unknown>;
	readonly counted: Record<string, unknown>;
}

const counter = ({ counters }: Snapshot) => ({ ...counters.events, ...counters.dropped });

const CASES: readonly Case[] = [
	{ kind: "mute", count: 1, lost: 1, cause: counter, counted: {} },
	{ kind: "status-lost", count: 1, lost: 0, cause: counter, counted: { statusTimeout: 1 } },
	{ kind: "status-late", count: 1, lost: 0, cause: counter, counted: { statusTimeout: 1, lateStatus: 1 } },
	{ kind: "status-late", count: 5, lost: 0, cause: counter, counted: { statusTimeout: expect.anything(), lateStatus: expect.anything() } },
	{ kind: "status-doubled", count: 5, lost: 0, cause: counter, counted: { lateStatus: 5 } },
	{ kind: "no-mem", count: 50, lost: 0, cause: counter, counted: { noMemory: 50 } },
	{ kind: "no-mem-until-reinit", count: 1, lost: 1, cause: ({ recovery }) => recovery, counted: { espnow: 1, wifi: 1, board: 0 } },
	{ kind: "burst", count: 40, lost: 0, cause: counter, counted: { ringFull: 24, strayReply: 16 } },
	{
		kind: "callback-in-close",
		count: 1,
		with: ["status-lost", 13],
		lost: 2,
		cause: (status) => ({ ...counter(status), ...status.recovery }),
		counted: { whileClosed: 1, statusTimeout: 13, espnow: 1 },
	},
	{ kind: "event-storm", count: 40, lost: 0, cause: ({ wifi }) => wifi, counted: { eventsLost: 24, restarts: 0 } },
	{ kind: "queue-full", count: 20, lost: 0, cause: counter, counted: { postFailed: 20 } },
	...[1, 2, 3].map(
		(count): Case => ({
			kind: "heap-full",
			count,
			lost: 1,
			lostByHub: 10,
			restart: { reason: "memory full", told: "restarted after an error: memory full" },
			cause: ({ reset }) => reset,
			counted: { reason: "software", words: { cause: "error", text: "memory full" } },
		}),
	),
];

const title = ({ kind, count, with: also }: Case) => `${kind} ${count}${also ? ` with ${also.join(" ")}` : ""}`;

describe.each(BOARDS)("a fault in the %s", (victim) => {
	test.each(CASES.map((each) => [title(each), each] as const))(
		"%s: no reply is invented or delivered twice, the board is back, its status names the cause",
		(_, { kind, count, with: also, lost, lostByHub = lost, restart, cause, counted }) => {
			const made = network(["Kitchen", "Bedroom"], { app });
			// The devices' first questions to their hub are over: a text that is no command would be taken for their reply.
			made.advance(9_000);
			made.fault(victim, kind, count);
			if (also) made.fault(victim, ...also);
			const { answered, failed, wrong, backMs } = converse(made, 20);
			expect(wrong).toEqual([]);
			expect(failed.length).toBeLessThanOrEqual(victim === "Hub" ? lostByHub : lost);
			expect(answered).toBe(20 - failed.length);
			expect(backMs).toBeLessThan(BACK_MS);
			expect(untilServed(made)).toBeLessThan(1_000);

			expect(events(made, "restart", victim).map(({ reason }) => reason)).toEqual(restart ? [restart.reason] : []);
			const status = snapshot(made, victim);
			expect(cause(status)).toMatchObject(counted);
			expect(status.lastError).toBe(restart?.told ?? (kind.startsWith("no-mem") ? "ESP_ERR_ESPNOW_NO_MEM" : ""));
			settledOnce(made);
			// Each reply that was delivered had come in, and each frame that came in had one outcome.
			if (victim === "Kitchen" || !restart) expect(snapshot(made, "Hub").counters.replies).toBeGreaterThanOrEqual(answered);
			for (const { name } of made.boards) {
				const { counters } = snapshot(made, name);
				expect([name, accounted(counters)]).toEqual([name, counters.framesIn]);
				expect([name, counters.events.fault ?? 0]).toEqual([name, 0]);
			}
		},
	);
});

describe("a driver without memory until Wi-Fi is initialised anew", () => {
	test.each(BOARDS)("in the %s: the network is back within 10 s, and /api/status shows both steps", (victim) => {
		const made = network(["Kitchen", "Bedroom"]);
		made.fault(victim, "no-mem-until-reinit");
		expect(untilServed(made)).toBeLessThan(10_000);
		const { body } = made.http(victim, victim === "Hub" ? "lan" : "ap", { path: "/api/status" });
		expect(JSON.parse(body)).toMatchObject({ recovery: { espnow: 1, wifi: 1, board: 0 }, wifi: { restarts: 1 } });
		expect(made.board(victim).bootCount).toBe(1);
	});

	test("in a hub whose router is away: ESP-NOW is back within 10 s all the same", () => {
		const made = network(["Kitchen"]);
		made.changeRouter({ power: false });
		made.advance(8_000);
		made.fault("Hub", "no-mem-until-reinit");
		const fromMs = made.timeMs;
		// The restart of Wi-Fi takes the phone's connection along.
		call(made, "Kitchen", "uptime", { side: "ap" });
		while (snapshot(made, "Hub").recovery.wifi === 0) made.advance(50);
		const up = () => events(made, "espnow-up", "Hub").length;
		const before = up();
		expect(made.advanceUntil(() => up() > before, 20_000)).toBe(true);
		expect(made.timeMs - fromMs).toBeLessThan(10_000);
		expect(ask(made, "Kitchen", "uptime", { side: "ap" })).toMatch(/^OK OFF /);
	});
});

describe("frames beyond the ring", () => {
	test("a reply that is lost in a burst is a reply that did not come: nothing else is taken for it", () => {
		const made = network(["Kitchen", "Bedroom"]);
		const asked = call(made, "Kitchen", "uptime");
		made.advanceUntil(() => events(made, "frame", "Hub").length > 0, 1_000);
		made.fault("Hub", "burst", 500);
		finish(made, [asked]);
		expect(asked.body).toMatch(/^(OK OFF \d+\+ -\d+|Fail \(no reply\))$/);
		expect(converse(made, 10)).toMatchObject({ wrong: [], failed: [] });
	});

	test("frames that wait in the ring when ESP-NOW is closed are counted", () => {
		const made = network(["Kitchen"]);
		const opened = events(made, "espnow-up", "Hub").length;
		// A hub that joins its router on another channel opens ESP-NOW anew, whatever waits in the ring.
		made.changeRouter({ channel: 11 });
		for (let i = 0; i < 3_000 && events(made, "espnow-up", "Hub").length === opened; i++) {
			// Each frame's post is refused: the ring waits for the timer's turn.
			made.fault("Hub", "queue-full", 16);
			made.fault("Hub", "burst", 16);
			made.advance(10);
		}
		expect(events(made, "espnow-up", "Hub").length).toBe(opened + 1);
		const { counters } = snapshot(made, "Hub");
		expect(counters.dropped.abandoned).toBeGreaterThan(0);
		expect(accounted(counters)).toBe(counters.framesIn);
	});
});

describe("Wi-Fi events that are lost or late", () => {
	/** Whatever the driver of the hub has to tell comes behind more events than there is room for. */
	const storm = (made: World, ms: number) => {
		for (const untilMs = made.timeMs + ms; made.timeMs < untilMs; made.advance(50)) made.fault("Hub", "event-storm", 40);
	};

	test("a router that goes while events are lost is noticed, and joined again when it is back", () => {
		const made = network(["Kitchen"]);
		made.changeRouter({ power: false });
		storm(made, 20_000);
		expect(snapshot(made, "Hub")).toMatchObject({ joined: false, wifi: { restarts: 0 } });
		made.changeRouter({ power: true });
		expect(made.advanceUntil(() => made.reachable(made.board("Hub"), "lan"), 60_000)).toBe(true);
		made.advance(1_000);
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF /);
	});

	test("a join of which the hub is not told is noticed, and its house side served", () => {
		const made = network(["Kitchen"]);
		made.changeRouter({ power: false });
		made.advance(20_000);
		made.changeRouter({ power: true });
		storm(made, 40_000);
		made.advance(5_000);
		expect(snapshot(made, "Hub")).toMatchObject({ joined: true, channel: 6 });
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF /);
	});

	test("a new channel of which the hub is not told is known all the same", () => {
		const made = network(["Kitchen"]);
		made.fault("Hub", "event-storm", 40);
		made.changeRouter({ channel: 11 }, true);
		made.advance(2_000);
		expect(snapshot(made, "Hub")).toMatchObject({ joined: true, channel: 11 });
	});

	test.each(BOARDS)("a start in a storm of events ends like any other: %s", (victim) => {
		const made = network(["Kitchen"]);
		const board = made.board(victim);
		board.pressReset();
		for (const untilMs = made.timeMs + 5_000; made.timeMs < untilMs; made.advance(10))
			if (board.running) made.fault(victim, "event-storm", 40);
		made.advance(5_000);
		expect(ask(made, "Kitchen", "uptime")).toMatch(/^OK OFF /);
		expect(snapshot(made, victim)).toMatchObject({ joined: victim === "Hub", channel: 6, ap: { state: "open" } });
		expect(made.joinClient(victim, "00000000").result).toMatchObject({ joined: true });
	});

	test("events whose post was refused are read within a second, and the refusals are counted", () => {
		const made = network(["Kitchen"]);
		made.fault("Hub", "queue-full", 3);
		made.changeRouter({ power: false });
		made.advanceUntil(() => events(made, "station-lost", "Hub").length > 0, 30_000);
		made.advance(1_000);
		expect(snapshot(made, "Hub")).toMatchObject({ joined: false, wifi: { postsRefused: expect.anything(), eventsLost: 0 } });
	});
});

describe("promises that no longer go on", () => {
	test.each(BOARDS)("in the %s: the heartbeat ends it, and says so after the restart", (victim) => {
		const made = network(["Kitchen", "Bedroom"]);
		made.fault(victim, "promises-stop");
		const fromMs = made.timeMs;
		expect(made.advanceUntil(() => events(made, "restart", victim).length > 0, 40_000)).toBe(true);
		expect(made.timeMs - fromMs).toBeLessThanOrEqual(BACK_MS);
		settle(made);
		expect(untilServed(made)).toBeLessThan(1_000);
		// A board like the chip's has no room for thirty seconds of jobs that nobody runs.
		expect(snapshot(made, victim).lastError).toMatch(/^restarted (because the receive loop stood still|after an error)/);
	});
});

describe("several faults at once, over and over", () => {
	test("a house goes on, and says nothing that is not so", () => {
		const made = network(["Kitchen", "Bedroom"], { app });
		const outcomes: Outcome[] = [];
		for (const kind of ["status-lost", "status-late", "status-doubled", "no-mem", "burst", "queue-full", "callback-in-close", "mute"]) {
			for (const { name } of made.boards) made.fault(name, kind, 20);
			outcomes.push(converse(made, 6));
			for (const { name } of made.boards) made.fault(name, "mute", 0);
		}
		expect(outcomes.flatMap(({ wrong }) => wrong)).toEqual([]);
		made.advance(30_000);
		expect(untilServed(made)).toBeLessThan(1_000);
		expect(converse(made, 10)).toMatchObject({ answered: 10, failed: [], wrong: [] });
		settledOnce(made);
	});
});
