import { parseMac, sameBoard } from "common/mac";
import { isWellFormed, jsonDepth } from "common/text";
import { refuseWrite } from "./guard";
import { parseQuery, parseRelay } from "./query";
import { joinedJSON, json, page, type Reply, refuse, text } from "./reply";
import type { RequestHead } from "./request-reader";
import type { AskOutcome, HTTPCaller, Side, WebOptions } from "./types";

/** What the routes need of the board. */
export type RoutesOptions = Pick<WebOptions, "mac" | "line" | "snapshot" | "store" | "handler" | "comms" | "restarter" | "page" | "clock">;

/** A request on its way to its answer. */
interface Request {
	readonly side: Side;
	readonly query: string | undefined;
	/** The client is a browser that wants a page. */
	readonly wantsPage: boolean;
	readonly body: string;
}

interface Route {
	/** Only through the setup access point. */
	readonly setupOnly?: boolean;
	readonly takesBody?: boolean;
	readonly serve: (routes: Routes, request: Request) => Reply | Promise<Reply>;
}

/** By its method. */
type Methods = Readonly<Record<string, Route>>;

const callers: Readonly<Record<Side, HTTPCaller>> = Object.freeze({
	setup: Object.freeze({ side: "setup", mac: "", rssi: 0 }),
	house: Object.freeze({ side: "house", mac: "", rssi: 0 }),
});

/** Longest body of `/api/send`: 250 bytes of message, each escaped as `\u00xx`, and what is around them. */
const LONGEST_SEND = 1700;
const MESSAGE_NAMES: readonly string[] = Object.freeze(["mac", "msg"]);
/**
 * XS takes a list of names in place of the reviver and leaves out what has another one, without making it (xsJSON.c): a name that was
 * made once takes memory for good, so anybody in the house could fill the heap with them. Other engines take no notice of the list.
 */
const parseOnly = JSON.parse as unknown as (text: string, names: readonly string[]) => unknown;

/** Which address of the board does what. */
export class Routes {
	/** The same for all boards, and made in flash. */
	static readonly #table: Readonly<Record<string, Methods>> = Object.freeze(
		{
			"/": { GET: { serve: (routes, request) => routes.#front(request) } },
			"/devices": { GET: { serve: (routes) => page(routes.#options.page("house.html")) } },
			"/api/status": { GET: { serve: (routes) => joinedJSON(routes.#options.snapshot()) } },
			"/api/config": {
				GET: { serve: (routes) => json(200, routes.#options.store.redacted()) },
				PUT: { setupOnly: true, takesBody: true, serve: (routes, request) => routes.#configure(request.body) },
			},
			"/api/restart": { POST: { setupOnly: true, takesBody: true, serve: (routes, request) => routes.#restart(request.side) } },
			"/api/send": { POST: { takesBody: true, serve: (routes, request) => routes.#send(request) } },
		} satisfies Record<string, Methods>,
		true,
	);
	readonly #options: RoutesOptions;

	constructor(options: RoutesOptions) {
		this.#options = options;
	}

	/** Decides by its head whether a request may go on. @returns the refusal, or whether its body is of any use */
	admit(side: Side, head: RequestHead): Reply | "body" | "no body" {
		const [path, query] = split(head.target);
		const methods = find(Routes.#table, path);
		if (head.method === "OPTIONS") return options(methods);
		if (!methods) return refuse(head.target, 404, "There is nothing at this address.");
		const route = routeOf(methods, head.method);
		// A question in the query may switch something, which HEAD must not.
		if (!route || (head.method === "HEAD" && query !== undefined))
			return withAllow(refuse(head.target, 405, "Not with this method."), methods);
		if (!route.takesBody) return "no body";
		if (route.setupOnly && side !== "setup") return refuse(head.target, 403, "Only through the board's own access point.");
		const refused = refuseWrite(head);
		return refused ? refuse(head.target, refused.status, refused.sentence) : "body";
	}

	/** Answers a request that was admitted. */
	serve(side: Side, head: RequestHead, body: ArrayBuffer): Reply | Promise<Reply> {
		const [path, query] = split(head.target);
		const methods = find(Routes.#table, path);
		const route = methods && routeOf(methods, head.method);
		if (!route) return refuse(head.target, 404, "There is nothing at this address.");
		let bodyText = "";
		try {
			if (route.takesBody) bodyText = String.fromArrayBuffer(body);
		} catch {
			return invalid("", "JSON in UTF-8");
		}
		return route.serve(this, { side, query, wantsPage: head.accept.includes("text/html"), body: bodyText });
	}

	/** The answer to a request that found none in time. */
	late(target: string): Reply {
		return split(target)[0] === "/api/send" ? json(200, { ok: false, reason: "timeout" }) : text(200, "Fail (timeout)");
	}

	#front(request: Request): Reply | Promise<Reply> {
		const question = parseQuery(request.query);
		switch (question.kind) {
			case "bad":
				return text(400, question.sentence);
			case "command":
				return this.#command(question.text, request.side);
			case "ask":
				if (sameBoard(question.mac, this.#options.mac)) return this.#command(question.text, request.side);
				return this.#ask(question.mac, question.text, asText);
			case "status":
				if (request.wantsPage) return page(this.#options.page(request.side === "setup" ? "setup.html" : "house.html"));
				return text(200, this.#statusLine());
		}
	}

	/** `<mac> <M|S> <name> <uptime in s>`; tools split it at blanks. */
	#statusLine(): string {
		const { name, role, uptimeS } = this.#options.line();
		return `${this.#options.mac} ${role === "hub" ? "M" : "S"} ${name.replace(/\s/g, "_")} ${Math.floor(uptimeS)}`;
	}

	/** A command for this board, or one that it passes on. */
	#command(command: string, side: Side): Reply | Promise<Reply> {
		// Asked of ourselves, so that a ring which comes back here is seen.
		if (parseRelay(command)) return this.#ask(this.#options.mac, command, asText);
		const reply = this.#run(command, side);
		return typeof reply === "string" ? asCommandReply(reply) : reply.then(asCommandReply);
	}

	#run(command: string, side: Side): string | Promise<string> {
		try {
			const reply = this.#options.handler.handle(command, callers[side]);
			return typeof reply === "string" ? reply : reply.catch(asFailure);
		} catch (error) {
			return asFailure(error);
		}
	}

	/** @param made makes the answer; one step and no more, as each takes memory while the radio is waited for */
	#ask(mac: string, message: string, made: (outcome: AskOutcome) => Reply): Promise<Reply> {
		return this.#options.comms.ask(mac, message).then(made);
	}

	#configure(body: string): Reply {
		const result = this.#options.store.updateText(body);
		return result.ok ? json(200, { ok: true, changed: result.changed }) : invalid(result.path, result.expected);
	}

	#restart(side: Side): Reply {
		this.#options.restarter.request(side);
		return { ...json(200, { ok: true }), announced: true };
	}

	#send(request: Request): Reply | Promise<Reply> {
		const message = readMessage(request.body);
		if ("expected" in message) return invalid(message.path, message.expected);
		if (!sameBoard(message.mac, this.#options.mac) || parseRelay(message.msg)) return this.#ask(message.mac, message.msg, asOutcome);
		const start = this.#options.clock.now();
		const reply = this.#run(message.msg, request.side);
		const own = (text: string): Reply => {
			const ms = Math.round(this.#options.clock.now() - start);
			return { ...json(200, { ok: true, reply: text, rssi: 0, ms }), announced: true };
		};
		return typeof reply === "string" ? own(reply) : reply.then(own);
	}
}

function split(target: string): [path: string, query: string | undefined] {
	const mark = target.indexOf("?");
	return mark < 0 ? [target, undefined] : [target.slice(0, mark), target.slice(mark + 1)];
}

function routeOf(methods: Methods, method: string): Route | undefined {
	const name = method === "HEAD" ? "GET" : method;
	return find(methods, name);
}

function allowed(methods: Methods): string {
	const names = Object.keys(methods);
	return [...names, ...(names.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
}

function withAllow(reply: Reply, methods: Methods): Reply {
	return { ...reply, headers: ["Allow", allowed(methods)] };
}

/** No address of ours may be used by the pages of others, so there is nothing to say but the methods. */
function options(methods: Methods | undefined): Reply {
	const reply = text(204, "");
	return methods ? withAllow(reply, methods) : { ...reply, headers: ["Allow", "GET, HEAD, POST, PUT, OPTIONS"] };
}

/** What a table has under a name that anybody may have sent: asked for by it, the table would make the name, which stays. */
function find<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
	for (const known in table) if (known === name) return table[known];
	return undefined;
}

function asCommandReply(reply: string): Reply {
	return { ...text(200, reply), announced: true };
}

function asFailure(error: unknown): string {
	return `Fail (${words(error)})`;
}

function words(error: unknown): string {
	return error instanceof Error ? error.message : `${error}`;
}

function asText(outcome: AskOutcome): Reply {
	return text(200, outcome.ok ? outcome.reply : `Fail (${outcome.reason})`);
}

function asOutcome(outcome: AskOutcome): Reply {
	if (!outcome.ok) return json(200, { ok: false, reason: outcome.reason });
	return json(200, { ok: true, reply: outcome.reply, rssi: outcome.rssi, ms: Math.round(outcome.ms) });
}

function invalid(path: string, expected: string): Reply {
	return json(400, { error: `${path === "" ? "The body" : path} must be: ${expected}`, path, expected });
}

function readMessage(body: string): { mac: string; msg: string } | { path: string; expected: string } {
	const wanted = { path: "", expected: 'JSON of the form {"mac": "12 hex digits", "msg": "text"}' };
	// Depth before parsing: the parser recurses on a small stack.
	if (body.length > LONGEST_SEND || jsonDepth(body) > 1) return wanted;
	let value: unknown;
	try {
		value = parseOnly(body, MESSAGE_NAMES);
	} catch {
		return wanted;
	}
	if (typeof value !== "object" || value === null) return wanted;
	const { mac, msg } = value as { mac?: unknown; msg?: unknown };
	const address = typeof mac === "string" ? parseMac(mac) : undefined;
	if (!address) return { path: "mac", expected: "the 12 hex digits of one board" };
	if (typeof msg !== "string" || msg === "" || msg.includes("\0")) return { path: "msg", expected: "a text that is not empty" };
	// On the radio it would be no UTF-8, at which boards with the original's firmware stop listening for good.
	if (!isWellFormed(msg)) return { path: "msg", expected: "a text without halves of characters" };
	return { mac: address, msg };
}
