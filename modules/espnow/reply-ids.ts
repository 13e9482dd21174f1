import { removeFrom } from "./due-list";
import { Kind, type Message } from "./message";
import { PONG } from "./plain-text";
import type { Match, ReplyMatching, Request, RequestTable } from "./request";

/** Matches the replies of a peer whose messages carry ids: its requests are all under way at once, and replies come in any order. */
export class ReplyIds implements ReplyMatching {
	readonly #table: RequestTable;
	readonly #open: Request[] = [];
	readonly mayRepeat = false;

	constructor(table: RequestTable) {
		this.#table = table;
	}

	/** Never: an id says what a reply belongs to. */
	get needsResync(): boolean {
		return false;
	}
	set needsResync(_: boolean) {}

	get isIdle(): boolean {
		return this.#open.length === 0;
	}

	add(request: Request, now: number): void {
		request.id = this.#table.nextId();
		this.#open.push(request);
		this.#table.enter(request, now);
	}

	expects({ kind }: Readonly<Message>): "yes" | "no" {
		return kind === Kind.request ? "no" : "yes";
	}

	pong({ id }: Readonly<Message>, rssi: number, now: number): boolean {
		const request = this.#find(id);
		if (request?.kind !== Kind.ping) return false;
		this.#table.succeed(request, PONG, rssi, now);
		return true;
	}

	reply({ id, text }: Readonly<Message>, rssi: number, now: number): Match {
		const request = this.#find(id);
		if (!request || request.kind === Kind.ping) return "none";
		this.#table.succeed(request, text, rssi, now);
		return "taken";
	}

	resyncSent(): void {}
	notAcked(): void {}
	check(): void {}

	settled(request: Request): void {
		removeFrom(this.#open, request);
	}

	/** The request that has this id and was sent. */
	#find(id: number | null): Request | undefined {
		for (const request of this.#open) if (request.id === id) return request.sends > 0 ? request : undefined;
		return undefined;
	}
}
