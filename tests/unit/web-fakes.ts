import { MemoryBudget, type MemoryLimits } from "common/memory-budget";
import type { AskOutcome, HTTPCaller, UpdateOutcome, WebOptions, Wire } from "web/types";
import { Web } from "web/web";
import { type HttpResponse, ResponseReader } from "../../sim/world/http";

// XS has these two; Node does not.
Object.assign(String, {
	fromArrayBuffer(buffer: ArrayBuffer): string {
		if (!(buffer instanceof ArrayBuffer)) throw new TypeError("argument is no ArrayBuffer instance");
		return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(buffer);
	},
});
Object.assign(ArrayBuffer, {
	fromString(text: string): ArrayBuffer {
		return new Uint8Array(new TextEncoder().encode(text)).buffer;
	},
});

/** The SDK's socket as lwIP behaves under it: bounded send buffer, one message per segment, throws where that one throws. */
export class FakeWire implements Wire {
	callback?: (message: number, value?: number) => void;
	closed = false;
	/** What the peer got, acknowledged or not. */
	sent = Buffer.alloc(0);
	remote: string | undefined = "192.168.9.2";
	/** Largest piece ever handed over at once. */
	largest = 0;
	#readable = Buffer.alloc(0);
	#unacked = 0;
	readonly #sendBuffer: number;

	constructor(sendBuffer = 5744) {
		this.#sendBuffer = sendBuffer;
	}

	read(): number;
	read(type: ArrayBufferConstructor): ArrayBuffer;
	read(type: null): number;
	read(...args: [] | [ArrayBufferConstructor | null]): number | ArrayBuffer {
		this.#mustBeOpen();
		if (args.length === 0) return this.#readable.length;
		if (this.#readable.length === 0) throw new Error("nothing to read");
		const bytes = this.#readable;
		this.#readable = Buffer.alloc(0);
		return args[0] === null ? bytes.length : new Uint8Array(bytes).buffer;
	}

	write(): number;
	write(bytes: Uint8Array): void;
	write(bytes?: Uint8Array): number | undefined {
		this.#mustBeOpen();
		if (!bytes) return this.#sendBuffer - this.#unacked;
		if (bytes.length > this.#sendBuffer - this.#unacked) throw new Error("can't write all data");
		this.largest = Math.max(this.largest, bytes.length);
		this.#unacked += bytes.length;
		this.sent = Buffer.concat([this.sent, bytes]);
		return undefined;
	}

	close(): void {
		this.#mustBeOpen();
		this.closed = true;
	}

	get(_name: "REMOTE_IP"): string | undefined {
		return this.remote;
	}

	/** The peer's bytes arrive, as one segment. */
	receive(data: string | Uint8Array): void {
		this.#readable = Buffer.concat([this.#readable, Buffer.from(data)]);
		this.#tell(2, this.#readable.length);
	}

	/** The peer acknowledges all that was written, or so many bytes of it. False when there was nothing. */
	acknowledge(bytes = this.#unacked): boolean {
		if (this.#unacked === 0 || this.closed) return false;
		this.#unacked -= Math.min(bytes, this.#unacked);
		this.#tell(3, this.#sendBuffer - this.#unacked);
		return true;
	}

	/** Acknowledges until nothing more comes. */
	drain(): void {
		while (this.acknowledge());
	}

	finish(): void {
		this.#tell(-1);
	}

	#tell(message: number, value?: number): void {
		if (!this.closed) this.callback?.(message, value);
	}

	#mustBeOpen(): void {
		if (this.closed) throw new Error("socket is closed");
	}
}

/** Takes an HTTP answer apart; undefined when there is none. @param method of its request: that to HEAD has no body */
export function parseResponse(bytes: Buffer, method = "GET"): HttpResponse | undefined {
	const reader = new ResponseReader(method);
	return reader.push(bytes) ?? reader.end();
}

/** A board's web part with everything around it in the test's hands. */
export class Desk {
	nowMs = 1000;
	readonly web: Web;
	readonly memory: MemoryBudget;
	readonly accept: Record<string, (wire: Wire) => void> = {};
	/** Addresses that were listened on, with a minus in front when closed. */
	readonly listened: string[] = [];
	readonly commands: [string, HTTPCaller][] = [];
	readonly asked: [string, string][] = [];
	/** For each of `asked`, whether it might change something. */
	readonly mayChange: boolean[] = [];
	password = "";
	/** What this board knows, and whether it changes nothing. */
	known: Record<string, boolean> = { on: true, off: true, uptime: true, reset: false, "channel=11": false };
	readonly ordered: string[] = [];
	readonly traces: string[] = [];
	readonly written: string[] = [];
	/** What was ordered of it. */
	readonly joinOrders: unknown[][] = [];
	/** What it says to the next order. */
	joinRefusal = "";
	joinFound: object[] = [];
	readonly joining: WebOptions["joining"] = {
		view: () => ({ role: "hub", state: "idle" }),
		found: () => this.joinFound,
		joined: () => [],
		devices: () => [{ mac: "a0b1c2d3e4f4", name: "Kitchen" }],
		add: () => this.#joinOrder("add"),
		accept: (...args) => this.#joinOrder("accept", ...args),
		cancel: () => {
			this.#joinOrder("cancel");
		},
		letGo: () => this.#joinOrder("letGo"),
		remove: async (...args) => this.#joinOrder("remove", ...args),
		rename: (...args) => this.#joinOrder("rename", ...args),
	};
	backupLine: string | undefined;
	readonly backup: WebOptions["backup"] = {
		view: () => ({ state: "idle" }),
		save: (...args) => this.#joinOrder("save", ...args),
		restore: (...args) => this.#joinOrder("restore", ...args),
		line: (number) => {
			this.#joinOrder("line", number);
			return this.backupLine;
		},
		take: (...args) => this.#joinOrder("take", ...args),
		end: () => {
			this.#joinOrder("end");
		},
	};
	#joinOrder(...order: unknown[]): string {
		this.joinOrders.push(order);
		return this.joinRefusal;
	}
	pages: Record<string, Uint8Array> = {
		"setup.html": Buffer.from("<!doctype html>setup"),
		"house.html": Buffer.from("<!doctype html>house"),
		"press.html": Buffer.from("<!doctype html>press"),
	};
	apOpen = true;
	listenFails = 0;
	timers = 0;
	name = "Living room";
	handle: WebOptions["handler"]["handle"] = (text) => (text === "on" ? "OK ON 12+" : `Unknown message: ${text}`);
	ask: (mac: string, text: string) => Promise<AskOutcome> = async () => ({ ok: true, reply: "OK ON 5+ -57", rssi: -57, ms: 6 });
	update: (text: string) => UpdateOutcome = () => ({ ok: true, changed: true });
	line: WebOptions["line"] = () => ({ name: this.name, role: "hub", uptimeS: 83.7 });
	snapshot: WebOptions["snapshot"] = () => [this.line(), {}, { peers: [] }];
	#tick: (() => void) | undefined;
	#soon: (() => void)[] = [];

	constructor(limits: MemoryLimits = {}) {
		this.memory = new MemoryBudget(limits);
		const timers = {
			set: (callback: () => void, _delayMs: number, repeatMs?: number) => {
				if (repeatMs === undefined) {
					this.#soon.push(callback);
					return {};
				}
				this.timers += 1;
				this.#tick = callback;
				return {};
			},
			clear: () => {
				this.timers -= 1;
				this.#tick = undefined;
			},
		};
		const isOpen = () => this.apOpen;
		const setup = {
			get isSetupOpen() {
				return isOpen();
			},
			setupNetwork: "192.168.9",
			setupUsed: () => this.ordered.push("setup request"),
		};
		this.web = new Web({
			listen: (address, accept) => {
				if (this.listenFails-- > 0) throw new Error("socket bind");
				this.listened.push(address);
				this.accept[address] = accept;
				return { close: () => this.listened.push(`-${address}`) };
			},
			page: (name) => this.pages[name] ?? new Uint8Array(0),
			timers: timers as unknown as WebOptions["timers"],
			clock: { now: () => this.nowMs },
			mac: "a0b1c2d3e4f0",
			line: () => this.line(),
			snapshot: () => this.snapshot(),
			selfTest: () => Promise.resolve({ ok: true }),
			store: {
				redacted: () => ({ name: this.name, router: { ssid: "home", password: "********" } }),
				updateText: (text) => {
					this.written.push(text);
					return this.update(text);
				},
			},
			handler: {
				isCommand: (text) => text in this.known,
				isHarmless: (text) => this.known[text.slice(text.lastIndexOf(",") + 1)] === true,
				handle: (text, caller) => {
					this.commands.push([text, caller]);
					return this.handle(text, caller);
				},
			},
			comms: {
				ask: (mac, text, { mayChange }) => {
					this.asked.push([mac, text]);
					this.mayChange.push(mayChange);
					return this.ask(mac, text);
				},
			},
			joining: this.joining,
			backup: this.backup,
			housePassword: () => this.password,
			memory: this.memory,
			setup,
			restarter: {
				request: (cause) => this.ordered.push(`restart ${cause}`),
				replySent: () => this.ordered.push("reply sent"),
			},
			trace: (line) => this.traces.push(line),
		});
		this.web.openSetup("192.168.9.1");
		this.web.openLan("10.0.0.7");
	}

	connect(address = "192.168.9.1", wire = new FakeWire(), from?: string): FakeWire {
		if (address === "10.0.0.7") wire.remote = "10.0.0.50";
		if (from !== undefined) wire.remote = from;
		this.accept[address]?.(wire);
		wire.callback?.(1);
		return wire;
	}

	/** Runs what was put off to the next turn. */
	turn(): void {
		for (const callback of this.#soon.splice(0)) callback();
	}

	/** Time passes; timers run. */
	advance(ms: number): void {
		for (const end = this.nowMs + ms; this.nowMs < end; ) {
			this.nowMs = Math.min(end, this.nowMs + 500);
			this.turn();
			this.#tick?.();
			this.turn();
		}
	}

	/** Sends one request and waits for its whole answer. */
	async request(
		line: string,
		options: { headers?: Record<string, string>; body?: string; lan?: boolean; pieces?: number; from?: string } = {},
	): Promise<HttpResponse> {
		const wire = this.connect(options.lan ? "10.0.0.7" : "192.168.9.1", new FakeWire(), options.from);
		const headers = { host: options.lan ? "10.0.0.7" : "127.0.0.1:8101", ...options.headers };
		let head = `${line} HTTP/1.1\r\n`;
		for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`;
		if (options.body !== undefined) head += `content-length: ${Buffer.byteLength(options.body)}\r\n`;
		const bytes = Buffer.from(`${head}\r\n${options.body ?? ""}`);
		const piece = options.pieces ?? bytes.length;
		for (let i = 0; i < bytes.length; i += piece) wire.receive(bytes.subarray(i, i + piece));
		await settle();
		this.turn();
		wire.drain();
		this.turn();
		const answer = parseResponse(wire.sent, line.slice(0, line.indexOf(" ")));
		wire.finish();
		if (!answer) throw new Error(`no answer to ${line}`);
		return answer;
	}

	json(line: string, body: unknown, options: { lan?: boolean; headers?: Record<string, string> } = {}): Promise<HttpResponse> {
		const headers = { "content-type": "application/json", ...options.headers };
		return this.request(line, { ...options, headers, body: typeof body === "string" ? body : JSON.stringify(body) });
	}
}

/** The header by which somebody signs in. */
export function basic(password: string, user = "me"): { authorization: string } {
	return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
}

/** Lets every promise that can settle do so. */
export async function settle(): Promise<void> {
	for (let i = 0; i < 10; i++) await Promise.resolve();
}
