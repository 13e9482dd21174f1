import { createServer, type Server, type Socket } from "node:net";
import type { Board } from "./board";
import type { RealTime } from "./realtime";
import type { Side, World } from "./world";

/** A client that does not close after the board did is closed after this time, in ms. */
const PARTING_MS = 1000;

/** One side of one board as a real TCP port. It listens only while the board could be reached, so that it really refuses otherwise. */
export class BoardPort {
	readonly port: number;
	#host: string;
	#world: World;
	#time: RealTime;
	#board: Board;
	#side: Side;
	#server: Server | undefined;
	#sockets = new Set<Socket>();
	#report: (line: string) => void;

	constructor(options: {
		world: World;
		time: RealTime;
		board: Board;
		side: Side;
		host: string;
		port: number;
		report: (line: string) => void;
	}) {
		this.#world = options.world;
		this.#time = options.time;
		this.#board = options.board;
		this.#side = options.side;
		this.port = options.port;
		this.#host = options.host;
		this.#report = options.report;
	}

	/** Opens or closes the port as the board's state wants it. */
	update(): void {
		const wanted = this.#world.reachable(this.#board, this.#side);
		if (wanted && !this.#server) this.#listen();
		else if (!wanted && this.#server) {
			this.#server.close();
			this.#server = undefined;
		}
	}

	/** Whether connections are taken at this moment. */
	get listening(): boolean {
		return this.#server?.listening ?? false;
	}

	close(): void {
		this.#server?.close();
		this.#server = undefined;
		for (const socket of this.#sockets) socket.destroy();
	}

	#listen(): void {
		// Half-open: a client may have said all it has to say and still want the answer.
		const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#connect(socket));
		server.on("error", (error) => {
			if (this.#server !== server) return;
			this.#report(`${this.#board.name}: port ${this.port}: ${error.message}`);
			// Tried again when the state is looked at next, which is not at once.
			setTimeout(() => {
				if (this.#server === server) this.#server = undefined;
			}, PARTING_MS).unref();
		});
		server.listen(this.port, this.#host);
		this.#server = server;
	}

	#connect(socket: Socket): void {
		const time = this.#time;
		this.#sockets.add(socket);
		socket.on("error", () => {});
		const connection = time.touch(() =>
			this.#world.connect(this.#board, this.#side, {
				onData: (bytes) => {
					if (!socket.write(bytes)) connection.pause();
				},
				onClose: (ending) => {
					if (ending !== "closed") {
						socket.resetAndDestroy();
						return;
					}
					socket.end();
					setTimeout(() => socket.destroy(), PARTING_MS).unref();
				},
			}),
		);
		socket.on("data", (bytes) => time.touch(() => connection.send(bytes)));
		socket.on("drain", () => time.touch(() => connection.resume()));
		socket.on("end", () => time.touch(() => connection.end()));
		socket.on("close", () => {
			this.#sockets.delete(socket);
			time.touch(() => connection.close());
		});
	}
}

/** Finds out whether a port can be had; resolves to why not. */
export function tryPort(port: number, host: string): Promise<string | undefined> {
	return new Promise((answer) => {
		const server = createServer();
		server.on("error", (error: NodeJS.ErrnoException) =>
			answer(error.code === "EADDRINUSE" ? "is in use" : `cannot be used (${error.message})`),
		);
		server.listen(port, host, () => server.close(() => answer(undefined)));
	});
}
