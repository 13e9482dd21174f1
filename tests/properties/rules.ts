import { Kind } from "../../modules/espnow/message";
import { classify } from "../../modules/espnow/plain-text";
import type { LogEvent } from "../../sim/world/log";
import type { Course } from "./play";

/** A request is settled by then, in ms. */
const DEADLINE_MS = 10_000;
/** A turn of the loop, and the way of a line to the log. */
const GRACE_MS = 10;
/** As long as the original's devices wait for a pong. */
const PONG_MS = 1_000;
/** Half of the heap is free at rest; a bit more is in use while this is looked at. */
const HEAP_PART = 0.55;
/** What may end a board that nobody has reset: the third step of recovery. */
const RECOVERY_FAULTS = ["status-lost", "no-mem", "queue-full"];

/** A board's program from its start to its end. */
interface Life {
	readonly fromMs: number;
	readonly toMs: number;
}

interface Question {
	readonly id: string;
	readonly board: string;
	readonly askedMs: number;
	readonly results: { readonly timeMs: number; readonly ok: boolean; readonly text: string }[];
}

type Rule = (course: Course) => string[];

/** What rules look at that hold in a sealed house, too. */
export type Watched = Pick<Course, "log" | "macs" | "done" | "endMs"> & {
	readonly boards: readonly Pick<Course["boards"][number], "status">[];
};

/** What must hold whatever happens. */
export const RULES: Readonly<Record<string, Rule>> = {
	"every request settles exactly once, by its deadline": settledOnce,
	"a reply is given to the caller whose request it answers, to no other": rightReplies,
	"a request repeated while its reply is unacknowledged does not run twice": ranOnce,
	"ping is answered": pingsAnswered,
	"memory is bounded, and nothing is left over": nothingLeft,
	"no frame answers an error with an error": noErrorsAboutErrors,
	"every frame that came in is counted once": framesCounted,
	"nothing ends a board by itself": noRestarts,
};

/** @returns a sentence for each thing that must not be */
export function judge(course: Course): string[] {
	return Object.entries(RULES).flatMap(([name, rule]) => rule(course).map((what) => `${name}: ${what}`));
}

export function settledOnce(course: Watched): string[] {
	const wrong: string[] = [];
	for (const { id, board, askedMs, results } of questions(course)) {
		const life = lives(course, board).find(({ fromMs, toMs }) => fromMs <= askedMs && askedMs < toMs);
		const due = life !== undefined && life.toMs >= askedMs + DEADLINE_MS + GRACE_MS;
		if (results.length > 1 || (due && results.length === 0)) wrong.push(`${id} was settled ${results.length} times`);
		const ms = (results[0]?.timeMs ?? askedMs) - askedMs;
		if (ms > DEADLINE_MS + GRACE_MS) wrong.push(`${id} was settled after ${ms} ms`);
	}
	course.boards.forEach(({ status }, i) => {
		const { taken, settled, twice } = status.counters.ledger;
		const { open, unsent } = status.requests;
		if (twice > 0) wrong.push(`board ${i} settled ${twice} requests twice`);
		if (taken !== settled + open + unsent) wrong.push(`board ${i} took ${taken} requests, settled ${settled}, has ${open + unsent}`);
	});
	return wrong;
}

function rightReplies(course: Course): string[] {
	const { asks, boards } = course.scenario;
	return questions(course).flatMap(({ id, results }) => {
		const ask = asks[Number(id.split("-")[2])];
		if (!ask) return [`${id} was never planned`];
		const [from, to] = [ask.from % boards, ask.to % boards];
		const answer = ask.what === "question" ? `OK ${id} by ${to}` : from === to && ask.via.length === 0 ? "Unknown message: ping" : "pong";
		const right = new RegExp(`^(${answer}|Fail \\([^()]*\\))( -?\\d+)?$`);
		return results.filter(({ ok, text }) => ok && !right.test(text)).map(({ text }) => `${id} got "${text}"`);
	});
}

function ranOnce(course: Course): string[] {
	const wrong: string[] = [];
	const last = new Map<string, LogEvent>();
	for (const entry of course.log) {
		const { event, board, line } = entry;
		if (event === "power-on") for (const key of last.keys()) if (key.startsWith(`${board} `)) last.delete(key);
		if (event !== "trace" || !String(line).startsWith("run ")) continue;
		const id = String(line).slice(4);
		const key = `${board} ${id}`;
		const before = last.get(key);
		last.set(key, entry);
		if (!before) continue;
		const reply = course.log.find(
			(frame) =>
				frame.event === "frame" && frame.board === board && String(frame.text).startsWith(`OK ${id} `) && frame.outcome === "acked",
		);
		if (!reply || reply.timeMs > entry.timeMs) wrong.push(`${id} ran again at ${entry.timeMs} ms, its reply unacknowledged`);
	}
	return wrong;
}

function pingsAnswered(course: Course): string[] {
	const { heard, macs, log, done } = course;
	return heard
		.filter(({ text }) => text === "ping")
		.filter(({ board, timeMs }) => {
			const up = log.some(({ event, board: mac, timeMs: at }) => event === "espnow-up" && mac === macs[board] && at < timeMs);
			return up && !done.some((trouble) => trouble.board === board && trouble.timeMs < timeMs + PONG_MS);
		})
		.filter(({ board, from, sentMs, timeMs }) => {
			// It may be back before the stranger has heard the acknowledgement.
			const pong = log.find(
				(entry) =>
					entry.event === "frame" && entry.board === macs[board] && entry.to === from && entry.text === "pong" && entry.timeMs >= sentMs,
			);
			return !pong || pong.timeMs > timeMs + PONG_MS;
		})
		.map(({ board, from, timeMs }) => `board ${board} left the ping of ${from} at ${timeMs} ms unanswered`);
}

function nothingLeft({ boards, heapLimit }: Course): string[] {
	return boards.flatMap(({ status, heapBytes }, i) => {
		const { open, unsent } = status.requests;
		const wrong: string[] = [];
		// Devices that have heard nothing of their hub for long may be looking for it, through each other, too.
		if (open + unsent > boards.length) wrong.push(`board ${i} still has ${open + unsent} requests`);
		if (heapBytes > heapLimit * HEAP_PART) wrong.push(`board ${i} holds ${heapBytes} bytes`);
		return wrong;
	});
}

function noErrorsAboutErrors({ log, scenario, macs }: Course): string[] {
	const wrong: string[] = [];
	const requested = new Map<string, number>();
	const texts = new Set<string>();
	// A frame may be taken as often as it was transmitted, and twice each time where the air hands frames over twice.
	const times = scenario.duplicate > 0 ? 2 : 1;
	const frames = log.filter(({ event }) => event === "frame");
	for (const { from, to, text, tries } of frames) {
		const kind = typeof text === "string" ? classify(text) : Kind.request;
		if (kind !== Kind.request && kind !== Kind.relay) continue;
		const pair = `${to} ${from}`;
		requested.set(pair, (requested.get(pair) ?? 0) + Number(tries) * times);
		texts.add(`${pair} ${text}`);
	}
	for (const { from, to, text, timeMs } of frames) {
		if (typeof text !== "string" || classify(text) !== Kind.error || !macs.includes(String(from))) continue;
		const pair = `${from} ${to}`;
		const left = (requested.get(pair) ?? 0) - 1;
		requested.set(pair, left);
		if (left < 0) wrong.push(`"${text}" at ${timeMs} ms answers no request`);
		const quoted = /^Unknown message: (.*) -?\d+$/s.exec(text)?.[1];
		if (quoted !== undefined && !texts.has(`${pair} ${quoted}`)) wrong.push(`"${text}" at ${timeMs} ms answers what is no request`);
	}
	return wrong;
}

export function framesCounted({ boards }: Pick<Watched, "boards">): string[] {
	return boards.flatMap(({ status }, i) => {
		const { framesIn, pongs, replies, relayed, commands, reports, sealing, dropped, events } = status.counters;
		const sum = pongs + replies + relayed + commands + reports + sealing + Object.values(dropped).reduce((all, count) => all + count, 0);
		const wrong: string[] = [];
		if (sum !== framesIn) wrong.push(`board ${i} took ${framesIn} frames and accounts for ${sum}`);
		if (events.fault) wrong.push(`board ${i} caught ${events.fault} errors of its own`);
		return wrong;
	});
}

export function noRestarts({ log, macs, done }: Watched): string[] {
	return log
		.filter(({ event, reason }) => event === "restart" && reason !== "reset-button")
		.filter(({ board }) => !done.some((trouble) => macs[trouble.board] === board && RECOVERY_FAULTS.includes(trouble.kind)))
		.map(({ board, reason, timeMs }) => `${board} ended at ${timeMs} ms: ${reason}`);
}

export function questions({ log }: Pick<Watched, "log">): Question[] {
	const asked = new Map<string, Question>();
	for (const { event, board, line, timeMs } of log) {
		if (event !== "trace" || board === null) continue;
		const [, word, id = "", rest = ""] = /^(ask|got) (\S+)(?: (.*))?$/s.exec(String(line)) ?? [];
		if (word === "ask") asked.set(id, { id, board, askedMs: timeMs, results: [] });
		else if (word === "got") asked.get(id)?.results.push({ timeMs, ok: rest.startsWith("1"), text: rest.slice(2) });
	}
	return [...asked.values()];
}

function lives({ log, endMs }: Watched, mac: string): Life[] {
	const found: Life[] = [];
	for (const { event, board, timeMs } of log) {
		if (board !== mac) continue;
		const last = found.at(-1);
		if (event === "power-on") found.push({ fromMs: timeMs, toMs: endMs });
		else if ((event === "restart" || event === "power-off") && last) found[found.length - 1] = { ...last, toMs: timeMs };
	}
	return found;
}
