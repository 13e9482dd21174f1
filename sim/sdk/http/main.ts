/**
 * A server whose answers are chosen by the request's path, above the classic `http`, that says what it is told. The conversations
 * with it are in `sim/sdk/talks.ts`; they run over the SDK's modules and over the stand-ins.
 */
// biome-ignore lint/style/useNodejsImportProtocol: the SDK's own module
import { Server } from "http";
import config from "mc/config";

interface Wire {
	callback?: (message: number, value?: number) => void;
	read(type?: StringConstructor): unknown;
	write(...data: unknown[]): unknown;
	close(): void;
}

/** One connection as the server's callback has it; what was asked for is kept on it. */
interface Caller {
	count?: number;
	path?: string;
	parts?: number;
	read(type: StringConstructor): unknown;
	close(): void;
}

/** The part of the classic server that `@moddable/typings` does not have. */
interface ClassicServer {
	callback: (this: Caller, message: number, first?: unknown, second?: unknown) => unknown;
	connections: unknown[];
	detach(caller: Caller): Wire;
}

const RESPONSES: Readonly<Record<string, () => unknown>> = {
	"/nothing": () => undefined,
	"/empty": () => ({}),
	"/text": () => ({ headers: ["X-Number", 7], body: "hello" }),
	"/string-object": () => ({ body: new String("hello") }),
	"/umlaut": () => ({ body: "für" }),
	"/bytes": () => ({ body: ArrayBuffer.fromString("für") }),
	"/full": () => ({ body: "f".repeat(900) }),
	"/waits": () => ({ body: "w".repeat(5700) }),
	"/never": () => ({ body: "n".repeat(6000) }),
	"/chunked": () => ({ body: true }),
	"/stream-and-chunks": () => ({ body: true }),
	"/counted": () => ({ headers: ["Content-Length", "9"], body: true }),
	"/status": () => ({ status: 404, body: "no" }),
	"/unknown-status": () => ({ status: 299, body: "odd" }),
	"/reason": () => ({ status: 200, reason: "Fine", body: "yes" }),
	"/half-header": () => ({ headers: ["X-Alone"] }),
	"/throws-in-response": () => {
		throw new Error("in the response");
	},
};

const BODIES: Readonly<Record<string, unknown>> = {
	"/string": String,
	"/buffer": ArrayBuffer,
	"/stream": true,
	"/stream-and-chunks": true,
	"/ignored": false,
};

/** What a message brought, in words that are the same wherever it runs. */
function words(value: unknown): string {
	if (value instanceof ArrayBuffer) return `bytes ${[...new Uint8Array(value)].join(" ")}`;
	return value === undefined ? "" : JSON.stringify(value);
}

let callers = 0;
const server = new Server({ port: Number(config.httpPort) }) as unknown as ClassicServer;

function say(caller: Caller, what: string): void {
	trace(`talk ${caller.count}: ${what}\n`);
}

server.callback = function (message, first, second) {
	if (message === Server.connection) this.count = ++callers;
	// How much may be written is the platform's affair.
	say(this, message === Server.responseFragment ? `${message}` : `${message} ${words(first)} ${words(second)}`.trim());
	const path = this.path ?? "";
	switch (message) {
		case Server.status:
			this.path = String(first);
			if (this.path === "/closes") this.close();
			if (this.path === "/detach") hello(this);
			return undefined;
		case Server.header:
			if (path === "/throws-in-header") throw new Error("in a header");
			if (path === "/closes-late") this.close();
			return undefined;
		case Server.headersComplete:
			return BODIES[path];
		case Server.requestFragment:
			say(this, `reads ${words(this.read(String))}`);
			return undefined;
		case Server.prepareResponse:
			return (RESPONSES[path] ?? (() => ({ body: `${server.connections.length} open` })))();
		case Server.responseFragment:
			this.parts = (this.parts ?? 0) + 1;
			return this.parts < 4 ? "xyz" : undefined;
		default:
			return undefined;
	}
};

/** A connection that is taken out of the server, as the firmware does it, is told what comes on its socket. */
function hello(caller: Caller): void {
	const wire = server.detach(caller);
	const { count } = caller;
	const rest = words(wire.read(String));
	wire.write("detached ", 65, ArrayBuffer.fromString("BC "), `${server.connections.length} left, rest ${rest}`);
	wire.callback = (message, value) => {
		const read = message === 2 ? `reads ${words(wire.read(String))}` : "";
		trace(`talk ${count}: socket ${message} ${message === 3 ? "" : words(value)} ${read}\n`);
		if (message < 0) wire.close();
	};
}

trace("talk 0: ready\n");
