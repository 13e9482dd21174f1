import type { HttpExchange, HttpRequest } from "../../sim/world/http";
import type { TcpConnection } from "../../sim/world/tcp";
import type { Kind } from "./kinds";
import type { Means } from "./means";
import { HUB } from "./network";
import { orders } from "./radio-kinds";

const JSON_TYPE = { "content-type": "application/json" };
/** What a browser says of itself, and a script does not. */
const BROWSER = { "accept-language": "en-GB,en;q=0.5", referer: "http://pictures.example/" };

const through = (mac: string, message: string) => `/?mac=${mac}&msg=${encodeURIComponent(message)}`;

/** Every address of web/routes.ts, and some that are none, in ways that are and are not meant. */
export const ROUTES: readonly HttpRequest[] = [
	{ path: "/" },
	{ path: "/", headers: { accept: "text/html" } },
	{ path: "/devices" },
	{ path: "/api/status" },
	{ path: "/api/config" },
	{ path: "/?uptime" },
	{ path: "/?help" },
	{ path: `/?config%20${"a".repeat(300)}` },
	{ method: "HEAD", path: "/?reset" },
	{ method: "OPTIONS", path: "*" },
	{ method: "DELETE", path: "/api/config" },
	{ method: "PUT", path: "/api/config", body: { name: "Taken" } },
	{ method: "PUT", path: "/api/config", headers: JSON_TYPE, body: "[".repeat(2_000) },
	{ method: "POST", path: "/api/restart", body: {} },
	{ method: "POST", path: "/api/send", body: { mac: HUB, msg: "uptime" } },
	{ method: "POST", path: "/api/send", headers: JSON_TYPE, body: "{".repeat(4_000) },
	{ path: `/${"x".repeat(1_900)}` },
	{ path: "/../../etc/passwd" },
	{ path: "/", headers: { "x-filler": "y".repeat(3_000) } },
	{ path: "/", headers: { "transfer-encoding": "chunked" } },
];

/** A connection that an attack holds, and what it does with it now and then. */
interface Held {
	readonly connection: TcpConnection;
	readonly tend?: () => void;
	tendedMs: number;
}

/** So often, in ms: less than the 2 s after which a board takes a connection for slow. */
const TEND_MS = 1_800;

/** Keeps some connections; one that ends is made anew at the next attempt. */
function holding(most: number, open: (means: Means) => Pick<Held, "connection" | "tend">) {
	let held: Held[] = [];
	return {
		attempt(means: Means): void {
			const now = means.network.world.timeMs;
			held = held.filter(({ connection }) => connection.open);
			for (const each of held) {
				if (now - each.tendedMs < TEND_MS) continue;
				each.tendedMs = now;
				each.tend?.();
			}
			while (held.length < most) held.push({ ...open(means), tendedMs: now });
		},
		rest(): void {
			for (const { connection } of held) connection.close();
			held = [];
		},
	};
}

/** A request that never ends. */
function drip(means: Means): Pick<Held, "connection" | "tend"> {
	const connection = means.connect({});
	connection.send("GET /?uptime HTTP/1.1\r\nX-Slow: ");
	return { connection, tend: () => connection.send("s") };
}

/** Asks for a page and takes it segment by segment. */
function sip(means: Means): Pick<Held, "connection" | "tend"> {
	const connection = means.connect({ onData: () => connection.pause() });
	connection.send(`GET / HTTP/1.1\r\nHost: ${means.network.address}\r\nAccept: text/html\r\n\r\n`);
	return { connection, tend: () => connection.resume() };
}

/** In the house's network: a guest's phone, a television, the page of another site in somebody's browser. */
export function lanKinds(): readonly Kind[] {
	let upload: { readonly messages: string[]; readonly mac: string } | undefined;
	let uploading: HttpExchange | undefined;
	let uploads = 0;
	return [
		{
			name: "orders through the hub",
			what: "a guest's GET or POST that has the hub change a device or itself, and restart",
			perSecond: 4,
			attempt(means) {
				const { mac } = means.device();
				const msg = means.pick(orders(mac));
				const own = means.pick(["/?reset", "/?channel=1", "/?update"]);
				means.http(
					means.pick<HttpRequest>([
						{ path: through(mac, msg) },
						{ method: "POST", path: "/api/send", body: { mac, msg } },
						{ path: own },
						{ method: "POST", path: "/api/send", body: { mac: HUB, msg: "reset" } },
					]),
				);
			},
		},
		{
			name: "new names",
			what: "uploads configurations of 180 keys that no board knows, to one device after the other",
			perSecond: 20,
			attempt(means) {
				if (uploading && !uploading.done) return;
				if (upload === undefined || upload.messages.length === 0) {
					const names = Array.from({ length: 180 }, (_, i) => `"n${(uploads % 1_000) * 1_000 + i}":0`);
					const hex = Buffer.from(`{${names.join(",")}}`).toString("hex");
					const parts = hex.match(/.{1,210}/g) ?? [];
					const { mac } = means.network.devices[Math.floor(uploads / 12) % 3] ?? means.victim;
					upload = { mac, messages: [...parts.map((part, i) => `part:${i},text:${part}`), "save:config.json", "update"] };
					uploads++;
				}
				uploading = means.http({ path: through(upload.mac, upload.messages.shift() ?? "") });
			},
		},
		{
			name: "ampersands",
			what: "`GET /?&&&…` with as many as a request may have, and other queries of nothing but marks",
			perSecond: 4,
			attempt(means) {
				means.http({ path: `/?${means.pick(["&", "&", "=&", "+", "%26"]).repeat(1_950).slice(0, 1_950)}` });
			},
		},
		{
			name: "pictures",
			what: 'another site\'s page: `<img src="http://<hub>/?mac=…&msg=on">`, forms, scripts',
			perSecond: 4,
			attempt(means) {
				const { mac } = means.device();
				const msg = means.pick(["on", "off"]);
				means.http(
					means.pick<HttpRequest>([
						{ path: through(mac, msg), headers: { ...BROWSER, accept: "image/avif,image/webp,*/*" } },
						{ path: through(mac, msg), headers: { ...BROWSER, accept: "text/html,*/*" } },
						{
							method: "POST",
							path: "/api/send",
							headers: { ...BROWSER, origin: "http://pictures.example", "content-type": "text/plain" },
							body: JSON.stringify({ mac, msg }),
						},
					]),
				);
			},
		},
		{
			name: "rebinding",
			what: "a page whose name is made to point at the hub reads its status and its devices",
			perSecond: 4,
			attempt(means) {
				const headers = {
					...BROWSER,
					host: means.pick(["pictures.example", "pictures.example:80", "hub.pictures.example", "192.168.1.50.pictures.example"]),
				};
				const { mac } = means.device();
				means.http({ path: means.pick(["/api/status", "/api/config", "/", "/?config", through(mac, "uptime")]), headers }, true);
			},
		},
		{
			name: "wrong passwords",
			what: "guesses the house's password, with an order in each guess",
			perSecond: 5,
			attempt(means) {
				const { mac } = means.device();
				const authorization = `Basic ${Buffer.from(`owner:guess-${means.random.below(100_000)}`).toString("base64")}`;
				means.http({ path: through(mac, means.pick(orders(mac))), headers: { authorization } });
			},
		},
		{
			name: "idle connections",
			what: "connections that never say anything",
			perSecond: 4,
			...holding(8, (means) => ({ connection: means.connect({}) })),
		},
		{
			name: "slow clients",
			what: "eight connections, each at once made anew: requests of a byte every two seconds, and pages that are taken a segment in that time",
			perSecond: 20,
			...holding(8, (means) => (means.random.below(4) === 0 ? drip(means) : sip(means))),
		},
		{
			name: "stalled bodies",
			what: "a POST that withholds half of its body",
			perSecond: 2,
			...holding(2, (means) => {
				const connection = means.connect({});
				const head = `POST /api/send HTTP/1.1\r\nHost: ${means.network.address}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n`;
				connection.send(`${head}{"mac":"${means.device().mac}","msg":"`);
				return { connection };
			}),
		},
		{
			name: "every route",
			what: "80 connections a second: every address and method, malformed and over-long ones too",
			perSecond: 80,
			attempt(means) {
				means.http(means.pick(ROUTES));
			},
		},
		{
			name: "both floods",
			what: "80 connections a second with long queries, while 80 frames a second have the hub ask its devices long texts, too",
			perSecond: 80,
			attempt(means) {
				const { mac } = means.device();
				means.http(
					means.pick([
						{ path: "/api/status" },
						{ path: through(mac, "x".repeat(240)) },
						{ path: `/?${"x".repeat(1_900)}` },
						{ method: "POST", path: "/api/send", body: { mac, msg: "y".repeat(240) } },
					]),
				);
				means.send(means.forged(), HUB, means.pick([`!${means.device().mac},${"x".repeat(200)}`, `environ-6-${"x".repeat(180)}`, "help"]));
			},
		},
		{
			name: "broken text",
			what: "bytes in a query that are not UTF-8, which would stop boards with the original's code",
			perSecond: 4,
			attempt(means) {
				const bytes = means.pick(["%c0%af", "on%ed%a0%80", "%ff%fe", "%00", "%f4%90%80%80", "a%c3"]);
				means.http({ path: `/?mac=${means.device().mac}&msg=${bytes}` });
			},
		},
		{
			name: "long texts",
			what: "messages that are longer in bytes than in letters: up to 63 emoji",
			perSecond: 4,
			attempt(means) {
				means.http({ path: through(means.device().mac, "😀".repeat(means.pick([58, 60, 62, 63]))) });
			},
		},
	];
}
