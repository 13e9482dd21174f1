import { isGroup, sameBoard } from "common/mac";
import { Candidates } from "./joining-candidates";
import {
	addresseeOf,
	BODY,
	isSame,
	Join,
	joinKind,
	KEY_BYTES,
	makerOf,
	offerFrame,
	PASS_HEAD,
	PROOF_AT,
	PROOF_LABEL,
	passFrame,
	provedFrame,
	RANDOM_BYTES,
	readMac,
	shownCode,
	TOKEN_BYTES,
} from "./joining-frames";
import type { JoinDevices, JoinVault, Random } from "./joining-types";

/** Devices may be added for so long, in ms. */
export const ADDING_MS = 120_000;
/** Between two calls of the hub's own, in ms: devices that hear one are told that it is adding. */
const HAIL_MS = 2_000;
/** An accept is sent again after this time, in ms, and with each call of its device, until this one has passed. */
const ACCEPT_AGAIN_MS = 300;
const ACCEPT_MS = 20_000;
/** Offers under way at once, and in a second: whoever calls a thousand times has the air no fuller. */
const OFFERS_AT_ONCE = 4;
const OFFERS_EACH_S = 20;
/** Devices that are being accepted, and those that joined during this time of adding. */
const MOST_ACCEPTED = 8;
const MOST_JOINED = 32;

export interface HubJoiningOptions {
	mac: string;
	vault: JoinVault;
	devices: JoinDevices;
	random: Random;
	/** Makes a text of UTF-8, null when it is none. */
	decode(bytes: Uint8Array, length: number): string | null;
	/** The radio's channel. */
	channel(): number;
	call(): void;
	send(mac: string, bytes: Uint8Array): Promise<boolean>;
	/** A device has joined. */
	onJoined(mac: string): void;
}

/**
 * wanted: accepted by a person, and not heard since; accepting: told so, and not proven; failed: there was no proof in time, or no room. A device that
 * has proven its key is in the roster.
 */
type AcceptState = "wanted" | "accepting" | "failed";

/** A device that a person has accepted. */
interface Accepted {
	readonly mac: string;
	/** Of its key. */
	readonly code: string;
	state: AcceptState;
	reason: string;
	/** "" until it is told. */
	via: string;
	name: string;
	slot: number;
	/** Our random bytes, which its proof must hold. */
	readonly random: Uint8Array;
	sendAt: number;
	readonly until: number;
}

/** A board on the hub's list. */
export interface CandidateView {
	mac: string;
	name: string;
	code: string;
	rssi: number;
	/** MAC of the relay device through which it is heard, "" without one. */
	via: string;
	state: "calling" | AcceptState;
	reason: string;
}

/** What a hub does while it adds devices. It is made when that begins and forgotten when it ends. The caller brings the time, in ms. */
export class HubJoining {
	readonly #options: HubJoiningOptions;
	readonly #candidates: Candidates;
	readonly #token = new Uint8Array(TOKEN_BYTES);
	readonly #publicKey = new Uint8Array(KEY_BYTES);
	readonly #until: number;
	readonly #accepted: Accepted[] = [];
	readonly #joined: string[] = [];
	#hailAt: number;
	#sending = 0;
	/** Offers that may be sent now. */
	#offers = OFFERS_EACH_S;
	#offersAt: number;
	#dropped = 0;

	constructor(options: HubJoiningOptions, now: number) {
		this.#options = options;
		this.#candidates = new Candidates(options.decode);
		this.#until = now + ADDING_MS;
		this.#hailAt = now;
		this.#offersAt = now;
		options.vault.random(this.#token);
		options.vault.publicKey(this.#publicKey);
	}

	/** Time left, in ms; 0: it is over. A device that was accepted late has its time all the same. */
	leftMs(now: number): number {
		return Math.max(0, this.#until - now);
	}

	isOver(now: number): boolean {
		return now >= this.#until && !this.#accepted.some(({ state }) => state === "accepting");
	}

	/** @returns when it is to be called again, in clock ms */
	tick(now: number): number {
		let next = this.#hailAt;
		if (now >= this.#hailAt && now < this.#until) {
			this.#options.call();
			this.#hailAt = now + HAIL_MS;
			next = this.#hailAt;
		}
		for (const device of this.#accepted) {
			if (device.state === "failed") continue;
			if (now >= device.until) this.fail(device, device.state === "wanted" ? "not heard any more" : "no answer");
			else if (device.state === "accepting") {
				if (now >= device.sendAt) this.sendAccept(device, now);
				next = Math.min(next, device.sendAt);
			}
		}
		return Math.max(now + 1, Math.min(next, now + HAIL_MS));
	}

	/** A board broadcast the joining call. @param via the relay device that heard it, "" when we did */
	onCall(now: number, mac: string, via: string): void {
		if (isGroup(mac) || sameBoard(mac, this.#options.mac) || now >= this.#until) return;
		const device = this.accepting(mac);
		// It is there right now, perhaps for some 50 ms.
		if (device) this.sendAccept(device, now);
		this.#offers = Math.min(OFFERS_EACH_S, this.#offers + ((now - this.#offersAt) * OFFERS_EACH_S) / 1000);
		this.#offersAt = now;
		if (this.#sending >= OFFERS_AT_ONCE || this.#offers < 1) {
			this.#dropped++;
			return;
		}
		this.#offers -= 1;
		this.#sending++;
		const left = Math.min(255, Math.ceil(this.leftMs(now) / 1000));
		const done = () => {
			this.#sending--;
		};
		this.send(mac, via, offerFrame(this.#options.mac, mac, this.#token, this.#publicKey, left, this.#options.channel())).then(done, done);
	}

	/**
	 * A frame of kind 13.
	 * @param from who sent it: the device, or a relay device of ours
	 */
	onFrame(now: number, from: string, bytes: Uint8Array, length: number, rssi: number): void {
		const kind = joinKind(bytes, 0, length);
		if (kind === 0 || !sameBoard(addresseeOf(bytes), this.#options.mac)) return;
		const isOwnDevice = this.#options.vault.find(from) >= 0;
		if (kind === Join.heard) {
			if (isOwnDevice) this.onCall(now, readMac(bytes, BODY), from);
		} else if (kind === Join.pass) {
			if (!isOwnDevice) return;
			const inner = bytes.slice(PASS_HEAD, length);
			this.onInner(now, from, inner, inner.length, 0);
		} else if (sameBoard(makerOf(bytes), from)) this.onInner(now, "", bytes, length, rssi);
	}

	/** A person accepts a device, known by its MAC and the code of its key. @returns "" or why it cannot be */
	accept(now: number, mac: string, code: string): string {
		const { vault } = this.#options;
		if (now >= this.#until) return "not adding devices now";
		const earlier = this.#accepted.findIndex((each) => each.mac === mac);
		if (earlier >= 0) {
			if (this.#accepted[earlier]?.state !== "failed") return "accepted already";
			this.#accepted.splice(earlier, 1);
		}
		if (this.#accepted.length >= MOST_ACCEPTED) return "too many at once";
		const random = new Uint8Array(RANDOM_BYTES);
		vault.random(random);
		const device: Accepted = {
			...{ mac, code, state: "wanted", reason: "", via: "", name: "", slot: -1, random, sendAt: now, until: now + ACCEPT_MS },
		};
		this.#accepted.push(device);
		for (const place of this.#candidates.places(now)) {
			if (this.#candidates.macAt(place) !== mac || vault.codeOf(this.#candidates.keyAt(place)) !== code) continue;
			this.begin(device, place, now);
			break;
		}
		return device.state === "failed" ? device.reason : "";
	}

	/** It ends before its time: what was not proven is as before. */
	cancel(): void {
		for (const device of this.#accepted) if (device.state !== "failed") this.fail(device, "cancelled");
	}

	/** Whether a device was accepted and has not proven its key yet. */
	isAccepting(mac: string): boolean {
		return this.accepting(mac) !== undefined;
	}

	/** The boards that call, one after another. */
	*list(now: number): Generator<CandidateView> {
		const { vault } = this.#options;
		for (const place of this.#candidates.places(now)) {
			const mac = this.#candidates.macAt(place);
			const code = vault.codeOf(this.#candidates.keyAt(place));
			const accepted = this.#accepted.find((each) => each.mac === mac && each.code === code);
			const via = this.#candidates.viaAt(place);
			yield {
				...{ mac, name: this.#candidates.nameAt(place), code: shownCode(code), rssi: this.#candidates.rssiAt(place) },
				...{ via: via === mac ? "" : via, state: accepted?.state ?? "calling", reason: accepted?.reason ?? "" },
			};
		}
	}

	/** MACs of the devices that joined, the first one first. */
	get joined(): readonly string[] {
		return this.#joined;
	}

	/** Calls that were not answered since there were too many. */
	get dropped(): number {
		return this.#dropped;
	}

	private onInner(now: number, via: string, bytes: Uint8Array, length: number, rssi: number): void {
		const kind = joinKind(bytes, 0, length);
		const mac = makerOf(bytes);
		if (!sameBoard(addresseeOf(bytes), this.#options.mac) || isGroup(mac) || sameBoard(mac, this.#options.mac)) return;
		if (kind === Join.here) this.onHere(now, mac, via, bytes, rssi);
		else if (kind === Join.prove) this.onProve(mac, via, bytes);
	}

	private onHere(now: number, mac: string, via: string, bytes: Uint8Array, rssi: number): void {
		// Only who has heard our offer knows the token of these two minutes.
		if (now >= this.#until || !isSame(bytes, BODY, this.#token, 0, TOKEN_BYTES)) return;
		const place = this.#candidates.heard(now, mac, via === "" ? mac : via, rssi, bytes, BODY + TOKEN_BYTES);
		const device = this.#accepted.find((each) => each.mac === mac);
		if (device?.state === "wanted" && this.#options.vault.codeOf(this.#candidates.keyAt(place)) === device.code)
			this.begin(device, place, now);
	}

	private begin(device: Accepted, place: number, now: number): void {
		const slot = this.#options.vault.agree(device.mac, this.#candidates.keyAt(place));
		if (slot < 0) {
			this.fail(device, "no room for another device, or a key that is none");
			return;
		}
		const via = this.#candidates.viaAt(place);
		device.slot = slot;
		device.via = via === device.mac ? "" : via;
		device.name = this.#candidates.nameAt(place);
		device.state = "accepting";
		this.sendAccept(device, now);
	}

	private sendAccept(device: Accepted, now: number): void {
		const { mac, vault } = this.#options;
		const frame = provedFrame(Join.accept, mac, device.mac, [device.random, this.#publicKey]);
		vault.proof(device.slot, PROOF_LABEL[Join.accept], frame, PROOF_AT[Join.accept], frame, PROOF_AT[Join.accept]);
		device.sendAt = now + ACCEPT_AGAIN_MS;
		void this.send(device.mac, device.via, frame);
	}

	private onProve(mac: string, via: string, bytes: Uint8Array): void {
		const { vault, devices } = this.#options;
		const device = this.accepting(mac);
		if (!device || !isSame(bytes, BODY, device.random, 0, RANDOM_BYTES)) return;
		if (!vault.checkProof(device.slot, PROOF_LABEL[Join.prove], bytes, PROOF_AT[Join.prove], bytes, PROOF_AT[Join.prove])) return;
		const name = device.name === "" ? mac : device.name;
		// The roster first: a key without a name can be told from a stranger's, a name without a key can not.
		const wasThere = devices.has(mac);
		if (!devices.add(mac, wasThere ? devices.nameOf(mac) : name, true)) {
			this.fail(device, "no room for another device");
			return;
		}
		if (!vault.keep(device.slot)) {
			if (!wasThere) devices.remove(mac);
			this.fail(device, "the flash takes no key");
			return;
		}
		this.#accepted.splice(this.#accepted.indexOf(device), 1);
		this.#candidates.drop(mac);
		if (this.#joined.length >= MOST_JOINED) this.#joined.shift();
		this.#joined.push(mac);
		void this.send(mac, via, confirmFrame(this.#options, vault.find(mac), mac, bytes));
		this.#options.onJoined(mac);
	}

	private accepting(mac: string): Accepted | undefined {
		return this.#accepted.find((each) => each.mac === mac && each.state === "accepting");
	}

	private fail(device: Accepted, reason: string): void {
		if (device.slot >= 0) this.#options.vault.abandon(device.slot);
		device.slot = -1;
		device.state = "failed";
		device.reason = reason;
	}

	private send(mac: string, via: string, frame: Uint8Array): Promise<boolean> {
		if (via === "") return this.#options.send(mac, frame);
		return this.#options.send(via, passFrame(this.#options.mac, via, mac, frame, frame.length));
	}
}

/** The hub's last word on a joining: it holds the device's key for good. @param prove what the device has sent */
export function confirmFrame(
	{ mac, vault }: Pick<HubJoiningOptions, "mac" | "vault">,
	slot: number,
	device: string,
	prove: Uint8Array,
): Uint8Array {
	const random = prove.slice(BODY + RANDOM_BYTES, BODY + 2 * RANDOM_BYTES);
	const frame = provedFrame(Join.confirm, mac, device, [random]);
	vault.proof(slot, PROOF_LABEL[Join.confirm], frame, PROOF_AT[Join.confirm], frame, PROOF_AT[Join.confirm]);
	return frame;
}

Object.freeze(HubJoining.prototype.list.prototype);
