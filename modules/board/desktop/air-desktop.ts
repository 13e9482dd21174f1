import UDP from "embedded:io/socket/udp";
import config from "mc/config";
import Timer from "timer";
import { decode, encode, type FromAir, type RadioState, type ToAir } from "./air-messages";

/** The desk forgets a board that says nothing for 5 s. */
const REPEAT_MS = 1000;
/** Without a word from the desk for so long a board is alone, in repetitions. */
const PATIENCE = 3;
/** What a frame costs that nobody acknowledges, in ms. */
const UNHEARD_MS = 25;

/** What the SDK's typings leave out of `embedded:io/socket/udp`. */
interface Socket {
	read(): ArrayBuffer | undefined;
	write(datagram: ArrayBuffer, address: string, port: number): void;
	close(): void;
}

/**
 * The desktop's stand-in for the antenna: a datagram socket to the air of a desk (`make start ARGS="--air 7000"`).
 * Radio and Wi-Fi driver share it, as they share the radio on a chip. Without a desk a board is alone: nothing is
 * received and nothing that it sends is acknowledged.
 */
class Air {
	/** The station's MAC. */
	readonly mac: string = String(config.boardMac);
	readonly state: RadioState = { on: false, channel: 0, home: 0, mode: 0, sta: false, ap: false, sleepy: false };
	readonly #listeners = new Set<(message: FromAir) => void>();
	#socket: Socket | undefined;
	#repeat: Timer | undefined;
	#unanswered = PATIENCE;
	#lastTrace = "";

	/** Whether a desk answers. */
	get present(): boolean {
		return this.#unanswered < PATIENCE;
	}

	/** @param listener called with every message from the desk; must not throw. @returns what ends it */
	listen(listener: (message: FromAir) => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	/** Tells the desk what the radio is at now; the first time also begins to listen. */
	tune(state: RadioState): void {
		Object.assign(this.state, state);
		this.open();
		this.send({ do: "radio", ...this.state });
	}

	/** Frames that no desk takes are not acknowledged, which is said later, as on the air. */
	send(message: ToAir): void {
		if (message.do === "tx" && !this.present) {
			Timer.set(() => this.deliver({ type: "tx-done", id: message.id, acked: false }), UNHEARD_MS);
			return;
		}
		try {
			this.#socket?.write(encode(this.mac, message), String(config.airHost), Number(config.airPort));
		} catch (error) {
			this.say(`air: ${error}`);
		}
	}

	/** Leaves the air. */
	close(): void {
		if (this.#socket) this.send({ do: "bye" });
		if (this.#repeat) Timer.clear(this.#repeat);
		this.#repeat = undefined;
		this.#socket?.close();
		this.#socket = undefined;
		this.#unanswered = PATIENCE;
	}

	private open(): void {
		if (this.#socket) return;
		this.#socket = new UDP({ onReadable: () => this.#read() }) as unknown as Socket;
		this.#repeat = Timer.repeat(() => this.tick(), REPEAT_MS);
	}

	private tick(): void {
		if (this.#unanswered < PATIENCE) this.#unanswered += 1;
		if (this.#unanswered === PATIENCE) this.say(`air: no desk at ${config.airHost}:${config.airPort}`);
		this.send({ do: "radio", ...this.state });
	}

	#read(): void {
		for (let datagram = this.#socket?.read(); datagram; datagram = this.#socket?.read()) {
			try {
				for (const message of decode(datagram)) this.take(message);
			} catch (error) {
				this.say(`air: ${error}`);
			}
		}
	}

	private take(message: FromAir): void {
		if (message.type === "refused") {
			this.say(`air: refused, ${message.why}`);
			return;
		}
		if (!this.present) this.say(`air: on the desk at ${config.airHost}:${config.airPort}`);
		this.#unanswered = 0;
		this.deliver(message);
	}

	private deliver(message: FromAir): void {
		for (const listener of [...this.#listeners]) listener(message);
	}

	private say(line: string): void {
		if (line !== this.#lastTrace) trace(`${line}\n`);
		this.#lastTrace = line;
	}
}

let shared: Air | undefined;

/** The one air of this board. Made at first use: a preloaded module cannot hold a socket. */
export function air(): Air {
	shared ??= new Air();
	return shared;
}
