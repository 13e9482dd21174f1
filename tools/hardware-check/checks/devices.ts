import type { Outcome } from "../hub";
import { type CheckId, type Finding, failed, passed, skipped } from "../lines";
import { at, listAt, numberAt, textAt } from "../look";
import { type Device, leftOut, type Session, sleep, uptimeIn } from "../session";
import { NOBODY } from "./network";

/** A device that has heard nothing for 30 s asks its hub by itself; a hub that has just started knows none before. */
const HEARD_AFTER_S = 45;
const WAIT_MS = 60_000;
const LOOK_AGAIN_MS = 2_000;
/** Below this, in dBm, a frame is repeated more often than not. */
const WEAK_DBM = -88;

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

/** Which devices there are: those that the owner has named, else those that the hub has heard. */
export async function findDevices(session: Session): Promise<void> {
	await session.check("network.devices", "network", async () => {
		const { devices } = session.options;
		const macs = devices.length > 0 ? devices : await heard(session);
		session.devices = macs.map((mac, i) => ({ name: `device ${i + 1}`, mac, answers: false, hasRelay: false, uptime: undefined }));
		if (macs.length === 0) return failed("the hub has heard no device: name them in DEVICES");
		return passed(`${macs.length}`, { devices: macs.length });
	});
}

/** Those that the hub has heard, in the order of their addresses. */
async function heard({ options }: Session): Promise<string[]> {
	const until = performance.now() + WAIT_MS;
	for (;;) {
		const status = await options.hub.json("/api/status");
		const macs = listAt(status, "peers")
			.filter((peer) => typeof at(peer, "lastSeenS") === "number" && textAt(peer, "mac") !== NOBODY)
			.map((peer) => textAt(peer, "mac"));
		if ((macs.length > 0 && numberAt(status, "uptimeS") >= HEARD_AFTER_S) || performance.now() > until) return macs.sort();
		options.progress("Devices call their hub when they have heard nothing for half a minute: waiting for them.");
		await sleep(LOOK_AGAIN_MS);
	}
}

/** What one device must do. */
export async function deviceChecks(session: Session, device: Device): Promise<void> {
	const { hub } = session.options;
	const ask = (text: string) => hub.send(device.mac, text);
	const here = (id: CheckId, run: () => Promise<Finding>) =>
		session.check(id, device.name, async () => (device.answers ? run() : skipped("it does not answer")));
	let first: Outcome | undefined;
	await session.check("device.answers", device.name, async () => {
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
			const uptime = uptimeIn(text);
			if (uptime !== undefined) session.noteUptime(device, uptime);
			if (command === "relay") device.hasRelay = /^OK (True|False)/.test(text);
		}
		return wrong.length > 0 ? failed(wrong.join("; ")) : passed(`${COMMANDS.length} of ${COMMANDS.length}`);
	});
	await here("device.channel", async () => {
		const { text } = await ask("channel");
		const own = numberAt(await hub.json("/api/status"), "channel");
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
	await here("device.relay", () => relay(session, device));
}

async function relay({ options: { hub, owner } }: Session, device: Device): Promise<Finding> {
	const ask = (text: string) => hub.send(device.mac, text);
	if (!device.hasRelay) return skipped("no relay is fitted");
	const may = await owner.may(`May the relay of ${device.name} (${device.mac}) be switched on, off and back?`);
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
