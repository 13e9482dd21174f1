import { air } from "board/air";
import type { FromAir } from "board/air-messages";
import Timer from "timer";
import type { AccessPointOptions, Driver, WiFiEvent } from "wifi-roles/events";
import { WiFiEventKind } from "wifi-roles/events";
import type { WiFiDriverOptions } from "../esp32/wifi-roles-esp32";

export type { WiFiEvent } from "wifi-roles/events";
export { WiFiEventKind } from "wifi-roles/events";
export type { WiFiDriverOptions } from "../esp32/wifi-roles-esp32";

const EVENT_SLOTS = 16;
/** Time on each channel of a search, in ms; datagrams are looked at every 20 ms. */
const DWELL_MS = 100;
/** After this time without a beacon the driver gives the router up, in ms. */
const DEAF_MS = 6000;
/** An attempt to join that nobody answers, in ms. */
const JOIN_MS = 5000;
const LAST_CHANNEL = 13;

const ESP_OK = 0;
const NOT_INIT = 0x3001;
const NOT_STARTED = 0x3002;
const MODE = 0x3005;
const BUSY = -1;
/** wifi_err_reason_t. */
const Reason = Object.freeze({ leave: 8, beaconTimeout: 200, noAccessPoint: 201, connectionFail: 205 });
const STATION = 1;
const ACCESS_POINT = 2;

interface Found {
	bssid: string;
	channel: number;
	rssi: number;
}

let opened = false;

/** Wi-Fi over the desk's air: the driver's states, events and error numbers, as far as the roles meet them. */
export class WiFiDriver implements Driver {
	readonly #onEvent: () => void;
	readonly #events: WiFiEvent[] = [];
	#lost = 0;
	#post: Timer | undefined;
	#ignore: (() => void) | undefined;
	#mode = STATION;
	#started = false;
	#home = 0;
	#ap: AccessPointOptions | undefined;
	#station = { ssid: "", password: "" };
	#link: "idle" | "searching" | "joining" | "joined" = "idle";
	#found: Found | undefined;
	/** Channel that a search stands on, 0 when it rests at home. */
	#away = 0;
	#step: Timer | undefined;

	constructor(options: WiFiDriverOptions) {
		if (opened) throw new Error("Wi-Fi is open");
		opened = true;
		this.#onEvent = options.onEvent;
		this.#ignore = air().listen((message) => this.take(message));
	}
	close(): void {
		if (!this.#ignore) return;
		this.stop();
		this.#ignore();
		this.#ignore = undefined;
		if (this.#post) Timer.clear(this.#post);
		this.#post = undefined;
		this.#events.length = 0;
		opened = false;
	}
	setMode(mode: number): number {
		if (!this.#ignore) return NOT_INIT;
		const before = this.#interfaces;
		this.#mode = mode;
		this.changed(before);
		return ESP_OK;
	}
	setAccessPoint(options: AccessPointOptions): number {
		if (!this.#ignore) return NOT_INIT;
		if (!(this.#mode & ACCESS_POINT)) return MODE;
		this.#ap = { ...options };
		if (this.#started) {
			if (this.#link !== "joined") this.setHome(options.channel);
			this.tellAccessPoint();
		}
		return ESP_OK;
	}
	setStation(options: { ssid: string; password: string }): number {
		if (!this.#ignore) return NOT_INIT;
		this.#station = { ...options };
		return ESP_OK;
	}
	start(): number {
		if (!this.#ignore) return NOT_INIT;
		if (this.#started) return ESP_OK;
		this.#started = true;
		this.#home = this.#mode & ACCESS_POINT ? (this.#ap?.channel ?? 1) : 1;
		this.changed(0);
		return ESP_OK;
	}
	stop(): number {
		if (!this.#ignore) return NOT_INIT;
		const before = this.#interfaces;
		this.#started = false;
		this.changed(before);
		return ESP_OK;
	}
	connect(): number {
		if (!this.#ignore) return NOT_INIT;
		if (!(this.#interfaces & STATION)) return NOT_STARTED;
		if (this.#link !== "idle") return ESP_OK;
		this.search(this.#station.ssid, 1, LAST_CHANNEL, (found) => this.join(found));
		return ESP_OK;
	}
	disconnect(): number {
		if (!this.#ignore) return NOT_INIT;
		if (this.#link !== "idle") this.lose(Reason.leave);
		return ESP_OK;
	}
	scan({ ssid, channel }: { ssid: string; channel: number }): number {
		if (!this.#ignore) return NOT_INIT;
		if (!this.#started || !(this.#mode & STATION)) return NOT_STARTED;
		if (this.#link === "searching" || this.#link === "joining") return BUSY;
		const rest = this.#link;
		this.search(ssid, channel || 1, channel || LAST_CHANNEL, (found) => {
			this.#link = rest;
			this.tell(WiFiEventKind.scanned, found?.channel ?? 0, found?.rssi ?? 0);
		});
		return ESP_OK;
	}
	setChannel(channel: number): number {
		if (!this.#ignore) return NOT_INIT;
		if (!this.#started) return NOT_STARTED;
		if (this.#link !== "idle") return BUSY;
		this.setHome(channel);
		return ESP_OK;
	}
	putOutClients(): number {
		return ESP_OK;
	}
	getChannel(): number {
		return this.#started ? this.#away || this.#home : 0;
	}
	setPowerSave(_type: number): number {
		return this.#ignore ? ESP_OK : NOT_INIT;
	}
	stationRSSI(): number {
		return this.#link === "joined" ? (this.#found?.rssi ?? 0) : 0;
	}
	readEvent(event: WiFiEvent): boolean {
		const next = this.#events.shift();
		if (next) Object.assign(event, next);
		else if (this.#lost > 0) {
			Object.assign(event, { kind: WiFiEventKind.overflow, a: this.#lost, b: 0, text: "" });
			this.#lost = 0;
		} else return false;
		return true;
	}

	get #interfaces(): number {
		return this.#started ? this.#mode : 0;
	}

	/** Interfaces come up and go down as mode and state of the driver say. */
	private changed(before: number): void {
		const now = this.#interfaces;
		const gone = before & ~now;
		const come = now & ~before;
		if (gone & STATION) {
			if (this.#link !== "idle") this.lose(Reason.leave);
			this.tell(WiFiEventKind.stationStopped);
		}
		if (gone & ACCESS_POINT) {
			this.tell(WiFiEventKind.apStopped);
			air().send({ do: "log", event: "ap-off" });
		}
		if (come & STATION) this.tell(WiFiEventKind.stationStarted);
		if (come & ACCESS_POINT) {
			this.tell(WiFiEventKind.apStarted);
			this.tellAccessPoint();
		}
		this.tune();
	}

	private tellAccessPoint(): void {
		if (!this.#ap || !(this.#interfaces & ACCESS_POINT)) return;
		const { ssid, hidden } = this.#ap;
		air().send({ do: "log", event: "ap-open", ssid, channel: this.#home, hidden });
	}

	private tune(): void {
		const now = this.#interfaces;
		const sta = (now & STATION) !== 0;
		const ap = (now & ACCESS_POINT) !== 0;
		air().tune({ on: now !== 0, channel: this.getChannel(), home: now ? this.#home : 0, mode: now, sta, ap, sleepy: false });
	}

	private setHome(channel: number): void {
		const before = this.#home;
		if (channel === before) return;
		this.#home = channel;
		this.tell(WiFiEventKind.homeChannel, before, channel);
		this.tune();
	}

	/** Visits channels until the network is heard; `done` is called once, on the channel where it was found. */
	private search(ssid: string, first: number, last: number, done: (found: Found | undefined) => void): void {
		this.#link = "searching";
		this.#found = undefined;
		const visit = (channel: number) => {
			this.#away = channel;
			this.tune();
			air().send({ do: "probe", channel, ssid });
			this.after(DWELL_MS, () => {
				if (!this.#found && channel < last) {
					visit(channel + 1);
					return;
				}
				this.#away = 0;
				this.tune();
				done(this.#found);
			});
		};
		visit(first);
	}

	private join(found: Found | undefined): void {
		if (!found) {
			this.lose(Reason.noAccessPoint);
			return;
		}
		this.#link = "joining";
		this.setHome(found.channel);
		air().send({ do: "join", ...this.#station, bssid: found.bssid, channel: found.channel });
		this.after(JOIN_MS, () => this.lose(Reason.connectionFail));
	}

	private lose(reason: number): void {
		const wasJoined = this.#link === "joined";
		this.stopStep();
		this.#link = "idle";
		this.#away = 0;
		if (reason !== Reason.noAccessPoint) air().send({ do: "leave" });
		if (wasJoined) this.tell(WiFiEventKind.addressLost);
		this.tell(WiFiEventKind.lost, reason);
		this.tune();
	}

	private take(message: FromAir): void {
		switch (message.type) {
			case "beacon":
				if (this.#link === "searching") this.#found ??= message;
				break;
			case "join-result":
				if (this.#link !== "joining") break;
				this.stopStep();
				if (message.ok) {
					this.#link = "joined";
					this.tell(WiFiEventKind.joined, message.channel);
					air().send({ do: "dhcp" });
				} else this.lose(message.reason);
				break;
			case "dhcp":
				if (this.#link === "joined") this.tell(WiFiEventKind.address, 0, 0, message.ip);
				break;
			case "audible":
				if (this.#link !== "joined") break;
				this.stopStep();
				if (!message.audible) this.after(DEAF_MS, () => this.deaf());
				break;
			case "csa":
				if (this.#link === "joined") this.setHome(message.channel);
				break;
			case "kicked":
				if (this.#link === "joined") this.lose(message.reason);
				break;
		}
	}

	private deaf(): void {
		this.tell(WiFiEventKind.beaconTimeout);
		this.lose(Reason.beaconTimeout);
	}

	private after(ms: number, action: () => void): void {
		this.stopStep();
		this.#step = Timer.set(() => {
			this.#step = undefined;
			action();
		}, ms);
	}

	private stopStep(): void {
		if (this.#step) Timer.clear(this.#step);
		this.#step = undefined;
	}

	/** Events are told in a turn of their own, as the driver's come from another task. */
	private tell(kind: number, a = 0, b = 0, text = ""): void {
		if (this.#events.length === EVENT_SLOTS) {
			this.#lost += 1;
			return;
		}
		this.#events.push({ kind, a, b, text });
		this.#post ??= Timer.set(() => {
			this.#post = undefined;
			this.#onEvent();
		});
	}
}
