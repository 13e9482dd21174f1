import fc from "fast-check";
import { play } from "./play";
import { judge } from "./rules";
import { isDecidable, scenario } from "./scenario";
import { playSealed } from "./sealed-play";
import { judgeSealed } from "./sealed-rules";
import { sealedScenario } from "./sealed-scenario";

/** Sorts of houses: how a random one is made and tried. `wrong` says what it breaks; undefined: it cannot be told. */
interface Sort<Scenario> {
	readonly scenario: fc.Arbitrary<Scenario>;
	readonly wrong: (scenario: Scenario) => readonly string[] | undefined;
}

const plain = sort({ scenario, wrong: (each) => (isDecidable(each) ? judge(play(each)) : undefined) });
const sealed = sort({ scenario: sealedScenario, wrong: (each) => judgeSealed(playSealed(each)) });

export const HOUSES = { plain, sealed } as const;
export type House = keyof typeof HOUSES;

/** The scenario's own type is nobody else's affair. */
function sort<Scenario>({ scenario: arbitrary, wrong }: Sort<Scenario>) {
	return (runs: number, seed: number, patienceMs: number) => searchFor(arbitrary, wrong, runs, seed, patienceMs);
}

/** What became of a search for a scenario that breaks a rule. */
export interface Found {
	readonly runs: number;
	/** Inputs that were made and not tried, see {@link isDecidable}. */
	readonly rejected: number;
	/** fast-check's; with it the same scenarios come again. */
	readonly seed: number;
	/** The smallest scenario found that breaks a rule, and what it breaks. */
	readonly failure?: { readonly house: House; readonly scenario: unknown; readonly wrong: readonly string[] };
}

/** Tries so many scenarios. A failing one is made smaller for as long as `patienceMs`. */
export function search(house: House, runs: number, seed: number, patienceMs = 120_000): Found {
	const { failure, ...found } = HOUSES[house](runs, seed, patienceMs);
	return failure ? { ...found, failure: { house, ...failure } } : found;
}

function searchFor<Scenario>(
	scenarios: fc.Arbitrary<Scenario>,
	broken: Sort<Scenario>["wrong"],
	runs: number,
	seed: number,
	patienceMs: number,
): Omit<Found, "failure"> & { failure?: { scenario: Scenario; wrong: readonly string[] } } {
	let failedAt = 0;
	const property = fc.property(scenarios, (each) => {
		if (failedAt > 0 && Date.now() - failedAt > patienceMs) return;
		const wrong = broken(each);
		fc.pre(wrong !== undefined);
		if (!wrong || wrong.length === 0) return;
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
		...failures.flatMap(({ house, scenario: kept, wrong }) => [
			...wrong,
			`keep it in tests/properties/past${house === "plain" ? "" : `-${house}`}: ${JSON.stringify(kept)}`,
		]),
	];
	return lines.join("\n");
}
