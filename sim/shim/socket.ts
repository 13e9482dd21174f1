/**
 * Stand-in for the SDK's `socket`: connections that were accepted, over the board's events and effects `tcp-*`.
 * sim/board/socket.c has what lwIP and modSocket do behind it.
 */

/** 1 connected, 2 data (bytes), 3 all sent (free bytes of the send buffer), -1 closed by the peer, -2 reset. */
export type Message = 1 | 2 | 3 | -1 | -2;

export type Writable = number | string | ArrayBufferLike | ArrayBufferView | HostBuffer;

type ReadType = StringConstructor | NumberConstructor | ArrayBufferConstructor | null | undefined;
type ReadResult<T extends ReadType> = T extends StringConstructor
	? string
	: T extends NumberConstructor
		? number
		: T extends ArrayBufferConstructor
			? ArrayBuffer
			: T extends null
				? number
				: undefined;

export class Socket extends (Native("xs_sim_socket_destructor") as new () => object) {
	static readonly connected = 1;
	static readonly readable = 2;
	static readonly writable = 3;
	static readonly error = -2;
	static readonly disconnected = -1;

	declare callback?: (message: Message, value?: number) => void;

	/** Takes the next waiting connection of a listener. @throws Error when none waits, or without a listener. */
	constructor(options: { listener: Listener; noDelay?: boolean }) {
		super();
		native("xs_sim_socket").call(this, options);
	}

	/** How many bytes of the present segment are unread. */
	read(): number;
	/**
	 * Takes bytes of the present segment.
	 * @param type what to make of them; null drops them and gives their number
	 * @param limit a number of bytes, or a character up to and with which to read
	 * @throws Error "nothing to read" when all is read
	 */
	read<T extends ReadType>(type: T, limit?: number | string): ReadResult<T>;
	read(...args: unknown[]): unknown {
		return native("xs_sim_socket_read").apply(this, args);
	}

	/** Free bytes of the send buffer. */
	write(): number;
	/** @throws Error "can't write all data" when all of it together does not fit; then nothing is written. */
	write(...data: Writable[]): void;
	write(...data: Writable[]): number | undefined {
		return native("xs_sim_socket_write").apply(this, data);
	}

	/** Sends what was written, then FIN; resets the connection instead when received data was not read. */
	close(): void {
		native("xs_sim_socket_close").call(this);
	}

	/** The peer's address; undefined once the connection is gone. */
	get(name: "REMOTE_IP"): string | undefined {
		return native("xs_sim_socket_get").call(this, name);
	}
}

export class Listener extends (Native("xs_sim_listener_destructor") as new () => object) {
	/** Called for each connection that waits. */
	declare callback?: (this: Listener, message: number) => void;

	/** @param options address: dotted IPv4 of the interface to listen on, all of them when left out */
	constructor(options: { port?: number; address?: string }) {
		super();
		native("xs_sim_listener").call(this, options);
	}

	close(): void {
		native("xs_sim_listener_close").call(this);
	}
}

export default Object.freeze({ Socket, Listener });
