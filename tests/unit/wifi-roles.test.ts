import { beforeEach, describe, expect, test } from "@jest/globals";
import { type AccessPointOptions, type Driver, WiFiEventKind as Kind, type WiFiEvent } from "wifi-roles/events";
import { hostName } from "wifi-roles/host-name";
import { WiFiRoles } from "wifi-roles/roles";
import { RouterLink } from "wifi-roles/router-link";
import type { WiFiSettings } from "wifi-roles/types";
import { IN_USE_MS, LONGEST_WINDOW_MS, SetupWindow } from "wifi-roles/window";

class FakeDriver implements Driver {
	calls: string[] = [];
	ap: AccessPointOptions | undefined;
	channel = 1;
	closed = false;
	queue: WiFiEvent[] = [];
	constructor(readonly onEvent: () => void) {}
	tell(kind: number, a = 0, b = 0, text = ""): void {
		this.queue.push({ kind, a, b, text });
		this.onEvent();
	}
	#did(call: string): number {
		this.calls.push(call);
		return 0;
	}
	close(): void {
		this.closed = true;
	}
	setMode(mode: number): number {
		return this.#did(`mode ${mode}`);
	}
	setAccessPoint(options: AccessPointOptions): number {
		this.ap = { ...options };
		return this.#did(`ap ${options.ssid} ${options.channel}`);
	}
	setStation(options: { ssid: string; password: string }): number {
		return this.#did(`station ${options.ssid} ${options.password}`);
	}
	start(): number {
		return this.#did("start");
	}
	stop(): number {
		return this.#did("stop");
	}
	connect(): number {
		return this.#did("connect");
	}
	disconnect(): number {
		return this.#did("disconnect");
	}
	scan(options: { ssid: string; channel: number }): number {
		return this.#did(`scan ${options.channel}`);
	}
	setChannel(channel: number): number {
		this.channel = channel;
		return this.#did(`channel ${channel}`);
	}
	putOutClients(): number {
		return this.#did("put out clients");
	}
	getChannel(): number {
		return this.channel;
	}
	setPowerSave(type: number): number {
		return this.#did(`ps ${type}`);
	}
	stationRSSI(): number {
		return 0;
	}
	readEvent(event: WiFiEvent): boolean {
		const next = this.queue.shift();
		if (!next) return false;
		Object.assign(event, next);
		return true;
	}
}

let now = 0;
let tick: () => void = () => undefined;
let driver: FakeDriver;
let heard: string[];
let settings: WiFiSettings;
let configured: boolean;

function seconds(count: number): void {
	for (let i = 0; i < count; i += 1) {
		now += 1000;
		tick();
	}
}

function roles(options: { openWindow?: boolean; lastChannel?: number } = {}): WiFiRoles {
	const made = new WiFiRoles({
		mac: "34b4720a1000",
		openDriver: ({ onEvent }) => {
			driver = new FakeDriver(onEvent);
			return driver;
		},
		store: {
			get configuration() {
				return settings;
			},
		},
		isConfigured: () => configured,
		openWindow: options.openWindow ?? true,
		lastChannel: () => options.lastChannel ?? 0,
		allowed: () => [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
		clock: { now: () => now },
		timers: {
			repeat: (callback) => {
				tick = callback as () => void;
				return {} as never;
			},
			clear: () => undefined,
		},
		random: { randomHex: (bytes) => "5a".repeat(bytes) },
		listener: {
			onReady: () => {
				heard.push("ready");
				made.espnowOpening();
			},
			onLateJoin: () => {
				heard.push("late join");
				made.espnowOpening();
			},
			onJoined: (channel) => heard.push(`joined ${channel}`),
			onHomeChannel: (from, to) => heard.push(`home ${from}>${to}`),
			onAddress: (address) => heard.push(`address ${address}`),
			onSetupAP: (address) => heard.push(`setup ${address}`),
			trace: () => undefined,
		},
	});
	made.start();
	return made;
}

/** A hub that joined its router on channel 6 and is up. */
function hubUp(): WiFiRoles {
	const hub = roles();
	driver.tell(Kind.stationStarted);
	driver.tell(Kind.joined, 6);
	driver.tell(Kind.address, 0, 0, "192.168.1.50");
	driver.tell(Kind.apStarted);
	return hub;
}

beforeEach(() => {
	now = 0;
	heard = [];
	configured = true;
	settings = {
		name: "Hub",
		role: "hub",
		router: { ssid: "House", password: "house-pass" },
		setupAP: { password: "00000000", minutes: 2, afterwards: "off" },
		country: "01",
		channel: 1,
	};
});

describe("bring-up", () => {
	test("a hub goes station, router, access point on the router's channel, ESP-NOW", () => {
		hubUp();
		const order = driver.calls.filter((call) => !call.startsWith("ps"));
		// The access point is not configured again: on a joined hub it is where the station is.
		expect(order.slice(order.indexOf("start"))).toEqual(["start", "station House house-pass", "connect", "mode 3"]);
		expect(heard).toEqual(["joined 6", "address 192.168.1.50", "setup 192.168.9.1", "ready"]);
	});

	test("a hub's access point has its name and password before it starts: the driver's own would be open to everybody", () => {
		hubUp();
		const start = driver.calls.indexOf("start");
		expect(driver.calls.slice(0, start)).toEqual(["mode 3", "ap RBR-Now-34b4720a1000 1", "mode 1"]);
	});

	test("a device goes access point, station, ESP-NOW, and never connects", () => {
		settings.role = "device";
		settings.channel = 11;
		roles();
		driver.tell(Kind.apStarted);
		driver.tell(Kind.stationStarted);
		const order = driver.calls.filter((call) => !call.startsWith("ps"));
		expect(order).toEqual(["mode 2", "ap RBR-Now-34b4720a1000 11", "start", "mode 3", "channel 11"]);
		expect(heard).toEqual(["setup 192.168.9.1", "ready"]);
	});

	test("without a setup window a device only starts its station and tunes it", () => {
		settings.role = "device";
		roles({ openWindow: false, lastChannel: 6 });
		driver.tell(Kind.stationStarted);
		expect(driver.calls).not.toContain("mode 3");
		expect(driver.calls).toContain("channel 6");
		expect(heard).toEqual(["ready"]);
	});

	test("a hub without its router has its access point and ESP-NOW after 15 s, on the last confirmed channel", () => {
		roles({ lastChannel: 9 });
		driver.tell(Kind.stationStarted);
		seconds(15);
		expect(driver.ap?.channel).toBe(9);
		driver.tell(Kind.apStarted);
		expect(heard).toContain("ready");
	});

	test("the first join after ESP-NOW is up re-initialises it, a later one on the same channel does not", () => {
		roles();
		driver.tell(Kind.stationStarted);
		seconds(15);
		driver.tell(Kind.apStarted);
		driver.tell(Kind.joined, 6);
		driver.tell(Kind.lost, 200);
		driver.tell(Kind.joined, 6);
		expect(heard.filter((line) => line === "late join")).toHaveLength(1);
	});

	test("a join on another channel than ESP-NOW was opened on re-initialises it, every time", () => {
		const hub = hubUp();
		for (const channel of [11, 11, 1]) {
			driver.tell(Kind.lost, 200);
			driver.tell(Kind.homeChannel, hub.home, channel);
			driver.tell(Kind.joined, channel);
		}
		expect(heard.filter((line) => line === "late join")).toHaveLength(2);
		// An announced move is no join; ESP-NOW may be opened anew there all the same, by the recovery.
		driver.tell(Kind.homeChannel, 1, 6);
		hub.espnowOpening();
		driver.tell(Kind.lost, 200);
		driver.tell(Kind.joined, 1);
		expect(heard.filter((line) => line === "late join")).toHaveLength(3);
	});

	test("power save is off after the start and again when the access point has closed", () => {
		hubUp();
		seconds(121);
		expect(driver.calls.filter((call) => call.startsWith("ps"))).toEqual(["ps 0", "ps 0", "ps 0"]);
	});

	test("a full restart of Wi-Fi keeps what is left of the window", () => {
		const hub = hubUp();
		seconds(100);
		hub.restart();
		driver.tell(Kind.stationStarted);
		driver.tell(Kind.joined, 6);
		driver.tell(Kind.address, 0, 0, "192.168.1.50");
		driver.tell(Kind.apStarted);
		expect(hub.snapshot().ap.state).toBe("open");
		seconds(20);
		expect(hub.snapshot().ap.state).toBe("off");
	});
});

describe("setup access point", () => {
	test("closes after 120 s by leaving only the station", () => {
		const hub = hubUp();
		seconds(119);
		expect(hub.snapshot().ap.state).toBe("open");
		seconds(1);
		expect(hub.snapshot().ap.state).toBe("off");
		expect(driver.calls.at(-2)).toBe("mode 1");
	});

	test("cloaked: hidden, called -, with a fresh password of 12 characters", () => {
		settings.setupAP.afterwards = "cloaked";
		const hub = hubUp();
		seconds(120);
		expect(hub.snapshot().ap.state).toBe("hidden");
		expect(driver.ap).toMatchObject({ ssid: "-", hidden: true, password: "5a5a5a5a5a5a", channel: 6 });
	});

	test("stays open while it is used, but not past ten minutes", () => {
		const window = new SetupWindow(0, 2);
		window.use(110_000);
		expect(window.isOver(120_000)).toBe(false);
		expect(window.isOver(110_000 + IN_USE_MS)).toBe(true);
		window.use(LONGEST_WINDOW_MS - 1);
		expect(window.isOver(LONGEST_WINDOW_MS)).toBe(true);
	});

	test("a board that was never configured keeps it open", () => {
		configured = false;
		const hub = hubUp();
		seconds(1200);
		expect(hub.snapshot().ap.state).toBe("open");
	});

	test("a board that is told something for the first time, however late, has its whole window from then on", () => {
		configured = false;
		const hub = hubUp();
		seconds(1200);
		configured = true;
		seconds(119);
		expect(hub.snapshot().ap.state).toBe("open");
		seconds(2);
		expect(hub.snapshot().ap.state).toBe("off");
	});

	test("moves out of the way of a house on the same subnet", () => {
		roles();
		driver.tell(Kind.stationStarted);
		driver.tell(Kind.joined, 6);
		driver.tell(Kind.address, 0, 0, "192.168.9.77");
		expect(driver.ap?.address).toBe("192.168.10.1");
	});

	test("goes back when the house moves to the network that it went to", () => {
		roles();
		driver.tell(Kind.stationStarted);
		driver.tell(Kind.joined, 6);
		driver.tell(Kind.address, 0, 0, "192.168.9.77");
		driver.tell(Kind.apStarted);
		driver.tell(Kind.address, 0, 0, "192.168.10.77");
		expect(driver.ap?.address).toBe("192.168.9.1");
		expect(heard.at(-1)).toBe("setup 192.168.9.1");
	});

	test("retuning is refused to a hub and while the access point is used; an idle client is put out for it", () => {
		expect(hubUp().retune(11)).toBe("busy");
		settings.role = "device";
		const device = roles();
		driver.tell(Kind.apStarted);
		driver.tell(Kind.stationStarted);
		driver.tell(Kind.clientJoined, 0, 0, "aa00000000aa");
		device.setupUsed();
		expect(device.retune(11)).toBe("busy");
		now += 31_000;
		expect(device.retune(11)).toBe("ok");
		expect(driver.calls.slice(-2)).toEqual(["put out clients", "channel 11"]);
		expect(device.home).toBe(11);
	});
});

describe("router link", () => {
	function link(lastChannel = 6) {
		const calls: string[] = [];
		const credentials = { ssid: "House", password: "old-password" };
		const did = (call: string) => {
			calls.push(call);
			return 0;
		};
		const made = new RouterLink({
			driver: () => ({
				setStation: ({ password }) => did(`station ${password}`),
				connect: () => did("connect"),
				disconnect: () => did("disconnect"),
				scan: ({ channel }) => did(`scan ${channel}`),
			}),
			store: { configuration: { router: credentials } },
			lastChannel,
		});
		return { made, calls, credentials };
	}

	test("looks on the last channel every 5 s and on all channels every 30 s", () => {
		const { made, calls } = link();
		made.begin(0);
		made.onLost(201, 2000);
		for (let ms = 3000; ms <= 62_000; ms += 1000) {
			made.tick(ms, false);
			if (calls.at(-1)?.startsWith("scan")) made.onScanned(0, ms);
			else if (calls.at(-1) === "connect") made.onLost(201, ms);
		}
		expect(calls.filter((call) => call === "connect")).toHaveLength(3);
		expect(calls.filter((call) => call === "scan 6")).toHaveLength(10);
	});

	test("connects as soon as the quick look has seen the router", () => {
		const { made, calls } = link();
		made.begin(0);
		made.onLost(201, 2000);
		made.tick(7000, false);
		made.onScanned(6, 7120);
		expect(calls.slice(-2)).toEqual(["scan 6", "connect"]);
	});

	test("searches at once after a loss", () => {
		const { made, calls } = link();
		made.begin(0);
		made.onJoined(6);
		made.onLost(200, 90_000);
		expect(calls.filter((call) => call === "connect")).toHaveLength(2);
		expect(made.snapshot().reason).toBe("the router went silent");
	});

	test("leaves who uses the setup access point in peace, but tries new credentials at once", () => {
		const { made, calls, credentials } = link();
		made.begin(0);
		made.onLost(15, 4000);
		for (let ms = 5000; ms < 100_000; ms += 1000) made.tick(ms, true);
		expect(calls).toEqual(["station old-password", "connect"]);
		credentials.password = "new-password";
		made.credentialsChanged(100_000);
		expect(calls.slice(2)).toEqual(["station new-password", "connect"]);
	});

	test("new credentials while joined leave the old router first", () => {
		const { made, calls, credentials } = link();
		made.begin(0);
		made.onJoined(6);
		credentials.password = "new-password";
		made.credentialsChanged(1000);
		expect(calls.at(-1)).toBe("disconnect");
		made.onLost(8, 1010);
		expect(calls.slice(-2)).toEqual(["station new-password", "connect"]);
	});

	test("an attempt of which nothing is heard does not end the trying", () => {
		const { made, calls } = link();
		made.begin(0);
		for (let ms = 1000; ms <= 31_000; ms += 1000) made.tick(ms, false);
		expect(calls.filter((call) => call !== "station old-password").length).toBeGreaterThan(1);
	});
});

describe("the router and the setup access point", () => {
	test("a phone that only stays joined keeps no hub from its router; one that made a request does for 30 s", () => {
		const hub = hubUp();
		driver.tell(Kind.clientJoined, 0, 0, "aa00000000aa");
		hub.setupUsed();
		driver.tell(Kind.lost, 201);
		driver.tell(Kind.lost, 201);
		driver.calls = [];
		const looks = () => driver.calls.filter((call) => call.startsWith("scan") || call === "connect").length;
		seconds(29);
		expect(looks()).toBe(0);
		seconds(2);
		expect(looks()).toBe(1);
	});

	test("a router that gives no address for 20 s is told of in a sentence, until there is one", () => {
		const hub = roles();
		driver.tell(Kind.stationStarted);
		driver.tell(Kind.joined, 6);
		seconds(19);
		expect(hub.routerTrouble).toBe("");
		seconds(1);
		expect(hub.routerTrouble).toBe("the router gives no address: is DHCP switched on there?");
		driver.tell(Kind.address, 0, 0, "192.168.1.50");
		expect(hub.routerTrouble).toBe("");
	});

	test("phones that come and go by the thousand under other addresses leave nothing behind, also when their leaving was lost", () => {
		const hub = hubUp();
		for (let n = 0; n < 1000; n++) driver.tell(Kind.clientJoined, 0, 0, n.toString(16).padStart(12, "0"));
		driver.tell(Kind.overflow, 1000);
		expect(hub.clients).toBe(0);
	});
});

describe("host name", () => {
	test.each([
		["Hall", "rbr-hall"],
		["Hub 2", "rbr-hub-2"],
		["Küche", "rbr-k-che-10a4"],
		["厨房", "rbr-10a4"],
		["", "rbr-10a4"],
		["--a--", "rbr-a"],
		["a.b_c/d", "rbr-a-b-c-d-10a4"],
		["x".repeat(28), `rbr-${"x".repeat(28)}`],
		["x".repeat(32), `rbr-${"x".repeat(23)}-10a4`],
	])("%s is a legal label of at most 32 characters: %s", (name, label) => {
		expect(hostName(name, "34b4720a10a4")).toBe(label);
		expect(label).toMatch(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/);
	});
});

test("a request counts as use of the setup window for 30 s, long after the start, too", () => {
	const setup = new SetupWindow(0, 2);
	setup.use(3_600_000);
	expect([setup.inUse(3_600_000 + IN_USE_MS - 1), setup.inUse(3_600_000 + IN_USE_MS)]).toEqual([true, false]);
});
