import { accessPointMac } from "../world/mac";
import type { BoardEvent } from "../world/protocol";
import { storedConfiguration } from "../world/provision";
import type { Line, TimedEvent } from "./line";

/** Bytes that MicroPython's ESP-NOW buffer holds: two of the longest frames with their heads. */
const BUFFER_BYTES = 526;
/** Magic, length, rssi, time, sender. */
const HEAD_BYTES = 13;
/** MicroPython gives up waiting for a send status after this. */
const STATUS_MS = 2_000;

const STA = 0;
/** How long a scan stays on a channel. */
const DWELL_US = 10_000;
const CHANNELS = 13;
const LEASE_US = 1_000_000;

interface Frame {
	readonly from: string;
	readonly rssi: number;
	readonly hex: string;
}

/**
 * The chip under the Python: two interfaces on one radio, a receive buffer, time. All the waiting of the board ends here, in `#wait()`: the
 * present event is answered, and events are taken until it is over. What comes in meanwhile is kept, as the driver's task does on the chip.
 */
export class Chip {
	readonly #line: Line;
	readonly #mac: string;
	readonly #settings: Readonly<Record<string, string>>;
	readonly #frames: Frame[] = [];
	readonly #requests: string[] = [];
	readonly #inputs = new Map<number, string>();
	readonly #notes: Record<string, unknown> = {};
	readonly #handled: Record<string, number> = {};
	readonly #pings = { sent: 0, answered: 0 };
	#buffered = 0;
	#dropped = 0;
	#sta = false;
	#ap = false;
	#channel = 1;
	#espnow = false;
	#credentials = { ssid: "", password: "" };
	#beacon: (BoardEvent & { type: "beacon" }) | undefined;
	#joined: boolean | undefined;
	#address = "";
	#frameId = 0;
	#status: { id: number; acked: boolean } | undefined;
	#kickedUs = 0;
	readonly #bootUs: number;

	constructor(line: Line, boot: TimedEvent & { type: "boot" }) {
		this.#line = line;
		this.#mac = boot.mac;
		this.#bootUs = boot.t;
		const { configuration } = storedConfiguration(boot.nvs);
		const { name, role, hub, channel, router, pins } = configuration;
		this.#settings = {
			name,
			role,
			hub,
			channel: String(channel),
			ssid: router.ssid,
			password: router.password,
			relay: pins.relay ? "fitted" : "",
		};
	}

	/** Waits until `dueMs` (of this board's time), or until a request from the house has come. */
	waitFor(dueMs: number): void {
		const dueUs = this.#us(dueMs);
		this.#wait(dueUs, () => this.#requests.length > 0);
	}

	/** What the Python stand-ins use. Only numbers, texts and truth values cross; times are ms since the start. */
	readonly face = {
		now: () => this.#nowMs(),
		wait: (dueMs: number) => {
			this.#wait(this.#us(dueMs), () => false);
		},
		setting: (key: string) => this.#settings[key] ?? "",
		note: (key: string, value: string) => {
			this.#notes[key] = value;
		},
		handled: (message: string) => {
			const word = message.split(":")[0] ?? "";
			this.#handled[word] = (this.#handled[word] ?? 0) + 1;
		},
		pinged: (answered: boolean) => {
			this.#pings.sent++;
			if (answered) this.#pings.answered++;
		},
		kick: () => {
			this.#kickedUs = this.#line.nowUs;
		},
		restart: () => {
			this.#line.effect({ do: "restart", reason: "software" });
			this.#line.reply(null);
			process.exit(0);
		},
		mac: (which: number) => (which === STA ? this.#mac : accessPointMac(this.#mac)),
		interface: (which: number, on: boolean) => {
			if (which === STA) this.#sta = on;
			else this.#ap = on;
			this.#tellRadio();
		},
		isUp: (which: number) => (which === STA ? this.#sta : this.#ap),
		channel: () => this.#channel,
		setChannel: (channel: number) => {
			// A joined station's channel is its router's; an access point follows.
			if (this.#address === "" && channel !== this.#channel) {
				this.#channel = channel;
				this.#tellRadio();
			}
		},
		/** Blocks until there is an address: the original does nothing else meanwhile. */
		join: (ssid: string, password: string) => {
			this.#credentials = { ssid, password };
			while (this.#address === "") this.#scan();
		},
		leave: () => {
			this.#address = "";
			this.#line.effect({ do: "leave" });
		},
		address: () => this.#address,
		espnow: (on: boolean) => {
			this.#espnow = on;
			this.#line.effect({ do: "log", event: on ? "espnow-up" : "espnow-down" });
		},
		send: (to: string, hex: string) => this.#send(to, hex),
		any: () => this.#frames.length > 0,
		take: () => {
			const frame = this.#frames.shift();
			if (!frame) throw new Error("no frame waits");
			this.#buffered -= bytesOf(frame);
			return `${frame.from} ${frame.rssi} ${frame.hex}`;
		},
		request: () => this.#requests.shift() ?? "",
		respond: (conn: number, text: string) => {
			const body = Buffer.from(text);
			const head = `HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n`;
			this.#line.effect({ do: "tcp-data", conn, hex: Buffer.concat([Buffer.from(head), body]).toString("hex") });
			this.#line.effect({ do: "tcp-close", conn });
		},
	};

	#nowMs(): number {
		return (this.#line.nowUs - this.#bootUs) / 1000;
	}

	#us(ms: number): number {
		return this.#bootUs + Math.round(ms * 1000);
	}

	#send(to: string, hex: string): boolean {
		const id = ++this.#frameId;
		this.#line.effect({ do: "tx", id, to, from: this.#mac, hex });
		this.#wait(this.#line.nowUs + STATUS_MS * 1000, () => this.#status?.id === id);
		return this.#status?.id === id && this.#status.acked;
	}

	#wait(dueUs: number, over: () => boolean): void {
		while (!over() && this.#line.nowUs < dueUs) {
			const event = this.#line.next(dueUs === Infinity ? null : dueUs);
			// The world has ended. Not by an exception: Python would catch it.
			if (!event) process.exit(0);
			this.#event(event);
		}
	}

	#event(event: BoardEvent): void {
		switch (event.type) {
			case "rx":
				this.#receive(event);
				break;
			case "tx-done":
				this.#status = { id: event.id, acked: event.acked };
				break;
			case "beacon":
				this.#beacon = event;
				break;
			case "join-result":
				this.#joined = event.ok;
				if (event.ok) this.#line.effect({ do: "dhcp" });
				break;
			case "dhcp":
				this.#address = event.ip;
				break;
			case "csa":
				this.#channel = event.channel;
				this.#tellRadio();
				break;
			case "tcp-open":
				this.#line.effect({ do: "tcp-accept", conn: event.conn });
				this.#inputs.set(event.conn, "");
				break;
			case "tcp-data":
				this.#http(event.conn, event.hex);
				break;
			case "tcp-close":
			case "tcp-reset":
				this.#inputs.delete(event.conn);
				break;
			case "snapshot":
				this.#line.effect({ do: "snapshot", json: JSON.stringify(this.#snapshot()) });
				break;
		}
	}

	#receive({ from, rssi, hex }: BoardEvent & { type: "rx" }): void {
		const frame = { from, rssi, hex };
		if (!this.#espnow) return;
		if (this.#buffered + bytesOf(frame) > BUFFER_BYTES) {
			this.#dropped++;
			return;
		}
		this.#frames.push(frame);
		this.#buffered += bytesOf(frame);
	}

	/** One request, as the original's server reads it: the second word of the first line. */
	#http(conn: number, hex: string): void {
		const text = (this.#inputs.get(conn) ?? "") + Buffer.from(hex, "hex").toString("utf8");
		this.#inputs.set(conn, text);
		if (!text.includes("\r\n\r\n")) return;
		this.#inputs.delete(conn);
		const query = new URLSearchParams((text.split(" ")[1] ?? "").split("?")[1] ?? "");
		this.#requests.push(`${conn} ${query.get("mac") ?? this.#mac} ${query.get("msg") ?? "uptime"}`);
	}

	/** From channel to channel until the router answers, then joins there. */
	#scan(): void {
		const { ssid, password } = this.#credentials;
		for (let channel = 1; channel <= CHANNELS; channel++) {
			this.#channel = channel;
			this.#forgetBeacon();
			this.#tellRadio();
			this.#line.effect({ do: "probe", channel, ssid });
			this.#wait(this.#line.nowUs + DWELL_US, () => this.#beacon !== undefined);
			const beacon = this.#beacon;
			if (!beacon) continue;
			this.#joined = undefined;
			this.#line.effect({ do: "join", ssid, password, bssid: beacon.bssid, channel });
			this.#wait(Infinity, () => this.#joined !== undefined);
			if (this.#joined) this.#wait(this.#line.nowUs + LEASE_US, () => this.#address !== "");
			return;
		}
	}

	#forgetBeacon(): void {
		this.#beacon = undefined;
	}

	#tellRadio(): void {
		const on = this.#sta || this.#ap;
		const channel = on ? this.#channel : 0;
		const mode = (this.#sta ? 1 : 0) + (this.#ap ? 2 : 0);
		this.#line.effect({ do: "radio", on, channel, home: channel, mode, sta: this.#sta, ap: this.#ap, sleepy: false });
	}

	#snapshot(): object {
		return {
			...this.#notes,
			role: this.#settings.role,
			channel: this.#channel,
			handled: this.#handled,
			pings: this.#pings,
			framesDropped: this.#dropped,
			/** How long the receive loop has not come round, in ms. */
			loopStoodMs: (this.#line.nowUs - this.#kickedUs) / 1000,
		};
	}
}

function bytesOf({ hex }: Frame): number {
	return HEAD_BYTES + hex.length / 2;
}
