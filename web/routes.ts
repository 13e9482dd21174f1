import { parseMac, sameBoard } from "common/mac";
import { isWellFormed } from "common/text";
import { orderBackup } from "./backup";
import { hostLabel, isAddress, isOurName, refuseWrite } from "./guard";
import { deviceList, joinState, orderDevices, orderJoining } from "./joining";
import { isFlatObject } from "./json-shape";
import { normalRelay, parseQuery, parseRelay, withoutLineEnd } from "./query";
import { joinedJSON, json, page, type Reply, refuse, text } from "./reply";
import type { RequestHead } from "./request-reader";
import { SignIn } from "./sign-in";
import type { AskOutcome, HTTPCaller, Side, WebOptions } from "./types";
import { textOf } from "./utf8";

/** What the routes need of the board. */
export type RoutesOptions = Pick<
	WebOptions,
	| "mac"
	| "line"
	| "snapshot"
	| "selfTest"
	| "store"
	| "handler"
	| "comms"
	| "restarter"
	| "page"
	| "clock"
	| "setup"
	| "housePassword"
	| "joining"
	| "backup"
>;

/** A request on its way to its answer. */
interface Request {
	readonly side: Side;
	readonly signedIn: boolean;
	/** By a method that pages use: the answer's status says what is wrong. */
	readonly posted: boolean;
	readonly query: string | undefined;
	/** The client is a browser that wants a page. */
	readonly wantsPage: boolean;
	readonly body: string;
}

interface Route {
	/** From the house only for who is signed in. */
	readonly changes?: boolean;
	readonly takesBody?: boolean;
	/** From the house for nobody. */
	readonly setupOnly?: boolean;
	readonly serve: (routes: Routes, request: Request) => Reply | Promise<Reply>;
}

/** By its method. */
type Methods = Readonly<Record<string, Route>>;

const callers: Readonly<Record<Side | "owner", HTTPCaller>> = Object.freeze(
	{
		setup: { side: "setup", mac: "", rssi: 0, signedIn: false },
		lan: { side: "lan", mac: "", rssi: 0, signedIn: false },
		/** Who is signed in. */
		owner: { side: "lan", mac: "", rssi: 0, signedIn: true },
	},
	true,
);

const MAY_CHANGE = Object.freeze({ mayChange: true });
const HARMLESS_ONLY = Object.freeze({ mayChange: false });
const SIGN_IN = Object.freeze(["WWW-Authenticate", 'Basic realm="RBR-Now: any name, the house password", charset="UTF-8"']);
const BUSY = "Fail (busy)";
const SIGN_IN_FIRST = "Fail (not allowed: sign in with the house password)";
const SET_PASSWORD_FIRST = "Fail (not allowed: set a house password on the setup side)";
/** Changes at once (a configuration uploaded in parts is some twenty), and how many more each second. */
const CHANGES = 24;
const CHANGES_EACH_S = 4;

/** Longest body of `/api/send`: 250 bytes of message, each escaped as `\u00xx`, and what is around them. */
const LONGEST_SEND = 1700;
/** The two that are known, and what tools may add. */
const MESSAGE_ITEMS = 100;
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
			"/": {
				GET: { serve: (routes, request) => routes.front(request) },
				/** What the button of `press.html` sends. */
				POST: { takesBody: true, serve: (routes, request) => routes.front(request) },
			},
			"/devices": { GET: { serve: (routes) => page(routes.#options.page("house.html")) } },
			"/join": { GET: { serve: (routes) => page(routes.#options.page("join.html")) } },
			"/api/join": {
				GET: { serve: (routes) => joinState(routes.#options.joining) },
				POST: { changes: true, takesBody: true, serve: (routes, request) => orderJoining(routes.#options.joining, request.body) },
			},
			"/api/devices": {
				GET: { serve: (routes) => deviceList(routes.#options.joining) },
				POST: { changes: true, takesBody: true, serve: (routes, request) => orderDevices(routes.#options.joining, request.body) },
			},
			"/api/backup": {
				GET: { setupOnly: true, serve: (routes) => json(200, routes.#options.backup.view()) },
				POST: {
					setupOnly: true,
					changes: true,
					takesBody: true,
					serve: (routes, request) => orderBackup(routes.#options.backup, request.body),
				},
			},
			"/api/status": { GET: { serve: (routes) => joinedJSON(routes.#options.snapshot()) } },
			"/api/selftest": { GET: { changes: true, serve: (routes) => routes.#options.selfTest().then(asTestResult) } },
			"/api/config": {
				GET: { serve: (routes) => json(200, routes.#options.store.redacted()) },
				PUT: { changes: true, takesBody: true, serve: (routes, request) => routes.configure(request.body) },
			},
			"/api/restart": { POST: { changes: true, takesBody: true, serve: (routes, request) => routes.restart(request.side) } },
			"/api/send": { POST: { takesBody: true, serve: (routes, request) => routes.send(request) } },
		} satisfies Record<string, Methods>,
		true,
	);
	readonly #options: RoutesOptions;
	readonly #signIn: SignIn;
	#changes = CHANGES;
	#changesAtMs = 0;

	constructor(options: RoutesOptions) {
		this.#options = options;
		this.#signIn = new SignIn(options.housePassword, options.clock);
	}

	/**
	 * Decides by its head whether a request may go on, and notes there whether its sender is signed in.
	 * @param remote the caller's address @returns the refusal, or whether its body is of any use
	 */
	admit(side: Side, head: RequestHead, remote: string | undefined): Reply | "body" | "no body" {
		if (!isAddress(head.host) && !isOurName(head.host, this.names())) return this.elsewhere(side, head);
		const [path, query] = split(head.target);
		const methods = find(Routes.#table, path);
		if (head.method === "OPTIONS") return options(methods);
		if (!methods) return refuse(head.target, 404, "There is nothing at this address.");
		const route = routeOf(methods, head.method);
		// The query may hold a command, which HEAD must not run. Without a query a POST to `/` means nothing.
		if (!route || (head.method === "HEAD" && query !== undefined) || (path === "/" && route.takesBody && !query))
			return withAllow(refuse(head.target, 405, "Not with this method."), methods);
		const signedIn = this.#signIn.check(head.authorization, remote);
		if (signedIn === "wrong") return { ...refuse(head.target, 401, "That is not the house password."), headers: SIGN_IN };
		if (signedIn === "paused") return this.paused(head.target, remote);
		head.signedIn = signedIn === "yes";
		if (route.setupOnly && side !== "setup") return refuse(head.target, 403, "This is only for the board's own access point.");
		const refusedChange = route.changes && !route.takesBody ? this.refuseChange(side, head) : undefined;
		if (refusedChange) return refusedChange;
		if (!route.takesBody) return this.admitWithoutBody(side, head, path === "/" && Boolean(query));
		const refused = refuseWrite(head);
		if (refused) return refuse(head.target, refused.status, refused.sentence);
		if (!route.changes) return "body";
		return this.refuseChange(side, head) ?? "body";
	}

	/** @param acts whether it asks for anything but a page or a reading of this board's own */
	private admitWithoutBody(side: Side, head: RequestHead, acts: boolean): Reply | "no body" {
		// Links and pictures of other sites make a browser send a GET. Without https nothing else tells that from a wanted one.
		if (!acts || side === "setup" || !head.acceptsLanguage) return "no body";
		if (wantsPage(head)) return page(this.#options.page("press.html"));
		return refuse(head.target, 403, "A page may not do this: open the address itself, and press the button there.");
	}

	/** A name that is not ours: the portal shows phones the way, everybody else is told. */
	private elsewhere(side: Side, head: RequestHead): Reply {
		if (side === "setup" && (head.method === "GET" || head.method === "HEAD"))
			return text(302, "", ["Location", `http://${this.#options.setup.setupNetwork}.1/`]);
		return refuse(head.target, 421, "Open this board by its address or its own name.");
	}

	/** The names under which this board may be asked for. */
	private names(): readonly string[] {
		const label = hostLabel(this.#options.line().name);
		return label === "" ? [] : [label, `rbr-${label}`];
	}

	private paused(target: string, remote: string | undefined): Reply {
		const waitS = this.#signIn.waitS(remote);
		const refused = refuse(target, 429, `Too many wrong passwords: try again in ${waitS} s.`);
		return { ...refused, headers: ["Retry-After", String(waitS)] };
	}

	/** For orders that only pages and programs give, by their own addresses. */
	private refuseChange(side: Side, head: RequestHead): Reply | undefined {
		if (side === "setup" || head.signedIn) {
			if (this.takeChange()) return undefined;
			return { ...refuse(head.target, 503, "Too many changes at once; try again in a second."), headers: ["Retry-After", "1"] };
		}
		if (this.#signIn.isPossible) return { ...refuse(head.target, 401, "Sign in with the house password."), headers: SIGN_IN };
		return refuse(head.target, 403, "To change anything from the house, set a house password on the setup side first.");
	}

	/** @returns whether one more change may be made now */
	private takeChange(): boolean {
		const nowMs = this.#options.clock.now();
		this.#changes = Math.min(CHANGES, this.#changes + ((nowMs - this.#changesAtMs) * CHANGES_EACH_S) / 1000);
		this.#changesAtMs = nowMs;
		if (this.#changes < 1) return false;
		this.#changes -= 1;
		return true;
	}

	/** Answers a request that was admitted. */
	serve(side: Side, head: RequestHead, body: ArrayBuffer): Reply | Promise<Reply> {
		const [path, query] = split(head.target);
		const methods = find(Routes.#table, path);
		const route = methods && routeOf(methods, head.method);
		if (!route) return refuse(head.target, 404, "There is nothing at this address.");
		const bodyText = route.takesBody ? textOf(new Uint8Array(body)) : "";
		if (bodyText === undefined) return invalid("", "JSON in UTF-8");
		const { signedIn } = head;
		return route.serve(this, { side, signedIn, posted: route.takesBody === true, query, wantsPage: wantsPage(head), body: bodyText });
	}

	/** The answer to a request that found none in time. */
	late(target: string): Reply {
		return split(target)[0] === "/api/send" ? json(200, { ok: false, reason: "timeout" }) : text(200, "Fail (timeout)");
	}

	private front(request: Request): Reply | Promise<Reply> {
		const question = parseQuery(request.query);
		switch (question.kind) {
			case "bad":
				return text(400, question.sentence);
			case "command":
				return this.message(this.#options.mac, question.text, request);
			case "ask":
				return this.message(question.mac, question.text, request);
			case "status":
				if (request.wantsPage) return page(this.#options.page(request.side === "setup" ? "setup.html" : "house.html"));
				return text(200, this.statusLine());
		}
	}

	/** `<mac> <M|S> <name> <uptime in s>`; tools split it at blanks. */
	private statusLine(): string {
		const { name, role, uptimeS } = this.#options.line();
		return `${this.#options.mac} ${role === "hub" ? "M" : "S"} ${name.replace(/\s/g, "_")} ${Math.floor(uptimeS)}`;
	}

	/** A text for a board, this one or one that is asked for it. */
	private message(mac: string, given: string, request: Request): Reply | Promise<Reply> {
		const message = normalRelay(given);
		const refusal = this.refusal(mac, message, request);
		if (refusal !== "") return request.posted && refusal === SIGN_IN_FIRST ? text(401, refusal, SIGN_IN) : text(200, refusal);
		if (!this.isForUs(mac, message)) return this.ask(mac, message, request, asText);
		const reply = this.run(message, request);
		return typeof reply === "string" ? asCommandReply(reply) : reply.then(asCommandReply);
	}

	/** A relayed text goes to this board itself first, so that a path which comes back here is seen. */
	private isForUs(mac: string, message: string): boolean {
		return sameBoard(mac, this.#options.mac) && !parseRelay(message);
	}

	/** Why a message may not be sent, "" when it may. */
	private refusal(mac: string, message: string, request: Request): string {
		const { handler } = this.#options;
		if (handler.isHarmless(message)) return "";
		if (this.isForUs(mac, message)) {
			// An unknown command changes nothing; its reply says that it is unknown.
			if (!handler.isCommand(message)) return "";
			if (request.side === "setup" || request.signedIn) return this.takeChange() ? "" : BUSY;
			// Other boards look after themselves.
		} else if (request.signedIn) return "";
		return this.#signIn.isPossible ? SIGN_IN_FIRST : SET_PASSWORD_FIRST;
	}

	private run(command: string, { side, signedIn }: Request): string | Promise<string> {
		try {
			const reply = this.#options.handler.handle(command, side === "lan" && signedIn ? callers.owner : callers[side]);
			return typeof reply === "string" ? reply : reply.catch(asFailure);
		} catch (error) {
			return asFailure(error);
		}
	}

	/** @param made makes the answer; one step and no more, as each takes memory while the radio is waited for */
	private ask(mac: string, message: string, { signedIn }: Request, made: (outcome: AskOutcome) => Reply): Promise<Reply> {
		return this.#options.comms.ask(mac, message, signedIn ? MAY_CHANGE : HARMLESS_ONLY).then(made);
	}

	private configure(body: string): Reply {
		const result = this.#options.store.updateText(body);
		return result.ok ? json(200, { ok: true, changed: result.changed }) : invalid(result.path, result.expected);
	}

	private restart(side: Side): Reply {
		this.#options.restarter.request(side);
		return { ...json(200, { ok: true }), announced: true };
	}

	private send(request: Request): Reply | Promise<Reply> {
		const message = readMessage(request.body);
		if ("expected" in message) return invalid(message.path, message.expected);
		const { mac, msg } = message;
		const refusal = this.refusal(mac, msg, request);
		if (refusal !== "") return asRefusal(refusal);
		if (!this.isForUs(mac, msg)) return this.ask(mac, msg, request, asOutcome);
		const start = this.#options.clock.now();
		const reply = this.run(msg, request);
		const own = (text: string): Reply => {
			const ms = Math.round(this.#options.clock.now() - start);
			return { ...json(200, { ok: true, reply: text, rssi: 0, ms }), announced: true };
		};
		return typeof reply === "string" ? own(reply) : reply.then(own);
	}
}

function wantsPage(head: RequestHead): boolean {
	return head.accept.includes("text/html");
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

/** A table's entry of this name. The names are compared: a look-up by a stranger's name would make the name in the engine, where it stays. */
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

/** For a program, and for a page, whose browser asks for the password then. */
function asRefusal(refusal: string): Reply {
	// Without `Fail (` and `)`, as other reasons are.
	const reply = json(refusal === SIGN_IN_FIRST ? 401 : 200, { ok: false, reason: refusal.slice(6, -1) });
	return refusal === SIGN_IN_FIRST ? { ...reply, headers: SIGN_IN } : reply;
}

function asText(outcome: AskOutcome): Reply {
	return text(200, outcome.ok ? outcome.reply : `Fail (${outcome.reason})`);
}

function asTestResult(result: object): Reply {
	return json(200, result);
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
	// Its shape before parsing: the parser recurses on a small stack, and lists take memory for each of their items.
	if (body.length > LONGEST_SEND || !isFlatObject(body, MESSAGE_ITEMS)) return wanted;
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
	const command = normalRelay(withoutLineEnd(msg));
	return command === "" ? { path: "msg", expected: "a text that is not empty" } : { mac: address, msg: command };
}
