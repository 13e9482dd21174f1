import { deviceChecks, findDevices } from "./checks/devices";
import { countedChecks, hubChecks } from "./checks/hub";
import { networkChecks, restartChecks } from "./checks/network";
import { channelCheck, muteCheck, resetCheck } from "./checks/owner";
import { tripChecks } from "./checks/trips";
import type { Line } from "./lines";
import { Session, type SessionOptions } from "./session";

/** The list that a network must pass, in order. @returns its lines */
export async function accept(options: SessionOptions): Promise<readonly Line[]> {
	const session = new Session(options);
	if (!(await hubChecks(session))) return session.lines;
	await findDevices(session);
	for (const device of session.devices) await deviceChecks(session, device);
	await networkChecks(session);
	await tripChecks(session);
	// Nobody was switched off yet, nobody has changed channel.
	await countedChecks(session);
	await muteCheck(session);
	await channelCheck(session);
	await resetCheck(session);
	await restartChecks(session);
	return session.lines;
}
