/** What came in is not what is expected: answered with 400 and this sentence. */
export class BadInput extends Error {}

/** Reads one field: returns its value, or throws BadInput. */
export type Field<Value> = (value: unknown, name: string) => Value;

function expected(name: string, what: string, value: unknown): BadInput {
	const shown = value === undefined ? "it is missing" : `not ${short(value)}`;
	return new BadInput(`"${name}" must be ${what}, ${shown}.`);
}

function short(value: unknown): string {
	const text = JSON.stringify(value) ?? String(value);
	return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

export const flag: Field<boolean> = (value, name) => {
	if (typeof value !== "boolean") throw expected(name, "true or false", value);
	return value;
};

export function whole(lowest: number, highest: number, unit = ""): Field<number> {
	return (value, name) => {
		if (typeof value !== "number" || !Number.isInteger(value) || value < lowest || value > highest)
			throw expected(name, `a whole number from ${lowest} to ${highest}${unit}`, value);
		return value;
	};
}

export function fraction(value: unknown, name: string): number {
	if (typeof value !== "number" || !(value >= 0 && value <= 1)) throw expected(name, "a number from 0 to 1", value);
	return value;
}

export function text(shortest: number, longest: number): Field<string> {
	return (value, name) => {
		const bytes = typeof value === "string" ? Buffer.byteLength(value) : -1;
		if (typeof value !== "string" || bytes < shortest || bytes > longest)
			throw expected(name, `a text of ${shortest} to ${longest} bytes`, value);
		return value;
	};
}

export function word(...words: readonly string[]): Field<string> {
	return (value, name) => {
		if (typeof value !== "string" || !words.includes(value)) throw expected(name, `one of ${words.join(", ")}`, value);
		return value;
	};
}

export function hexBytes(longest: number): Field<Buffer> {
	return (value, name) => {
		if (typeof value !== "string" || value.length % 2 !== 0 || value.length > 2 * longest || /[^0-9a-fA-F]/.test(value))
			throw expected(name, `at most ${longest} bytes as hex digits, two each`, value);
		return Buffer.from(value, "hex");
	};
}

export const mac: Field<string> = (value, name) => {
	if (typeof value !== "string" || !/^[0-9a-f]{12}$/.test(value)) throw expected(name, "a MAC of 12 lower-case hex digits", value);
	return value;
};

/** One of several sorts of objects, told apart by the word in `do`; each has fields of its own. */
export function one<Sorts extends Readonly<Record<string, Readonly<Record<string, Field<unknown>>>>>>(
	value: unknown,
	sorts: Sorts,
): { [Name in keyof Sorts]: { readonly do: Name } & { [Key in keyof Sorts[Name]]: ReturnType<Sorts[Name][Key]> } }[keyof Sorts] {
	const given = typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>).do : undefined;
	const name = word(...Object.keys(sorts))(given, "do");
	return fields(value, { do: word(name), ...sorts[name] }) as ReturnType<typeof one<Sorts>>;
}

export function nullOr<Value>(field: Field<Value>): Field<Value | null> {
	return (value, name) => (value === null ? null : field(value, name));
}

export function optional<Value>(field: Field<Value>): Field<Value | undefined> {
	return (value, name) => (value === undefined ? undefined : field(value, name));
}

/** Reads an object with these fields and no others. */
export function fields<Shape extends Readonly<Record<string, Field<unknown>>>>(
	value: unknown,
	shape: Shape,
): { [Key in keyof Shape]: ReturnType<Shape[Key]> } {
	const names = Object.keys(shape);
	if (typeof value !== "object" || value === null || Array.isArray(value))
		throw new BadInput(`The body must be a JSON object with ${names.map((name) => `"${name}"`).join(", ")}, not ${short(value)}.`);
	for (const name of Object.keys(value))
		if (!names.includes(name)) throw new BadInput(`There is no "${name}" here; there is ${names.map((each) => `"${each}"`).join(", ")}.`);
	const given = value as Record<string, unknown>;
	return Object.fromEntries(names.map((name) => [name, shape[name]?.(given[name], name)])) as {
		[Key in keyof Shape]: ReturnType<Shape[Key]>;
	};
}

/** The body must say at least one thing. */
export function some(value: Readonly<Record<string, unknown>>): void {
	const names = Object.keys(value);
	if (names.every((name) => value[name] === undefined))
		throw new BadInput(`The body must hold at least one of ${names.map((name) => `"${name}"`).join(", ")}.`);
}
