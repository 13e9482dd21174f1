import type Timer from "timer";
import type { Driver } from "./events";
import type { RouterCredentials } from "./router-link";

/** What a person has set, read anew whenever it is needed. */
export interface WiFiSettings {
	name: string;
	role: "hub" | "device";
	router: RouterCredentials;
	setupAP: { password: string; minutes: number; afterwards: "off" | "cloaked" };
	country: string;
	channel: number;
}

export type AccessPointState = "open" | "off" | "hidden";

/** What the rest of the board is told. Each is called from an event of the driver or from the tick, never from within a call of ours. */
export interface WiFiListener {
	/** Wi-Fi stands on its channel: ESP-NOW may start. Called again after every full restart of Wi-Fi. */
	onReady(): void;
	/** The first join since Wi-Fi started, or one on another channel than ESP-NOW was opened on: it has to be opened again (espressif/esp-idf#18661). */
	onLateJoin(): void;
	/** The station is on the router, on this channel. */
	onJoined(channel: number): void;
	/** The radio's home channel changed: by our own doing, or because the router moved. */
	onHomeChannel(from: number, to: number): void;
	/** The station has an address in the house, or "" when it lost it. */
	onAddress(address: string): void;
	/** The setup access point opened (with its own address) or closed (""). */
	onSetupAP(address: string): void;
	trace(line: string): void;
}

export interface WiFiRolesOptions {
	/** The station's MAC, 12 hex digits. */
	mac: string;
	openDriver(options: { country: string; hostName: string; onEvent(): void }): Driver;
	store: { readonly configuration: WiFiSettings };
	/** Was the board ever configured, or did it adopt a hub? If not, its setup access point stays open. */
	isConfigured(): boolean;
	/** Whether this start opens the setup access point at all. */
	openWindow: boolean;
	/** The last confirmed channel, 0 when there is none. */
	lastChannel(): number;
	allowed(): readonly number[];
	clock: { now(): number };
	timers: Pick<typeof Timer, "repeat" | "clear">;
	random: { randomHex(bytes: number): string };
	listener: WiFiListener;
}
