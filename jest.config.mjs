import { availableParallelism } from "node:os";

/** Tests run from source: swc strips the types, the mapper gives the firmware's specifiers the meaning the manifests give them. */
const swc = ["@swc/jest", { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "es6" }, sourceMaps: "inline" }];

export default {
	testEnvironment: "node",
	extensionsToTreatAsEsm: [".ts"],
	transform: { "^.+\\.ts$": swc },
	moduleNameMapper: {
		"^board/chip$": "<rootDir>/modules/board/esp32/board-esp32.ts",
		"^common/utf8$": "<rootDir>/modules/common/esp32/utf8-esp32.ts",
		"^board/figures$": "<rootDir>/modules/board/esp32/figures-esp32.ts",
		"^wifi-roles/driver$": "<rootDir>/modules/wifi-roles/esp32/wifi-roles-esp32.ts",
		"^espnow/radio$": "<rootDir>/modules/espnow/esp32/espnow-esp32.ts",
		"^sealing/vault$": "<rootDir>/modules/sealing/esp32/vault-esp32.ts",
		"^(common|config|board|wifi-roles|espnow|channels|devices|sealing|handler)/(.*)$": "<rootDir>/modules/$1/$2.ts",
		"^web/(.*)$": "<rootDir>/web/$1.ts",
	},
	testMatch: ["<rootDir>/tests/**/*.test.ts"],
	modulePathIgnorePatterns: ["<rootDir>/build"],
	testSequencer: "<rootDir>/tests/sequencer.mjs",
	// A world waits for its board programs, one process at a time, and some tests wait for real time: half as many workers again as
	// cores, so that none of these idles.
	maxWorkers: Math.ceil(1.5 * availableParallelism()),
	testTimeout: 120000,
	reporters: ["default"],
};
