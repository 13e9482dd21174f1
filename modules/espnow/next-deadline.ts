/** Earliest deadline of all components. Each component brings it nearer with {@link by}. When it has come, all components are asked anew. */
export class NextDeadline {
	/** Clock time in ms; Infinity while there is no deadline. */
	at = Infinity;

	/** Something is due then, in ms. */
	by(time: number): void {
		if (time < this.at) this.at = time;
	}
}
