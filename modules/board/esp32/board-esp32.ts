export interface ChipOptions {
	/**
	 * The board restarts when feed() was not called for so many ms; at least 1000, checked once a second. A debug build waits ten minutes,
	 * and for ever while xsbug is attached.
	 */
	heartbeatMs: number;
}

/** The chip itself: time, address, random numbers, restart, memory that outlives a restart, pins. One at a time. */
export class Chip extends (Native("xs_chip_destructor") as new () => object) {
	/**
	 * Starts the heartbeat watchdog.
	 * @throws RangeError for a heartbeat under 1000 ms or over an hour, Error with the esp_err number when there is no timer
	 */
	constructor(options: ChipOptions) {
		super();
		native("xs_chip").call(this, options);
	}
	/** Stops the watchdog. May be called again. */
	close(): void {
		native("xs_chip_close").call(this);
	}
	/** @returns the station's MAC, 12 lower-case hex digits */
	mac(): string {
		return native("xs_chip_mac").call(this);
	}
	/** @returns ms since the chip started */
	now(): number {
		return native("xs_chip_now").call(this);
	}
	/** @returns esp_reset_reason_t: 1 power on, 3 software, 4 panic, 5 to 7 watchdogs, 9 brown-out, 11 built-in USB */
	resetReason(): number {
		return native("xs_chip_resetReason").call(this);
	}
	/** @returns a number in [0, 1); true random only while the radio is on */
	random(): number {
		return native("xs_chip_random").call(this);
	}
	/** @param bytes 1 to 64 @returns as many random bytes, two lower-case hex digits each */
	randomHex(bytes: number): string {
		return native("xs_chip_randomHex").call(this, bytes);
	}
	/** Says that the loop turns. */
	feed(): void {
		native("xs_chip_feed").call(this);
	}
	/** Leaves words for after the restart, cut to 160 bytes; replaces earlier ones. A power cut loses them. */
	keep(words: string): void {
		native("xs_chip_keep").call(this, words);
	}
	/** @returns what was kept before the restart, once; "" when there is nothing */
	lastWords(): string {
		return native("xs_chip_lastWords").call(this);
	}
	/** Notes over all restarts but power-on and the reset button that recovery restarted the board, or that this is long ago. */
	setRecovered(recovered: boolean): void {
		native("xs_chip_setRecovered").call(this, recovered);
	}
	/** @returns what setRecovered() noted */
	recovered(): boolean {
		return native("xs_chip_recovered").call(this);
	}
	/** Restarts the chip; does not return. */
	restart(): never {
		return native("xs_chip_restart").call(this) as never;
	}
	/** Why the chip cannot use a pin, for people; "" when it can. @param drives whether it is to be an output */
	pinTrouble(pin: number, drives: boolean): string {
		return native("xs_chip_pinTrouble").call(this, pin, drives);
	}
	/** Makes a pin an output that shows `level` from its first moment. @returns esp_err_t, 0x102 for a pin that the chip lacks or that its flash hangs on */
	output(pin: number, level: number): number {
		return native("xs_chip_output").call(this, pin, level);
	}
	/** Changes an output. @returns esp_err_t */
	write(pin: number, level: number): number {
		return native("xs_chip_write").call(this, pin, level);
	}
	/** Makes a pin an input with pull-up. @returns esp_err_t */
	input(pin: number): number {
		return native("xs_chip_input").call(this, pin);
	}
	/** @returns what a pin shows, 0 or 1 */
	level(pin: number): number {
		return native("xs_chip_level").call(this, pin);
	}
}
