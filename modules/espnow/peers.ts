import { sameBoard, stationMac } from "common/mac";
import type { Codec } from "./message";
import type { Outgoing } from "./outbox";
import type { ReplyMatching } from "./request";
import type { PeerView, RadioLink } from "./types";

/** ESP_NOW_MAX_TOTAL_PEER_NUM of esp_now.h. */
export const DRIVER_PEERS = 20;
/** Idle boards that are remembered. Boards with something under way are kept beyond this number. */
const REMEMBERED = 32;
/** Forgotten boards of which one thing is kept: they need a resync. Four bytes each. */
const NEED_RESYNC = 256;
/** Relay devices on the way to a board, at most. */
const MOST_HOPS = 4;

const ESP_OK = 0;
const ESPNOW_FULL = 0x3068;
const ESPNOW_EXIST = 0x306b;

/** All that is known of another board. One look-up per frame finds it. Each part of the record belongs to one module. */
export class Peer {
	/** Station MAC: the key. */
	readonly mac: string;
	readonly codec: Codec;
	/** requests: how its replies find their requests. */
	readonly replies: ReplyMatching;
	/** Where frames for it go: its station MAC, or its access point MAC while no other was heard. */
	address: string;

	/** peers: when it was last heard (ms, -1 never), its RSSI (dBm), and its place in the order of use (0: the driver does not have it). */
	seenAt = -1;
	rssi = 0;
	usedAt = 0;

	/** outbox: the first of its frames, and which ring it stands in. */
	frames: Outgoing | null = null;
	ring: "none" | "responsive" | "deferred" = "none";

	/** comms: the relay device through which it is reached; null: none (sealed networks). */
	via: Peer | null = null;

	/** transmitter: its radio did not acknowledge the last frame, so others go first. */
	absent = false;

	/** reply cache: how many of its requests are kept. */
	inbound = 0;

	constructor(mac: string, codec: Codec, replies: ReplyMatching) {
		this.mac = mac;
		this.address = mac;
		this.codec = codec;
		this.replies = replies;
	}

	/** No request, reply or frame of it is under way. */
	get isIdle(): boolean {
		return this.replies.request === null && this.inbound === 0 && this.frames === null;
	}
}

export interface PeersOptions {
	/** MAC of the board that is remembered whatever happens, "" for none. */
	hub?(): string;
	/** The codec for a board, by its station MAC. */
	codecOf(mac: string): Codec;
	/** Is called once for each peer. */
	replyMatching(codec: Codec): ReplyMatching;
}

/**
 * The boards we know, and the driver's list of 20 as a cache of them. A peer enters the driver's list when something is to be sent to it. The
 * peer that was used longest ago leaves it.
 */
export class Peers {
	readonly #known = new Map<string, Peer>();
	readonly #driver: Peer[] = [];
	/** The last four bytes of their MACs, 0: a free place. Two boards with the same bytes are both resynced, which does no harm. Made when first needed. */
	#needResync: Uint32Array | null = null;
	#nextResync = 0;
	/** Addresses that the driver still has and shall lose: their board has another address now, or has been forgotten. */
	readonly #unlisted: string[] = [];
	readonly #options: PeersOptions;
	#uses = 0;

	constructor(options: PeersOptions) {
		this.#options = options;
	}

	/** The peer of a station or access point MAC, if it is known. */
	find(mac: string): Peer | undefined {
		// Nearly all addresses are station MACs: the first look-up finds them without a conversion.
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

	/** The hub as a peer, if this unknown address is the hub's. The hub is remembered from its first frame on. */
	meetHub(mac: string): Peer | undefined {
		const hub = this.#options.hub?.() ?? "";
		return hub !== "" && sameBoard(mac, hub) ? this.get(mac) : undefined;
	}

	/** Notes that a board was heard. @param from the address it sent from */
	heard(peer: Peer, from: string, rssi: number, now: number): void {
		// Frames go to the station MAC once that was heard, until then to the address that was heard.
		if (from !== peer.address) {
			const stationHeard = from === peer.mac || (peer.seenAt >= 0 && peer.address === peer.mac);
			const address = stationHeard ? peer.mac : from;
			if (address !== peer.address) this.readdress(peer, address);
		}
		peer.seenAt = now;
		peer.rssi = rssi;
		peer.absent = false;
	}

	/** Adds a peer to the driver's list if it is not there. @returns 0, or the driver's error */
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

	/** Sets the relay device through which a board is reached. @param via null: none */
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

	/** The driver took a frame for a peer: others leave the driver's list before it. */
	used(peer: Peer): void {
		peer.usedAt = ++this.#uses;
	}

	/** The driver does not know a peer (ESP_ERR_ESPNOW_NOT_FOUND): register() adds it again. */
	lost(peer: Peer): void {
		this.leave(peer);
	}

	/** Fills the list of a new radio with the peers that were in the old one's. */
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

	/** All known boards, one after another. */
	*each(now: number): Generator<PeerView> {
		for (const { mac, rssi, seenAt } of this.#known.values()) {
			yield { mac, rssi, lastSeenS: seenAt < 0 ? null : Math.floor((now - seenAt) / 1000) };
		}
	}

	private readdress(peer: Peer, address: string): void {
		if (peer.usedAt) this.unlist(peer);
		peer.address = address;
	}

	/** Takes a peer off the list. The driver is told before the next peer is added. */
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

	/** Whether a forgotten board needs a resync. The next call answers no. */
	#takeResync(mac: string): boolean {
		const list = this.#needResync;
		const index = list ? list.indexOf(resyncKey(mac)) : -1;
		if (!list || index < 0) return false;
		list[index] = 0;
		return true;
	}

	/** @returns false when no board may be forgotten */
	private forgetOne(): boolean {
		let oldest: Peer | null = null;
		const hub = this.find(this.#options.hub?.() ?? "");
		for (const peer of this.#known.values()) if (mayGo(peer) && peer !== hub && (!oldest || goesBefore(peer, oldest))) oldest = peer;
		if (!oldest) return false;
		if (oldest.usedAt) this.unlist(oldest);
		this.#known.delete(oldest.mac);
		// A board that was never heard sends no late reply. So requests to boards that do not exist take no memory.
		if (!oldest.replies.needsResync || (oldest.seenAt < 0 && oldest.absent)) return true;
		// The board may still send an earlier reply: this is kept when all else is forgotten.
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
 * Whether a board may be forgotten: nothing of it is under way, and it is not in the driver's list or has never replied. A board in the driver's list
 * was used a short time ago, and its next frame may be its last reply once more.
 */
function mayGo(peer: Peer): boolean {
	return peer.isIdle && (peer.usedAt === 0 || !peer.replies.mayRepeat);
}

/** Which of two boards is forgotten first: the one outside the driver's list, else the one heard longer ago. */
function goesBefore(peer: Peer, other: Peer): boolean {
	if ((peer.usedAt === 0) !== (other.usedAt === 0)) return peer.usedAt === 0;
	return peer.seenAt < other.seenAt;
}

// The engine keeps a class in flash, but not its generators' prototypes unless they are frozen (mcconfig says so). They would take RAM.
Object.freeze(Peers.prototype.each.prototype);
