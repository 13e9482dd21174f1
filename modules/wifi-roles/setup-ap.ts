import { type AccessPointOptions, type Driver, WiFiMode } from "./events";
import type { AccessPointState, WiFiListener, WiFiRolesOptions } from "./types";
import { SetupWindow } from "./window";

/** WIFI_PS_NONE: a sleeping radio loses ESP-NOW frames. */
export const POWER_SAVE_NONE = 0;
const ADDRESS = "192.168.9.1";
/** Where the setup access point goes in a house that uses 192.168.9.0/24 itself. */
const ADDRESS_ELSEWHERE = "192.168.10.1";
/** Random bytes of a hidden access point's password: 12 characters as hex. */
const HIDDEN_PASSWORD_BYTES = 6;

export interface SetupAPOptions extends Pick<WiFiRolesOptions, "mac" | "store" | "isConfigured" | "clock" | "random"> {
	driver(): Driver | undefined;
	listener: Pick<WiFiListener, "onSetupAP">;
	/** Tells of a driver's error; 0 is none. */
	check(what: string, error: number): void;
}

/** The setup access point: its configuration, its clients, and the window in which it is open. */
export class SetupAP {
	readonly #options: SetupAPOptions;
	readonly #clients = new Set<string>();
	#state: AccessPointState = "off";
	/** What the driver was told, undefined when there is no access point. */
	#told: AccessPointOptions | undefined;
	#window: SetupWindow | undefined;
	/** The station's address in the house, "" without one. */
	#lanAddress = "";
	#clientsRefused = 0;

	constructor(options: SetupAPOptions) {
		this.#options = options;
	}

	/** The window begins: from now on the access point is wanted. */
	begin(): void {
		const { clock, store } = this.#options;
		this.#window = new SetupWindow(clock.now(), store.configuration.setupAP.minutes);
	}

	/** Whether it is to be opened, or is open. */
	get isWanted(): boolean {
		return this.#window !== undefined;
	}

	/** Whether it is open to people. */
	get isOpen(): boolean {
		return this.#state === "open";
	}

	/** How many clients are on it. */
	get clients(): number {
		return this.#clients.size;
	}

	/** Its own address. */
	get address(): string {
		return this.#told?.address ?? ADDRESS;
	}

	/** The channel that the driver was told, undefined without an access point. */
	get channel(): number | undefined {
		return this.#told?.channel;
	}

	/** The first three numbers of its addresses. */
	get network(): string {
		return networkOf(this.address).slice(0, -1);
	}

	/** Whether a client that is on it made a request in the last 30 s. */
	isUsed(nowMs: number): boolean {
		return this.#clients.size > 0 && (this.#window?.inUse(nowMs) ?? false);
	}

	/** A request came in through it: it stays open for another 30 s. */
	use(): void {
		this.#window?.use(this.#options.clock.now());
	}

	clientJoined(mac: string): void {
		this.#clients.add(mac);
	}

	clientLeft(mac: string): void {
		this.#clients.delete(mac);
	}

	clientRefused(): void {
		this.#clientsRefused += 1;
	}

	/** Events were lost. The driver does not tell who is on the access point, and a client too many would hold the board on its channel for ever. */
	forgetClients(): void {
		this.#clients.clear();
	}

	/** Tells the driver what the access point is to be. */
	configure(channel: number): void {
		this.tell(this.planned(channel));
	}

	/** The same when the house network has meanwhile taken the access point's network. */
	configureElsewhere(channel: number): void {
		const planned = this.planned(channel);
		if (planned.address !== this.#told?.address) this.tell(planned);
	}

	/** A running access point takes a confirmed channel into its configuration. */
	channelConfirmed(channel: number): void {
		if (this.#told && this.#told.channel !== channel && this.#clients.size === 0) this.tell({ ...this.#told, channel });
	}

	/** The driver has started it. */
	opened(): void {
		this.#state = "open";
		this.#options.listener.onSetupAP(this.address);
	}

	/** The driver is gone, and the access point with it. */
	down(): void {
		this.#clients.clear();
		this.#told = undefined;
		if (this.#state !== "off") this.#options.listener.onSetupAP("");
		this.#state = "off";
	}

	/** The station's address has changed: an access point in the same network moves to another one. */
	onLanAddress(address: string): void {
		this.#lanAddress = address;
		if (this.#state !== "open" || !this.#told || !address.startsWith(networkOf(this.#told.address))) return;
		const elsewhere = this.freeAddress();
		this.tell({ ...this.#told, address: elsewhere });
		this.#options.listener.onSetupAP(elsewhere);
	}

	/** Closes it when its time is over. @param home the channel the radio rests on */
	tick(nowMs: number, home: number): void {
		if (this.#state !== "open") return;
		if (!this.#options.isConfigured()) this.#window?.begin(nowMs);
		else if (this.#window?.isOver(nowMs)) this.close(home);
	}

	snapshot(nowMs: number) {
		return {
			state: this.#state,
			ssid: this.#told?.ssid ?? "",
			secondsLeft: this.isOpen && this.#options.isConfigured() ? Math.ceil((this.#window?.leftMs(nowMs) ?? 0) / 1000) : null,
			clients: this.#clients.size,
			// The old name of `clients`, for one version.
			phones: this.#clients.size,
			refused: this.#clientsRefused,
		};
	}

	private close(home: number): void {
		const { check, listener, store } = this.#options;
		const driver = this.#options.driver();
		if (!driver || !this.#told) return;
		this.#window = undefined;
		listener.onSetupAP("");
		if (store.configuration.setupAP.afterwards === "cloaked") {
			this.#state = "hidden";
			this.tell({ ...this.#told, ssid: "-", hidden: true, password: "", channel: home || this.#told.channel });
		} else {
			this.#state = "off";
			check("set_mode", driver.setMode(WiFiMode.station));
			this.#told = undefined;
		}
		this.#clients.clear();
		check("set_ps", driver.setPowerSave(POWER_SAVE_NONE));
	}

	private planned(channel: number): AccessPointOptions {
		const { mac, store } = this.#options;
		return {
			ssid: `RBR-Now-${mac}`,
			password: store.configuration.setupAP.password,
			channel,
			hidden: false,
			address: this.freeAddress(),
		};
	}

	/** A hidden access point gets a fresh random password each time, which is kept nowhere. */
	private tell(options: AccessPointOptions): void {
		const { check, random } = this.#options;
		this.#told = options;
		const password = options.hidden ? random.randomHex(HIDDEN_PASSWORD_BYTES) : options.password;
		const driver = this.#options.driver();
		if (driver) check("access point", driver.setAccessPoint({ ...options, password }));
	}

	/** In another network than the house. */
	private freeAddress(): string {
		return this.#lanAddress.startsWith(networkOf(ADDRESS)) ? ADDRESS_ELSEWHERE : ADDRESS;
	}
}

/** The first three numbers of an address, with the dot behind them. */
function networkOf(address: string): string {
	return address.slice(0, address.lastIndexOf(".") + 1);
}
