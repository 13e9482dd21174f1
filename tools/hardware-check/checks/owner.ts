import { failed, passed, skipped } from "../lines";
import { numberAt } from "../look";
import { leftOut, type Session, sleep, uptimeIn } from "../session";

/** A device that was switched on again must be back in this time; start-up and a search for its hub. */
const BACK_MS = 60_000;
const FOLLOW_MS = 90_000;
const RESTART_MS = 40_000;
/** Another device may not have to wait longer for its reply while one is silent. */
const ALONGSIDE_MS = 1_000;
const HUB_AGAIN_MS = 500;
const DEVICE_AGAIN_MS = 200;
const OWN_CHANNELS: readonly number[] = [6, 11];

/** One device is switched off: others must not have to wait for it. */
export async function muteCheck(session: Session): Promise<void> {
	const { hub, owner } = session.options;
	await session.check("owner.mute", "network", async () => {
		const device = session.answering.at(-1);
		const other = session.answering.find((each) => each !== device);
		if (!device || !other) return skipped("it takes two devices that answer");
		const off = await owner.do({ what: "off", mac: device.mac }, `Switch ${device.name} (${device.mac}) off.`);
		if (off !== "yes") return skipped(leftOut(off));
		const [silent, alive] = await Promise.all([hub.send(device.mac, "uptime"), hub.send(other.mac, "uptime")]);
		const wrong: string[] = [];
		if (silent.ok) wrong.push(`it answered: ${silent.text}`);
		else if (!/^no (result|reply)$/.test(silent.text)) wrong.push(silent.text);
		if (!alive.ok || alive.ms > ALONGSIDE_MS) wrong.push(`${other.name}: ${alive.text}, ${alive.ms} ms`);
		const on = await owner.do({ what: "on", mac: device.mac }, `Switch ${device.name} on again.`);
		if (on === "yes" && !(await session.answersWithin(device, BACK_MS))) wrong.push("it did not come back");
		if (on !== "yes") device.answers = false;
		device.uptime = undefined;
		if (wrong.length > 0) return failed(wrong.join("; "));
		return on === "yes"
			? passed(`${silent.text}; another one ${alive.ms} ms`, { ms: alive.ms })
			: skipped(`it was silent as it should; ${leftOut(on)} to switch it on again`);
	});
}

/** The router goes to another channel: the hub must follow it, and the devices the hub. */
export async function channelCheck(session: Session): Promise<void> {
	const { hub, owner, progress } = session.options;
	await session.check("owner.channel", "network", async () => {
		if (session.answering.length === 0) return skipped("no device answers");
		const from = numberAt(await hub.json("/api/status"), "channel");
		const to = OWN_CHANNELS.find((each) => each !== from) ?? from;
		const done = await owner.do({ what: "channel", channel: to }, `Set the router to another channel than ${from}, such as ${to}.`);
		if (done !== "yes") return skipped(leftOut(done));
		const start = performance.now();
		let now = from;
		while (now === from && performance.now() - start < FOLLOW_MS) {
			progress("Waiting for the hub to follow its router.");
			await sleep(HUB_AGAIN_MS);
			try {
				now = numberAt(await hub.json("/api/status"), "channel");
			} catch {
				// It is on its way.
			}
		}
		if (now === from) return failed(`the hub is still on channel ${from}`);
		const lost: string[] = [];
		for (const device of session.answering) if (!(await session.answersWithin(device, FOLLOW_MS))) lost.push(device.name);
		const seconds = Math.round((performance.now() - start) / 100) / 10;
		if (lost.length > 0) return failed(`${lost.join(", ")} did not follow from ${from} to ${now}`);
		return passed(`${from} to ${now}: all answer after ${seconds} s`, { seconds });
	});
}

/** The first device is restarted. */
export async function resetCheck(session: Session): Promise<void> {
	const { hub, owner, signedIn } = session.options;
	const device = session.answering[0];
	await session.check("device.reset", device?.name ?? "network", async () => {
		if (!signedIn) return skipped("without the house's password");
		if (!device) return skipped("no device answers");
		const may = await owner.may(`May ${device.name} (${device.mac}) be restarted?`);
		if (may !== "yes") return skipped(leftOut(may));
		const before = performance.now();
		const { ok, text } = await hub.send(device.mac, "reset");
		if (!ok || !/^OK/.test(text)) return failed(text);
		while (performance.now() < before + RESTART_MS) {
			const uptime = uptimeIn((await hub.send(device.mac, "uptime")).text);
			const elapsedS = (performance.now() - before) / 1000;
			if (uptime !== undefined && uptime <= elapsedS) {
				device.uptime = undefined;
				const seconds = Math.round(10 * elapsedS) / 10;
				return passed(`answers again after ${seconds} s`, { seconds });
			}
			await sleep(DEVICE_AGAIN_MS);
		}
		return failed("it did not start again");
	});
}
