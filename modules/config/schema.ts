import { parseMac } from "common/mac";
import { hasControlCharacters, isWellFormed, utf8Length } from "common/text";
import { isCountry, lastChannel } from "./countries";

/** What a board remembers of what people told it. */
export interface Configuration {
	/** For people, 1 to 32 bytes. */
	readonly name: string;
	readonly role: "hub" | "device";
	/** The house router; empty on a device. */
	readonly router: { readonly ssid: string; readonly password: string };
	/** MAC of the hub that this device obeys, as it was told (station or access point); empty: adopt one. */
	readonly hub: string;
	/** Where a device starts, and a hub that has no router. */
	readonly channel: number;
	readonly country: string;
	/** Whether a hub serves boards of which it holds no key. */
	readonly plain: "on" | "off";
	readonly setupAP: {
		readonly password: string;
		/** How long the setup access point stays open after a start. */
		readonly minutes: number;
		readonly afterwards: "off" | "cloaked";
	};
	/** Without a password the house side changes nothing. */
	readonly house: { readonly password: string };
	readonly pins: {
		readonly led?: OutputPin;
		readonly relay?: OutputPin;
		readonly button?: number;
	};
}

/** A GPIO that is driven; `invert`: low is on. */
export interface OutputPin {
	readonly pin: number;
	readonly invert: boolean;
}

/** Shown in place of a password; sent back unchanged it leaves the password as it is. */
export const PASSWORD_MASK = "********";

/** Most bytes of UTF-8 a configuration may have as JSON. */
export const LONGEST_JSON = 2000;
/** Deepest nesting of objects and arrays. */
export const DEEPEST_JSON = 8;

/** A board as it leaves the factory. */
export const defaults: Configuration = Object.freeze(
	{
		name: "(none)",
		role: "device",
		router: { ssid: "", password: "" },
		hub: "",
		channel: 1,
		country: "01",
		plain: "on",
		setupAP: { password: "00000000", minutes: 2, afterwards: "off" },
		house: { password: "" },
		pins: {},
	} satisfies Configuration,
	true,
);

/** Why a configuration was not taken: the path of the key ("" for the whole) and what is expected there. */
export interface Refusal {
	readonly ok: false;
	readonly path: string;
	readonly expected: string;
}

/** An object as JSON has it. */
export type JsonObject = { [key: string]: unknown };

/** One value: `read` gives its normal form, or undefined when it is not what is expected. */
export interface Leaf {
	readonly expected: string;
	readonly optional?: boolean;
	/** It is never shown. */
	readonly secret?: boolean;
	read(value: unknown, old: unknown): unknown;
}

/** An object with known keys. `initial`: what an optional one begins with. */
export interface Branch {
	readonly keys: Readonly<Record<string, Leaf | Branch>>;
	readonly optional?: boolean;
	readonly initial?: Readonly<JsonObject>;
}

const HIGHEST_PIN = 48;

const pin = (value: unknown) => (isInteger(value, 0, HIGHEST_PIN) ? value : undefined);
const outputPin: Branch = {
	optional: true,
	initial: { invert: false },
	keys: {
		pin: { expected: `a pin number from 0 to ${HIGHEST_PIN}`, read: pin },
		invert: { expected: "true or false", read: (value) => (typeof value === "boolean" ? value : undefined) },
	},
};

/** The rules of each key, in the order in which a configuration is written. */
export const shape: Branch = Object.freeze(
	{
		keys: {
			name: { expected: "a text of 1 to 32 bytes", read: (value) => (isText(value, 1, 32) ? value : undefined) },
			role: oneOf("hub", "device"),
			router: {
				keys: {
					ssid: { expected: "a text of at most 32 bytes", read: (value) => (isText(value, 0, 32) ? value : undefined) },
					password: {
						secret: true,
						expected: "a text of 8 to 63 bytes, or an empty one, or 64 hex digits",
						read: (value, old) => (isRawKey(value) ? value : readPassword(value, old, value === "" ? 0 : 8)),
					},
				},
			},
			hub: {
				expected: "a MAC of 12 hex digits, or an empty text",
				read: (value) => (value === "" ? "" : typeof value === "string" ? parseMac(value) : undefined),
			},
			channel: { expected: "a number from 1 to 13", read: (value) => (isInteger(value, 1, 13) ? value : undefined) },
			country: {
				expected: "a country code that the chip knows, such as 01, GB or US",
				read: (value) => (isCountry(value) ? value : undefined),
			},
			plain: oneOf("on", "off"),
			setupAP: {
				keys: {
					password: { secret: true, expected: "a text of 8 to 63 bytes", read: (value, old) => readPassword(value, old, 8) },
					minutes: { expected: "a number from 1 to 10", read: (value) => (isInteger(value, 1, 10) ? value : undefined) },
					afterwards: oneOf("off", "cloaked"),
				},
			},
			house: {
				keys: {
					password: {
						secret: true,
						expected: "a text of 8 to 63 bytes, or an empty one",
						read: (value, old) => readPassword(value, old, value === "" ? 0 : 8),
					},
				},
			},
			pins: {
				keys: {
					led: outputPin,
					relay: outputPin,
					button: { optional: true, expected: `a pin number from 0 to ${HIGHEST_PIN}`, read: pin },
				},
			},
		},
	} satisfies Branch,
	true,
);

/** What one key alone cannot tell: the channel against the country, a pin used twice. */
export function checkWhole(configuration: Configuration): Refusal | undefined {
	const { channel, country, pins } = configuration;
	const last = lastChannel(country);
	if (channel > last) return { ok: false, path: "channel", expected: `a number from 1 to ${last} in country ${country}` };
	if (pins.relay && pins.relay.pin === pins.led?.pin) return sharedPin("pins.relay.pin", "pins.led.pin", pins.led.pin);
	// A relay on the button's pin would read as a press and bring the factory configuration back.
	if (pins.button === undefined) return undefined;
	if (pins.button === pins.led?.pin) return sharedPin("pins.button", "pins.led.pin", pins.button);
	return pins.button === pins.relay?.pin ? sharedPin("pins.button", "pins.relay.pin", pins.button) : undefined;
}

function sharedPin(path: string, other: string, pin: number): Refusal {
	return { ok: false, path, expected: `another pin than ${other}, which is GPIO ${pin}` };
}

function isInteger(value: unknown, lowest: number, highest: number): boolean {
	return Number.isInteger(value) && (value as number) >= lowest && (value as number) <= highest;
}

function isText(value: unknown, shortest: number, longest: number): value is string {
	if (typeof value !== "string" || hasControlCharacters(value) || !isWellFormed(value)) return false;
	const bytes = utf8Length(value);
	return bytes >= shortest && bytes <= longest;
}

/** In place of the router's password: the 256-bit key that is otherwise made of it. */
const RAW_KEY = /^[0-9a-fA-F]{64}$/;

function isRawKey(value: unknown): value is string {
	return typeof value === "string" && RAW_KEY.test(value);
}

function readPassword(value: unknown, old: unknown, shortest: number): unknown {
	if (value === PASSWORD_MASK) return old;
	return isText(value, shortest, 63) ? value : undefined;
}

function oneOf(...words: readonly string[]): Leaf {
	// A preloaded function may only hold on to what is constant and frozen.
	const known = Object.freeze([...words]);
	return { expected: known.join(" or "), read: (value) => (typeof value === "string" && known.includes(value) ? value : undefined) };
}
