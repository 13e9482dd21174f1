import { sameBoard, stationMac } from "common/mac";
import type { Codec } from "./message";
import type { Outgoing } from "./outbox";
import type { ReplyMatching } from "./request";
import type { PeerView, RadioLink } from "./types";

/** ESP_NOW_MAX_TOTAL_PEER_NUM of esp_now.h. */
export const DRIVER_PEERS = 20;
/** Boards remembered without need: those that are waited for are kept beyond this. */
const REMEMBERED = 32;
/** Boards of which only this is remembered: they need a resync. Four bytes each. */
const NEED_RESYNC = 256;
/** Relay devices on the way to a board, at most. */
const MOST_HOPS = 4;

const ESP_OK = 0;
const ESPNOW_FULL = 0x3068;
const ESPNOW_EXIST = 0x306b;

/**
 * All that is known of another board; one look-up per frame finds it. Each part of the record belongs to one module.
 */
export class Peer {
	/** Station MAC: the key. */
	readonly mac: string;
	readonly codec: Codec;
	/** requests: how its replies find theirs. */
	readonly replies: ReplyMatching;
	/** Where frames for it go: its station, unless only an odd address of it was ever heard. */
	address: string;

	/** peers: when it was last heard (ms, -1 never) and how well (dBm); its place in the order of use while the driver has it, else 0. */
	seenAt = -1;
	rssi = 0;
	usedAt = 0;

	/** outbox: the first of its frames, and which ring it stands in. */
	frames: Outgoing | null = null;
	ring: "none" | "responsive" | "deferred" = "none";

	/** comms: the board through which it is reached, null: itself (sealed networks). */
	via: Peer | null = null;

	/** transmitter: its radio did not acknowledge the last frame: others go first. */
	absent = false;

	/** reply cache: how many requests of it are kept. */
	inbound = 0;

	constructor(mac: string, codec: Codec, replies: ReplyMatching) {
		this.mac = mac;
		this.address = mac;
		this.codec = codec;
		this.replies = replies;
	}

	/** Nothing of it is under way. */
	get isIdle(): boolean {
		return this.replies.request === null && this.inbound === 0 && this.frames === null;
	}
}

export interface PeersOptions {
	/** MAC of the board that is remembered whatever happens, "" for none. */
	hub?(): string;
	/** The codec that a board is spoken to with, by its station MAC. */
	codecOf(mac: string): Codec;
	/** Made once for each peer. */
	replyMatching(codec: Codec): ReplyMatching;
}

/**
 * The boards we know and, as a cache of them, the driver's list of 20: a peer is added on demand, when something is to be sent to it, and the
 * one that was used longest ago gives way.
 */
export class Peers {
	readonly #known = new Map<string, Peer>();
	readonly #driver: Peer[] = [];
	/** The last four bytes of their MACs, 0 where there is none; a board that is taken for another is resynced without need. Made when first needed. */
	#needResync: Uint32Array | null = null;
	#nextResync = 0;
	/** Addresses that the driver still holds although their board is now written to at its other one, or has been forgotten. */
	readonly #unlisted: string[] = [];
	readonly #options: PeersOptions;
	#uses = 0;

	constructor(options: PeersOptions) {
		this.#options = options;
	}

	/** The peer of a station or access point MAC, if it is known. */
	find(mac: string): Peer | undefined {
		// Nearly all addresses are stations': a look-up as it came spares taking it apart.
		return this.#known.get(mac) ?? this.#known.get(stationMac(mac));
	}

	/** The peer of a station or access point MAC. */
	get(mac: string): Peer {
		const found = this.find(mac);
		if (found) return found;
		while (this.#known.size >= REMEMBERED && this.forgetOne());
		const station = stationMac(mac);
		const codec = this.#options.codecOf(station);
		const peer = new Peer(station, codec, this.#options.replyMatching(codec));
		if (this.#takeResync(station)) peer.replies.needsResync = true;
		this.#known.set(station, peer);
		return peer;
	}

	/** The peer of an address that is not known, if it is the hub's: that is remembered from its first word on, whatever it is. */
	meetHub(mac: string): Peer | undefined {
		const hub = this.#options.hub?.() ?? "";
		return hub !== "" && sameBoard(mac, hub) ? this.get(mac) : undefined;
	}

	/** Notes that a board was heard. @param from the address it sent from */
	heard(peer: Peer, from: string, rssi: number, now: number): void {
		// Once its station was heard the board is written to there; one that has only ever used an odd address, at that.
		if (from !== peer.address) {
			const stationHeard = from === peer.mac || (peer.seenAt >= 0 && peer.address === peer.mac);
			const address = stationHeard ? peer.mac : from;
			if (address !== peer.address) this.readdress(peer, address);
		}
		peer.seenAt = now;
		peer.rssi = rssi;
		peer.absent = false;
	}

	/**
	 * Sees to it that the driver can send to a peer.
	 * @returns 0, or the driver's error
	 */
	register(peer: Peer, radio: RadioLink): number {
		if (peer.usedAt) return ESP_OK;
		this.dropUnlisted(radio);
		if (this.#driver.length >= DRIVER_PEERS) this.evict(radio);
		let error = radio.addPeer(peer.address);
		if (error === ESPNOW_FULL && this.evict(radio)) error = radio.addPeer(peer.address);
		if (error === ESPNOW_EXIST) error = ESP_OK;
		if (error === ESP_OK) {
			peer.usedAt = ++this.#uses;
			this.#driver.push(peer);
		}
		return error;
	}

	/** A board is reached through another one from now on; null: by itself. */
	route(peer: Peer, via: Peer | null): void {
		let steps = 0;
		for (let hop = via; hop; hop = hop.via) {
			// The way would never end.
			if (hop === peer || ++steps > MOST_HOPS) return;
		}
		peer.via = via;
	}

	/** Forgets a board with which nothing is under way any more. */
	forget(peer: Peer): void {
		if (peer.usedAt) this.unlist(peer);
		this.#known.delete(peer.mac);
	}

	/** A frame was handed to the driver for a peer: the others give way before it. */
	used(peer: Peer): void {
		peer.usedAt = ++this.#uses;
	}

	/** The driver turned out not to know a peer (ESP_ERR_ESPNOW_NOT_FOUND): register() adds it again. */
	lost(peer: Peer): void {
		this.leave(peer);
	}

	/** A new radio knows nobody: those who were in its list are added again. */
	rebuild(radio: RadioLink): void {
		const before = this.#driver.splice(0).sort((a, b) => a.usedAt - b.usedAt);
		this.#unlisted.length = 0;
		for (const peer of before) {
			peer.usedAt = 0;
			this.register(peer, radio);
		}
	}

	/** How many the driver holds. */
	get driverCount(): number {
		return this.#driver.length;
	}

	/** How many boards are known. */
	get count(): number {
		return this.#known.size;
	}

	/** All that are known, one after another. */
	*each(now: number): Generator<PeerView> {
		for (const { mac, rssi, seenAt } of this.#known.values()) {
			yield { mac, rssi, lastSeenS: seenAt < 0 ? null : Math.floor((now - seenAt) / 1000) };
		}
	}

	private readdress(peer: Peer, address: string): void {
		if (peer.usedAt) this.unlist(peer);
		peer.address = address;
	}

	/** Takes a peer off the driver's list; the driver is told before it gets the next one. */
	private unlist(peer: Peer): void {
		this.leave(peer);
		this.#unlisted.push(peer.address);
	}

	private dropUnlisted(radio: RadioLink): void {
		for (const address of this.#unlisted) radio.removePeer(address);
		this.#unlisted.length = 0;
	}

	private evict(radio: RadioLink): boolean {
		let oldest: Peer | null = null;
		for (const peer of this.#driver) if (!oldest || peer.usedAt < oldest.usedAt) oldest = peer;
		if (!oldest) return false;
		radio.removePeer(oldest.address);
		this.leave(oldest);
		return true;
	}

	private leave(peer: Peer): void {
		const index = this.#driver.indexOf(peer);
		if (index >= 0) this.#driver.splice(index, 1);
		peer.usedAt = 0;
	}

	/** Whether a board that has been forgotten needs a resync; asked once. */
	#takeResync(mac: string): boolean {
		const list = this.#needResync;
		const index = list ? list.indexOf(resyncKey(mac)) : -1;
		if (!list || index < 0) return false;
		list[index] = 0;
		return true;
	}

	/** @returns false when there is none that may be forgotten */
	private forgetOne(): boolean {
		let oldest: Peer | null = null;
		const hub = this.find(this.#options.hub?.() ?? "");
		for (const peer of this.#known.values()) if (mayGo(peer) && peer !== hub && (!oldest || goesBefore(peer, oldest))) oldest = peer;
		if (!oldest) return false;
		if (oldest.usedAt) this.unlist(oldest);
		this.#known.delete(oldest.mac);
		// One that never was there has nothing to say: whoever has us ask boards that do not exist takes no memory by it.
		if (!oldest.replies.needsResync || (oldest.seenAt < 0 && oldest.absent)) return true;
		// That a board may still send an earlier reply outlives the rest of what we know of it.
		this.#needResync ??= new Uint32Array(NEED_RESYNC);
		this.#needResync[this.#nextResync] = resyncKey(oldest.mac);
		this.#nextResync = (this.#nextResync + 1) % NEED_RESYNC;
		return true;
	}
}

/** Never 0. */
function resyncKey(mac: string): number {
	return parseInt(mac.slice(4), 16) || 1;
}

/**
 * Whether a board may be forgotten: nothing of it is under way, and if the driver holds it, it has never replied to us. What one that we have just talked
 * to says may be its last reply over again.
 */
function mayGo(peer: Peer): boolean {
	return peer.isIdle && (peer.usedAt === 0 || !peer.replies.mayRepeat);
}

/** Which of two boards is forgotten first: one that the driver does not hold, then the one heard longest ago. */
function goesBefore(peer: Peer, other: Peer): boolean {
	if ((peer.usedAt === 0) !== (other.usedAt === 0)) return peer.usedAt === 0;
	return peer.seenAt < other.seenAt;
}

// The engine freezes a class for the flash, but not what its generators make: mcconfig says so, and it would take RAM.
Object.freeze(Peers.prototype.each.prototype);
