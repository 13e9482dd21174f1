import { sameBoard } from "common/mac";
import type { Asker, AskResult, Clock } from "./types";

/** Between two questions to the own hub, and between two to anybody else, in ms. */
const PAUSE_MS = 5_000;
/** How long a board has for its answer, in ms. */
const ROLE_MS = 2_000;
/** So long a hub has been silent before another one may take its place, in ms. */
const ORPHAN_MS = 3_600_000;
/** A hub that was told of an orphan, or of another country, is told again after this time: it may have restarted, or be another one's by now. In ms. */
const TELL_MS = 600_000;
/** The own hub is asked for its role and country from this clock time on, in ms: when the power comes back to a whole house the air is for other things. */
const FIRST_ASK_MS = 120_000;
/** A hub that stated its country is asked again after this time, in ms: people may have changed it. */
const COUNTRY_MS = 3_600_000;

/** What a board says it is: `original` knows no such question; `silent` did not answer it. */
type Role = "hub" | "device" | "original" | "silent";
/** A hub that was told what this board is, and pings, has restarted since if that is so long ago, in ms: a ping alone may be its way out of a doubt. */
const TOLD_MS = 30_000;

type Ask = (text: string) => Promise<AskResult>;

export interface HubWatchOptions {
	comms: Asker;
	/** MAC of this device's hub, "" when it has none. */
	hub(): string;
	/** This device has a hub from now on. */
	adopt(mac: string): void;
	/** This device's country. */
	store: { readonly configuration: { readonly country: string } };
	clock: Clock;
}

/**
 * Which board is this device's hub. Boards are asked for their `role` right after their radio acknowledged our reply: a board with the original's code
 * then waits for nobody's reply, and answers `Unknown message`. One question at a time, and not more than one in some seconds, whoever sends how much.
 */
export class HubWatch {
	readonly #options: HubWatchOptions;
	/** The hub that the next six are about. */
	#hub = "";
	/** The country that it stated, "" when it did not. */
	#hubCountry = "";
	/** Clock time in ms from which on it is to be asked at its next request, and whether that has come. */
	#dueAt = FIRST_ASK_MS;
	#isDue = false;
	/** Whether it said that it is a hub (or is an original board, which cannot say), or that it is a device. */
	#isHub = false;
	#isDevice = false;
	/** When it was last met, in clock ms. */
	#metAt = 0;
	#other = "";
	#otherAt = 0;
	#asking = false;
	#nextOwnAt = 0;
	/** When it was last told what this board is, in clock ms. */
	#toldAt = -TOLD_MS;
	#isPinged = false;
	#nextAt = 0;

	constructor(options: HubWatchOptions) {
		this.#options = options;
		this.#hub = options.hub();
	}

	/** Our reply to a request of a board was acknowledged. Only a device asks the board that is to be its hub for its role. */
	answered(mac: string, request: string): void {
		// Nearly always it is the own hub that asked. Which that is was looked at before; if it is another one by now, this has time.
		if (mac === this.#hub && !this.#isDue && !request.startsWith("role")) return;
		const { clock } = this.#options;
		const hub = this.current();
		const now = clock.now();
		if (hub !== "" && sameBoard(mac, hub)) {
			if ((this.#isDue || (isRoleQuestion(request) && !this.#isHub)) && now >= this.#nextOwnAt) this.question(mac, now);
		} else if (now >= this.#nextAt && (hub === "" || this.isOrphan(now))) this.question(mac, now);
	}

	/**
	 * The own hub pings: it is none with the original's code, and does not know that this board is none either. The question for its role tells it, a moment
	 * later: the ping may go before a request of its own, which must not be taken for a reply.
	 */
	pinged(): void {
		this.#isPinged = true;
	}

	/**
	 * The own hub was found, as far as its channel shows: is it one?
	 * @param ask sends it a request, on whatever way it was found
	 * @param isDirect whether that is not through a relay, for whose country the hub would take this one's
	 */
	async confirm(ask: Ask, isDirect: boolean): Promise<boolean> {
		const hub = this.current();
		if (!this.#isHub) {
			const result = await ask(isDirect ? this.roleQuestion() : "role");
			if (hub === this.current()) this.learn(result, isDirect);
		}
		if (!this.#isDevice) this.#metAt = this.#options.clock.now();
		return !this.#isDevice;
	}

	/** The board that this device has for its hub said that it is a device. */
	get isHubDevice(): boolean {
		return this.current() !== "" && this.#isDevice;
	}

	/** A hub that asks this device while its own has been silent for an hour; "" when there is none. */
	get otherHub(): string {
		this.current();
		return this.#other !== "" && this.lastMet() < this.#otherAt ? this.#other : "";
	}

	/** What people have to know, "" when all is well. */
	get trouble(): string {
		return this.isHubDevice ? `the hub's MAC ${this.#hub} is a device's, not a hub's: set the hub's own` : "";
	}

	/** The same where the hub has another country. */
	get countryTrouble(): string {
		if (!this.isElsewhere()) return "";
		return `the hub ${this.#hub} has country ${this.#hubCountry}, this device ${this.#options.store.configuration.country}: set the same country on both`;
	}

	/** Once a second. */
	tick(now: number): void {
		if (now >= this.#dueAt) this.#isDue = true;
		if (!this.#isPinged) return;
		this.#isPinged = false;
		const hub = this.current();
		if (hub !== "" && now - this.#toldAt >= TOLD_MS && now >= this.#nextOwnAt) this.question(hub, now);
	}

	/** The hub stated another country than this device's. */
	private isElsewhere(): boolean {
		return this.current() !== "" && this.#hubCountry !== "" && this.#hubCountry !== this.#options.store.configuration.country;
	}

	/** The question to the own hub tells it this device's country. */
	private roleQuestion(): string {
		return `role ${this.#options.store.configuration.country}`;
	}

	private current(): string {
		const hub = this.#options.hub();
		if (hub === this.#hub) return hub;
		this.#hub = hub;
		this.#isHub = false;
		this.#isDevice = false;
		this.#hubCountry = "";
		this.#other = "";
		this.#metAt = this.#options.clock.now();
		this.askAt(Math.max(FIRST_ASK_MS, this.#metAt));
		return hub;
	}

	private lastMet(): number {
		return Math.max(this.#metAt, this.#options.comms.heardAt(this.#hub));
	}

	private isOrphan(now: number): boolean {
		return now - this.lastMet() >= ORPHAN_MS;
	}

	private askAt(dueAt: number): void {
		this.#dueAt = dueAt;
		this.#isDue = false;
	}

	/** What the own hub said to the question for its role. @param isTold whether the question told it this device's country */
	private learn(result: AskResult, isTold = true): void {
		const role = roleOf(result);
		if (role === "silent") return;
		this.#isDevice = role === "device";
		this.#isHub = !this.#isDevice;
		this.#hubCountry = role === "hub" ? countryOf(result) : "";
		// An original board knows no such question, and no country.
		if (role === "original") this.askAt(Number.POSITIVE_INFINITY);
		else if (isTold) {
			this.#toldAt = this.#options.clock.now();
			this.askAt(this.#options.clock.now() + (this.isElsewhere() ? TELL_MS : COUNTRY_MS));
		}
	}

	private question(mac: string, now: number): void {
		if (this.#asking) return;
		this.#asking = true;
		if (sameBoard(mac, this.#hub)) {
			this.#nextOwnAt = now + PAUSE_MS;
			this.askAt(now + TELL_MS);
		} else this.#nextAt = now + PAUSE_MS;
		void this.#ask(mac).finally(() => {
			this.#asking = false;
		});
	}

	/** What it calls never rejects. */
	async #ask(mac: string): Promise<void> {
		const { comms, adopt, clock } = this.#options;
		const before = this.current();
		const isOwn = before === "" || sameBoard(mac, before);
		const result = await comms.ask(mac, isOwn ? this.roleQuestion() : "role", { timeoutMs: ROLE_MS });
		const role = roleOf(result);
		const hub = this.current();
		const now = clock.now();
		if (hub === "") {
			if (role !== "hub" && role !== "original") return;
			adopt(mac);
			this.current();
			this.learn(result);
		} else if (sameBoard(mac, hub)) this.learn(result, isOwn);
		else if (role === "hub" && this.isOrphan(now)) {
			this.#other = mac;
			this.#otherAt = now;
			this.#nextAt = now + TELL_MS;
			await comms.ask(mac, `orphan ${hub}`, { timeoutMs: ROLE_MS });
		}
	}
}

function isRoleQuestion(request: string): boolean {
	return request === "role" || request.startsWith("role ");
}

function roleOf(result: AskResult): Role {
	if (!result.ok) return "silent";
	const { reply } = result;
	if (reply === "OK hub" || reply.startsWith("OK hub ")) return "hub";
	if (reply === "OK device" || reply.startsWith("OK device ")) return "device";
	return reply.startsWith("Unknown message") ? "original" : "silent";
}

/** The country behind `OK hub`, "" when there is none, as older boards say. */
function countryOf(result: AskResult): string {
	return (result.ok && /^OK hub ([0-9A-Z]{2})(?: |$)/.exec(result.reply)?.[1]) || "";
}
