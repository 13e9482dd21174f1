import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { byteCode } from "./byte-code";
import { C3_NS_PER_METER } from "./engine";
import { benchFirmware } from "./firmware";
import { channelMs, longestSeriesMs, roundTripMs } from "./floor";
import { afterMany, atRest, oneAlive, oneSilent, original, perMessage, poll, roundTrips, sustained, ten } from "./measure";
import { broken } from "./promises";
import { sealed } from "./sealed";
import { table } from "./table";

const RESULTS = "bench/results.json";
/** Boards that are off and asked at once with one that is not. */
const OFF = 25;
const randomSeed = Number(process.env.SEED ?? 1);
const document = process.env.SEED_DOC ?? "";
const hasOriginal = document !== "" && existsSync(document);

const app = benchFirmware();
const free = { seed: randomSeed, app, engineNsPerMeter: 0 };
const charged = { ...free, engineNsPerMeter: C3_NS_PER_METER };
const page = hasOriginal ? original(randomSeed, document) : undefined;
const say = (what: string) => process.stderr.write(`bench: ${what}\n`);

if (!page) say("SEED_DOC does not name the page with the original's code: its column stays empty");

function rtt(bytes: number) {
	say(`round trips of ${bytes} bytes`);
	const ours = roundTrips(free, bytes);
	const onChip = roundTrips(charged, bytes);
	const theirs = page?.trips(bytes);
	return {
		oursP50Ms: ours.p50,
		oursP95Ms: ours.p95,
		chargedP50Ms: onChip.p50,
		chargedP95Ms: onChip.p95,
		originalP50Ms: theirs?.p50 ?? null,
		originalP95Ms: theirs?.p95 ?? null,
		floorMs: roundTripMs(bytes),
	};
}

function silent(how: "mute" | "off") {
	say(`one ${how} among ten`);
	const ours = oneSilent(free, how);
	const onChip = oneSilent(charged, how);
	return {
		othersP50Ms: ours.others.p50,
		othersP50WithoutMs: ours.without.p50,
		othersP95Ms: ours.others.p95,
		othersP95WithoutMs: ours.without.p95,
		othersMaxMs: ours.others.max,
		othersMaxWithoutMs: ours.without.max,
		chargedOthersP95Ms: onChip.others.p95,
		chargedOthersP95WithoutMs: onChip.without.p95,
	};
}

function relay(hops: number) {
	say(`relaying over ${hops}`);
	const ours = roundTrips(free, 20, hops);
	const onChip = roundTrips(charged, 20, hops);
	const theirs = page?.relayed(hops);
	return {
		oursP50Ms: ours.p50,
		oursP95Ms: ours.p95,
		chargedP50Ms: onChip.p50,
		chargedP95Ms: onChip.p95,
		originalP50Ms: theirs?.ms ?? null,
		original: theirs?.outcome ?? null,
		floorMs: roundTripMs(20, hops),
	};
}

function tenDevices() {
	say("ten devices");
	const ours = ten(free, 20);
	const onChip = ten(charged, 20);
	const theirs = page?.tenDevices(20);
	return {
		tenOneByOneMs: { ours: ours.oneByOne, charged: onChip.oneByOne, original: theirs?.oneByOne ?? null, floor: 10 * roundTripMs(20) },
		tenAtOnceMs: {
			ours: ours.atOnce,
			charged: onChip.atOnce,
			original: theirs?.atOnce ?? null,
			originalWrongReplies: theirs?.wrongReplies ?? null,
			floor: channelMs(20, 10),
		},
	};
}

const rtts = { "20": rtt(20), "240": rtt(240) };
const tens = tenDevices();
const oneSilentResult = { ...silent("mute"), off: silent("off") };
say("one alive among those that are off");
const alive = oneAlive(free, OFF);
const aliveCharged = oneAlive(charged, OFF);
const relays = { "1": relay(1), "2": relay(2) };
say("messages per second");
const perSecond = sustained(free);
const perSecondCharged = sustained(charged);
say("cost per message, and at rest");
const { hub, device } = perMessage(free);
const rest = atRest(free);
say("poll of 200 devices");
const polled = poll(free, 200, 0.1);
const polledCharged = poll(charged, 200, 0.1);

say("10,000 messages");
const heapAfterMany = Math.max(...afterMany(free, 10_000).map(({ before, after }) => Math.abs(after - before) / before));

const sealedResult = sealed(free, charged, say);
const code = byteCode();

const results = {
	randomSeed,
	/** What the column of the original was measured with. */
	original: page ? { engine: `MicroPython ${microPythonVersion()}`, page: "espcomms.md" } : null,
	engineNsPerMeter: C3_NS_PER_METER,
	rtt: rtts,
	...tens,
	oneSilent: oneSilentResult,
	oneAlive: {
		off: OFF,
		ms: alive.ms,
		triesBefore: alive.triesBefore,
		mostMs: Math.round(100 + alive.triesBefore * longestSeriesMs(20)),
		chargedMs: aliveCharged.ms,
	},
	relay: relays,
	hubMessagesPerSecond: perSecond,
	hubMessagesPerSecondCharged: perSecondCharged,
	hubMessagesPerSecondFloor: Math.round(10_000 / channelMs(20, 1)) / 10,
	perMessage: { ...hub, device, chargedMs: Math.round((hub.meter * C3_NS_PER_METER) / 1e4) / 100 },
	byteCode: { bytes: Object.values(code).reduce((sum, bytes) => sum + bytes, 0), modules: code },
	heapAtRest: {
		hub: { slots: rest.hub.slots, chunkBytes: rest.hub.chunkBytes },
		device: { slots: rest.device.slots, chunkBytes: rest.device.chunkBytes },
	},
	atRestPerSecond: {
		hub: { meter: rest.hub.meterPerSecond, heapBytes: rest.hub.heapBytesPerSecond },
		device: { meter: rest.device.meterPerSecond, heapBytes: rest.device.heapBytesPerSecond },
	},
	heapAfterMany,
	sealed: sealedResult,
	poll200: { ...polled, chargedMs: polledCharged.ms },
};

writeFileSync(RESULTS, `${JSON.stringify(results, null, "\t")}\n`);
process.stdout.write(table(results));
const faults = broken(results);
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.exitCode = faults.length > 0 ? 1 : 0;

function microPythonVersion(): string {
	const path = "node_modules/@micropython/micropython-webassembly-pyscript/package.json";
	return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}
