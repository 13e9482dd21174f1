import { readFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { ConfigStore } from "config/store";
import { FakeRecords } from "../unit/config-fakes";
import "../unit/web-fakes";
import type { AskOutcome, Wire } from "web/types";
import { Web } from "web/web";

/** A TCP connection as the SDK's socket shows it. */
class NodeWire implements Wire {
	callback?: (message: number, value?: number) => void;
	#chunks = Buffer.alloc(0);
	readonly #socket: Socket;

	constructor(socket: Socket) {
		this.#socket = socket;
		socket.on("data", (data) => {
			this.#chunks = Buffer.concat([this.#chunks, data]);
			this.callback?.(2, this.#chunks.length);
		});
		socket.on("end", () => this.callback?.(-1));
		socket.on("error", () => this.callback?.(-2));
	}

	read(): number;
	read(type: ArrayBufferConstructor): ArrayBuffer;
	read(type: null): number;
	read(...args: [] | [ArrayBufferConstructor | null]): number | ArrayBuffer {
		const bytes = this.#chunks;
		if (args.length === 0) return bytes.length;
		this.#chunks = Buffer.alloc(0);
		return args[0] === null ? bytes.length : new Uint8Array(bytes).buffer;
	}

	write(): number;
	write(bytes: Uint8Array): void;
	write(bytes?: Uint8Array): number | undefined {
		if (!bytes) return 5744 - this.#socket.writableLength;
		this.#socket.write(Buffer.from(bytes), () => this.callback?.(3, 5744 - this.#socket.writableLength));
		return undefined;
	}

	close(): void {
		this.#socket.end();
	}

	get(_name: "REMOTE_IP"): string {
		return "192.168.9.2";
	}
}

/** The web part with the real pages and the real configuration behind real ports, on Node; its radio is in the test's hands. */
export class BoardServer {
	readonly store = new ConfigStore({ records: new FakeRecords() });
	status: Record<string, unknown> = {};
	startedMs = performance.now();
	ask: (mac: string, text: string) => Promise<AskOutcome> = async () => ({ ok: false, reason: "no result", ms: 60 });
	/** How far the board's clock is ahead: pauses are over sooner. */
	aheadMs = 0;
	restarts = 0;
	joinView: object = { role: "hub", state: "idle", secondsLeft: 0, code: "K7QF-2M9D-XA3T", trouble: "" };
	joinFound: object[] = [];
	joinJoined: object[] = [];
	joinDevices: object[] = [];
	readonly joinOrders: unknown[][] = [];
	setupUrl = "";
	lanUrl = "";
	readonly #servers: Server[] = [];
	readonly #web: Web;

	private joinOrder(...order: unknown[]): string {
		this.joinOrders.push(order);
		return "";
	}

	constructor() {
		this.store.load();
		const timers = { set: (callback: () => void, ms: number) => setInterval(callback, ms), clear: clearInterval };
		this.#web = new Web({
			listen: (_address, accept) => {
				const server = createServer({ allowHalfOpen: true }, (socket) => accept(new NodeWire(socket)));
				server.listen(0, "127.0.0.1");
				this.#servers.push(server);
				return { close: () => server.close() };
			},
			page: (name) => readFileSync(`web/pages/${name}`),
			timers: timers as unknown as ConstructorParameters<typeof Web>[0]["timers"],
			clock: { now: () => performance.now() + this.aheadMs },
			mac: "a0b1c2d3e4f0",
			line: () => this.line(),
			selfTest: () => Promise.resolve({ ok: true }),
			snapshot: () => [
				{
					mac: "a0b1c2d3e4f0",
					...this.line(),
					version: "0.1.0",
					channel: 6,
					hub: "",
					address: "",
					ap: { state: "open", ssid: "RBR-Now-a0b1c2d3e4f0", secondsLeft: 90 },
					router: { ssid: this.store.configuration.router.ssid, joined: false, reason: "", tries: 0 },
					peers: [],
					relay: null,
					lastError: "",
					...this.status,
				},
			],
			store: this.store,
			handler: { handle: (text) => `Unknown message: ${text}`, isCommand: () => false, isHarmless: () => true },
			joining: {
				view: () => this.joinView,
				found: () => this.joinFound,
				joined: () => this.joinJoined,
				devices: () => this.joinDevices,
				add: () => this.joinOrder("add"),
				accept: (...args) => this.joinOrder("accept", ...args),
				cancel: () => this.joinOrder("cancel"),
				letGo: () => this.joinOrder("letGo"),
				remove: async (...args) => this.joinOrder("remove", ...args),
				rename: (...args) => this.joinOrder("rename", ...args),
			},
			backup: { view: () => ({ state: "idle" }), save: () => "", restore: () => "", line: () => undefined, take: () => "", end: () => {} },
			memory: { web: 0, takesWeb: () => true },
			housePassword: () => this.store.configuration.house.password,
			comms: { ask: (mac, text) => this.ask(mac, text) },
			setup: { isSetupOpen: true, setupNetwork: "192.168.9", setupUsed: () => {} },
			restarter: {
				request: () => {
					this.restarts += 1;
					this.startedMs = performance.now();
				},
				replySent: () => {},
			},
			trace: (line) => console.log(line),
		});
	}

	line() {
		const { name, role } = this.store.configuration;
		return { name, role, uptimeS: (performance.now() - this.startedMs) / 1000 };
	}

	async open(): Promise<void> {
		this.#web.openSetup("192.168.9.1");
		this.#web.openLan("10.0.0.7");
		const urls = await Promise.all(this.#servers.map(portOf));
		[this.setupUrl = "", this.lanUrl = ""] = urls;
	}

	close(): void {
		this.#web.closeSetup();
		this.#web.closeLan();
	}

	snapshot() {
		return this.#web.snapshot();
	}
}

async function portOf(server: Server): Promise<string> {
	if (!server.listening) await new Promise((resolve) => server.once("listening", resolve));
	const address = server.address();
	return typeof address === "object" ? `http://127.0.0.1:${address?.port}/` : "";
}
