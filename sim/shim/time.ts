/** Stand-in for the SDK's `time`: ticks of the board's virtual clock. The calendar starts at 1970 on boot. */
const Time: { readonly ticks: number; delta(start: number, end?: number): number } = {
	/** Milliseconds since boot as a signed 32-bit number. */
	get ticks(): number {
		return native("xs_sim_time_ticks").call(Time);
	},

	/** Milliseconds from one reading of `ticks` to another (now), right over the wrap. */
	delta(start: number, end = Time.ticks): number {
		return (end - start) | 0;
	},
};

export default Object.freeze(Time);
