import { accessPointMac, isMac } from "./mac";
import type { BoardEvent, Effect, EffectOf } from "./protocol";

/** Version of the datagrams, which AIR.md describes; another one is refused. */
export const AIR_VERSION = 1;
/** Longest datagram from here, in bytes: one that fits an Ethernet frame. */
const LONGEST = 1400;
const LONGEST_FRAME_BYTES = 250;

/** What a board that runs elsewhere may say. */
export type In = EffectOf<"radio" | "tx" | "probe" | "join" | "dhcp" | "log"> | { readonly do: "leave" | "bye" };
/** What it is told. */
export type Out = BoardEvent | { readonly type: "here" } | { readonly type: "refused"; readonly why: string };

export type Decoded = { readonly mac: string; readonly messages: readonly In[] } | { readonly wrong: string };

/** Reads one datagram; anything that is not as AIR.md says makes the whole of it wrong. */
export function decodeDatagram(bytes: Buffer): Decoded {
	let datagram: unknown;
	try {
		datagram = JSON.parse(bytes.toString("utf8"));
	} catch {
		return { wrong: "a datagram is no JSON" };
	}
	if (!isObject(datagram)) return { wrong: "a datagram is no object" };
	const { v, mac, messages } = datagram;
	if (v !== AIR_VERSION) return { wrong: `version ${JSON.stringify(v)} of the air is not spoken here, ${AIR_VERSION} is` };
	if (!isMac(mac)) return { wrong: "mac is no MAC" };
	if (!Array.isArray(messages)) return { wrong: "messages is no list" };
	for (const message of messages)
		if (!isMessage(message, mac)) return { wrong: `not understood: ${JSON.stringify(message).slice(0, 120)}` };
	return { mac, messages };
}

/** As few datagrams as hold all messages, in their order. */
export function encodeDatagrams(messages: readonly Out[]): Buffer[] {
	const head = `{"v":${AIR_VERSION},"messages":[`;
	const datagrams: Buffer[] = [];
	let body = "";
	for (const message of messages) {
		const text = JSON.stringify(message);
		if (body !== "" && head.length + Buffer.byteLength(body) + Buffer.byteLength(text) + 3 > LONGEST) {
			datagrams.push(Buffer.from(`${head}${body}]}`));
			body = "";
		}
		body += body === "" ? text : `,${text}`;
	}
	if (body !== "") datagrams.push(Buffer.from(`${head}${body}]}`));
	return datagrams;
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

const isFlag = (value: unknown) => typeof value === "boolean";
const isText = (longest: number) => (value: unknown) => typeof value === "string" && Buffer.byteLength(value) <= longest;
const isNumber = (lowest: number, highest: number) => (value: unknown) =>
	Number.isSafeInteger(value) && Number(value) >= lowest && Number(value) <= highest;

type Rules = Readonly<Record<string, (value: unknown, mac: string) => boolean>>;

const RULES: Readonly<Record<In["do"], Rules>> = {
	radio: { on: isFlag, channel: isNumber(0, 14), home: isNumber(0, 14), mode: isNumber(0, 3), sta: isFlag, ap: isFlag, sleepy: isFlag },
	tx: {
		id: isNumber(0, 0xffffffff),
		to: isMac,
		from: (value, mac) => value === mac || value === accessPointMac(mac),
		hex: (value) => typeof value === "string" && /^([0-9a-f]{2})+$/.test(value) && value.length <= 2 * LONGEST_FRAME_BYTES,
	},
	probe: { channel: isNumber(1, 14), ssid: isText(32) },
	join: { ssid: isText(32), password: isText(64), bssid: isMac, channel: isNumber(1, 14) },
	dhcp: { hostname: (value) => value === undefined || isText(32)(value) },
	leave: {},
	bye: {},
	log: { event: (value) => typeof value === "string" && /^[a-z-]{1,32}$/.test(value) },
};

function isMessage(message: unknown, mac: string): message is In {
	if (!isObject(message) || typeof message.do !== "string" || !Object.hasOwn(RULES, message.do)) return false;
	const rules = RULES[message.do as Effect["do"] & In["do"]];
	return Object.entries(rules).every(([key, rule]) => rule(message[key], mac));
}
