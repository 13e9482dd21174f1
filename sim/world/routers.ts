import type { Clock } from "./clock";
import type { Links } from "./links";
import type { EffectOf } from "./protocol";
import { type Client, Leases, Router, type RouterSettings } from "./router";

/** The router that a house always has. */
const MAIN = "main";
/** More than a house and its neighbours have. */
const MOST = 15;

/** One router as the desk shows it: no password. */
export interface RouterStatus extends Omit<RouterSettings, "password"> {
	readonly id: string;
	readonly bssid: string;
	/** Boards that are on it, with their addresses ("" while they have none) and what they call themselves. */
	readonly boards: readonly { readonly mac: string; readonly address: string; readonly hostname: string }[];
}

/** All routers that boards can hear. A board is on one of them at most. */
export class Routers {
	readonly main: Router;
	readonly #clock: Clock;
	readonly #links: Links;
	readonly #leases = new Leases();
	readonly #all = new Map<string, Router>();
	#made = 0;

	constructor(options: { clock: Clock; links: Links; settings?: Partial<RouterSettings> }) {
		this.#clock = options.clock;
		this.#links = options.links;
		this.main = this.#make(MAIN, options.settings ?? {});
	}

	/** The router with this address. */
	byAddress(bssid: string): Router | undefined {
		return [...this.#all.values()].find((router) => router.bssid === bssid);
	}

	/** A board looks for access points on one channel. */
	probe(client: Client, effect: EffectOf<"probe">): void {
		for (const router of this.#all.values()) router.probe(client, effect);
	}

	join(client: Client, effect: EffectOf<"join">): void {
		this.leave(client);
		(this.byAddress(effect.bssid) ?? this.main).join(client, effect);
	}

	dhcp(client: Client, effect: EffectOf<"dhcp">): void {
		for (const router of this.#all.values()) router.dhcp(client, effect);
	}

	leave(client: Client): void {
		for (const router of this.#all.values()) router.leave(client);
	}

	/** Address that the board has in the house, or undefined while it has none. */
	addressOf(mac: string): string | undefined {
		return [...this.#all.values()].map((router) => router.addressOf(mac)).find((address) => address !== undefined);
	}

	/** Whether packets get through between the house and the board at this moment. */
	reaches(mac: string): boolean {
		return [...this.#all.values()].some((router) => router.reaches(mac));
	}

	/**
	 * Changes a router; one of a new `id` is made, of the same name and with the same password unless told otherwise.
	 * @throws RangeError when there are as many as the house has room for
	 */
	change(id: string, change: Partial<RouterSettings>, announce = false): void {
		const router = this.#all.get(id);
		if (router) router.change(change, announce);
		else {
			const { ssid, password, network } = this.main.settings;
			this.#make(id, { ssid, password, network, ...change });
		}
	}

	/**
	 * Access points of one network agree that one of them serves a board from now on: the others send it away and are heard badly.
	 * @returns false when there is none of this `id`
	 */
	steer(mac: string, id: string): boolean {
		const chosen = this.#all.get(id);
		if (!chosen) return false;
		for (const [name, router] of this.#all) router.change({ rssi: name === id ? -45 : -85 });
		for (const router of this.#all.values()) if (router !== chosen) router.steer(mac);
		return true;
	}

	/** Takes a router away, as when its power fails. Not the main one. */
	remove(id: string): boolean {
		const router = id === MAIN ? undefined : this.#all.get(id);
		router?.change({ power: false });
		return router !== undefined && this.#all.delete(id);
	}

	/** A link between a router and a board was changed. */
	linksChanged(): void {
		for (const router of this.#all.values()) router.linksChanged();
	}

	status(): RouterStatus[] {
		return [...this.#all].map(([id, router]) => {
			const { password: _, ...settings } = router.settings;
			return { id, bssid: router.bssid, ...settings, boards: router.boards() };
		});
	}

	#make(id: string, settings: Partial<RouterSettings>): Router {
		if (this.#all.size >= MOST) throw new RangeError(`There are ${MOST} routers already.`);
		this.#made += 1;
		const bssid = `e4faed${this.#made.toString(16).padStart(6, "0")}`;
		const router = new Router({ clock: this.#clock, links: this.#links, leases: this.#leases, bssid, settings });
		this.#all.set(id, router);
		return router;
	}
}
