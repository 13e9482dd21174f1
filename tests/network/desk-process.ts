import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll } from "@jest/globals";
import { build } from "esbuild";

/** The desk as people start it: a process of its own, real ports, real time. */

export interface DeskBoard {
	name: string;
	role: string;
	mac: string;
	lan: string;
	ap: string;
}

/** What any call may answer. */
export interface HttpReply {
	readonly error: string;
	readonly boards: readonly object[];
	readonly next: number;
	readonly events: readonly { readonly seq: number; readonly event: string }[];
}

const folder = mkdtempSync(join(tmpdir(), "desk-test-"));
const script = join(folder, "start.mjs");
/** Each process that runs tests has ports of its own. */
export const BASE = 21_000 + (process.pid % 100) * 300;
const running: ChildProcess[] = [];

beforeAll(async () => {
	await build({ entryPoints: ["sim/world/start.ts"], bundle: true, platform: "node", format: "esm", outfile: script, logLevel: "silent" });
});
afterEach(async () => {
	for (const child of running.splice(0)) if (child.exitCode === null && child.kill("SIGTERM")) await once(child, "exit");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts the desk with this command line. */
export function run(...words: string[]) {
	const child = spawn(process.execPath, [script, ...words], { stdio: ["ignore", "pipe", "pipe"] });
	running.push(child);
	const said = { out: "", err: "" };
	child.stderr.on("data", (bytes) => {
		said.err += bytes;
	});
	child.stdout.on("data", (bytes) => {
		said.out += bytes;
	});
	return { child, said };
}

/** Starts the desk on ports of this test and waits until it says that it is ready. */
export async function start(...words: string[]) {
	const { child, said } = run("--json", "--port", String(BASE), ...words);
	const lines = createInterface({ input: child.stdout });
	const [line] = (await Promise.race([once(lines, "line"), once(child, "exit")])) as [unknown];
	if (typeof line !== "string") throw new Error(`the desk ended: ${said.err}`);
	const ready = JSON.parse(line) as { ready: boolean; world: string; boards: DeskBoard[] };
	const call = async (path: string, body?: unknown) => {
		const response = await fetch(
			`${ready.world}${path}`,
			body === undefined ? {} : { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) },
		);
		return { status: response.status, body: (await response.json()) as HttpReply };
	};
	const [hub, kitchen] = ready.boards;
	if (!hub || !kitchen) throw new Error("no boards");
	return { child, said, ready, call, hub, kitchen };
}

/** Whether nobody takes connections at this address. */
export const refused = (url: string) =>
	new Promise<boolean>((answer) => {
		const { hostname, port } = new URL(url);
		const socket = connect(Number(port), hostname);
		socket.on("connect", () => {
			socket.destroy();
			answer(false);
		});
		socket.on("error", (error: NodeJS.ErrnoException) => answer(error.code === "ECONNREFUSED"));
	});

/** The body of what is there. */
/** As curl and controllers ask: `fetch` of Node names languages as a browser does, and boards take it for one. */
export const text = async (
	url: string,
	{ body = "", ...options }: { method?: string; headers?: Record<string, string>; body?: string } = {},
) => {
	const sent = request(url, { ...options, headers: { ...options.headers, "content-length": Buffer.byteLength(body) }, agent: false });
	sent.end(body);
	const [response] = (await once(sent, "response")) as [IncomingMessage];
	let answer = "";
	for await (const part of response.setEncoding("utf8")) answer += part;
	return answer;
};

/** Processes that this one has started and that run: what has ended but was not yet asked after does not count. */
export function childrenOf(pid: number | undefined): number[] {
	const rows = execFileSync("ps", ["-eo", "pid,ppid,stat"], { encoding: "utf8" }).split("\n");
	return rows
		.map((row) => row.trim().split(/\s+/))
		.filter(([, parent, state]) => parent === String(pid) && !state?.startsWith("Z"))
		.map(([child]) => Number(child));
}

/** Which of these processes still run, after at most a second. */
export async function stillRunning(pids: readonly number[]): Promise<number[]> {
	const alive = () => {
		const rows = execFileSync("ps", ["-eo", "pid,stat"], { encoding: "utf8" }).split("\n");
		const states = new Map(rows.map((row) => row.trim().split(/\s+/)).map(([pid, state]) => [Number(pid), state]));
		return pids.filter((pid) => states.has(pid) && !states.get(pid)?.startsWith("Z"));
	};
	for (let i = 0; i < 20 && alive().length > 0; i++) await new Promise((done) => setTimeout(done, 50));
	return alive();
}
