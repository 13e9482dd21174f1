import type { Clock } from "./clock";
import type { Links } from "./links";
import type { BoardEvent, EffectOf } from "./protocol";

/** What the router needs of a board. */
export interface Client {
	readonly mac: string;
	/** Channel its radio stands on now. */
	channel(): number;
	post(event: BoardEvent): void;
}

export interface RouterSettings {
	readonly ssid: string;
	readonly password: string;
	readonly channel: number;
	readonly power: boolean;
	/** The first three numbers of the house's addresses; the router has the one that ends in 1. */
	readonly network: string;
}

export const ROUTER_DEFAULTS: RouterSettings = { ssid: "House", password: "house-pass", channel: 6, power: true, network: "192.168.1" };

/** Sample times: a probe answer, authentication with the four-way handshake, a lease. */
const PROBE_US = 4_000;
const JOIN_US = 60_000;
const LEASE_US = 30_000;
/** A station with the wrong password gives the handshake up after this time. */
const WRONG_PASSWORD_US = 4_000_000;

/** IEEE reason codes; 201 is the IDF's own for "no such access point". */
const Reason = { leaving: 3, notAssociated: 7, handshakeTimeout: 15, notFound: 201 } as const;

interface Association {
	readonly client: Client;
	/** Channel on which the board believes the router to be. */
	channel: number;
	audible: boolean;
	ip: string | undefined;
	/** The router knows of it too: not after a loss of power. */
	known: boolean;
}

/** The house's access point and DHCP server. Its own frames take no time on the air and are never lost. */
export class Router {
	readonly bssid = "e4faed000001";
	#settings: RouterSettings;
	#clock: Clock;
	#links: Links;
	#associations = new Map<string, Association>();
	#leases = new Map<string, string>();
	/** Counts a board's attempts to join: an attempt that was given up must not end later. */
	#attempts = new Map<string, number>();

	constructor(options: { clock: Clock; links: Links; settings?: Partial<RouterSettings> }) {
		this.#clock = options.clock;
		this.#links = options.links;
		this.#settings = { ...ROUTER_DEFAULTS, ...options.settings };
	}

	get settings(): RouterSettings {
		return this.#settings;
	}

	/** An address of the house by its last number. */
	addressIn(last: number): string {
		return `${this.#settings.network}.${last}`;
	}

	/** A board looks for an access point on one channel. */
	probe(client: Client, effect: EffectOf<"probe">): void {
		this.#clock.after(PROBE_US, () => {
			const rssi = this.#signal(client, effect.channel);
			const { ssid, password, channel } = this.#settings;
			if (rssi === null || client.channel() !== effect.channel || (effect.ssid !== "" && effect.ssid !== ssid)) return;
			client.post({ type: "beacon", ssid, bssid: this.bssid, channel, rssi, auth: password === "" ? "open" : "wpa2" });
		});
	}

	join(client: Client, effect: EffectOf<"join">): void {
		this.leave(client);
		const attempt = this.#attempt(client);
		const right = effect.ssid === this.#settings.ssid && this.#signal(client, effect.channel) !== null;
		const delayUs = right && effect.password !== this.#settings.password ? WRONG_PASSWORD_US : JOIN_US;
		this.#clock.after(delayUs, () => {
			if (this.#attempts.get(client.mac) !== attempt) return;
			const rssi = this.#signal(client, effect.channel);
			const { ssid, password, channel } = this.#settings;
			const refuse = (reason: number) =>
				client.post({ type: "join-result", ok: false, reason, channel: effect.channel, bssid: this.bssid, rssi: rssi ?? -128 });
			if (rssi === null || effect.ssid !== ssid) refuse(Reason.notFound);
			else if (effect.password !== password) refuse(Reason.handshakeTimeout);
			else {
				this.#associations.set(client.mac, { client, channel, audible: true, ip: undefined, known: true });
				client.post({ type: "join-result", ok: true, reason: 0, channel, bssid: this.bssid, rssi });
			}
		});
	}

	dhcp(client: Client): void {
		const association = this.#associations.get(client.mac);
		if (!association) return;
		this.#clock.after(LEASE_US, () => {
			if (this.#associations.get(client.mac) !== association || !association.audible) return;
			association.ip = this.#lease(client.mac);
			client.post({ type: "dhcp", ip: association.ip, mask: "255.255.255.0", gateway: this.addressIn(1) });
		});
	}

	/** The board leaves, or is gone: nothing more is said to it. */
	leave(client: Client): void {
		this.#attempt(client);
		this.#associations.delete(client.mac);
	}

	/** Address that the board has in the house, or undefined while it has not joined. */
	addressOf(mac: string): string | undefined {
		return this.#associations.get(mac)?.ip;
	}

	/** Whether packets get through between the house and the board at this moment. */
	reaches(mac: string): boolean {
		const association = this.#associations.get(mac);
		return association?.ip !== undefined && association.audible && association.known;
	}

	/** Changes settings. `announce`: joined boards are told of the new channel beforehand. */
	change(change: Partial<RouterSettings>, announce = false): void {
		const before = this.#settings;
		this.#settings = { ...before, ...change };
		const { channel, password, ssid, power } = this.#settings;
		if (before.power && !power) for (const association of this.#associations.values()) association.known = false;
		const present = [...this.#associations.values()].filter(({ audible, known }) => audible && known);
		if (power && (password !== before.password || ssid !== before.ssid))
			for (const association of present) this.#kick(association, Reason.leaving);
		else if (power && channel !== before.channel && announce) {
			for (const association of present) {
				association.channel = channel;
				association.client.post({ type: "csa", channel });
			}
		}
		this.linksChanged();
	}

	/** Tells joined boards whether they can still, or again, hear the router: after a change of settings or of a link. */
	linksChanged(): void {
		for (const association of [...this.#associations.values()]) {
			const audible = this.#signal(association.client, association.channel) !== null;
			if (audible === association.audible) continue;
			association.audible = audible;
			association.client.post({ type: "audible", audible });
			// A router that was without power knows none of its stations and says so to the first frame of one.
			if (audible && !association.known) this.#kick(association, Reason.notAssociated);
		}
	}

	#kick(association: Association, reason: number): void {
		if (this.#associations.get(association.client.mac) !== association) return;
		this.leave(association.client);
		association.client.post({ type: "kicked", reason });
	}

	#attempt(client: Client): number {
		const attempt = (this.#attempts.get(client.mac) ?? 0) + 1;
		this.#attempts.set(client.mac, attempt);
		return attempt;
	}

	/** What the board hears of the router on a channel, in dBm, or null. */
	#signal(client: Client, channel: number): number | null {
		const { power } = this.#settings;
		return power && channel === this.#settings.channel ? this.#links.rssi(client.mac, this.bssid) : null;
	}

	#lease(mac: string): string {
		const known = this.#leases.get(mac);
		if (known !== undefined) return known;
		const address = this.addressIn(50 + this.#leases.size);
		this.#leases.set(mac, address);
		return address;
	}
}
