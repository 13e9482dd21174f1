/** Longest base64 of a user's name, a colon and a password of 63 bytes that is looked at. */
const LONGEST_CREDENTIALS = 256;
const PASSWORD_BYTES = 63;
const SCHEME = "basic ";
const COLON = 0x3a;

/** Callers share these places by the last number of their address: memory does not grow with strangers. */
const PLACES = 16;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 32_000;
/** After this time without a wrong try all tries are forgotten. */
const FORGIVEN_MS = 600_000;

/** `none`: no password was shown, or none is asked for; `paused`: it was not looked at. */
export type SignedIn = "yes" | "none" | "wrong" | "paused";

/**
 * Signing in with the house password, by HTTP Basic. Any user name will do.
 *
 * After a wrong try the caller's place is paused: 1 s, then twice as long each time, at most 32 s. Passwords that are sent meanwhile are not looked at.
 * So sixteen strangers together have one guess every two seconds. Places go by address, and the address that signed in last has a place of its own: a
 * stranger's pause does not hold up the owner. At worst the owner has a new address that shares a stranger's place, and waits 32 s.
 */
export class SignIn {
	readonly #password: () => string;
	readonly #clock: { now(): number };
	/** The last place is for the address that signed in last. */
	readonly #wrong = new Uint8Array(PLACES + 1);
	readonly #untilMs = new Float64Array(PLACES + 1);
	#known = "";

	/** @param password the house password, "" for none */
	constructor(password: () => string, clock: { now(): number }) {
		this.#password = password;
		this.#clock = clock;
	}

	/** Whether there is a house password at all. */
	get isPossible(): boolean {
		return this.#password() !== "";
	}

	/** Seconds until a paused caller may try again. */
	waitS(address: string | undefined): number {
		return Math.max(1, Math.ceil(((this.#untilMs[this.placeOf(address)] ?? 0) - this.#clock.now()) / 1000));
	}

	/** @param authorization the header's value, "" without one @param address the caller's */
	check(authorization: string, address: string | undefined): SignedIn {
		const password = this.#password();
		if (authorization === "" || password === "") return "none";
		const place = this.placeOf(address);
		const nowMs = this.#clock.now();
		const untilMs = this.#untilMs[place] ?? 0;
		if (nowMs < untilMs) return "paused";
		if (nowMs > untilMs + FORGIVEN_MS) this.#wrong[place] = 0;
		const shown = passwordOf(authorization);
		if (shown && isSame(shown, new Uint8Array(ArrayBuffer.fromString(password)))) {
			this.#wrong[place] = 0;
			this.know(address ?? "");
			return "yes";
		}
		const wrong = Math.min((this.#wrong[place] ?? 0) + 1, 6);
		this.#wrong[place] = wrong;
		this.#untilMs[place] = nowMs + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (wrong - 1));
		return "wrong";
	}

	private know(address: string): void {
		if (this.#known === address) return;
		this.#known = address;
		this.#wrong[PLACES] = 0;
		this.#untilMs[PLACES] = 0;
	}

	private placeOf(address: string | undefined): number {
		if (address === undefined) return 0;
		if (address === this.#known) return PLACES;
		return (Number(address.slice(address.lastIndexOf(".") + 1)) || 0) % PLACES;
	}
}

/** Compares two passwords in a time that tells nothing of where they differ. */
function isSame(shown: Uint8Array, wanted: Uint8Array): boolean {
	let different = shown.length ^ wanted.length;
	for (let index = 0; index < PASSWORD_BYTES; index++) different |= (shown[index] ?? 0) ^ (wanted[index] ?? 0);
	return different === 0;
}

/** The bytes behind the first colon of Basic credentials (RFC 7617); undefined when they are none. */
function passwordOf(authorization: string): Uint8Array | undefined {
	if (authorization.length > LONGEST_CREDENTIALS || authorization.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return undefined;
	const bytes = base64(authorization.slice(SCHEME.length).trim());
	const colon = bytes?.indexOf(COLON) ?? -1;
	return colon < 0 ? undefined : bytes?.subarray(colon + 1);
}

/** Undoes base64 (RFC 4648, 4); undefined when a text is none. */
function base64(text: string): Uint8Array | undefined {
	let length = text.length;
	while (length > 0 && text.length - length < 2 && text.charAt(length - 1) === "=") length -= 1;
	const bytes = new Uint8Array(Math.floor((length * 3) / 4));
	let bits = 0;
	let count = 0;
	let at = 0;
	for (let index = 0; index < length; index++) {
		const value = base64Value(text.charCodeAt(index));
		if (value < 0) return undefined;
		bits = ((bits << 6) | value) & 0xffff;
		count += 6;
		if (count < 8) continue;
		count -= 8;
		bytes[at++] = (bits >> count) & 0xff;
	}
	return bytes;
}

function base64Value(unit: number): number {
	if (unit >= 0x41 && unit <= 0x5a) return unit - 0x41;
	if (unit >= 0x61 && unit <= 0x7a) return unit - 0x47;
	if (unit >= 0x30 && unit <= 0x39) return unit + 4;
	return unit === 0x2b ? 62 : unit === 0x2f ? 63 : -1;
}
