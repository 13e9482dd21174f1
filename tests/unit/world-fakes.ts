import type { BoardEvent, BoardProgram, Effect, EffectOf } from "../../sim/world/protocol";
import { World, type WorldOptions } from "../../sim/world/world";

export type TimedEvent = BoardEvent & { readonly t: number };
export interface Reaction {
	effects?: Effect[];
	next?: number | null;
	meter?: number;
}

/** A board program in memory: records what it is told and does what the test says. */
export class FakeBoard implements BoardProgram {
	readonly events: TimedEvent[] = [];
	closed = false;
	#react: (event: TimedEvent) => Reaction;

	constructor(react: (event: TimedEvent) => Reaction) {
		this.#react = react;
	}

	exchange(line: string): string {
		if (this.closed) throw new Error("closed");
		const event = JSON.parse(line) as TimedEvent;
		this.events.push(event);
		const { effects = [], next = null, meter = 0 } = this.#react(event);
		return JSON.stringify({
			t: event.t,
			effects,
			next,
			meter,
			heap: { slots: 1, peakSlots: 1, chunks: 1, peakChunks: 1, peakStack: 1 },
			messages: 0,
		});
	}

	close(): void {
		this.closed = true;
	}

	of<Type extends BoardEvent["type"]>(type: Type): Extract<TimedEvent, { type: Type }>[] {
		return this.events.filter((event): event is Extract<TimedEvent, { type: Type }> => event.type === type);
	}
}

export const radioOn: EffectOf<"radio"> = { do: "radio", on: true, channel: 6, home: 6, mode: 3, sta: true, ap: true, sleepy: false };
export const apOn: EffectOf<"ap"> & { readonly state: "on" } = {
	do: "ap",
	state: "on",
	ssid: "RBR-Now-x",
	password: "00000000",
	channel: 6,
	hidden: false,
	auth: 3,
	address: "192.168.9.1",
};

/** A world whose boards are in memory. `lives` has one program per boot, in order. */
export function fakeWorld(react: (event: TimedEvent, name: string) => Reaction, options: Partial<WorldOptions> = {}) {
	const lives: FakeBoard[] = [];
	const world = new World({
		boards: [{ name: "A" }],
		start: (name) => {
			const board = new FakeBoard((event) => react(event, name));
			lives.push(board);
			return board;
		},
		...options,
	});
	const life = (index = lives.length - 1): FakeBoard => {
		const board = lives[index];
		if (!board) throw new Error(`no life ${index}`);
		return board;
	};
	return { world, lives, life };
}
