import type { Air, Outcome } from "./air";
import type { Alarm, Clock } from "./clock";
import type { AirRadio } from "./medium";

/** A stranger stays within reach, to acknowledge what it is answered, for so long after its last frame. */
const STAY_US = 10_000_000;

interface Stranger extends AirRadio {
	at: number;
	farewell: Alarm | undefined;
}

/** Radios that are no boards. One that uses a board's own MAC sends, but the acknowledging is left to that board. */
export class ForeignRadios {
	#air: Air;
	#clock: Clock;
	#isBoard: (mac: string) => boolean;
	#strangers = new Map<string, Stranger>();

	constructor(options: { air: Air; clock: Clock; isBoard: (mac: string) => boolean }) {
		this.#air = options.air;
		this.#clock = options.clock;
		this.#isBoard = options.isBoard;
	}

	/** Sends one frame on a channel. */
	send(frame: { from: string; to: string; channel: number; payload: Buffer; done: (outcome: Outcome) => void }): void {
		const { from, to, channel, payload } = frame;
		const stranger = this.#stranger(from, channel);
		stranger.farewell?.cancel();
		const done = (outcome: Outcome) => {
			stranger.farewell?.cancel();
			stranger.farewell = this.#clock.after(STAY_US, () => {
				this.#strangers.delete(from);
				this.#air.remove(stranger);
			});
			frame.done(outcome);
		};
		this.#air.send(stranger, { from, to, payload, done });
	}

	#stranger(mac: string, channel: number): Stranger {
		let stranger = this.#strangers.get(mac);
		if (!stranger) {
			const spoofed = this.#isBoard(mac);
			const made: Stranger = {
				// A stranger under a board's MAC stands elsewhere than that board: it has links of its own.
				key: spoofed ? `${mac}-spoofed` : mac,
				at: channel,
				farewell: undefined,
				channel: () => made.at,
				hasAddress: (address) => !spoofed && address === mac,
				sleepy: () => false,
				receive: () => {},
			};
			this.#strangers.set(mac, made);
			this.#air.add(made);
			stranger = made;
		}
		if (stranger.at !== channel) {
			stranger.at = channel;
			this.#air.retuned(stranger);
		}
		return stranger;
	}
}
