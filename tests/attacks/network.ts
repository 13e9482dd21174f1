import type { Board } from "../../sim/world/board";
import { HttpExchange, type HttpRequest } from "../../sim/world/http";
import { boardMac } from "../../sim/world/mac";
import type { ConfigurationPatch } from "../../sim/world/provision";
import type { Handlers, TcpConnection } from "../../sim/world/tcp";
import { type BoardSpec, World } from "../../sim/world/world";

export const HUB = boardMac(0);
/** No board of the house tells these to a stranger. */
export const SECRETS = ["Behind the lilac", "moonlit-gravel", "birch-and-amber", "open-sesame-42"] as const;
const [SSID, ROUTER_PASSWORD, OTHER_KEY, HOUSE_PASSWORD] = SECRETS;
const CHANNEL = 6;
const RELAY_PIN = 4;
const HTTP_PORT = 80;

export interface NetworkOptions {
	readonly boards: number;
	readonly seed: number;
	readonly app: string;
	readonly program: string;
	/** The router has no power at first. */
	readonly routerOff: boolean;
	/** What a count of a board's engine takes, in ns; 0: work takes no time. */
	readonly engineNsPerMeter: number;
}

/** A frame as a stranger hears it. */
interface Heard {
	readonly from: string;
	readonly to: string;
	readonly text: string;
}

/** A hub and its devices, a router, and computers with addresses of their own in the router's network. */
export class Network {
	readonly world: World;
	readonly hub: Board;
	readonly devices: readonly Board[];
	/** What was on the air lately between the boards of the house, as a stranger hears it. */
	readonly heard: Heard[] = [];
	/** Of that, orders of the owner's: they are not forgotten. */
	readonly orders: Heard[] = [];

	constructor(options: NetworkOptions) {
		const { boards, seed, app, program, routerOff, engineNsPerMeter } = options;
		const router = { ssid: SSID, password: ROUTER_PASSWORD, channel: CHANNEL, power: !routerOff };
		this.world = new World({ seed, app, program, machine: "chip", boards: specs(boards), router, engineNsPerMeter });
		this.hub = this.world.board("Hub");
		this.devices = this.world.boards.slice(1);
	}

	/** A connection to the hub from an address of the house that ends in this number. */
	connect(from: number, handlers: Handlers): TcpConnection {
		const { world, hub } = this;
		const connection = world.tcp.create(handlers);
		const local = world.router.addressOf(hub.mac);
		if (local === undefined) world.clock.after(0, () => connection.finish("refused"));
		else {
			const up = () => world.router.reaches(hub.mac);
			connection.connect({ board: hub, local, port: HTTP_PORT, remote: world.router.addressIn(from), up });
		}
		return connection;
	}

	/** A request to the hub from such an address. */
	request(from: number, request: HttpRequest): HttpExchange {
		const exchange = new HttpExchange();
		exchange.start(request, this.address, (handlers) => this.connect(from, handlers));
		return exchange;
	}

	/** The hub's address in the network; the last one that it had, or none, while it has not joined. */
	get address(): string {
		return this.world.router.addressOf(this.hub.mac) ?? "192.168.1.50";
	}
}

/** What the owner signs in with. */
export const OWNER = { authorization: `Basic ${Buffer.from(`owner:${HOUSE_PASSWORD}`).toString("base64")}` };

/** Whether a device's relay is on, as its pin says. */
export function relayLevel(board: Board): boolean {
	return board.output(RELAY_PIN) === 1;
}

function specs(boards: number): BoardSpec[] {
	// A key that this firmware does not know, as files of the original have them.
	const hub = {
		name: "Hub",
		role: "hub",
		// Where it waits for its router: its devices would follow it to another channel and be late to come back.
		channel: CHANNEL,
		router: { ssid: SSID, password: ROUTER_PASSWORD },
		house: { password: HOUSE_PASSWORD },
		setupAP: { minutes: 10 },
		wifi_key: OTHER_KEY,
	} as ConfigurationPatch;
	const device = (name: string): BoardSpec => ({
		name,
		config: {
			name,
			role: "device",
			hub: HUB,
			channel: CHANNEL,
			setupAP: { minutes: 1 },
			pins: { relay: { pin: RELAY_PIN, invert: false } },
		},
	});
	return [{ name: "Hub", config: hub }, ...Array.from({ length: boards - 1 }, (_, i) => device(`Room ${i + 1}`))];
}
