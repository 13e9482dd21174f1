/**
 * When the loop has to look at the deadlines again. All who have one share this: each brings it nearer with {@link by}, and when it has come all
 * are looked at, and say again what they wait for. So a turn asks one number instead of each of them.
 */
export class Wake {
	/** Clock time in ms; Infinity while there is no deadline. */
	at = Infinity;

	/** Something is due then, in ms. */
	by(time: number): void {
		if (time < this.at) this.at = time;
	}
}
