import fc from "fast-check";
import { play } from "./play";
import { judge } from "./rules";
import { isDecidable, type Scenario, scenario } from "./scenario";

/** What became of a search for a scenario that breaks a rule. */
export interface Found {
	readonly runs: number;
	/** Inputs that were made and not tried, see {@link isDecidable}. */
	readonly rejected: number;
	/** fast-check's; with it the same scenarios come again. */
	readonly seed: number;
	/** The smallest scenario found that breaks a rule, and what it breaks. */
	readonly failure?: { readonly scenario: Scenario; readonly wrong: readonly string[] };
}

/** Tries so many scenarios. A failing one is made smaller for as long as `patienceMs`. */
export function search(runs: number, seed: number, patienceMs = 120_000): Found {
	let failedAt = 0;
	const property = fc.property(scenario, (each) => {
		fc.pre(isDecidable(each));
		if (failedAt > 0 && Date.now() - failedAt > patienceMs) return;
		const wrong = judge(play(each));
		if (wrong.length === 0) return;
		failedAt ||= Date.now();
		throw new Error(wrong.join("\n"));
	});
	const details = fc.check(property, { numRuns: runs, seed });
	const { numRuns, numSkips, counterexample, errorInstance } = details;
	const found = { runs: numRuns, rejected: numSkips, seed: details.seed };
	const smallest = counterexample?.[0];
	if (!smallest) return found;
	const wrong = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
	return { ...found, failure: { scenario: smallest, wrong: wrong.split("\n") } };
}

/** For people: one line, and what is wrong with the scenario to keep, if anything is. */
export function summary(found: readonly Found[]): string {
	const sum = (pick: (each: Found) => number) => found.reduce((all, each) => all + pick(each), 0);
	const failures = found.flatMap(({ failure }) => failure ?? []);
	const seeds = found.map(({ seed }) => seed).join(" ");
	const lines = [
		`properties: ${sum(({ runs }) => runs)} runs over real boards, ${sum(({ rejected }) => rejected)} inputs rejected, ${failures.length} failed; seeds ${seeds}`,
		...failures.flatMap(({ scenario, wrong }) => [...wrong, `keep it in tests/properties/past: ${JSON.stringify(scenario)}`]),
	];
	return lines.join("\n");
}
