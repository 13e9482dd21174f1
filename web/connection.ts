import { bytes, CONTINUE, head, type Reply, refuse } from "./reply";
import { HEAD_LIMIT, type Progress, type RequestHead, RequestReader } from "./request-reader";
import type { Side, Wire } from "./types";

/** How long a request may take to come in, and how long the peer may take nothing of what was written, in ms. */
export const SLOW_MS = 10_000;
/** The same while others wait, in ms. */
export const PATIENCE_MS = 2000;
/** How long a peer may take for all of its answer while others wait, in ms. Without this limit a byte now and then would keep a place for hours. */
export const TAKING_MS = 5000;
/** While others wait, a request gives way after this time without a byte, in ms. */
export const STALLED_MS = 1000;
/** How long the routes may take for an answer, in ms: a request by radio settles within 10 s, a command within 8 s. */
export const ANSWER_MS = 12_000;
/** How long a peer may go on sending a request that was refused, in ms. */
export const LINGER_MS = 1000;
/** What such a peer may still send, in bytes. */
const LINGER_BYTES = 65_536;

/** What a connection needs of its server. */
export interface ConnectionHost {
	now(): number;
	/** What a connection holds has grown by so many bytes. */
	holds(bytes: number): void;
	/** Whether it may grow by so many. */
	mayHold(bytes: number): boolean;
	/** A peer has begun its request. @returns whether there is a place for it; if not, it is told by `start` */
	isPlaceFor(connection: Connection): boolean;
	/** Decides on a request by its head. @returns the refusal, or whether a body is to be received, or is to wait for `proceed` */
	begin(connection: Connection, head: RequestHead): Reply | "body" | "later" | "no body";
	/** Serves it. The answer may come later, and may be thrown away by then. */
	serve(connection: Connection, head: RequestHead, body: ArrayBuffer): Reply | Promise<Reply>;
	/** Counts a fault of ours. @returns the answer to the request that met it */
	failed(target: string, error: unknown): Reply;
	/** The answer to a request that found no place in time. */
	busy(target: string): Reply;
	/** The answer to a request whose own has not come in time. */
	late(target: string): Reply;
	/** Called once for each answer that goes out. */
	answered(reply: Reply): void;
	/** @param announced whether whoever waits for its answer to be out is told */
	ended(connection: Connection, end: End, announced: boolean): void;
	fault(error: unknown): void;
}

/** What a connection takes of the board's memory by itself, in bytes, on boards with 32-bit words: 60 slots. */
export const CONNECTION_BYTES = 1024;
/** What it takes more while its request comes in: the reader and the longest head. */
export const HEAD_BYTES = 640 + HEAD_LIMIT;
/** What is kept of a request while its answer is found. */
const WAITING_BYTES = 640;
/** A body is there as bytes, then as text, for each byte of it. */
const BODY_TIMES = 2;

/** What the body of a request takes while it comes in and is served, in bytes. */
export function bodyBytes(head: RequestHead): number {
	return BODY_TIMES * head.contentLength;
}

/** `done`: the peer has the whole answer; `slow`: out of time; `left`: the peer went first; `shut`: closed from our side. */
export type End = "done" | "slow" | "left" | "shut";

/**
 * One connection, one request, one answer, on a socket that was detached from the SDK's server.
 *
 * idle (nothing has come) → asking (for a place; nothing is read) → receiving → queued (for the one place that a body may take) → receiving → waiting (for the
 * answer) → sending → sent → closed; a refusal of a request that has not come in whole goes
 * through `lingering`: lwIP resets a connection that is closed over unread bytes, and the peer would lose the answer.
 * A peer that closes its half is taken as gone: modSocket drops its hold on the connection at that point, so that writing
 * later could touch freed memory. What was written before still goes out.
 */
export class Connection {
	readonly side: Side;
	/** The peer's address, undefined when it is gone already. */
	readonly remote: string | undefined;
	readonly #host: ConnectionHost;
	/** From `start` until the request is there: while the answer is waited for no more of it is kept than what follows. */
	#reader: RequestReader | undefined;
	#target = "";
	#wantsHead = false;
	#wire: Wire | undefined;
	#state: "idle" | "asking" | "receiving" | "queued" | "waiting" | "sending" | "sent" | "lingering" | "closed" = "idle";
	/** It has been refused: it takes nobody's place any more. */
	#refused = false;
	/** When the present state began, and when something last came in or was taken by the peer. */
	#sinceMs: number;
	#activeMs: number;
	#deadline: number;
	#announced = false;
	/** What is still to be written, and how far its first part is. */
	#parts: Uint8Array[] = [];
	#inFlash = false;
	/** What it has told that it holds, in bytes. */
	#held = 0;
	#offset = 0;
	#received = false;
	#lingered = 0;

	constructor(options: { wire: Wire; side: Side; host: ConnectionHost }) {
		const nowMs = options.host.now();
		this.side = options.side;
		this.#host = options.host;
		this.#wire = options.wire;
		this.#deadline = nowMs + SLOW_MS;
		this.#sinceMs = nowMs;
		this.#activeMs = nowMs;
		this.remote = options.wire.get("REMOTE_IP");
		options.wire.callback = (message) => this.onMessage(message);
		this.account();
	}

	/** Nothing has come from the peer yet. */
	get isIdle(): boolean {
		return this.#state === "idle";
	}

	/** A request has begun to come in, and waits for its place. */
	get isAsking(): boolean {
		return this.#state === "asking";
	}

	/** A request with a body waits until the body before it is done with. */
	get isQueued(): boolean {
		return this.#state === "queued";
	}

	/** What its body will take, in bytes, while it waits for that. */
	get bodyBytes(): number {
		return this.#reader ? bodyBytes(this.#reader.head) : 0;
	}

	/** It takes one of the places that its side has. */
	get isServed(): boolean {
		return !this.#refused && this.#state !== "idle" && this.#state !== "asking" && this.#state !== "closed";
	}

	/** It has been told why it is not served, and only its end is waited for. */
	get isRefused(): boolean {
		return this.#refused && this.#state !== "closed";
	}

	/** Since when it is in its present state, in ms. */
	get sinceMs(): number {
		return this.#sinceMs;
	}

	/** Whether others need not wait for it any longer: it sends or reads too slowly. */
	isSlow(nowMs: number): boolean {
		if (this.#state === "receiving") return nowMs - this.#sinceMs >= PATIENCE_MS || nowMs - this.#activeMs >= STALLED_MS;
		if (this.#state !== "sending" && this.#state !== "sent") return false;
		return nowMs - this.#activeMs >= PATIENCE_MS || nowMs - this.#sinceMs >= TAKING_MS;
	}

	/** Gives the request its place: it is read from here on. */
	start(): void {
		if (this.#state !== "asking") return;
		this.guarded(() => {
			this.begin();
			this.onReadable();
		});
	}

	/** Lets a queued request send its body. */
	proceed(): void {
		if (this.#state !== "queued") return;
		this.guarded(() => {
			const reader = this.#reader;
			this.enter("receiving", SLOW_MS);
			if (!reader) return;
			this.receiveBody(reader);
			this.onReadable();
		});
	}

	/** Ends a request that cannot be served, or not any longer, with this answer, where there is still something to say. */
	turnAway(reply: Reply): void {
		if (this.isServed && this.#state !== "receiving" && this.#state !== "queued") {
			this.end("shut");
			return;
		}
		this.#refused = true;
		this.guarded(() => {
			this.respond(reply);
			// lwIP resets a connection that is closed over unread bytes.
			this.onReadable();
		});
	}

	/** Closes what is out of time. To be called now and then. */
	tick(nowMs: number): void {
		if (nowMs < this.#deadline) return;
		if (this.#state === "waiting") this.guarded(() => this.respond(this.#host.late(this.#target)));
		else if (this.#state === "asking" || this.#state === "queued") this.turnAway(this.#host.busy(this.#target));
		else this.end(this.#state === "lingering" ? "done" : "slow");
	}

	/** Closes the connection, whatever it is about. May be called twice. */
	close(): void {
		this.end("shut");
	}

	private onMessage(message: number): void {
		// As #guarded, whose two calls would be missing at the other end of a small stack.
		try {
			if (message === READABLE) this.onReadable();
			else if (message === WRITABLE) this.onWritable();
			else if (message < 0) this.end(this.#state === "sent" || this.#state === "lingering" ? "done" : "left");
		} catch (error) {
			this.#host.fault(error);
			this.end("shut");
		}
		this.account();
	}

	/** Nothing thrown may reach the socket, whose caller is the engine itself. */
	private guarded(action: () => void): void {
		try {
			action();
		} catch (error) {
			this.#host.fault(error);
			this.end("shut");
		}
		this.account();
	}

	/** What it holds now; it is counted here and nowhere else, whatever has happened to it. */
	private account(): void {
		const bytes = this.bytes();
		if (bytes === this.#held) return;
		this.#host.holds(bytes - this.#held);
		this.#held = bytes;
	}

	private bytes(): number {
		if (this.#state === "closed") return 0;
		if (this.#state === "waiting") return CONNECTION_BYTES + WAITING_BYTES;
		const reader = this.#reader;
		if (reader) return CONNECTION_BYTES + HEAD_BYTES + (reader.hasBody ? bodyBytes(reader.head) : 0);
		if (this.#inFlash) return CONNECTION_BYTES;
		let bytes = CONNECTION_BYTES - this.#offset;
		// A loop over the items themselves would make an iterator each time.
		for (let i = 0; i < this.#parts.length; i++) bytes += this.#parts[i]?.length ?? 0;
		return bytes;
	}

	private onReadable(): void {
		const wire = this.#wire;
		// The socket throws when it is asked for bytes and has none.
		if (!wire || wire.read() <= 0) return;
		if (this.#state === "idle") {
			this.enter("asking", SLOW_MS);
			if (!this.#host.isPlaceFor(this)) return;
			this.begin();
		}
		// What is not read yet stays with lwIP, which holds the peer back.
		if (this.#state === "asking" || this.#state === "queued") return;
		this.#activeMs = this.#host.now();
		const reader = this.#reader;
		if (this.#state !== "receiving" || !reader) {
			this.#lingered += wire.read(null);
			if (this.#lingered > LINGER_BYTES) this.end("done");
			return;
		}
		this.advance(reader, reader.feed(new Uint8Array(wire.read(ArrayBuffer))));
	}

	private advance(reader: RequestReader, progress: Progress): void {
		if (progress === "more") return;
		const head = reader.head;
		this.#target = head.target;
		this.#wantsHead = head.method === "HEAD";
		if (progress === "head") this.decide(reader);
		else if (progress === "body") this.serve(head, reader.takeBody());
		else this.respond(refuse(head.target, progress.status, progress.sentence));
	}

	private begin(): void {
		this.#reader = new RequestReader();
		this.enter("receiving", SLOW_MS);
	}

	private decide(reader: RequestReader): void {
		const head = reader.head;
		const decision = this.#host.begin(this, head);
		if (typeof decision === "object") {
			this.#received = head.contentLength === 0;
			this.respond(decision);
		} else if (decision === "later") this.enter("queued", SLOW_MS);
		else if (decision === "body" && head.contentLength > 0) this.receiveBody(reader);
		else this.serve(head, new ArrayBuffer(0));
	}

	private receiveBody(reader: RequestReader): void {
		if (reader.head.expectsContinue) this.#wire?.write(bytes(CONTINUE));
		this.advance(reader, reader.acceptBody());
	}

	private enter(state: "asking" | "receiving" | "queued" | "waiting" | "lingering", deadlineMs: number): void {
		this.#state = state;
		this.#sinceMs = this.#host.now();
		this.#activeMs = this.#sinceMs;
		this.#deadline = this.#sinceMs + deadlineMs;
	}

	private serve(head: RequestHead, body: ArrayBuffer): void {
		this.#received = body.byteLength > 0 || head.contentLength === 0;
		this.#reader = undefined;
		this.enter("waiting", ANSWER_MS);
		let answer: Reply | Promise<Reply>;
		try {
			answer = this.#host.serve(this, head, body);
		} catch (error) {
			answer = this.#host.failed(this.#target, error);
		}
		// An answer that is there must go out now: the peer may have closed its half, which the socket tells next.
		if (!(answer instanceof Promise)) this.respond(answer);
		else this.await(answer);
	}

	private await(answer: Promise<Reply>): void {
		answer.then(
			(reply) => this.guarded(() => this.respond(reply)),
			(error) => this.guarded(() => this.respond(this.#host.failed(this.#target, error))),
		);
	}

	private respond(answer: Reply): void {
		if (this.#state === "sending" || this.#state === "sent" || this.#state === "lingering" || this.#state === "closed") return;
		this.#reader = undefined;
		const reply = this.fits(answer) ? answer : this.#host.busy(this.#target);
		this.#inFlash = reply.inFlash ?? false;
		this.#announced = reply.announced ?? false;
		this.#host.answered(reply);
		this.#parts = this.#wantsHead ? [head(reply)] : [head(reply), ...reply.body];
		this.#state = "sending";
		this.#sinceMs = this.#host.now();
		this.write();
	}

	/** Whether what the peer cannot take at once of an answer may wait here. */
	private fits(reply: Reply): boolean {
		if (reply.inFlash || this.#wantsHead) return true;
		let bytes = -(this.#wire?.write() ?? 0);
		for (const part of reply.body) bytes += part.length;
		return bytes <= 0 || this.#host.mayHold(bytes + CONNECTION_BYTES - this.#held);
	}

	private write(): void {
		const wire = this.#wire;
		if (!wire) return;
		let room = wire.write();
		let part = this.#parts[0];
		while (part && room > 0) {
			const end = Math.min(part.length, this.#offset + room);
			// lwIP copies; a view saves copying on the engine's heap.
			if (end > this.#offset) wire.write(part.subarray(this.#offset, end));
			room -= end - this.#offset;
			this.#offset = end;
			if (end === part.length) {
				this.#parts.shift();
				this.#offset = 0;
				part = this.#parts[0];
			}
		}
		this.#activeMs = this.#host.now();
		this.#deadline = this.#activeMs + SLOW_MS;
		if (!part) this.#state = "sent";
	}

	/** The peer has acknowledged all that was written. */
	private onWritable(): void {
		if (this.#state === "sending") this.write();
		else if (this.#state === "sent") {
			if (this.#received) this.end("done");
			else this.enter("lingering", LINGER_MS);
		}
	}

	private end(end: End): void {
		if (this.#state === "closed") return;
		this.#state = "closed";
		const wire = this.#wire;
		this.#wire = undefined;
		this.#parts = [];
		this.#reader = undefined;
		if (wire) {
			try {
				wire.close();
			} catch (error) {
				this.#host.fault(error);
			}
		}
		this.account();
		this.#host.ended(this, end, this.#announced);
	}
}

/** Messages of the SDK's socket. */
const READABLE = 2;
const WRITABLE = 3;
