/** Looks into JSON that a board sent: nothing about its shape is taken for granted. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
	let here = value;
	for (const key of path) {
		if (typeof here !== "object" || here === null || !Object.hasOwn(here, key)) return undefined;
		here = (here as Record<string | number, unknown>)[key];
	}
	return here;
}

/** @returns 0 when there is no number, as a counter that was never counted is left out */
export function numberAt(value: unknown, ...path: readonly (string | number)[]): number {
	const found = at(value, ...path);
	return typeof found === "number" ? found : 0;
}

/** @returns "" when there is no text */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
	const found = at(value, ...path);
	return typeof found === "string" ? found : "";
}

export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
	const found = at(value, ...path);
	return Array.isArray(found) ? found : [];
}
