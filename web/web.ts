import type Timer from "timer";
import { bodyBytes, Connection, type ConnectionHost, type End, HEAD_BYTES } from "./connection";
import { isInNetwork } from "./guard";
import { type Reply, refuse } from "./reply";
import type { RequestHead } from "./request-reader";
import { Routes } from "./routes";
import type { Listening, Side, WebOptions, WebSnapshot, Wire } from "./types";

/*
 * Of lwIP's eight connections (sdkconfig: ten, as it counts the two listeners) one is kept for MQTT. Those that are closing count too, and give way
 * (esp-lwip 2.1.2, tcp_alloc). A ninth is not refused: its SYN is dropped, and the peer sends it again after a second.
 */
/** Requests that are served at once, by side. */
export const PLACES: Readonly<Record<Side, number>> = Object.freeze({ setup: 2, lan: 4 });
/** Of those, how many for one address. */
export const PLACES_FOR_ADDRESS = 2;
/** Connections that are kept: with a place, waiting for one, or nothing asked yet. */
export const KEPT = 6;
/** Those and one that is told why it is not. */
const OPEN = KEPT + 1;
/** A new connection gives way to others only after this time, in ms: its request is on its way. */
const IDLE_MS = 500;
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
		lan: { address: "", server: undefined, retryAtMs: 0 },
	};
	readonly #connections: Connection[] = [];
	/** On each side the one connection whose body may be in memory. */
	readonly #bodyOf: Record<Side, Connection | undefined> = { setup: undefined, lan: undefined };
	#arranging = false;
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
		this.open("setup", address);
	}

	/** Stops serving the setup side and closes its connections. */
	closeSetup(): void {
		this.close("setup");
	}

	/** Serves the house side on the station's address; a new address takes the place of the old one. */
	openLan(address: string): void {
		this.open("lan", address);
	}

	/** Stops serving the house side and closes its connections. */
	closeLan(): void {
		this.close("lan");
	}

	snapshot(): WebSnapshot {
		return {
			setup: this.#places.setup.server ? this.#places.setup.address : "",
			lan: this.#places.lan.server ? this.#places.lan.address : "",
			// The old name of `lan`, for one version.
			house: this.#places.lan.server ? this.#places.lan.address : "",
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

	holds(bytes: number): void {
		this.#options.memory.web += bytes;
	}

	mayHold(bytes: number): boolean {
		return this.#options.memory.takesWeb(bytes);
	}

	isPlaceFor(connection: Connection): boolean {
		// Others came first.
		if (
			this.#connections.some(
				(other) => other !== connection && other.side === connection.side && other.isAsking && other.remote === connection.remote,
			)
		)
			return false;
		return this.findPlace(connection);
	}

	begin(connection: Connection, head: RequestHead): Reply | "body" | "later" | "no body" {
		const { setup } = this.#options;
		const { side } = connection;
		// lwIP takes a packet for any of its addresses on any interface, so the house network could reach the setup side, too.
		if (side === "setup" && (!isInNetwork(connection.remote, setup.setupNetwork) || !setup.isSetupOpen))
			return refuse(head.target, 403, "Only through the board's own access point, while it is open.");
		const admitted = this.#routes.admit(side, head, connection.remote);
		// A phone in a pocket asks the portal now and then. That is no use of the access point.
		if (side === "setup" && !(typeof admitted === "object" && admitted.status === 302)) setup.setupUsed();
		if (admitted !== "body" || head.contentLength === 0) return admitted;
		if (this.#bodyOf[side] || !this.mayHold(bodyBytes(head))) return "later";
		this.#bodyOf[side] = connection;
		return admitted;
	}

	serve(connection: Connection, head: RequestHead, body: ArrayBuffer): Reply | Promise<Reply> {
		try {
			return this.#routes.serve(connection.side, head, body);
		} finally {
			this.release(connection);
			if (this.#connections.some((other) => other.isQueued)) this.arrangeSoon();
		}
	}

	failed(target: string, error: unknown): Reply {
		this.fault(error);
		return refuse(target, 500, "The board could not answer; its status says why.");
	}

	busy(target: string): Reply {
		return { ...refuse(target, 503, "Too many requests at once; try again in a second."), headers: RETRY_AFTER };
	}

	late(target: string): Reply {
		return this.#routes.late(target);
	}

	answered(reply: Reply): void {
		this.count(reply.status);
	}

	ended(connection: Connection, end: End, announced: boolean): void {
		const index = this.#connections.indexOf(connection);
		if (index >= 0) this.#connections.splice(index, 1);
		this.release(connection);
		if (end === "slow") this.#timedOut += 1;
		else if (end === "left") this.#abandoned += 1;
		if (announced) this.#options.restarter.replySent();
		if (this.#connections.some((other) => other.isQueued || other.isAsking)) this.arrangeSoon();
	}

	fault(error: unknown): void {
		this.#faults += 1;
		const words = error instanceof Error ? `${error.name}: ${error.message}` : `${error}`;
		if (words !== this.#lastFault) this.#options.trace(`web: ${words}`);
		this.#lastFault = words;
	}

	private open(side: Side, address: string): void {
		const place = this.#places[side];
		if (place.address === address && place.server) return;
		this.close(side);
		place.address = address;
		this.listen(side);
		this.watch();
	}

	private listen(side: Side): void {
		const place = this.#places[side];
		try {
			place.server = this.#options.listen(place.address, (wire) => this.accept(side, wire), side);
		} catch (error) {
			place.retryAtMs = this.now() + RETRY_MS;
			this.fault(error);
		}
	}

	private close(side: Side): void {
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

	private accept(side: Side, wire: Wire): void {
		try {
			this.#connections.push(new Connection({ wire, side, host: this }));
			this.arrange();
			this.watch();
		} catch (error) {
			this.fault(error);
			wire.close();
		}
	}

	/** Runs it in a turn of its own: the stack is small, and partly used here. */
	private arrangeSoon(): void {
		if (this.#arranging) return;
		this.#arranging = true;
		this.#options.timers.set(() => {
			this.#arranging = false;
			this.arrange();
		}, 0);
	}

	/** Gives places to those that ask, in the order in which they came, and makes room where there are too many. */
	private arrange(): void {
		// Ending a connection calls this again.
		const wasArranging = this.#arranging;
		this.#arranging = true;
		try {
			// Each round changes the state of one connection, of which there are few.
			while (this.proceedOne("setup") || this.proceedOne("lan") || this.startOne() || this.makeRoom());
		} finally {
			this.#arranging = wasArranging;
		}
	}

	private proceedOne(side: Side): boolean {
		if (this.#bodyOf[side]) return false;
		const next = this.#connections.find((connection) => connection.side === side && connection.isQueued);
		if (!next || !this.mayHold(next.bodyBytes)) return false;
		this.#bodyOf[side] = next;
		next.proceed();
		return true;
	}

	private startOne(): boolean {
		for (let i = 0; i < this.#connections.length; i++) {
			const connection = this.#connections[i];
			if (!connection?.isAsking) continue;
			if (!this.findPlace(connection)) continue;
			connection.start();
			return true;
		}
		return false;
	}

	/** Whether there is a place for a request from its address on its side, or one whose time is up. */
	private findPlace({ side, remote }: Connection): boolean {
		const nowMs = this.now();
		let onSide = 0;
		let ofAddress = 0;
		let slow: Connection | undefined;
		let slowOfAddress: Connection | undefined;
		for (const other of this.#connections) {
			if (!other.isServed || other.side !== side) continue;
			const isSlow = other.isSlow(nowMs);
			onSide += 1;
			if (isSlow) slow ??= other;
			if (other.remote !== remote) continue;
			ofAddress += 1;
			if (isSlow) slowOfAddress ??= other;
		}
		// One on each side there may always be.
		if (onSide < PLACES[side] && ofAddress < PLACES_FOR_ADDRESS && (onSide === 0 || this.mayHold(HEAD_BYTES))) return true;
		const leaving = ofAddress < PLACES_FOR_ADDRESS ? slow : slowOfAddress;
		if (!leaving) return false;
		this.#timedOut += 1;
		leaving.turnAway(this.busy(""));
		return true;
	}

	/** Tells one of too many that it is not served, or closes one that was told. @returns whether it had to */
	private makeRoom(): boolean {
		let kept = 0;
		let told: Connection | undefined;
		for (const connection of this.#connections) {
			if (connection.isRefused) told ??= connection;
			else kept += 1;
		}
		const isTight = !this.mayHold(0);
		if (kept > KEPT || (isTight && kept > 1)) {
			const leaving = this.leastUrgent();
			if (leaving) {
				leaving.turnAway(this.busy(""));
				return true;
			}
		}
		// Where memory is short only one is told at a time.
		if (!told || (this.#connections.length <= OPEN && !(isTight && this.#connections.length > kept + 1))) return false;
		told.close();
		return true;
	}

	/** The oldest that nothing came from, else the latest that asks, of the address that has most; those with a place keep it. */
	private leastUrgent(): Connection | undefined {
		const nowMs = this.now();
		let latest: Connection | undefined;
		let most = 0;
		for (const connection of this.#connections) {
			if (connection.isIdle && nowMs - connection.sinceMs >= IDLE_MS) return connection;
			if (!connection.isAsking) continue;
			const alike = this.ofAddress(connection);
			if (alike < most) continue;
			most = alike;
			latest = connection;
		}
		return latest ?? this.#connections.find((connection) => connection.isIdle);
	}

	private ofAddress({ side, remote }: Connection): number {
		let count = 0;
		for (const other of this.#connections) if (other.side === side && other.remote === remote && !other.isRefused) count += 1;
		return count;
	}

	private count(status: number): void {
		if (status < 400) this.#served += 1;
		else this.#refused[status] = (this.#refused[status] ?? 0) + 1;
	}

	private release(connection: Connection): void {
		if (this.#bodyOf[connection.side] === connection) this.#bodyOf[connection.side] = undefined;
	}

	/** A body that stalls frees its place when another waits for it. */
	private freeBody(side: Side, nowMs: number): void {
		const holder = this.#bodyOf[side];
		if (!holder?.isSlow(nowMs) || !this.#connections.some((other) => other.side === side && other.isQueued)) return;
		this.#timedOut += 1;
		holder.turnAway(this.busy(""));
		this.release(holder);
	}

	/** Runs the clock while there is a connection or a server that waits. */
	private watch(): void {
		this.#timer ??= this.#options.timers.set(() => this.tick(), TICK_MS, TICK_MS);
	}

	private tick(): void {
		const nowMs = this.now();
		for (const connection of [...this.#connections]) connection.tick(nowMs);
		this.freeBody("setup", nowMs);
		this.freeBody("lan", nowMs);
		this.arrange();
		let waiting = this.#connections.length > 0;
		for (const side of ["setup", "lan"] as const) {
			const place = this.#places[side];
			if (place.address === "" || place.server) continue;
			if (nowMs >= place.retryAtMs) this.listen(side);
			waiting ||= !place.server;
		}
		if (waiting || !this.#timer) return;
		this.#options.timers.clear(this.#timer);
		this.#timer = undefined;
	}
}
