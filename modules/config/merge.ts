import { type Branch, type Configuration, checkWhole, DEEPEST_JSON, type JsonObject, PASSWORD_MASK, type Refusal, shape } from "./schema";

/**
 * Lays a whole or partial configuration over another one. Known keys are checked against their rules, unknown ones are
 * kept as they come; `null` removes an optional or an unknown key. Neither argument is changed.
 * @returns the complete configuration in normal form (known keys in their order, then unknown ones sorted), or the refusal
 */
export function merge(base: Configuration, patch: unknown): { readonly ok: true; readonly configuration: Configuration } | Refusal {
	try {
		const record = mergeBranch(shape, { ...base }, patch, "", 1);
		// Every known key has passed its rule, so the record is a Configuration (and may hold more).
		const configuration = record as unknown as Configuration;
		return checkWhole(configuration) ?? { ok: true, configuration: Object.freeze(configuration, true) };
	} catch (error) {
		if (error instanceof Refused) return { ok: false, path: error.path, expected: error.expected };
		throw error;
	}
}

/**
 * A deep copy in RAM. Preloaded objects lie in flash, where XS cannot mark them as it walks over them: `JSON.stringify` throws "read only value"
 * there.
 */
export function copyOf<T>(value: T): T {
	if (typeof value !== "object" || value === null) return value;
	if (Array.isArray(value)) return value.map(copyOf) as T;
	const copy: JsonObject = {};
	for (const key of Object.keys(value)) copy[key] = copyOf((value as JsonObject)[key]);
	return copy as T;
}

/** Whether a value is an object with keys: neither null nor an array. */
export function isObject(value: unknown): value is JsonObject {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A copy of a configuration as anybody may see it. Passwords read PASSWORD_MASK. So do the texts of unknown keys, which may be passwords; their numbers and
 * booleans are shown. Empty texts stay empty.
 */
export function redact(value: JsonObject, branch: Branch = shape): JsonObject {
	const shown: JsonObject = {};
	for (const key of Object.keys(value)) {
		const rule = Object.hasOwn(branch.keys, key) ? branch.keys[key] : undefined;
		const item = value[key];
		if (rule && "keys" in rule) shown[key] = isObject(item) ? redact(item, rule) : item;
		else shown[key] = rule && !rule.secret ? item : masked(item);
	}
	return shown;
}

/** Paths of the keys that have no rule here, such as `path` or `pins.dht22`. */
export function unknownKeys(record: JsonObject, branch: Branch = shape, path = ""): string[] {
	const found: string[] = [];
	for (const key of Object.keys(record)) {
		const rule = Object.hasOwn(branch.keys, key) ? branch.keys[key] : undefined;
		const value = record[key];
		if (!rule) found.push(join(path, key));
		else if ("keys" in rule && isObject(value)) found.push(...unknownKeys(value, rule, join(path, key)));
	}
	return found;
}

class Refused extends Error {
	constructor(
		readonly path: string,
		readonly expected: string,
	) {
		super(`${path}: ${expected}`);
	}
}

function mergeBranch(branch: Branch, base: Readonly<JsonObject>, patch: unknown, path: string, depth: number): JsonObject {
	if (!isObject(patch)) throw new Refused(path, "an object");
	const merged: JsonObject = {};
	for (const key of Object.keys(branch.keys)) {
		const rule = branch.keys[key];
		if (!rule) continue;
		const old = Object.hasOwn(base, key) ? base[key] : undefined;
		if (!Object.hasOwn(patch, key)) {
			if (old !== undefined) merged[key] = old;
			else if (!rule.optional) throw new Refused(join(path, key), "keys" in rule ? "an object" : rule.expected);
			continue;
		}
		if (patch[key] === null && rule.optional) continue;
		// Nothing stands between a branch and its leaves, as this goes deepest of all on the stack.
		if ("keys" in rule) merged[key] = mergeBranch(rule, isObject(old) ? old : (rule.initial ?? {}), patch[key], join(path, key), depth + 1);
		else {
			merged[key] = rule.read(patch[key], old);
			if (merged[key] === undefined) throw new Refused(join(path, key), rule.expected);
		}
	}
	mergeUnknown(branch, base, patch, merged, path, depth);
	return merged;
}

function mergeUnknown(
	branch: Branch,
	base: Readonly<JsonObject>,
	patch: JsonObject,
	merged: JsonObject,
	path: string,
	depth: number,
): void {
	const names = new Set([...Object.keys(base), ...Object.keys(patch)]);
	for (const key of [...names].sort()) {
		if (Object.hasOwn(branch.keys, key)) continue;
		const old = Object.hasOwn(base, key) ? base[key] : undefined;
		if (!Object.hasOwn(patch, key)) merged[key] = old;
		// A mask where this board has no password comes from another board's file: it is left out.
		else if (patch[key] !== null && (patch[key] !== PASSWORD_MASK || old !== undefined))
			merged[key] = copyUnknown(key, patch[key], old, join(path, key), depth + 1);
	}
}

/** A copy that holds nothing but JSON, with masked passwords given back. */
function copyUnknown(key: string, value: unknown, old: unknown, path: string, depth: number): unknown {
	// Assigned like other keys `__proto__` would become the record's prototype; the rest cannot be assigned at all on the chip,
	// where every object inherits them from flash.
	if (key in Object.prototype) throw new Refused(path, "no such key");
	if (value === PASSWORD_MASK && old !== undefined) return old;
	if (value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value)) return value;
	if (depth > DEEPEST_JSON) throw new Refused(path, `at most ${DEEPEST_JSON} levels`);
	if (Array.isArray(value)) {
		const before: readonly unknown[] = Array.isArray(old) ? old : [];
		return value.map((item, index) => copyUnknown("", item, before[index], join(path, String(index)), depth + 1));
	}
	if (!isObject(value)) throw new Refused(path, "a value that JSON knows");
	const copy: JsonObject = {};
	for (const name of Object.keys(value).sort())
		copy[name] = copyUnknown(
			name,
			value[name],
			isObject(old) && Object.hasOwn(old, name) ? old[name] : undefined,
			join(path, name),
			depth + 1,
		);
	return copy;
}

function masked(value: unknown): unknown {
	return (typeof value === "string" && value !== "") || typeof value === "object" ? (value === null ? null : PASSWORD_MASK) : value;
}

function join(path: string, key: string): string {
	return path === "" ? key : `${path}.${key}`;
}
