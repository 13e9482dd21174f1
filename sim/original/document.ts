import { readFileSync } from "node:fs";

const LEAD = "The code is as follows:";

/**
 * The Python of the original's networking module, cut from the page that describes it: the first code block after "The code is as follows:".
 * Nothing in it is changed.
 * @throws Error when the file cannot be read or holds no such block
 */
export function originalCode(path: string): string {
	const page = readFileSync(path, "utf8");
	const lead = page.indexOf(LEAD);
	const block = lead < 0 ? null : /```(?:python)?\r?\n([\s\S]*?)\r?\n```/.exec(page.slice(lead));
	if (!block?.[1]) throw new Error(`${path} has no code block after "${LEAD}"`);
	return `${block[1]}\n`;
}
