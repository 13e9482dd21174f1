import { air } from "board/air";
import Preference from "preference";
import Time from "time";
import Timer from "timer";
import type { ChipOptions, Chip as OnBoard } from "../esp32/board-esp32";

export type { ChipOptions } from "../esp32/board-esp32";

/** Where last words wait for the next start: at most 15 characters, as for NVS. */
const DOMAIN = "rbrnow-chip";
const POWER_ON = 1;
const SOFTWARE = 3;
const LONGEST_WORDS = 160;
const INVALID_ARGUMENT = 0x102;
const PINS = 49;

/**
 * The chip as the SDK's simulator can play it: pins are remembered and traced, random numbers are only the engine's (no
 * secrets on a desktop), last words go to the preferences, and a restart ends the program, which a person starts again.
 * There is no heartbeat: a breakpoint would look like a board that hangs.
 */
export class Chip implements OnBoard {
	readonly #pins = new Map<number, number>();
	#ticks = Time.ticks;
	#nowMs = 0;
	#words: string;
	#resetReason: number;
	#ending = false;

	constructor(options: ChipOptions) {
		const { heartbeatMs } = options;
		if (!(heartbeatMs >= 1000 && heartbeatMs <= 3_600_000)) throw new RangeError("heartbeatMs");
		this.#words = String(Preference.get(DOMAIN, "words") ?? "");
		this.#resetReason = Preference.get(DOMAIN, "restarted") === true ? SOFTWARE : POWER_ON;
		Preference.delete(DOMAIN, "words");
		Preference.delete(DOMAIN, "restarted");
	}
	close(): void {}
	mac(): string {
		return air().mac;
	}
	now(): number {
		// The SDK's ticks wrap after 49 days.
		const ticks = Time.ticks;
		this.#nowMs += Time.delta(this.#ticks, ticks);
		this.#ticks = ticks;
		return this.#nowMs;
	}
	resetReason(): number {
		return this.#resetReason;
	}
	random(): number {
		return Math.random();
	}
	randomHex(bytes: number): string {
		let hex = "";
		while (hex.length < 2 * bytes) hex += Math.floor(Math.random() * 16).toString(16);
		return hex;
	}
	feed(): void {}
	keep(words: string): void {
		if (!this.#ending) Preference.set(DOMAIN, "words", words.slice(0, LONGEST_WORDS));
	}
	lastWords(): string {
		const words = this.#words;
		this.#words = "";
		return words;
	}
	// A restart ends the program, and nothing of it is left.
	setRecovered(_recovered: boolean): void {}
	recovered(): boolean {
		return false;
	}
	restart(): never {
		if (!this.#ending) {
			Preference.set(DOMAIN, "restarted", true);
			air().close();
			Timer.set(() => {
				throw new Error("restart: start the program again");
			});
		}
		this.#ending = true;
		throw new Error("restarting");
	}
	pinTrouble(pin: number, _drives: boolean): string {
		return pin < PINS ? "" : "is not on this chip";
	}
	output(pin: number, level: number): number {
		return this.set(pin, level);
	}
	write(pin: number, level: number): number {
		return this.set(pin, level);
	}
	input(pin: number): number {
		// The pull-up: nobody presses a button here.
		return this.set(pin, 1);
	}
	level(pin: number): number {
		return this.#pins.get(pin) ?? 0;
	}

	private set(pin: number, level: number): number {
		if (!(pin >= 0 && pin < PINS)) return INVALID_ARGUMENT;
		if (this.#pins.get(pin) !== level) {
			this.#pins.set(pin, level);
			air().send({ do: "log", event: "pin", pin, level });
		}
		return 0;
	}
}
