import { channelMs, roundTripMs } from "./floor";
import { atRest, perMessage, poll, roundTrips, type Subject, sustained, timesOf } from "./measure";
import { ASSUMED_CRYPTO, HUB, makeNetwork } from "./network";
import { carryOut } from "./plan";

/** What a sealed frame has more than its text: head and tag. */
const OVERHEAD_BYTES = 22;
const round = (value: number): number => Math.round(value * 1000) / 1000;

/** Everything of the sealed network, each beside its own floor: 22 bytes more each way. */
export function sealed(free: Subject, charged: Subject, say: (what: string) => void) {
	const ours: Subject = { ...free, sealed: true };
	const onChip: Subject = { ...charged, sealed: true };
	const trips = (bytes: number) => {
		say(`sealed: round trips of ${bytes} bytes`);
		const [at, then] = [roundTrips(ours, bytes), roundTrips(onChip, bytes)];
		return {
			oursP50Ms: at.p50,
			oursP95Ms: at.p95,
			chargedP50Ms: then.p50,
			chargedP95Ms: then.p95,
			originalP50Ms: null,
			floorMs: roundTripMs(bytes + OVERHEAD_BYTES),
		};
	};
	const rtt = { "20": trips(20), "200": trips(200) };
	say("sealed: messages per second, cost per message, handshake");
	const perSecond = sustained(ours);
	const perSecondCharged = sustained(onChip);
	const { hub, device } = perMessage(ours);
	const handshakeMs = handshake(ours);
	const handshakeChargedMs = handshake(onChip);
	const rest = atRest(ours);
	say("sealed: poll of 200 devices");
	const polled = poll(ours, 200, 0.1);
	const polledCharged = poll(onChip, 200, 0.1);
	return {
		rtt,
		perSecond,
		perSecondCharged,
		perSecondFloor: Math.round(10_000 / channelMs(20 + OVERHEAD_BYTES, 1)) / 10,
		perMessage: { ...hub, device },
		handshakeMs,
		handshakeChargedMs,
		heapAtRest: {
			hub: { slots: rest.hub.slots, chunkBytes: rest.hub.chunkBytes },
			device: { slots: rest.device.slots, chunkBytes: rest.device.chunkBytes },
		},
		poll200: { ...polled, chargedMs: polledCharged.ms },
		assumed: ASSUMED_CRYPTO,
	};
}

/** What the first request to a device takes more than the next one, in ms: hello and welcome. The median of ten devices. */
export function handshake(subject: Subject): number {
	const world = makeNetwork({ ...subject, devices: 10 });
	try {
		// Sessions that devices began when they started are gone with the hub's restart.
		world.board(HUB).pressReset();
		world.advance(1_000);
		if (!world.advanceUntil(() => world.reachable(world.board(HUB), "lan"), 30_000)) throw new Error("the hub did not come back");
		world.advance(3_000);
		const asked = () => carryOut(world, { open: 1, from: 1, count: 10, times: 10, bytes: 20, pause: 20 }).results.map(({ ms }) => ms);
		const first = asked();
		const second = asked();
		return round(timesOf(first).p50 - timesOf(second).p50);
	} finally {
		world.close();
	}
}
