/** A received frame, filled by {@link Radio.read}. */
export interface Frame {
	/** Station or access point MAC of the sender, 12 lower-case hex digits. */
	from: string;
	/** Signal strength in dBm. */
	rssi: number;
	/** Length in bytes. */
	bytes: number;
	/** The text, "" for an empty frame; null when the bytes are no UTF-8 or hold a NUL. */
	text: string | null;
}

/** What became of a sent frame, filled by {@link Radio.readStatus}. */
export interface SendStatus {
	to: string;
	/** Whether the peer's radio acknowledged (or, for a broadcast, whether it went out). */
	acked: boolean;
}

/** Counts since the radio was opened, filled by {@link Radio.counters}. */
export interface RadioCounters {
	/** Frames the driver delivered, those that were then dropped included. */
	received: number;
	/** Frames that came while the radio before this one was being closed; they are in no other count. */
	whileClosed: number;
	/** Frames dropped because 16 waited already. */
	ringFull: number;
	/** Frames dropped because they were longer than 250 bytes. */
	tooLong: number;
	/** Frames left because they were sent to none of this board's addresses: to everybody, or to another board. */
	notForUs: number;
	/** Of those, in no other count: the text `ping` to everybody, by which a new board looks for a hub. Nobody answers it yet. */
	joiningCalls: number;
	/** Send statuses dropped because 8 waited already. */
	statusFull: number;
	/** Times the message queue was full, so that nobody was told. */
	postFailed: number;
}

export interface RadioOptions {
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
	 * @throws Error with the esp_err number when the driver refuses, or when a radio is open already
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
	 * Hands a text to the driver.
	 * @param mac a peer's address
	 * @param text at most 250 bytes of UTF-8
	 * @returns 0x3065 closed, 0x3066 empty or too long, 0x3067 no buffer at present, 0x3069 no such peer, 0x306c station not running
	 */
	send(mac: string, text: string): number {
		return native("xs_espnow_send").call(this, mac, text);
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
	/** Fills in the counts since this radio was opened. */
	counters(target: RadioCounters): void {
		native("xs_espnow_counters").call(this, target);
	}
}
