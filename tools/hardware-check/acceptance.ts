import { type Cost, costOf, readCost } from "./cost";
import type { Hub, Outcome } from "./hub";
import { type CheckId, type Finding, failed, type Line, passed, skipped, TITLES } from "./lines";
import { at, listAt, numberAt, textAt } from "./look";
import type { Owner, Reply } from "./owner";
import { LATE_LIMIT, LATE_MS, LOST_LIMIT, lateOnes, percentile, perMille, type Trip } from "./trips";

/** A locally administered address that no board has. */
export const NOBODY = "02beef000000";
/** A device that has heard nothing for 30 s asks its hub by itself; a hub that has just started knows none before. */
const HEARD_AFTER_S = 45;
const WAIT_MS = 60_000;
/** A board gives up on another one after 10 s. */
const DEADLINE_MS = 11_500;
/** Below this, in dBm, a frame is repeated more often than not. */
const WEAK_DBM = -88;
const BACK_MS = 60_000;
const FOLLOW_MS = 90_000;
const RESTART_MS = 40_000;
/** After so many lost round trips the rest would only take hours. */
const LOST_ENOUGH = 20;
const OWN_CHANNELS: readonly number[] = [6, 11];
/** Free memory below this, in bytes, is too little for a page and a request. */
const IDF_LEFT = 16_384;
const ENGINE_LEFT = 8_192;

interface Device {
	/** As the report calls it. */
	readonly name: string;
	readonly mac: string;
	answers: boolean;
	/** What it told last, in s; to find restarts. */
	uptimeS: number;
	readSince: number;
	hasRelay: boolean;
}

export interface AcceptanceOptions {
	readonly hub: Hub;
	readonly owner: Owner;
	/** MACs; none: those that the hub has heard. */
	readonly devices: readonly string[];
	readonly signedIn: boolean;
	readonly trips: number;
	/** Told of each line when it is done. */
	onLine(line: Line): void;
	/** What is being waited for. */
	progress(text: string): void;
}

const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** The list that a network must pass, in order. */
export class Acceptance {
	readonly #options: AcceptanceOptions;
	readonly #lines: Line[] = [];
	#devices: Device[] = [];
	#before: unknown;
	#startedAt = 0;
	/** What the hub and the first device that answers told before the round trips, and how many of those were theirs. */
	readonly #costsBefore: (Cost | string)[] = [];
	readonly #tripsOf = [0, 0];
	/** Boards that restarted without being told. */
	readonly #restarted = new Set<string>();

	constructor(options: AcceptanceOptions) {
		this.#options = options;
	}

	async run(): Promise<readonly Line[]> {
		if (!(await this.#hub())) return this.#lines;
		await this.#find();
		for (const device of this.#devices) await this.#device(device);
		await this.#network();
		await this.#trips();
		await this.#costs();
		await this.#counted();
		await this.#mute();
		await this.#channel();
		await this.#reset();
		await this.#restarts();
		return this.#lines;
	}

	// The hub ----------------------------------------------------------------------------------------------------------

	async #hub(): Promise<boolean> {
		let status: unknown;
		await this.#check("hub.answers", "hub", async () => {
			status = await this.#options.hub.json("/api/status");
			return passed(`version ${textAt(status, "version")}`);
		});
		if (status === undefined) return false;
		this.#before = status;
		this.#startedAt = performance.now();
		await this.#check("hub.role", "hub", async () => {
			if (textAt(status, "role") !== "hub") return failed("this board is a device: HUB must be the hub's address");
			if (at(status, "joined") !== true) return failed("it is not on the router");
			return passed("yes");
		});
		await this.#check("hub.radio", "hub", async () =>
			at(status, "up") === true ? passed(`channel ${numberAt(status, "channel")}`) : failed("ESP-NOW is not up"),
		);
		await this.#check("hub.complaints", "hub", async () => {
			const complaint = textAt(status, "lastError");
			return complaint === "" ? passed("none") : failed(complaint);
		});
		await this.#check("hub.selftest", "hub", () => this.#selfTest());
		return true;
	}

	async #selfTest(): Promise<Finding> {
		const { status, body } = await this.#options.hub.get("/api/selftest");
		if (status === 401 || status === 403) return skipped("without the house's password");
		if (status === 404) return skipped("this firmware has none");
		if (status !== 200) return failed(`HTTP ${status}`);
		const test: unknown = JSON.parse(body);
		const wrong = listAt(test, "checks").filter((each) => textAt(each, "result") !== "OK");
		if (wrong.length > 0) return failed(wrong.map((each) => `${textAt(each, "name")}: ${textAt(each, "result")}`).join("; "));
		return passed(`OK: ${listAt(test, "checks").length} checks`);
	}

	// Devices ----------------------------------------------------------------------------------------------------------

	async #find(): Promise<void> {
		await this.#check("network.devices", "network", async () => {
			const macs = this.#options.devices.length > 0 ? this.#options.devices : await this.#heard();
			this.#devices = macs.map((mac, i) => ({
				name: `device ${i + 1}`,
				mac,
				answers: false,
				uptimeS: -1,
				readSince: 0,
				hasRelay: false,
			}));
			if (macs.length === 0) return failed("the hub has heard no device: name them in DEVICES");
			return passed(`${macs.length}`, { devices: macs.length });
		});
	}

	/** Those that the hub has heard, in the order of their addresses. */
	async #heard(): Promise<string[]> {
		const until = performance.now() + WAIT_MS;
		for (;;) {
			const status = await this.#options.hub.json("/api/status");
			const macs = listAt(status, "peers")
				.filter((peer) => typeof at(peer, "lastSeenS") === "number" && textAt(peer, "mac") !== NOBODY)
				.map((peer) => textAt(peer, "mac"));
			if ((macs.length > 0 && numberAt(status, "uptimeS") >= HEARD_AFTER_S) || performance.now() > until) return macs.sort();
			this.#options.progress("Devices call their hub when they have heard nothing for half a minute: waiting for them.");
			await sleep(2_000);
		}
	}

	async #device(device: Device): Promise<void> {
		const ask = (text: string) => this.#options.hub.send(device.mac, text);
		const here = (id: CheckId, run: () => Promise<Finding>) =>
			this.#check(id, device.name, async () => (device.answers ? run() : skipped("it does not answer")));
		let first: Outcome | undefined;
		await this.#check("device.answers", device.name, async () => {
			first = await ask("version");
			if (!first.ok) return failed(first.text);
			device.answers = true;
			return passed(`${first.text.split(" ")[1] ?? ""}, ${first.ms} ms`, { ms: first.ms });
		});
		await here("device.commands", async () => {
			const wrong: string[] = [];
			for (const [command, form] of COMMANDS) {
				const { ok, text } = await ask(command);
				if (!ok || !form.test(text)) wrong.push(`${command}: ${text}`);
				const uptime = /^OK \S+ (\d+)\+/.exec(text)?.[1];
				if (uptime !== undefined) this.#noteUptime(device, Number(uptime));
				if (command === "relay") device.hasRelay = /^OK (True|False)/.test(text);
			}
			return wrong.length > 0 ? failed(wrong.join("; ")) : passed(`${COMMANDS.length} of ${COMMANDS.length}`);
		});
		await here("device.channel", async () => {
			const { text } = await ask("channel");
			const own = numberAt(await this.#options.hub.json("/api/status"), "channel");
			const its = Number(/^OK (\d+)/.exec(text)?.[1]);
			return its === own ? passed(`channel ${its}`) : failed(`it says ${text}, the hub is on ${own}`);
		});
		await here("device.signal", async () => {
			const { rssi, text } = await ask("uptime");
			const there = Number(/ (-\d+)$/.exec(text)?.[1] ?? 0);
			const figures = { hubHearsDbm: rssi, deviceHearsDbm: there };
			const value = `${rssi} dBm at the hub, ${there} dBm at the device`;
			return Math.min(rssi, there) < WEAK_DBM ? failed(`${value}: too far, or something is between`, figures) : passed(value, figures);
		});
		await here("device.relay", () => this.#relay(device));
	}

	async #relay(device: Device): Promise<Finding> {
		const ask = (text: string) => this.#options.hub.send(device.mac, text);
		if (!device.hasRelay) return skipped("no relay is fitted");
		const may = await this.#options.owner.may(`May the relay of ${device.name} (${device.mac}) be switched on, off and back?`);
		if (may !== "yes") return skipped(leftOut(may));
		const before = (await ask("relay")).text;
		if (!/^OK (True|False)/.test(before)) return failed(before);
		const wrong: string[] = [];
		try {
			for (const [command, reply, state] of SWITCHING) {
				const switched = await ask(command);
				const shown = await ask("relay");
				if (!reply.test(switched.text) || !state.test(shown.text)) wrong.push(`${command}: ${switched.text}, then relay: ${shown.text}`);
			}
		} finally {
			const wasOn = before.startsWith("OK True");
			const { text } = await ask(wasOn ? "on" : "off");
			if (!text.startsWith(wasOn ? "OK ON" : "OK OFF")) wrong.push(`it is not as it was: ${text}`);
		}
		return wrong.length > 0 ? failed(wrong.join("; ")) : passed("yes");
	}

	#noteUptime(device: Device, uptimeS: number): void {
		device.uptimeS = uptimeS;
		device.readSince = performance.now();
	}

	// The network ------------------------------------------------------------------------------------------------------

	get #answering(): Device[] {
		return this.#devices.filter(({ answers }) => answers);
	}

	async #network(): Promise<void> {
		const { hub } = this.#options;
		const [first, second] = this.#answering;
		await this.#check("network.unknown-board", "network", async () => {
			const { ok, text, httpMs } = await hub.send(NOBODY, "uptime");
			if (ok) return failed(`somebody answered: ${text}`);
			if (!/^no (result|reply)$/.test(text)) return failed(text);
			return httpMs > DEADLINE_MS ? failed(`${text}, after ${Math.round(httpMs)} ms`) : passed(text);
		});
		await this.#check("network.too-long", "network", async () => {
			const { ok, text } = await hub.send(first?.mac ?? NOBODY, `help ${"x".repeat(246)}`);
			return !ok && text === "too long" ? passed(text) : failed(text);
		});
		await this.#check("network.unknown-command", "network", async () => {
			if (!first) return skipped("no device answers");
			const { text } = await hub.send(first.mac, "hardware-check");
			// A text that nobody knows may be a change to a board with other commands.
			if (!this.#options.signedIn && /^(not allowed|HTTP 401)/.test(text)) return passed("not passed on: nobody is signed in");
			return text.startsWith("Unknown message: hardware-check") ? passed("yes") : failed(text);
		});
		await this.#check("network.two-at-once", "network", async () => {
			if (!first) return skipped("no device answers");
			const wrong: string[] = [];
			for (const other of second ? [first, second] : [first]) {
				const [version, relay] = await Promise.all([hub.send(first.mac, "version"), hub.send(other.mac, "relay")]);
				if (!/^OK \d+\.\d+/.test(version.text)) wrong.push(`version: ${version.text}`);
				if (!/^OK (True|False|None)/.test(relay.text)) wrong.push(`relay: ${relay.text}`);
			}
			return wrong.length > 0 ? failed(wrong.join("; ")) : passed(second ? "one device, two devices" : "one device");
		});
		await this.#check("network.relaying", "network", async () => {
			if (!first || !second) return skipped("it takes two devices that answer");
			const { ok, text, ms } = await hub.send(first.mac, `!${second.mac},version`);
			return ok && /^OK \d+\.\d+/.test(text) ? passed(`${ms} ms`, { ms }) : failed(text);
		});
	}

	async #trips(): Promise<void> {
		const { hub, progress } = this.#options;
		const devices = this.#answering;
		const trips: Trip[] = [];
		let lost = 0;
		await this.#costsFirst();
		for (let i = 0; i < this.#options.trips && devices.length > 0 && lost < LOST_ENOUGH; i++) {
			const index = i % devices.length;
			const device = devices[index];
			if (!device) break;
			const { ok, text, ms, httpMs } = await hub.send(device.mac, "uptime");
			const uptime = /^OK \S+ (\d+)\+/.exec(text)?.[1];
			if (uptime !== undefined) this.#noteRestart(device, Number(uptime));
			trips.push({ device: index, ok: ok && uptime !== undefined, ms, httpMs, why: text });
			if (!ok || uptime === undefined) lost += 1;
			if ((i + 1) % 100 === 0) progress(`${i + 1} round trips`);
		}
		this.#tripsOf[0] = trips.length;
		this.#tripsOf[1] = trips.filter(({ device }) => device === 0).length;
		const answered = trips.filter(({ ok }) => ok);
		const none = skipped("no device answers");
		await this.#check("trips.lost", "network", async () => {
			if (trips.length === 0) return none;
			const why = [...new Set(trips.filter(({ ok }) => !ok).map((trip) => trip.why))].join("; ");
			const value = `${lost} of ${trips.length}${lost > 0 ? ` (${why})` : ""}`;
			return perMille(lost, trips.length) > LOST_LIMIT
				? failed(value, { lost, of: trips.length })
				: passed(value, { lost, of: trips.length });
		});
		await this.#check("trips.times", "network", async () => {
			if (answered.length === 0) return none;
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
				httpRetries: hub.retries,
			});
		});
		await this.#check("trips.late", "network", async () => {
			if (answered.length === 0) return none;
			const late = perMille(lateOnes(trips), answered.length);
			const value = `${late / 10} % more than ${LATE_MS} ms over the usual`;
			return late > LATE_LIMIT ? failed(`${value}: other traffic, or too far`, { late }) : passed(value, { late });
		});
	}

	/** The boards whose cost is asked for: the hub, and the first device that answers. */
	#measured(): string[] {
		return [textAt(this.#before, "mac"), this.#answering[0]?.mac ?? ""].filter(Boolean);
	}

	async #costsFirst(): Promise<void> {
		if (!this.#options.signedIn) return;
		for (const mac of this.#measured()) this.#costsBefore.push(await this.#cost(mac));
	}

	/** @returns what a board said instead */
	async #cost(mac: string): Promise<Cost | string> {
		const { text } = await this.#options.hub.send(mac, "meter");
		return readCost(text) ?? text;
	}

	async #costs(): Promise<void> {
		for (const [i, mac] of this.#measured().entries()) {
			const subject = i === 0 ? "hub" : (this.#answering[0]?.name ?? "network");
			await this.#check(i === 0 ? "hub.meter" : "device.meter", subject, async () => {
				if (!this.#options.signedIn) return skipped("without the house's password");
				const before = this.#costsBefore[i];
				if (before === undefined) return skipped("no device answers");
				const after = await this.#cost(mac);
				for (const each of [before, after])
					if (typeof each === "string") return each.startsWith("Unknown message") ? skipped("this firmware has none") : failed(each);
				if (typeof before === "string" || typeof after === "string") return failed("no figures");
				const { value, figures } = costOf(before, after, this.#tripsOf[i] ?? 0);
				return passed(value, figures);
			});
		}
	}

	/** What the hub has counted since the beginning: nobody was switched off yet, nobody has changed channel. */
	async #counted(): Promise<void> {
		const before = this.#before;
		let after: unknown;
		await this.#check("hub.statuses", "hub", async () => {
			after = await this.#options.hub.json("/api/status");
			const troubles = TROUBLES.map(([name, ...path]) => [name, numberAt(after, ...path) - numberAt(before, ...path)] as const).filter(
				([, count]) => count !== 0,
			);
			return troubles.length > 0 ? failed(troubles.map(([name, count]) => `${name}: ${count}`).join(", ")) : passed("yes");
		});
		await this.#check("hub.counters", "hub", async () => {
			const counters = at(after, "counters");
			const dropped = at(counters, "dropped");
			const drops = typeof dropped === "object" && dropped !== null ? Object.values(dropped) : [];
			const counts = [...["pongs", "replies", "relayed", "commands"].map((name) => numberAt(counters, name)), ...drops.map(Number)];
			const sum = counts.reduce((total, count) => total + count, 0);
			const framesIn = numberAt(counters, "framesIn");
			if (sum !== framesIn) return failed(`${framesIn} came in, ${sum} are told`);
			const grown = (name: string) => numberAt(counters, name) - numberAt(before, "counters", name);
			const figures = { framesIn: grown("framesIn"), framesOut: grown("framesOut") };
			return passed(`${figures.framesIn} in, ${figures.framesOut} out`, figures);
		});
		await this.#check("hub.heap", "hub", async () => {
			if (at(after, "heap") === undefined) return skipped("this firmware does not tell");
			const values = MEMORIES.map(
				([name, key]) => `${name} ${numberAt(before, "heap", key)} before, ${numberAt(after, "heap", key)} after`,
			);
			const value = `bytes free: ${values.join("; ")}`;
			const figures = Object.fromEntries(MEMORIES.map(([, key]) => [key, numberAt(after, "heap", key)]));
			return MEMORIES.some(([, key, least]) => numberAt(after, "heap", key) < least) ? failed(value, figures) : passed(value, figures);
		});
	}

	// What only the owner can do ---------------------------------------------------------------------------------------

	async #mute(): Promise<void> {
		const { hub, owner } = this.#options;
		await this.#check("owner.mute", "network", async () => {
			const device = this.#answering.at(-1);
			const other = this.#answering.find((each) => each !== device);
			if (!device || !other) return skipped("it takes two devices that answer");
			const off = await owner.do({ what: "off", mac: device.mac }, `Switch ${device.name} (${device.mac}) off.`);
			if (off !== "yes") return skipped(leftOut(off));
			const [silent, alive] = await Promise.all([hub.send(device.mac, "uptime"), hub.send(other.mac, "uptime")]);
			const wrong: string[] = [];
			if (silent.ok) wrong.push(`it answered: ${silent.text}`);
			else if (!/^no (result|reply)$/.test(silent.text)) wrong.push(silent.text);
			if (!alive.ok || alive.ms > 1_000) wrong.push(`${other.name}: ${alive.text}, ${alive.ms} ms`);
			const on = await owner.do({ what: "on", mac: device.mac }, `Switch ${device.name} on again.`);
			if (on === "yes" && !(await this.#answersWithin(device, BACK_MS))) wrong.push("it did not come back");
			if (on !== "yes") device.answers = false;
			device.uptimeS = -1;
			if (wrong.length > 0) return failed(wrong.join("; "));
			return on === "yes"
				? passed(`${silent.text}; another one ${alive.ms} ms`, { ms: alive.ms })
				: skipped(`it was silent as it should; ${leftOut(on)} to switch it on again`);
		});
	}

	async #channel(): Promise<void> {
		const { hub, owner, progress } = this.#options;
		await this.#check("owner.channel", "network", async () => {
			if (this.#answering.length === 0) return skipped("no device answers");
			const from = numberAt(await hub.json("/api/status"), "channel");
			const to = OWN_CHANNELS.find((each) => each !== from) ?? from;
			const done = await owner.do({ what: "channel", channel: to }, `Set the router to another channel than ${from}, such as ${to}.`);
			if (done !== "yes") return skipped(leftOut(done));
			const start = performance.now();
			let now = from;
			while (now === from && performance.now() - start < FOLLOW_MS) {
				progress("Waiting for the hub to follow its router.");
				await sleep(500);
				try {
					now = numberAt(await hub.json("/api/status"), "channel");
				} catch {
					// It is on its way.
				}
			}
			if (now === from) return failed(`the hub is still on channel ${from}`);
			const lost: string[] = [];
			for (const device of this.#answering) if (!(await this.#answersWithin(device, FOLLOW_MS))) lost.push(device.name);
			const seconds = Math.round((performance.now() - start) / 100) / 10;
			if (lost.length > 0) return failed(`${lost.join(", ")} did not follow from ${from} to ${now}`);
			return passed(`${from} to ${now}: all answer after ${seconds} s`, { seconds });
		});
	}

	async #reset(): Promise<void> {
		const { hub, owner, signedIn } = this.#options;
		const device = this.#answering[0];
		await this.#check("device.reset", device?.name ?? "network", async () => {
			if (!signedIn) return skipped("without the house's password");
			if (!device) return skipped("no device answers");
			const may = await owner.may(`May ${device.name} (${device.mac}) be restarted?`);
			if (may !== "yes") return skipped(leftOut(may));
			const before = performance.now();
			const { ok, text } = await hub.send(device.mac, "reset");
			if (!ok || !/^OK/.test(text)) return failed(text);
			const until = before + RESTART_MS;
			while (performance.now() < until) {
				const { text: line } = await hub.send(device.mac, "uptime");
				const uptime = /^OK \S+ (\d+)\+/.exec(line)?.[1];
				const elapsedS = (performance.now() - before) / 1000;
				if (uptime !== undefined && Number(uptime) <= elapsedS) {
					device.uptimeS = -1;
					const seconds = Math.round(10 * elapsedS) / 10;
					return passed(`answers again after ${seconds} s`, { seconds });
				}
				await sleep(200);
			}
			return failed("it did not start again");
		});
	}

	async #answersWithin(device: Device, ms: number): Promise<boolean> {
		const until = performance.now() + ms;
		do {
			this.#options.progress(`Waiting for ${device.name}.`);
			if ((await this.#options.hub.send(device.mac, "uptime")).ok) return true;
			await sleep(200);
		} while (performance.now() < until);
		return false;
	}

	// After it all -----------------------------------------------------------------------------------------------------

	#noteRestart(device: Device, uptimeS: number): void {
		const elapsedS = (performance.now() - device.readSince) / 1000;
		if (device.uptimeS >= 0 && uptimeS < device.uptimeS + elapsedS - 2) this.#restarted.add(device.name);
		this.#noteUptime(device, uptimeS);
	}

	async #restarts(): Promise<void> {
		await this.#check("network.restarts", "network", async () => {
			const after = await this.#options.hub.json("/api/status");
			const elapsedS = (performance.now() - this.#startedAt) / 1000;
			if (numberAt(after, "uptimeS") < numberAt(this.#before, "uptimeS") + elapsedS - 2) this.#restarted.add("hub");
			return this.#restarted.size > 0 ? failed([...this.#restarted].join(", ")) : passed("none");
		});
	}

	async #check(id: CheckId, subject: string, run: () => Promise<Finding>): Promise<void> {
		let finding: Finding;
		try {
			finding = await run();
		} catch (error) {
			finding = failed(error instanceof Error ? error.message : String(error));
		}
		const line: Line = { id, subject, title: TITLES[id], ...finding };
		this.#lines.push(line);
		this.#options.onLine(line);
	}
}

function leftOut(reply: Reply): string {
	return reply === "no" ? "the owner said no" : "nobody answered";
}

const COMMANDS: readonly (readonly [string, RegExp])[] = [
	["uptime", /^OK (ON|OFF|None) \d+\+/],
	["relay", /^OK (True|False|None)/],
	["ipaddr", /^OK (None|\d+\.)/],
	["help", /^OK .*uptime/],
	["help on", /^OK on /],
];

const SWITCHING: readonly (readonly [string, RegExp, RegExp])[] = [
	["on", /^OK ON/, /^OK True/],
	["off", /^OK OFF/, /^OK False/],
];

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
