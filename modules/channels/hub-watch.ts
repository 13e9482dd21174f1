import { isMac, sameBoard } from "common/mac";
import type { Asker, AskResult, Clock } from "./types";

/** Between two questions to the own hub, and between two to anybody else, in ms. */
const PAUSE_MS = 5_000;
/** How long a board has for its answer, in ms. */
const ROLE_MS = 2_000;
/** So long a hub has been silent before another one may take its place, in ms. */
const ORPHAN_MS = 3_600_000;
/** A hub that was told of an orphan is told again after this time: it may have restarted. In ms. */
const TELL_MS = 600_000;

/** What a board says it is: `original` knows no such question; `silent` did not answer it. */
type Role = "hub" | "device" | "original" | "silent";
type Ask = (text: string) => Promise<AskResult>;

export interface HubWatchOptions {
	comms: Asker;
	/** MAC of this device's hub, "" when it has none. */
	hub(): string;
	/** This device has a hub from now on. */
	adopt(mac: string): void;
	clock: Clock;
}

/**
 * Which board is this device's hub. Boards are asked for their `role` right after their radio acknowledged our reply: a board with the original's code
 * then waits for nobody's reply, and answers `Unknown message`. One question at a time, and not more than one in some seconds, whoever sends how much.
 */
export class HubWatch {
	readonly #options: HubWatchOptions;
	/** The hub that the next three are about. */
	#hub = "";
	/** Whether it said that it is a hub (or is an original board, which cannot say), or that it is a device. */
	#isHub = false;
	#isDevice = false;
	/** When it was last met, in clock ms. */
	#metAt = 0;
	#other = "";
	#otherAt = 0;
	#asking = false;
	#nextOwnAt = 0;
	#nextAt = 0;

	constructor(options: HubWatchOptions) {
		this.#options = options;
	}

	/** Our reply to a request of a board was acknowledged. Only a device asks the board that is to be its hub for its role. */
	answered(mac: string, request: string): void {
		// Nearly always it is the own hub that asked. Which that is was looked at before; if it is another one by now, this has time.
		if (mac === this.#hub && request !== "role") return;
		const { clock } = this.#options;
		const hub = this.#current();
		const now = clock.now();
		if (hub !== "" && sameBoard(mac, hub)) {
			if (request === "role" && !this.#isHub && now >= this.#nextOwnAt) this.#question(mac, now);
		} else if (now >= this.#nextAt && (hub === "" || this.#isOrphan(now))) this.#question(mac, now);
	}

	/**
	 * The own hub was found, as far as its channel shows: is it one?
	 * @param ask sends it a request, on whatever way it was found
	 */
	async confirm(ask: Ask): Promise<boolean> {
		const hub = this.#current();
		if (!this.#isHub) {
			const role = roleOf(await ask("role"));
			if (hub === this.#current()) this.#learn(role);
		}
		if (!this.#isDevice) this.#metAt = this.#options.clock.now();
		return !this.#isDevice;
	}

	/** The board that this device has for its hub said that it is a device. */
	get isHubDevice(): boolean {
		return this.#current() !== "" && this.#isDevice;
	}

	/** A hub that asks this device while its own has been silent for an hour; "" when there is none. */
	get otherHub(): string {
		this.#current();
		return this.#other !== "" && this.#lastMet() < this.#otherAt ? this.#other : "";
	}

	/** What people have to know, "" when all is well. */
	get trouble(): string {
		return this.isHubDevice ? `the hub's MAC ${this.#hub} is a device's, not a hub's: set the hub's own` : "";
	}

	#current(): string {
		const hub = this.#options.hub();
		if (hub === this.#hub) return hub;
		this.#hub = hub;
		this.#isHub = false;
		this.#isDevice = false;
		this.#other = "";
		this.#metAt = this.#options.clock.now();
		return hub;
	}

	#lastMet(): number {
		return Math.max(this.#metAt, this.#options.comms.heardAt(this.#hub));
	}

	#isOrphan(now: number): boolean {
		return now - this.#lastMet() >= ORPHAN_MS;
	}

	#learn(role: Role): void {
		if (role === "silent") return;
		this.#isDevice = role === "device";
		this.#isHub = !this.#isDevice;
	}

	#question(mac: string, now: number): void {
		if (this.#asking) return;
		this.#asking = true;
		if (sameBoard(mac, this.#hub)) this.#nextOwnAt = now + PAUSE_MS;
		else this.#nextAt = now + PAUSE_MS;
		void this.#ask(mac).finally(() => {
			this.#asking = false;
		});
	}

	/** What it calls never rejects. */
	async #ask(mac: string): Promise<void> {
		const { comms, adopt, clock } = this.#options;
		const role = roleOf(await comms.ask(mac, "role", { timeoutMs: ROLE_MS }));
		const hub = this.#current();
		const now = clock.now();
		if (hub === "") {
			if (role === "hub" || role === "original") adopt(mac);
		} else if (sameBoard(mac, hub)) this.#learn(role);
		else if (role === "hub" && this.#isOrphan(now)) {
			this.#other = mac;
			this.#otherAt = now;
			this.#nextAt = now + TELL_MS;
			await comms.ask(mac, `orphan ${hub}`, { timeoutMs: ROLE_MS });
		}
	}
}

function roleOf(result: AskResult): Role {
	if (!result.ok) return "silent";
	const { reply } = result;
	if (reply === "OK hub" || reply.startsWith("OK hub ")) return "hub";
	if (reply === "OK device" || reply.startsWith("OK device ")) return "device";
	return reply.startsWith("Unknown message") ? "original" : "silent";
}

/** So many devices without their hub are remembered, the last ones that said so. */
const ORPHANS = 8;

/** A hub: devices that asked for another hub's place to be taken. Anybody on the radio can say so: it is shown to people, and nothing follows from it. */
export class Orphans {
	readonly #list: { mac: string; hub: string }[] = [];

	/** A device says that its own hub is silent. @returns false when that is no MAC */
	add(mac: string, hub: string): boolean {
		if (!isMac(mac) || !isMac(hub)) return false;
		const index = this.#list.findIndex((each) => each.mac === mac);
		if (index >= 0) this.#list.splice(index, 1);
		else if (this.#list.length >= ORPHANS) this.#list.shift();
		this.#list.push({ mac, hub });
		return true;
	}

	/** MAC of each device, and of the hub that it has. */
	view(): readonly { readonly mac: string; readonly hub: string }[] {
		return this.#list;
	}
}
