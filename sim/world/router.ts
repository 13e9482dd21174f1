import { pbkdf2Sync } from "node:crypto";
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
	/** Empty: an open network. 64 hex digits: the key itself (WPA2). */
	readonly password: string;
	readonly channel: number;
	readonly power: boolean;
	/** Of a network with a password. */
	readonly security: "wpa2" | "wpa3";
	/** How a WPA3 one derives its password element: hash to element, hunting and pecking, or both. */
	readonly pwe: "both" | "h2e" | "hnp";
	/** Says its name only to those who ask for it. */
	readonly hidden: boolean;
	readonly dhcp: boolean;
	/** What every board hears of it, in dBm, unless a link is out of range; null: as the links say. */
	readonly rssi: number | null;
	/** The first three numbers of the house's addresses; the router has the one that ends in 1. */
	readonly network: string;
}

export const ROUTER_DEFAULTS: RouterSettings = {
	ssid: "House",
	password: "house-pass",
	channel: 6,
	power: true,
	security: "wpa2",
	pwe: "both",
	hidden: false,
	dhcp: true,
	rssi: null,
	network: "192.168.1",
};

/** Sample times: a probe answer, authentication with the four-way handshake, a lease. */
const PROBE_US = 4_000;
const JOIN_US = 60_000;
const LEASE_US = 30_000;
/** A station with the wrong password gives the handshake up after this time. */
const WRONG_PASSWORD_US = 4_000_000;

/** IEEE reason codes; 201 and 202 are the IDF's own for "no such access point" and for a login that was refused (WPA3). */
const Reason = { leaving: 3, notAssociated: 7, handshakeTimeout: 15, notFound: 201, refused: 202 } as const;

/** 64 hex digits in place of a password: the key that is otherwise derived from it. */
const RAW_KEY = /^[0-9a-f]{64}$/i;

interface Association {
	readonly client: Client;
	/** Channel on which the board believes the router to be. */
	channel: number;
	audible: boolean;
	ip: string | undefined;
	/** What the board called itself when it asked for an address. */
	hostname: string;
	/** The router knows of it too: not after a loss of power. */
	known: boolean;
}

/** Addresses that were given to boards, by network: a board keeps its own, whatever router it is on. */
export class Leases {
	readonly #given = new Map<string, Map<string, number>>();

	/** @param network the first three numbers */
	of(network: string, mac: string): string {
		const given = this.#given.get(network) ?? new Map<string, number>();
		const last = given.get(mac) ?? 50 + given.size;
		this.#given.set(network, given.set(mac, last));
		return `${network}.${last}`;
	}
}

/** The house's access point and DHCP server. Its own frames take no time on the air and are never lost. */
export class Router {
	readonly bssid: string;
	#settings: RouterSettings;
	#clock: Clock;
	#links: Links;
	#associations = new Map<string, Association>();
	#leases: Leases;
	/** Counts a board's attempts to join: an attempt that was given up must not end later. */
	#attempts = new Map<string, number>();

	constructor(options: { clock: Clock; links: Links; leases?: Leases; bssid?: string; settings?: Partial<RouterSettings> }) {
		this.bssid = options.bssid ?? "e4faed000001";
		this.#leases = options.leases ?? new Leases();
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
			const { ssid, password, channel, security, pwe, hidden } = this.#settings;
			if (rssi === null || client.channel() !== effect.channel || (effect.ssid !== "" && effect.ssid !== ssid)) return;
			// A hidden one is found only by who may ask for its name.
			if (hidden && (effect.ssid === "" || effect.passive === true)) return;
			const auth = password === "" ? "open" : security;
			client.post({ type: "beacon", ssid, bssid: this.bssid, channel, rssi, auth, ...(auth === "wpa3" ? { pwe } : {}) });
		});
	}

	join(client: Client, effect: EffectOf<"join">): void {
		this.leave(client);
		const attempt = this.#attempt(client);
		const there = effect.ssid === this.#settings.ssid && this.#signal(client, effect.channel) !== null;
		const delayUs = there && !this.#takes(effect.password) ? WRONG_PASSWORD_US : JOIN_US;
		this.#clock.after(delayUs, () => {
			if (this.#attempts.get(client.mac) !== attempt) return;
			const rssi = this.#signal(client, effect.channel);
			const { ssid, channel, security } = this.#settings;
			const refuse = (reason: number) =>
				client.post({ type: "join-result", ok: false, reason, channel: effect.channel, bssid: this.bssid, rssi: rssi ?? -128 });
			if (rssi === null || effect.ssid !== ssid) refuse(Reason.notFound);
			else if (!this.#takes(effect.password)) refuse(security === "wpa3" ? Reason.refused : Reason.handshakeTimeout);
			else {
				this.#associations.set(client.mac, { client, channel, audible: true, ip: undefined, hostname: "", known: true });
				client.post({ type: "join-result", ok: true, reason: 0, channel, bssid: this.bssid, rssi });
			}
		});
	}

	/** A board asks for an address. Nobody answers where DHCP is off. */
	dhcp(client: Client, effect: EffectOf<"dhcp">): void {
		const association = this.#associations.get(client.mac);
		if (!association) return;
		association.hostname = effect.hostname ?? "";
		if (!this.#settings.dhcp) return;
		this.#clock.after(LEASE_US, () => {
			if (this.#associations.get(client.mac) !== association || !association.audible) return;
			association.ip = this.#leases.of(this.#settings.network, client.mac);
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

	/** The boards that are on it. */
	boards(): { mac: string; address: string; hostname: string }[] {
		return [...this.#associations.values()].map(({ client, ip, hostname }) => ({ mac: client.mac, address: ip ?? "", hostname }));
	}

	/** Whether packets get through between the house and the board at this moment. */
	reaches(mac: string): boolean {
		const association = this.#associations.get(mac);
		return association?.ip !== undefined && association.audible && association.known;
	}

	/** Sends a board away, as access points of one network do when another one would serve it better. */
	steer(mac: string): void {
		const association = this.#associations.get(mac);
		if (association) this.#kick(association, Reason.leaving);
	}

	/** Changes settings. `announce`: joined boards are told of the new channel beforehand. */
	change(change: Partial<RouterSettings>, announce = false): void {
		const before = this.#settings;
		this.#settings = { ...before, ...change };
		const { channel, password, ssid, power, security } = this.#settings;
		if (before.power && !power) for (const association of this.#associations.values()) association.known = false;
		const present = [...this.#associations.values()].filter(({ audible, known }) => audible && known);
		if (power && (password !== before.password || ssid !== before.ssid || security !== before.security))
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
		const { power, rssi } = this.#settings;
		const link = power && channel === this.#settings.channel ? this.#links.rssi(client.mac, this.bssid) : null;
		return link === null ? null : (rssi ?? link);
	}

	/** Whether a board may join with this: the password; in WPA2 also the key that follows from it (802.11i, annex H.4). */
	#takes(given: string): boolean {
		const { ssid, password, security } = this.#settings;
		if (given === password) return true;
		if (security !== "wpa2" || password === "" || !RAW_KEY.test(given)) return false;
		const key = RAW_KEY.test(password) ? password.toLowerCase() : pbkdf2Sync(password, ssid, 4096, 32, "sha1").toString("hex");
		return given.toLowerCase() === key;
	}
}
