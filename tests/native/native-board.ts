import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { transformSync } from "esbuild";
import type { BoardReply, EffectOf } from "../../sim/world/protocol";

/** The board program with AddressSanitizer and UBSan: `make asan`. */
const SANITIZED = "build/board-asan/board";
/** The one that collects garbage at every allocation: `make gc-stress`. */
export const GC_STRESS = "build/board-gc-stress/board";
const BUILD = resolve("build/tests-native");

const WRAPPERS = {
	"common/utf8": "modules/common/esp32/utf8-esp32.ts",
	"espnow/radio": "modules/espnow/esp32/espnow-esp32.ts",
	"wifi-roles/driver": "modules/wifi-roles/esp32/wifi-roles-esp32.ts",
	"wifi-roles/events": "modules/wifi-roles/events.ts",
	"board/chip": "modules/board/esp32/board-esp32.ts",
} as const;

export const STATION = "a0b1c2d3e4f0";
export const PEER = "102030405060";

/** Started before each test's own script; `say` makes trace lines. */
const PRELUDE = `
import { decode, encode } from "common/utf8";
import { Radio } from "espnow/radio";
import { WiFiDriver, WiFiEventKind } from "wifi-roles/driver";
import { Chip } from "board/chip";
const say = (...values) => trace(values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join(" ") + "\\n");
/** A frame's record, and what it holds as a text. */
const newFrame = (bytes = 250) => ({ from: "", rssi: 0, length: 0, bytes: new Uint8Array(bytes) });
const textOf = (frame) => decode(frame.bytes, frame.length);
const told = (frame) => ({ from: frame.from, rssi: frame.rssi, bytes: frame.length, text: textOf(frame) });
const bytesOf = (text) => { const bytes = new Uint8Array(2000); return bytes.subarray(0, encode(text, bytes)); };
const send = (radio, mac, text) => { const bytes = bytesOf(text); return radio.send(mac, bytes, bytes.length); };
const failure = (act) => { try { act(); return "none"; } catch (error) { return String(error); } };
`;

let count = 0;

/** Writes the app of a script, and the shipping wrappers, as the board program reads it. */
function writeApp(script: string): string {
	mkdirSync(`${BUILD}/js`, { recursive: true });
	const modules: Record<string, string> = {};
	const put = (specifier: string, code: string) => {
		const path = `${BUILD}/js/${specifier.replace("/", "-")}.js`;
		writeFileSync(path, code);
		modules[specifier] = path;
	};
	for (const [specifier, path] of Object.entries(WRAPPERS))
		put(specifier, transformSync(readFileSync(path, "utf8"), { loader: "ts", target: "es2022" }).code);
	put(`main${count}`, `${PRELUDE}\nexport default function () {\n${script}\n}\nexport const snapshot = () => ({});\n`);
	const app = `${BUILD}/app${count}.json`;
	writeFileSync(app, JSON.stringify({ modules, resources: {}, config: {}, creation: {}, preload: [], main: `main${count}` }));
	count++;
	return app;
}

export type Event = { readonly type: string; readonly t?: number; readonly [field: string]: unknown };

export interface Run {
	/** What the script said, in order. */
	readonly said: readonly string[];
	readonly answers: readonly BoardReply[];
	effects<Kind extends Parameters<typeof isEffect>[1]>(kind: Kind): EffectOf<Kind>[];
}

function isEffect(effect: BoardReply["effects"][number], kind: BoardReply["effects"][number]["do"]): boolean {
	return effect.do === kind;
}

/** Boots a board with the script as main's default export, gives it the events and lets it end. Times in ms since boot. */
export function run(script: string, events: readonly Event[] = [], boot: Record<string, unknown> = {}, program = SANITIZED): Run {
	return runApp(writeApp(script), events, boot, program);
}

/** The same for an app that is there already, such as the firmware's. */
export function runApp(app: string, events: readonly Event[], boot: Record<string, unknown>, program: string): Run {
	if (!existsSync(program)) throw new Error(`${program} is missing: make board asan gc-stress`);
	const first = { t: 0, type: "boot", mac: STATION, seed: 1, reset: 1, nvs: [], rtc: null, pins: {}, ...boot };
	let nowMs = 0;
	const lines = events.map(({ t, ...event }) => {
		nowMs = Math.max(nowMs, t ?? nowMs);
		return { t: nowMs * 1000, ...event };
	});
	const input = [first, ...lines].map((line) => `${JSON.stringify(line)}\n`).join("");
	const output = execFileSync(program, [app], { input, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"], maxBuffer: 1 << 26 });
	const answers = output
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line) as BoardReply);
	const effects = answers.flatMap((answer) => answer.effects);
	return {
		answers,
		said: effects.flatMap((effect) => (effect.do === "trace" ? [effect.line.replace(/\n$/, "")] : [])),
		effects: <Kind extends Parameters<typeof isEffect>[1]>(kind: Kind) =>
			effects.filter((effect) => isEffect(effect, kind)) as EffectOf<Kind>[],
	};
}

/** Wi-Fi as a station, then `body` in the same scope. */
export const withWiFi = (body: string) => `
const wifi = new WiFiDriver({ country: "01", hostName: "rbr-hall", onEvent() {} });
wifi.setMode(1);
wifi.start();
${body}`;

export const frame = (text: string | Uint8Array, more: Record<string, unknown> = {}): Event => ({
	type: "rx",
	from: PEER,
	to: STATION,
	rssi: -60,
	hex: Buffer.from(text).toString("hex"),
	...more,
});
