import { isMac } from "common/mac";

/** So many devices without their hub, and so many with another country, are remembered, the last ones that said so. */
const REMEMBERED = 8;

/** A hub: what devices told it of themselves. Anybody on the radio can say so: it is shown to people, and nothing follows from it. */
export class DeviceReports {
	#orphans: { mac: string; hub: string }[] | null = null;
	/** MAC and country in one text each: two objects less. */
	#countries: string[] | null = null;

	/** A device says that its own hub is silent. @returns false when that is no MAC */
	orphan(mac: string, hub: string): boolean {
		if (!isMac(mac) || !isMac(hub)) return false;
		this.#orphans ??= [];
		const list = this.#orphans;
		makeRoom(
			list,
			list.findIndex((each) => each.mac === mac),
		);
		list.push({ mac, hub });
		return true;
	}

	/** MAC of each device without its hub, and of the hub that it has. */
	get orphans(): readonly { readonly mac: string; readonly hub: string }[] {
		return this.#orphans ?? [];
	}

	/**
	 * A device states its country.
	 * @param own this hub's country: a device that has that is forgotten
	 * @returns false when it states none
	 */
	country(mac: string, country: string, own: string): boolean {
		if (!isMac(mac) || !/^[0-9A-Z]{2}$/.test(country)) return false;
		this.#countries ??= [];
		const list = this.#countries;
		const index = list.findIndex((each) => each.startsWith(mac));
		if (country !== own) {
			makeRoom(list, index);
			list.push(mac + country);
		} else if (index >= 0) list.splice(index, 1);
		return true;
	}

	/** What people have to know of countries, "" when all is well. @param own this hub's country */
	countryTrouble(own: string): string {
		const found = this.#countries?.find((each) => !each.endsWith(own));
		return found ? `the device ${found.slice(0, 12)} has country ${found.slice(12)}, this hub ${own}: set the same country on both` : "";
	}
}

/** For one more entry: the board's earlier one goes, else the oldest of all when there are as many as may be. */
function makeRoom(list: unknown[], earlier: number): void {
	if (earlier >= 0) list.splice(earlier, 1);
	else if (list.length >= REMEMBERED) list.shift();
}
