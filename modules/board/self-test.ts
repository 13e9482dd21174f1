/** The chip as far as the self-test asks it. */
export interface TestedChip {
	/** Milliseconds since the start. */
	now(): number;
	/** @returns as many random bytes, two hex digits each */
	randomHex(bytes: number): string;
	/** @returns esp_err_t */
	write(pin: number, level: number): number;
	level(pin: number): number;
}

/** A pin that the configuration names. */
interface Pin {
	readonly pin: number;
	readonly invert: boolean;
}

/** What chip and engine tell about themselves; sizes in bytes. */
export interface Figures {
	readonly idfFree: number;
	readonly idfLeast: number;
	readonly engineFree: number;
	readonly engineUsed: number;
	readonly stackLeft: number;
	/** -1: unknown. */
	readonly espnowVersion: number;
	readonly idf: string;
}

export interface SelfTestOptions {
	readonly chip: TestedChip;
	readonly timers: { set(callback: () => void, ms: number): unknown };
	/** Texts in flash. */
	readonly records: { read(key: string): string | undefined; write(key: string, text: string): void };
	readonly pins: { readonly relay?: Pin | undefined; readonly led?: Pin | undefined };
	/** undefined: none; -1 is none, too. */
	readonly button: number | undefined;
	readonly relay: { readonly isFitted: boolean; readonly isOn: boolean };
	figures(): Figures;
	/** What went wrong before this start, "" for nothing; and its reason. */
	readonly startTrouble: string;
	readonly resetReason: string;
}

/** One thing that was tried. */
export interface Check {
	readonly name: string;
	/** `OK`, or what is wrong. */
	readonly result: string;
	/** What was seen. */
	readonly seen: string;
}

export interface TestResult {
	readonly ok: boolean;
	readonly uptimeS: number;
	readonly checks: readonly Check[];
}

const OK = "OK";
const KEY = "selftest";
/** Flash is written at most so often, whoever asks: a page of NVS takes some 100,000 erasures, and each holds 126 such writes. */
const WRITE_EVERY_MS = 600_000;
/** How long the timer that is tested runs, in ms: short, as somebody waits. */
const TIMER_MS = 50;
/** A turn of the loop, a page on its way and the engine's collection may come before it. */
const TIMER_LATE_MS = 500;
const SAMPLES = 8;
const SAMPLE_BYTES = 8;
/** Below these the next page, join or request may fail; in bytes. */
const IDF_LEAST = 16_384;
const ENGINE_LEAST = 8_192;
const STACK_LEAST = 512;

/** Tries the parts of a board that can be tried without harm, and says what is wrong in words. */
export class SelfTest {
	readonly #options: SelfTestOptions;
	#flash: Check = { name: "flash", result: OK, seen: "not written yet" };
	#writtenAt = Number.NEGATIVE_INFINITY;
	#running: Promise<TestResult> | undefined;

	constructor(options: SelfTestOptions) {
		this.#options = options;
	}

	/** What can be told at once and without a write to flash. @returns what is wrong, "" when nothing is */
	atStart(): string {
		this.#flash = this.readFlash();
		for (const { name, result } of this.quick()) if (result !== OK) return `self-test: ${name}: ${result}`;
		return "";
	}

	/** The whole test. Whoever asks while it runs gets the same result. */
	run(): Promise<TestResult> {
		this.#running ??= this.#whole();
		return this.#running;
	}

	async #whole(): Promise<TestResult> {
		try {
			const { chip } = this.#options;
			if (chip.now() - this.#writtenAt >= WRITE_EVERY_MS) {
				this.#writtenAt = chip.now();
				this.#flash = this.writeFlash();
			}
			const timers = await this.#timers();
			const checks = [...this.quick(), timers];
			return { ok: checks.every(({ result }) => result === OK), uptimeS: Math.floor(chip.now() / 1000), checks };
		} finally {
			this.#running = undefined;
		}
	}

	private quick(): Check[] {
		const { startTrouble, resetReason } = this.#options;
		const figures = this.#options.figures();
		const { idfFree, idfLeast, engineFree, engineUsed, stackLeft, espnowVersion, idf } = figures;
		return [
			this.random(),
			this.#flash,
			...this.#pins(),
			memory("memory of ESP-IDF", Math.min(idfFree, idfLeast), IDF_LEAST, `${idfFree} bytes free, ${idfLeast} at least`),
			memory("memory of the engine", engineFree, ENGINE_LEAST, `${engineFree} bytes free, ${engineUsed} in use`),
			memory("stack", stackLeft, STACK_LEAST, `${stackLeft} bytes never used`),
			{
				name: "versions",
				result: espnowVersion > 0 ? OK : "ESP-NOW does not tell its version",
				seen: `ESP-IDF and Wi-Fi ${idf}, ESP-NOW ${espnowVersion}`,
			},
			{ name: "start", result: startTrouble || OK, seen: resetReason },
		];
	}

	private random(): Check {
		const samples: string[] = [];
		for (let i = 0; i < SAMPLES; i++) samples.push(this.#options.chip.randomHex(SAMPLE_BYTES));
		const first = samples[0] ?? "";
		let same = 0;
		for (let i = 0; i < samples.length; i++) if (samples.indexOf(samples[i] ?? "") !== i) same += 1;
		let result: string = OK;
		if (same === SAMPLES - 1 || isMonotonous(first)) result = "the same number again and again";
		else if (same > 0) result = "numbers repeat themselves";
		return { name: "random numbers", result, seen: `${SAMPLES - same} of ${SAMPLES} differ` };
	}

	private readFlash(): Check {
		try {
			const kept = this.#options.records.read(KEY);
			const readable = kept === undefined || isNumeral(kept);
			return { name: "flash", result: readable ? OK : "what was written does not come back", seen: "read" };
		} catch (error) {
			return { name: "flash", result: wordsOf(error), seen: "read" };
		}
	}

	private writeFlash(): Check {
		const { records } = this.#options;
		try {
			const kept = records.read(KEY);
			const next = `${kept !== undefined && isNumeral(kept) ? (Number(kept) + 1) % 1_000_000 : 1}`;
			records.write(KEY, next);
			return { name: "flash", result: records.read(KEY) === next ? OK : "what was written does not come back", seen: "written and read" };
		} catch (error) {
			return { name: "flash", result: wordsOf(error), seen: "written" };
		}
	}

	#pins(): Check[] {
		const { chip, pins, relay, button } = this.#options;
		const checks: Check[] = [];
		if (pins.relay) {
			const { pin, invert } = pins.relay;
			const level = relay.isOn !== invert ? 1 : 0;
			let result: string = OK;
			if (!relay.isFitted) result = `pin ${pin} is no output`;
			// Read back only: nobody asked for the heating.
			else if (chip.level(pin) !== level) result = `pin ${pin} shows ${1 - level} and should show ${level}`;
			checks.push({ name: "relay", result, seen: relay.isOn ? "on" : "off" });
		}
		if (pins.led) checks.push(this.led(pins.led.pin));
		if (button !== undefined && button >= 0) {
			const pressed = chip.level(button) === 0;
			checks.push({ name: "button", result: pressed ? `pin ${button} is low: pressed, or tied to ground` : OK, seen: `pin ${button}` });
		}
		return checks;
	}

	/** For some microseconds it shows the other level, which nobody sees. */
	private led(pin: number): Check {
		const { chip } = this.#options;
		const before = chip.level(pin);
		const error = chip.write(pin, 1 - before);
		const after = chip.level(pin);
		chip.write(pin, before);
		const result = error !== 0 ? `pin ${pin} is no output` : after === before ? `pin ${pin} does not change` : OK;
		return { name: "LED", result, seen: `pin ${pin}` };
	}

	#timers(): Promise<Check> {
		const { chip, timers } = this.#options;
		const start = chip.now();
		return new Promise((resolve) => {
			timers.set(() => {
				const ms = Math.round(chip.now() - start);
				let result: string = OK;
				if (ms < TIMER_MS - 1) result = `${TIMER_MS} ms lasted ${ms} ms`;
				else if (ms > TIMER_MS + TIMER_LATE_MS) result = `${TIMER_MS} ms lasted ${ms} ms: the board is very busy, or its clock runs fast`;
				resolve({ name: "timers", result, seen: `${TIMER_MS} ms lasted ${ms} ms` });
			}, TIMER_MS);
		});
	}
}

function memory(name: string, left: number, least: number, seen: string): Check {
	return { name, result: left < least ? `only ${left} bytes left` : OK, seen };
}

/** Whether all digits of a number are the same. */
function isMonotonous(hex: string): boolean {
	for (let i = 1; i < hex.length; i++) if (hex.charCodeAt(i) !== hex.charCodeAt(0)) return false;
	return true;
}

function isNumeral(text: string): boolean {
	return /^[0-9]{1,6}$/.test(text);
}

function wordsOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
