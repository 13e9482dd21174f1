/** What the Wi-Fi driver tells, as numbers, since they come out of C. `a`, `b` and `text` are the event's fields. */
export const WiFiEventKind = Object.freeze({
	stationStarted: 1,
	/** a = channel. */
	joined: 2,
	/** a = reason, `wifi_err_reason_t`. */
	lost: 3,
	/** text = the station's IPv4 address. */
	address: 4,
	apStarted: 5,
	apStopped: 6,
	/** text = the client's MAC. */
	clientJoined: 7,
	/** text = the client's MAC. */
	clientLeft: 8,
	/** a = old primary channel, b = new one. */
	homeChannel: 9,
	/** a = channel on which the network was found, 0 if it was not; b = RSSI in dBm. */
	scanned: 10,
	beaconTimeout: 11,
	addressLost: 12,
	/** A client used the wrong password; text = its MAC. */
	clientRefused: 13,
	stationStopped: 14,
	/** a = how many events were lost because the ring was full. */
	overflow: 15,
	/** a = how often the script's message queue was full, so that events waited until somebody looked. */
	postsRefused: 16,
} as const);

/** One event, filled in by `readEvent` so that reading allocates nothing but the text. */
export interface WiFiEvent {
	kind: number;
	a: number;
	b: number;
	text: string;
}

/** `wifi_mode_t` of esp_wifi_types_generic.h. */
export const WiFiMode = Object.freeze({ station: 1, accessPoint: 2, both: 3 } as const);

/** The driver as the roles use it; `wifi-roles/driver` is the one on the chip. Numbers returned are `esp_err_t`, 0 = ESP_OK. */
export interface Driver {
	close(): void;
	setMode(mode: number): number;
	setAccessPoint(options: AccessPointOptions): number;
	setStation(options: { ssid: string; password: string }): number;
	start(): number;
	stop(): number;
	connect(): number;
	disconnect(): number;
	scan(options: { ssid: string; channel: number }): number;
	setChannel(channel: number): number;
	putOutClients(): number;
	getChannel(): number;
	setPowerSave(type: number): number;
	stationRSSI(): number;
	readEvent(event: WiFiEvent): boolean;
}

export interface AccessPointOptions {
	ssid: string;
	password: string;
	channel: number;
	hidden: boolean;
	/** The access point's own IPv4 address, /24, its own gateway. */
	address: string;
}
