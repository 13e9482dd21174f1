/**
 * When the loop has to look at the deadlines again, so that a turn asks one number instead of everybody who has one. Each brings it nearer with
 * {@link by}; when it has come there is none any more, all are looked at, and each says what it still waits for.
 */
export class NextDeadline {
	/** Clock time in ms; Infinity while there is no deadline. */
	at = Infinity;

	/** Something is due then, in ms. */
	by(time: number): void {
		if (time < this.at) this.at = time;
	}
}
