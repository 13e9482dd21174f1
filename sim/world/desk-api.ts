import { attackerRoutes } from "./attacker-api";
import type { Board } from "./board";
import { BadInput, type Field, fields, flag, fraction, hexBytes, mac, nullOr, optional, some, text, whole, word } from "./desk-input";
import { FAULTS } from "./faults";
import { accessPointMac, BROADCAST } from "./mac";
import type { RealTime } from "./realtime";
import type { World } from "./world";

const DAY_MS = 86_400_000;
const LONGEST_FRAME = 1470;

/** One way to steer or look at the world. */
export interface Route {
	readonly method: "GET" | "POST" | "DELETE";
	/** One group may stand for a MAC. */
	readonly path: RegExp;
	readonly help: string;
	run(request: { body: unknown; query: URLSearchParams; mac: string }): unknown;
}

/** The calls of the control API over a world in real time. What `run` returns (or resolves to) is the JSON answer. */
export function routes(
	world: World,
	time: RealTime,
	places: readonly { readonly mac: string; readonly lan: string; readonly ap: string }[] = [],
): Route[] {
	const board: Field<Board> = (value, name) => known(world, mac(value, name), name);
	const radio: Field<string> = (value, name) => {
		const address = mac(value, name);
		return world.routers.byAddress(address) ? address : known(world, address, name).mac;
	};
	const get = (path: RegExp, help: string, run: Route["run"]): Route => ({ method: "GET", path, help, run });
	const post = (path: RegExp, help: string, run: Route["run"]): Route => ({ method: "POST", path, help, run });
	const remove = (path: RegExp, help: string, run: Route["run"]): Route => ({ method: "DELETE", path, help, run });
	return [
		get(/^\/api\/world$/, "GET /api/world", () => time.touch(() => ({ ...world.status(), addresses: places }))),
		get(/^\/api\/links$/, "GET /api/links", () => ({ links: allLinks(world) })),
		get(/^\/api\/faults$/, "GET /api/faults", () => ({
			kinds: Object.entries(FAULTS).map(([kind, { meaning, count }]) => ({ kind, meaning, count })),
		})),
		get(/^\/api\/log$/, "GET /api/log?since=N", ({ query }) => {
			const since = query.get("since") ?? "0";
			if (!/^\d{1,15}$/.test(since)) throw new BadInput(`"since" must be a number of an event, not ${JSON.stringify(since)}.`);
			return time.touch(() => ({ next: world.log.next, events: world.log.since(Number(since)) }));
		}),
		post(/^\/api\/router$/, 'POST /api/router {"channel":11,"announce":true} {"power":false} {"id":"attic","rssi":-40}', ({ body }) => {
			const { announce, id, ...given } = fields(body, {
				id: optional(text(1, 32)),
				channel: optional(whole(1, 13)),
				announce: optional(flag),
				power: optional(flag),
				ssid: optional(text(1, 32)),
				password: optional(routerPassword),
				security: optional(word("wpa2", "wpa3")),
				pwe: optional(word("both", "h2e", "hnp")),
				hidden: optional(flag),
				dhcp: optional(flag),
				rssi: optional(nullOr(whole(-127, 0, " dBm, or null"))),
			});
			if (announce !== undefined && given.channel === undefined) throw new BadInput('"announce" goes with a "channel".');
			if (id === undefined) some(given);
			const change = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
			return time.touch(() => {
				changeRouter(world, change, announce ?? false, id);
				return id === undefined ? world.status().router : world.routers.status().find((router) => router.id === id);
			});
		}),
		remove(/^\/api\/router$/, "DELETE /api/router?id=attic", ({ query }) =>
			time.touch(() => {
				const id = query.get("id") ?? "";
				if (!world.removeRouter(id)) throw new BadInput(`There is no router ${JSON.stringify(id)} that could be taken away.`);
				return { id };
			}),
		),
		post(/^\/api\/air$/, 'POST /api/air {"loss":0.2,"duplicate":0.01,"leak":0}', ({ body }) => {
			const given = fields(body, { loss: optional(fraction), duplicate: optional(fraction), leak: optional(fraction) });
			some(given);
			return time.touch(() => {
				world.air.loss = given.loss ?? world.air.loss;
				world.air.duplicate = given.duplicate ?? world.air.duplicate;
				world.air.leak = given.leak ?? world.air.leak;
				return { loss: world.air.loss, duplicate: world.air.duplicate, leak: world.air.leak };
			});
		}),
		post(/^\/api\/link$/, 'POST /api/link {"a":"<mac>","b":"<mac>","rssi":-85}, null: out of range', ({ body }) => {
			const { a, b, rssi } = fields(body, { a: radio, b: radio, rssi: nullOr(whole(-127, 0, " dBm, or null")) });
			if (a === b) throw new BadInput(`"a" and "b" must be two boards, not twice ${a}.`);
			return time.touch(() => {
				world.link(a, b, rssi);
				return { a, b, rssi };
			});
		}),
		post(/^\/api\/boards\/([^/]+)$/, 'POST /api/boards/<mac> {"power":false} {"reset":true} {"button":10000}', ({ body, mac: address }) => {
			const target = world.find(address);
			if (!target || target.mac !== address) return undefined;
			const { power, reset, button } = fields(body, {
				power: optional(flag),
				reset: optional(flag),
				button: optional(whole(1, 600_000, " ms")),
			});
			if ([power, reset, button].filter((each) => each !== undefined).length !== 1)
				throw new BadInput('The body must hold one of "power", "reset" and "button".');
			if (reset === false) throw new BadInput('"reset" must be true.');
			return time.touch(() => steer(world, target, { power, button }));
		}),
		post(/^\/api\/(?:clients|phones)$/, 'POST /api/clients {"ap":"<mac>","password":"…"}', ({ body }) => {
			const { ap, password, stayMs } = fields(body, { ap: board, password: text(0, 64), stayMs: optional(whole(0, DAY_MS, " ms")) });
			return time.touch(
				() =>
					new Promise((answer) => {
						world.clients.add(ap, stayMs === undefined ? undefined : stayMs * 1000).join(password, answer);
					}),
			);
		}),
		post(/^\/api\/faults$/, 'POST /api/faults {"board":"<mac>","kind":"…","count":1}', ({ body }) => {
			const given = fields(body, { board, kind: word(...Object.keys(FAULTS)), count: optional(whole(-1, 1_000_000)) });
			const fault = FAULTS[given.kind];
			if (!fault) throw new BadInput(`There is no fault ${given.kind}.`);
			const count = optional(whole(fault.lowest, fault.highest, ` (${fault.meaning})`))(given.count, "count") ?? fault.count;
			return time.touch(() => {
				running(given.board);
				world.fault(given.board.name, given.kind, count);
				return { board: given.board.mac, kind: given.kind, count };
			});
		}),
		post(/^\/api\/frame$/, 'POST /api/frame {"to":"<mac>","from":"<mac>","hex":"…"}', ({ body }) => {
			const { to, from, hex } = fields(body, { to: mac, from: mac, hex: hexBytes(LONGEST_FRAME) });
			const reached = to === BROADCAST || world.boards.some((each) => each.mac === to || accessPointMac(each.mac) === to);
			if (!reached) throw new BadInput(`"to" must be the MAC of a board of this world or ${BROADCAST}, not ${to}.`);
			if (Number.parseInt(from.slice(0, 2), 16) & 1) throw new BadInput(`"from" must be the MAC of one radio, not ${from}.`);
			return time.touch(() => new Promise((answer) => world.sendFrame({ to, from, payload: hex }, answer)));
		}),
		...attackerRoutes(world, time),
		post(/^\/api\/time$/, 'POST /api/time {"advanceMs":120000}', async ({ body }) => {
			const { advanceMs } = fields(body, { advanceMs: whole(1, DAY_MS, " ms") });
			await time.jump(advanceMs);
			return { timeMs: world.timeMs };
		}),
	];
}

/** As a router's page takes it: 8 to 63 bytes, 64 hex digits for the key itself, nothing for an open network. */
const routerPassword: Field<string> = (value, name) => {
	if (value === "" || (typeof value === "string" && /^[0-9a-fA-F]{64}$/.test(value))) return value;
	return text(8, 63)(value, name);
};

/** What each pair of radios hears of each other: dBm, or null. */
function allLinks(world: World): { a: string; b: string; rssi: number | null }[] {
	const radios = [...world.routers.status().map(({ bssid }) => bssid), ...world.boards.map(({ mac }) => mac)];
	return radios.flatMap((a, i) => radios.slice(0, i).map((b) => ({ a, b, rssi: world.links.rssi(a, b) })));
}

function changeRouter(world: World, change: object, announce: boolean, id: string | undefined): void {
	try {
		world.changeRouter(change, announce, id);
	} catch (error) {
		if (error instanceof RangeError) throw new BadInput(error.message);
		throw error;
	}
}

function known(world: World, address: string, name: string): Board {
	const found = world.boards.find((each) => each.mac === address);
	if (!found) throw new BadInput(`"${name}" must be the MAC of a board of this world, and ${address} is none.`);
	return found;
}

function running(board: Board): void {
	if (!board.running) throw new BadInput(`${board.name} is ${board.power ? "restarting" : "switched off"}.`);
}

function steer(world: World, board: Board, given: { power: boolean | undefined; button: number | undefined }): unknown {
	if (given.power === true) board.powerOn();
	else if (given.power === false) board.powerOff();
	else {
		running(board);
		if (given.button === undefined) board.pressReset();
		else if (world.buttonOf(board) === undefined)
			throw new BadInput(`${board.name} has no button: relay or LED use its usual pin, and "pins.button" names no other.`);
		else world.pressButton(board.name, given.button);
	}
	return { name: board.name, mac: board.mac, power: board.power, bootCount: board.bootCount };
}
