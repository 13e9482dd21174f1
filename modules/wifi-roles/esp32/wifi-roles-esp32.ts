import type { AccessPointOptions, Driver, WiFiEvent } from "wifi-roles/events";

export type { WiFiEvent } from "wifi-roles/events";
export { WiFiEventKind } from "wifi-roles/events";

export interface WiFiDriverOptions {
	/** "01" or a two-letter code the driver knows; decides which channels may be used. */
	country: string;
	/** What the router calls this board, 1 to 32 letters, digits and hyphens. */
	hostName: string;
	/** Called when events wait; once for as many as have come since the last call. */
	onEvent(): void;
}

/**
 * The Wi-Fi driver. One at a time; it owns Wi-Fi, nothing else may initialise it.
 * Results that are numbers are esp_err_t, 0 is success. A closed driver answers 0x3001.
 */
export class WiFiDriver extends (Native("xs_wifiroles_destructor") as new () => object) implements Driver {
	/**
	 * Initialises network interfaces and driver; nothing is on the air before start().
	 * @throws Error with the esp_err number when the driver refuses, or when one is open already
	 */
	constructor(options: WiFiDriverOptions) {
		super();
		native("xs_wifiroles").call(this, options);
	}
	/** Stops Wi-Fi and releases it. May be called again, and from within onEvent. */
	close(): void {
		native("xs_wifiroles_close").call(this);
	}
	/** @param mode wifi_mode_t: 1 station, 2 access point, 3 both */
	setMode(mode: number): number {
		return native("xs_wifiroles_setMode").call(this, mode);
	}
	/**
	 * Configures the access point (WPA2), its address (/24, own gateway, DNS 8.8.8.8) and its DHCP server.
	 * Nothing is written when nothing differs, since any difference restarts a running access point and drops its clients.
	 */
	setAccessPoint(options: AccessPointOptions): number {
		return native("xs_wifiroles_setAccessPoint").call(this, options);
	}
	/** Says which network to join; connect() joins it. An empty password is for an open network. */
	setStation(options: { ssid: string; password: string }): number {
		return native("xs_wifiroles_setStation").call(this, options);
	}
	start(): number {
		return native("xs_wifiroles_start").call(this);
	}
	stop(): number {
		return native("xs_wifiroles_stop").call(this);
	}
	/** Makes one attempt to join; its end is told by the event `joined` or `lost`. */
	connect(): number {
		return native("xs_wifiroles_connect").call(this);
	}
	disconnect(): number {
		return native("xs_wifiroles_disconnect").call(this);
	}
	/** Looks for a network in the background, on all channels for channel 0; the event `scanned` tells the strongest. */
	scan(options: { ssid: string; channel: number }): number {
		return native("xs_wifiroles_scan").call(this, options);
	}
	/** Moves an unconnected radio, and its access point with it. @returns -1 while joined, connecting, scanning or with a client */
	setChannel(channel: number): number {
		return native("xs_wifiroles_setChannel").call(this, channel);
	}
	/** Puts all clients off the access point: while one is on it, setChannel() refuses. */
	putOutClients(): number {
		return native("xs_wifiroles_putOutClients").call(this);
	}
	/** @returns the channel the radio is on now, also while it is away from home; 0 when Wi-Fi is not up */
	getChannel(): number {
		return native("xs_wifiroles_getChannel").call(this);
	}
	/** @param type wifi_ps_type_t: 0 never sleep */
	setPowerSave(type: number): number {
		return native("xs_wifiroles_setPowerSave").call(this, type);
	}
	/** @returns the router's signal in dBm, 0 when not joined */
	stationRSSI(): number {
		return native("xs_wifiroles_stationRSSI").call(this);
	}
	/** Takes the oldest event that waits. @returns false, and leaves `event` alone, when there is none */
	readEvent(event: WiFiEvent): boolean {
		return native("xs_wifiroles_readEvent").call(this, event);
	}
}
