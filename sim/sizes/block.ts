/** The block of sizes in a document: a table between two marks, written by `make sizes`. */

const BEGIN = "<!-- Written by `make sizes`: change it there. -->";
const END = "<!-- End of what `make sizes` writes. -->";

/** One line: what, and how much. A value of `undefined` could not be measured here: what the document says stays. */
export interface Size {
	readonly what: string;
	readonly value: string | undefined;
}

export const thousands = (n: number) => n.toLocaleString("en-US");

/**
 * Writes sizes into a document's block.
 * @returns the document; a size that could not be measured is as it was, or "not measured yet"
 * @throws Error when the document has no block, or two
 */
export function withSizes(document: string, sizes: readonly Size[]): string {
	const parts = document.split(BEGIN);
	const [before, rest] = parts;
	const end = rest?.indexOf(END) ?? -1;
	if (parts.length !== 2 || before === undefined || rest === undefined || end < 0)
		throw new Error(`There is not one block between ${BEGIN} and ${END}.`);
	const old = new Map([...rest.slice(0, end).matchAll(/^\| (.+?) \| (.+?) \|$/gm)].map(([, what, value]) => [what, value]));
	const rows = sizes.map(({ what, value }) => `| ${what} | ${value ?? old.get(what) ?? "not measured yet"} |`);
	return `${before}${BEGIN}\n\n| | |\n| --- | --- |\n${rows.join("\n")}\n\n${rest.slice(end)}`;
}

/** What `make sdk-check` has printed, as far as sizes are in it; `undefined` for what is not. */
export interface SdkSizes {
	readonly byteCode: string | undefined;
	readonly preloaded: string | undefined;
	readonly objects: string | undefined;
}

/** Picks the sizes out of what `make sdk-check` has printed. */
export function sdkSizes(said: string): SdkSizes {
	const block = (title: string) => said.split(/^(?=ok {2}|-- {2})/m).find((each) => each.startsWith(`ok  ${title}`)) ?? "";
	const first = (title: string, pattern: RegExp) => pattern.exec(block(title))?.[1];
	const preloaded = /(\d+) instances?, .*?(\d+) keys?/.exec(block("esp32/esp32c3, debug: byte code"));
	const objects = ["debug", "release"].map((kind) =>
		first(`esp32/esp32c3, ${kind}: our C`, /: \d+ objects, (\d+ bytes of code and constants, \d+ of data, \d+ zeroed)/)?.replace(
			/^\d+/,
			(digits) => thousands(Number(digits)),
		),
	);
	const code = first("esp32/esp32c3, debug: byte code", /byte code of our modules: (\d+) bytes/);
	return {
		byteCode: code === undefined ? undefined : `${thousands(Number(code))} bytes`,
		preloaded: preloaded ? `${thousands(Number(preloaded[1]))} instances, ${thousands(Number(preloaded[2]))} keys` : undefined,
		objects: objects.includes(undefined) ? undefined : objects.join(" / "),
	};
}
