import { longestSeriesMs, roundTripMs } from "./floor";
import type { Cost, Results } from "./table";

/** What `make bench` promises: a figure, and the most it may be. */
interface Promised {
	readonly what: string;
	readonly value: number;
	readonly most: number;
}

function promised(results: Results): Promised[] {
	const { rtt, relay, oneSilent, oneAlive, poll200, heapAfterMany } = results;
	const trips = [
		...Object.entries(rtt).map(([bytes, trip]) => ({ name: `round trip of ${bytes} bytes`, trip, floor: roundTripMs(Number(bytes)) })),
		...Object.entries(relay).map(([hops, trip]) => ({ name: `relayed over ${hops}`, trip, floor: roundTripMs(20, Number(hops)) })),
	];
	const quick = trips.flatMap(({ name, trip, floor }) => [
		{ what: `${name}: p50 over its floor`, value: trip.oursP50Ms / floor, most: 1.05 },
		{ what: `${name}: p95 over its floor`, value: trip.oursP95Ms / floor, most: 1.25 },
	]);
	const charged = Object.entries(rtt).flatMap(([bytes, trip]) => [
		{
			what: `round trip of ${bytes} bytes, engine charged: p50 over its floor`,
			value: trip.chargedP50Ms / roundTripMs(Number(bytes)),
			most: 2,
		},
		{
			what: `round trip of ${bytes} bytes, engine charged: p95 over its floor`,
			value: trip.chargedP95Ms / roundTripMs(Number(bytes)),
			most: 2.1,
		},
	]);
	const original = Object.entries(rtt).flatMap(([bytes, { oursP50Ms, originalP50Ms }]) =>
		originalP50Ms === null
			? []
			: [
					{
						what: `round trip of ${bytes} bytes over the original's`,
						value: oursP50Ms / originalP50Ms,
						most: bytes === "20" ? 1 / 30 : 1 / 20,
					},
				],
	);
	const { sealed, perMessage } = results;
	const sealedTrips = Object.entries(sealed.rtt).flatMap(([bytes, { oursP50Ms, chargedP50Ms, floorMs }]) => [
		{ what: `sealed round trip of ${bytes} bytes: p50 over its floor`, value: oursP50Ms / floorMs, most: 1.05 },
		{
			what: `sealed round trip of ${bytes} bytes, engine and cryptography charged: p50 over its floor`,
			value: chargedP50Ms / floorMs,
			most: 2,
		},
	]);
	const overPlain = (name: string, ours: Cost, plain: Cost) => [
		{ what: `sealed: counts per message of the ${name} over plain`, value: ours.meter / plain.meter, most: 1.15 },
		{ what: `sealed: heap per message of the ${name} over plain`, value: ours.heapBytes / plain.heapBytes, most: 1.15 },
	];
	const sealedCosts = [
		{
			what: "sealed: messages per second, part of its floor that is missed",
			value: 1 - sealed.perSecond / sealed.perSecondFloor,
			most: 0.18,
		},
		{
			what: "sealed, engine and cryptography charged: messages per second, part of its floor that is missed",
			value: 1 - sealed.perSecondCharged / sealed.perSecondFloor,
			most: 0.35,
		},
		{ what: "sealed: one handshake, charged, in ms", value: sealed.handshakeChargedMs, most: 15 },
		{ what: "sealed: poll of 200: not answered", value: 200 - sealed.poll200.answered, most: 0 },
		...overPlain("hub", sealed.perMessage, perMessage),
		...overPlain("device", sealed.perMessage.device, perMessage.device),
	];
	return [
		...quick,
		...sealedTrips,
		...sealedCosts,
		...charged,
		...original,
		{ what: "nine beside a mute one: p95 over that without it", value: oneSilent.othersP95Ms / oneSilent.othersP95WithoutMs, most: 1.1 },
		{
			what: "nine beside one that is off: p50 over that without it",
			value: oneSilent.off.othersP50Ms / oneSilent.off.othersP50WithoutMs,
			most: 1.1,
		},
		{
			what: "nine beside one that is off: the last of them, in ms",
			value: oneSilent.off.othersMaxMs,
			most: oneSilent.off.othersMaxWithoutMs + longestSeriesMs(20),
		},
		{ what: "one alive after those that are off: in ms", value: oneAlive.ms, most: 100 + oneAlive.triesBefore * longestSeriesMs(20) },
		{ what: "one alive after those that are off: tries before", value: oneAlive.triesBefore, most: oneAlive.off },
		{ what: "poll of 200: not settled", value: 200 - poll200.answered - poll200.failed + poll200.lost, most: 0 },
		{ what: "poll of 200: not answered", value: 200 - poll200.answered, most: 1 },
		{ what: "poll of 200: peers in the driver", value: poll200.driverPeers, most: 20 },
		{ what: "heap after 10,000 messages: change", value: heapAfterMany, most: 0.01 },
	];
}

/** Sentences about promises that the figures break. */
export function broken(results: Results): string[] {
	return promised(results)
		.filter(({ value, most }) => !(value <= most))
		.map(({ what, value, most }) => `BROKEN  ${what}: ${value.toPrecision(4)}, at most ${most.toPrecision(4)}`);
}
