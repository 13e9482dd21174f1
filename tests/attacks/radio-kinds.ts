import type { Kind } from "./kinds";
import { type Means, STRANGER } from "./means";
import { HUB } from "./network";

const BROADCAST = "ffffffffffff";

/** What nobody but a device's own hub may tell it. */
export function orders(own: string): readonly string[] {
	const file = Buffer.from('{"setupAP":{"password":"stranger1"},"name":"Taken"}').toString("hex");
	return [
		`environ-11-${STRANGER}`,
		"channel=11",
		`environ-6-${own}`,
		`part:0,text:${file}`,
		"save:config.json",
		"update",
		"reset",
		"config name",
	];
}

const NOISE: readonly (string | readonly number[])[] = [
	"",
	"!",
	"!zz,x",
	"!34b4720a100,uptime",
	`!${HUB},`,
	`!${HUB},!zz,x`,
	[0x6f, 0x6e, 0xc3],
	[0xff, 0xfe, 0xfd],
	[0xed, 0xa0, 0x80],
	[0xc0, 0x80],
	[0x6f, 0x6e, 0x00, 0x6f],
];

/** Empty, malformed, no UTF-8, longer than a frame may be. */
function noise(means: Means): Buffer {
	if (means.random.below(4) === 0) return Buffer.alloc(251 + means.random.below(1_200), 0x61);
	return Buffer.from(means.pick(NOISE) as string);
}

/** By radio, in reach of every board. */
export const RADIO_KINDS: readonly Kind[] = [
	{
		name: "relayed orders",
		what: "asks the hub by radio to forward changes to its devices: a new hub, a channel, a file, a restart",
		perSecond: 4,
		attempt(means) {
			const { mac } = means.device();
			means.send(STRANGER, HUB, `!${mac},${means.pick(orders(mac))}`);
		},
	},
	{
		name: "forged orders",
		inHubsName: true,
		what: "in the hub's name tells one device another channel, again and again, and to restart",
		perSecond: 20,
		attempt(means) {
			const text = means.random.below(40) === 0 ? "reset" : `channel=${means.pick([1, 6, 11])}`;
			means.send(HUB, means.victim.mac, text);
		},
	},
	{
		name: "broadcasts",
		what: "`on`, `off`, `uptime` and orders for all boards at once",
		perSecond: 50,
		attempt(means) {
			const { mac } = means.device();
			means.send(STRANGER, BROADCAST, means.pick(["on", "off", "uptime", "help", "ping", ...orders(mac), `!${mac},on`]));
		},
	},
	{
		name: "flood",
		what: "requests from radios that are none, and from devices' own addresses, faster than they can be answered; frames that are no message among them",
		perSecond: 300,
		attempt(means) {
			const from = means.random.below(3) === 0 ? means.device().mac : means.forged();
			const to = means.random.below(4) === 0 ? means.device().mac : HUB;
			const choice = means.random.below(8);
			if (choice === 0) means.send(from, to, noise(means));
			else if (choice === 1) means.send(from, to, `!${means.device().mac},uptime`);
			else means.send(from, to, means.pick(["uptime", "help", "version", `environ-6-${"x".repeat(180)}`, "relay", "ping"]));
		},
	},
	{
		name: "chains",
		what: "requests to be forwarded over up to fifteen boards, and to boards that are not there",
		perSecond: 8,
		attempt(means) {
			const boards = Array.from({ length: 1 + means.random.below(15) }, () => means.device().mac);
			if (means.random.below(2) === 0) boards.push(means.forged());
			const path = [...new Set(boards)].map((mac) => `!${mac},`).join("");
			means.send(means.forged(), means.pick([HUB, means.device().mac]), `${path}uptime`);
		},
	},
	{
		name: "replays",
		inHubsName: true,
		what: "sends again what boards of the house have sent, from their addresses, but `on` and `off`, which anybody may say; half of it the `reset` that the owner once gave one device",
		perSecond: 40,
		attempt(means) {
			const { heard, orders } = means.network;
			if (orders.length === 0) means.haveOwnerRestart();
			const choice = means.random.below(2) === 0 ? orders : heard.filter(({ text }) => !/^(!\w+,)*(on|off)$/.test(text));
			if (choice.length === 0) return;
			const { from, to, text } = means.pick(choice);
			means.send(from, to, text);
		},
	},
	{
		name: "questions",
		what: "asks every board by radio for its configuration, key by key",
		perSecond: 2,
		attempt(means: Means) {
			const to = means.pick([HUB, means.device().mac]);
			means.send(
				STRANGER,
				to,
				means.pick(["config", "config router", "config router.ssid", "config wifi_key", "config house", "help config"]),
			);
		},
	},
];
