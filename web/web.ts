import type Timer from "timer";
import { Connection, type ConnectionHost, type End } from "./connection";
import { isInNetwork } from "./guard";
import { type Reply, refuse, text } from "./reply";
import type { RequestHead } from "./request-reader";
import { Routes } from "./routes";
import type { Listening, Side, WebOptions, WebSnapshot, Wire } from "./types";

/** Connections that are served at once. */
export const CONNECTIONS = 4;
/** Further ones that are told to come back; beyond these they are closed without a word. */
const TURNED_AWAY = 4;
/** How often slow connections are looked for, in ms. */
const TICK_MS = 500;
/** A server that could not be opened is tried again after this time, in ms. */
const RETRY_MS = 5000;

const RETRY_AFTER = Object.freeze(["Retry-After", "1"]);

interface Place {
	address: string;
	server: Listening | undefined;
	retryAtMs: number;
}

/**
 * The board's web: one server on the setup access point's address and one on the station's, so that the server knows from
 * which side a request comes. Limits hold for both together.
 */
export class Web implements ConnectionHost {
	readonly #options: WebOptions;
	readonly #routes: Routes;
	readonly #places: Record<Side, Place> = {
		setup: { address: "", server: undefined, retryAtMs: 0 },
		house: { address: "", server: undefined, retryAtMs: 0 },
	};
	readonly #connections: Connection[] = [];
	/** The one connection whose body may be in memory. */
	#bodyOf: Connection | undefined;
	#timer: Timer | undefined;
	#served = 0;
	readonly #refused: Record<string, number> = {};
	#timedOut = 0;
	#abandoned = 0;
	#faults = 0;
	#lastFault = "";

	constructor(options: WebOptions) {
		this.#options = options;
		this.#routes = new Routes(options);
	}

	/** Serves the setup side on an address of the setup access point. Opening it again on the same address changes nothing. */
	openSetup(address: string): void {
		this.#open("setup", address);
	}

	/** Stops serving the setup side and closes its connections. */
	closeSetup(): void {
		this.#close("setup");
	}

	/** Serves the house side on the station's address; a new address takes the place of the old one. */
	openHouse(address: string): void {
		this.#open("house", address);
	}

	/** Stops serving the house side and closes its connections. */
	closeHouse(): void {
		this.#close("house");
	}

	snapshot(): WebSnapshot {
		return {
			setup: this.#places.setup.server ? this.#places.setup.address : "",
			house: this.#places.house.server ? this.#places.house.address : "",
			connections: this.#connections.length,
			served: this.#served,
			refused: { ...this.#refused },
			timedOut: this.#timedOut,
			abandoned: this.#abandoned,
			faults: this.#faults,
			lastFault: this.#lastFault,
		};
	}

	now(): number {
		return this.#options.clock.now();
	}

	begin(connection: Connection, head: RequestHead): Reply | "body" | "no body" {
		const { setup } = this.#options;
		if (connection.side === "setup") {
			// lwIP takes a packet for any of its addresses on any interface: the house could knock here too.
			if (!isInNetwork(connection.remote, setup.setupNetwork) || !setup.isSetupOpen)
				return refuse(head.target, 403, "Only through the board's own access point, while it is open.");
			setup.setupUsed();
		}
		const admitted = this.#routes.admit(connection.side, head);
		if (admitted !== "body" || head.contentLength === 0) return admitted;
		if (this.#bodyOf) return { ...refuse(head.target, 503, "Another request is being received; try again."), headers: RETRY_AFTER };
		this.#bodyOf = connection;
		return admitted;
	}

	serve(connection: Connection, head: RequestHead, body: ArrayBuffer): Reply | Promise<Reply> {
		try {
			return this.#routes.serve(connection.side, head, body);
		} finally {
			this.#release(connection);
		}
	}

	failed(target: string, error: unknown): Reply {
		this.fault(error);
		return refuse(target, 500, "The board could not answer; its status says why.");
	}

	late(target: string): Reply {
		return this.#routes.late(target);
	}

	answered(reply: Reply): void {
		this.#count(reply.status);
	}

	ended(connection: Connection, end: End, announced: boolean): void {
		const index = this.#connections.indexOf(connection);
		if (index >= 0) this.#connections.splice(index, 1);
		this.#release(connection);
		if (end === "slow") this.#timedOut += 1;
		else if (end === "left") this.#abandoned += 1;
		if (announced) this.#options.restarter.replySent();
	}

	fault(error: unknown): void {
		this.#faults += 1;
		const words = error instanceof Error ? `${error.name}: ${error.message}` : `${error}`;
		if (words !== this.#lastFault) this.#options.trace(`web: ${words}`);
		this.#lastFault = words;
	}

	#open(side: Side, address: string): void {
		const place = this.#places[side];
		if (place.address === address && place.server) return;
		this.#close(side);
		place.address = address;
		this.#listen(side);
		this.#watch();
	}

	#listen(side: Side): void {
		const place = this.#places[side];
		try {
			place.server = this.#options.listen(place.address, (wire) => this.#accept(side, wire), side);
		} catch (error) {
			place.retryAtMs = this.now() + RETRY_MS;
			this.fault(error);
		}
	}

	#close(side: Side): void {
		const place = this.#places[side];
		const server = place.server;
		place.server = undefined;
		place.address = "";
		try {
			server?.close();
		} catch (error) {
			this.fault(error);
		}
		for (const connection of [...this.#connections]) if (connection.side === side) connection.close();
	}

	#accept(side: Side, wire: Wire): void {
		try {
			const served = this.#connections.reduce((sum, connection) => sum + (connection.counted ? 1 : 0), 0);
			if (this.#connections.length - served >= TURNED_AWAY) {
				this.#count(503);
				wire.close();
				return;
			}
			const connection = new Connection({ wire, side, host: this, counted: served < CONNECTIONS });
			this.#connections.push(connection);
			if (!connection.counted) connection.turnAway(text(503, "Busy: four connections are open. Try again in a second.", RETRY_AFTER));
			this.#watch();
		} catch (error) {
			this.fault(error);
			wire.close();
		}
	}

	#count(status: number): void {
		if (status < 400) this.#served += 1;
		else this.#refused[status] = (this.#refused[status] ?? 0) + 1;
	}

	#release(connection: Connection): void {
		if (this.#bodyOf === connection) this.#bodyOf = undefined;
	}

	/** Runs the clock while there is anything to look after. */
	#watch(): void {
		this.#timer ??= this.#options.timers.set(() => this.#tick(), TICK_MS, TICK_MS);
	}

	#tick(): void {
		const nowMs = this.now();
		for (const connection of [...this.#connections]) connection.tick(nowMs);
		let waiting = this.#connections.length > 0;
		for (const side of ["setup", "house"] as const) {
			const place = this.#places[side];
			if (place.address === "" || place.server) continue;
			if (nowMs >= place.retryAtMs) this.#listen(side);
			waiting ||= !place.server;
		}
		if (waiting || !this.#timer) return;
		this.#options.timers.clear(this.#timer);
		this.#timer = undefined;
	}
}
