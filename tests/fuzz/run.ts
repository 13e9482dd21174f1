/**
 * Fuzzing of the board program: `make fuzz ARGS="--seconds 300 --seed 1 --target receive-hub"`.
 * Corpora are tests/fuzz/corpus/<target>; what is found on top of them stays in build/fuzz. What makes the board fail is written to
 * build/fuzz/crash-*, with the journal of all that it was given.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { transformSync } from "esbuild";
import { readOptions } from "../../sim/tools/options";
import { provision } from "../../sim/world/provision";
import { joined } from "../../sim/world/sealed-keys";

const PROGRAM = "build/board-fuzz/board";
const OUT = "build/fuzz";
const HUB = "34b4720a1000";
const BOARD = "34b4720a1004";
const ROUTER = { ssid: "House", password: "house-pass" };

interface Target {
	readonly kind: "receive" | "config";
	/** Modules in place of others, as source files. */
	readonly modules: Readonly<Record<string, string>>;
	readonly events: readonly object[];
	readonly longest: number;
	/** Inputs after which the board begins anew, where a long life would fill its heap. */
	readonly inputs?: number;
}

const boot = (patch: Parameters<typeof provision>[0]) => ({
	t: 1e6,
	type: "boot",
	mac: BOARD,
	seed: 1,
	reset: 3,
	nvs: provision(patch),
	rtc: null,
	pins: { 9: 1 },
});
const noRestart = { "board/restarter": "tests/fuzz/restarter.ts" };

const TARGETS: Readonly<Record<string, Target>> = {
	"receive-device": {
		kind: "receive",
		modules: noRestart,
		events: [boot({ name: "Fuzz", hub: HUB, pins: { relay: { pin: 4 } } }), { t: 4e6, type: "wake" }],
		longest: 1024,
	},
	"receive-hub": {
		kind: "receive",
		modules: noRestart,
		events: [
			boot({ name: "Fuzz", role: "hub", router: ROUTER }),
			{ t: 1.05e6, type: "beacon", ssid: ROUTER.ssid, bssid: "e4faed000001", channel: 1, rssi: -48, auth: "wpa2" },
			{ t: 1.3e6, type: "join-result", ok: true, reason: 0, channel: 1, bssid: "e4faed000001", rssi: -48 },
			{ t: 1.4e6, type: "dhcp", ip: "192.168.1.50", mask: "255.255.255.0", gateway: "192.168.1.1" },
			{ t: 4e6, type: "wake" },
		],
		longest: 1024,
	},
	"receive-sealed": {
		kind: "receive",
		modules: noRestart,
		events: [
			{ ...boot({ name: "Fuzz", hub: HUB }), nvs: [...provision({ name: "Fuzz", hub: HUB }), ...(joined(HUB, [BOARD]).get(BOARD) ?? [])] },
			{ t: 4e6, type: "wake" },
		],
		longest: 1024,
	},
	config: {
		kind: "config",
		modules: { main: "tests/fuzz/config.ts" },
		events: [{ t: 1e6, type: "boot", mac: BOARD, seed: 1, reset: 1, nvs: [], rtc: null, pins: {} }],
		longest: 3800,
		// The engine never gives back the memory of a name that it made, and a configuration's unknown names are kept.
		inputs: 4000,
	},
};

/** The firmware's app.json with some modules replaced. */
function writeApp(name: string, modules: Readonly<Record<string, string>>): string {
	const app = JSON.parse(readFileSync("build/virtual/app.json", "utf8")) as { modules: Record<string, string> };
	for (const [specifier, source] of Object.entries(modules)) {
		const path = resolve(OUT, `${name}-${specifier.replace("/", "-")}.js`);
		writeFileSync(path, transformSync(readFileSync(source, "utf8"), { loader: "ts", target: "es2022" }).code);
		app.modules[specifier] = path;
	}
	const path = join(OUT, `${name}.json`);
	writeFileSync(path, JSON.stringify(app));
	return path;
}

/** Runs one target; returns whether the board held. */
function fuzz(name: string, target: Target, seconds: number, seed: number): boolean {
	const found = join(OUT, name);
	mkdirSync(found, { recursive: true });
	cpSync(join("tests/fuzz/corpus", name), found, { recursive: true });
	const events = join(OUT, `${name}.events`);
	writeFileSync(events, target.events.map((event) => `${JSON.stringify(event)}\n`).join(""));
	const env = {
		...process.env,
		FUZZ_TARGET: target.kind,
		FUZZ_APP: writeApp(name, target.modules),
		FUZZ_EVENTS: events,
		FUZZ_JOURNAL: join(OUT, `crash-${name}.journal`),
		// The machine goes down with the process: what it held then is no leak.
		ASAN_OPTIONS: "detect_leaks=0:allocator_may_return_null=1",
	};
	const dictionary = join("tests/fuzz", `${target.kind}.dict`);
	const began = Date.now();
	const passed = () => (Date.now() - began) / 1_000;
	let runs = 0;
	for (let life = 0; ; life++) {
		const { status, signal, stderr } = spawnSync(
			PROGRAM,
			[
				`-max_total_time=${Math.max(1, Math.round(seconds - passed()))}`,
				`-runs=${target.inputs ?? -1}`,
				`-seed=${seed + life}`,
				`-max_len=${target.longest}`,
				`-dict=${dictionary}`,
				`-artifact_prefix=${OUT}/crash-${name}-`,
				"-timeout=20",
				"-rss_limit_mb=2048",
				"-print_final_stats=1",
				found,
			],
			{ env, encoding: "utf8", maxBuffer: 1 << 28 },
		);
		writeFileSync(join(OUT, `${name}.log`), stderr ?? "");
		if (status !== 0) return failed(name, `${status ?? signal}`, stderr ?? "");
		runs += Number(/number_of_executed_units: (\d+)/.exec(stderr)?.[1] ?? 0);
		if (passed() < seconds - 1) continue;
		const coverage = /.*cov: (\d+)/s.exec(stderr)?.[1] ?? "?";
		const speed = Math.round(runs / passed());
		console.log(`${name}: ${runs} inputs, ${speed} a second, ${coverage} places reached, no failure (seed ${seed})`);
		return true;
	}
}

function failed(name: string, end: string, output: string): boolean {
	const why = output.split("\n").filter((line) => /^fuzz:|ERROR: |SUMMARY|runtime error/.test(line));
	console.log(`${name}: FAILED (${end}), see ${OUT}/${name}.log, ${OUT}/crash-${name}*\n${why.join("\n")}`);
	return false;
}

const given = readOptions(process.argv.slice(2), {
	numbers: { seconds: { lowest: 1, highest: 86_400, usual: 300 }, seed: { lowest: 0, highest: 0xffffffff, usual: 1 } },
	texts: { target: "" },
});
if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: make fuzz builds it`);
mkdirSync(OUT, { recursive: true });
const names = Object.keys(TARGETS).filter((name) => name.includes(given.text("target")));
let held = 0;
for (const name of names) {
	const target = TARGETS[name];
	if (target && fuzz(name, target, Math.max(1, Math.round(given.number("seconds") / names.length)), given.number("seed"))) held++;
}
writeFileSync("build/fuzz-count", `${held} ${names.length - held}\n`);
process.exit(held === names.length && held > 0 && readdirSync(OUT).length > 0 ? 0 : 1);
