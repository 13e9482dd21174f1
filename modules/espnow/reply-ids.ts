import { removeFrom } from "./due-list";
import { Kind, type Message, type Sessions } from "./message";
import { PONG } from "./plain-text";
import type { HeldReply, Match, ReplyMatching, Request, RequestTable } from "./request";

/** A ping is answered within this time, over relay devices too, in ms. */
const PING_MS = 500;
/** A request whose reply has not come is sent once more after this time, in ms: most commands take less. */
const RESEND_MS = 1_500;
/** The peer has had the request, so its reply may still come, whatever happens to repetitions. */
const ACKED: HeldReply = Object.freeze({ text: "", rssi: 0, until: Infinity });

/**
 * Matches the replies of a peer whose messages carry ids. All its requests are open at once, and replies come in any order. If the peer has sessions, a
 * request waits for a fresh one, and the first request that waits pings for all. Ids belong to a session: a request that was sent in an earlier session fails,
 * since the board might run it twice if it were sent again.
 */
export class ReplyIds implements ReplyMatching {
	readonly #table: RequestTable;
	readonly #sessions: Sessions | null;
	readonly #requests: Request[] = [];
	/** The one that pings; those that wait with it are `queued`. */
	#pinging: Request | null = null;
	#session = 0;
	request: Request | null = null;
	/** Always false: the id of a reply names its request. */
	needsResync = false;
	readonly mayRepeat = false;

	constructor(table: RequestTable, sessions: Sessions | null) {
		this.#table = table;
		this.#sessions = sessions;
	}

	add(request: Request, now: number): void {
		this.#requests.push(request);
		this.request ??= request;
		this.update(request.peer.mac, now);
		this.#table.lookAt(now + RESEND_MS);
		// A ping needs nothing before it.
		if (request.kind === Kind.ping || this.#sessions === null || this.#sessions.isFresh(request.peer.mac)) this.#table.enter(request, now);
		else if (this.#pinging === null) this.ping(request, now);
	}

	pong({ id }: Readonly<Message>, rssi: number, now: number): boolean {
		for (const request of this.#requests) {
			if (request.kind !== Kind.ping || request.sends === 0 || (request.id !== id && id !== null)) continue;
			this.#table.settle(request, { ok: true, reply: PONG, rssi, ms: now - request.started }, now);
			return true;
		}
		return false;
	}

	reply({ kind, id, text }: Readonly<Message>, _: unknown, rssi: number, now: number): Match {
		if (kind >= Kind.request) return "none";
		const request = this.find(id);
		if (!request || request.kind === Kind.ping) return "none";
		this.#table.settle(request, { ok: true, reply: text, rssi, ms: now - request.started }, now);
		return "taken";
	}

	met(mac: string, now: number): boolean {
		const isNew = this.update(mac, now);
		const first = this.#pinging;
		if (first === null || !this.#sessions?.isFresh(mac)) return isNew;
		this.#pinging = null;
		this.#table.withdraw(first);
		first.resyncUntil = 0;
		first.tries = 0;
		this.#table.enter(first, now);
		for (const request of [...this.#requests]) if (request.state === "queued") this.#table.enter(request, now);
		return isNew;
	}

	undelivered(id: number, now: number): void {
		const request = this.find(id);
		if (request?.state === "acked" || request?.state === "sending") this.#table.tryAgain(request, now);
	}

	resyncSent(request: Request, now: number): void {
		if (request.resyncUntil !== Infinity) return;
		request.resyncUntil = now + PING_MS;
		this.#table.lookAt(request.resyncUntil);
	}

	notAcked(): void {}

	/** A request was acknowledged and no reply came: the reply may be lost. The same frame goes again; the board does not run it twice. */
	check(request: Request, now: number): void {
		if (request.resyncUntil === 0) {
			if (this.#sessions === null || request.tries + 1 >= request.limits.tries) return;
			const due = request.state === "acked" ? request.at + RESEND_MS : now + RESEND_MS;
			this.#table.lookAt(Math.max(due, now + 1));
			if (now < due) return;
			request.at = now;
			request.held = ACKED;
			this.#table.tryAgain(request, now);
			return;
		}
		if (now < request.resyncUntil) this.#table.lookAt(request.resyncUntil);
		else if (request.state === "acked") {
			request.resyncUntil = Infinity;
			if (request.tries + 1 >= request.limits.tries) this.#table.fail(request, "no reply", now);
			else this.#table.tryAgain(request, now);
		}
	}

	settled(request: Request, _: boolean, now: number): void {
		removeFrom(this.#requests, request);
		this.request = this.#requests[0] ?? null;
		if (this.#pinging !== request) return;
		this.#pinging = null;
		for (const next of this.#requests) {
			if (next.state !== "queued") continue;
			this.ping(next, now);
			return;
		}
	}

	private ping(request: Request, now: number): void {
		this.#pinging = request;
		request.resyncUntil = Infinity;
		this.#table.enter(request, now);
	}

	/** Takes note of the session that there is. @returns whether it is another one */
	private update(mac: string, now: number): boolean {
		if (this.#sessions === null) return false;
		const session = this.#sessions.current(mac);
		if (session === this.#session) return false;
		this.#session = session;
		for (const request of [...this.#requests]) {
			if (request.id === null || request.kind === Kind.ping) continue;
			if (request.sends > 0) this.#table.fail(request, "no reply", now);
			else request.id = null;
		}
		return true;
	}

	/** The request that has this id and was sent. */
	private find(id: number | null): Request | undefined {
		for (const request of this.#requests) if (request.id === id) return request.sends > 0 ? request : undefined;
		return undefined;
	}
}
