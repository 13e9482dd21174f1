const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;

/**
 * Whether a JSON text can only be one object of plain values with at most so many of them: found without parsing it. What is no JSON is the
 * parser's affair.
 */
export function isFlatObject(text: string, most: number): boolean {
	const units = text.length;
	let braces = 0;
	let items = 1;
	let quoted = false;
	for (let index = 0; index < units; index++) {
		const unit = text.charCodeAt(index);
		if (quoted) {
			if (unit === BACKSLASH) index += 1;
			else if (unit === QUOTE) quoted = false;
		} else if (unit === QUOTE) quoted = true;
		else if (unit === OPEN_BRACKET || (unit === OPEN_BRACE && ++braces > 1)) return false;
		else if (unit === COMMA && ++items > most) return false;
	}
	return braces === 1;
}
