import { type Cost, costOf, readCost } from "../cost";
import type { Outcome } from "../hub";
import { failed, passed, skipped } from "../lines";
import { textAt } from "../look";
import { type Session, uptimeIn } from "../session";
import { LATE_LIMIT, LATE_MS, LOST_LIMIT, lateOnes, percentile, perMille, type Trip } from "../trips";

/** After so many lost round trips the rest would only take hours. */
const LOST_ENOUGH = 20;
const TELL_EVERY = 100;

/** Round trips to all devices in turn: whether one is lost, how long they take, and what they cost hub and device. */
export async function tripChecks(session: Session): Promise<void> {
	const costsBefore = session.options.signedIn ? await costs(session) : [];
	const trips = await makeTrips(session);
	await lost(session, trips);
	await times(session, trips);
	await late(session, trips);
	await costChecks(session, costsBefore, trips);
}

async function makeTrips(session: Session): Promise<readonly Trip[]> {
	const { hub, trips: wanted, progress } = session.options;
	const devices = session.answering;
	const trips: Trip[] = [];
	for (let lost = 0; trips.length < wanted && lost < LOST_ENOUGH; ) {
		const index = trips.length % devices.length;
		const device = devices[index];
		if (!device) break;
		const { ok, text, ms, httpMs } = await hub.send(device.mac, "uptime").catch(unreachable);
		const uptime = ok ? uptimeIn(text) : undefined;
		if (uptime === undefined) lost += 1;
		else session.noteUptime(device, uptime);
		trips.push({ device: index, ok: uptime !== undefined, ms, httpMs, why: text });
		if (trips.length % TELL_EVERY === 0) progress(`${trips.length} round trips`);
	}
	return trips;
}

/** A hub that goes away in the middle ends no run: what came before is worth a report. */
function unreachable(error: unknown): Outcome {
	return { ok: false, text: error instanceof Error ? error.message : String(error), rssi: 0, ms: 0, httpMs: 0 };
}

async function lost(session: Session, trips: readonly Trip[]): Promise<void> {
	await session.check("trips.lost", "network", async () => {
		if (trips.length === 0) return skipped("no device answers");
		const gone = trips.filter(({ ok }) => !ok);
		const why = [...new Set(gone.map((trip) => trip.why))].join("; ");
		const value = `${gone.length} of ${trips.length}${gone.length > 0 ? ` (${why})` : ""}`;
		const figures = { lost: gone.length, of: trips.length };
		return perMille(gone.length, trips.length) > LOST_LIMIT ? failed(value, figures) : passed(value, figures);
	});
}

async function times(session: Session, trips: readonly Trip[]): Promise<void> {
	await session.check("trips.times", "network", async () => {
		const answered = trips.filter(({ ok }) => ok);
		if (answered.length === 0) return skipped("no device answers");
		const spread = (values: readonly number[]) => [0.5, 0.95, 0.99].map((part) => Math.round(10 * percentile(values, part)) / 10);
		const [p50 = 0, p95 = 0, p99 = 0] = spread(answered.map(({ ms }) => ms));
		const [http50 = 0, http95 = 0, http99 = 0] = spread(answered.map(({ httpMs }) => httpMs));
		return passed(`radio p50/p95/p99 ${p50}/${p95}/${p99} ms; HTTP ${http50}/${http95}/${http99} ms`, {
			p50,
			p95,
			p99,
			http50,
			http95,
			http99,
			httpRetries: session.options.hub.retries,
		});
	});
}

async function late(session: Session, trips: readonly Trip[]): Promise<void> {
	await session.check("trips.late", "network", async () => {
		const answered = trips.filter(({ ok }) => ok).length;
		if (answered === 0) return skipped("no device answers");
		if (session.options.simulated) return skipped("a radio is simulated");
		const late = perMille(lateOnes(trips), answered);
		const value = `${late / 10} % more than ${LATE_MS} ms over the usual`;
		return late > LATE_LIMIT ? failed(`${value}: other traffic, or too far`, { late }) : passed(value, { late });
	});
}

/** The boards whose cost is asked for: the hub, and the first device that answers. */
function measured(session: Session): readonly string[] {
	return [textAt(session.before, "mac"), session.answering[0]?.mac ?? ""].filter(Boolean);
}

/** @returns of each measured board what it costs, or what the board said instead */
async function costs(session: Session): Promise<readonly (Cost | string)[]> {
	const found: (Cost | string)[] = [];
	for (const mac of measured(session)) {
		const { text } = await session.options.hub.send(mac, "meter").catch(unreachable);
		found.push(readCost(text) ?? text);
	}
	return found;
}

async function costChecks(session: Session, costsBefore: readonly (Cost | string)[], trips: readonly Trip[]): Promise<void> {
	const boards = [
		["hub.meter", "hub", trips.length],
		["device.meter", session.answering[0]?.name ?? "network", trips.filter(({ device }) => device === 0).length],
	] as const;
	const costsAfter = session.options.signedIn ? await costs(session) : [];
	for (const [i, [id, subject, own]] of boards.entries())
		await session.check(id, subject, async () => {
			if (!session.options.signedIn) return skipped("without the house's password");
			const before = costsBefore[i];
			const after = costsAfter[i];
			if (before === undefined || after === undefined) return skipped("no device answers");
			for (const each of [before, after])
				if (typeof each === "string") return each.startsWith("Unknown message") ? skipped("this firmware has none") : failed(each);
			if (typeof before === "string" || typeof after === "string") return failed("no figures");
			const { value, figures } = costOf(before, after, own);
			return passed(value, figures);
		});
}
