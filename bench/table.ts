import { type Cell, columns } from "../sim/tools/table";

interface Trip {
	readonly oursP50Ms: number;
	readonly oursP95Ms: number;
	readonly chargedP50Ms: number;
	readonly chargedP95Ms: number;
	readonly originalP50Ms: number | null;
	readonly original?: string | null;
	readonly floorMs: number;
}

interface Ten {
	readonly ours: number;
	readonly charged: number;
	readonly original: number | null;
	readonly floor: number;
}

interface Silent {
	readonly othersP50Ms: number;
	readonly othersP50WithoutMs: number;
	readonly othersP95Ms: number;
	readonly othersP95WithoutMs: number;
	readonly othersMaxMs: number;
	readonly othersMaxWithoutMs: number;
	readonly chargedOthersP95Ms: number;
	readonly chargedOthersP95WithoutMs: number;
}

export interface Cost {
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
	readonly tenAtOnceMs: Ten & { readonly originalWrongReplies: number | null };
	readonly oneSilent: Silent & { readonly off: Silent };
	readonly oneAlive: { readonly off: number; readonly ms: number; readonly triesBefore: number; readonly chargedMs: number };
	readonly hubMessagesPerSecond: number;
	readonly hubMessagesPerSecondCharged: number;
	readonly hubMessagesPerSecondFloor: number;
	readonly perMessage: Cost & { readonly device: Cost };
	readonly heapAtRest: { readonly hub: Heap; readonly device: Heap };
	readonly atRestPerSecond: { readonly hub: Cost; readonly device: Cost };
	/** The largest change of a board's heap over 10,000 messages, as a part of it. */
	readonly heapAfterMany: number;
	readonly byteCode: { readonly bytes: number };
	readonly poll200: Poll;
	readonly sealed: Sealed;
}

interface Poll {
	readonly ms: number;
	readonly chargedMs: number;
	readonly answered: number;
	readonly failed: number;
	readonly lost: number;
	readonly driverPeers: number;
}

/** The same of a sealed network. */
interface Sealed {
	readonly rtt: Readonly<Record<string, Trip>>;
	readonly perSecond: number;
	readonly perSecondCharged: number;
	readonly perSecondFloor: number;
	readonly perMessage: Cost & { readonly device: Cost };
	readonly handshakeMs: number;
	readonly handshakeChargedMs: number;
	readonly heapAtRest: { readonly hub: Heap; readonly device: Heap };
	readonly poll200: Poll;
}

/** A row of the table: figures with two digits behind the point, `-` where nothing was measured. */
function row(...cells: readonly Cell[]): readonly Cell[] {
	return cells.map((cell) => (cell === null ? "-" : typeof cell === "number" ? Math.round(cell * 100) / 100 : cell));
}

/** The results for people. */
export function table(results: Results): string {
	const { rtt, relay, tenOneByOneMs, tenAtOnceMs, oneSilent, oneAlive, perMessage, heapAtRest, atRestPerSecond, byteCode, poll200 } =
		results;
	const trips = (name: string, trip: Trip) => [
		row(`${name}, p50`, trip.oursP50Ms, trip.chargedP50Ms, trip.originalP50Ms ?? trip.original ?? null, trip.floorMs),
		row(`${name}, p95`, trip.oursP95Ms, trip.chargedP95Ms),
	];
	const silent = (name: string, { othersP50Ms, othersP50WithoutMs, othersP95Ms, othersP95WithoutMs, ...onChip }: Silent) => [
		row(`nine beside one ${name}, p50 (without it)`, othersP50Ms, `(${othersP50WithoutMs})`),
		row(`nine beside one ${name}, p95 (without it)`, othersP95Ms, `(${othersP95WithoutMs})`),
		row("  the same, engine charged", onChip.chargedOthersP95Ms, `(${onChip.chargedOthersP95WithoutMs})`),
	];
	const wrong = tenAtOnceMs.originalWrongReplies;
	const times = [
		row("", "ours", "engine charged", "original", "floor"),
		...Object.entries(rtt).flatMap(([bytes, trip]) => trips(`round trip, ${bytes} bytes`, trip)),
		...Object.entries(relay).flatMap(([hops, trip]) => trips(`relayed over ${hops}, 20 bytes`, trip)),
		row("ten devices one after another", tenOneByOneMs.ours, tenOneByOneMs.charged, tenOneByOneMs.original, tenOneByOneMs.floor),
		row("ten devices at once", tenAtOnceMs.ours, tenAtOnceMs.charged, tenAtOnceMs.original, tenAtOnceMs.floor),
		...(wrong === null ? [] : [row("  replies to the wrong request, of ten", 0, 0, wrong)]),
		row(`one alive asked after ${oneAlive.off} that are off`, oneAlive.ms, oneAlive.chargedMs),
		row("  tries of others sent before", oneAlive.triesBefore),
		row("poll of 200 devices, 10 % loss", poll200.ms, poll200.chargedMs),
		row("  answered / failed / lost", `${poll200.answered}/${poll200.failed}/${poll200.lost}`),
		row(
			"requests answered per second",
			results.hubMessagesPerSecond,
			results.hubMessagesPerSecondCharged,
			null,
			results.hubMessagesPerSecondFloor,
		),
	];
	const silence = [...silent("mute", oneSilent), ...silent("off", oneSilent.off)];
	const costs = [
		row("", "hub", "device"),
		row("meter per request and reply", perMessage.meter, perMessage.device.meter),
		row("heap bytes per request and reply", perMessage.heapBytes, perMessage.device.heapBytes),
		row("meter per second at rest", atRestPerSecond.hub.meter, atRestPerSecond.device.meter),
		row("heap bytes per second at rest", atRestPerSecond.hub.heapBytes, atRestPerSecond.device.heapBytes),
		row("heap at rest: slots", heapAtRest.hub.slots, heapAtRest.device.slots),
		row("heap at rest: chunk bytes", heapAtRest.hub.chunkBytes, heapAtRest.device.chunkBytes),
		row("byte code of the firmware, bytes", byteCode.bytes, byteCode.bytes),
	];
	const { sealed } = results;
	const sealedTimes = [
		row("sealed", "ours", "engine and cryptography charged", "", "its own floor"),
		...Object.entries(sealed.rtt).flatMap(([bytes, trip]) => trips(`round trip, ${bytes} bytes`, trip)),
		row("a handshake more", sealed.handshakeMs, sealed.handshakeChargedMs),
		row("requests answered per second", sealed.perSecond, sealed.perSecondCharged, null, sealed.perSecondFloor),
		row("poll of 200 devices, 10 % loss", sealed.poll200.ms, sealed.poll200.chargedMs),
		row("  answered / failed / lost", `${sealed.poll200.answered}/${sealed.poll200.failed}/${sealed.poll200.lost}`),
	];
	const sealedCosts = [
		row("sealed", "hub", "device"),
		row("meter per request and reply", sealed.perMessage.meter, sealed.perMessage.device.meter),
		row("heap bytes per request and reply", sealed.perMessage.heapBytes, sealed.perMessage.device.heapBytes),
		row("heap at rest: slots", sealed.heapAtRest.hub.slots, sealed.heapAtRest.device.slots),
		row("heap at rest: chunk bytes", sealed.heapAtRest.hub.chunkBytes, sealed.heapAtRest.device.chunkBytes),
	];
	const title = `times in ms, seed ${results.randomSeed}; engine charged: ${results.engineNsPerMeter} ns for each count of its meter`;
	return `${[title, ...[times, silence, costs, sealedTimes, sealedCosts].map((rows) => columns(rows, { right: true }))].join("\n\n")}\n`;
}
