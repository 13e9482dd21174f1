import type { Recorded } from "./attacker";
import type { Route } from "./desk-api";
import { BadInput, type Field, flag, hexBytes, mac, one, optional, whole, word } from "./desk-input";
import { accessPointMac, BROADCAST } from "./mac";
import type { RealTime } from "./realtime";
import { FRAME_KINDS, sealedHead } from "./sealed-frames";
import type { World } from "./world";

const LONGEST_FRAME = 1470;
const DAY_MS = 86_400_000;
/** Recorded frames that GET shows unless told otherwise. */
const SHOWN = 50;
const HELP =
	'POST /api/attacker {"do":"record","on":true} {"do":"replay","frame":7} {"do":"forge","from":"<mac>","to":"<mac>","hex":"…"} ' +
	'{"do":"flip","kind":"request"} {"do":"drop","from":"<mac>"} {"do":"delay","ms":9000} {"do":"reorder","frames":4} {"do":"hold"} ' +
	'{"do":"release","everyMs":9000} {"do":"end","rule":1} {"do":"stop"}';

/** The calls for the attacker on the air. */
export function attackerRoutes(world: World, time: RealTime): Route[] {
	const { attacker } = world;
	/** An address of a board, by MAC or name; or of anybody. */
	const address: Field<string> = (value, name) => (typeof value === "string" ? world.find(value)?.mac : undefined) ?? mac(value, name);
	const source: Field<string> = (value, name) => {
		const from = address(value, name);
		if (Number.parseInt(from.slice(0, 2), 16) & 1) throw new BadInput(`"${name}" must be the MAC of one radio, not ${from}.`);
		return from;
	};
	const target: Field<string> = (value, name) => {
		const to = address(value, name);
		const reached = to === BROADCAST || world.boards.some((board) => board.mac === to || accessPointMac(board.mac) === to);
		if (!reached) throw new BadInput(`"${name}" must be a board of this world or ${BROADCAST}, not ${to}.`);
		return to;
	};
	const rule = {
		from: optional(address),
		to: optional(address),
		kind: optional(word(...FRAME_KINDS)),
		count: optional(whole(1, 1_000_000, " frames")),
		acknowledge: optional(flag),
	};
	const sorts = {
		record: { on: flag },
		replay: {
			frame: whole(1, Number.MAX_SAFE_INTEGER),
			from: optional(source),
			to: optional(target),
			times: optional(whole(1, 1000)),
			everyMs: optional(whole(0, DAY_MS, " ms")),
		},
		forge: { from: source, to: target, hex: hexBytes(LONGEST_FRAME), channel: optional(whole(1, 13)) },
		drop: rule,
		hold: rule,
		delay: { ...rule, ms: whole(1, DAY_MS, " ms") },
		flip: { from: rule.from, to: rule.to, kind: rule.kind, count: rule.count, bit: optional(whole(0, LONGEST_FRAME * 8 - 1)) },
		reorder: { ...rule, frames: whole(2, 100) },
		release: { everyMs: optional(whole(0, DAY_MS, " ms")), order: optional(word("first", "last", "random")) },
		end: { rule: whole(1, Number.MAX_SAFE_INTEGER) },
		stop: {},
	};
	const run = (body: unknown): unknown => {
		const given = one(body, sorts);
		switch (given.do) {
			case "record":
				attacker.record(given.on);
				return state(world);
			case "replay":
				if (!attacker.replay(given))
					throw new BadInput(`There is no recorded frame ${given.frame}: GET /api/attacker shows those that there are.`);
				return { replayed: given.frame };
			case "forge":
				return new Promise((answer) => {
					const { from, to, hex, channel } = given;
					attacker.forge({ from, to, payload: hex, channel }, (outcome) => answer({ outcome }));
				});
			case "release":
				return { released: attacker.release({ everyMs: given.everyMs, order: orderOf(given.order) }) };
			case "end":
				if (!attacker.remove(given.rule)) throw new BadInput(`There is no rule ${given.rule} any more.`);
				return state(world);
			case "stop":
				attacker.stop();
				return state(world);
			default: {
				const { from, to, kind, count, ...deed } = given;
				return { rule: attacker.add({ ...deed, count, match: { from, to, kind } }) };
			}
		}
	};
	return [
		{
			method: "GET",
			path: /^\/api\/attacker$/,
			help: "GET /api/attacker?frames=50",
			run: ({ query }) => {
				const frames = query.get("frames") ?? String(SHOWN);
				if (!/^\d{1,5}$/.test(frames)) throw new BadInput(`"frames" must be a number, not ${JSON.stringify(frames)}.`);
				return time.touch(() => state(world, Number(frames)));
			},
		},
		{ method: "POST", path: /^\/api\/attacker$/, help: HELP, run: ({ body }) => time.touch(() => run(body)) },
	];
}

function orderOf(order: string | undefined): "first" | "last" | "random" | undefined {
	return order === "last" || order === "random" ? order : undefined;
}

function state({ attacker }: World, frames = SHOWN): unknown {
	const { recording, rules, records, held } = attacker;
	const shown = frames === 0 ? [] : records.slice(-frames);
	return { recording, recorded: records.length, held: held.length, rules, frames: shown.map(shownFrame) };
}

function shownFrame({ payload, ...rest }: Recorded): unknown {
	return { ...rest, kind: sealedHead(payload)?.kind ?? "plain", hex: payload.toString("hex") };
}
