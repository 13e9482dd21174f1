import { isGroup, sameBoard } from "common/mac";
import {
	addresseeOf,
	BODY,
	fromHex,
	hereFrame,
	hex,
	isSame,
	Join,
	joinKind,
	KEY_BYTES,
	makerOf,
	PROOF_AT,
	PROOF_LABEL,
	passFrame,
	provedFrame,
	RANDOM_BYTES,
	shownCode,
	TOKEN_BYTES,
} from "./joining-frames";
import type { JoinVault, Random } from "./joining-types";

/** A stay on a channel where nobody answers: a hub's answer takes some 10 ms; and one where a hub did, in ms. */
const VISIT_MS = 40;
const ANSWERED_MS = 200;
/** Between two visits, in ms: the setup access point is where phones look for it for nine tenths of the time. */
const REST_MS = 460;
/** A board with which somebody talks stays on its channel for so long, in ms. */
const TALK_MS = 10_000;
/** So long after its start, or after a hub was heard, one round follows the other; later there is a pause between them. In ms. */
const EAGER_MS = 180_000;
const PAUSE_MS = 30_000;
/** A hub that was not heard for so long is no longer adding, in ms. */
const OFFER_MS = 15_000;
/** Hubs that are remembered at once. */
const OFFERS = 3;
/** A phone on the access point keeps the board on its channel; it calls there as often, in ms. */
const HELD_CALL_MS = 2_000;
/** A board with a plain hub that hears it call answers within this time, and not more often, in ms. */
const HAILED_MS = 1_500;
const HAILED_EACH_MS = 5_000;
/** One `here` to a hub in this time, in ms. */
const HERE_MS = 150;
/** A proof is sent again after this time, until the second one has passed, in ms. */
const PROVE_MS = 250;
const PROVING_MS = 8_000;
/** Shared keys that may be made at once, and the time for one more, in ms: each takes the board 150 ms, and anybody can ask for it. */
const AGREEMENTS = 3;
const AGREEMENT_MS = 3_000;
/** A joining that was broken off after the proof is asked about for so long, in ms. */
const RESUME_MS = 600_000;

export interface DeviceJoiningOptions {
	mac: string;
	vault: JoinVault;
	random: Random;
	/** MAC of a plain hub that this device has, "" for none. */
	plainHub(): string;
	/** This board's name in UTF-8, at most 32 bytes. */
	name(): Uint8Array;
	tuner: { readonly home: number; readonly allowed: readonly number[]; retune(channel: number): "ok" | "busy" };
	call(): void;
	send(mac: string, bytes: Uint8Array): Promise<boolean>;
	/** What is remembered over a restart of a joining whose end is open, "" when there is none. */
	pending: { read(): string; write(text: string): void };
	/** This device has a hub from now on. */
	onJoined(hub: string): void;
}

/** resting: on its channel; visiting: on another one for a moment; proving: a hub has accepted this device, which waits for its last word. */
export type DeviceState = "resting" | "visiting" | "proving" | "joined";

/** A hub that is adding devices. */
interface Offer {
	readonly hub: string;
	readonly key: Uint8Array;
	/** MAC of the relay device through which it came, "" without one. */
	via: string;
	rssi: number;
	channel: number;
	until: number;
	hereAt: number;
}

export interface OfferView {
	hub: string;
	code: string;
	rssi: number;
	channel: number;
	via: string;
}

/**
 * What a device without a sealed hub does to get one. Without any hub it calls from channel to channel and rests where a hub answers; with a plain one it
 * stays, and answers that one only. The caller brings the time, in ms.
 */
export class DeviceJoining {
	readonly #options: DeviceJoiningOptions;
	readonly #offers: Offer[] = [];
	readonly #startedAt: number;
	#state: DeviceState = "resting";
	/** Where it rests, and where it rested before a hub answered. */
	#rest: number;
	#first: number;
	/** Place in the list of channels of the next visit. */
	#next = 0;
	#nextAt: number;
	/** The last hub that answered was heard then. */
	#answeredAt = Number.NEGATIVE_INFINITY;
	#hailedAt = Number.NEGATIVE_INFINITY;
	#agreements = AGREEMENTS;
	#agreementsAt: number;
	/** While proving, and of a joining whose end is open: the hub, its key, our random bytes. */
	#hub = "";
	#via = "";
	#slot = -1;
	readonly #hubRandom = new Uint8Array(RANDOM_BYTES);
	readonly #random = new Uint8Array(RANDOM_BYTES);
	#provingUntil = 0;
	#resumeUntil = Number.NEGATIVE_INFINITY;
	trouble = "";

	constructor(options: DeviceJoiningOptions, now: number) {
		this.#options = options;
		this.#startedAt = now;
		this.#agreementsAt = now;
		this.#rest = options.tuner.home;
		this.#first = this.#rest;
		this.#nextAt = now + REST_MS;
		this.resume(now);
	}

	get state(): DeviceState {
		return this.#state;
	}

	/** The hub that has accepted this device and did not say its last word yet, "" when there is none. */
	get provingHub(): string {
		return this.#state === "proving" ? this.#hub : "";
	}

	/** @returns when it is to be called again, in clock ms */
	tick(now: number): number {
		switch (this.#state) {
			case "proving":
				return this.tickProving(now);
			case "visiting":
				if (now >= this.#nextAt) this.comeHome(now);
				break;
			case "resting":
				if (now >= this.#nextAt) this.leave(now);
				break;
			case "joined":
				return Number.POSITIVE_INFINITY;
		}
		return Math.max(now + 1, this.#nextAt);
	}

	/** Another board broadcast the joining call: a hub that adds devices does so, too. */
	onCall(now: number, mac: string): number {
		const hub = this.#options.plainHub();
		if (this.#state !== "resting" || hub === "" || !sameBoard(mac, hub) || now < this.#hailedAt + HAILED_EACH_MS) return this.#nextAt;
		this.#hailedAt = now;
		this.#nextAt = now + this.#options.random.random() * HAILED_MS;
		return this.#nextAt;
	}

	/** This device has answered a request: who asked may be the plain hub that it is to have. */
	onAnswered(now: number): void {
		if (this.#state === "resting") this.#nextAt = Math.max(this.#nextAt, now + TALK_MS);
	}

	/** A frame of kind 13. @param from who sent it: the hub, or a relay device */
	onFrame(now: number, from: string, bytes: Uint8Array, length: number, rssi: number): void {
		const kind = joinKind(bytes, 0, length);
		if (kind === 0 || this.#state === "joined" || !sameBoard(addresseeOf(bytes), this.#options.mac)) return;
		const hub = makerOf(bytes);
		const plain = this.#options.plainHub();
		if (isGroup(hub) || sameBoard(hub, this.#options.mac) || (plain !== "" && !sameBoard(hub, plain))) return;
		const via = sameBoard(from, hub) ? "" : from;
		if (kind === Join.offer) this.onOffer(now, hub, via, bytes, rssi);
		else if (kind === Join.accept) this.onAccept(now, hub, via, bytes);
		else if (kind === Join.confirm) this.onConfirm(hub, bytes);
	}

	/** It is given up: what it was doing leaves nothing. */
	close(): void {
		if (this.#slot >= 0 && this.#state !== "joined") this.#options.vault.abandon(this.#slot);
		this.#slot = -1;
		if (this.#state === "visiting") this.#options.tuner.retune(this.#rest);
		if (this.#options.pending.read() !== "") this.#options.pending.write("");
		this.#state = "joined";
	}

	/** The hubs that answered. */
	offers(now: number): OfferView[] {
		return this.#offers
			.filter(({ until }) => now < until)
			.map(({ hub, key, rssi, channel, via }) => ({ hub, code: shownCode(this.#options.vault.codeOf(key)), rssi, channel, via }));
	}

	private leave(now: number): void {
		const { tuner, plainHub, random } = this.#options;
		if (plainHub() !== "") {
			// Its own hub has called; without that it has nobody to ask.
			if (now < this.#hailedAt + HAILED_EACH_MS) this.ask(now);
			this.#nextAt = this.isResuming(now) ? now + HELD_CALL_MS : Number.POSITIVE_INFINITY;
			return;
		}
		if (tuner.home !== this.#rest) this.movedTo(tuner.home);
		this.dropOld(now);
		const channels = tuner.allowed;
		if (this.#next >= channels.length) this.#next = 0;
		const channel = channels[this.#next++] ?? this.#rest;
		const isLast = this.#next >= channels.length;
		const moved = channel !== this.#rest && tuner.retune(channel) === "ok";
		if (moved) {
			this.#state = "visiting";
			this.#nextAt = now + VISIT_MS;
		} else if (channel === this.#rest) this.restAgain(now, isLast);
		else this.#nextAt = now + HELD_CALL_MS * (0.8 + 0.4 * random.random());
		this.ask(now);
	}

	/** The channel is another one without our doing: people, or another part of the board, have set it. */
	private movedTo(channel: number): void {
		this.#rest = channel;
		this.#first = channel;
	}

	private comeHome(now: number): void {
		// A phone that has joined meanwhile keeps the board where it is.
		if (this.#options.tuner.retune(this.#rest) !== "ok") this.movedTo(this.#options.tuner.home);
		this.#state = "resting";
		this.restAgain(now, this.#next >= this.#options.tuner.allowed.length);
		if (this.hasOffer(now)) this.ask(now);
	}

	private restAgain(now: number, isLast: boolean): void {
		const spread = 0.8 + 0.4 * this.#options.random.random();
		const isEager = now < Math.max(this.#startedAt, this.#answeredAt) + EAGER_MS;
		this.#nextAt = now + (isLast && !isEager ? PAUSE_MS : REST_MS) * spread;
	}

	/** Who is there? */
	private ask(now: number): void {
		this.#options.call();
		if (this.isResuming(now)) this.prove();
	}

	private hasOffer(now: number): boolean {
		return this.#offers.some(({ channel, until }) => channel === this.#rest && now < until);
	}

	private dropOld(now: number): void {
		for (let i = this.#offers.length - 1; i >= 0; i--) if (now >= (this.#offers[i]?.until ?? 0)) this.#offers.splice(i, 1);
		if (this.#offers.length === 0 && this.#rest !== this.#first && this.#options.tuner.retune(this.#first) === "ok")
			this.#rest = this.#first;
	}

	private onOffer(now: number, hub: string, via: string, bytes: Uint8Array, rssi: number): void {
		if (this.#state === "proving") return;
		const secondsLeft = bytes[55] ?? 0;
		const channel = bytes[56] ?? 0;
		const { tuner, plainHub } = this.#options;
		if (secondsLeft === 0 || !tuner.allowed.includes(channel)) return;
		const offer = this.offerOf(now, hub, bytes, rssi);
		if (!offer) return;
		offer.via = via;
		offer.rssi = rssi;
		offer.channel = channel;
		offer.until = now + Math.min(OFFER_MS, secondsLeft * 1000);
		this.#answeredAt = now;
		if (plainHub() === "") this.goWhere(offer, now);
		if (now < offer.hereAt) return;
		offer.hereAt = now + HERE_MS;
		this.sendHere(offer, bytes);
	}

	/** A hub answers here, or on a neighbour channel from which it is heard: that is where to rest, unless one that is heard better answers elsewhere. */
	private goWhere(offer: Offer, now: number): void {
		const { tuner } = this.#options;
		const isHere = offer.channel === tuner.home;
		const best = this.#offers.every(
			(other) => other === offer || now >= other.until || other.channel === offer.channel || other.rssi <= offer.rssi,
		);
		if (best && (isHere || tuner.retune(offer.channel) === "ok")) {
			this.#rest = offer.channel;
			if (this.#state === "visiting") {
				this.#state = "resting";
				this.restAgain(now, false);
			}
		} else if (this.#state === "visiting") this.#nextAt = Math.max(this.#nextAt, now + ANSWERED_MS);
	}

	/** The record of a hub, by its MAC and key; the weakest gives way. */
	private offerOf(now: number, hub: string, bytes: Uint8Array, rssi: number): Offer | undefined {
		for (const offer of this.#offers) if (offer.hub === hub && isSame(offer.key, 0, bytes, BODY + TOKEN_BYTES, KEY_BYTES)) return offer;
		if (this.#offers.length >= OFFERS) {
			let weakest = 0;
			for (let i = 1; i < this.#offers.length; i++) if (this.worth(i, now) < this.worth(weakest, now)) weakest = i;
			if (this.worth(weakest, now) >= rssi) return undefined;
			this.#offers.splice(weakest, 1);
		}
		const key = bytes.slice(BODY + TOKEN_BYTES, BODY + TOKEN_BYTES + KEY_BYTES);
		const offer: Offer = { hub, key, via: "", rssi, channel: 0, until: 0, hereAt: 0 };
		this.#offers.push(offer);
		return offer;
	}

	private worth(index: number, now: number): number {
		const offer = this.#offers[index];
		return offer && now < offer.until ? offer.rssi : Number.NEGATIVE_INFINITY;
	}

	private sendHere(offer: Offer, bytes: Uint8Array): void {
		const { mac, vault, name } = this.#options;
		if (!vault.hasKeys && !vault.makeKeys()) {
			this.trouble = "this board has no key pair: it cannot join";
			return;
		}
		const key = new Uint8Array(KEY_BYTES);
		vault.publicKey(key);
		this.send(offer.hub, offer.via, hereFrame(mac, offer.hub, bytes.subarray(BODY, BODY + TOKEN_BYTES), key, name()));
	}

	private onAccept(now: number, hub: string, via: string, bytes: Uint8Array): void {
		const { vault } = this.#options;
		const keyAt = BODY + RANDOM_BYTES;
		if (this.#state === "proving") {
			// The same again: our proof was lost.
			if (hub === this.#hub && isSame(bytes, BODY, this.#hubRandom, 0, RANDOM_BYTES)) this.prove();
			return;
		}
		// Only a hub whose offer we have answered can have got our key.
		if (!this.#offers.some((offer) => offer.hub === hub && isSame(offer.key, 0, bytes, keyAt, KEY_BYTES))) return;
		const slot = this.agree(now, hub, bytes.slice(keyAt, keyAt + KEY_BYTES));
		if (slot < 0) return;
		if (!vault.checkProof(slot, PROOF_LABEL[Join.accept], bytes, PROOF_AT[Join.accept], bytes, PROOF_AT[Join.accept])) {
			vault.abandon(slot);
			return;
		}
		this.#slot = slot;
		this.#hub = hub;
		this.#via = via;
		this.#hubRandom.set(bytes.subarray(BODY, BODY + RANDOM_BYTES));
		vault.random(this.#random);
		if (this.#state === "visiting") this.#rest = this.#options.tuner.home;
		this.#state = "proving";
		this.#provingUntil = now + PROVING_MS;
		this.#resumeUntil = now + RESUME_MS;
		// From the proof on the hub may hold this device's key: a restart must not forget that.
		this.#options.pending.write(`${hub} ${hex(bytes, keyAt, KEY_BYTES)}`);
		this.prove();
		this.#nextAt = now + PROVE_MS;
	}

	/** @returns the slot of the key shared with a hub, -1 when there was too much of that lately */
	private agree(now: number, hub: string, key: Uint8Array): number {
		this.#agreements = Math.min(AGREEMENTS, this.#agreements + (now - this.#agreementsAt) / AGREEMENT_MS);
		this.#agreementsAt = now;
		if (this.#agreements < 1) return -1;
		this.#agreements -= 1;
		if (this.#slot >= 0) this.#options.vault.abandon(this.#slot);
		this.#slot = -1;
		return this.#options.vault.agree(hub, key);
	}

	private tickProving(now: number): number {
		if (now >= this.#provingUntil) {
			// Nothing has changed here, and the hub may or may not have the proof: it is asked while this device goes on to look.
			this.#state = "resting";
			this.#hubRandom.fill(0);
			this.#nextAt = now + 1;
		} else if (now >= this.#nextAt) {
			this.prove();
			this.#nextAt = now + PROVE_MS;
		}
		return this.#nextAt;
	}

	private prove(): void {
		const { mac, vault } = this.#options;
		const frame = provedFrame(Join.prove, mac, this.#hub, [this.#hubRandom, this.#random]);
		vault.proof(this.#slot, PROOF_LABEL[Join.prove], frame, PROOF_AT[Join.prove], frame, PROOF_AT[Join.prove]);
		this.send(this.#hub, this.#via, frame);
	}

	private onConfirm(hub: string, bytes: Uint8Array): void {
		const { vault, pending, onJoined } = this.#options;
		if (this.#slot < 0 || hub !== this.#hub || !isSame(bytes, BODY, this.#random, 0, RANDOM_BYTES)) return;
		if (!vault.checkProof(this.#slot, PROOF_LABEL[Join.confirm], bytes, PROOF_AT[Join.confirm], bytes, PROOF_AT[Join.confirm])) return;
		if (!vault.keep(this.#slot)) {
			this.trouble = "the flash takes no key: this board cannot join";
			return;
		}
		this.#state = "joined";
		pending.write("");
		onJoined(hub);
	}

	private isResuming(now: number): boolean {
		if (this.#slot < 0) return false;
		if (now < this.#resumeUntil) return true;
		this.#options.vault.abandon(this.#slot);
		this.#slot = -1;
		this.#options.pending.write("");
		return false;
	}

	/** A joining was broken off by a restart. */
	private resume(now: number): void {
		const { vault, pending, plainHub } = this.#options;
		const [hub = "", text = ""] = pending.read().split(" ");
		const key = fromHex(text, KEY_BYTES);
		if (!key || hub.length !== 12 || !fromHex(hub, 6)) return;
		const plain = plainHub();
		if (plain !== "" && !sameBoard(plain, hub)) return;
		this.#slot = vault.agree(hub, key);
		if (this.#slot < 0) return;
		this.#hub = hub;
		vault.random(this.#random);
		this.#resumeUntil = now + RESUME_MS;
	}

	private send(hub: string, via: string, frame: Uint8Array): void {
		const { mac, send } = this.#options;
		void (via === "" ? send(hub, frame) : send(via, passFrame(mac, via, hub, frame, frame.length)));
	}
}
