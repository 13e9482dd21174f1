import { isMac, stationMac } from "common/mac";
import { fitsBytes } from "common/text";
import { GROUPS, type Kept, Roster } from "./roster";
import type { AskResult, Clock, DeviceView, Records } from "./types";

/** As many devices as a hub has. */
const MOST = 200;
/** Of those that nobody added so many are remembered: boards that answered a request of ours. */
const MOST_PASSING = 40;
/** The table grows by so many. */
const STEP = 16;
const NAME_BYTES = 32;
/** After so many failures in a row a device is absent. */
export const ABSENT_AFTER = 3;

/** Bytes of a device's state, behind the key; by offset. */
const Field = Object.freeze({
	/** First two bytes of the MAC; the other four are the key. */
	macHigh: 0,
	flags: 2,
	relay: 3,
	rssi: 4,
	rssiThere: 5,
	failures: 6,
	/** Share of requests without a reply, 255: all. */
	loss: 7,
	roundTripMs: 8,
	channel: 10,
	group: 11,
	/** When it last answered, and was last asked, in tenths of a second, one more than it was; 0: never. */
	seenAt: 12,
	askedAt: 16,
	/** Three numbers. */
	version: 20,
});
const ENTRY = 24;
const KEY = 4;
const NO_GROUP = 255;
const Flag = Object.freeze({ kept: 1, sealed: 2, ours: 4, told: 8 });
const RELAYS = Object.freeze(["unknown", "none", "off", "on"] as const);

export interface DevicesOptions {
	records: Records;
	clock: Clock;
	/** The channel that the radio is at home on. */
	home(): number;
	trace(line: string): void;
}

/**
 * A hub's devices and what is known of their state: 28 bytes each in one buffer. Those that people added are kept in flash, names only there; of the others
 * some are remembered as long as the hub runs, and one that is absent gives way. Who is meant is said by the index, which is good until the next change.
 */
export class Devices {
	readonly #options: DevicesOptions;
	readonly #roster: Roster;
	/** The lower four bytes of their MACs. */
	#keys = new Uint32Array(0);
	#state = new DataView(new ArrayBuffer(0));
	#count = 0;

	constructor(options: DevicesOptions) {
		this.#options = options;
		this.#roster = new Roster(options.records);
	}

	/** Reads those that are kept. Never throws. */
	load(): void {
		this.#roster.load(({ mac, isSealed }, group) => {
			if (isMac(mac) && this.find(mac) < 0 && this.#count < MOST)
				this.put(mac, Flag.kept | Flag.ours | (isSealed ? Flag.sealed : 0), group);
		});
	}

	get count(): number {
		return this.#count;
	}

	/** Place of a board, -1 when it is none of them. */
	find(mac: string): number {
		const key = keyOf(mac);
		for (let index = this.#keys.indexOf(key); index >= 0 && index < this.#count; index = this.#keys.indexOf(key, index + 1))
			if (this.#state.getUint16(index * ENTRY) === parseInt(mac.slice(0, 4), 16)) return index;
		return -1;
	}

	/** What the table takes of memory. */
	get bytes(): number {
		return this.#keys.buffer.byteLength;
	}

	has(mac: string): boolean {
		return this.find(mac) >= 0;
	}

	/** The name that people gave a device, "" without one. */
	nameOf(mac: string): string {
		const index = this.find(mac);
		const group = index < 0 ? NO_GROUP : this.#state.getUint8(index * ENTRY + Field.group);
		if (group === NO_GROUP) return "";
		return this.#roster.members(group).find((each) => each.mac === mac)?.name ?? "";
	}

	/**
	 * Keeps a device from now on.
	 * @param name at most 32 bytes, no line ends
	 * @returns false when there is no room, the name is none, or the flash did not take it
	 */
	add(mac: string, name: string, isSealed: boolean): boolean {
		if (!isMac(mac) || !isName(name)) return false;
		let index = this.find(mac);
		let group = index < 0 ? NO_GROUP : this.#state.getUint8(index * ENTRY + Field.group);
		if (group === NO_GROUP) group = this.roomyGroup();
		if (group === NO_GROUP || (index < 0 && this.#count >= MOST && !this.dropPassing(true))) return false;
		const others = this.#roster.members(group).filter((each) => each.mac !== mac);
		if (!this.#roster.write(group, [...others, { mac, name, isSealed }])) return false;
		if (index < 0) index = this.put(mac, 0, group);
		const at = index * ENTRY;
		this.#state.setUint8(at + Field.group, group);
		this.#state.setUint8(at + Field.flags, Flag.kept | Flag.ours | (isSealed ? Flag.sealed : 0));
		return true;
	}

	/** Gives a kept device another name. @returns false when it is none, or for the reasons of {@link add} */
	rename(mac: string, name: string): boolean {
		const index = this.find(mac);
		if (index < 0 || !this.is(index, Flag.kept)) return false;
		return this.add(mac, name, this.is(index, Flag.sealed));
	}

	/** Forgets a device. @returns false when the flash did not take it: the device stays */
	remove(mac: string): boolean {
		const index = this.find(mac);
		if (index < 0) return true;
		const group = this.#state.getUint8(index * ENTRY + Field.group);
		if (group !== NO_GROUP) {
			const others: Kept[] = this.#roster.members(group).filter((each) => each.mac !== mac);
			if (!this.#roster.write(group, others)) return false;
		}
		this.drop(index);
		return true;
	}

	/** All of them, one after another; names come from flash. */
	*each(): Generator<DeviceView> {
		const names: string[] = [];
		for (let group = 0; group < GROUPS; group++)
			for (const { mac, name } of this.#roster.members(group)) if (name !== "") names.push(mac + name);
		for (let index = 0; index < this.#count; index++) {
			const mac = this.macAt(index);
			yield this.view(index, mac, names.find((each) => each.startsWith(mac))?.slice(mac.length) ?? "");
		}
	}

	macAt(index: number): string {
		const high = this.#state.getUint16(index * ENTRY);
		return (high * 2 ** 32 + (this.#keys[index] ?? 0)).toString(16).padStart(12, "0");
	}

	isAbsent(index: number): boolean {
		return this.#state.getUint8(index * ENTRY + Field.failures) >= ABSENT_AFTER;
	}

	/** Whether it has firmware of ours, so that it may be told more than the original's texts. */
	isOurs(index: number): boolean {
		return this.is(index, Flag.ours);
	}

	/** A board said that it has firmware of ours. @returns its place, -1 when it is none of the devices */
	setOurs(mac: string): number {
		const index = this.find(mac);
		if (index >= 0) this.setFlag(index, Flag.ours, true);
		return index;
	}

	/** Whether it has been told where this hub moved. */
	isTold(index: number): boolean {
		return this.is(index, Flag.told);
	}

	setTold(index: number, isTold: boolean): void {
		this.setFlag(index, Flag.told, isTold);
	}

	/** Clock times in ms at which it last answered and was last asked; -Infinity: never. */
	seenAt(index: number): number {
		return fromTenths(this.#state.getUint32(index * ENTRY + Field.seenAt));
	}

	askedAt(index: number): number {
		return fromTenths(this.#state.getUint32(index * ENTRY + Field.askedAt));
	}

	/** It is being asked. */
	asked(index: number, now: number): void {
		this.#state.setUint32(index * ENTRY + Field.askedAt, toTenths(now));
	}

	/** It was heard at that time: it is there. */
	seen(index: number, at: number): void {
		const start = index * ENTRY;
		if (this.#state.getUint8(start + Field.failures) >= ABSENT_AFTER) this.#options.trace(`devices: ${this.macAt(index)} is back`);
		this.#state.setUint32(start + Field.seenAt, toTenths(at));
		this.#state.setUint8(start + Field.failures, 0);
		this.#state.setUint8(start + Field.channel, this.#options.home());
	}

	/**
	 * A request to a board has its result. One that is not known is remembered if it answered; there is room for some.
	 * @param isOwnText whether the reply is that board's own, not a relay's
	 */
	settled(mac: string, result: AskResult, isOwnText: boolean): void {
		const station = stationMac(mac);
		let index = this.find(station);
		if (index < 0) {
			if (!result.ok || !isMac(station) || !this.makeRoom()) return;
			index = this.put(station, 0, NO_GROUP);
		}
		const now = this.#options.clock.now();
		const at = index * ENTRY;
		const loss = this.#state.getUint8(at + Field.loss);
		this.#state.setUint8(at + Field.loss, Math.round((loss * 15 + (result.ok ? 0 : 255)) / 16));
		if (result.ok) {
			this.seen(index, now);
			this.#state.setInt8(at + Field.rssi, result.rssi);
			this.#state.setUint16(at + Field.roundTripMs, Math.min(65_535, Math.round(result.ms)));
			if (isOwnText) this.learn(at, result.reply);
		} else if (result.reason === "no result" || result.reason === "no reply") {
			const failures = Math.min(255, this.#state.getUint8(at + Field.failures) + 1);
			this.#state.setUint8(at + Field.failures, failures);
			if (failures === ABSENT_AFTER) this.#options.trace(`devices: ${station} is absent`);
		}
	}

	/** For the status page. */
	snapshot() {
		let absent = 0;
		for (let index = 0; index < this.#count; index++) if (this.isAbsent(index)) absent++;
		return { count: this.#count, absent, writes: this.#roster.writes };
	}

	/** What its reply tells of it: `OK ON …`, `OK OFF …`, `OK None …`, at the end how well it heard us; a version behind the relay's state. */
	private learn(at: number, reply: string): void {
		const rssi = /^OK .*? ?(-\d{1,3})$/.exec(reply)?.[1];
		if (rssi !== undefined) this.#state.setInt8(at + Field.rssiThere, Math.max(-128, Number(rssi)));
		const said = /^OK (ON|OFF|None)(?: (\d{1,3})\.(\d{1,3})\.(\d{1,3}))?(?: |$)/.exec(reply);
		if (!said) return;
		this.#state.setUint8(at + Field.relay, said[1] === "ON" ? 3 : said[1] === "OFF" ? 2 : 1);
		if (said[2] !== undefined) for (let i = 0; i < 3; i++) this.#state.setUint8(at + Field.version + i, Number(said[2 + i]));
	}

	private view(index: number, mac: string, name: string): DeviceView {
		const state = this.#state;
		const at = index * ENTRY;
		const seenAt = this.seenAt(index);
		const version = [0, 1, 2].map((i) => state.getUint8(at + Field.version + i)).join(".");
		return {
			mac,
			name,
			isKept: this.is(index, Flag.kept),
			isSealed: this.is(index, Flag.sealed),
			isAbsent: this.isAbsent(index),
			relay: RELAYS[state.getUint8(at + Field.relay)] ?? "unknown",
			rssi: state.getInt8(at + Field.rssi),
			rssiThere: state.getInt8(at + Field.rssiThere),
			roundTripMs: state.getUint16(at + Field.roundTripMs),
			lossPercent: Math.round(state.getUint8(at + Field.loss) / 2.55),
			failures: state.getUint8(at + Field.failures),
			lastSeenS: Number.isFinite(seenAt) ? Math.max(0, Math.floor((this.#options.clock.now() - seenAt) / 1000)) : null,
			version: version === "0.0.0" ? "" : version,
			channel: state.getUint8(at + Field.channel),
		};
	}

	private is(index: number, flag: number): boolean {
		return (this.#state.getUint8(index * ENTRY + Field.flags) & flag) !== 0;
	}

	private setFlag(index: number, flag: number, on: boolean): void {
		const at = index * ENTRY + Field.flags;
		const flags = this.#state.getUint8(at);
		this.#state.setUint8(at, on ? flags | flag : flags & ~flag);
	}

	/** Room for one more that nobody added. */
	private makeRoom(): boolean {
		let passing = 0;
		for (let index = 0; index < this.#count; index++) if (!this.is(index, Flag.kept)) passing++;
		return (passing < MOST_PASSING && this.#count < MOST) || this.dropPassing(false);
	}

	/** Forgets the one of those that nobody added which is absent and was seen longest ago. @param any one that is there, too, if need be */
	private dropPassing(any: boolean): boolean {
		let oldest = -1;
		for (let index = 0; index < this.#count; index++) {
			if (this.is(index, Flag.kept) || !(any || this.isAbsent(index))) continue;
			if (oldest < 0 || this.seenAt(index) < this.seenAt(oldest)) oldest = index;
		}
		if (oldest < 0) return false;
		this.drop(oldest);
		return true;
	}

	private roomyGroup(): number {
		for (let group = 0; group < GROUPS; group++) if (this.#roster.room(group) > 0) return group;
		return NO_GROUP;
	}

	private put(mac: string, flags: number, group: number): number {
		if (this.#count === this.#keys.length) this.grow();
		const index = this.#count++;
		const at = index * ENTRY;
		for (let i = 0; i < ENTRY; i++) this.#state.setUint8(at + i, 0);
		this.#keys[index] = keyOf(mac);
		this.#state.setUint16(at, parseInt(mac.slice(0, 4), 16));
		this.#state.setUint8(at + Field.flags, flags);
		this.#state.setUint8(at + Field.group, group);
		return index;
	}

	/** The last one takes its place. */
	private drop(index: number): void {
		const last = --this.#count;
		this.#keys[index] = this.#keys[last] ?? 0;
		for (let i = 0; i < ENTRY; i++) this.#state.setUint8(index * ENTRY + i, this.#state.getUint8(last * ENTRY + i));
		this.#keys[last] = 0;
	}

	private grow(): void {
		const capacity = this.#keys.length + STEP;
		const buffer = new ArrayBuffer(capacity * (KEY + ENTRY));
		const keys = new Uint32Array(buffer, 0, capacity);
		keys.set(this.#keys);
		const bytes = new Uint8Array(buffer, capacity * KEY);
		const before = this.#state;
		bytes.set(new Uint8Array(before.buffer, before.byteOffset, before.byteLength));
		this.#keys = keys;
		this.#state = new DataView(buffer, capacity * KEY);
	}
}

/** Never 0, which marks a free place. */
function keyOf(mac: string): number {
	return parseInt(mac.slice(4), 16) || 1;
}

function isName(name: string): boolean {
	return fitsBytes(name, NAME_BYTES) && !/[\n\r\0]/.test(name);
}

function toTenths(ms: number): number {
	return Math.floor(ms / 100) + 1;
}

function fromTenths(tenths: number): number {
	return tenths === 0 ? Number.NEGATIVE_INFINITY : (tenths - 1) * 100;
}

// The engine freezes a class for the flash, but not what its generators make.
Object.freeze(Devices.prototype.each.prototype);
