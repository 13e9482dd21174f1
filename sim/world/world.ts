import { createHash } from "node:crypto";
import { buttonPin } from "../../modules/board/button";
import { Air } from "./air";
import { type ApClient, ApClients, isOpen, type JoinResult } from "./ap-clients";
import { Attacker } from "./attacker";
import { Board } from "./board";
import { BoardProcess, closeWire, makeWires, type Wire } from "./board-process";
import { Clock } from "./clock";
import { FAULTS } from "./faults";
import { ForeignRadios } from "./foreign";
import { HttpExchange, type HttpRequest, type HttpResponse } from "./http";
import { Links } from "./links";
import { EventLog } from "./log";
import { accessPointMac, boardMac } from "./mac";
import type { NvsEntry, StartProgram } from "./protocol";
import { type ConfigurationPatch, provision, storedConfiguration, usualButton } from "./provision";
import { Random } from "./random";
import type { Router, RouterSettings } from "./router";
import { Routers } from "./routers";
import { keysIn } from "./sealed-keys";
import { SealedWatch } from "./sealed-watch";
import { boardStatus, type WorldStatus } from "./status";
import { type Handlers, type TcpConnection, TcpNet } from "./tcp";
import { frameFields, Wiring } from "./wiring";

/** `ap`: a client on the board's setup access point; `lan`: a computer in the house. */
export type Side = "ap" | "lan";

export interface BoardSpec {
	readonly name: string;
	/** Station MAC; by default from the board's place in the list. */
	readonly mac?: string;
	/** Written by the firmware's own store; without it, and without `nvs`, the board is as it left the factory. */
	readonly config?: ConfigurationPatch;
	readonly nvs?: readonly NvsEntry[];
	/** What is in flash besides: keys of a sealed network, see `joinAll`. */
	readonly keys?: readonly NvsEntry[];
	/** Levels on input pins before anybody touches them. */
	readonly pins?: Readonly<Record<string, number>>;
	/** A program and firmware of its own, instead of the world's. */
	readonly program?: string;
	readonly app?: string;
}

export interface WorldOptions {
	/** Everything random comes from it. */
	readonly seed?: number;
	readonly boards: readonly BoardSpec[];
	/** The firmware: app.json as `sim/build/app.ts` writes it. */
	readonly app?: string;
	/** The board program. */
	readonly program?: string;
	/** Instead of `app` and `program`: how to start a board. */
	readonly start?: StartProgram;
	readonly router?: Partial<RouterSettings>;
	/** Nanoseconds of a board's time that one count of its engine's meter costs; 0: work takes no time. */
	readonly engineNsPerMeter?: number;
	/** Told of every line to (`>`) and from (`<`) a board program. */
	readonly onLine?: (board: Board, direction: ">" | "<", line: string) => void;
	/** The boards' engine: as on the chip, or with a heap of its own for everything. Default: what BOARD_MACHINE in the environment says, else `chip`. */
	readonly machine?: "plain" | "chip";
	/** Wait at the end for what a sanitized board program has to say, and throw it. */
	readonly awaitReport?: boolean;
}

/** Last number of the address of the computer in the house. */
const COMPUTER = 2;
const HTTP_PORT = 80;
/** For the last acknowledgement and the end of a connection to reach the board. */
const PARTING_MS = 5;

/** A router, boards with the firmware, the air between them, clients: a house in virtual time. */
export class World {
	readonly clock = new Clock();
	readonly log = new EventLog(this.clock);
	readonly links = new Links();
	readonly routers: Routers;
	readonly air: Air;
	readonly clients: ApClients;
	readonly boards: readonly Board[];
	readonly tcp: TcpNet;
	/** Somebody on the air who hears everything; idle until told otherwise. */
	readonly attacker: Attacker;
	#foreign: ForeignRadios;
	#wiring: Wiring;
	#transcript = createHash("sha256");
	#random: Random;
	/** The boards are the world's own: it has their keys. */
	#watch = new SealedWatch((a, b) => {
		// Devices come last, and have one key; a hub has hundreds.
		const board = this.boards.findLast(({ mac }) => mac === a || mac === b);
		return board && keysIn(board.nvs()).get(board.mac === a ? b : a);
	});
	#wires: Wire[] = [];
	#start: StartProgram;
	#usualButton: number | undefined;
	#closed = false;

	constructor(options: WorldOptions) {
		const seed = options.seed ?? 1;
		this.#random = new Random(seed, "world");
		this.#start = options.start ?? this.#processes(options);
		this.#usualButton = options.app === undefined ? undefined : usualButton(options.app);
		this.tcp = new TcpNet(this.clock, (connection) => this.clients.ended(connection));
		this.clients = new ApClients(this.clock, this.tcp);
		this.routers = new Routers({ clock: this.clock, links: this.links, ...(options.router ? { settings: options.router } : {}) });
		this.air = new Air({
			clock: this.clock,
			links: this.links,
			random: new Random(seed, "air"),
			onFrame: (report) => {
				const opened = this.#watch.see(report.payload);
				this.log.add(this.find(report.sender)?.mac ?? null, "frame", frameFields(report, opened));
			},
		});
		this.#wiring = new Wiring(this);
		this.boards = options.boards.map((spec, index) => this.#makeBoard(spec, index, seed, options));
		const macs = this.boards.flatMap(({ mac }) => [mac, accessPointMac(mac)]);
		if (new Set(macs).size !== macs.length) throw new Error("two boards have the same MAC");
		const isBoard = (mac: string) => macs.includes(mac);
		this.#foreign = new ForeignRadios({ air: this.air, clock: this.clock, isBoard });
		this.attacker = new Attacker({
			air: this.air,
			clock: this.clock,
			log: this.log,
			random: new Random(seed, "attacker"),
			channelOf: (mac) => this.boards.find((board) => board.radio.on && board.hasAddress(mac, accessPointMac(board.mac)))?.radio.channel,
			isBoard,
		});
	}

	/** The house's own router. */
	get router(): Router {
		return this.routers.main;
	}

	get timeMs(): number {
		return this.clock.nowUs / 1000;
	}

	/** Hash over every line that went to and from the boards so far: the same seed and calls give the same hash. */
	get transcript(): string {
		return this.#transcript.copy().digest("hex");
	}

	/** Switches on all boards (or those named), some milliseconds apart as by hand. */
	boot(...names: string[]): this {
		for (const board of names.length > 0 ? names.map((name) => this.board(name)) : this.boards)
			board.powerOn(1000 + this.#random.below(20_000));
		return this;
	}

	/** Lets time pass. */
	advance(ms: number): void {
		this.clock.runUntil(this.clock.nowUs + Math.round(ms * 1000));
	}

	/** Lets time pass until the condition holds, at most `maxMs`; tells whether it does. It is looked at after every event. */
	advanceUntil(condition: () => boolean, maxMs: number): boolean {
		const untilUs = this.clock.nowUs + Math.round(maxMs * 1000);
		if (condition()) return true;
		while (this.clock.step(untilUs)) if (condition()) return true;
		this.clock.runUntil(untilUs);
		return condition();
	}

	/** A board by name or MAC. */
	board(nameOrMac: string): Board {
		const board = this.find(nameOrMac);
		if (!board) throw new Error(`there is no board ${nameOrMac}`);
		return board;
	}

	find(nameOrMac: string): Board | undefined {
		return this.boards.find(({ name, mac }) => name === nameOrMac || mac === nameOrMac);
	}

	/** Whether a connection from this side would be taken: joined the router, or the setup access point open. */
	reachable(board: Board, side: Side): boolean {
		return side === "ap" ? isOpen(board) : board.running && this.routers.addressOf(board.mac) !== undefined;
	}

	/** Opens a TCP connection to a board, joining its access point first if need be. Refused when the board is not reachable. */
	connect(board: Board, side: Side, handlers: Handlers, port = HTTP_PORT): TcpConnection {
		if (side === "ap") return this.clients.connect(board, port, handlers);
		const connection = this.tcp.create(handlers);
		const local = this.routers.addressOf(board.mac);
		if (local === undefined) this.clock.after(0, () => connection.finish("refused"));
		else connection.connect({ board, local, port, remote: this.router.addressIn(COMPUTER), up: () => this.routers.reaches(board.mac) });
		return connection;
	}

	/** Starts an HTTP request; it goes on as time passes. */
	request(boardName: string, side: Side, request: HttpRequest): HttpExchange {
		const board = this.board(boardName);
		const host = side === "ap" ? (board.accessPoint?.address ?? "192.168.9.1") : (this.routers.addressOf(board.mac) ?? "");
		const exchange = new HttpExchange();
		exchange.start(request, host, (handlers) => this.connect(board, side, handlers));
		return exchange;
	}

	/**
	 * Makes an HTTP request and lets time pass until the response is there and the board has been told so.
	 * Throws when there is none within `timeoutMs`.
	 */
	http(boardName: string, side: Side, request: HttpRequest, timeoutMs = 30_000): HttpResponse {
		const exchange = this.request(boardName, side, request);
		if (!this.advanceUntil(() => exchange.done, timeoutMs)) exchange.cancel(`no response within ${timeoutMs} ms`);
		if (exchange.response) {
			this.advance(PARTING_MS);
			return exchange.response;
		}
		throw new Error(`${boardName} (${side}) ${request.method ?? "GET"} ${request.path}: ${exchange.error}`);
	}

	/** A further client tries to join a setup access point; time passes until it has or has not. */
	joinClient(boardName: string, password: string, lingerMs?: number): { client: ApClient; result: JoinResult } {
		const client = this.clients.add(this.board(boardName), lingerMs === undefined ? undefined : Math.round(lingerMs * 1000));
		let result: JoinResult | undefined;
		client.join(password, (answer) => {
			result = answer;
		});
		this.advanceUntil(() => result !== undefined, 10_000);
		return { client, result: result ?? { joined: false, why: "no answer" } };
	}

	/** Changes the router, or another one, which is made if there is none of this `id`; `announce`: joined boards are told of a new channel beforehand. */
	changeRouter(change: Partial<RouterSettings>, announce = false, id = "main"): void {
		this.routers.change(id, change, announce);
		this.log.add(null, "router", { id, ...change, ...("password" in change ? { password: "********" } : {}), announce });
	}

	/** Has a board roam to the access point of this `id`, one of several of one name. */
	steer(boardName: string, id: string): void {
		if (!this.routers.steer(this.board(boardName).mac, id)) throw new Error(`there is no router ${id}`);
		this.log.add(null, "router", { id, steered: boardName });
	}

	/** Takes a router away that was added. */
	removeRouter(id: string): boolean {
		const there = this.routers.remove(id);
		if (there) this.log.add(null, "router", { id, removed: true });
		return there;
	}

	/** Sets what two radios (boards, router, strangers) hear of each other: dBm, null: nothing. */
	link(a: string, b: string, rssiDbm: number | null): void {
		const mac = (name: string) => this.find(name)?.mac ?? (name === "router" ? this.router.bssid : name);
		this.links.set(mac(a), mac(b), rssiDbm);
		this.routers.linksChanged();
	}

	/** Holds a board's button down for a while. */
	pressButton(boardName: string, ms: number): void {
		const board = this.board(boardName);
		const pin = this.buttonOf(board);
		if (pin === undefined) throw new Error(`${board.name} has no button: no pin is left for one`);
		board.setInput(pin, 0);
		this.clock.after(Math.round(ms * 1000), () => board.setInput(pin, 1));
	}

	/** Pin of a board's button, undefined when it has none. */
	buttonOf(board: Board): number | undefined {
		return buttonPin(this.configurationOf(board).configuration.pins, this.#usualButton);
	}

	/** Plants a fault in a running board. */
	fault(boardName: string, kind: string, count?: number): void {
		const fault = FAULTS[kind];
		if (!fault) throw new Error(`there is no fault ${kind}`);
		this.board(boardName).post({ type: "fault", kind, count: count ?? fault.count });
	}

	/** A radio that is no board sends a frame, on the channel of the board it is for (of the first one that is on, for all). */
	sendFrame(
		frame: { from: string; to: string; payload: Buffer },
		done: (report: { outcome: string; channel: number }) => void = () => {},
	): void {
		const target = this.boards.find((board) => board.hasAddress(frame.to, accessPointMac(board.mac)));
		const channel = (target ?? this.boards.find((board) => board.radio.on))?.radio.channel ?? 1;
		this.#foreign.send({ ...frame, channel, done: (outcome) => done({ outcome, channel }) });
	}

	/** What is in a board's flash, as its firmware would read it. */
	configurationOf(board: Board): ReturnType<typeof storedConfiguration> {
		return storedConfiguration(board.nvs());
	}

	status(): WorldStatus {
		const { ssid, channel, power } = this.router.settings;
		const routers = this.routers.status();
		return { timeMs: this.timeMs, router: { ssid, channel, power }, routers, boards: this.boards.map((board) => boardStatus(this, board)) };
	}

	/** Ends all board programs. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		const complaints: unknown[] = [];
		for (const board of this.boards) {
			try {
				board.close();
			} catch (error) {
				complaints.push(error);
			}
		}
		for (const wire of this.#wires.splice(0)) closeWire(wire);
		if (complaints.length > 0) throw complaints[0];
	}

	#processes(options: WorldOptions): StartProgram {
		const { awaitReport, machine } = options;
		const flags = machine ? [`--${machine}`] : [];
		return (name) => {
			const spec = options.boards.find((each) => each.name === name);
			const { app, program } = { ...options, ...spec };
			if (app === undefined || program === undefined) throw new Error("a world needs an app and a board program");
			if (this.#wires.length === 0) this.#wires = makeWires(Math.max(4, options.boards.length));
			const wire = this.#wires.pop();
			if (!wire) throw new Error("no pipes");
			const shared = { name, program, app, wire, awaitReport: awaitReport ?? false };
			// A board with a program of its own (sim/original) is no board program that can be copied.
			return spec?.program === undefined ? BoardProcess.copy({ ...shared, flags }) : BoardProcess.start(shared);
		};
	}

	#makeBoard(spec: BoardSpec, index: number, seed: number, { engineNsPerMeter = 0, onLine }: WorldOptions): Board {
		const nvs = [...(spec.nvs ?? (spec.config ? provision(spec.config) : [])), ...(spec.keys ?? [])];
		const board = new Board({
			name: spec.name,
			mac: spec.mac ?? boardMac(index),
			index,
			seed,
			nvs,
			pins: spec.pins ?? {},
			engineNsPerMeter,
			clock: this.clock,
			start: this.#start,
			onEffect: (from, effect) => this.#wiring.effect(from, effect),
			onBoot: (booted) => this.log.add(booted.mac, "power-on", { bootCount: booted.bootCount }),
			onDown: (stopped, why) => this.#wiring.down(stopped, why),
			onLine: (talker, direction, line) => {
				this.#transcript.update(`${talker.index}${direction}${line}\n`);
				onLine?.(talker, direction, line);
			},
		});
		this.#wiring.add(board);
		return board;
	}
}
