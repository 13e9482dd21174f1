import { describe, expect, test } from "@jest/globals";
import { merge, redact, unknownKeys } from "config/merge";
import { type Configuration, defaults, PASSWORD_MASK } from "config/schema";
import fc from "fast-check";

function merged(patch: unknown, base: Configuration = defaults): Configuration {
	const result = merge(base, patch);
	if (!result.ok) throw new Error(`${result.path}: ${result.expected}`);
	return result.configuration;
}

function refusedPath(patch: unknown, base: Configuration = defaults): string {
	const result = merge(base, patch);
	return result.ok ? "taken" : result.path;
}

const passwords = (password: string) => ({ router: { ssid: "House", password }, setupAP: { password } });

describe("rules of the configuration", () => {
	test("the defaults pass their own rules", () => {
		expect(merged(defaults)).toEqual(defaults);
	});

	test.each<[string, unknown, string]>([
		["name", { name: "" }, "name"],
		["name", { name: 7 }, "name"],
		["name", { name: "x".repeat(33) }, "name"],
		["name in bytes, not characters", { name: "\u00fc".repeat(17) }, "name"],
		["name with a line end", { name: "a\nb" }, "name"],
		["name with half a surrogate pair", { name: "\ud83d" }, "name"],
		["role", { role: "master" }, "role"],
		["role", { role: true }, "role"],
		["router", { router: "House" }, "router"],
		["router", { router: [] }, "router"],
		["router", { router: null }, "router"],
		["SSID of 33 bytes", { router: { ssid: "x".repeat(33) } }, "router.ssid"],
		["SSID with NUL", { router: { ssid: "a\0" } }, "router.ssid"],
		["password of 7", { router: { password: "1234567" } }, "router.password"],
		["password of 64", { router: { password: "x".repeat(64) } }, "router.password"],
		["password of no text", { router: { password: 12345678 } }, "router.password"],
		["empty setup password", { setupAP: { password: "" } }, "setupAP.password"],
		["setup password of 7", { setupAP: { password: "1234567" } }, "setupAP.password"],
		["setup password of 64 bytes", { setupAP: { password: `${"x".repeat(62)}\u00fc` } }, "setupAP.password"],
		["minutes 0", { setupAP: { minutes: 0 } }, "setupAP.minutes"],
		["minutes 11", { setupAP: { minutes: 11 } }, "setupAP.minutes"],
		["minutes 1.5", { setupAP: { minutes: 1.5 } }, "setupAP.minutes"],
		["minutes as text", { setupAP: { minutes: "2" } }, "setupAP.minutes"],
		["afterwards", { setupAP: { afterwards: "open" } }, "setupAP.afterwards"],
		["hub", { hub: "24dcc3a1b2c" }, "hub"],
		["hub", { hub: null }, "hub"],
		["hub of all ones", { hub: "ffffffffffff" }, "hub"],
		["channel 0", { channel: 0 }, "channel"],
		["channel 14", { channel: 14, country: "JP" }, "channel"],
		["channel as text", { channel: "6" }, "channel"],
		["channel that is no number", { channel: Number.NaN }, "channel"],
		["channel outside the country", { channel: 12 }, "channel"],
		["country that leaves the channel outside", { channel: 13, country: "US" }, "channel"],
		["country", { country: "ZZ" }, "country"],
		["country", { country: "gb" }, "country"],
		["pins", { pins: 3 }, "pins"],
		["pin without number", { pins: { led: {} } }, "pins.led.pin"],
		["pin as number alone", { pins: { relay: 9 } }, "pins.relay"],
		["pin -1", { pins: { relay: { pin: -1 } } }, "pins.relay.pin"],
		["pin 49", { pins: { relay: { pin: 49 } } }, "pins.relay.pin"],
		["pin null", { pins: { relay: { pin: null } } }, "pins.relay.pin"],
		["invert", { pins: { led: { pin: 3, invert: "no" } } }, "pins.led.invert"],
		["button", { pins: { button: "9" } }, "pins.button"],
		["one pin for LED and relay", { pins: { led: { pin: 9 }, relay: { pin: 9 } } }, "pins.relay.pin"],
		["one pin for relay and button", { pins: { relay: { pin: 9 }, button: 9 } }, "pins.button"],
		["one pin for LED and button", { pins: { led: { pin: 9 }, button: 9 } }, "pins.button"],
	])("refused with its path: %s", (_what, patch, path) => {
		expect(refusedPath(patch)).toBe(path);
	});

	test.each<[unknown]>([[null], [undefined], [7], ["{}"], [[]], [true]])("a configuration that is no object is refused: %p", (patch) => {
		expect(merge(defaults, patch)).toEqual({ ok: false, path: "", expected: "an object" });
	});

	test("a refusal says what is expected", () => {
		expect(merge(defaults, { setupAP: { minutes: 99 } })).toEqual({
			ok: false,
			path: "setupAP.minutes",
			expected: "a number from 1 to 10",
		});
		expect(merge(defaults, { channel: 12 })).toEqual({ ok: false, path: "channel", expected: "a number from 1 to 11 in country 01" });
	});

	test("longest and shortest values are taken", () => {
		merged({
			name: "x".repeat(32),
			router: { ssid: "\u20ac".repeat(10), password: "x".repeat(63) },
			setupAP: { password: "12345678", minutes: 10 },
		});
		merged({ name: "x", router: { ssid: "", password: "" }, setupAP: { minutes: 1, afterwards: "cloaked" }, channel: 13, country: "GB" });
	});

	test("a hub's MAC is kept in lower case without colons", () => {
		expect(merged({ hub: "24:DC:C3:A1:B2:C1" }).hub).toBe("24dcc3a1b2c1");
		expect(merged({ hub: "" }, merged({ hub: "24dcc3a1b2c1" })).hub).toBe("");
	});
});

describe("merging", () => {
	test("a partial configuration changes what it names and nothing else", () => {
		const base = merged({ name: "Kitchen", router: { ssid: "House", password: "sesame123" }, pins: { led: { pin: 3, invert: true } } });
		expect(merged({ router: { ssid: "Barn" } }, base)).toEqual({ ...base, router: { ssid: "Barn", password: "sesame123" } });
		expect(merged({}, base)).toEqual(base);
	});

	test("neither the base nor the patch is changed", () => {
		const patch = { pins: { led: { pin: 3 } }, extra: { deep: [1] } };
		const before = JSON.stringify(patch);
		const base = JSON.stringify(defaults);
		merged(patch);
		expect(JSON.stringify(patch)).toBe(before);
		expect(JSON.stringify(defaults)).toBe(base);
	});

	test("a pin is upright unless told", () => {
		expect(merged({ pins: { relay: { pin: 9 } } }).pins.relay).toEqual({ pin: 9, invert: false });
	});

	test("null removes an optional pin", () => {
		const base = merged({ pins: { led: { pin: 3 }, relay: { pin: 4 }, button: 9 } });
		expect(merged({ pins: { led: null, button: null } }, base).pins).toEqual({ relay: { pin: 4, invert: false } });
	});

	test("a removed pin does not leave its invert behind", () => {
		const base = merged({ pins: { led: { pin: 3, invert: true } } });
		const without = merged({ pins: { led: null } }, base);
		expect(merged({ pins: { led: { pin: 5 } } }, without).pins.led).toEqual({ pin: 5, invert: false });
	});

	test("the mask sent back keeps each password, whatever else changes", () => {
		const base = merged(passwords("sesame123"));
		const back = merged({ name: "New", router: { ssid: "Barn", password: PASSWORD_MASK }, setupAP: { password: PASSWORD_MASK } }, base);
		expect(back.router).toEqual({ ssid: "Barn", password: "sesame123" });
		expect(back.setupAP.password).toBe("sesame123");
	});

	test("the mask for a router password that there never was keeps it empty", () => {
		expect(merged({ router: { password: PASSWORD_MASK } }).router.password).toBe("");
	});

	test("the order of keys in a patch does not matter", () => {
		const one = merged({ name: "A", zeta: 1, alpha: { b: 1, a: 2 } });
		const other = merged({ alpha: { a: 2, b: 1 }, zeta: 1, name: "A" });
		expect(JSON.stringify(one)).toBe(JSON.stringify(other));
	});
});

describe("unknown keys", () => {
	test("are kept at any place and reported by path", () => {
		const configuration = merged({ path: "x", router: { bssid: [1, { y: null }] }, pins: { dht22: { pin: "" } } });
		expect(configuration).toMatchObject({ path: "x", router: { bssid: [1, { y: null }] }, pins: { dht22: { pin: "" } } });
		expect(unknownKeys({ ...configuration })).toEqual(["router.bssid", "pins.dht22", "path"]);
		expect(merged({ name: "later" }, configuration)).toMatchObject({ path: "x", router: { bssid: [1, { y: null }] } });
	});

	test("null removes one", () => {
		const base = merged({ path: "x", pins: { dht22: { pin: "" } } });
		expect(merged({ path: null, pins: { dht22: null } }, base)).toEqual(defaults);
	});

	test.each(["constructor", "toString", "valueOf", "hasOwnProperty"])(
		"%s is refused: on the chip no object can have it of its own",
		(key) => {
			expect(refusedPath({ [key]: 1 })).toBe(key);
			expect(refusedPath({ pins: { [key]: {} } })).toBe(`pins.${key}`);
			expect(refusedPath({ x: [{ [key]: null }] })).toBe(`x.0.${key}`);
		},
	);

	test("__proto__ is refused and nobody's prototype changes", () => {
		for (const json of [
			'{"__proto__":{"polluted":1}}',
			'{"pins":{"__proto__":{"polluted":1}}}',
			'{"x":{"__proto__":{"polluted":1}}}',
			'{"__proto__":5}',
		])
			expect(refusedPath(JSON.parse(json))).toMatch(/__proto__$/);
		expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
	});

	test("what a prototype holds is no key of a configuration", () => {
		expect(merged(Object.create({ name: "inherited" })).name).toBe("(none)");
	});

	test("nesting deeper than 8 is refused, a ring too", () => {
		const nest = (levels: number): unknown => (levels === 0 ? 1 : { n: nest(levels - 1) });
		expect(refusedPath(nest(8))).toBe("taken");
		expect(refusedPath(nest(9))).toBe("n.n.n.n.n.n.n.n");
		const ring: { self?: unknown } = {};
		ring.self = ring;
		expect(refusedPath(ring)).toMatch(/^self/);
	});

	test("what JSON does not know is refused", () => {
		expect(refusedPath({ x: () => 1 })).toBe("x");
		expect(refusedPath({ x: Number.POSITIVE_INFINITY })).toBe("x");
		expect(refusedPath({ x: undefined })).toBe("x");
	});
});

describe("passwords shown", () => {
	test("every password reads as the mask, an empty one as empty", () => {
		expect(redact({ ...merged(passwords("sesame123")) })).toMatchObject({
			router: { ssid: "House", password: PASSWORD_MASK },
			setupAP: { password: PASSWORD_MASK },
		});
		expect(redact({ ...defaults })).toMatchObject({ router: { password: "" } });
	});

	test("a mistyped password key is not shown either, and survives being sent back", () => {
		const base = merged({ pasword: "sesame123", mqtt: [{ Password: "x", user: "u" }], psk: { a: 1 } });
		const shown = redact({ ...base });
		expect(JSON.stringify(shown)).not.toMatch(/sesame123|"x"/);
		expect(merged(shown, base)).toEqual(base);
	});

	test("under an unknown key nothing is shown but numbers and booleans: nobody can tell what it is", () => {
		const extra = { wifi_key: "geheim-1", wlan: { key: "geheim-2", on: true }, list: ["geheim-3"], empty: "", port: 1883, tls: true };
		const base = merged({ ...extra, router: { bssid: "geheim-4" }, pins: { dht22: { pin: "geheim-5" } } });
		const shown = redact({ ...base });
		expect(JSON.stringify(shown)).not.toContain("geheim");
		expect(shown).toMatchObject({ wifi_key: PASSWORD_MASK, wlan: PASSWORD_MASK, list: PASSWORD_MASK, empty: "", port: 1883, tls: true });
		expect(shown).toMatchObject({ name: base.name, router: { bssid: PASSWORD_MASK }, pins: { dht22: PASSWORD_MASK } });
		expect(merged(shown, base)).toEqual(base);
	});

	test("a mask where nothing was is nothing", () => {
		expect(merged({ wifi_key: PASSWORD_MASK })).toEqual(defaults);
	});

	test("any configuration survives being shown and sent back", () => {
		fc.assert(
			fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (extra) => {
				const first = merge(defaults, extra);
				if (!first.ok) return;
				const again = merge(first.configuration, JSON.parse(JSON.stringify(redact({ ...first.configuration }))));
				expect(again.ok && JSON.stringify(again.configuration)).toBe(JSON.stringify(first.configuration));
			}),
		);
	});
});

test("no JSON at all can make merging throw", () => {
	const patch = fc.oneof(
		fc.jsonValue(),
		fc.record(
			{
				name: fc.jsonValue(),
				role: fc.jsonValue(),
				router: fc.oneof(fc.jsonValue(), fc.record({ ssid: fc.jsonValue(), password: fc.jsonValue() })),
				channel: fc.jsonValue(),
				pins: fc.oneof(
					fc.jsonValue(),
					fc.record({ led: fc.jsonValue(), relay: fc.record({ pin: fc.jsonValue() }), button: fc.jsonValue() }),
				),
			},
			{ requiredKeys: [] },
		),
	);
	fc.assert(
		fc.property(patch, (value) => {
			const result = merge(defaults, value);
			if (result.ok) expect(merge(defaults, result.configuration)).toEqual(result);
		}),
	);
});
