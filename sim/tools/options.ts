import { parseArgs } from "node:util";

/** A whole number from `lowest` to `highest`. */
export interface NumberOption {
	readonly lowest: number;
	readonly highest: number;
	readonly usual: number;
}

/** What a tool understands: numbers, texts with their usual values, and switches. */
export interface OptionTable {
	readonly numbers?: Readonly<Record<string, NumberOption>>;
	readonly texts?: Readonly<Record<string, string>>;
	readonly switches?: readonly string[];
}

/** What was given, the usual values for the rest. Only what the table names can be asked for. */
export interface Options<Table extends OptionTable> {
	number(name: keyof Table["numbers"] & string): number;
	text(name: keyof Table["texts"] & string): string;
	has(name: Table["switches"] extends readonly (infer Name extends string)[] ? Name : never): boolean;
}

/**
 * Reads a tool's command line: `--name value`, `--name=value`, `--switch`.
 * @throws Error with a sentence that says what was wrong and what there is
 */
export function readOptions<const Table extends OptionTable>(words: readonly string[], table: Table): Options<Table> {
	const numberTable = new Map(Object.entries(table.numbers ?? {}));
	const texts = new Map(Object.entries(table.texts ?? {}));
	const switchNames = table.switches ?? [];
	const known = [...numberTable.keys(), ...texts.keys(), ...switchNames];
	const numbers = new Map([...numberTable].map(([name, { usual }]) => [name, usual]));
	const switches = new Set<string>();
	const { tokens } = parseArgs({
		args: words.filter((word) => word !== ""),
		options: Object.fromEntries(known.map((name) => [name, { type: switchNames.includes(name) ? "boolean" : "string" }] as const)),
		strict: false,
		allowPositionals: true,
		tokens: true,
	});
	for (const token of tokens) {
		if (token.kind === "option-terminator") continue;
		const given = token.kind === "positional" ? token.value : token.inlineValue ? `${token.rawName}=${token.value}` : token.rawName;
		const name = token.kind === "option" && token.rawName.startsWith("--") ? token.name : "";
		const value = token.kind === "option" ? token.value : undefined;
		const range = numberTable.get(name);
		if (range) numbers.set(name, numberOf(name, value ?? "", range));
		else if (texts.has(name)) texts.set(name, textOf(name, value));
		else if (switchNames.includes(name) && value === undefined) switches.add(name);
		else throw new Error(`There is no option ${given}; there are ${known.map((each) => `--${each}`).join(", ")}.`);
	}
	return {
		number: (name) => numbers.get(name) ?? 0,
		text: (name) => texts.get(name) ?? "",
		has: (name) => switches.has(name),
	};
}

function numberOf(name: string, text: string, { lowest, highest }: NumberOption): number {
	const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
	if (value >= lowest && value <= highest) return value;
	throw new Error(`--${name} must be a whole number from ${lowest} to ${highest}${text === "" ? "" : `, not ${text}`}.`);
}

function textOf(name: string, text: string | undefined): string {
	if (text) return text;
	throw new Error(`--${name} must have a value.`);
}
