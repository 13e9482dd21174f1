/**
 * Stand-in for the SDK's `timer`: the host's timers in the board's virtual milliseconds.
 * sim/board/timers.c has the rules of a round.
 */
declare const brand: unique symbol;

/** A timer as scripts hold it: an opaque host object. */
interface Timer {
	readonly [brand]: true;
}

type Callback = (timer: Timer) => void;

const Timer = {
	/** Runs `callback` once after `delayMs` (0: in the next round), then every `repeatMs` unless that is 0. */
	set(callback: Callback, delayMs = 0, repeatMs = 0): Timer {
		return native("xs_sim_timer_set").call(Timer, callback, delayMs, repeatMs);
	},

	/** Runs `callback` every `intervalMs`. */
	repeat(callback: Callback, intervalMs: number): Timer {
		return native("xs_sim_timer_set").call(Timer, callback, intervalMs, intervalMs);
	},

	/** Sets the next run and the repeat anew; without arguments the timer rests. Throws for a timer that is gone. */
	schedule(...args: [timer: Timer, delayMs?: number, repeatMs?: number]): void {
		native("xs_sim_timer_schedule").apply(Timer, args);
	},

	/** Removes a timer; anything else is ignored. */
	clear(timer?: Timer | null): void {
		native("xs_sim_timer_clear").call(Timer, timer);
	},

	/** Blocks the board: its clock runs ahead of the event by `ms`. */
	delay(ms: number): void {
		native("xs_sim_timer_delay").call(Timer, ms);
	},
};

export default Object.freeze(Timer);
