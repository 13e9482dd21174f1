/** What the world and a board program say to each other: one JSON object per line, times in µs of world time. */

/** One entry of a board's flash store, values as bytes. */
export interface NvsEntry {
	readonly ns: string;
	readonly key: string;
	readonly type: "str" | "i32" | "u8" | "blob";
	readonly hex: string;
}

/** `esp_reset_reason_t`, as far as the world makes them. */
export const ResetReason = { powerOn: 1, software: 3, panic: 4, watchdog: 6, brownOut: 9, usb: 11 } as const;
export type ResetReason = (typeof ResetReason)[keyof typeof ResetReason];

export type BoardEvent =
	| {
			readonly type: "boot";
			readonly mac: string;
			readonly seed: number;
			readonly reset: ResetReason;
			readonly nvs: readonly NvsEntry[];
			readonly rtc: string | null;
			readonly pins: Readonly<Record<string, number>>;
	  }
	| { readonly type: "wake" | "snapshot" | "collect" }
	| { readonly type: "rx"; readonly from: string; readonly to: string; readonly rssi: number; readonly hex: string }
	| { readonly type: "tx-done"; readonly id: number; readonly acked: boolean }
	| {
			readonly type: "beacon";
			readonly ssid: string;
			readonly bssid: string;
			readonly channel: number;
			readonly rssi: number;
			readonly auth: "wpa2" | "wpa3" | "open";
			/** Of WPA3: how the password element is derived; both unless said. */
			readonly pwe?: "both" | "h2e" | "hnp";
	  }
	| {
			readonly type: "join-result";
			readonly ok: boolean;
			readonly reason: number;
			readonly channel: number;
			readonly bssid: string;
			readonly rssi: number;
	  }
	| { readonly type: "dhcp"; readonly ip: string; readonly mask: string; readonly gateway: string }
	| { readonly type: "audible"; readonly audible: boolean }
	| { readonly type: "csa"; readonly channel: number }
	| { readonly type: "kicked"; readonly reason: number }
	| { readonly type: "client-auth"; readonly client: string; readonly password: string }
	| { readonly type: "client-leave"; readonly client: string }
	| { readonly type: "tcp-open"; readonly conn: number; readonly local: string; readonly port: number; readonly remote: string }
	| { readonly type: "tcp-data"; readonly conn: number; readonly hex: string }
	| { readonly type: "tcp-acked"; readonly conn: number; readonly bytes: number }
	| { readonly type: "tcp-close" | "tcp-reset"; readonly conn: number }
	| { readonly type: "pin"; readonly pin: number; readonly level: 0 | 1 }
	| { readonly type: "fault"; readonly kind: string; readonly count: number }
	| { readonly type: "xsbug"; readonly attached: boolean }
	| { readonly type: "busy"; readonly events: readonly BoardEvent[] };

export interface RadioState {
	readonly on: boolean;
	/** Where the radio stands now; during a scan not its home. */
	readonly channel: number;
	readonly home: number;
	readonly mode: number;
	/** Interfaces that are up: the radio acknowledges only frames to their MACs. */
	readonly sta: boolean;
	readonly ap: boolean;
	/** Sleeping between beacons: station only, joined, power save on. */
	readonly sleepy: boolean;
}

export type Effect =
	| {
			readonly do: "tx";
			readonly id: number;
			readonly to: string;
			readonly from: string;
			readonly hex: string;
			/** Counts of the engine's meter that the event had taken by then. */
			readonly after?: number;
	  }
	| ({ readonly do: "radio" } & RadioState)
	| { readonly do: "probe"; readonly channel: number; readonly ssid: string; readonly passive?: boolean }
	| { readonly do: "join"; readonly ssid: string; readonly password: string; readonly bssid: string; readonly channel: number }
	| { readonly do: "dhcp"; readonly hostname?: string }
	| { readonly do: "leave" | "tcp-unlisten" }
	| {
			readonly do: "ap";
			readonly state: "on";
			readonly ssid: string;
			readonly password: string;
			readonly channel: number;
			readonly hidden: boolean;
			readonly auth: number;
			readonly address: string;
	  }
	| { readonly do: "ap"; readonly state: "off" }
	| { readonly do: "client"; readonly client: string; readonly joined: boolean; readonly address?: string; readonly why?: string }
	| { readonly do: "client-kicked"; readonly client: string }
	| { readonly do: "tcp-accept" | "tcp-refuse" | "tcp-close" | "tcp-abort"; readonly conn: number }
	| { readonly do: "tcp-data"; readonly conn: number; readonly hex: string }
	| { readonly do: "tcp-listen"; readonly port: number; readonly address: string }
	| {
			readonly do: "nvs";
			readonly op: "set" | "erase";
			readonly ns: string;
			readonly key?: string;
			readonly type?: NvsEntry["type"];
			readonly hex?: string;
	  }
	| { readonly do: "pin"; readonly pin: number; readonly level: 0 | 1 }
	| { readonly do: "rtc"; readonly hex: string }
	| { readonly do: "restart"; readonly reason: string; readonly words?: string }
	| { readonly do: "trace"; readonly line: string }
	| { readonly do: "log"; readonly event: string; readonly [field: string]: unknown }
	| { readonly do: "snapshot"; readonly json: string };

export type EffectOf<Kind extends Effect["do"]> = Extract<Effect, { readonly do: Kind }>;

/** A board's heap, garbage included until a collection: slots, and bytes of chunks. */
export interface Heap {
	readonly slots: number;
	readonly peakSlots: number;
	readonly chunks: number;
	readonly peakChunks: number;
	/** The deepest that the JavaScript stack has been, in slots. */
	readonly peakStack: number;
}

export const NO_HEAP: Heap = { slots: 0, peakSlots: 0, chunks: 0, peakChunks: 0, peakStack: 0 };

export interface BoardReply {
	readonly t: number;
	readonly effects: readonly Effect[];
	/** When the board wants a `wake`, or null. */
	readonly next: number | null;
	/** The engine's own count of work done for this event. */
	readonly meter: number;
	readonly heap: Heap;
	readonly messages: number;
}

/** A running board program, as the world sees it. */
export interface BoardProgram {
	/** Gives it one line and returns the line it answers. Throws when it has died. */
	exchange(line: string): string;
	/** Ends it; may be called twice. */
	close(): void;
}

/** Starts a board program. */
export type StartProgram = (name: string) => BoardProgram;

/** Checks the frame of an answer; what the effects hold is the board program's own affair. */
export function parseBoardReply(line: string, atUs: number): BoardReply {
	const answer = JSON.parse(line) as Partial<BoardReply>;
	if (answer.t !== atUs) throw new Error(`it answered for ${answer.t} µs an event of ${atUs} µs`);
	if (!Array.isArray(answer.effects)) throw new Error("its answer has no effects");
	if (answer.next !== null && !Number.isSafeInteger(answer.next)) throw new Error(`its next wake is ${answer.next}`);
	return {
		t: atUs,
		effects: answer.effects,
		next: answer.next ?? null,
		meter: answer.meter ?? 0,
		heap: answer.heap ?? NO_HEAP,
		messages: answer.messages ?? 0,
	};
}
