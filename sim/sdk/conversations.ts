import { type ChildProcess, spawn } from "node:child_process";
import { request } from "node:http";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Desk } from "../world/desk";
import { CheckFailed, lastLines } from "./tools";

/** The host's exit status when the script ended itself, as it does to restart. */
const SCRIPT_ENDED = 3;
const START_MS = 15_000;

interface Options {
	readonly host: string;
	readonly program: string;
	readonly ports: { readonly desk: number; readonly air: number; readonly setup: number; readonly lan: number };
	readonly mac: string;
}

/** The desktop build as a process that is started again when it restarts. */
class HostBoard {
	#options: Options;
	#process: ChildProcess | undefined;
	#said = "";
	#closed = false;
	starts = 0;

	constructor(options: Options) {
		this.#options = options;
		this.#start();
	}

	get said(): string {
		return this.#said;
	}

	close(): void {
		this.#closed = true;
		this.#process?.kill("SIGTERM");
	}

	#start(): void {
		this.starts += 1;
		const child = spawn(this.#options.host, [this.#options.program], { stdio: ["ignore", "pipe", "pipe"] });
		this.#process = child;
		for (const stream of [child.stdout, child.stderr])
			stream?.on("data", (bytes: Buffer) => {
				this.#said += bytes.toString().replace(/^instruments.*\n/gm, "");
			});
		child.on("exit", (code) => {
			if (!this.#closed && code === SCRIPT_ENDED) this.#start();
		});
	}
}

/** Starts a desk and the desktop build on its air, and talks to both. Yields a line for each rule that holds. */
export async function* conversations(options: Options): AsyncGenerator<string> {
	const { ports, mac } = options;
	const desk = await Desk.start({
		host: "127.0.0.1",
		port: ports.desk,
		devices: 1,
		seed: 1,
		air: ports.air,
		factory: false,
		plain: true,
		app: "build/virtual/app.json",
		program: "build/board/board",
		report: () => {},
		onError: (error) => {
			throw error;
		},
	});
	const board = new HostBoard(options);
	try {
		const setup = `http://127.0.0.1:${ports.setup}`;
		const [hub, device] = desk.boards;
		if (!hub || !device) throw new CheckFailed("the desk has no boards");
		await until("it answers on its setup port", () => works(setup), board);
		yield "the desktop build starts and answers";

		for (const [what, lines] of CURL_LINES) {
			const here = await talk(setup, lines);
			const there = await talk(device.ap, lines);
			if (normal(here) !== normal(there))
				throw new CheckFailed(`${what}: the answers differ.\ndesktop build: ${normal(here)}\nvirtual board: ${normal(there)}`);
		}
		yield `${CURL_LINES.length} requests are answered as by a virtual board`;

		await text(`${setup}/?channel=6`);
		await text(`${setup}/?reset`);
		await until("it starts again", async () => board.starts === 2 && (await works(setup)), board);
		const words = JSON.parse(await text(`${setup}/api/status`)).reset;
		expect("a restart is told afterwards", words.reason === "software" && words.words?.cause === "setup", board);
		yield "a restart keeps the configuration and its reason";

		expect("a virtual hub gets its answer", /^OK None \d+\+ -\d+/.test(await text(`${hub.lan}/?mac=${mac}&msg=uptime`)), board);
		expect("it asks a virtual hub", /^OK \w+ \d+\+ -\d+/.test(await text(`${setup}/?mac=${hub.mac}&msg=uptime`)), board);
		expect("it asks a virtual device", /^OK ON/.test(await text(`${setup}/?mac=${device.mac}&msg=on`)), board);
		const relayed = await text(`${hub.lan}/?mac=${mac}&msg=${encodeURIComponent(`!${device.mac},uptime`)}`);
		expect(`it relays (${relayed})`, /^OK ON/.test(relayed), board);
		yield "requests go to and from virtual boards, and through it";

		await put(`${setup}/api/config`, { role: "hub", router: { ssid: "House", password: "house-pass" } });
		await text(`${setup}/?reset`);
		const lan = `http://127.0.0.1:${ports.lan}`;
		await until("it joins the desk's router", () => works(lan), board);
		expect("its house side relays", /^OK ON/.test(await text(`${lan}/?mac=${device.mac}&msg=uptime`)), board);
		yield "as a hub it joins the desk's router and serves the house";
	} finally {
		board.close();
		desk.close();
	}
}

/** Raw requests, as bytes: what a person or a program sends to a setup access point. */
const CURL_LINES: readonly (readonly [string, string])[] = [
	["plain text status", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/plain\r\n\r\n"],
	["a command", "GET /?uptime HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"],
	["an unknown command", "GET /?nonsense HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"],
	["the page", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\n\r\n"],
	["no such address", "GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"],
	["a wrong method", "DELETE /api/config HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"],
	["a write without its type", "PUT /api/config HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}"],
	[
		"a write that is no JSON",
		"PUT /api/config HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{",
	],
	[
		"a wrong value",
		'PUT /api/config HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{"channel":99}',
	],
	["a foreign host", "PUT /api/config HTTP/1.1\r\nHost: evil.example\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"],
	[
		"a body that is too large",
		"PUT /api/config HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 99999\r\n\r\n",
	],
	["headers that are too large", `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${"x".repeat(3000)}\r\n\r\n`],
	["no HTTP", "HELLO\r\n\r\n"],
	["a request to a board that is not there", "GET /?mac=0123456789a0&msg=on HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"],
];

/** Sends bytes and gives everything that comes back until the other side closes. */
function talk(url: string, lines: string): Promise<string> {
	const { hostname, port } = new URL(url);
	return new Promise((done, fail) => {
		let got = "";
		const socket = connect(Number(port), hostname, () => socket.write(lines.replaceAll("Host: H", `Host: ${hostname}`)));
		socket.setTimeout(20_000, () => socket.destroy(new Error("no end")));
		socket.on("data", (bytes) => {
			got += bytes.toString();
		});
		socket.on("error", (error) => (got === "" ? fail(error) : done(got)));
		socket.on("close", () => done(got));
	});
}

/** Without what differs between any two boards: who they are, how long they run, what they were set to. */
function normal(answer: string): string {
	return answer
		.replace(/\b[0-9a-f]{12}\b/g, "<mac>")
		.replace(/^(<mac> [MS]) \S+ \d+$/m, "$1 <name> <uptime>")
		.replace(/^OK \w+ \d+\+/m, "OK <relay> <uptime>+")
		.replace(/Content-Length: (\d+)/, (all, length) => (Number(length) < 60 ? "Content-Length: <n>" : all));
}

async function text(url: string): Promise<string> {
	const { hostname, port, pathname, search } = new URL(url);
	return exchange({ hostname, port, path: pathname + search });
}

async function put(url: string, body: object): Promise<void> {
	const { hostname, port, pathname } = new URL(url);
	const said = await exchange(
		{ hostname, port, path: pathname, method: "PUT", headers: { "content-type": "application/json" } },
		JSON.stringify(body),
	);
	if (JSON.parse(said).ok !== true) throw new CheckFailed(`PUT ${url}: ${said}`);
}

function exchange(options: object, body?: string): Promise<string> {
	return new Promise((done, fail) => {
		const sent = request({ ...options, timeout: 20_000, agent: false }, (response) => {
			let got = "";
			response.on("data", (bytes: Buffer) => {
				got += bytes.toString();
			});
			response.on("end", () => done(got));
			response.on("error", fail);
		});
		sent.on("timeout", () => sent.destroy(new Error("no answer")));
		sent.on("error", fail);
		sent.end(body);
	});
}

async function works(url: string): Promise<boolean> {
	try {
		return (await text(`${url}/api/status`)).startsWith("{");
	} catch {
		return false;
	}
}

async function until(what: string, condition: () => Promise<boolean>, board: HostBoard): Promise<void> {
	const end = performance.now() + START_MS;
	while (!(await condition())) {
		if (performance.now() > end)
			throw new CheckFailed(`Not within ${START_MS / 1000} s: ${what}. The desktop build said:\n${lastLines(board.said)}`);
		await sleep(100);
	}
}

function expect(what: string, holds: boolean, board: HostBoard): void {
	if (!holds) throw new CheckFailed(`Does not hold: ${what}. The desktop build said:\n${lastLines(board.said)}`);
}
