import { expect, test } from "@jest/globals";
import { parseArguments } from "../../sim/world/arguments";

test("the desk's defaults", () => {
	expect(parseArguments([])).toEqual({
		host: "127.0.0.1",
		port: 8000,
		devices: 3,
		seed: 1,
		air: 0,
		json: false,
		factory: false,
		plain: false,
		help: false,
	});
});

test("options with a value after a space or an equals sign", () => {
	expect(parseArguments(["--port", "9000", "--devices=0", "--seed", "7", "--host", "10.99.0.1", "--json", "--factory", "--plain"])).toEqual(
		{
			host: "10.99.0.1",
			port: 9000,
			devices: 0,
			seed: 7,
			air: 0,
			json: true,
			factory: true,
			plain: true,
			help: false,
		},
	);
});

test.each([
	[["--port", "80"], "--port must be a whole number from 1024 to 65335, not 80."],
	[["--port"], "--port must be a whole number from 1024 to 65335."],
	[["--devices", "-1"], "--devices must be a whole number from 0 to 98, not -1."],
	[["--seed", "0x10"], "--seed must be a whole number from 0 to 4294967295, not 0x10."],
	[["--host", "hub.lan"], "--host must be an IPv4 address of this machine, not hub.lan."],
	[["--jsn"], "There is no option --jsn; there are --port, --devices, --seed, --air, --host, --json, --factory, --plain, --help."],
	[["--json=yes"], "There is no option --json=yes"],
	[["8000"], "There is no option 8000"],
])("a wrong argument gets a sentence: %j", (words, sentence) => {
	expect(() => parseArguments(words)).toThrow(sentence);
});
