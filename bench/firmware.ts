import { mkdirSync } from "node:fs";
import { alteredApp } from "../sim/build/altered-app";

const SHIPPED = "build/virtual/app.json";

/**
 * What a board of the bench has besides the firmware that ships. `like:…` answers a text of the length of the request (the rssi that is
 * appended makes up for what is left out). `bench:<plan>` on the hub asks by itself, straight through `Comms.ask`, so that nothing of the
 * web server is measured; what it finds it tells by trace.
 */
const COMMS = `import * as shipped from "espnow/comms-shipped";
export class Comms extends shipped.Comms {
	constructor(options) {
		super(options);
		globalThis.bench = { comms: this, clock: options.clock };
	}
}
`;

const COMMANDS = `import Timer from "timer";
import { run } from "bench/run";
import * as shipped from "handler/handler-shipped";
const like = { name: "like:", argument: "attached", help: "a reply as long", who: "anyone", run: (args) => "OK e:" + args.slice(0, -4) };
const bench = {
	name: "bench:", argument: "attached", help: "measures", who: "anyone",
	run(args) {
		const plan = JSON.parse(args);
		Timer.set(() => run(plan), 0);
		return "OK";
	},
};
export class Handler extends shipped.Handler {
	constructor(options) {
		super(options);
		this.add(like);
		this.add(bench);
	}
}
`;

/** Runs on the hub. A line \`b <request> <asked at, ms> <1 | reason>\` for each result unless the plan is quiet, \`e <answered> <failed>\` at the end. */
const RUN = `import Timer from "timer";
const mac = (index) => (0x34b4720a1000 + 4 * index).toString(16);
export function run(plan) {
	const { comms, clock } = globalThis.bench;
	const { from, count, times, bytes, via = [], pause = 0, quiet, skip = -1 } = plan;
	let path = "";
	for (let i = 1; i < via.length; i++) path += "!" + mac(via[i]) + ",";
	if (via.length) path += "!" + mac(from) + ",";
	const fill = "x".repeat(bytes);
	const endsAt = plan.ms ? clock.now() + plan.ms : Infinity;
	let next = 0, open = 0, answered = 0, failed = 0, text = "", to = "";
	// Address and text are made before they are needed, so that making them is not measured.
	function prepare() {
		if (next === skip) next++;
		const start = path + "like:" + next + ".";
		to = mac(via.length ? via[0] : from + next % count);
		text = start + fill.slice(start.length - path.length);
	}
	function ask() {
		const id = next++;
		const at = clock.now();
		open++;
		comms.ask(to, text).then((result) => {
			open--;
			const ok = result.ok && result.reply.startsWith("e:" + id + ".", 3);
			if (ok) answered++; else failed++;
			if (!quiet) trace("b " + id + " " + at + " " + (ok ? 1 : result.reason ?? result.reply) + "\\n");
			settled();
		});
	}
	function more() {
		if (next >= times || clock.now() >= endsAt) return false;
		prepare();
		return true;
	}
	function settled() {
		if (!more()) {
			if (!open) done();
		} else if (pause) Timer.set(ask, pause);
		else ask();
	}
	function done() {
		trace("e " + answered + " " + failed + "\\n");
	}
	while (next < plan.open && next < times) {
		prepare();
		if (next < times) ask();
	}
}
`;

/** Writes the bench's firmware beside the one that ships. @returns the path of its app.json */
export function benchFirmware(folder = "build/bench/firmware"): string {
	mkdirSync(folder, { recursive: true });
	const modules = { "bench/run": RUN, "espnow/comms": COMMS, "handler/handler": COMMANDS };
	return alteredApp({ shipped: SHIPPED, folder, modules, preload: ["bench/run", "espnow/comms-shipped", "handler/handler-shipped"] });
}
