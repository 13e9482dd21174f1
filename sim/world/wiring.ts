import type { Air, FrameReport } from "./air";
import { type ApClients, accessPointState } from "./ap-clients";
import type { Board } from "./board";
import type { EventLog } from "./log";
import { accessPointMac } from "./mac";
import type { AirRadio } from "./medium";
import type { Effect, EffectOf } from "./protocol";
import type { Client } from "./router";
import type { Routers } from "./routers";
import { sealedHead } from "./sealed-frames";
import type { Opened } from "./sealed-watch";
import type { TcpNet } from "./tcp";

/** Connects boards to what is around them: what a board does is passed to the air, the router, the clients, the log. */
export class Wiring {
	#air: Air;
	#routers: Routers;
	#tcp: TcpNet;
	#clients: ApClients;
	#log: EventLog;
	#wires = new Map<Board, { readonly radio: AirRadio; readonly client: Client }>();

	constructor(options: { air: Air; routers: Routers; tcp: TcpNet; clients: ApClients; log: EventLog }) {
		this.#air = options.air;
		this.#routers = options.routers;
		this.#tcp = options.tcp;
		this.#clients = options.clients;
		this.#log = options.log;
	}

	/** Gives a board its radio and its place in the house. */
	add(board: Board): void {
		const radio: AirRadio = {
			key: board.mac,
			channel: () => (board.radio.on ? board.radio.channel : 0),
			hasAddress: (mac) => board.hasAddress(mac, accessPointMac(board.mac)),
			sleepy: () => board.radio.sleepy,
			receive: ({ from, to, rssi, payload }) => board.post({ type: "rx", from, to, rssi, hex: payload.toString("hex") }),
		};
		this.#air.add(radio);
		this.#wires.set(board, { radio, client: { mac: board.mac, channel: radio.channel, post: (event) => board.post(event) } });
	}

	/** What a board does to the world around it. */
	effect(board: Board, effect: Effect): void {
		const wires = this.#wires.get(board);
		if (!wires) return;
		const { radio, client } = wires;
		switch (effect.do) {
			case "tx":
				this.#transmit(board, radio, effect);
				break;
			case "radio":
				this.#air.retuned(radio);
				break;
			case "probe":
				this.#routers.probe(client, effect);
				break;
			case "join":
				this.#routers.join(client, effect);
				break;
			case "dhcp":
				this.#routers.dhcp(client, effect);
				break;
			case "leave":
				this.#routers.leave(client);
				break;
			case "ap":
			case "client":
			case "client-kicked":
				this.#clients.effect(board, effect);
				break;
			case "tcp-accept":
			case "tcp-refuse":
			case "tcp-data":
			case "tcp-close":
			case "tcp-abort":
				this.#tcp.effect(effect);
				break;
			case "trace":
				this.#log.add(board.mac, "trace", { line: effect.line });
				break;
			case "log": {
				const { do: _, event, ...fields } = effect;
				// The chip knows no hidden access point of that kind, only one with another name.
				const hidden = event === "ap-open" && accessPointState(board) === "hidden";
				this.#log.add(board.mac, hidden ? "ap-hidden" : event, fields);
				break;
			}
		}
	}

	/** A board has stopped, without a word to anybody. */
	down(board: Board, why: string): void {
		const wires = this.#wires.get(board);
		if (wires) {
			this.#air.silence(wires.radio);
			this.#air.retuned(wires.radio);
			this.#routers.leave(wires.client);
		}
		this.#tcp.boardDied(board.mac);
		this.#clients.accessPointGone(board);
		if (why === "power-off") this.#log.add(board.mac, why);
		else this.#log.add(board.mac, "restart", { reason: why });
	}

	#transmit(board: Board, radio: AirRadio, effect: EffectOf<"tx">): void {
		const { life } = board;
		this.#air.send(radio, {
			from: effect.from,
			to: effect.to,
			payload: Buffer.from(effect.hex, "hex"),
			done: (outcome) => {
				if (board.life === life) board.post({ type: "tx-done", id: effect.id, acked: outcome !== "lost" });
			},
		});
	}
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A frame as the log tells of it; `text` only where the payload is UTF-8 without control characters, `sealed` where it is a sealed frame.
 * @param opened what is in a sealed one, if the world has its key
 */
export function frameFields(report: FrameReport, opened?: Opened): Readonly<Record<string, unknown>> {
	const { from, to, channel, rssi, payload, outcome, tries, tookUs } = report;
	const fields = { from, to, channel, rssi, bytes: payload.length, outcome, tries, tookMs: tookUs / 1000 };
	const head = sealedHead(payload);
	if (head) return { ...fields, sealed: opened ? { ...head, ...sealedFields(opened) } : head };
	const text = asText(payload);
	return text === undefined ? fields : { ...fields, text };
}

function sealedFields({ from, to, text, next, inner }: Opened): Readonly<Record<string, unknown>> {
	// A relayed frame has no text of its own.
	if (next !== undefined) return { from, to, next, ...(inner ? { inner: sealedFields(inner) } : {}) };
	return { from, to, text: asText(text) };
}

function asText(payload: Buffer): string | undefined {
	try {
		const text = decoder.decode(payload);
		return /\p{Cc}/u.test(text.replace(/[\t\r\n]/g, "")) ? undefined : text;
	} catch {
		return undefined;
	}
}
