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
	// A world waits for its board programs, one process at a time: with Jest's usual one core less, one would idle.
	maxWorkers: "100%",
	testTimeout: 120000,
	reporters: ["default"],
};
