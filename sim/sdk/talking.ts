import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildApp } from "../build/app";
import { World } from "../world/world";
import { RESTARTS, TALKS, type TalkName } from "./talks";
import { CheckFailed, lastLines, type Sdk } from "./tools";

/** After each act of the client; a desktop's socket looks for data every 20 ms. */
const PAUSE_MS = 150;
/** A connection that is open so long after the last act is ended by the client. */
const PATIENCE_MS = 600;
const START_MS = 15_000;

/** What a conversation led to. */
export interface Talk {
	/** What the application was told, line by line. */
	readonly told: readonly string[];
	/** Bytes the client got, as Latin-1. */
	readonly got: string;
	/** Which side ended it, and how. */
	readonly end: string;
}

type Ending = Omit<Talk, "told">;

/** Where the same `http` above a desktop's `socket` goes another way than above the stand-in, which plays the chip's, and why. */
const [BUFFER, SEGMENT, EMPTY, UNREAD, RESETS] = [
	"its send buffer has 1,024 bytes, not 5,744",
	"it reads up to 1,024 bytes at once, not a segment",
	"its read() of nothing is undefined, not an error",
	"what was not read was taken from the system all the same: close() ends, where lwIP resets and what was written is lost",
	"it tells a reset as an end",
];
export const ON_A_DESKTOP: Readonly<Partial<Record<TalkName, string>>> = {
	"a body that waits for the headers' acknowledgement": BUFFER,
	"a segment that ends with a line closes": EMPTY,
	"no limit on a header": SEGMENT,
	"another protocol closes": UNREAD,
	"a request line of two words closes": UNREAD,
	"an empty line closes": UNREAD,
	"more body than was said": UNREAD,
	"a chunked request closes": UNREAD,
	"two requests in one segment": UNREAD,
	"a callback that throws in a header closes": UNREAD,
	"close() in the status": UNREAD,
	"the client resets in the middle of a head: not told, kept among the connections": RESETS,
	"what is counted as open": RESETS,
};

/** Holds all conversations over the SDK's modules and over the stand-ins. @returns a line that sums up */
export async function compareTalks(sdk: Sdk, options: { root: string; host: string; port: number }): Promise<string> {
	const { root } = options;
	const out = join(sdk.out, "http");
	const http = join(sdk.path, "modules/network/http/http.js");
	const ours = await talksOnVirtualBoard({ root, out: join(out, "ours") });
	refuse("http", differences(await talksOnVirtualBoard({ root, out: join(out, "theirs"), http }), ours));
	const desktop = differences(await talksOnDesktop(sdk, { ...options, out }), ours);
	const wrong = [...desktop].filter(([name]) => !(name in ON_A_DESKTOP));
	const gone = Object.keys(ON_A_DESKTOP).filter((name) => !desktop.has(name as TalkName));
	refuse("socket", new Map(wrong));
	if (gone.length > 0) throw new CheckFailed(`No difference any more between a desktop's socket and the stand-in:\n${gone.join("\n")}`);
	return `${ours.size} conversations with the SDK's http above the stand-in of socket, byte for byte; above its own but for ${desktop.size}`;
}

function refuse(whose: string, found: ReadonlyMap<string, string>): void {
	if (found.size === 0) return;
	throw new CheckFailed(`The stand-in of ${whose} is not what it is said to be:\n${[...found.values()].join("\n")}`);
}

/** Conversations that went another way, each in words. */
export function differences(own: ReadonlyMap<TalkName, Talk>, ours: ReadonlyMap<TalkName, Talk>): Map<TalkName, string> {
	const found = new Map<TalkName, string>();
	for (const [name, talk] of own) {
		const [theirs, mine] = [JSON.stringify(talk), JSON.stringify(ours.get(name))];
		if (theirs !== mine) found.set(name, `${name}:\n  SDK      ${theirs}\n  stand-in ${mine}`);
	}
	return found;
}

/** Talks over the stand-ins, or over another `http` above the stand-in of `socket`. @returns what came of each */
export async function talksOnVirtualBoard(options: { root: string; out: string; http?: string }): Promise<Map<TalkName, Talk>> {
	const { root, out, http } = options;
	mkdirSync(out, { recursive: true });
	const table = JSON.parse(readFileSync(join(root, "sim/sdk.json"), "utf8"));
	if (http !== undefined) table["$(MODDABLE)/modules/network/http/manifest.json"].modules.http = http;
	const sdk = join(out, "sdk.json");
	writeFileSync(sdk, JSON.stringify(table));
	const { app } = await buildApp({ root, manifest: "sim/sdk/http/manifest.json", sdk, out: join(out, "virtual") });
	const world = new World({ seed: 1, app, program: join(root, "build/board/board"), boards: [{ name: "asked" }] });
	const lines = () => world.log.since(0).flatMap(({ event, line }) => (event === "trace" ? [`${line}`] : []));
	try {
		world.boot();
		if (!world.advanceUntil(() => lines().includes("talk 0: ready"), START_MS)) throw new CheckFailed("the server did not start");
		const ends = new Map<TalkName, Ending>();
		for (const name of names()) ends.set(name, talkInWorld(world, name));
		return withLines(ends, lines());
	} finally {
		world.close();
	}
}

function talkInWorld(world: World, name: TalkName): Ending {
	let got = "";
	let end = "";
	const connection = world.tcp.create({
		onData: (bytes) => {
			got += bytes.toString("latin1");
		},
		onClose: (ending) => {
			end ||= ending;
		},
	});
	const [local, remote] = ["192.168.9.1", "192.168.9.2"];
	connection.connect({ board: world.board("asked"), local, port: 80, remote, up: () => true });
	world.advance(PAUSE_MS);
	for (const act of TALKS[name]) {
		if (typeof act === "string") connection.send(act);
		else if (act.do === "end") connection.end();
		else {
			connection.close();
			end ||= "reset by the client";
		}
		world.advance(PAUSE_MS);
	}
	if (!world.advanceUntil(() => end !== "", PATIENCE_MS)) {
		connection.end();
		end = world.advanceUntil(() => end !== "", PATIENCE_MS) ? `${end} after the client's end` : "open";
		connection.close();
	}
	world.advance(PAUSE_MS);
	return { got, end };
}

/** The same over the SDK's `http` above its own `socket`, on this machine. */
async function talksOnDesktop(sdk: Sdk, options: { root: string; host: string; port: number; out: string }): Promise<Map<TalkName, Talk>> {
	const { root, host, port, out } = options;
	const folder = join(out, "http-talks");
	mkdirSync(folder, { recursive: true });
	const manifest = join(folder, "manifest.json");
	const text = { include: [join(root, "sim/sdk/http/manifest.json")], config: { httpPort: port } };
	writeFileSync(manifest, `${JSON.stringify(text, null, "\t")}\n`);
	sdk.run("mcconfig", ["-d", "-m", "-t", "build", "-p", "lin", "-o", sdk.out, manifest]);
	const child = spawn(host, [join(sdk.out, "bin/lin/mc/debug/http-talks/mc.so")], { stdio: ["ignore", "pipe", "pipe"] });
	let said = "";
	for (const stream of [child.stdout, child.stderr])
		stream.on("data", (bytes: Buffer) => {
			said += bytes.toString();
		});
	try {
		const end = performance.now() + START_MS;
		while (!said.includes("talk 0: ready")) {
			if (performance.now() > end || child.exitCode !== null) throw new CheckFailed(`the server did not start:\n${lastLines(said)}`);
			await sleep(50);
		}
		const ends = new Map<TalkName, Ending>();
		// A restart ends a program on a desktop.
		for (const name of names()) if (name !== RESTARTS) ends.set(name, await talkOverLoopback(port, name));
		return withLines(ends, said.split("\n"));
	} finally {
		child.kill("SIGTERM");
	}
}

async function talkOverLoopback(port: number, name: TalkName): Promise<Ending> {
	let got = "";
	let end = "";
	const socket = connect({ host: "127.0.0.1", port, noDelay: true });
	socket.on("data", (bytes) => {
		got += bytes.toString("latin1");
	});
	socket.on("end", () => {
		end ||= "closed";
	});
	socket.on("error", () => {
		end ||= "reset";
	});
	const ended = async () => {
		for (let waitedMs = 0; end === "" && waitedMs < PATIENCE_MS; waitedMs += 10) await sleep(10);
		return end !== "";
	};
	await sleep(PAUSE_MS);
	for (const act of TALKS[name]) {
		if (typeof act === "string") socket.write(act);
		else if (act.do === "end") socket.end();
		else {
			socket.resetAndDestroy();
			end ||= "reset by the client";
		}
		await sleep(PAUSE_MS);
	}
	if (!(await ended())) {
		socket.end();
		end = (await ended()) ? `${end} after the client's end` : "open";
	}
	socket.destroy();
	await sleep(PAUSE_MS);
	return { got, end };
}

const names = () => Object.keys(TALKS) as TalkName[];

/** The n-th connection is the n-th conversation. */
function withLines(ends: ReadonlyMap<TalkName, Ending>, lines: readonly string[]): Map<TalkName, Talk> {
	return new Map(
		[...ends].map(([name, { got, end }], i) => {
			const prefix = `talk ${i + 1}: `;
			const told = lines.flatMap((line) => (line.startsWith(prefix) ? [line.slice(prefix.length).trimEnd()] : []));
			return [name, { told, got, end }];
		}),
	);
}
