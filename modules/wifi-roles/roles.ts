import type Timer from "timer";
import { type Driver, type WiFiEvent, WiFiEventKind, WiFiMode } from "./events";
import { hostName } from "./host-name";
import { RouterLink } from "./router-link";
import { POWER_SAVE_NONE, SetupAP } from "./setup-ap";
import type { WiFiRolesOptions } from "./types";

/** How long a hub waits for the router before the setup access point comes up without it, in ms. */
const ROUTER_WAIT_MS = 15_000;
/** The same after a restart of Wi-Fi when the router was away before, in ms: one full search. */
const ROUTER_AWAY_WAIT_MS = 3_000;
/** How long the access point waits for the station's address, in ms. The address usually comes within a second. */
const ADDRESS_WAIT_MS = 3_000;
/** How long a step of the bring-up waits for the driver, in ms. */
const DRIVER_WAIT_MS = 2_000;
/** After this time without an address from the router people are told, in ms. The driver goes on asking. */
const LEASE_WAIT_MS = 20_000;
const TICK_MS = 1_000;

type Step = "down" | "station" | "join" | "address" | "accessPoint" | "up";

/**
 * Owns Wi-Fi: brings it up in the order of the role, holds the router link and the setup access point, and is with
 * that the only one to call `set_channel`, `set_mode` and the access point's configuration.
 *
 * Order of bring-up, one step per driver event, each with a limit after which the next step is taken all the same:
 * - hub: station -> join (15 s) -> address (3 s) -> access point on the router's channel -> ESP-NOW
 * - device: access point on its channel -> station, not joined -> ESP-NOW
 */
export class WiFiRoles {
	readonly #options: WiFiRolesOptions;
	readonly #event: WiFiEvent = { kind: 0, a: 0, b: 0, text: "" };
	readonly #link: RouterLink;
	readonly #setupAP: SetupAP;
	readonly #role: "hub" | "device";
	#driver: Driver | undefined;
	#ticker: Timer | undefined;
	#step: Step = "down";
	#stepEndsMs = 0;
	#address = "";
	/** Since when the station is on the router without an address, in clock ms. */
	#addressWantedMs = 0;
	#home = 0;
	#everJoined = false;
	#espnowChannel = 0;
	#routerAway = false;
	#eventsLost = 0;
	#postsRefused = 0;
	#restarts = 0;

	constructor(options: WiFiRolesOptions) {
		this.#options = options;
		this.#role = options.store.configuration.role;
		this.#link = new RouterLink({
			driver: () => this.#driver,
			store: options.store,
			lastChannel: options.lastChannel(),
		});
		const { mac, store, isConfigured, clock, random, listener } = options;
		this.#setupAP = new SetupAP({
			...{ mac, store, isConfigured, clock, random, listener },
			driver: () => this.#driver,
			check: (what, error) => this.call(what, error),
		});
	}

	/** Brings Wi-Fi up. Throws what the driver throws when it cannot even be opened. */
	start(): void {
		if (this.#options.openWindow || !this.#options.isConfigured()) this.#setupAP.begin();
		this.open();
		this.#ticker = this.#options.timers.repeat(() => this.tick(), TICK_MS);
	}

	/** Full stop, deinit, init: the third rung of recovery. What is left of the setup window is kept. */
	restart(): void {
		this.#restarts += 1;
		this.#everJoined = false;
		this.#routerAway = !this.#link.joined;
		this.shut();
		this.open();
	}

	/** Ends everything; may be called twice. */
	close(): void {
		if (this.#ticker) this.#options.timers.clear(this.#ticker);
		this.#ticker = undefined;
		this.shut();
	}

	/** The channel the radio rests on; 0 before Wi-Fi is up. */
	get home(): number {
		return this.#home;
	}

	get allowed(): readonly number[] {
		return this.#options.allowed();
	}

	/** ESP-NOW is being opened, on the channel that is home now. */
	espnowOpening(): void {
		this.#espnowChannel = this.#home;
	}

	/**
	 * The tuner's only act: moves an unjoined station, and the access point with it. Clients that make no requests are put out for it, since the driver
	 * moves nobody under a client.
	 * @param channel 1 to 14
	 */
	retune(channel: number): "ok" | "busy" {
		if (this.#role === "hub" || this.isSetupUsed || !this.#driver) return "busy";
		if (this.#setupAP.clients > 0) this.call("deauth", this.#driver.putOutClients());
		if (this.#driver.setChannel(channel) !== 0) return "busy";
		this.#home = channel;
		return "ok";
	}

	/** The channel is confirmed: a running access point takes it into its configuration. */
	channelConfirmed(channel: number): void {
		this.#setupAP.channelConfirmed(channel);
	}

	/** A request came in through the setup access point: it stays open for another 30 s. */
	setupUsed(): void {
		this.#setupAP.use();
	}

	/** The router's name or password were changed. */
	credentialsChanged(): void {
		if (this.#role === "hub") this.#link.credentialsChanged(this.#options.clock.now());
	}

	/** Whether the setup access point is open to people. */
	get isSetupOpen(): boolean {
		return this.#setupAP.isOpen;
	}

	get clients(): number {
		return this.#setupAP.clients;
	}

	/** Whether somebody on the setup access point made a request in the last 30 s. */
	get isSetupUsed(): boolean {
		return this.#setupAP.isUsed(this.#options.clock.now());
	}

	/** Whether the station is on the router. */
	get joined(): boolean {
		return this.#link.joined;
	}

	/** The first three numbers of the setup access point's addresses. */
	get setupNetwork(): string {
		return this.#setupAP.network;
	}

	/** The station's address in the house, "" without one. */
	get address(): string {
		return this.#address;
	}

	/** What the router calls this board. A changed name is told to it with the next start. */
	get hostName(): string {
		return hostName(this.#options.store.configuration.name, this.#options.mac);
	}

	/** What is wrong with the router although the station is on it: a sentence, "" when nothing is. */
	get routerTrouble(): string {
		if (!this.#link.joined || this.#address !== "") return "";
		if (this.#options.clock.now() - this.#addressWantedMs < LEASE_WAIT_MS) return "";
		return "the router gives no address: is DHCP switched on there?";
	}

	snapshot() {
		return {
			channel: this.#home,
			joined: this.#link.joined,
			address: this.#address,
			hostName: this.hostName,
			ap: this.#setupAP.snapshot(this.#options.clock.now()),
			router: this.#link.snapshot(),
			wifi: {
				step: this.#step,
				restarts: this.#restarts,
				eventsLost: this.#eventsLost,
				postsRefused: this.#postsRefused,
				routerRssi: this.#driver?.stationRSSI() ?? 0,
			},
		};
	}

	private open(): void {
		const { country } = this.#options.store.configuration;
		this.#driver = this.#options.openDriver({ country, hostName: this.hostName, onEvent: () => this.drain() });
		this.#link.driverRestarted();
		if (this.#role === "hub") {
			if (this.#setupAP.isWanted) {
				// Configured before the start: else the access point would be open for a moment, under the driver's own name.
				this.call("set_mode", this.#driver.setMode(WiFiMode.both));
				this.#setupAP.configure(this.startChannel());
			}
			this.call("set_mode", this.#driver.setMode(WiFiMode.station));
			this.enter("station", DRIVER_WAIT_MS);
		} else if (this.#setupAP.isWanted) {
			this.call("set_mode", this.#driver.setMode(WiFiMode.accessPoint));
			this.#setupAP.configure(this.startChannel());
			this.enter("accessPoint", DRIVER_WAIT_MS);
		} else {
			this.call("set_mode", this.#driver.setMode(WiFiMode.station));
			this.enter("station", DRIVER_WAIT_MS);
		}
		this.call("start", this.#driver.start());
		this.call("set_ps", this.#driver.setPowerSave(POWER_SAVE_NONE));
	}

	private shut(): void {
		this.#driver?.close();
		this.#driver = undefined;
		this.#step = "down";
		this.#setupAP.down();
		this.setAddress("");
	}

	/** The channel a board starts on: the last confirmed one, else the configured one, if its country allows it. */
	private startChannel(): number {
		const wanted = this.#options.lastChannel() || this.#options.store.configuration.channel;
		return this.allowed.includes(wanted) ? wanted : (this.allowed[0] ?? 1);
	}

	private drain(): void {
		const event = this.#event;
		while (this.#driver?.readEvent(event)) this.handle(event);
	}

	private handle(event: WiFiEvent): void {
		const { listener, clock } = this.#options;
		const now = clock.now();
		switch (event.kind) {
			case WiFiEventKind.stationStarted:
				if (this.#step === "station") this.stationUp(now);
				break;
			case WiFiEventKind.joined:
				this.#home = event.a;
				this.#link.onJoined(event.a);
				this.#addressWantedMs = now;
				listener.onJoined(event.a);
				if (this.#step === "join") this.enter("address", ADDRESS_WAIT_MS);
				else if (this.#step === "up" && (!this.#everJoined || this.#espnowChannel !== event.a)) listener.onLateJoin();
				this.#everJoined = true;
				break;
			case WiFiEventKind.lost:
				this.setAddress("");
				this.#link.onLost(event.a, now);
				listener.trace(`router: ${this.#link.snapshot().reason}`);
				break;
			case WiFiEventKind.address:
				this.setAddress(event.text);
				if (this.#step === "address") this.accessPointOrUp();
				break;
			case WiFiEventKind.addressLost:
				this.#addressWantedMs = now;
				this.setAddress("");
				break;
			case WiFiEventKind.apStarted:
				if (this.#step === "accessPoint") this.accessPointUp();
				break;
			case WiFiEventKind.clientJoined:
				this.#setupAP.clientJoined(event.text);
				break;
			case WiFiEventKind.clientLeft:
				this.#setupAP.clientLeft(event.text);
				break;
			case WiFiEventKind.clientRefused:
				this.#setupAP.clientRefused();
				break;
			case WiFiEventKind.homeChannel:
				this.#home = event.b;
				this.#link.onMoved(event.b);
				listener.onHomeChannel(event.a, event.b);
				break;
			case WiFiEventKind.scanned:
				this.#link.onScanned(event.a, now);
				break;
			case WiFiEventKind.overflow:
				this.#eventsLost += event.a;
				listener.trace(`wifi: ${event.a} events lost`);
				this.resync();
				break;
			case WiFiEventKind.postsRefused:
				this.#postsRefused += event.a;
				break;
		}
	}

	/** Some events were lost: asks the driver for what they would have told. Each step of the bring-up has a time limit of its own. */
	private resync(): void {
		const driver = this.#driver;
		if (!driver) return;
		this.#setupAP.forgetClients();
		const joined = driver.stationRSSI() !== 0;
		const channel = driver.getChannel();
		if (joined !== this.#link.joined) {
			const kind = joined ? WiFiEventKind.joined : WiFiEventKind.lost;
			this.handle({ kind, a: joined ? channel : 0, b: 0, text: "" });
		}
		// While it searches the radio is on another channel.
		if ((joined || this.#role === "device") && channel !== 0 && channel !== this.#home)
			this.handle({ kind: WiFiEventKind.homeChannel, a: this.#home, b: channel, text: "" });
		// The driver tells an address once for each join.
		if (joined && this.#address === "") this.call("disconnect", driver.disconnect());
	}

	private stationUp(now: number): void {
		if (this.#role === "hub") {
			this.#link.begin(now);
			if (this.#options.store.configuration.router.ssid === "") this.accessPointOrUp();
			else this.enter("join", this.#routerAway ? ROUTER_AWAY_WAIT_MS : ROUTER_WAIT_MS);
			return;
		}
		if (this.#driver && this.#driver.getChannel() !== this.startChannel()) {
			this.call("set_channel", this.#driver.setChannel(this.startChannel()));
		}
		this.#home = this.startChannel();
		this.ready();
	}

	/** Hub: the access point goes where the router is, or where it was last; then, or without a window, ESP-NOW. */
	private accessPointOrUp(): void {
		const driver = this.#driver;
		if (!driver) return;
		if (!this.#setupAP.isWanted) {
			const channel = this.startChannel();
			if (!this.#link.joined && driver.setChannel(channel) === 0) this.#home = channel;
			this.ready();
			return;
		}
		this.enter("accessPoint", DRIVER_WAIT_MS);
		this.call("set_mode", driver.setMode(WiFiMode.both));
		// On a joined hub the station's channel wins over the configured one, which need not be changed for it.
		this.#setupAP.configureElsewhere(this.startChannel());
	}

	private accessPointUp(): void {
		this.#setupAP.opened();
		if (this.#role === "hub") {
			if (!this.#link.joined) this.#home = this.#setupAP.channel ?? this.#home;
			this.ready();
			return;
		}
		this.enter("station", DRIVER_WAIT_MS);
		if (this.#driver) this.call("set_mode", this.#driver.setMode(WiFiMode.both));
	}

	private ready(): void {
		this.#step = "up";
		if (this.#driver) this.call("set_ps", this.#driver.setPowerSave(POWER_SAVE_NONE));
		this.#options.listener.onReady();
	}

	private tick(): void {
		const now = this.#options.clock.now();
		// The message that tells of events may have found the queue full.
		this.drain();
		if (this.#step !== "up" && this.#step !== "down" && now >= this.#stepEndsMs) this.stepLate(now);
		if (this.#role === "hub" && this.#step !== "station") this.#link.tick(now, this.#setupAP.isUsed(now));
		this.#setupAP.tick(now, this.#home);
	}

	private stepLate(now: number): void {
		this.#options.listener.trace(`wifi: step "${this.#step}" took too long, going on`);
		if (this.#step === "station") this.stationUp(now);
		else if (this.#step === "accessPoint") this.accessPointUp();
		else this.accessPointOrUp();
	}

	private setAddress(address: string): void {
		if (address === this.#address) return;
		this.#address = address;
		this.#options.listener.onAddress(address);
		this.#setupAP.onLanAddress(address);
	}

	private enter(step: Step, limitMs: number): void {
		this.#step = step;
		this.#stepEndsMs = this.#options.clock.now() + limitMs;
	}

	private call(what: string, error: number): void {
		if (error !== 0) this.#options.listener.trace(`wifi: ${what} failed, esp_err 0x${error.toString(16)}`);
	}
}
