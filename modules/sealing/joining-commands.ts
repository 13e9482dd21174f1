import { parseMac } from "common/mac";
import { utf8Length } from "common/text";
import type { Joining } from "./joining";

/** A reply on the radio has 250 bytes, with the signal strength and what relay devices need. */
const LONGEST_REPLY = 200;

type Face = Pick<
	Joining,
	"view" | "found" | "devices" | "add" | "accept" | "cancel" | "remove" | "rename" | "hub" | "letGo" | "letGoLater"
>;

/** `join [list|start|cancel|accept <mac> <code>]`: what is going on, who calls, and what the page's buttons do. */
export function joinCommand(joining: Face, args: string): string {
	const [word = "", mac = "", code = ""] = args.split(" ", 3);
	switch (word) {
		case "": {
			const { state, code } = joining.view() as { state: string; code: string };
			return `OK ${state} ${code}`;
		}
		case "list":
			return listed(joining.found(), 0, ({ mac, hub, code }) => `${mac ?? hub} ${code}`);
		case "start":
			return done(joining.add());
		case "cancel":
			joining.cancel();
			return "OK";
		case "accept":
			return done(joining.accept(mac, code));
		default:
			return "Fail (join [list|start|cancel|accept <mac> <code>])";
	}
}

/** `devices [<n>|remove <mac>|name <mac> <name>]`: the hub's devices, from the nth on as many as one reply holds. */
export function devicesCommand(joining: Face, args: string): string | Promise<string> {
	if (args === "" || /^\d{1,3}$/.test(args)) return listed(joining.devices(), Number(args), ({ mac, name }) => `${mac} ${name}`);
	const [word = "", given = ""] = args.split(" ", 2);
	const mac = parseMac(given);
	if (word === "remove" && mac) return joining.remove(mac).then(done);
	if (word === "name" && mac) return done(joining.rename(mac, args.slice(word.length + given.length + 2)));
	return "Fail (devices [<n>|remove <mac>|name <mac> <name>])";
}

/** `let-go`: this device forgets its sealed hub; by radio only after its reply, which is the last that the hub can open. */
export function letGoCommand(joining: Face, byRadio: boolean): string {
	if (joining.hub === "") return "Fail (this board has not joined a hub)";
	if (!byRadio) return done(joining.letGo());
	joining.letGoLater();
	return "OK";
}

/** `OK <how many there are in all> <item>, <item>, …` */
function listed(items: Iterable<object>, from: number, textOf: (item: Record<string, unknown>) => string): string {
	let text = "";
	let count = 0;
	let isFull = false;
	for (const item of items) {
		if (count++ < from || isFull) continue;
		const longer = `${text}${text === "" ? " " : ", "}${textOf(item as Record<string, unknown>)}`;
		if (utf8Length(longer) > LONGEST_REPLY) isFull = true;
		else text = longer;
	}
	return `OK ${count}${text}`;
}

function done(refusal: string): string {
	return refusal === "" ? "OK" : `Fail (${refusal})`;
}
