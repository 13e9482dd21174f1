import type { AttackResult } from "./attacks";

/** Fewer would show nothing; where he is answered late he asks less often. */
const ASKED_A_MINUTE = 40;
/** Of the owner's requests at least so many are answered. */
const ANSWERED = 0.98;
/** A board remembers 32 others, at some ten slots each, and may have heard none of them at the first look; one slot for each attempt would be thousands. */
const FLAT_SLOTS = 400;
/** A few for a start, a few a minute for orders in the hub's name; everybody else's cost none. */
const WRITES = 4;
const WRITES_A_MINUTE = 4;
/** One device's restarts by orders in its hub's name: at most one in 10 s. */
const RESTARTS_A_MINUTE = 6;

/** An attempt that ended so has tried nothing. */
const TURNED_AWAY = ["503", "lost", "refused", "connection refused", "unreachable"];

/** What of the promises was not kept; empty when all is well. */
export function faultsOf(result: AttackResult, minutes: number): string[] {
	const { owner, restarts, orderedRestarts, changed, switched, told, spoilt, keptAway, wrong, flashWrites, heaps, kinds } = result;
	const faults = [...new Set(wrong)];
	const claim = (holds: boolean, what: string) => {
		if (!holds) faults.push(what);
	};
	for (const { name, attempts, ends } of kinds) {
		claim(attempts > 0, `${name}: nothing was tried`);
		claim(
			Object.keys(ends).some((end) => !TURNED_AWAY.includes(end)),
			`${name}: nothing came through`,
		);
	}
	for (const [reason, count] of Object.entries(restarts)) faults.push(`${count} restarts: ${reason}`);
	claim(orderedRestarts <= minutes * RESTARTS_A_MINUTE, `orders in the hub's name: ${orderedRestarts} restarts of one device`);
	for (const [name, count] of Object.entries(changed)) faults.push(`${name}: its configuration was changed ${count} times`);
	claim(!keptAway, "a phone that did nothing kept the hub from its router");
	claim(switched === 0, `${switched} relays were switched by others`);
	claim(told === 0, `${told} secrets were told`);
	claim(spoilt === 0, `${spoilt} frames of boards are no text`);
	claim(owner.asked > minutes * ASKED_A_MINUTE, `the owner asked ${owner.asked} times only`);
	claim(
		owner.answered >= owner.asked * ANSWERED,
		`${owner.asked - owner.answered} of the owner's ${owner.asked} requests were not answered`,
	);
	for (const [name, count] of flashWrites) {
		const victim = name === [...flashWrites.keys()].at(-1);
		claim(count <= WRITES + (victim ? minutes * WRITES_A_MINUTE : 0), `${name}: ${count} flash writes`);
	}
	for (const [name, looks] of heaps) {
		const [first, last] = [looks[1] ?? looks[0], looks.at(-1)];
		if (!first || !last || first.life !== last.life) continue;
		claim(last.slots - first.slots <= FLAT_SLOTS, `${name}: ${last.slots - first.slots} more slots in use at the end`);
	}
	return faults;
}

/** Worth telling: a hub at rest has some 1,300. */
const MUCH_SLOTS = 500;
const total = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((all, count) => all + count, 0);

/** What a kind of attack did to a house, for people; empty when nothing. */
export function harmOf(result: AttackResult): string[] {
	const { owner, restarts, orderedRestarts, changed, switched, told, spoilt, keptAway, flashWrites, heaps } = result;
	const harm = keptAway ? ["the hub was kept from its router for more than 45 s"] : [];
	const add = (count: number, what: string) => {
		if (count > 0) harm.push(`${count} ${what}`);
	};
	for (const [reason, count] of Object.entries(restarts)) add(count, `restarts (${reason})`);
	add(orderedRestarts, "restarts of one device");
	add(total(changed), `changes of ${Object.keys(changed).length} boards' configurations`);
	add(switched, "relays switched");
	add(told, "secrets told");
	add(spoilt, "frames that stop boards with the original's code");
	const lost = owner.asked - owner.answered;
	if (lost > 0)
		harm.push(`${lost} of the owner's ${owner.asked} requests lost (${Object.entries(owner.lost).sort(([, a], [, b]) => b - a)[0]?.[0]})`);
	add(owner.answered - owner.atOnce, "of them answered at a later try only");
	const writes = Math.max(...flashWrites.values());
	if (writes > 10) harm.push(`${writes} flash writes of one board`);
	for (const [name, looks] of heaps) {
		const [first, last] = [looks[1] ?? looks[0], looks.at(-1)];
		if (!first || !last || first.life !== last.life) continue;
		const grown = last.slots - first.slots;
		if (grown > MUCH_SLOTS) harm.push(`${grown} slots for good (${name})`);
	}
	if (owner.p95Ms > 200) harm.push(`p95 ${Math.round(owner.p95Ms)} ms`);
	return harm;
}
