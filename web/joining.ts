import { parseMac } from "common/mac";
import { isWellFormed } from "common/text";
import { isFlatObject } from "./json-shape";
import { JSONList, joinedJSON, json, type Reply } from "./reply";
import type { JoiningFace } from "./types";

/** Longest order: a name of 32 bytes, each escaped as `\u00xx`, and what is around it. */
const LONGEST_ORDER = 600;
/** Those that are known, and what tools may add. */
const ORDER_ITEMS = 16;
const ORDER_NAMES: readonly string[] = Object.freeze(["do", "mac", "code", "name"]);
const LONGEST_NAME = 32;
/** See routes.ts: names that strangers choose are never made in the engine. */
const parseOnly = JSON.parse as unknown as (text: string, names: readonly string[]) => unknown;

interface Order {
	readonly do?: unknown;
	readonly mac?: unknown;
	readonly code?: unknown;
	readonly name?: unknown;
}

/** Who joins whom: for a hub the boards that call, for a device the hubs that answer. */
export function joinState(joining: JoiningFace): Reply {
	return joinedJSON([joining.view(), new JSONList("found", joining.found()), new JSONList("joined", joining.joined())]);
}

/** The hub's devices. */
export function deviceList(joining: JoiningFace): Reply {
	return joinedJSON([new JSONList("devices", joining.devices())]);
}

/** `{"do": "start"}`, `{"do": "accept", "mac": …, "code": …}`, `{"do": "cancel"}` on a hub, `{"do": "letGo"}` on a device. */
export function orderJoining(joining: JoiningFace, body: string): Reply {
	const order = readOrder(body);
	switch (order?.do) {
		case "start":
			return asDone(joining.add());
		case "accept":
			return typeof order.mac === "string" && typeof order.code === "string"
				? asDone(joining.accept(order.mac, order.code))
				: notUnderstood("mac and code as the list has them");
		case "cancel":
			joining.cancel();
			return asDone("");
		case "letGo":
			return asDone(joining.letGo());
		default:
			return notUnderstood('JSON of the form {"do": "start"}, "accept" with "mac" and "code", "cancel" or "letGo"');
	}
}

/** `{"do": "rename", "mac": …, "name": …}`, `{"do": "remove", "mac": …}`. */
export function orderDevices(joining: JoiningFace, body: string): Reply | Promise<Reply> {
	const order = readOrder(body);
	const mac = typeof order?.mac === "string" ? parseMac(order.mac) : undefined;
	if (order?.do === "remove" && mac) return joining.remove(mac).then(asDone);
	if (order?.do === "rename" && mac) {
		const { name } = order;
		if (typeof name !== "string" || name === "" || name.length > LONGEST_NAME || !isWellFormed(name))
			return notUnderstood("a name of 1 to 32 bytes");
		return asDone(joining.rename(mac, name));
	}
	return notUnderstood('JSON of the form {"do": "rename", "mac": "12 hex digits", "name": "text"} or {"do": "remove", "mac": …}');
}

/** @returns undefined when a body is no flat JSON object */
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

function notUnderstood(expected: string): Reply {
	return json(400, { error: `The body must be: ${expected}`, path: "", expected });
}
