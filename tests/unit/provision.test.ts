import { expect, test } from "@jest/globals";
import { provision, storedConfiguration } from "../../sim/world/provision";

test("a provisioned board starts with the configuration it was given", () => {
	const nvs = provision({ name: "Kitchen", hub: "34b4720a1000", channel: 6, pins: { relay: { pin: 9 } } });
	expect(nvs.every(({ ns, type, hex }) => ns === "rbrnow" && type === "str" && hex.endsWith("00"))).toBe(true);
	const { configuration, configured } = storedConfiguration(nvs);
	expect(configured).toBe(true);
	expect(configuration).toMatchObject({
		name: "Kitchen",
		role: "device",
		hub: "34b4720a1000",
		channel: 6,
		pins: { relay: { pin: 9, invert: false } },
	});
});

test("empty or foreign flash is a board from the factory", () => {
	expect(storedConfiguration([]).configured).toBe(false);
	expect(storedConfiguration([{ ns: "wifi", key: "a", type: "str", hex: "00" }]).configuration.name).toBe("(none)");
});

test("a configuration that does not hold is an error that names the key", () => {
	expect(() => provision({ channel: 99 })).toThrow("the configuration does not hold: channel must be a number from 1 to 11 in country 01");
});
