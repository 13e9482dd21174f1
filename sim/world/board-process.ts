import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { accessSync, closeSync, constants, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
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

const alive = new Set<BoardProcess>();
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

/** One board program as a child process, talked to synchronously. */
export class BoardProcess implements BoardProgram {
	#name: string;
	#child: ChildProcess;
	#write: number;
	#read: number;
	#stderr: number;
	#chunk = Buffer.alloc(65536);
	#rest: Buffer = Buffer.alloc(0);
	#open = true;
	#awaitsReport: boolean;

	/** @param awaitReport wait at the end for what the program's checkers (sanitizers) have to say, and throw it */
	constructor(options: { name: string; program: string; app: string; flags?: readonly string[]; wire: Wire; awaitReport?: boolean }) {
		const { name, program, app, flags = [], wire } = options;
		accessSync(program, constants.X_OK);
		this.#name = name;
		this.#awaitsReport = options.awaitReport ?? false;
		// In a process group of its own: Ctrl-C is for the desk, which then ends its boards.
		this.#child = spawn(program, [...flags, app], { stdio: [wire.toBoard.read, wire.fromBoard.write, wire.stderr], detached: true });
		this.#child.on("error", () => {});
		this.#child.unref();
		// Only our own ends stay open here: the program's death is then an end of file, not silence.
		closeSync(wire.toBoard.read);
		closeSync(wire.fromBoard.write);
		this.#write = wire.toBoard.write;
		this.#read = wire.fromBoard.read;
		this.#stderr = wire.stderr;
		alive.add(this);
		if (!watching) {
			watching = true;
			process.on("exit", () => {
				for (const each of alive) each.#child.kill("SIGKILL");
			});
		}
	}

	exchange(line: string): string {
		if (!this.#open) throw new Error(`${this.#name}: its board program has ended`);
		try {
			writeAll(this.#write, `${line}\n`);
			return this.#readLine();
		} catch (error) {
			throw new Error(`${this.#name}: its board program died (${reason(error)}) on ${line.slice(0, 500)}\n${this.stderr()}`);
		}
	}

	/** What the program has written to its standard error, the last 16 KB of it. */
	stderr(): string {
		const size = fstatSync(this.#stderr).size;
		const from = Math.max(0, size - 16384);
		const text = Buffer.alloc(size - from);
		readSync(this.#stderr, text, 0, text.length, from);
		return text.toString("utf8");
	}

	close(): void {
		if (!this.#open) return;
		this.#open = false;
		alive.delete(this);
		let complaint = "";
		if (this.#awaitsReport) {
			closeSync(this.#write);
			while (readSync(this.#read, this.#chunk) > 0);
			complaint = this.stderr();
		} else closeSync(this.#write);
		this.#child.kill("SIGKILL");
		closeSync(this.#read);
		closeSync(this.#stderr);
		if (/Sanitizer|runtime error:/.test(complaint)) throw new Error(`${this.#name}: ${complaint}`);
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

function writeAll(fd: number, text: string): void {
	const bytes = Buffer.from(text, "utf8");
	for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}

function reason(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
