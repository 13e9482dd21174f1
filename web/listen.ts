// biome-ignore lint/style/useNodejsImportProtocol: the SDK's own module
import { Server } from "http";
import type { Listening, Wire } from "./types";

/** What `@moddable/typings` 5.6.0 leaves out of the classic server (modules/network/http/http.js). */
interface ClassicServer {
	callback: (this: object, message: number) => void;
	/** Takes a connection out of the server and gives its socket. */
	detach(connection: object): Wire;
	close(): void;
}

/**
 * Opens the SDK's classic HTTP server on port 80 of one address.
 *
 * The server only accepts: each connection is detached in its first message and served by `Connection`. The server itself
 * has no limit on lines, headers, bodies or time, must have its answer at once, which no answer from the radio is, and takes
 * a TCP segment that ends exactly at a line's end for a broken connection (`read` throws on an empty socket).
 * @param address dotted IPv4 address of this board
 * @param accept gets the socket; must not throw
 * @throws Error when the address cannot be bound
 */
export function listen(address: string, accept: (wire: Wire) => void): Listening {
	const server = new Server({ port: 80, address }) as unknown as ClassicServer;
	server.callback = function (message) {
		if (message === Server.connection) accept(server.detach(this));
	};
	return server;
}
