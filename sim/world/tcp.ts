import type { Alarm, Clock } from "./clock";
import type { BoardEvent, Effect } from "./protocol";

/** One way, in µs. */
const LATENCY_US = 2_000;
/** Longest segment that a 1500-byte packet carries with lwIP's settings on the chip. */
const SEGMENT_BYTES = 1436;
/** While the path is broken packets are repeated this often, for so long. */
const REPEAT_US = 200_000;
const GIVE_UP_US = 30_000_000;
/** A SYN that nobody answered is sent again after this time, then after twice as long each time (RFC 6298, 2). */
const SYN_AGAIN_US = 1_000_000;
/** A restarted board answers the first packet of an old connection with a reset. */
const RESET_AFTER_DEATH_US = 1_000_000;

/** Why a connection ended; `closed` is the regular way. */
export type Ending = "closed" | "refused" | "reset" | "unreachable";

export interface Handlers {
	onOpen?: () => void;
	onData?: (bytes: Buffer) => void;
	onClose?: (ending: Ending) => void;
}

/** Where a connection leads. */
export interface Endpoint {
	readonly board: { readonly mac: string; post(event: BoardEvent): void };
	readonly local: string;
	readonly port: number;
	readonly remote: string;
	/** Whether packets get through at this moment. */
	up(): boolean;
}

/** Things that arrive in order, each after the latency, or later when the path is broken. */
class Lane {
	#clock: Clock;
	#up: () => boolean;
	#fail: () => void;
	#queue: { dueUs: number; arrive: () => void }[] = [];
	#alarm: Alarm | undefined;

	constructor(clock: Clock, up: () => boolean, fail: () => void) {
		this.#clock = clock;
		this.#up = up;
		this.#fail = fail;
	}

	send(arrive: () => void): void {
		const dueUs = this.#clock.nowUs + LATENCY_US;
		this.#queue.push({ dueUs, arrive });
		this.#alarm ??= this.#clock.at(dueUs, () => this.#pass());
	}

	drop(): void {
		this.#queue = [];
		this.#alarm?.cancel();
		this.#alarm = undefined;
	}

	#pass(): void {
		this.#alarm = undefined;
		const first = this.#queue[0];
		if (!first) return;
		const { nowUs } = this.#clock;
		if (!this.#up()) {
			if (nowUs - first.dueUs > GIVE_UP_US) this.#fail();
			else this.#alarm = this.#clock.at(nowUs + REPEAT_US, () => this.#pass());
			return;
		}
		this.#queue.shift();
		const second = this.#queue[0];
		if (second) this.#alarm = this.#clock.at(second.dueUs, () => this.#pass());
		first.arrive();
	}
}

/** A client's end of a connection to a board. */
export class TcpConnection {
	readonly id: number;
	#net: TcpNet;
	#clock: Clock;
	#handlers: Handlers;
	#endpoint: Endpoint | undefined;
	#toBoard: Lane | undefined;
	#fromBoard: Lane | undefined;
	#state: "waiting" | "opening" | "open" | "closed" = "waiting";
	#unsent: Buffer[] = [];
	#finished = false;
	#paused = false;
	/** Arrived while paused, not acknowledged. */
	#held: Buffer[] = [];
	#farClosed = false;
	#patience: Alarm | undefined;
	#syn: Alarm | undefined;

	constructor(net: TcpNet, clock: Clock, id: number, handlers: Handlers) {
		this.#net = net;
		this.#clock = clock;
		this.id = id;
		this.#handlers = handlers;
	}

	get boardMac(): string | undefined {
		return this.#endpoint?.board.mac;
	}

	get open(): boolean {
		return this.#state !== "closed";
	}

	/** Sets out for the board; data given before goes out once the board has accepted. */
	connect(endpoint: Endpoint): void {
		if (this.#state !== "waiting") return;
		this.#state = "opening";
		this.#endpoint = endpoint;
		const fail = () => this.finish("unreachable");
		this.#toBoard = new Lane(this.#clock, endpoint.up, fail);
		this.#fromBoard = new Lane(this.#clock, endpoint.up, fail);
		this.#patience = this.#clock.after(GIVE_UP_US, fail);
		this.#knock(SYN_AGAIN_US);
	}

	#knock(againUs: number): void {
		const endpoint = this.#endpoint;
		if (!endpoint || this.#state !== "opening") return;
		const { local, port, remote } = endpoint;
		this.#tell({ type: "tcp-open", conn: this.id, local, port, remote });
		this.#syn = this.#clock.after(againUs, () => this.#knock(againUs * 2));
	}

	send(data: Buffer | string): void {
		const bytes = typeof data === "string" ? Buffer.from(data, "utf8") : data;
		if (this.#state === "closed" || this.#finished) return;
		if (this.#state !== "open") {
			this.#unsent.push(bytes);
			return;
		}
		for (let at = 0; at < bytes.length; at += SEGMENT_BYTES)
			this.#tell({ type: "tcp-data", conn: this.id, hex: bytes.toString("hex", at, Math.min(bytes.length, at + SEGMENT_BYTES)) });
	}

	/** Nothing more to send (FIN); what the board sends still arrives. */
	end(): void {
		if (this.#finished || this.#state === "closed") return;
		this.#finished = true;
		if (this.#state === "open") this.#tell({ type: "tcp-close", conn: this.id });
	}

	/** Ends the connection at once (RST); no handler is called any more. */
	close(): void {
		if (this.#state === "closed") return;
		const endpoint = this.#endpoint;
		this.#handlers = {};
		this.#toBoard?.drop();
		if (endpoint)
			this.#clock.after(LATENCY_US, () => {
				if (endpoint.up()) endpoint.board.post({ type: "tcp-reset", conn: this.id });
			});
		this.finish("closed");
	}

	/** Stops reading: nothing more is taken or acknowledged, as with a full receive window. */
	pause(): void {
		this.#paused = true;
	}

	resume(): void {
		this.#paused = false;
		const held = this.#held;
		this.#held = [];
		for (const bytes of held) this.#take(bytes);
		if (this.#farClosed) this.finish("closed");
	}

	/** What the board did with this connection. */
	effect(effect: Effect): void {
		const arrive = (action: () => void) => this.#fromBoard?.send(action);
		switch (effect.do) {
			case "tcp-accept":
				arrive(() => this.#accepted());
				break;
			case "tcp-refuse":
				arrive(() => this.finish("refused"));
				break;
			case "tcp-data": {
				const bytes = Buffer.from(effect.hex, "hex");
				arrive(() => this.#take(bytes));
				break;
			}
			case "tcp-close":
				arrive(() => {
					this.#farClosed = true;
					if (!this.#paused) this.finish("closed");
				});
				break;
			case "tcp-abort":
				arrive(() => this.finish("reset"));
				break;
		}
	}

	/** The board has stopped without a word. */
	boardDied(): void {
		this.#toBoard?.drop();
		this.#fromBoard?.drop();
		this.#toBoard = undefined;
		this.#fromBoard = undefined;
		this.#clock.after(RESET_AFTER_DEATH_US, () => this.finish("reset"));
	}

	/** Ends this side and tells its owner why. */
	finish(ending: Ending): void {
		if (this.#state === "closed") return;
		this.#state = "closed";
		this.#patience?.cancel();
		this.#syn?.cancel();
		// After a regular end the last acknowledgements are still on their way.
		if (ending !== "closed") this.#toBoard?.drop();
		this.#fromBoard?.drop();
		this.#net.forget(this);
		this.#handlers.onClose?.(ending);
	}

	#accepted(): void {
		if (this.#state !== "opening") return;
		this.#state = "open";
		this.#patience?.cancel();
		this.#syn?.cancel();
		this.#handlers.onOpen?.();
		const unsent = this.#unsent;
		this.#unsent = [];
		const finished = this.#finished;
		this.#finished = false;
		for (const bytes of unsent) this.send(bytes);
		if (finished) this.end();
	}

	#take(bytes: Buffer): void {
		if (this.#paused) {
			this.#held.push(bytes);
			return;
		}
		this.#tell({ type: "tcp-acked", conn: this.id, bytes: bytes.length });
		this.#handlers.onData?.(bytes);
	}

	#tell(event: BoardEvent): void {
		const { board } = this.#endpoint ?? {};
		this.#toBoard?.send(() => board?.post(event));
	}
}

/** All connections to boards. */
export class TcpNet {
	#clock: Clock;
	#connections = new Map<number, TcpConnection>();
	#next = 1;
	#onEnd: (connection: TcpConnection) => void;

	constructor(clock: Clock, onEnd: (connection: TcpConnection) => void = () => {}) {
		this.#clock = clock;
		this.#onEnd = onEnd;
	}

	/** A connection that goes nowhere yet: `connect()` it. */
	create(handlers: Handlers): TcpConnection {
		const connection = new TcpConnection(this, this.#clock, this.#next++, handlers);
		this.#connections.set(connection.id, connection);
		return connection;
	}

	effect(effect: Effect & { readonly conn: number }): void {
		this.#connections.get(effect.conn)?.effect(effect);
	}

	boardDied(mac: string): void {
		for (const connection of [...this.#connections.values()]) if (connection.boardMac === mac) connection.boardDied();
	}

	forget(connection: TcpConnection): void {
		if (this.#connections.delete(connection.id)) this.#onEnd(connection);
	}
}
