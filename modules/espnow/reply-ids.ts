import { removeFrom } from "./due-list";
import { Kind, type Message } from "./message";
import { PONG } from "./plain-text";
import type { Match, ReplyMatching, Request, RequestTable } from "./request";

/** Matches the replies of a peer whose messages carry ids: its requests are all under way at once, and replies come in any order. */
export class ReplyIds implements ReplyMatching {
	readonly #table: RequestTable;
	readonly #requests: Request[] = [];
	request: Request | null = null;
	/** Stays so: an id says what a reply belongs to. */
	needsResync = false;
	readonly mayRepeat = false;

	constructor(table: RequestTable) {
		this.#table = table;
	}

	add(request: Request, now: number): void {
		request.id = this.#table.nextId();
		this.#requests.push(request);
		this.request = request;
		this.#table.enter(request, now);
	}

	pong({ id }: Readonly<Message>, rssi: number, now: number): boolean {
		const request = this.find(id);
		if (request?.kind !== Kind.ping) return false;
		this.#table.settle(request, { ok: true, reply: PONG, rssi, ms: now - request.started }, now);
		return true;
	}

	reply({ kind, id, text }: Readonly<Message>, _: unknown, rssi: number, now: number): Match {
		if (kind === Kind.request) return "none";
		const request = this.find(id);
		if (!request || request.kind === Kind.ping) return "none";
		this.#table.settle(request, { ok: true, reply: text, rssi, ms: now - request.started }, now);
		return "taken";
	}

	resyncSent(): void {}
	notAcked(): void {}
	check(): void {}

	settled(request: Request): void {
		removeFrom(this.#requests, request);
		this.request = this.#requests[0] ?? null;
	}

	/** The request that has this id and was sent. */
	private find(id: number | null): Request | undefined {
		for (const request of this.#requests) if (request.id === id) return request.sends > 0 ? request : undefined;
		return undefined;
	}
}
