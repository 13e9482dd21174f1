import type { Frame, RadioCounters, SendStatus } from "espnow/radio";
import type { CommsOptions, OnActivity, RadioLink } from "./types";

/** More than a radio can hold: reading shows how many wait. */
const UNKNOWN = 255;

/** The open radio, if there is one, and the counts of all radios since boot. */
export class Link {
	readonly #host: Pick<CommsOptions, "openRadio">;
	readonly #onActivity: OnActivity;
	readonly #before = noCounts();
	readonly #now = noCounts();
	#radio: RadioLink | null = null;
	/** Frames taken out of the open radio's ring. */
	#read = 0;
	#abandoned = 0;
	/** Why it did not open, "" when it did. */
	error = "";
	/** How many frames and send statuses may wait in the open radio: most turns need not ask it. */
	frames = 0;
	statuses = 0;

	/** @param onActivity called when something waits in the open radio */
	constructor(host: Pick<CommsOptions, "openRadio">, onActivity: () => void) {
		this.#host = host;
		this.#onActivity = (frames = UNKNOWN, statuses = UNKNOWN) => {
			this.frames = frames;
			this.statuses = statuses;
			onActivity();
		};
	}

	/** The open radio, null while ESP-NOW is down. */
	get radio(): RadioLink | null {
		return this.#radio;
	}

	/** Opens a new radio. @returns false when the driver refuses; `error` says why */
	open(): boolean {
		this.close();
		this.assumePending();
		try {
			this.#radio = this.#host.openRadio(this.#onActivity);
			this.error = "";
		} catch (error) {
			this.error = error instanceof Error ? error.message : String(error);
		}
		return this.#radio !== null;
	}

	/** Assumes that frames and statuses wait: the radio's message may have found no room in the queue. */
	assumePending(): void {
		this.frames = UNKNOWN;
		this.statuses = UNKNOWN;
	}

	/** Takes the next frame. @returns false when there is none */
	read(frame: Frame): boolean {
		if (this.frames === 0 || !this.#radio?.read(frame)) {
			this.frames = 0;
			return false;
		}
		this.frames--;
		this.#read++;
		return true;
	}

	/** Takes the next send status. @returns false when there is none */
	readStatus(status: SendStatus): boolean {
		if (this.statuses === 0 || !this.#radio?.readStatus(status)) {
			this.statuses = 0;
			return false;
		}
		this.statuses--;
		return true;
	}

	close(): void {
		const radio = this.#radio;
		if (!radio) return;
		this.#radio = null;
		radio.counters(this.#now);
		const { received, ringFull, tooLong, notForUs, joiningCalls } = this.#now;
		this.#abandoned += received - ringFull - tooLong - notForUs - joiningCalls - this.#read;
		this.#read = 0;
		addTo(this.#before, this.#now);
		radio.close();
	}

	/** Counts over all radios since boot. `abandoned`: frames that waited in the ring of a radio that was closed. */
	totals(): RadioCounters & { abandoned: number } {
		const sum = { ...this.#before, abandoned: this.#abandoned };
		if (!this.#radio) return sum;
		this.#radio.counters(this.#now);
		addTo(sum, this.#now);
		return sum;
	}
}

function noCounts(): RadioCounters {
	return { received: 0, whileClosed: 0, ringFull: 0, tooLong: 0, notForUs: 0, joiningCalls: 0, statusFull: 0, postFailed: 0 };
}

function addTo(sum: RadioCounters, more: RadioCounters): void {
	sum.received += more.received;
	sum.whileClosed += more.whileClosed;
	sum.ringFull += more.ringFull;
	sum.tooLong += more.tooLong;
	sum.notForUs += more.notForUs;
	sum.joiningCalls += more.joiningCalls;
	sum.statusFull += more.statusFull;
	sum.postFailed += more.postFailed;
}
