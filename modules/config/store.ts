import { sameBoard } from "common/mac";
import { utf8Length } from "common/text";
import { isCountry, lastChannel } from "./countries";
import { JSONReader, refuse } from "./json-reader";
import { copyOf, isObject, merge, redact, unknownKeys } from "./merge";
import { fromRbrNow, isRbrNow, rbrNowPath } from "./rbr-now";
import type { Records } from "./records";
import { type Configuration, defaults, type JsonObject, LONGEST_JSON, type Refusal } from "./schema";
import { TwoCopies } from "./two-copies";

/** Where the configuration came from at start. `previous`: a copy was damaged and the other one is in use. */
export interface LoadReport {
	readonly source: "newest" | "previous" | "defaults";
	/** Keys of the copies that could not be used. */
	readonly damaged: readonly string[];
	readonly unknownKeys: readonly string[];
}

export type UpdateResult = { readonly ok: true; readonly changed: boolean } | Refusal;

export interface ConfigStoreOptions {
	records: Records;
	/** This board's own address, which can be no hub's of it. */
	mac?: string;
	/** Why the chip cannot use a pin, such as "hangs on the flash"; "" when it can. @param drives whether it is to be an output */
	pinTrouble?(pin: number, drives: boolean): string;
	/** Called after a change was kept. */
	onChange?(before: Configuration, after: Configuration): void;
	trace?(line: string): void;
}

/** The configuration of this board: read once at start, changed by people, kept so that a power cut cannot lose it. */
export class ConfigStore {
	#copies: TwoCopies;
	readonly #reader = new JSONReader();
	readonly #mac: string;
	readonly #pinTrouble: (pin: number, drives: boolean) => string;
	readonly #trace: ((line: string) => void) | undefined;
	readonly #onChange: ((before: Configuration, after: Configuration) => void) | undefined;
	#configuration: Configuration = copyOf(defaults);
	#configured = false;
	#report: LoadReport = { source: "defaults", damaged: [], unknownKeys: [] };
	#lastError = "";

	constructor(options: ConfigStoreOptions) {
		this.#copies = new TwoCopies({ records: options.records, keys: ["a", "b"] });
		this.#trace = options.trace;
		this.#onChange = options.onChange;
		this.#mac = options.mac ?? "";
		this.#pinTrouble = options.pinTrouble ?? (() => "");
	}

	/** In normal form and frozen; each change makes a new one. It may hold unknown keys besides. */
	get configuration(): Configuration {
		return this.#configuration;
	}

	/** Whether people have ever told this board anything, and it still knows. */
	get configured(): boolean {
		return this.#configured;
	}

	/** Paths of keys that are kept without being understood. */
	get unknownKeys(): readonly string[] {
		return unknownKeys({ ...this.#configuration });
	}

	/** Takes the newest good copy, else the previous one, else the defaults. Never throws. */
	load(): LoadReport {
		this.#configuration = copyOf(defaults);
		const { found, damaged } = this.#copies.load((text) => {
			const parsed = this.#reader.kept(text);
			if (!parsed.ok) return false;
			const merged = merge(copyOf(defaults), parsed.value);
			if (merged.ok) this.#configuration = this.withoutItself(merged.configuration);
			return merged.ok;
		});
		this.#configured = found;
		const source = !found ? "defaults" : damaged.length > 0 ? "previous" : "newest";
		this.#report = { source, damaged, unknownKeys: this.unknownKeys };
		if (damaged.length > 0) this.fault(`configuration ${damaged.join(", ")} damaged, using ${found ? "the other copy" : "defaults"}`);
		return this.#report;
	}

	/**
	 * Lays a whole or partial configuration, ours or RBR-Now's `config.json`, over the present one and keeps the result.
	 * Flash is written only when a value changed.
	 */
	update(patch: unknown): UpdateResult {
		const merged = this.merge(patch);
		if (!merged.ok) return merged;
		const text = JSON.stringify(merged.configuration);
		if (text === JSON.stringify(this.#configuration)) return { ok: true, changed: false };
		if (utf8Length(text) > LONGEST_JSON) return refuse("", TOO_LONG);
		try {
			this.#copies.save(text);
		} catch (error) {
			this.fault(`configuration not saved: ${error}`);
			return refuse("", "flash that can be written");
		}
		const before = this.#configuration;
		this.#configuration = merged.configuration;
		this.#configured = true;
		this.#onChange?.(before, merged.configuration);
		return { ok: true, changed: true };
	}

	/** Like `update`, from JSON that anybody may have sent: its size and depth are checked before it is parsed. */
	updateText(json: string): UpdateResult {
		const parsed = this.#reader.read(json);
		return parsed.ok ? this.update(parsed.value) : parsed;
	}

	/** The configuration as anybody may see it: passwords masked, unknown keys included. */
	redacted(): JsonObject {
		return redact({ ...this.#configuration });
	}

	/** Back to the factory configuration. */
	factory(): void {
		this.#configuration = copyOf(defaults);
		this.#configured = false;
		try {
			this.#copies.erase();
		} catch (error) {
			this.fault(`configuration not erased: ${error}`);
		}
	}

	/** For the status page. */
	snapshot() {
		return {
			source: this.#report.source,
			damaged: this.#report.damaged,
			configured: this.#configured,
			// Only their number: people may have put passwords into the names.
			unknownKeys: this.unknownKeys.length,
			sequence: this.#copies.sequence,
			writes: this.#copies.writes,
			lastError: this.#lastError,
		};
	}

	/** In one function, as merging goes deepest of all on the stack. */
	private merge(patch: unknown): ReturnType<typeof merge> {
		if (!isObject(patch)) return refuse("", "an object");
		const translated = isRbrNow(patch) ? fromRbrNow(patch) : { ok: true as const, patch };
		if (!translated.ok) return translated;
		const merged = merge(this.#configuration, translated.patch);
		const refusal = merged.ok ? this.trouble(merged.configuration) : merged;
		if (!refusal) return merged;
		const { path, expected } = refusal;
		return refuse(isRbrNow(patch) ? rbrNowPath(path) : path, path === "channel" ? this.channels(translated.patch) : expected);
	}

	/** What only this board can tell. */
	private trouble(configuration: Configuration): Refusal | undefined {
		const { hub } = configuration;
		if (hub !== "" && sameBoard(hub, this.#mac)) return refuse("hub", "another board's MAC: this one is the board's own");
		return this.refusedPin(configuration);
	}

	/** The channels that the country allows, which a patch may change, too. */
	private channels({ country }: JsonObject): string {
		const code = isCountry(country) ? country : this.#configuration.country;
		return `a number from 1 to ${lastChannel(code)} in country ${code}`;
	}

	/** Checks only pins that change: a newer firmware knows more about pins, and must not refuse a new name because of an old pin. */
	private refusedPin({ pins }: Configuration): Refusal | undefined {
		const before = this.#configuration.pins;
		for (const [path, pin, old] of [
			["pins.led.pin", pins.led?.pin, before.led?.pin],
			["pins.relay.pin", pins.relay?.pin, before.relay?.pin],
			["pins.button", pins.button, before.button],
		] as const) {
			const trouble = pin === undefined || pin === old ? "" : this.#pinTrouble(pin, path !== "pins.button");
			if (trouble !== "") return refuse(path, `another pin: GPIO ${pin} ${trouble}`);
		}
		return undefined;
	}

	/** Older firmware may have kept the board's own address as its hub: it then has no hub. */
	private withoutItself(configuration: Configuration): Configuration {
		if (configuration.hub === "" || !sameBoard(configuration.hub, this.#mac)) return configuration;
		return Object.freeze({ ...configuration, hub: "" });
	}

	private fault(line: string): void {
		this.#lastError = line;
		this.#trace?.(line);
	}
}

const TOO_LONG = `at most ${LONGEST_JSON} bytes of JSON`;
