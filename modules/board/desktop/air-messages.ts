/** Version of the datagrams between a desktop board and the desk's air; sim/world/AIR.md describes them. */
export const AIR_VERSION = 1;

/** What the radio of a board is at, as the air needs to know it. */
export interface RadioState {
	on: boolean;
	/** Where it stands now, 1 to 14; 0 when it is off. */
	channel: number;
	/** Where it rests. */
	home: number;
	/** `wifi_mode_t`. */
	mode: number;
	/** Which interfaces are up: only frames to their MACs are acknowledged. */
	sta: boolean;
	ap: boolean;
	sleepy: boolean;
}

/** What a board tells the air. */
export type ToAir =
	| ({ do: "radio" } & RadioState)
	| { do: "tx"; id: number; to: string; from: string; hex: string }
	| { do: "probe"; channel: number; ssid: string }
	| { do: "join"; ssid: string; password: string; bssid: string; channel: number }
	| { do: "dhcp" | "leave" | "bye" }
	| { do: "log"; event: string; [field: string]: unknown };

/** What the air tells a board. */
export type FromAir =
	| { type: "here" }
	| { type: "refused"; why: string }
	| { type: "rx"; from: string; to: string; rssi: number; hex: string }
	| { type: "tx-done"; id: number; acked: boolean }
	| { type: "beacon"; ssid: string; bssid: string; channel: number; rssi: number }
	| { type: "join-result"; ok: boolean; reason: number; channel: number; rssi: number }
	| { type: "dhcp"; ip: string }
	| { type: "audible"; audible: boolean }
	| { type: "csa"; channel: number }
	| { type: "kicked"; reason: number };

/** @returns one datagram with one message */
export function encode(mac: string, message: ToAir): ArrayBuffer {
	return ArrayBuffer.fromString(JSON.stringify({ v: AIR_VERSION, mac, messages: [message] }));
}

/** @returns the messages of a datagram. Throws for one of another version, or when it is none */
export function decode(datagram: ArrayBuffer): FromAir[] {
	const { v, messages } = JSON.parse(String.fromArrayBuffer(datagram));
	if (v !== AIR_VERSION || !Array.isArray(messages)) throw new Error(`air: version ${v}, not ${AIR_VERSION}`);
	return messages;
}

/** @returns two lower-case hex digits for each byte */
export function toHex(bytes: Uint8Array): string {
	let hex = "";
	for (const byte of bytes) hex += (byte < 16 ? "0" : "") + byte.toString(16);
	return hex;
}

export function fromHex(hex: string): Uint8Array {
	const bytes = new Uint8Array(hex.length >> 1);
	for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
	return bytes;
}
