import { columns } from "../../sim/tools/table";
import type { CheckId, Line, Verdict } from "./lines";

/** What is kept of a run: fit to be shown to anybody. */
export interface Report {
	/** Of this form. */
	readonly format: 1;
	readonly version: string;
	readonly trips: number;
	readonly seconds: number;
	readonly counts: Readonly<Record<Verdict, number>>;
	readonly lines: readonly Line[];
}

/** The virtual boards' values for the same list, by check. */
export type Reference = Readonly<Record<string, string>>;

const MARKS: Readonly<Record<Verdict, string>> = { passed: "ok", failed: "FAILED", skipped: "skipped" };

/**
 * Takes out of a text what tells where it comes from: boards' addresses, addresses of the network, and the given words (names, passwords).
 * A board's own sentence may hold any of them.
 */
export function withoutNames(text: string, words: readonly string[]): string {
	let clean = text;
	// The longest first: a name may be part of another one.
	for (const word of words.filter((each) => each.length > 1).sort((a, b) => b.length - a.length)) clean = clean.replaceAll(word, "<name>");
	return clean
		.replace(/\b[0-9a-f]{2}(?:[:-]?[0-9a-f]{2}){5}\b/gi, "<mac>")
		.replace(/[0-9a-f]{12}/gi, "<mac>")
		.replace(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, "<address>");
}

export function makeReport(options: {
	version: string;
	trips: number;
	seconds: number;
	lines: readonly Line[];
	words: readonly string[];
}): Report {
	const lines = options.lines.map((line) => ({ ...line, value: withoutNames(line.value, options.words) }));
	const count = (verdict: Verdict) => lines.filter((line) => line.verdict === verdict).length;
	return {
		format: 1,
		version: withoutNames(options.version, options.words),
		trips: options.trips,
		seconds: Math.round(options.seconds),
		counts: { passed: count("passed"), failed: count("failed"), skipped: count("skipped") },
		lines,
	};
}

/** Of several devices the first one's value stands for all. */
export function referenceOf(report: Report): Reference {
	const values: Record<string, string> = {};
	for (const { id, verdict, value } of report.lines) if (verdict === "passed") values[id] ??= value;
	return values;
}

function rows(report: Report, reference: Reference): string[][] {
	return [
		["", "board", "check", "here", "virtual boards"],
		...report.lines.map((line) => [
			MARKS[line.verdict],
			line.subject,
			line.title,
			line.value,
			reference[line.id satisfies CheckId | string] ?? "",
		]),
	];
}

function summary({ counts, seconds }: Report): string {
	return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped, in ${seconds} s.`;
}

/** For a terminal. */
export function asTable(report: Report, reference: Reference): string {
	return `${columns(rows(report, reference))}\n\n${summary(report)}\n`;
}

/** For an issue. */
export function asMarkdown(report: Report, reference: Reference): string {
	const cell = (text: string) => text.replaceAll("|", "\\|").replace(/[\r\n]+/g, " ");
	const [head = [], ...body] = rows(report, reference).map((row) => `| ${row.map(cell).join(" | ")} |`);
	const rule = `| ${Array(5).fill("---").join(" | ")} |`;
	const title = `# Hardware check, firmware ${report.version}, ${report.trips} round trips`;
	return [title, "", summary(report), "", head, rule, ...body, ""].join("\n");
}
