type Cell = number | string | null | undefined;

interface Trip {
	readonly oursP50Ms: number;
	readonly oursP95Ms: number;
	readonly chargedP50Ms: number;
	readonly chargedP95Ms: number;
	readonly seedP50Ms: number | null;
	readonly seed?: string | null;
	readonly floorMs: number;
}

interface Ten {
	readonly ours: number;
	readonly charged: number;
	readonly seed: number | null;
	readonly floor: number;
}

interface Silent {
	readonly othersP50Ms: number;
	readonly othersP50WithoutMs: number;
	readonly othersP95Ms: number;
	readonly othersP95WithoutMs: number;
	readonly chargedOthersP95Ms: number;
	readonly chargedOthersP95WithoutMs: number;
}

interface Cost {
	readonly meter: number;
	readonly heapBytes: number;
}

interface Heap {
	readonly slots: number;
	readonly chunkBytes: number;
}

/** What the table shows of the results. */
export interface Results {
	readonly randomSeed: number;
	readonly engineNsPerMeter: number;
	readonly rtt: Readonly<Record<string, Trip>>;
	readonly relay: Readonly<Record<string, Trip>>;
	readonly tenOneByOneMs: Ten;
	readonly tenAtOnceMs: Ten & { readonly seedWrongReplies: number | null };
	readonly oneSilent: Silent & { readonly off: Silent };
	readonly oneAlive: { readonly off: number; readonly ms: number; readonly triesBefore: number; readonly chargedMs: number };
	readonly hubMessagesPerSecond: number;
	readonly hubMessagesPerSecondCharged: number;
	readonly hubMessagesPerSecondFloor: number;
	readonly perMessage: Cost & { readonly device: Cost };
	readonly heapAtRest: { readonly hub: Heap; readonly device: Heap };
	readonly atRestPerSecond: { readonly hub: Cost; readonly device: Cost };
	readonly byteCode: { readonly bytes: number };
	readonly poll200: {
		readonly ms: number;
		readonly chargedMs: number;
		readonly answered: number;
		readonly failed: number;
		readonly lost: number;
	};
}

const WIDTHS = [42, 12, 16, 12, 12];

function line(...cells: readonly Cell[]): string {
	const texts = cells.map((cell, i) => {
		const text = cell === null ? "-" : typeof cell === "number" ? String(Math.round(cell * 100) / 100) : (cell ?? "");
		return i === 0 ? text.padEnd(WIDTHS[i] ?? 0) : text.padStart(WIDTHS[i] ?? 0);
	});
	return `${texts.join("").trimEnd()}\n`;
}

/** The results for people. */
export function table(results: Results): string {
	const { rtt, relay, tenOneByOneMs, tenAtOnceMs, oneSilent, oneAlive, perMessage, heapAtRest, atRestPerSecond, byteCode, poll200 } =
		results;
	const trips = (name: string, trip: Trip) =>
		line(`${name}, p50`, trip.oursP50Ms, trip.chargedP50Ms, trip.seedP50Ms ?? trip.seed ?? null, trip.floorMs) +
		line(`${name}, p95`, trip.oursP95Ms, trip.chargedP95Ms);
	const silent = (name: string, { othersP50Ms, othersP50WithoutMs, othersP95Ms, othersP95WithoutMs, ...onChip }: Silent) =>
		line(`nine beside one ${name}, p50 (without it)`, `${othersP50Ms}`, `(${othersP50WithoutMs})`) +
		line(`nine beside one ${name}, p95 (without it)`, `${othersP95Ms}`, `(${othersP95WithoutMs})`) +
		line("  the same, engine charged", `${onChip.chargedOthersP95Ms}`, `(${onChip.chargedOthersP95WithoutMs})`);
	return [
		`times in ms, seed ${results.randomSeed}; engine charged: ${results.engineNsPerMeter} ns for each count of its meter\n\n`,
		line("", "ours", "engine charged", "original", "floor"),
		...Object.entries(rtt).map(([bytes, trip]) => trips(`round trip, ${bytes} bytes`, trip)),
		...Object.entries(relay).map(([hops, trip]) => trips(`relayed over ${hops}, 20 bytes`, trip)),
		line("ten devices one after another", tenOneByOneMs.ours, tenOneByOneMs.charged, tenOneByOneMs.seed, tenOneByOneMs.floor),
		line("ten devices at once", tenAtOnceMs.ours, tenAtOnceMs.charged, tenAtOnceMs.seed, tenAtOnceMs.floor),
		tenAtOnceMs.seedWrongReplies === null ? "" : line("  replies to the wrong request, of ten", 0, 0, tenAtOnceMs.seedWrongReplies),
		line(`one alive asked after ${oneAlive.off} that are off`, oneAlive.ms, oneAlive.chargedMs),
		line("  tries of others sent before", oneAlive.triesBefore),
		line("poll of 200 devices, 10 % loss", poll200.ms, poll200.chargedMs),
		line("  answered / failed / lost", `${poll200.answered}/${poll200.failed}/${poll200.lost}`),
		line(
			"requests answered per second",
			results.hubMessagesPerSecond,
			results.hubMessagesPerSecondCharged,
			null,
			results.hubMessagesPerSecondFloor,
		),
		"\n",
		silent("mute", oneSilent),
		silent("off", oneSilent.off),
		"\n",
		line("", "hub", "device"),
		line("meter per request and reply", perMessage.meter, perMessage.device.meter),
		line("heap bytes per request and reply", perMessage.heapBytes, perMessage.device.heapBytes),
		line("meter per second at rest", atRestPerSecond.hub.meter, atRestPerSecond.device.meter),
		line("heap bytes per second at rest", atRestPerSecond.hub.heapBytes, atRestPerSecond.device.heapBytes),
		line("heap at rest: slots", heapAtRest.hub.slots, heapAtRest.device.slots),
		line("heap at rest: chunk bytes", heapAtRest.hub.chunkBytes, heapAtRest.device.chunkBytes),
		line("byte code of the firmware, bytes", byteCode.bytes, byteCode.bytes),
	].join("");
}
