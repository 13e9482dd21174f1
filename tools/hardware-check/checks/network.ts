import { failed, passed, skipped } from "../lines";
import type { Session } from "../session";

/** A locally administered address that no board has. */
export const NOBODY = "02beef000000";
/** A board gives up on another one after 10 s. */
const DEADLINE_MS = 11_500;

/** What hub and devices owe each other. */
export async function networkChecks(session: Session): Promise<void> {
	const { hub, signedIn } = session.options;
	const [first, second] = session.answering;
	await session.check("network.unknown-board", "network", async () => {
		const { ok, text, httpMs } = await hub.send(NOBODY, "uptime");
		if (ok) return failed(`somebody answered: ${text}`);
		if (!/^no (result|reply)$/.test(text)) return failed(text);
		return httpMs > DEADLINE_MS ? failed(`${text}, after ${Math.round(httpMs)} ms`) : passed(text);
	});
	await session.check("network.too-long", "network", async () => {
		const { ok, text } = await hub.send(first?.mac ?? NOBODY, `help ${"x".repeat(246)}`);
		return !ok && text === "too long" ? passed(text) : failed(text);
	});
	await session.check("network.unknown-command", "network", async () => {
		if (!first) return skipped("no device answers");
		const { text } = await hub.send(first.mac, "hardware-check");
		// A text that nobody knows may be a change to a board with other commands.
		if (!signedIn && /^(not allowed|HTTP 401)/.test(text)) return passed("not passed on: nobody is signed in");
		return text.startsWith("Unknown message: hardware-check") ? passed("yes") : failed(text);
	});
	await session.check("network.two-at-once", "network", async () => {
		if (!first) return skipped("no device answers");
		const wrong: string[] = [];
		for (const other of second ? [first, second] : [first]) {
			const [version, relay] = await Promise.all([hub.send(first.mac, "version"), hub.send(other.mac, "relay")]);
			if (!/^OK \d+\.\d+/.test(version.text)) wrong.push(`version: ${version.text}`);
			if (!/^OK (True|False|None)/.test(relay.text)) wrong.push(`relay: ${relay.text}`);
		}
		return wrong.length > 0 ? failed(wrong.join("; ")) : passed(second ? "one device, two devices" : "one device");
	});
	await session.check("network.relaying", "network", async () => {
		if (!first || !second) return skipped("it takes two devices that answer");
		const { ok, text, ms } = await hub.send(first.mac, `!${second.mac},version`);
		return ok && /^OK \d+\.\d+/.test(text) ? passed(`${ms} ms`, { ms }) : failed(text);
	});
}

/** After it all: who was not told to restart must not have. */
export async function restartChecks(session: Session): Promise<void> {
	await session.check("network.restarts", "network", async () => {
		const restarted = session.restarted(await session.options.hub.json("/api/status"));
		return restarted.length > 0 ? failed(restarted.join(", ")) : passed("none");
	});
}
