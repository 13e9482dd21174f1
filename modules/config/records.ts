import Preference from "preference";

/** Small texts by key that outlive a restart. Anything may throw: flash wears out and fills up. */
export interface Records {
	/** @returns undefined when nothing is kept under this key */
	read(key: string): string | undefined;
	/** Replaces a text. Not atomic: a power cut may leave neither the old nor the new one. */
	write(key: string, text: string): void;
	erase(key: string): void;
}

/** NVS namespace of everything that RBR-Now keeps (at most 15 characters). */
const DOMAIN = "rbrnow";

/** Records in the chip's NVS, one string each. Keys have at most 15 characters, texts less than 4,000 bytes. */
export class PreferenceRecords implements Records {
	read(key: string): string | undefined {
		const value = Preference.get(DOMAIN, key);
		return typeof value === "string" ? value : undefined;
	}
	write(key: string, text: string): void {
		Preference.set(DOMAIN, key, text);
	}
	erase(key: string): void {
		Preference.delete(DOMAIN, key);
	}
}
