import { sealedHead } from "../../sim/world/sealed-frames";
import type { Opened } from "../../sim/world/sealed-watch";
import { framesCounted, noRestarts, questions, settledOnce } from "./rules";
import type { SealedCourse } from "./sealed-play";
import { addsOnly, deviceOf } from "./sealed-scenario";

/** A command runs at most so long after its frame was first on the air, in ms. */
const IN_TIME_MS = 12_000;

/** Of one rule. */
const MOST_SAID = 4;

interface Run {
	readonly id: string;
	readonly board: string;
	readonly timeMs: number;
}

type Frame = SealedCourse["frames"][number];
type Rule = (course: SealedCourse) => string[];

/** What must hold in a sealed house whatever an attacker on the air does. */
export const SEALED_RULES: Readonly<Record<string, Rule>> = {
	"no command runs that its board's hub, or its own device, did not send": ranOnlyWhatWasSent,
	"no command runs twice, whoever restarts": ranOnce,
	"no command runs later than 12 s after it was first sent": ranInTime,
	"a frame with a flipped bit is dropped": flippedDropped,
	"a reply is given to the caller whose request it answers": rightReplies,
	"every request settles exactly once, by its deadline": settledOnce,
	"a stranger ends no session and costs no request": nothingLost,
	"no key is used twice with one nonce": noncesOnce,
	"frames are as a second implementation makes them": framesOpen,
	"nothing is to be read on the air": nothingReadable,
	"every frame that came in is counted once": framesCounted,
	"nothing ends a board by itself": noRestarts,
};

/** @returns a sentence for each thing that must not be */
export function judgeSealed(course: SealedCourse): string[] {
	return Object.entries(SEALED_RULES).flatMap(([name, rule]) =>
		rule(course)
			.slice(0, MOST_SAID)
			.map((what) => `${name}: ${what}`),
	);
}

function ranOnlyWhatWasSent(course: SealedCourse): string[] {
	const asked = new Map(questions(course).map((question) => [question.id, question]));
	return runs(course).flatMap(({ id, board, timeMs }) => {
		if (id === `last-${board}`) return [];
		const question = asked.get(id);
		const right = question && question.askedMs <= timeMs && targetOf(course, id) === board;
		return right ? [] : [`${id} ran on ${board} at ${timeMs} ms`];
	});
}

function ranOnce(course: SealedCourse): string[] {
	const times = new Map<string, number>();
	for (const { id } of runs(course)) times.set(id, (times.get(id) ?? 0) + 1);
	return [...times].filter(([, count]) => count > 1).map(([id, count]) => `${id} ran ${count} times`);
}

function ranInTime(course: SealedCourse): string[] {
	return runs(course).flatMap(({ id, timeMs }) => {
		const first = id.startsWith("last-") ? undefined : framesOf(course, id)[0];
		const ms = timeMs - (first?.record.timeMs ?? timeMs);
		return ms > IN_TIME_MS ? [`${id} ran ${ms} ms after it was first sent`] : [];
	});
}

function flippedDropped(course: SealedCourse): string[] {
	const flipped = new Set(
		course.log.flatMap(({ event, do: what, frame }) => (event === "attacker" && what === "flip" ? [Number(frame)] : [])),
	);
	return runs(course).flatMap(({ id, board, timeMs }) => {
		const carriers = framesOf(course, id).filter(({ record }) => record.to === board && record.timeMs <= timeMs);
		if (id.startsWith("last-") || carriers.some(({ record }) => !flipped.has(record.frame))) return [];
		return [`${id} ran although ${carriers.length === 0 ? "no frame held it" : "a bit was flipped in each frame that held it"}`];
	});
}

function rightReplies(course: SealedCourse): string[] {
	return questions(course).flatMap(({ id, results }) => {
		const to = course.macs.indexOf(targetOf(course, id) ?? "");
		const right = new RegExp(`^(OK ${id} by ${to}|Fail \\([^()]*\\))( -?\\d+)?$`);
		// A report is acknowledged, with no text of anybody's.
		const isReport = askOf(course, id)?.what === "report";
		return results.filter(({ ok, text }) => ok && !isReport && !right.test(text)).map(({ text }) => `${id} got "${text}"`);
	});
}

function nothingLost(course: SealedCourse): string[] {
	const wrong = course.last.flatMap((reply, i) =>
		reply.startsWith(`OK last-${course.macs[i + 1]} by ${i + 1}`) ? [] : [`board ${i + 1} answered "${reply}" when all was over`],
	);
	if (!addsOnly(course.scenario)) return wrong;
	for (const { id, results } of questions(course)) {
		const failed = results.find(({ ok }) => !ok);
		if (failed) wrong.push(`${id} failed: ${failed.text}`);
	}
	return wrong;
}

function noncesOnce({ frames }: SealedCourse): string[] {
	const seen = new Map<string, Buffer>();
	const wrong: string[] = [];
	const look = (opened: Opened | undefined, bytes: Buffer): void => {
		if (!opened) return;
		const before = seen.get(opened.nonce);
		if (before && !before.equals(bytes))
			wrong.push(`${opened.from} to ${opened.to}: two frames under ${opened.nonce.split(" ").slice(1).join(", ")}`);
		seen.set(opened.nonce, bytes);
		// The address of the next board is before it.
		if (opened.next !== undefined) look(opened.inner, opened.text.subarray(6));
	};
	for (const { record, opened } of frames) look(opened, record.payload);
	return wrong;
}

function framesOpen({ frames }: SealedCourse): string[] {
	return frames.flatMap(({ record, opened }) => {
		const kind = sealedHead(record.payload)?.kind;
		if (kind === undefined || kind === "hello" || kind === "welcome" || kind === "join" || opened) return [];
		return [`the ${kind} of ${record.from} at ${record.timeMs} ms does not open`];
	});
}

function nothingReadable({ frames }: SealedCourse): string[] {
	return frames
		.filter(({ record }) => /q:|r:|OK /.test(record.payload.toString("latin1")) && sealedHead(record.payload) === undefined)
		.map(({ record }) => `${record.from} sent "${record.payload.toString("latin1")}" at ${record.timeMs} ms`);
}

/** Every time that a command ran or a report was taken. */
function runs({ log }: SealedCourse): Run[] {
	return log.flatMap(({ event, board, line, timeMs }) => {
		const id = event === "trace" ? /^run (\S+)/.exec(String(line))?.[1] : undefined;
		return id !== undefined && board !== null ? [{ id, board, timeMs }] : [];
	});
}

/** Frames that hold this request or report, in order. */
function framesOf({ frames }: SealedCourse, id: string): Frame[] {
	return frames.filter(({ opened }) => innermost(opened)?.text.toString("latin1").includes(`:${id}`));
}

function innermost(opened: Opened | undefined): Opened | undefined {
	return opened?.inner ? innermost(opened.inner) : opened;
}

function askOf({ scenario }: SealedCourse, id: string) {
	return scenario.asks[Number(id.split("-")[2])];
}

/** The board that a request or report is for. */
function targetOf(course: SealedCourse, id: string): string | undefined {
	const ask = askOf(course, id);
	if (!ask) return undefined;
	return course.macs[ask.what === "request" ? deviceOf(ask.device, course.scenario.boards) : 0];
}
