import type { Hub } from "./hub";
import { type CheckId, type Finding, failed, type Line, TITLES } from "./lines";
import { numberAt } from "./look";
import type { Owner, Reply } from "./owner";

/** An uptime is told in whole seconds, and asking for it takes time, in s. */
const UPTIME_LEEWAY_S = 2;
const AGAIN_MS = 200;

export const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

export interface Device {
	/** As the report calls it. */
	readonly name: string;
	readonly mac: string;
	answers: boolean;
	hasRelay: boolean;
	/** What it told last, in s, and when; undefined: nothing from which a restart could be told. */
	uptime: { readonly s: number; readonly readAt: number } | undefined;
}

export interface SessionOptions {
	readonly hub: Pick<Hub, "get" | "json" | "send" | "retries">;
	readonly owner: Owner;
	/** MACs; none: those that the hub has heard. */
	readonly devices: readonly string[];
	readonly signedIn: boolean;
	readonly trips: number;
	/** A radio is played by datagrams, which a machine looks at every 20 ms: its times tell nothing of the air. */
	readonly simulated: boolean;
	/** Told of each line when it is done. */
	onLine(line: Line): void;
	/** What is being waited for. */
	progress(text: string): void;
}

/** What the checks of one run share: the hub, its devices, the lines so far. */
export class Session {
	readonly options: SessionOptions;
	readonly lines: Line[] = [];
	devices: readonly Device[] = [];
	/** The hub's status at the beginning. */
	before: unknown;
	/** Boards that restarted without being told. */
	readonly #restarted = new Set<string>();
	#startedAt = 0;

	constructor(options: SessionOptions) {
		this.options = options;
	}

	begin(status: unknown): void {
		this.before = status;
		this.#startedAt = performance.now();
	}

	get answering(): readonly Device[] {
		return this.devices.filter(({ answers }) => answers);
	}

	/** Carries out one check; an error that it throws is its failure. */
	async check(id: CheckId, subject: string, run: () => Promise<Finding>): Promise<void> {
		let finding: Finding;
		try {
			finding = await run();
		} catch (error) {
			finding = failed(error instanceof Error ? error.message : String(error));
		}
		const line: Line = { id, subject, title: TITLES[id], ...finding };
		this.lines.push(line);
		this.options.onLine(line);
	}

	/** Asks a device until it answers. @returns whether it did within this time */
	async answersWithin(device: Device, ms: number): Promise<boolean> {
		const until = performance.now() + ms;
		do {
			this.options.progress(`Waiting for ${device.name}.`);
			if ((await this.options.hub.send(device.mac, "uptime")).ok) return true;
			await sleep(AGAIN_MS);
		} while (performance.now() < until);
		return false;
	}

	/** A device has told its uptime: one that is less than it must be by now shows a restart. */
	noteUptime(device: Device, s: number): void {
		const readAt = performance.now();
		const { uptime } = device;
		if (uptime && isLess(s, uptime.s, readAt - uptime.readAt)) this.#restarted.add(device.name);
		device.uptime = { s, readAt };
	}

	/** @returns names of the boards that restarted by themselves, the hub's by its status now */
	restarted(status: unknown): readonly string[] {
		if (isLess(numberAt(status, "uptimeS"), numberAt(this.before, "uptimeS"), performance.now() - this.#startedAt))
			this.#restarted.add("hub");
		return [...this.#restarted];
	}
}

function isLess(uptimeS: number, beforeS: number, elapsedMs: number): boolean {
	return uptimeS < beforeS + elapsedMs / 1000 - UPTIME_LEEWAY_S;
}

/** @returns the uptime in s that a reply to `uptime` holds, undefined for another text */
export function uptimeIn(text: string): number | undefined {
	const found = /^OK \S+ (\d+)\+/.exec(text)?.[1];
	return found === undefined ? undefined : Number(found);
}

/** Why a check was left out that the owner did not grant. */
export function leftOut(reply: Reply): string {
	return reply === "no" ? "the owner said no" : "nobody answered";
}
