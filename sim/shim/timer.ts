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

/** The natives themselves, as in the SDK: a script in between would be charged to the board for each call. */
const Timer = {
	/** Runs `callback` once after `delayMs` (0: in the next round), then every `repeatMs` unless that is 0. */
	set: native("xs_sim_timer_set") as (callback: Callback, delayMs?: number, repeatMs?: number) => Timer,
	/** Runs `callback` every `intervalMs`. */
	repeat: native("xs_sim_timer_repeat") as (callback: Callback, intervalMs: number) => Timer,
	/** Sets the next run and the repeat anew; without arguments the timer rests. Throws for a timer that is gone. */
	schedule: native("xs_sim_timer_schedule") as (timer: Timer, delayMs?: number, repeatMs?: number) => void,
	/** Removes a timer; anything else is ignored. */
	clear: native("xs_sim_timer_clear") as (timer?: Timer | null) => void,
	/** Blocks the board: its clock runs ahead of the event by `ms`. */
	delay: native("xs_sim_timer_delay") as (ms: number) => void,
};

export default Object.freeze(Timer);
