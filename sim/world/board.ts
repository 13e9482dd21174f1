import type { Alarm, Clock } from "./clock";
import {
	type BoardEvent,
	type BoardProgram,
	type BoardReply,
	type Effect,
	type EffectOf,
	type Heap,
	NO_HEAP,
	type NvsEntry,
	parseBoardReply,
	type RadioState,
	ResetReason,
	type StartProgram,
} from "./protocol";
import { stableHash } from "./random";

/** From the reset to the first line of the application, as on a C3. */
export const BOOT_US = 300_000;

const SILENT: RadioState = { on: false, channel: 0, home: 0, mode: 0, sta: false, ap: false, sleepy: false };

export interface BoardOptions {
	readonly name: string;
	readonly mac: string;
	readonly index: number;
	readonly seed: number;
	readonly nvs: readonly NvsEntry[];
	/** Levels that a hand or a pull-up puts on input pins. */
	readonly pins: Readonly<Record<string, number>>;
	/** Nanoseconds charged for one count of the engine's meter; 0: work takes no time. */
	readonly engineNsPerMeter: number;
	readonly clock: Clock;
	readonly start: StartProgram;
	/** Told of each effect, after the board's own records of it are up to date. */
	readonly onEffect: (board: Board, effect: Effect) => void;
	/** The board begins to run, or has stopped. */
	readonly onBoot: (board: Board) => void;
	readonly onDown: (board: Board, why: string) => void;
	/** Every line to and from the program. */
	readonly onLine: (board: Board, direction: ">" | "<", line: string) => void;
}

/** One board: its program while it runs, and what outlives a restart: flash, RTC memory, pins. */
export class Board {
	readonly name: string;
	readonly mac: string;
	readonly index: number;
	radio: RadioState = SILENT;
	accessPoint: (EffectOf<"ap"> & { readonly state: "on" }) | undefined;
	/** Levels the board drives. */
	readonly outputs = new Map<number, number>();
	power = false;
	bootCount = 0;
	/** Entries written to flash; an entry replaced (erased, then set) counts once. */
	flashWrites = 0;
	heap: Heap = NO_HEAP;
	/** The engine's work since the board began to run, in counts of its meter. */
	meter = 0;
	/** Changes with every boot and every stop: what belongs to an earlier life can be told by it. */
	life = 0;

	#options: BoardOptions;
	#clock: Clock;
	#program: BoardProgram | undefined;
	#nvs = new Map<string, NvsEntry>();
	#erased = "";
	#rtc: string | null = null;
	#inputs: Record<string, number>;
	#wake: Alarm | undefined;
	#bootAlarm: Alarm | undefined;
	#inbox: BoardEvent[] = [];
	#busyUntilUs = 0;
	#exchanges = 0;
	#inside = false;
	#snapshot: unknown;

	constructor(options: BoardOptions) {
		this.#options = options;
		this.#clock = options.clock;
		this.name = options.name;
		this.mac = options.mac;
		this.index = options.index;
		this.#inputs = { ...options.pins };
		for (const entry of options.nvs) this.#nvs.set(`${entry.ns}/${entry.key}`, entry);
	}

	/** The program is running (power on and not between two boots). */
	get running(): boolean {
		return this.#program !== undefined;
	}

	/** Interface MACs that the radio acknowledges at present. */
	hasAddress(mac: string, accessPointMac: string): boolean {
		return (this.radio.sta && mac === this.mac) || (this.radio.ap && mac === accessPointMac);
	}

	/** What is in flash, in a stable order. */
	nvs(): NvsEntry[] {
		return [...this.#nvs.values()];
	}

	/** Replaces what is in flash: for boards that are switched off. */
	setNvs(entries: readonly NvsEntry[]): void {
		if (this.power) throw new Error(`${this.name} must be switched off while its flash is exchanged`);
		this.#nvs = new Map(entries.map((entry) => [`${entry.ns}/${entry.key}`, entry]));
	}

	/** Level of a pin the board drives, or undefined. */
	output(pin: number): number | undefined {
		return this.outputs.get(pin);
	}

	/** Power returns: boots after `delayUs`. */
	powerOn(delayUs = BOOT_US): void {
		if (this.power) return;
		this.power = true;
		this.#bootIn(delayUs, ResetReason.powerOn);
	}

	powerOff(): void {
		if (!this.power) return;
		this.power = false;
		this.#rtc = null;
		this.#stop("power-off");
	}

	/** The reset button: like a short loss of power, the chip's RTC memory included. */
	pressReset(): void {
		if (!this.power) return;
		this.#rtc = null;
		this.#stop("reset-button");
		this.#bootIn(BOOT_US, ResetReason.powerOn);
	}

	/** Somebody flashes it over its built-in USB: a reset that leaves RTC memory as it was. */
	flashOverUSB(): void {
		if (!this.power) return;
		this.#stop("flashed");
		this.#bootIn(BOOT_US, ResetReason.usb);
	}

	/** Somebody outside changes an input pin. */
	setInput(pin: number, level: 0 | 1): void {
		this.#inputs[pin] = level;
		this.post({ type: "pin", pin, level });
	}

	/** Gives the board an event: now, or when its engine is done with the one before. A board that does not run hears nothing. */
	post(event: BoardEvent): void {
		if (!this.#program) return;
		if (this.#inside || this.#inbox.length > 0 || this.#busyUntilUs > this.#clock.nowUs) this.#inbox.push(event);
		else this.#run(event);
	}

	/** What the firmware says about itself at this moment; undefined when it does not run. Costs the board no time. */
	snapshot(): unknown {
		this.#snapshot = undefined;
		this.#look({ type: "snapshot" });
		return this.#snapshot;
	}

	/** Collects the board's garbage and returns what its heap really holds. Costs the board no time. */
	collect(): Heap {
		this.#look({ type: "collect" });
		return this.heap;
	}

	close(): void {
		this.#end();
	}

	#bootIn(delayUs: number, reset: ResetReason): void {
		this.#bootAlarm?.cancel();
		this.#bootAlarm = this.#clock.after(delayUs, () => this.#boot(reset));
	}

	#boot(reset: ResetReason): void {
		this.#program = this.#options.start(this.name);
		this.bootCount++;
		this.life++;
		this.meter = 0;
		this.#busyUntilUs = 0;
		this.#options.onBoot(this);
		this.post({
			type: "boot",
			mac: this.mac,
			seed: stableHash(`${this.#options.seed}/${this.mac}/${this.bootCount}`),
			reset,
			nvs: this.nvs(),
			rtc: this.#rtc,
			pins: this.#inputs,
		});
	}

	/** An event that is not part of the world: it does not wait for its turn. */
	#look(event: BoardEvent): void {
		if (this.#inside) throw new Error(`${this.name} cannot be looked into while it acts`);
		this.#run(event, 0);
	}

	#run(event: BoardEvent, nsPerMeter = this.#options.engineNsPerMeter): void {
		const program = this.#program;
		if (!program) return;
		const { nowUs } = this.#clock;
		const line = JSON.stringify({ t: nowUs, ...event });
		this.#options.onLine(this, ">", line);
		const reply = program.exchange(line);
		this.#options.onLine(this, "<", reply);
		let answer: BoardReply;
		try {
			answer = parseBoardReply(reply, nowUs);
		} catch (error) {
			throw new Error(`${this.name}: ${error instanceof Error ? error.message : error}, on ${line.slice(0, 500)}: ${reply.slice(0, 500)}`);
		}
		this.heap = answer.heap;
		this.meter += answer.meter;
		for (const effect of answer.effects) if (effect.do === "snapshot") this.#snapshot = JSON.parse(effect.json);
		const costUs = Math.round((answer.meter * nsPerMeter) / 1000);
		this.#busyUntilUs = Math.max(this.#busyUntilUs, nowUs + costUs);
		const number = ++this.#exchanges;
		if (this.#busyUntilUs === nowUs) this.#apply(answer, answer.effects, number);
		else {
			const { life } = this;
			const later: Effect[] = [];
			for (const effect of answer.effects) {
				if (effect.do !== "tx" || effect.after === undefined) {
					later.push(effect);
					continue;
				}
				// The radio sends while the engine works on.
				this.#clock.at(nowUs + Math.round((effect.after * nsPerMeter) / 1000), () => {
					if (life === this.life) this.#options.onEffect(this, effect);
				});
			}
			this.#clock.at(this.#busyUntilUs, () => {
				if (life === this.life) this.#apply(answer, later, number);
			});
		}
	}

	#apply(answer: BoardReply, effects: readonly Effect[], number: number): void {
		const { life } = this;
		this.#inside = true;
		try {
			for (const effect of effects) {
				this.#record(effect);
				this.#options.onEffect(this, effect);
				if (life !== this.life) return;
			}
		} finally {
			this.#inside = false;
		}
		// Only the last word on when to be woken counts.
		if (number === this.#exchanges) this.#wakeAt(answer.next);
		const event = this.#inbox.shift();
		if (event) this.#run(event);
	}

	#wakeAt(atUs: number | null): void {
		this.#wake?.cancel();
		// A wake for this very moment would be answered with the same wish again.
		this.#wake = atUs === null ? undefined : this.#clock.at(Math.max(atUs, this.#clock.nowUs + 1), () => this.post({ type: "wake" }));
	}

	/** The board's own records; what concerns others is the world's. */
	#record(effect: Effect): void {
		switch (effect.do) {
			case "radio":
				this.radio = effect;
				break;
			case "ap":
				this.accessPoint = effect.state === "on" ? effect : undefined;
				break;
			case "pin":
				this.outputs.set(effect.pin, effect.level);
				break;
			case "rtc":
				this.#rtc = effect.hex;
				break;
			case "nvs":
				this.#store(effect);
				break;
			case "restart":
				this.#restart(effect);
				break;
		}
	}

	#store(step: EffectOf<"nvs">): void {
		const name = `${step.ns}/${step.key ?? ""}`;
		if (step.op === "set") {
			if (step.key === undefined || step.type === undefined || step.hex === undefined)
				throw new Error(`${this.name}: a flash write lacks its entry`);
			this.#nvs.set(name, { ns: step.ns, key: step.key, type: step.type, hex: step.hex });
			if (this.#erased !== name) this.flashWrites++;
			this.#erased = "";
			return;
		}
		this.flashWrites++;
		if (step.op === "erase") this.#nvs.delete(name);
		else for (const key of [...this.#nvs.keys()]) if (step.ns === "" || key.startsWith(`${step.ns}/`)) this.#nvs.delete(key);
		this.#erased = step.op === "erase" ? name : "";
	}

	#restart(effect: EffectOf<"restart">): void {
		const powerCut = effect.reason === "power-cut";
		if (powerCut) this.#rtc = null;
		this.#stop(effect.reason);
		this.#bootIn(BOOT_US, powerCut ? ResetReason.powerOn : resetReason(effect.reason));
	}

	#stop(why: string): void {
		this.#end();
		this.life++;
		this.#inbox = [];
		this.#erased = "";
		this.radio = SILENT;
		this.accessPoint = undefined;
		this.outputs.clear();
		this.#options.onDown(this, why);
	}

	#end(): void {
		this.#wake?.cancel();
		this.#bootAlarm?.cancel();
		this.#program?.close();
		this.#program = undefined;
	}
}

/**
 * An abort of the engine (memory full, stack overflow, unhandled exception) and a missed heartbeat end in esp_restart, as an ordered restart does;
 * only what the chip does by itself has reasons of its own: a fault of the processor, its watchdogs, its supply.
 */
function resetReason(reason: string): ResetReason {
	if (reason === "panic") return ResetReason.panic;
	if (reason === "watchdog") return ResetReason.watchdog;
	if (reason === "brown-out") return ResetReason.brownOut;
	return ResetReason.software;
}
