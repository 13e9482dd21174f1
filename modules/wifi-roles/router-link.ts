import { ASSOC_LEAVE, reasonWords } from "./reasons";

/** How often the last known channel is looked at while the router is away, in ms: one channel costs the radio 120 ms. */
const QUICK_LOOK_MS = 5_000;
/** How often all channels are searched, in ms: a full round makes the hub deaf for about two seconds. */
const FULL_SEARCH_MS = 30_000;
/** After this time without a word from the driver an attempt counts as failed, in ms. */
const SILENT_ATTEMPT_MS = 20_000;

/** What the link needs of the driver; numbers are `esp_err_t`. */
export interface StationDriver {
	setStation(options: { ssid: string; password: string }): number;
	connect(): number;
	disconnect(): number;
	scan(options: { ssid: string; channel: number }): number;
}

export interface RouterCredentials {
	ssid: string;
	password: string;
}

/** What people have set, read anew whenever it is needed. */
interface CredentialStore {
	readonly configuration: { readonly router: RouterCredentials };
}

type LinkState = "idle" | "connecting" | "scanning" | "joined" | "waiting";

/**
 * Joins the router and keeps joining: at once after a loss, then the last channel every 5 s and all channels every 30 s.
 * While somebody uses the setup access point it only tries with new credentials, since a search would throw the client off.
 * Driven by the driver's events and by `tick`; times in ms. Nothing is ever given up or erased because the router is away.
 */
export class RouterLink {
	readonly #driver: () => StationDriver | undefined;
	readonly #store: CredentialStore;
	#state: LinkState = "idle";
	#lastChannel: number;
	#dirty = true;
	#reason = 0;
	#tries = 0;
	#sinceMs = 0;
	#quickMs = 0;
	#fullMs = 0;

	/** @param lastChannel the last confirmed channel, 0 when there is none */
	constructor(options: { driver: () => StationDriver | undefined; store: CredentialStore; lastChannel: number }) {
		this.#driver = options.driver;
		this.#store = options.store;
		this.#lastChannel = options.lastChannel;
	}

	get joined(): boolean {
		return this.#state === "joined";
	}

	/** The driver is (again) at its beginning: its station has no credentials and is not joined. */
	driverRestarted(): void {
		this.#state = "idle";
		this.#dirty = true;
	}

	/** Starts joining; every channel is searched. */
	begin(nowMs: number): void {
		if (this.#store.configuration.router.ssid === "") {
			this.#state = "idle";
			return;
		}
		this.#connect(nowMs);
	}

	/** The router's name or password was changed by a person: try them now, also under a client. */
	credentialsChanged(nowMs: number): void {
		this.#dirty = true;
		if (this.#state === "connecting" || this.#state === "joined") this.#driver()?.disconnect();
		else if (this.#state !== "scanning") this.begin(nowMs);
	}

	onJoined(channel: number): void {
		this.#state = "joined";
		this.#lastChannel = channel;
		this.#reason = 0;
	}

	/** The router moved with an announcement: the link stands, on another channel. */
	onMoved(channel: number): void {
		if (this.#state === "joined") this.#lastChannel = channel;
	}

	onLost(reason: number, nowMs: number): void {
		const wasJoined = this.#state === "joined";
		if (reason !== ASSOC_LEAVE) this.#reason = reason;
		this.#state = "waiting";
		if (this.#dirty || wasJoined) this.begin(nowMs);
	}

	/** @param channel where the router was seen, 0 when it was not */
	onScanned(channel: number, nowMs: number): void {
		if (this.#state !== "scanning") return;
		this.#state = "waiting";
		if (this.#dirty || channel !== 0) this.#connect(nowMs);
	}

	/** To be called about once a second. @param inUse whether somebody uses the setup access point */
	tick(nowMs: number, inUse: boolean): void {
		if (this.#state === "joined" || this.#store.configuration.router.ssid === "") return;
		if (this.#state === "connecting" || this.#state === "scanning") {
			if (nowMs - this.#sinceMs >= SILENT_ATTEMPT_MS) this.#state = "waiting";
			return;
		}
		if (inUse && !this.#dirty) return;
		if (nowMs - this.#fullMs >= FULL_SEARCH_MS) this.#connect(nowMs);
		else if (this.#lastChannel !== 0 && nowMs - this.#quickMs >= QUICK_LOOK_MS) this.look(nowMs);
	}

	snapshot(): { ssid: string; joined: boolean; reason: string; tries: number } {
		return {
			ssid: this.#store.configuration.router.ssid,
			joined: this.joined,
			reason: this.joined || this.#reason === 0 ? "" : reasonWords(this.#reason),
			tries: this.#tries,
		};
	}

	#connect(nowMs: number): void {
		const driver = this.#driver();
		if (!driver) return;
		if (this.#dirty && driver.setStation(this.#store.configuration.router) !== 0) {
			this.wait(nowMs);
			return;
		}
		this.#dirty = false;
		this.#tries += 1;
		this.#fullMs = nowMs;
		this.#quickMs = nowMs;
		this.#sinceMs = nowMs;
		this.#state = driver.connect() === 0 ? "connecting" : "waiting";
	}

	private look(nowMs: number): void {
		this.#quickMs = nowMs;
		this.#sinceMs = nowMs;
		const refused = this.#driver()?.scan({ ssid: this.#store.configuration.router.ssid, channel: this.#lastChannel });
		this.#state = refused === 0 ? "scanning" : "waiting";
	}

	/** The driver would not take the credentials now; the next quick look is the next try. */
	private wait(nowMs: number): void {
		this.#quickMs = nowMs;
		this.#fullMs = nowMs;
		this.#state = "waiting";
	}
}
