import { expect, test } from "@jest/globals";
import { sealedHead } from "../../sim/world/sealed-frames";
import { keysIn } from "../../sim/world/sealed-keys";
import { SealedWatch } from "../../sim/world/sealed-watch";
import { ask, HUB, SEED, settle } from "./network";
import { sealedNetwork } from "./sealed";

/** `make nightly` asks for 10,000. */
const RESTARTS = Number(process.env.RESTARTS ?? 12);

test(`in ${RESTARTS} restarts of either side no key is used twice with one nonce, and no random bytes come again`, () => {
	const made = sealedNetwork(["Kitchen"]);
	const { attacker } = made;
	const key = keysIn(made.board("Kitchen").nvs()).get(HUB);
	const watch = new SealedWatch(() => key);
	const frames = new Map<string, string>();
	const randoms = new Map<string, string>();
	const wrong: string[] = [];
	const once = (seen: Map<string, string>, name: string, bytes: string) => {
		if ((seen.get(name) ?? bytes) !== bytes) wrong.push(`${name}: ${seen.get(name)} and ${bytes}`);
		seen.set(name, bytes);
	};
	for (let i = 0; i < RESTARTS; i++) {
		attacker.record(true);
		made.board(i % 3 === 2 ? "Hub" : "Kitchen").pressReset();
		settle(made);
		// A request that meets a restart within 4 s of the last word is told that there is no reply: nobody knows whether it ran.
		made.advance(4_500);
		expect([SEED, i, ask(made, "Kitchen", "uptime")]).toEqual([SEED, i, expect.stringMatching(/^OK OFF /)]);
		for (const { payload } of attacker.records) {
			const opened = watch.see(payload);
			const hex = payload.toString("hex");
			if (opened) once(frames, opened.nonce, hex);
			// The random bytes of a hello or welcome; the frame itself may be sent again.
			if (["hello", "welcome"].includes(sealedHead(payload)?.kind ?? "")) once(randoms, payload.toString("hex", 14, 30), hex);
		}
		attacker.stop();
	}
	expect(wrong).toEqual([]);
	expect(frames.size).toBeGreaterThanOrEqual(2 * RESTARTS);
	expect(randoms.size).toBeGreaterThanOrEqual(2 * RESTARTS);
}, 86_400_000);
