import type { CountersView } from "../../modules/espnow/types";
import type { Board } from "../../sim/world/board";
import { HUB, type Network, SECRETS } from "./network";
import type { Owner } from "./owner";

/** Of what is heard, as much is kept for the one who replays it. */
const HEARD = 200;
/** As on the chip. */
const SLOT_BYTES = 16;

interface Status {
	readonly counters: CountersView;
	readonly web: { readonly faults: number };
}

/** What a board's heap holds at a quiet moment. */
export interface HeapLook {
	readonly minute: number;
	readonly life: number;
	readonly slots: number;
	readonly bytes: number;
}

const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((all, count) => all + count, 0);
const add = (counts: Record<string, number>, what: string) => {
	counts[what] = (counts[what] ?? 0) + 1;
};

/** Looks at the boards from outside, as the chips and the air show them, and notes what must not be. */
export class Watch {
	/** Restarts that nobody had the right to cause: how often each reason. */
	readonly restarts: Record<string, number> = {};
	/** Of the one device that obeys orders in its hub's name. */
	orderedRestarts = 0;
	/** Configurations that were changed: how often each board's. */
	readonly changed: Record<string, number> = {};
	/** Relays that were switched although the owner did not. */
	switched = 0;
	/** Frames of boards with a secret in them, and frames that are not text. */
	told = 0;
	spoilt = 0;
	/** Counters that do not add up, errors that the firmware caught in itself. */
	readonly wrong: string[] = [];
	readonly heaps = new Map<string, HeapLook[]>();
	readonly #network: Network;
	readonly #owner: Owner;
	readonly #victim: string;
	readonly #configurations = new Map<Board, string>();
	readonly #writes = new Map<Board, { first: number; last: number }>();
	#seen = 0;

	constructor(network: Network, owner: Owner, victim: string) {
		this.#network = network;
		this.#owner = owner;
		this.#victim = victim;
	}

	/** From here on it counts: the boards are up. */
	begin(): void {
		const { world } = this.#network;
		this.#seen = world.log.next;
		for (const board of world.boards) {
			this.#configurations.set(board, this.#configuration(board));
			this.#writes.set(board, { first: board.flashWrites, last: board.flashWrites });
		}
	}

	/** To be called every second. */
	step(): void {
		const { world } = this.#network;
		for (const event of world.log.since(this.#seen)) {
			if (event.board === null) continue;
			if (event.event === "frame") this.#frame(event as unknown as { from: string; to: string; text?: string });
			else if (event.event === "restart") this.#restart(event.board, String(event.reason));
		}
		this.#seen = world.log.next;
		for (const board of world.boards) this.#flash(board);
		this.switched += this.#owner.betrayed().length;
	}

	/** Counters against each other, on every board. */
	audit(): void {
		for (const board of this.#network.world.boards) {
			const status = board.running ? (board.snapshot() as Status | undefined) : undefined;
			if (!status) continue;
			const { pongs, replies, relayed, commands, reports, sealing, dropped, framesIn, events } = status.counters;
			const accounted = pongs + replies + relayed + commands + reports + sealing + sum(dropped);
			if (framesIn !== accounted) this.wrong.push(`${board.name}: ${framesIn} frames came in, ${accounted} are accounted for`);
			if ((events.fault ?? 0) + status.web.faults > 0) this.wrong.push(`${board.name}: the firmware caught an error of its own`);
		}
	}

	/** A quiet moment: what is in the heaps. */
	measure(minute: number): void {
		for (const board of this.#network.world.boards) {
			if (!board.running) continue;
			board.collect();
			const { slots, chunks } = board.collect();
			const looks = this.heaps.get(board.name) ?? [];
			looks.push({ minute, life: board.life, slots, bytes: slots * SLOT_BYTES + chunks });
			this.heaps.set(board.name, looks);
		}
	}

	/** Entries that each board wrote to its flash. */
	flashWrites(): Map<string, number> {
		return new Map([...this.#writes].map(([board, { first }]) => [board.name, board.flashWrites - first]));
	}

	#frame(frame: { readonly from: string; readonly to: string; readonly text?: string }): void {
		const { from, to, text } = frame;
		if (text === undefined) this.spoilt++;
		else if (SECRETS.some((secret) => text.includes(secret))) this.told++;
		else if (this.#network.world.find(to)) {
			const { heard, orders } = this.#network;
			if (text === "reset" && from === HUB && orders.length === 0) orders.push({ from, to, text });
			heard.push({ from, to, text });
			if (heard.length > HEARD) heard.shift();
		}
	}

	#restart(mac: string, reason: string): void {
		this.#owner.wanted.set(mac, undefined);
		if (mac === this.#victim && reason === "software") this.orderedRestarts++;
		else add(this.restarts, reason);
	}

	#flash(board: Board): void {
		const writes = this.#writes.get(board);
		if (!writes || writes.last === board.flashWrites) return;
		writes.last = board.flashWrites;
		const configuration = this.#configuration(board);
		if (configuration === this.#configurations.get(board)) return;
		this.#configurations.set(board, configuration);
		add(this.changed, board.name);
	}

	/** What is kept, without the one key that orders in the hub's name may change on the victim. */
	#configuration(board: Board): string {
		const { configuration } = this.#network.world.configurationOf(board);
		return JSON.stringify(board.mac === this.#victim ? { ...configuration, channel: 0 } : configuration);
	}
}
