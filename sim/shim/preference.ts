/**
 * Stand-in for the SDK's `preference`: booleans, 32-bit integers, strings and ArrayBuffers in NVS. Domain and key have
 * at most 15 characters. What is missing reads as undefined; `set` erases before it writes.
 */
type Value = boolean | number | string | ArrayBuffer;

const Preference = {
	/** @throws Error for another type, a name that is too long or a full store. */
	set(domain: string, key: string, value: Value): void {
		native("xs_sim_preference_set").call(Preference, domain, key, value);
	},

	get(domain: string, key: string): Value | undefined {
		return native("xs_sim_preference_get").call(Preference, domain, key);
	},

	delete(domain: string, key: string): void {
		native("xs_sim_preference_delete").call(Preference, domain, key);
	},

	keys(domain: string): string[] {
		return native("xs_sim_preference_keys").call(Preference, domain);
	},
};

export default Object.freeze(Preference);
