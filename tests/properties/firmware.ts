import { alteredApp } from "../../sim/build/altered-app";
import { LEDGER } from "../soak/ledger";

/** A request of a board's plan, as its firmware is given it. */
export interface Planned {
	/** Its place in the plan. */
	readonly n: number;
	/** After the start of ESP-NOW, in ms. */
	readonly atMs: number;
	readonly to: string;
	/** Put in front of the message: the boards that pass it on. */
	readonly path: string;
	/** A report is for the hub that owns the board. */
	readonly message: "question" | "ping" | "report";
	readonly answerMs: number;
}

/** The board carries out its plan when ESP-NOW starts for the first time in a life. */
const COMMS = `
import * as shipped from "espnow/comms-shipped";
import { begin } from "properties/plan";
export class Comms extends shipped.Comms {
	#begun = false;
	constructor(options) {
		super({
			...options,
			onReport(mac, text) {
				if (text.startsWith("r:")) trace("run " + text.slice(2) + "\\n");
				options.onReport?.(mac, text);
			},
		});
	}
	start() {
		super.start();
		if (this.#begun) return;
		this.#begun = true;
		begin(this);
	}
}
`;

/**
 * Lines that it traces: \`ask <id>\`, and \`got <id> <1 | 0> <reply | reason>\` for each time that a request is settled. An id is unlike any other,
 * also unlike those of the same board's other lives.
 */
const PLAN = `
import config from "mc/config";
import Timer from "timer";
export function begin(comms) {
	const life = Math.floor(Math.random() * 0x100000).toString(16);
	for (const { n, atMs, to, path, message, answerMs } of config.plan) {
		Timer.set(() => {
			const id = config.self + "-" + life + "-" + n;
			trace("ask " + id + "\\n");
			const settled = message === "report" ? comms.report("r:" + id)
				: comms.ask(to, path + (message === "ping" ? "ping" : "q:" + id + ";" + answerMs));
			settled.then((result) => {
				trace("got " + id + " " + (result.ok ? "1 " + result.reply : "0 " + result.reason) + "\\n");
			});
		}, atMs);
	}
}
`;

/** Every board understands \`q:<id>;<ms>\`: it answers \`OK <id> by <its number>\`, so much later; each time it is run it traces \`run <id>\`. */
const COMMANDS = `
import config from "mc/config";
import Timer from "timer";
import * as shipped from "handler/handler-shipped";
const question = {
	name: "q:", argument: "attached", help: "a question", who: "anyone",
	run(args) {
		const [id, ms] = args.split(";");
		trace("run " + id + "\\n");
		const reply = "OK " + id + " by " + config.self;
		return ms === "0" ? reply : new Promise((resolve) => Timer.set(() => resolve(reply), Number(ms)));
	},
};
export class Handler extends shipped.Handler {
	constructor(options) {
		super(options);
		this.add(question);
	}
}
`;

/** Writes the firmware of one board with its plan. @returns the path of its app.json */
export function plannedApp(shipped: string, folder: string, self: number, plan: readonly Planned[]): string {
	const modules = { ...LEDGER, "espnow/comms": COMMS, "properties/plan": PLAN, "handler/handler": COMMANDS };
	return alteredApp({ shipped, folder, modules, config: { self, plan }, name: `board-${self}.json` });
}
