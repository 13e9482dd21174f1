import { parseMac, sameBoard } from "common/mac";
import { DeviceJoining } from "./joining-device";
import {
	addresseeOf,
	Join,
	joinKind,
	LONGEST_NAME,
	makerOf,
	PASS_HEAD,
	PROOF_AT,
	PROOF_LABEL,
	passFrame,
	shownCode,
} from "./joining-frames";
import { confirmFrame, HubJoining } from "./joining-hub";
import { RelayJoining } from "./joining-relay";
import type { Clock, JoinDevices, JoinRadio, JoinVault, Random, Timers } from "./joining-types";

/** Key of the record of a joining whose end is open. */
const PENDING = "joining";
/** Key of the record of the role in which keys were kept. */
const JOINED_AS = "joined-as";
/** A device that is removed is told so for so long, in ms; one that does not hear it is let go on its own page. */
const LET_GO_MS = 2_000;
/** Until an order to let go is followed that came by radio, in ms. */
const LET_GO_LATER_MS = 1_000;
/** What a code is written with: Crockford's base 32. */
const CODE = /^[0-9A-HJKMNP-TV-Z]{12}$/;

export interface JoiningOptions {
	mac: string;
	role: "hub" | "device";
	vault: JoinVault;
	radio: JoinRadio & { ask(mac: string, text: string, options: { timeoutMs: number }): Promise<unknown> };
	/** The hub's roster, null on a device. */
	devices: JoinDevices | null;
	/** This device's hub is another one, or none. */
	keysChanged(): void;
	/** MAC of a plain hub that this device has, "" for none. */
	plainHub(): string;
	/** Forgets any hub that people have set or that was adopted. */
	forgetHub(): void;
	/** The channel on which this device met its hub. */
	confirm(channel: number): void;
	/** This board's name. */
	name(): string;
	tuner: { readonly home: number; readonly allowed: readonly number[]; retune(channel: number): "ok" | "busy" };
	records: { read(key: string): string | undefined; write(key: string, text: string): void; erase(key: string): void };
	text: { decode(bytes: Uint8Array, length: number): string | null; encode(text: string, into: Uint8Array): number };
	clock: Clock;
	timers: Timers;
	random: Random;
	trace(line: string): void;
}

/**
 * How boards come together and part: what a hub does while it adds devices, a device without a hub, and a joined device for others. Each is there only
 * while it is needed.
 */
export class Joining {
	readonly #options: JoiningOptions;
	#hub: HubJoining | null = null;
	#device: DeviceJoining | null = null;
	#relay: RelayJoining | null = null;
	#timer: object | null = null;
	#timerAt = Number.POSITIVE_INFINITY;
	#started = false;
	/** MACs of the devices that joined during the last time of adding. */
	#joined: readonly string[] = [];

	constructor(options: JoiningOptions) {
		this.#options = options;
		this.dropKeysOfOtherRole();
	}

	/** The radio is up: random numbers are true ones from now on. May be called again. */
	start(): void {
		if (this.#started) return;
		this.#started = true;
		const { role, vault } = this.#options;
		if (role === "device") {
			if (vault.macAt(0) === "") this.look();
			else this.keepPending("");
		}
	}

	close(): void {
		this.#started = false;
		this.#options.timers.clear(this.#timer);
		this.#timer = null;
		this.#timerAt = Number.POSITIVE_INFINITY;
	}

	/** MAC of the sealed hub that this device has, "" without one. */
	get hub(): string {
		const { role, vault } = this.#options;
		return role === "device" ? vault.macAt(0) : "";
	}

	/** Whether the radio goes from channel to channel to look for a hub. */
	get isLooking(): boolean {
		return this.#device !== null && this.#options.plainHub() === "";
	}

	/** What people have to know, "" when all is well. */
	get trouble(): string {
		return this.#device?.trouble || this.#options.vault.trouble;
	}

	/** A board broadcast the joining call. For {@link CommsOptions}. */
	onCall(from: string, rssi: number): void {
		const now = this.#options.clock.now();
		if (this.#hub) this.#hub.onCall(now, from, "");
		else if (this.#device) this.wake(this.#device.onCall(now, from));
		else if (this.#relay || sameBoard(from, this.hub)) {
			this.#relay ??= new RelayJoining({ mac: this.#options.mac, hub: () => this.hub, send: (mac, bytes) => this.send(mac, bytes) }, now);
			if (this.#relay.isOver(now) && !sameBoard(from, this.hub)) this.#relay = null;
			else this.#relay.onCall(now, from, rssi);
		}
	}

	/** A request of another board was answered. For {@link CommsOptions}. */
	onAnswered(): void {
		this.#device?.onAnswered(this.#options.clock.now());
	}

	/** A frame of kind 13 came in. For {@link CommsOptions}. */
	onJoin(from: string, bytes: Uint8Array, length: number, rssi: number): void {
		const now = this.#options.clock.now();
		if (this.#options.role === "hub") {
			if (this.confirmAgain(from, bytes, length)) return;
			this.#hub?.onFrame(now, from, bytes, length, rssi);
		} else if (this.#device) {
			this.#device.onFrame(now, from, bytes, length, rssi);
			if (this.#device?.state !== "joined") this.wake(now);
		} else this.#relay?.onFrame(now, from, bytes, length);
	}

	/** A hub begins to add devices, for two minutes. @returns "" or why it cannot */
	add(): string {
		const { role, vault, devices, radio, random, tuner, text, mac } = this.#options;
		if (role !== "hub" || !devices) return "this is no hub";
		if (!this.#started) return "the radio is not up yet";
		if (!vault.hasKeys && !vault.makeKeys()) return "this board has no key pair";
		const now = this.#options.clock.now();
		this.#joined = [];
		this.#hub = new HubJoining(
			{
				...{ mac, vault, devices, random, decode: text.decode },
				channel: () => tuner.home,
				call: () => radio.call(),
				send: (to, bytes) => this.send(to, bytes),
				onJoined: (device) => {
					this.noteRole();
					radio.forgetPeer(device);
					this.#options.trace(`joined: ${device}`);
				},
			},
			now,
		);
		this.wake(now);
		return "";
	}

	/** A person accepts a device. @returns "" or why that cannot be */
	accept(mac: string, code: string): string {
		const plain = code.toUpperCase().replace(/[ -]/g, "");
		const address = parseMac(mac);
		if (!address || !CODE.test(plain)) return "mac: 12 hex digits, code: 12 characters";
		if (!this.#hub) return "not adding devices now";
		const now = this.#options.clock.now();
		const refusal = this.#hub.accept(now, address, plain);
		this.wake(now);
		return refusal;
	}

	/** The hub adds no more devices. */
	cancel(): void {
		this.#hub?.cancel();
		this.endAdding();
	}

	/** This device has no hub any more, and looks for one. @returns "" or why that cannot be */
	letGo(): string {
		const { role, radio } = this.#options;
		if (role !== "device") return "this is the hub";
		const hub = this.hub;
		this.forget();
		if (hub !== "") radio.forgetPeer(hub);
		this.#options.trace("let go");
		if (this.#started && this.hub === "") this.look();
		return "";
	}

	/** The same a moment later: the reply to who has ordered it can still be sealed. */
	letGoLater(): void {
		this.#options.timers.set(() => this.letGo(), LET_GO_LATER_MS);
	}

	/** Nothing is known of any other board: as it left the factory. */
	forget(): void {
		const { vault, forgetHub, keysChanged } = this.#options;
		this.#device?.close();
		this.#device = null;
		this.#relay = null;
		vault.removeAll();
		keysChanged();
		this.keepPending("");
		forgetHub();
	}

	/**
	 * A device is the hub's no more. It is told so if it hears that; its key is forgotten either way.
	 * @returns "" or why that cannot be
	 */
	async remove(mac: string): Promise<string> {
		const { vault, devices, radio } = this.#options;
		if (!devices) return "this is no hub";
		if (!devices.has(mac)) return "no device of this hub";
		if (vault.find(mac) >= 0) await radio.ask(mac, "let-go", { timeoutMs: LET_GO_MS });
		const slot = vault.find(mac);
		if (slot >= 0) vault.remove(slot);
		radio.forgetPeer(mac);
		return devices.remove(mac) === false ? "the flash refuses: try again" : "";
	}

	/** A device of the hub gets a name. @returns "" or why that cannot be */
	rename(mac: string, name: string): string {
		const { devices } = this.#options;
		if (!devices) return "this is no hub";
		if (!devices.has(mac)) return "no device of this hub";
		return devices.rename(mac, name) ? "" : "a name of 1 to 32 bytes";
	}

	/** The hub's devices, one after another. */
	*devices(): Generator<object> {
		const { devices, vault } = this.#options;
		if (!devices) return;
		for (const device of devices.each()) {
			const slot = vault.find((device as { mac: string }).mac);
			yield { ...device, sealed: slot >= 0, pairCode: slot >= 0 ? shownCode(vault.pairCode(slot)) : "" };
		}
	}

	/** What is going on, without its lists. */
	view(): object {
		const { role, vault, clock } = this.#options;
		const now = clock.now();
		// A person may want to compare it before a hub has asked for the key.
		if (this.#device !== null && !vault.hasKeys) vault.makeKeys();
		const code = shownCode(vault.code());
		const { trouble, hub } = this;
		if (role === "hub") {
			const secondsLeft = this.#hub ? Math.ceil(this.#hub.leftMs(now) / 1000) : 0;
			return { role, state: this.#hub ? "adding" : "idle", secondsLeft, code, trouble };
		}
		if (hub !== "") return { role, state: "joined", code, hub, pairCode: shownCode(vault.pairCode(0)), trouble };
		const state = this.#device?.state === "proving" ? "proving" : this.#options.plainHub() === "" ? "looking" : "plain";
		return { role, state, code, hub: this.#device?.provingHub || this.#options.plainHub(), trouble };
	}

	/** Boards that call a hub, or hubs that answer a device. */
	found(): Iterable<object> {
		const now = this.#options.clock.now();
		return this.#hub?.list(now) ?? this.#device?.offers(now) ?? NOBODY;
	}

	/** Devices that joined since a person began to add them, with the code to compare. */
	*joined(): Generator<object> {
		const { vault, devices } = this.#options;
		for (const mac of this.#hub?.joined ?? this.#joined) {
			const slot = vault.find(mac);
			if (slot >= 0) yield { mac, name: devices?.nameOf(mac) ?? "", pairCode: shownCode(vault.pairCode(slot)) };
		}
	}

	/** What was a hub's device is no device's hub, and the other way round. */
	private dropKeysOfOtherRole(): void {
		const { records, role, vault, keysChanged, trace } = this.#options;
		try {
			if ((records.read(JOINED_AS) ?? role) === role) return;
			records.erase(JOINED_AS);
		} catch (error) {
			trace(`joining: ${error}`);
			return;
		}
		vault.removeAll();
		keysChanged();
	}

	private noteRole(): void {
		const { records, role, trace } = this.#options;
		try {
			if (records.read(JOINED_AS) !== role) records.write(JOINED_AS, role);
		} catch (error) {
			trace(`joining: ${error}`);
		}
	}

	private look(): void {
		const { mac, vault, random, plainHub, tuner, radio, clock } = this.#options;
		const now = clock.now();
		this.#device = new DeviceJoining(
			{
				...{ mac, vault, random, plainHub, tuner },
				name: () => this.nameBytes(),
				call: () => radio.call(),
				send: (to, bytes) => this.send(to, bytes),
				pending: { read: () => this.#options.records.read(PENDING) ?? "", write: (text) => this.keepPending(text) },
				onJoined: (hub) => this.hasJoined(hub),
			},
			now,
		);
		this.wake(now);
	}

	private hasJoined(hub: string): void {
		const { radio, tuner, confirm, keysChanged, trace } = this.#options;
		this.#device = null;
		this.noteRole();
		keysChanged();
		radio.forgetPeer(hub);
		confirm(tuner.home);
		trace(`joined the hub ${hub}`);
	}

	/** A device that asks how its joining ended: it holds the key that is kept for it, so that it joined. @returns whether a frame was such a question */
	private confirmAgain(from: string, bytes: Uint8Array, length: number): boolean {
		const { mac, vault } = this.#options;
		let prove = bytes;
		let via = "";
		if (joinKind(bytes, 0, length) === Join.pass) {
			if (vault.find(from) < 0) return false;
			prove = bytes.slice(PASS_HEAD, length);
			via = from;
		}
		if (joinKind(prove, 0, via === "" ? length : prove.length) !== Join.prove || !sameBoard(addresseeOf(prove), mac)) return false;
		const device = makerOf(prove);
		const slot = vault.find(device);
		if (slot < 0 || (via === "" && !sameBoard(device, from)) || this.#hub?.isAccepting(device)) return false;
		if (!vault.checkProof(slot, PROOF_LABEL[Join.prove], prove, PROOF_AT[Join.prove], prove, PROOF_AT[Join.prove])) return true;
		const frame = confirmFrame(this.#options, slot, device, prove);
		void this.send(via || device, via === "" ? frame : passFrame(mac, via, device, frame, frame.length));
		return true;
	}

	private send(mac: string, bytes: Uint8Array): Promise<boolean> {
		return this.#options.radio.sendRaw(mac, bytes);
	}

	/** At most 32 bytes, of whole characters. */
	private nameBytes(): Uint8Array {
		const bytes = new Uint8Array(LONGEST_NAME);
		const length = this.#options.text.encode(this.#options.name(), bytes);
		return bytes.subarray(0, Math.max(0, length));
	}

	/** What is remembered of a joining whose end is open. Flash that fails takes nothing but the way on after a restart. */
	private keepPending(text: string): void {
		const { records, trace } = this.#options;
		try {
			if (text !== "") records.write(PENDING, text);
			else if (records.read(PENDING) !== undefined) records.erase(PENDING);
		} catch (error) {
			trace(`joining not remembered: ${error}`);
		}
	}

	private endAdding(): void {
		this.#joined = this.#hub?.joined ?? [];
		this.#hub = null;
	}

	/** @param at when there is something to do, in clock ms */
	private wake(at: number): void {
		if (at >= this.#timerAt || at === Number.POSITIVE_INFINITY) return;
		const { timers, clock } = this.#options;
		timers.clear(this.#timer);
		this.#timerAt = at;
		this.#timer = timers.set(() => this.tick(), Math.max(1, Math.ceil(at - clock.now())));
	}

	private tick(): void {
		this.#timer = null;
		this.#timerAt = Number.POSITIVE_INFINITY;
		const now = this.#options.clock.now();
		let next = Number.POSITIVE_INFINITY;
		if (this.#hub) {
			if (this.#hub.isOver(now)) this.endAdding();
			else next = this.#hub.tick(now);
		} else if (this.#device) next = this.#device.tick(now);
		this.wake(next);
	}
}

const NOBODY: readonly object[] = Object.freeze([]);

Object.freeze(Joining.prototype.devices.prototype);
Object.freeze(Joining.prototype.joined.prototype);
