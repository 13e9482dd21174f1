import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { decodeDatagram, encodeDatagrams, type In, type Out } from "./air-datagrams";
import { accessPointMac } from "./mac";
import type { AirRadio } from "./medium";
import type { BoardEvent, EffectOf, RadioState } from "./protocol";
import type { RealTime } from "./realtime";
import type { Client } from "./router";
import type { World } from "./world";

const HOST = "127.0.0.1";
/** A board that says nothing for so long is gone, in ms; it speaks every second. */
const SILENT_MS = 5000;
/** What happens within this time goes into one datagram: the SDK's desktop socket takes one every 20 ms. In ms. */
const GATHER_MS = 5;
const OFF: RadioState = { on: false, channel: 0, home: 0, mode: 0, sta: false, ap: false, sleepy: false };

/** A board whose program runs elsewhere and reaches the air through datagrams. */
class Visitor {
	readonly mac: string;
	readonly from: RemoteInfo;
	readonly radio: AirRadio;
	readonly client: Client;
	state = OFF;
	heardMs = performance.now();
	readonly #send: (datagram: Buffer, to: RemoteInfo) => void;
	#waiting: Out[] = [];
	#timer: NodeJS.Timeout | undefined;

	constructor(mac: string, from: RemoteInfo, send: (datagram: Buffer, to: RemoteInfo) => void) {
		this.mac = mac;
		this.from = from;
		this.#send = send;
		this.radio = {
			key: mac,
			channel: () => (this.state.on ? this.state.channel : 0),
			hasAddress: (address) => (this.state.sta && address === mac) || (this.state.ap && address === accessPointMac(mac)),
			sleepy: () => this.state.sleepy,
			receive: ({ from: sender, to, rssi, payload }) => this.post({ type: "rx", from: sender, to, rssi, hex: payload.toString("hex") }),
		};
		this.client = { mac, channel: this.radio.channel, post: (event) => this.post(event) };
	}

	post(event: BoardEvent | { type: "here" }): void {
		this.#waiting.push(event);
		this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
	}

	close(): void {
		clearTimeout(this.#timer);
	}

	#flush(): void {
		this.#timer = undefined;
		for (const datagram of encodeDatagrams(this.#waiting.splice(0))) this.#send(datagram, this.from);
	}
}

/** Lets boards that run elsewhere, such as in the SDK's simulator, onto the air and the router of a desk: AIR.md. */
export class AirPort {
	#world: World;
	#time: RealTime;
	#report: (line: string) => void;
	#socket: Socket;
	#visitors = new Map<string, Visitor>();
	#sweep: NodeJS.Timeout;
	#complained = new Set<string>();

	private constructor(options: { world: World; time: RealTime; report: (line: string) => void; socket: Socket }) {
		this.#world = options.world;
		this.#time = options.time;
		this.#report = options.report;
		this.#socket = options.socket;
		this.#socket.on("message", (bytes, from) => this.#take(bytes, from));
		this.#socket.on("error", (error) => this.#complain(error.message));
		this.#sweep = setInterval(() => this.#forgetSilent(), 1000).unref();
	}

	/** @throws Error with a sentence when the port is taken */
	static async open(options: { world: World; time: RealTime; port: number; report: (line: string) => void }): Promise<AirPort> {
		const socket = createSocket("udp4");
		await new Promise<void>((done, fail) => {
			socket.once("error", (error) => fail(new Error(`Port ${options.port} of the air cannot be used (${error.message}).`)));
			socket.bind(options.port, HOST, done);
		});
		socket.removeAllListeners("error");
		return new AirPort({ ...options, socket });
	}

	/** MACs of the boards that are on the air through this port. */
	get visitors(): string[] {
		return [...this.#visitors.keys()];
	}

	close(): void {
		clearInterval(this.#sweep);
		for (const visitor of this.#visitors.values()) visitor.close();
		this.#visitors.clear();
		this.#socket.close();
	}

	#take(bytes: Buffer, from: RemoteInfo): void {
		const datagram = decodeDatagram(bytes);
		if ("wrong" in datagram) {
			this.#complain(datagram.wrong);
			this.#refuse(from, datagram.wrong);
			return;
		}
		this.#time.touch(() => {
			for (const message of datagram.messages) this.#message(datagram.mac, from, message);
		});
	}

	#message(mac: string, from: RemoteInfo, message: In): void {
		const visitor = this.#visitor(mac, from, message);
		if (!visitor) return;
		const { air, routers, log } = this.#world;
		const { radio, client } = visitor;
		visitor.heardMs = performance.now();
		switch (message.do) {
			case "radio":
				this.#retune(visitor, message);
				visitor.post({ type: "here" });
				break;
			case "tx":
				air.send(radio, {
					from: message.from,
					to: message.to,
					payload: Buffer.from(message.hex, "hex"),
					done: (outcome) => visitor.post({ type: "tx-done", id: message.id, acked: outcome !== "lost" }),
				});
				break;
			case "probe":
				routers.probe(client, message);
				break;
			case "join":
				routers.join(client, message);
				break;
			case "dhcp":
				routers.dhcp(client, message);
				break;
			case "leave":
				routers.leave(client);
				break;
			case "bye":
				this.#remove(visitor, "said goodbye");
				break;
			case "log": {
				const { do: _, event, ...fields } = message;
				log.add(mac, event, fields);
				break;
			}
		}
	}

	/** The board that speaks; one that is new begins with the state of its radio, and so does a program that was started again. */
	#visitor(mac: string, from: RemoteInfo, message: In): Visitor | undefined {
		const known = this.#visitors.get(mac);
		if (known && known.from.port === from.port) return known;
		if (message.do !== "radio") return undefined;
		if (this.#isTaken(mac)) {
			this.#complain(`a board from elsewhere calls itself ${mac}, which is one of the desk's own`);
			this.#refuse(from, `${mac} is on this desk already`);
			return undefined;
		}
		if (known) this.#remove(known, "started again");
		const visitor = new Visitor(mac, from, (datagram, to) => this.#socket.send(datagram, to.port, to.address));
		this.#visitors.set(mac, visitor);
		this.#world.air.add(visitor.radio);
		this.#world.log.add(mac, "visitor", { port: from.port });
		this.#report(`A board from elsewhere is on the air: ${mac}.`);
		return visitor;
	}

	/** A visitor's two addresses are not to be anybody else's. */
	#isTaken(mac: string): boolean {
		const both = [mac, accessPointMac(mac)];
		const others = [...this.#world.boards.map((board) => board.mac), ...[...this.#visitors.keys()].filter((other) => other !== mac)];
		return others.some((other) => both.includes(other) || both.includes(accessPointMac(other)));
	}

	/** The state is said again every second; only a change of it is a retuning, which loses what is on the air at that moment. */
	#retune(visitor: Visitor, { do: _, ...state }: EffectOf<"radio">): void {
		const before = visitor.radio.channel();
		visitor.state = state;
		if (visitor.radio.channel() !== before) this.#world.air.retuned(visitor.radio);
	}

	#remove(visitor: Visitor, why: string): void {
		if (this.#visitors.get(visitor.mac) === visitor) this.#visitors.delete(visitor.mac);
		visitor.close();
		this.#world.air.remove(visitor.radio);
		this.#world.routers.leave(visitor.client);
		this.#world.log.add(visitor.mac, "visitor-left", { why });
		this.#report(`The board ${visitor.mac} from elsewhere has left: ${why}.`);
	}

	#forgetSilent(): void {
		const before = performance.now() - SILENT_MS;
		for (const visitor of [...this.#visitors.values()])
			if (visitor.heardMs < before) this.#time.touch(() => this.#remove(visitor, "silent"));
	}

	#refuse(to: RemoteInfo, why: string): void {
		for (const datagram of encodeDatagrams([{ type: "refused", why }])) this.#socket.send(datagram, to.port, to.address);
	}

	#complain(line: string): void {
		if (this.#complained.has(line) || this.#complained.size >= 100) return;
		this.#complained.add(line);
		this.#report(`Air: ${line}.`);
	}
}
