// biome-ignore lint/style/useNodejsImportProtocol: the SDK's own module
import { Server } from "http";
import config from "mc/config";
import type { Listening, Side, Wire } from "../types";

interface ClassicServer {
	callback: (this: object, message: number) => void;
	detach(connection: object): Wire;
	close(): void;
}

/** Whom the board takes its caller for: a phone on its access point, a computer in the house. */
const CALLERS = Object.freeze({ setup: "192.168.9.2", lan: "192.168.1.2" });

/**
 * Opens the SDK's classic HTTP server on this machine: it has none of the board's addresses, and port 80 is not for everybody,
 * so each side has a port from the configuration (`httpSetupPort`, `httpLanPort`). The SDK listens on all interfaces of the
 * machine (its `address` option is for boards), and its REMOTE_IP is not to be relied on there.
 */
export function listen(_address: string, accept: (wire: Wire) => void, side: Side): Listening {
	// `httpHousePort` is the old name, for one version; the manifest never sets it.
	const port = Number(side === "setup" ? config.httpSetupPort : (config.httpHousePort ?? config.httpLanPort));
	const server = new Server({ port }) as unknown as ClassicServer;
	server.callback = function (message) {
		if (message !== Server.connection) return;
		const wire = server.detach(this);
		// Assigning would meet the preloaded class, whose methods are read-only.
		Object.defineProperty(wire, "get", { value: () => CALLERS[side] });
		accept(wire);
	};
	return server;
}
