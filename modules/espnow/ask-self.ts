import type { FaultLog } from "./fault-log";
import { failure } from "./plain-text";
import type { AskResult, CommsOptions } from "./types";

/**
 * Answers a request to this board itself, without a frame.
 * @param mac this board's station MAC
 * @returns a promise that is never rejected, and always fulfilled by the deadline
 */
export function askSelf(
	{ handler, clock, timers }: Pick<CommsOptions, "handler" | "clock" | "timers">,
	log: FaultLog,
	mac: string,
	text: string,
	timeoutMs: number,
): Promise<AskResult> {
	const started = clock.now();
	return new Promise((resolve) => {
		const timer = timers.set(() => resolve({ ok: false, reason: "no reply", ms: timeoutMs }), timeoutMs);
		const done = (reply: string): void => {
			timers.clear(timer);
			resolve({ ok: true, reply, rssi: 0, ms: clock.now() - started });
		};
		const failed = (error: unknown): void => {
			log.fault("answer", error);
			done(failure(error instanceof Error ? error.message : String(error)));
		};
		try {
			Promise.resolve(handler.handle(text, { side: "radio", mac, rssi: 0 })).then(done, failed);
		} catch (error) {
			failed(error);
		}
	});
}
