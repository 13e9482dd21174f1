import Sequencer from "@jest/test-sequencer";

/**
 * The files that take longest, in this order before all others, so that no worker is left with one of them at the end. The first four wait for
 * real time, while the other workers have the processors. A machine that has run the tests before knows the times of the rest.
 */
const FIRST = [
	"network/hardware-check",
	"browser/pages",
	"browser/strange-pages",
	"native/threads",
	"network/channels",
	"network/memory",
	"network/loss",
	"attacks/inputs",
	"network/hostile",
	"network/memory-budget",
	"attacks/attacks",
	"network/recovery",
	"network/adoption",
	"network/heap",
	"network/original",
	"attacks/inputs-lan",
];

export default class LongestFirst extends Sequencer {
	sort(tests) {
		const rank = ({ path }) => {
			const place = FIRST.findIndex((name) => path.endsWith(`/tests/${name}.test.ts`));
			return place < 0 ? FIRST.length : place;
		};
		return [...super.sort(tests)].sort((a, b) => rank(a) - rank(b));
	}
}
