import { stationMac } from "common/mac";
import type { Devices } from "./devices";
import type { AskOptions, AskResult, Clock, Radio, Timers } from "./types";

const ASK_MS = 10_000;
/** How often it is looked whether a device is back, in ms. */
const LOOK_MS = 50;
/** What a request needs at the end of its time, in ms: it is sent for better or worse. */
const LAST_MS = 1_500;
/** So many requests wait at once: each takes a kilobyte more than one that does not. */
const MOST = 8;

export interface PatientAskOptions {
	devices: Pick<Devices, "has">;
	comms: Radio;
	/** Whom people ask may be a device that is not known yet. */
	poller: { asked(mac: string): void };
	/** Since when devices are being called to another channel, in clock ms; -1: they are not. */
	announcer: { readonly movedAt: number };
	clock: Clock;
	timers: Timers;
}

/**
 * Asks for people. While the hub calls its devices to another channel a request waits until its device has been heard there: within its ten seconds, and
 * it is sent again only if no radio acknowledged it.
 */
export class PatientAsk {
	readonly #options: PatientAskOptions;
	#waiting = 0;

	constructor(options: PatientAskOptions) {
		this.#options = options;
	}

	/** As {@link Radio.ask}. */
	ask(mac: string, text: string, options?: AskOptions): Promise<AskResult> {
		const { comms, poller } = this.#options;
		const station = stationMac(mac);
		if (this.#waiting < MOST && this.isAway(station)) return this.#wait(station, text, options);
		poller.asked(station);
		return comms.ask(mac, text, options);
	}

	private isAway(station: string): boolean {
		const { announcer, devices, comms } = this.#options;
		const since = announcer.movedAt;
		return since >= 0 && devices.has(station) && comms.heardAt(station) < since;
	}

	async #wait(station: string, text: string, options: AskOptions = {}): Promise<AskResult> {
		const { comms, clock } = this.#options;
		const started = clock.now();
		const endsAt = started + (options.timeoutMs ?? ASK_MS);
		this.#waiting++;
		try {
			for (;;) {
				while (this.isAway(station) && endsAt - clock.now() > LAST_MS) await this.#pause();
				const result = await comms.ask(station, text, { ...options, timeoutMs: Math.max(1, endsAt - clock.now()) });
				const again = !result.ok && result.reason === "no result" && this.isAway(station) && endsAt - clock.now() > LAST_MS;
				if (!again) return { ...result, ms: clock.now() - started };
			}
		} finally {
			this.#waiting--;
		}
	}

	#pause(): Promise<void> {
		return new Promise((resolve) => {
			this.#options.timers.set(() => resolve(), LOOK_MS);
		});
	}
}
