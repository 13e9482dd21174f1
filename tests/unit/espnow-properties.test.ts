import { expect, test } from "@jest/globals";
import { Comms } from "espnow/comms";
import type { AskResult } from "espnow/types";
import fc from "fast-check";
import { board, FakeRadio, FakeTime, partsOf, plainText } from "./espnow-fakes";

/** How often a property is tried; PROPERTY_RUNS asks for more. fast-check prints the seed of a run that fails. */
function runs(usual: number): number {
	return Number(process.env.PROPERTY_RUNS ?? usual);
}

/** What the air does with one frame, and how long the board takes to answer it. */
interface Luck {
	/** Lost; or heard, but its acknowledgement lost; or heard twice. */
	fate: "good" | "lost" | "unacked" | "twice" | "noStatus";
	airMs: number;
	answerMs: number;
}

const luck = fc.record({
	fate: fc.oneof(
		{ weight: 12, arbitrary: fc.constant("good" as const) },
		{ weight: 3, arbitrary: fc.constantFrom("lost" as const, "unacked" as const, "twice" as const) },
		{ weight: 1, arbitrary: fc.constant("noStatus" as const) },
	),
	airMs: fc.constantFrom(1, 1, 2, 3),
	answerMs: fc.constantFrom(0, 0, 0, 7, 300, 7900),
});

/**
 * Boards on one air that follows a list of strokes of luck. Links are first-in first-out; each board answers `<n>` with `OK <n> by <itself>`,
 * some at once and some later; one board may be mute: its radio acknowledges, it does nothing.
 */
function house(boards: number, mute: number, strokes: Luck[]) {
	const time = new FakeTime();
	const radios = new Map<string, FakeRadio>();
	const runs = new Map<string, number>();
	const errorsSent = new Map<string, number>();
	const requestsHeard = new Map<string, number>();
	const add = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
	const linkFreeAt = new Map<string, number>();
	let stroke = 0;
	const next = (): Luck => strokes[stroke++ % strokes.length] ?? { fate: "good", airMs: 1, answerMs: 0 };

	const carry = (from: string, to: string, text: string): { acked: boolean; ms: number } | null => {
		const { fate, airMs } = next();
		const target = radios.get(to);
		const arrives = Math.max(time.now() + airMs, linkFreeAt.get(from + to) ?? 0);
		linkFreeAt.set(from + to, arrives);
		const delivered = target && fate !== "lost";
		const deliver = () => radios.get(to)?.hear(from, text);
		if (delivered && to !== board(mute)) {
			time.set(deliver, arrives - time.now());
			if (fate === "twice") time.set(deliver, arrives - time.now());
		}
		if (fate === "noStatus") return null;
		return delivered && fate !== "unacked" ? { acked: true, ms: arrives - time.now() } : { acked: false, ms: 26 };
	};

	const engines = Array.from({ length: boards }, (_, n) => {
		const mac = board(n);
		const comms: Comms = new Comms({
			mac,
			openRadio: (onActivity) => {
				const radio = new FakeRadio(time, onActivity);
				radio.fate = (to, text) => {
					if (/^(Fail|Unknown)/.test(text)) add(errorsSent, `${mac} ${to}`);
					return carry(mac, to, text);
				};
				const hear = radio.hear.bind(radio);
				radio.hear = (from, frame, rssi) => {
					const text = String(frame);
					if (/^(q|!)/.test(text)) add(requestsHeard, `${mac} ${from}`);
					hear(from, frame, rssi);
				};
				radios.set(mac, radio);
				return radio;
			},
			clock: time,
			timers: time,
			random: { random: () => 0.5 },
			codecOf: () => plainText,
			handler: {
				isCommand: (text) => /^q\d+$/.test(text),
				isHarmless: () => true,
				handle(text) {
					add(runs, `${mac} ${text}`);
					const reply = `OK ${text} by ${n}`;
					const { answerMs } = next();
					if (answerMs === 0) return reply;
					return new Promise((resolve) => {
						time.set(() => resolve(reply), answerMs);
					});
				},
			},
			restartWiFi: () => comms.restartESPNow(),
			restartBoard: () => comms.restartESPNow(),
			trace: () => {},
		});
		comms.start();
		return comms;
	});
	return { time, engines, runs, radios, errorsSent, requestsHeard };
}

const question = fc.record({ from: fc.nat(4), to: fc.nat(4), over: fc.option(fc.nat(4)), at: fc.nat(12_000) });

async function play(
	boards: number,
	mute: number,
	strokes: Luck[],
	questions: { from: number; to: number; over: number | null; at: number }[],
) {
	const it = house(boards, mute, strokes);
	const verdicts: { question: string; target: number; asked: number; settled: number[]; result?: AskResult }[] = [];
	questions
		.toSorted((a, b) => a.at - b.at)
		.forEach(({ from, to, over, at }, n) => {
			const [asker, target, relay] = [from % boards, to % boards, over === null ? null : over % boards];
			const text = `q${n}`;
			const verdict = { question: text, target, asked: at, settled: [] as number[] } as (typeof verdicts)[number];
			verdicts.push(verdict);
			it.time.set(() => {
				const asked =
					relay === null || relay === target
						? it.engines[asker]?.ask(board(target), text)
						: it.engines[asker]?.ask(board(relay), `!${board(target)},${text}`);
				asked?.then((result) => {
					verdict.settled.push(it.time.now());
					verdict.result = result;
				});
			}, at);
		});
	await it.time.advance(32_000);
	return { ...it, verdicts };
}

const direct = question.map((q) => ({ ...q, over: null }));
const scenario = (kind: fc.Arbitrary<{ from: number; to: number; over: number | null; at: number }>) =>
	[
		fc.integer({ min: 2, max: 5 }),
		fc.constantFrom(-1, -1, 0, 1),
		fc.array(luck, { minLength: 20, maxLength: 60 }),
		fc.array(kind, { minLength: 1, maxLength: 12 }),
	] as const;

test("every request settles exactly once and by its deadline, whatever the air does", async () => {
	await fc.assert(
		fc.asyncProperty(...scenario(question), async (boards, mute, strokes, questions) => {
			const { verdicts } = await play(boards, mute, strokes, questions);
			for (const { asked, settled } of verdicts) {
				expect(settled).toHaveLength(1);
				expect((settled[0] ?? Infinity) - asked).toBeLessThanOrEqual(10_000);
			}
		}),
		{ numRuns: runs(70) },
	);
}, 120_000);

test("a reply is never given to another's caller, nor to a later caller of the same board", async () => {
	await fc.assert(
		fc.asyncProperty(...scenario(direct), async (boards, mute, strokes, questions) => {
			const { verdicts } = await play(boards, mute, strokes, questions);
			for (const { question, target, result } of verdicts) {
				if (result?.ok) expect(result.reply).toMatch(new RegExp(`^OK ${question} by ${target}( -50)?$`));
			}
		}),
		{ numRuns: runs(70) },
	);
}, 120_000);

test("a relayed reply is never given to another's caller either", async () => {
	await fc.assert(
		fc.asyncProperty(...scenario(question), async (boards, mute, strokes, questions) => {
			const { verdicts } = await play(boards, mute, strokes, questions);
			for (const { question, target, result } of verdicts) {
				if (result?.ok) expect(result.reply).toMatch(new RegExp(`^(OK ${question} by ${target}( -50)?|Fail .*)$`));
			}
		}),
		{ numRuns: runs(70) },
	);
}, 120_000);

test("every frame that came in is counted once, and no error is answered with an error", async () => {
	await fc.assert(
		fc.asyncProperty(...scenario(question), async (boards, mute, strokes, questions) => {
			const { engines, errorsSent, requestsHeard } = await play(boards, mute, strokes, questions);
			for (const [pair, count] of errorsSent) expect(count).toBeLessThanOrEqual(requestsHeard.get(pair) ?? 0);
			for (const engine of engines) {
				const { counters } = engine.snapshot();
				expect(partsOf(counters)).toBe(counters.framesIn);
				expect(counters.events.fault).toBeUndefined();
			}
		}),
		{ numRuns: runs(50) },
	);
}, 120_000);

test("when all is settled nothing is left over: no request, no answer, no frame, no flag", async () => {
	await fc.assert(
		fc.asyncProperty(...scenario(question), async (boards, mute, strokes, questions) => {
			const { engines, radios } = await play(boards, mute, strokes, questions);
			for (const engine of engines) {
				expect(engine.snapshot()).toMatchObject({ sending: false, requestToSend: false, requests: { open: 0, unsent: 0 } });
			}
			for (const radio of radios.values()) expect(radio.mostInFlight).toBeLessThanOrEqual(8);
		}),
		{ numRuns: runs(50) },
	);
}, 120_000);

test("on a good air every request gets its reply", async () => {
	const good = luck.map((stroke) => ({ ...stroke, fate: "good" as const, answerMs: 0 }));
	await fc.assert(
		fc.asyncProperty(
			fc.integer({ min: 3, max: 5 }),
			fc.array(good, { minLength: 20 }),
			fc.array(question),
			async (boards, strokes, questions) => {
				const { verdicts } = await play(boards, -1, strokes, questions);
				for (const { result } of verdicts)
					if (!(result && !result.ok && result.reason === "loop")) expect(result).toMatchObject({ ok: true });
			},
		),
		{ numRuns: runs(50) },
	);
}, 120_000);
