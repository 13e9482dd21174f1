import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { accessSync, closeSync, constants, fstatSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BoardProgram } from "./protocol";

interface Pipe {
	read: number;
	write: number;
}

/** Ends of the pipes not yet given to a program. */
export interface Wire {
	readonly toBoard: Pipe;
	readonly fromBoard: Pipe;
	readonly stderr: number;
}

export interface ProgramOptions {
	readonly program: string;
	readonly app: string;
	readonly flags?: readonly string[];
}

const alive = new Set<ChildProcess>();
let watching = false;

/**
 * Makes named pipes, opens them and removes their names at once, so that nothing is left behind whatever happens.
 * Named, because a descriptor of a named pipe can be read and written synchronously, which Node's own pipes cannot.
 */
export function makeWires(count: number): Wire[] {
	const folder = mkdtempSync(join(tmpdir(), "rbr-now-"));
	try {
		const names = Array.from({ length: count }, (_, i) => [join(folder, `${i}.in`), join(folder, `${i}.out`)] as const);
		execFileSync("mkfifo", names.flat());
		return names.map(([toBoard, fromBoard], i) => ({
			toBoard: openPipe(toBoard),
			fromBoard: openPipe(fromBoard),
			stderr: openSync(join(folder, `${i}.err`), "w+"),
		}));
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** Opening one end of a named pipe waits for the other end, opening both at once does not. */
function openPipe(path: string): Pipe {
	const both = openSync(path, "r+");
	const pipe = { read: openSync(path, "r"), write: openSync(path, "w") };
	closeSync(both);
	return pipe;
}

export function closeWire(wire: Wire): void {
	for (const fd of [wire.toBoard.read, wire.toBoard.write, wire.fromBoard.read, wire.fromBoard.write, wire.stderr]) closeSync(fd);
}

/** Starts a program at the other ends of these pipes; its ends are closed here. */
function launch({ program, app, flags = [] }: ProgramOptions, wire: Wire): ChildProcess {
	accessSync(program, constants.X_OK);
	// In a process group of its own: Ctrl-C is for the desk, which then ends its boards.
	const child = spawn(program, [...flags, app], { stdio: [wire.toBoard.read, wire.fromBoard.write, wire.stderr], detached: true });
	child.on("error", () => {});
	child.unref();
	closeOtherEnds(wire);
	alive.add(child);
	if (!watching) {
		watching = true;
		process.on("exit", () => {
			for (const each of alive) each.kill("SIGKILL");
		});
	}
	return child;
}

/** Only our own ends stay open here: the program's death is then an end of file, not silence. */
function closeOtherEnds(wire: Wire): void {
	closeSync(wire.toBoard.read);
	closeSync(wire.fromBoard.write);
}

/** Our end of the pipes to a program: one line there, one line back. */
class Line {
	readonly #write: number;
	readonly #read: number;
	readonly #stderr: number;
	readonly #chunk = Buffer.alloc(65536);
	#rest: Buffer = Buffer.alloc(0);

	constructor(wire: Wire) {
		this.#write = wire.toBoard.write;
		this.#read = wire.fromBoard.read;
		this.#stderr = wire.stderr;
	}

	exchange(line: string): string {
		writeAll(this.#write, `${line}\n`);
		return this.#readLine();
	}

	/** What the program has written to its standard error, the last 16 KB of it. */
	stderr(): string {
		const size = fstatSync(this.#stderr).size;
		const from = Math.max(0, size - 16384);
		const text = Buffer.alloc(size - from);
		readSync(this.#stderr, text, 0, text.length, from);
		return text.toString("utf8");
	}

	/** The program sees the end of its input. */
	closeInput(): void {
		closeSync(this.#write);
	}

	/** Waits until the program has ended. */
	drain(): void {
		while (readSync(this.#read, this.#chunk) > 0);
	}

	/** After {@link closeInput}. */
	closeOutput(): void {
		closeSync(this.#read);
		closeSync(this.#stderr);
	}

	#readLine(): string {
		const parts: Buffer[] = [];
		let piece = this.#rest;
		for (;;) {
			const end = piece.indexOf(10);
			if (end >= 0) {
				parts.push(piece.subarray(0, end));
				this.#rest = Buffer.from(piece.subarray(end + 1));
				return Buffer.concat(parts).toString("utf8");
			}
			if (piece.length > 0) parts.push(Buffer.from(piece));
			const size = readSync(this.#read, this.#chunk);
			if (size === 0) throw new Error("end of its output");
			piece = this.#chunk.subarray(0, size);
		}
	}
}

/** A board program that has loaded its app and waits; each board is a copy of it (sim/board/template.c). */
class Template {
	readonly #line: Line;
	readonly #child: ChildProcess;
	#open = true;

	constructor(options: ProgramOptions) {
		const [wire] = makeWires(1);
		if (!wire) throw new Error("no pipes");
		this.#line = new Line(wire);
		this.#child = launch({ ...options, flags: ["--template", ...(options.flags ?? [])] }, wire);
	}

	/** Starts a copy at the other ends of these pipes. @returns what ends it */
	start({ toBoard, fromBoard, stderr }: Wire): () => void {
		let pid: string;
		try {
			pid = this.#line.exchange(`start ${process.pid} ${toBoard.read} ${fromBoard.write} ${stderr}`);
		} catch (error) {
			throw new Error(`a board program does not start (${reason(error)})\n${this.#line.stderr()}`);
		}
		return () => {
			if (this.#open) this.#line.exchange(`end ${pid}`);
		};
	}

	/** Its copies go on; they end with their input. */
	close(): void {
		this.#open = false;
		this.#line.closeInput();
		this.#line.closeOutput();
		this.#child.kill("SIGKILL");
		alive.delete(this.#child);
	}
}

/** The templates that were used last, the newest last. Tests with apps of their own make many. */
const templates = new Map<string, Template>();
const MAX_TEMPLATES = 4;

function templateOf(options: ProgramOptions): Template {
	const built = [options.program, options.app].map((file) => statSync(file).mtimeMs);
	const key = JSON.stringify([options, built]);
	const template = templates.get(key) ?? new Template(options);
	templates.delete(key);
	templates.set(key, template);
	for (const [oldest, each] of templates) {
		if (templates.size <= MAX_TEMPLATES) break;
		each.close();
		templates.delete(oldest);
	}
	return template;
}

/** Ends the programs that wait to be copied. */
export function closeTemplates(): void {
	for (const each of templates.values()) each.close();
	templates.clear();
}

export interface BoardProcessOptions extends ProgramOptions {
	readonly name: string;
	readonly wire: Wire;
	/** Wait at the end for what the program's checkers (sanitizers) have to say, and throw it. */
	readonly awaitReport?: boolean;
}

/** One board program as a process, talked to synchronously. */
export class BoardProcess implements BoardProgram {
	readonly #name: string;
	readonly #line: Line;
	readonly #kill: () => void;
	readonly #awaitsReport: boolean;
	#open = true;

	private constructor(options: BoardProcessOptions, kill: () => void) {
		this.#name = options.name;
		this.#awaitsReport = options.awaitReport ?? false;
		this.#line = new Line(options.wire);
		this.#kill = kill;
	}

	/** Starts any program that speaks the protocol. */
	static start(options: BoardProcessOptions): BoardProcess {
		const child = launch(options, options.wire);
		return new BoardProcess(options, () => {
			alive.delete(child);
			child.kill("SIGKILL");
		});
	}

	/** Starts a copy of the board program that has already loaded this app: that takes a fifth of the time. */
	static copy(options: BoardProcessOptions): BoardProcess {
		const { program, app, flags = [], wire } = options;
		const kill = templateOf({ program, app, flags }).start(wire);
		closeOtherEnds(wire);
		return new BoardProcess(options, kill);
	}

	exchange(line: string): string {
		if (!this.#open) throw new Error(`${this.#name}: its board program has ended`);
		try {
			return this.#line.exchange(line);
		} catch (error) {
			throw new Error(`${this.#name}: its board program died (${reason(error)}) on ${line.slice(0, 500)}\n${this.#line.stderr()}`);
		}
	}

	close(): void {
		if (!this.#open) return;
		this.#open = false;
		this.#line.closeInput();
		let complaint = "";
		if (this.#awaitsReport) {
			this.#line.drain();
			complaint = this.#line.stderr();
		}
		this.#kill();
		this.#line.closeOutput();
		if (/Sanitizer|runtime error:/.test(complaint)) throw new Error(`${this.#name}: ${complaint}`);
	}
}

function writeAll(fd: number, text: string): void {
	const bytes = Buffer.from(text, "utf8");
	for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}

function reason(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
