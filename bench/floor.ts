import { CW_MAX, CW_MIN, TRIES } from "../sim/world/air";
import { airtimeUs, Timing } from "../sim/world/medium";

/** Bytes that `!<mac>,` puts in front of a text for each board that is to pass it on. */
const RELAY_BYTES = 14;

/** Mean time from a frame being ready on a free channel until its last bit, in µs: DIFS, half the first window of back-off, airtime. */
export function frameUs(bytes: number): number {
	return Timing.difs + (CW_MIN / 2) * Timing.slot + airtimeUs(bytes);
}

/** From the end of a frame to the end of its acknowledgement, in µs: nobody sends before. */
export const ACKNOWLEDGED_US = Timing.sifs + Timing.ack;

/** Mean time in ms of frames that follow one another, each answered by the next: the last one's acknowledgement is not waited for. */
export function chainMs(bytes: readonly number[]): number {
	const frames = bytes.reduce((sum, each) => sum + frameUs(each), 0);
	return (frames + (bytes.length - 1) * ACKNOWLEDGED_US) / 1000;
}

/** Mean time in ms of a request and its reply, over so many boards that pass both on. */
export function roundTripMs(bytes: number, hops = 0): number {
	const there = Array.from({ length: hops + 1 }, (_, passed) => bytes + RELAY_BYTES * (hops - passed));
	const back = Array.from({ length: hops + 1 }, () => bytes);
	return chainMs([...there, ...back]);
}

/** Time in ms that so many requests and their replies fill the channel for, without any back-off: no order of sending is quicker. */
export function channelMs(bytes: number, requests: number): number {
	return (2 * requests * (Timing.difs + airtimeUs(bytes) + ACKNOWLEDGED_US)) / 1000;
}

/** Longest time in ms that one frame for a board which is not there can keep the radio busy: all tries, each with the longest back-off. */
export function longestSeriesMs(bytes: number): number {
	let us = 0;
	let window = CW_MIN;
	for (let i = 0; i < TRIES; i++) {
		us += Timing.difs + window * Timing.slot + airtimeUs(bytes) + Timing.ackTimeout;
		window = Math.min(CW_MAX, 2 * window + 1);
	}
	return us / 1000;
}
