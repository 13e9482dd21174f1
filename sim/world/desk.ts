import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { AirPort } from "./air-port";
import { type Route, routes } from "./desk-api";
import { BadInput } from "./desk-input";
import { BoardPort, tryPort } from "./desk-ports";
import { boardMac } from "./mac";
import { joinAll } from "./provision";
import { RealTime } from "./realtime";
import { ROUTER_DEFAULTS } from "./router";
import { type BoardSpec, World } from "./world";

const LONGEST_BODY = 65_536;
const PAGE = "sim/world/page/index.html";
/** What happens within this time goes to the pages in one message, in ms. */
const GATHER_MS = 50;
/** Time that boards have to come up before the desk says it is ready; this passes in virtual time. */
const START_MS = 30_000;
const ROOMS = ["Kitchen", "Bedroom", "Bathroom"];
const PINS = { relay: { pin: 9 }, led: { pin: 3 }, button: 10 };

export interface DeskOptions {
	/** Address of this machine on which all ports are. */
	readonly host: string;
	/** The control API; boards have `port + 1 + i` (house) and `port + 101 + i` (setup access point). */
	readonly port: number;
	readonly devices: number;
	readonly seed: number;
	/** UDP port on which boards that run elsewhere join the air, 0: none. */
	readonly air: number;
	/** Boards as they leave the factory instead of a house that is set up. */
	readonly factory: boolean;
	/** Boards that talk plain text, as the original's do, instead of a sealed network. */
	readonly plain: boolean;
	readonly app: string;
	readonly program: string;
	/** Lines for whoever looks after the desk. */
	readonly report: (line: string) => void;
	/** The world cannot go on. */
	readonly onError: (error: unknown) => void;
}

export interface DeskBoard {
	readonly name: string;
	readonly role: "hub" | "device";
	readonly mac: string;
	readonly lan: string;
	readonly ap: string;
}

/** A world in real time with an HTTP control API and real ports for its boards. */
export class Desk {
	readonly world: World;
	readonly url: string;
	readonly boards: readonly DeskBoard[];
	#time: RealTime;
	#ports: BoardPort[];
	#air: AirPort | undefined;
	#server: Server;
	#routes: Route[];
	/** Who watches live, and the event that each is to be told next. */
	#watchers = new Map<ServerResponse, number>();
	#telling: NodeJS.Timeout | undefined;

	private constructor(options: DeskOptions, world: World) {
		const { host, port, report } = options;
		this.world = world;
		this.url = url(host, port);
		this.#time = new RealTime({ clock: world.clock, onProgress: () => this.#update(), onError: options.onError });
		const time = this.#time;
		this.#ports = world.boards.flatMap((board, i) => [
			new BoardPort({ world, time, board, side: "lan", host, port: port + 1 + i, report }),
			new BoardPort({ world, time, board, side: "ap", host, port: port + 101 + i, report }),
		]);
		this.boards = world
			.status()
			.boards.map(({ name, role, mac }, i) => ({ name, role, mac, lan: url(host, port + 1 + i), ap: url(host, port + 101 + i) }));
		this.#routes = routes(world, time, this.boards);
		this.#server = createServer((request, response) => this.#handle(request, response));
	}

	/** Brings everything up. @throws Error with a sentence when a port is taken or a board does not start */
	static async start(options: DeskOptions): Promise<Desk> {
		const specs = boardSpecs(options);
		const { host, port } = options;
		for (const each of [port, ...specs.flatMap((_, i) => [port + 1 + i, port + 101 + i])]) {
			const why = await tryPort(each, host);
			if (why) throw new Error(`Port ${each} ${why}. Choose another one with --port.`);
		}
		const world = new World({ seed: options.seed, boards: specs, app: options.app, program: options.program });
		try {
			world.boot();
			const up = () =>
				world.boards.every((board, i) => world.reachable(board, "ap") && (options.factory || i > 0 || world.reachable(board, "lan")));
			if (!world.advanceUntil(up, START_MS)) options.report("Not every board came up as it should: see GET /api/log.");
			const desk = new Desk(options, world);
			await new Promise<void>((done, fail) => {
				desk.#server.on("error", fail);
				desk.#server.listen(port, host, done);
			});
			if (options.air !== 0) desk.#air = await AirPort.open({ world, time: desk.#time, port: options.air, report: options.report });
			desk.#update();
			await desk.#settled();
			return desk;
		} catch (error) {
			world.close();
			throw error;
		}
	}

	close(): void {
		this.#time.stop();
		clearTimeout(this.#telling);
		this.#air?.close();
		for (const port of this.#ports) port.close();
		this.#server.close();
		this.#server.closeAllConnections();
		this.world.close();
	}

	#update(): void {
		for (const port of this.#ports) port.update();
		if (this.#watchers.size > 0) this.#telling ??= setTimeout(() => this.#tell(), GATHER_MS);
	}

	/** Server-sent events: each message is a list of log entries. */
	#watch(response: ServerResponse): void {
		response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
		response.write("\n");
		this.#watchers.set(response, this.world.log.next);
		response.on("close", () => this.#watchers.delete(response));
	}

	#tell(): void {
		this.#telling = undefined;
		const { log } = this.world;
		for (const [watcher, seen] of this.#watchers) {
			// Who does not read on misses what happens meanwhile; nothing is kept for them.
			if (watcher.writableNeedDrain || seen === log.next) continue;
			this.#watchers.set(watcher, log.next);
			watcher.write(`data: ${JSON.stringify(log.since(seen))}\n\n`);
		}
	}

	/** Listening begins a moment after it is asked for. */
	async #settled(): Promise<void> {
		await new Promise((done) => setTimeout(done, 20));
	}

	#handle(request: IncomingMessage, response: ServerResponse): void {
		const { pathname } = new URL(request.url ?? "/", this.url);
		const accept = request.headers.accept ?? "";
		if (request.method === "GET" && pathname === "/" && accept.includes("text/html")) {
			response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
			response.end(readFileSync(PAGE));
			return;
		}
		if (request.method === "GET" && pathname === "/api/log" && accept.includes("text/event-stream")) {
			this.#watch(response);
			return;
		}
		this.#respond(request).then(
			({ status, body, headers }) => {
				const text = JSON.stringify(body);
				response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text), ...headers });
				response.end(text);
			},
			(error: unknown) => response.destroy(error instanceof Error ? error : undefined),
		);
	}

	async #respond(request: IncomingMessage): Promise<{ status: number; body: unknown; headers?: Record<string, string> }> {
		const { pathname, searchParams } = new URL(request.url ?? "/", this.url);
		if (pathname === "/") return { status: 200, body: { calls: this.#routes.map(({ help }) => help) } };
		const there = this.#routes.filter(({ path }) => path.test(pathname));
		if (there.length === 0) return { status: 404, body: { error: `There is no ${pathname} here.` } };
		const route = there.find(({ method }) => method === request.method);
		if (!route) {
			const allow = there.map(({ method }) => method).join(", ");
			return { status: 405, body: { error: `${pathname} knows ${allow}, not ${request.method}.` }, headers: { allow } };
		}
		try {
			const body = route.method === "POST" ? await readJson(request) : undefined;
			const mac = route.path.exec(pathname)?.[1] ?? "";
			const answer = await route.run({ body, query: searchParams, mac });
			if (answer === undefined) return { status: 404, body: { error: `There is no board ${mac} in this world.` } };
			return { status: 200, body: answer };
		} catch (error) {
			if (error instanceof TooLarge) return { status: 413, body: { error: error.message }, headers: { connection: "close" } };
			if (error instanceof BadInput) return { status: 400, body: { error: error.message } };
			throw error;
		}
	}
}

class TooLarge extends Error {}

async function readJson(request: IncomingMessage): Promise<unknown> {
	const parts: Buffer[] = [];
	let length = 0;
	for await (const part of request) {
		const bytes = Buffer.from(part as Uint8Array);
		length += bytes.length;
		if (length > LONGEST_BODY) throw new TooLarge(`A body has at most ${LONGEST_BODY} bytes here.`);
		parts.push(bytes);
	}
	try {
		return JSON.parse(Buffer.concat(parts).toString("utf8"));
	} catch {
		throw new BadInput("The body is not JSON.");
	}
}

function url(host: string, port: number): string {
	return `http://${host}:${port}`;
}

function boardSpecs({ devices, factory, plain }: DeskOptions): BoardSpec[] {
	const channel = ROUTER_DEFAULTS.channel;
	const { ssid, password } = ROUTER_DEFAULTS;
	if (factory) return Array.from({ length: devices + 1 }, (_, i) => ({ name: `Board ${i + 1}` }));
	const hub: BoardSpec = {
		name: "Hub",
		config: { name: "Hub", role: "hub", router: { ssid, password }, channel, pins: PINS },
		pins: { 10: 1 },
	};
	const rooms = Array.from({ length: devices }, (_, i): BoardSpec => {
		const name = ROOMS[i] ?? `Room ${i + 1}`;
		return { name, config: { name, role: "device", hub: boardMac(0), channel, pins: PINS }, pins: { 10: 1 } };
	});
	return plain ? [hub, ...rooms] : joinAll([hub, ...rooms]);
}
