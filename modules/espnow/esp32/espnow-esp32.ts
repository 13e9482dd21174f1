/** A received frame: the caller's own record, filled anew by each {@link Radio.read}. */
export interface Frame {
	/** Station or access point MAC of the sender, 12 lower-case hex digits. */
	from: string;
	/** Signal strength in dBm. */
	rssi: number;
	/** Length in bytes. */
	length: number;
	/** The caller's buffer: the frame's bytes, as many as find room, then whatever was there. */
	readonly bytes: Uint8Array;
}

/** What became of a sent frame, filled by {@link Radio.readStatus}. */
export interface SendStatus {
	to: string;
	/** Whether the peer's radio acknowledged (or, for a broadcast, whether it went out). */
	acked: boolean;
}

/** A board that called everybody, filled by {@link Radio.readCall}: RSSI in dBm. */
export interface Call {
	from: string;
	rssi: number;
}

/** Counts since the radio was opened, filled by {@link Radio.counters}. */
export interface RadioCounters {
	/** Frames the driver delivered, those that were then dropped included. */
	received: number;
	/** Frames that came while the radio before this one was being closed; they are in no other count. */
	whileClosed: number;
	/** Frames dropped because 16 waited already. */
	ringFull: number;
	/** Frames dropped because they were longer than `frameBytes`. */
	tooLong: number;
	/** Frames left because they were sent to none of this board's addresses: to everybody, or to another board. */
	notForUs: number;
	/** Of those, in no other count: the text `ping` to everybody, by which a new board looks for a hub. */
	joiningCalls: number;
	/** Send statuses dropped because 8 waited already. */
	statusFull: number;
	/** Times the message queue was full, so that nobody was told. */
	postFailed: number;
}

export interface RadioOptions {
	/** Longest frame that is received, in bytes: 250 (ESP-NOW version 1, the default) to 1,470 (version 2). Sixteen of them are allocated. */
	frameBytes?: number;
	/**
	 * Called when frames or send statuses wait; once for as many as have come since the last call.
	 * @param frames how many frames wait
	 * @param statuses how many send statuses wait
	 */
	onActivity(frames: number, statuses: number): void;
}

/**
 * The ESP-NOW radio. One at a time; Wi-Fi must have been started.
 * Results that are numbers are esp_err_t, 0 is success.
 */
export class Radio extends (Native("xs_espnow_destructor") as new () => object) {
	/**
	 * Starts ESP-NOW.
	 * @throws TypeError, RangeError for options that are none; Error with the esp_err number when the driver refuses, or when a radio is open already
	 */
	constructor(options: RadioOptions) {
		super();
		native("xs_espnow").call(this, options);
	}
	/** Stops ESP-NOW and forgets its peers. May be called again, and from within onActivity. */
	close(): void {
		native("xs_espnow_close").call(this);
	}
	/**
	 * Hands a frame to the driver, which copies it.
	 * @param mac a peer's address
	 * @param length how many of the bytes, 1 to 250
	 * @returns 0x3065 closed, 0x3066 empty or too long, 0x3067 no buffer at present, 0x3069 no such peer, 0x306c station not running
	 */
	send(mac: string, bytes: Uint8Array, length: number): number {
		return native("xs_espnow_send").call(this, mac, bytes, length);
	}
	/**
	 * Sends one frame on another channel: the radio goes there, and comes back after `waitMs` or when it is called home. Its send status comes like any
	 * other's. A peer that is not known is no error here: nothing is sent, and no status comes.
	 * @param channel 1 to 14
	 * @returns -1 while the station is joining, a scan runs or the radio is away already; 0x3066 bad arguments
	 */
	sendOn(mac: string, channel: number, bytes: Uint8Array, length: number, waitMs: number): number {
		return native("xs_espnow_sendOn").call(this, mac, channel, bytes, length, waitMs);
	}
	/** Ends the stay on another channel. */
	comeHome(): void {
		native("xs_espnow_comeHome").call(this);
	}
	/** Makes a station a peer on whatever channel the radio is. @returns 0x3068 list full (20), 0x306b known already */
	addPeer(mac: string): number {
		return native("xs_espnow_addPeer").call(this, mac);
	}
	/** Takes a peer from the list. @returns 0x3069 when it is not in it */
	removePeer(mac: string): number {
		return native("xs_espnow_removePeer").call(this, mac);
	}
	/** Takes the oldest frame that waits. @returns false, and leaves `frame` alone, when there is none */
	read(frame: Frame): boolean {
		return native("xs_espnow_read").call(this, frame);
	}
	/** Takes the oldest send status that waits. @returns false, and leaves `status` alone, when there is none */
	readStatus(status: SendStatus): boolean {
		return native("xs_espnow_readStatus").call(this, status);
	}
	/**
	 * Takes the oldest of the boards that have called everybody since the last time; each is told of once, four at most.
	 * @returns false, and leaves `call` alone, when there is none
	 */
	readCall(call: Call): boolean {
		return native("xs_espnow_readCall").call(this, call);
	}
	/** Fills in the counts since this radio was opened. */
	counters(target: RadioCounters): void {
		native("xs_espnow_counters").call(this, target);
	}
}
