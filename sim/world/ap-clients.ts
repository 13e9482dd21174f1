import type { Board } from "./board";
import type { Alarm, Clock } from "./clock";
import { clientMac } from "./mac";
import type { EffectOf } from "./protocol";
import type { Handlers, TcpConnection, TcpNet } from "./tcp";

/** Finding the network, authentication and handshake. */
const AUTH_US = 200_000;
/** A client that nobody answers gives up. */
const PATIENCE_US = 5_000_000;
/** How long a client stays after its last connection. */
export const LINGER_US = 5_000_000;

export type JoinResult = { readonly joined: true; readonly address: string } | { readonly joined: false; readonly why: string };

/** A client beside one board, joined to its setup access point or not. */
export class ApClient {
	readonly mac: string;
	readonly board: Board;
	/** Given when it joined. */
	address: string | undefined;
	/** Why it lost or did not get its place. */
	why = "";
	#clock: Clock;
	#tcp: TcpNet;
	#password = "";
	#lingerUs: number;
	#waiting: ((result: JoinResult) => void)[] = [];
	#patience: Alarm | undefined;
	#farewell: Alarm | undefined;
	#connections = new Set<TcpConnection>();

	constructor(options: { mac: string; board: Board; clock: Clock; tcp: TcpNet; lingerUs?: number }) {
		this.mac = options.mac;
		this.board = options.board;
		this.#clock = options.clock;
		this.#tcp = options.tcp;
		this.#lingerUs = options.lingerUs ?? LINGER_US;
	}

	get joined(): boolean {
		return this.address !== undefined;
	}

	/** Tries to join with a password; `done` is called once. */
	join(password: string, done: (result: JoinResult) => void): void {
		this.#farewell?.cancel();
		if (this.address !== undefined) {
			const { address } = this;
			this.#rest();
			done({ joined: true, address });
			return;
		}
		this.#waiting.push(done);
		if (this.#waiting.length > 1) return;
		this.#password = password;
		this.#patience = this.#clock.after(AUTH_US, () => {
			if (!this.board.accessPoint) {
				this.#settle({ joined: false, why: "the access point is off" });
				return;
			}
			this.#patience = this.#clock.after(PATIENCE_US, () => this.#settle({ joined: false, why: "the board does not answer" }));
			this.board.post({ type: "client-auth", client: this.mac, password: this.#password });
		});
	}

	leave(): void {
		this.#farewell?.cancel();
		if (!this.joined) return;
		this.#lose("left");
		this.board.post({ type: "client-leave", client: this.mac });
	}

	/** Opens a connection to the board, joining first if need be. */
	connect(port: number, password: string, handlers: Handlers): TcpConnection {
		const connection = this.#tcp.create(handlers);
		this.#connections.add(connection);
		this.join(password, (result) => {
			this.#farewell?.cancel();
			const local = this.board.accessPoint?.address;
			if (!result.joined || local === undefined) connection.finish("refused");
			else connection.connect({ board: this.board, local, port, remote: result.address, up: () => this.joined });
		});
		return connection;
	}

	/** To be called when a connection has ended. */
	ended(connection: TcpConnection): void {
		if (this.#connections.delete(connection)) this.#rest();
	}

	/** The board's word on joining. */
	effect(effect: EffectOf<"client">): void {
		if (effect.joined && effect.address !== undefined) {
			this.address = effect.address;
			this.#settle({ joined: true, address: effect.address });
			this.#rest();
		} else if (this.#waiting.length > 0) this.#settle({ joined: false, why: effect.why ?? "refused" });
		else this.#lose(effect.why ?? "put out");
	}

	/** The access point is gone, or has put the client out. */
	lost(why: string): void {
		if (this.#waiting.length > 0) this.#settle({ joined: false, why });
		this.#lose(why);
	}

	#lose(why: string): void {
		this.address = undefined;
		this.why = why;
		for (const connection of [...this.#connections]) connection.finish("reset");
	}

	#settle(result: JoinResult): void {
		this.#patience?.cancel();
		if (!result.joined) this.why = result.why;
		const waiting = this.#waiting;
		this.#waiting = [];
		for (const done of waiting) done(result);
	}

	#rest(): void {
		this.#farewell?.cancel();
		if (this.#connections.size === 0 && this.joined) this.#farewell = this.#clock.after(this.#lingerUs, () => this.leave());
	}
}

/** The clients of the world. Each board has one of its own, that knows the password while the access point is open. */
export class ApClients {
	#clock: Clock;
	#tcp: TcpNet;
	#clients: ApClient[] = [];
	#own = new Map<Board, ApClient>();

	constructor(clock: Clock, tcp: TcpNet) {
		this.#clock = clock;
		this.#tcp = tcp;
	}

	/** One more client beside a board. */
	add(board: Board, lingerUs?: number): ApClient {
		const options = { mac: clientMac(this.#clients.length), board, clock: this.#clock, tcp: this.#tcp };
		const client = new ApClient(lingerUs === undefined ? options : { ...options, lingerUs });
		this.#clients.push(client);
		return client;
	}

	/** Connects the board's own client; refused when the access point is not open. */
	connect(board: Board, port: number, handlers: Handlers): TcpConnection {
		const client = this.#own.get(board) ?? this.add(board);
		this.#own.set(board, client);
		const password = isOpen(board) ? (board.accessPoint?.password ?? "") : "";
		return client.connect(port, password, handlers);
	}

	joinedTo(board: Board): number {
		return this.#of(board).filter((client) => client.joined).length;
	}

	effect(board: Board, effect: EffectOf<"client"> | EffectOf<"client-kicked"> | EffectOf<"ap">): void {
		if (effect.do === "client") this.#find(board, effect.client)?.effect(effect);
		else if (effect.do === "client-kicked") this.#find(board, effect.client)?.lost("put out by the access point");
		else if (effect.state === "off") this.accessPointGone(board);
	}

	accessPointGone(board: Board): void {
		for (const client of this.#of(board)) client.lost("the access point was switched off");
	}

	ended(connection: TcpConnection): void {
		for (const client of this.#clients) client.ended(connection);
	}

	#of(board: Board): ApClient[] {
		return this.#clients.filter((client) => client.board === board);
	}

	#find(board: Board, mac: string): ApClient | undefined {
		return this.#clients.find((client) => client.board === board && client.mac === mac);
	}
}

/** Open as in the first minutes: on, and neither hidden nor under the name of a closed one. */
export function isOpen(board: Board): boolean {
	return accessPointState(board) === "open";
}

export function accessPointState(board: Board): "open" | "off" | "hidden" {
	const { accessPoint } = board;
	if (!accessPoint) return "off";
	return accessPoint.hidden || accessPoint.ssid === "-" ? "hidden" : "open";
}
