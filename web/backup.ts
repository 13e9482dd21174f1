import { isFlatObject } from "./json-shape";
import { json, type Reply } from "./reply";
import type { BackupFace } from "./types";

/** Longest order: a line of 160 bytes as hex digits, a passphrase, and what is around them. */
const LONGEST_ORDER = 900;
const ORDER_ITEMS = 16;
const ORDER_NAMES: readonly string[] = Object.freeze(["do", "passphrase", "line", "number"]);
/** See routes.ts: names that strangers choose are never made in the engine. */
const parseOnly = JSON.parse as unknown as (text: string, names: readonly string[]) => unknown;

interface Order {
	readonly do?: unknown;
	readonly passphrase?: unknown;
	readonly line?: unknown;
	readonly number?: unknown;
}

/**
 * `{"do": "save", "passphrase": …}`, then `{"do": "line", "number": 0}` and so on until there is none; `{"do": "restore", "passphrase": …, "line": …}` with
 * the first line, then `{"do": "take", "line": …}` for each other one; `{"do": "end"}`.
 */
export function orderBackup(backup: BackupFace, body: string): Reply {
	const order = readOrder(body);
	const { passphrase, line, number } = order ?? {};
	switch (order?.do) {
		case "save":
			if (typeof passphrase === "string") return asDone(backup.save(passphrase));
			break;
		case "restore":
			if (typeof passphrase === "string" && typeof line === "string") return asDone(backup.restore(passphrase, line));
			break;
		case "line":
			if (Number.isInteger(number)) {
				const found = backup.line(number as number);
				return json(200, found === undefined ? { ok: false, reason: "no such line, or not yet" } : { ok: true, line: found });
			}
			break;
		case "take":
			if (typeof line === "string") return asDone(backup.take(line));
			break;
		case "end":
			backup.end();
			return asDone("");
	}
	const expected =
		'JSON of the form {"do": "save", "passphrase": "text"}, "line" with "number", "restore" with "passphrase" and "line", "take" with "line", "end"';
	return json(400, { error: `The body must be: ${expected}`, path: "", expected });
}

function readOrder(body: string): Order | undefined {
	if (body.length > LONGEST_ORDER || !isFlatObject(body, ORDER_ITEMS)) return undefined;
	try {
		const value = parseOnly(body, ORDER_NAMES);
		return typeof value === "object" && value !== null ? (value as Order) : undefined;
	} catch {
		return undefined;
	}
}

function asDone(refusal: string): Reply {
	return json(200, refusal === "" ? { ok: true } : { ok: false, reason: refusal });
}
