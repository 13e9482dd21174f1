import { type Finding, failed, passed, skipped } from "../lines";
import { at, listAt, numberAt, textAt } from "../look";
import type { Session } from "../session";

/** Free memory below this, in bytes, is too little for a page and a request. */
const IDF_LEFT = 16_384;
const ENGINE_LEFT = 8_192;

/** Kinds of memory, where the status has them, and what must be free. */
const MEMORIES = [
	["IDF", "idf", IDF_LEFT],
	["engine", "engine", ENGINE_LEFT],
] as const;

/** What must not have been counted meanwhile: a name for people, and where the status has it. */
const TROUBLES: readonly (readonly [string, ...string[]])[] = [
	["frames without a send status", "counters", "events", "statusTimeout"],
	["late statuses", "counters", "events", "lateStatus"],
	["driver errors", "counters", "events", "driverError"],
	["no memory in the driver", "counters", "events", "noMemory"],
	["errors inside", "counters", "events", "fault"],
	["radio that did not open", "counters", "events", "radioFailed"],
	["statuses dropped", "counters", "events", "statusFull"],
	["posts refused", "counters", "events", "postFailed"],
	["frames dropped", "counters", "dropped", "ringFull"],
	["ESP-NOW restarted", "recovery", "espnow"],
	["Wi-Fi restarted", "recovery", "wifi"],
	["web errors", "web", "faults"],
];

/** What the hub says about itself. @returns whether it answers at all */
export async function hubChecks(session: Session): Promise<boolean> {
	const { hub } = session.options;
	let status: unknown;
	await session.check("hub.answers", "hub", async () => {
		status = await hub.json("/api/status");
		return passed(`version ${textAt(status, "version")}`);
	});
	if (status === undefined) return false;
	session.begin(status);
	await session.check("hub.role", "hub", async () => {
		if (textAt(status, "role") !== "hub") return failed("this board is a device: HUB must be the hub's address");
		if (at(status, "joined") !== true) return failed("it is not on the router");
		return passed("yes");
	});
	await session.check("hub.radio", "hub", async () =>
		at(status, "up") === true ? passed(`channel ${numberAt(status, "channel")}`) : failed("ESP-NOW is not up"),
	);
	await session.check("hub.complaints", "hub", async () => {
		const complaint = textAt(status, "lastError");
		return complaint === "" ? passed("none") : failed(complaint);
	});
	await session.check("hub.selftest", "hub", () => selfTest(session));
	return true;
}

async function selfTest(session: Session): Promise<Finding> {
	const { status, body } = await session.options.hub.get("/api/selftest");
	if (status === 401 || status === 403) return skipped("without the house's password");
	if (status === 404) return skipped("this firmware has none");
	if (status !== 200) return failed(`HTTP ${status}`);
	const test: unknown = JSON.parse(body);
	const wrong = listAt(test, "checks").filter((each) => textAt(each, "result") !== "OK");
	if (wrong.length > 0) return failed(wrong.map((each) => `${textAt(each, "name")}: ${textAt(each, "result")}`).join("; "));
	return passed(`OK: ${listAt(test, "checks").length} checks`);
}

/** What the hub has counted since the beginning, and what memory it has left. */
export async function countedChecks(session: Session): Promise<void> {
	const { before } = session;
	let after: unknown;
	await session.check("hub.statuses", "hub", async () => {
		after = await session.options.hub.json("/api/status");
		const troubles = TROUBLES.map(([name, ...path]) => [name, numberAt(after, ...path) - numberAt(before, ...path)] as const).filter(
			([, count]) => count !== 0,
		);
		return troubles.length > 0 ? failed(troubles.map(([name, count]) => `${name}: ${count}`).join(", ")) : passed("yes");
	});
	await session.check("hub.counters", "hub", async () => {
		const counters = at(after, "counters");
		const dropped = at(counters, "dropped");
		const drops = typeof dropped === "object" && dropped !== null ? Object.values(dropped) : [];
		const counts = [
			...["pongs", "replies", "relayed", "commands", "reports", "sealing"].map((name) => numberAt(counters, name)),
			...drops.map(Number),
		];
		const sum = counts.reduce((total, count) => total + count, 0);
		const framesIn = numberAt(counters, "framesIn");
		if (sum !== framesIn) return failed(`${framesIn} came in, ${sum} are told`);
		const grown = (name: string) => numberAt(counters, name) - numberAt(before, "counters", name);
		const figures = { framesIn: grown("framesIn"), framesOut: grown("framesOut") };
		return passed(`${figures.framesIn} in, ${figures.framesOut} out`, figures);
	});
	await session.check("hub.heap", "hub", async () => {
		if (at(after, "heap") === undefined) return skipped("this firmware does not tell");
		const values = MEMORIES.map(([name, key]) => `${name} ${numberAt(before, "heap", key)} before, ${numberAt(after, "heap", key)} after`);
		const value = `bytes free: ${values.join("; ")}`;
		const figures = Object.fromEntries(MEMORIES.map(([, key]) => [key, numberAt(after, "heap", key)]));
		return MEMORIES.some(([, key, least]) => numberAt(after, "heap", key) < least) ? failed(value, figures) : passed(value, figures);
	});
}
