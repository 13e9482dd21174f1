import { expect, test } from "@jest/globals";
import type { Effect } from "../../sim/world/protocol";
import { apOn, fakeWorld, radioOn, type TimedEvent } from "./world-fakes";

const join = (password: string): Effect => ({ do: "join", ssid: "House", password, bssid: "", channel: 6 });

/** A board that joins the router, opens its access point, and answers HTTP in its own way. */
function server(answer: (text: string) => string | undefined, password = "house-pass") {
	const got = new Map<number, string>();
	const leases: string[] = [];
	return fakeWorld((event: TimedEvent) => {
		switch (event.type) {
			case "boot":
				return { effects: [radioOn, apOn, { do: "probe", channel: 6, ssid: "House" }] };
			case "beacon":
				return { effects: [join(password)] };
			case "join-result":
				return { effects: event.ok ? [{ do: "dhcp" }] : [] };
			case "client-auth": {
				if (event.password !== apOn.password)
					return { effects: [{ do: "client", client: event.client, joined: false, why: "wrong password" }] };
				leases.push(event.client);
				return { effects: [{ do: "client", client: event.client, joined: true, address: `192.168.9.${leases.length + 1}` }] };
			}
			case "tcp-open":
				return { effects: [{ do: event.port === 80 ? "tcp-accept" : "tcp-refuse", conn: event.conn }] };
			case "tcp-data": {
				const text = (got.get(event.conn) ?? "") + Buffer.from(event.hex, "hex").toString();
				got.set(event.conn, text);
				const reply = answer(text);
				return {
					effects:
						reply === undefined
							? []
							: [
									{ do: "tcp-data", conn: event.conn, hex: Buffer.from(reply).toString("hex") },
									{ do: "tcp-close", conn: event.conn },
								],
				};
			}
			default:
				return {};
		}
	});
}

const hello = (text: string) => (text.endsWith("\r\n\r\n") ? "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" : undefined);

test("the router answers a probe on its channel, checks the password and gives an address", () => {
	const { world, life } = server(hello);
	world.boot();
	world.advance(1000);
	expect(life().of("beacon")).toMatchObject([{ ssid: "House", channel: 6, auth: "wpa2" }]);
	expect(life().of("dhcp")).toMatchObject([{ ip: "192.168.1.50", gateway: "192.168.1.1" }]);
	expect(world.reachable(world.board("A"), "lan")).toBe(true);
});

test("a wrong password is refused with reason 15 after about four seconds", () => {
	const { world, life } = server(hello, "wrong");
	world.boot();
	world.advance(3900);
	expect(life().of("join-result")).toEqual([]);
	world.advance(1000);
	expect(life().of("join-result")).toMatchObject([{ ok: false, reason: 15 }]);
	expect(() => world.http("A", "lan", { path: "/" })).toThrow(/refused/);
});

test("no beacon on another channel, without power or out of range", () => {
	for (const silence of [
		(world: ReturnType<typeof server>["world"]) => world.changeRouter({ channel: 11 }),
		(world: ReturnType<typeof server>["world"]) => world.changeRouter({ power: false }),
		(world: ReturnType<typeof server>["world"]) => world.link("A", "router", null),
	]) {
		const { world, life } = server(hello);
		silence(world);
		world.boot();
		world.advance(1000);
		expect(life().of("beacon")).toEqual([]);
	}
});

test("an announced move is told to joined boards, a silent one is only not heard any more", () => {
	const { world, life } = server(hello);
	world.boot();
	world.advance(1000);
	world.changeRouter({ channel: 11 }, true);
	expect(life().of("csa")).toMatchObject([{ channel: 11 }]);
	expect(life().of("audible")).toEqual([]);
	world.changeRouter({ channel: 1 });
	expect(life().of("audible")).toMatchObject([{ audible: false }]);
	world.changeRouter({ channel: 11 });
	expect(life().of("audible")).toMatchObject([{ audible: false }, { audible: true }]);
});

test("another router password puts joined boards out, and so does a router that was without power", () => {
	const { world, life } = server(hello);
	world.boot();
	world.advance(1000);
	world.changeRouter({ password: "new-password" });
	expect(life().of("kicked")).toMatchObject([{ reason: 3 }]);
	const other = server(hello);
	other.world.boot();
	other.world.advance(1000);
	other.world.changeRouter({ power: false });
	other.world.changeRouter({ power: true });
	expect(
		other
			.life()
			.of("audible")
			.map(({ audible }) => audible),
	).toEqual([false, true]);
	expect(other.life().of("kicked")).toMatchObject([{ reason: 7 }]);
});

test("HTTP from both sides", () => {
	const { world, life } = server(hello);
	world.boot();
	world.advance(1000);
	expect(world.http("A", "lan", { path: "/" })).toEqual({ status: 200, headers: { "content-length": "5" }, body: "hello" });
	expect(world.http("A", "ap", { path: "/?uptime" }).body).toBe("hello");
	expect(
		life()
			.of("tcp-open")
			.map(({ local, remote }) => [local, remote]),
	).toEqual([
		["192.168.1.50", "192.168.1.2"],
		["192.168.9.1", "192.168.9.2"],
	]);
	const bytes = Buffer.byteLength("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	world.advance(10);
	expect(
		life()
			.of("tcp-acked")
			.map((event) => event.bytes),
	).toEqual([bytes, bytes]);
});

test("a body goes out in segments and arrives whole", () => {
	let whole = "";
	const { world, life } = server((text) => {
		whole = text;
		return text.length > 4000 ? "HTTP/1.1 200 OK\r\n\r\nuntil the end" : undefined;
	});
	world.boot();
	world.advance(1000);
	const body = "b".repeat(4000);
	expect(world.http("A", "lan", { method: "PUT", path: "/x", body }).body).toBe("until the end");
	expect(
		life()
			.of("tcp-data")
			.every(({ hex }) => hex.length <= 2 * 1436),
	).toBe(true);
	expect(whole).toBe(`PUT /x HTTP/1.1\r\nhost: 192.168.1.50\r\ncontent-length: 4000\r\n\r\n${body}`);
});

test("a phone with a wrong password stays out", () => {
	const { world } = server(hello);
	world.boot();
	world.advance(1000);
	expect(world.joinClient("A", "11111111").result).toEqual({ joined: false, why: "wrong password" });
	expect(world.joinClient("A", "00000000").result).toEqual({ joined: true, address: "192.168.9.2" });
	expect(world.clients.joinedTo(world.board("A"))).toBe(1);
});

test("a phone leaves five seconds after its last connection", () => {
	const { world, life } = server(hello);
	world.boot();
	world.advance(1000);
	world.http("A", "ap", { path: "/" });
	world.advance(4900);
	expect(life().of("client-leave")).toEqual([]);
	world.advance(200);
	expect(life().of("client-leave")).toHaveLength(1);
});

test("a closed port refuses, a reader that pauses acknowledges nothing", () => {
	const { world, life } = server(hello);
	world.boot();
	world.advance(1000);
	const endings: string[] = [];
	world.connect(world.board("A"), "lan", { onClose: (ending) => endings.push(ending) }, 81);
	world.advance(100);
	expect(endings).toEqual(["refused"]);
	const seen: string[] = [];
	const slow = world.connect(world.board("A"), "lan", {
		onData: (bytes) => seen.push(bytes.toString()),
		onClose: (ending) => endings.push(ending),
	});
	slow.pause();
	slow.send("GET / HTTP/1.1\r\n\r\n");
	world.advance(5000);
	expect(life().of("tcp-acked")).toEqual([]);
	slow.resume();
	world.advance(10);
	expect(seen).toHaveLength(1);
	expect(life().of("tcp-acked")).toHaveLength(1);
	expect(endings).toEqual(["refused", "closed"]);
});

test("connections of a board that loses its power end with a reset", () => {
	const { world } = server(() => undefined);
	world.boot();
	world.advance(1000);
	const exchange = world.request("A", "lan", { path: "/" });
	world.advance(100);
	world.board("A").powerOff();
	world.advance(1500);
	expect(exchange.error).toBe("connection reset");
	expect(world.reachable(world.board("A"), "lan")).toBe(false);
	expect(world.reachable(world.board("A"), "ap")).toBe(false);
});
