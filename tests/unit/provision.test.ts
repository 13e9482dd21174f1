import { expect, test } from "@jest/globals";
import { boardMac } from "../../sim/world/mac";
import { joinAll, provision, storedConfiguration } from "../../sim/world/provision";
import { keysIn } from "../../sim/world/sealed-keys";

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

test("boards that are joined in flash share a key with their hub alone, which lists them by name", () => {
	const boards = joinAll([{ name: "Hub" }, { name: "Kitchen", config: { name: "Küche" } }, { name: "Hall", mac: "34b4720b0000" }]);
	const [hub, kitchen, hall] = boards.map(({ keys = [] }) => keysIn(keys));
	expect([...(hub?.keys() ?? [])]).toEqual([boardMac(1), "34b4720b0000"]);
	expect(kitchen).toEqual(new Map([[boardMac(0), hub?.get(boardMac(1))]]));
	expect(hall).toEqual(new Map([[boardMac(0), hub?.get("34b4720b0000")]]));
	expect(hub?.get(boardMac(1))).not.toEqual(hub?.get("34b4720b0000"));
	const list = boards[0]?.keys?.find(({ key }) => key === "devices-0");
	expect(Buffer.from(list?.hex ?? "", "hex").toString()).toContain(`${boardMac(1)}sKüche\n34b4720b0000sHall`);
});
