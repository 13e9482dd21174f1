import { buttonPin, FactoryButton } from "board/button";
import { Chip } from "board/chip";
import { Figure, figure, idfVersion } from "board/figures";
import { decodeWords, encodeWords, opensSetup, resetReasonName, startTrouble } from "board/last-words";
import { Leds } from "board/leds";
import { Meter } from "board/meter";
import { Relay } from "board/relay";
import { Restarter } from "board/restarter";
import { SelfTest } from "board/self-test";
import { Announcer } from "channels/announcer";
import { Channels } from "channels/channels";
import { DeviceReports } from "channels/device-reports";
import { HubWatch } from "channels/hub-watch";
import { MemoryBudget } from "common/memory-budget";
import { decode, encode } from "common/utf8";
import { allowedChannels } from "config/countries";
import { PreferenceRecords } from "config/records";
import { type Configuration, defaults } from "config/schema";
import { StateStore } from "config/state";
import { ConfigStore } from "config/store";
import { Devices } from "devices/devices";
import { PatientAsk } from "devices/patient-ask";
import { Poller } from "devices/poller";
import { Comms, type Contact } from "espnow/comms";
import { PING, PlainText } from "espnow/plain-text";
import { Radio } from "espnow/radio";
import { COMMANDS, context } from "handler/commands";
import { Handler } from "handler/handler";
import config from "mc/config";
import { Backup } from "sealing/backup";
import { Joining } from "sealing/joining";
import { devicesCommand, joinCommand, letGoCommand } from "sealing/joining-commands";
import { Sealed } from "sealing/sealed";
import { Vault } from "sealing/vault";
import Timer from "timer";
import { listen } from "web/listen";
import { page } from "web/pages";
import { JSONList } from "web/reply";
import { Web } from "web/web";
import { WiFiDriver } from "wifi-roles/driver";
import { WiFiRoles } from "wifi-roles/roles";

/** The board restarts after this time without a turn of the receive loop, in ms. */
const HEARTBEAT_MS = 30_000;
/** The board tests itself this long after its start, in ms: random numbers are true only while the radio is on. */
const SELF_TEST_MS = 5_000;
/** Recovery restarts the board at most once in this time, in ms, whatever other restarts lie between. */
const RECOVERED_MS = 600_000;
/** Within this time after its start a device greets its sealed hub, in ms. */
const GREET_MS = 1_000;
/** Devices of a sealed network that a hub holds the keys of. */
const DEVICES = 200;
/**
 * After so many turns the watchdog is fed and the time of a turn is taken: at least once a second. A prime, as a message takes a few turns.
 */
const FEED_TURNS = 7;
/**
 * What all parts together may take of an ESP32-C3's heap, beside what it holds at rest: 94,208 bytes, less 10,240 of stack, less 50,000 on a hub that
 * knows 34 boards. `bytes` are what is kept for 6 requests with long texts (9,216) and for 4 answers to others (3,072), one more answer, and the most
 * that the web takes. 14 requests with short texts take 15,232. The rest, some 10 KB, is for half an upload, a joining, garbage and one command. What slots
 * have once taken of the engine's static memory they never give back to strings and buffers.
 */
const LIMITS = Object.freeze({ requests: 14, together: 18, bytes: 25_344, webKept: 5_376, webMost: 12_288 });

const version = String(config.version);
/** GPIO of the button that boards of this kind have. */
// A number in the manifest, a text when it was given on mcconfig's command line.
const usualButton = /^[0-9]+$/.test(String(config.button)) ? Number(config.button) : undefined;
const say = (line: string) => trace(`${line}\n`);
let lastError = "";
/** What people have to know of beyond this line: it stays on the status page. */
const complain = (line: string) => {
	lastError = line;
	say(line);
};

// The relay comes first: whatever happened before, the heating is off until somebody asks for it.
const chip = new Chip({ heartbeatMs: HEARTBEAT_MS });
const records = new PreferenceRecords();
const store: ConfigStore = new ConfigStore({
	records,
	mac: chip.mac(),
	pinTrouble: (pin, drives) => chip.pinTrouble(pin, drives),
	trace: say,
	onChange: configurationChanged,
});
store.load();
const relay = new Relay({ chip, pin: store.configuration.pins.relay, trace: complain });

const state = new StateStore({ records, clock: chip, timers: Timer, trace: say });
state.load();
const mac = chip.mac();
const memory = new MemoryBudget(LIMITS);
const role = store.configuration.role;
const resetReason = chip.resetReason();
const words = decodeWords(chip.lastWords());
const restarter = new Restarter({ chip, timers: Timer });
const meter = new Meter(chip, FEED_TURNS);

/**
 * A promise's job feeds the heartbeat, not the turn itself. With `defines.task.queueWait` a post to a full message queue fails after 20 ms instead of waiting
 * for ever. If the engine's own post for its jobs fails, timers go on, but promises stop for good.
 */
const alive = Promise.resolve();
let turns = 0;
let hasSent = false;
const feed = () => chip.feed();

const capacity = role === "hub" ? DEVICES : 1;
/** Keys and sessions. */
const vault = new Vault({ mac, capacity });
/** The hub by whose key this device was joined: known without asking the vault, as it is asked for with every frame. */
let sealedHub = "";

/** Boards have been joined or removed. */
function keysChanged(): void {
	if (role === "device") sealedHub = vault.macAt(0);
}
keysChanged();

/** The hub that this device obeys: the one that it was joined to, else the one people told it, else the one it adopted. */
function hub(): string {
	return sealedHub || plainHub();
}

function plainHub(): string {
	return role === "hub" || sealedHub !== "" ? "" : store.configuration.hub || state.hub;
}

function forgetHub(): void {
	state.forgetHub();
	store.update({ hub: "" });
}

function isConfigured(): boolean {
	return store.configured || hub() !== "";
}

const roles: WiFiRoles = new WiFiRoles({
	mac,
	openDriver: (options) => new WiFiDriver(options),
	store,
	isConfigured,
	openWindow: opensSetup(resetReason, words),
	lastChannel: () => state.channelUnder(store.configuration.channel),
	allowed: () => allowedChannels(store.configuration.country),
	clock: chip,
	timers: Timer,
	random: chip,
	listener: {
		onReady: () => {
			meter.radioReady();
			comms.start();
			greetHub();
			joining.start();
		},
		onLateJoin: () => comms.restartESPNow(),
		onJoined: (channel) => state.confirmChannel(channel, store.configuration.channel),
		onHomeChannel: (from, to) => {
			if (!joining.isLooking) say(`channel ${from} -> ${to}`);
			if (role === "hub" && roles.joined) state.confirmChannel(to, store.configuration.channel);
			follower?.onHomeChannel(to);
			house?.announcer.onHomeChannel(from, to);
		},
		onAddress: (address) => (address === "" ? web.closeLan() : web.openLan(address)),
		onSetupAP: (address) => (address === "" ? web.closeSetup() : web.openSetup(address)),
		trace: say,
	},
});

/** A sealed hub must know that this device has started anew before it asks for something. After a power cut not all say so at once. */
function greetHub(): void {
	if (sealedHub !== "") Timer.set(() => void comms.ask(sealedHub, PING), chip.random() * GREET_MS);
}

const devices = role === "hub" ? new Devices({ records, clock: chip, home: () => roles.home, trace: say }) : null;
devices?.load();

const joining: Joining = new Joining({
	mac,
	role,
	vault,
	radio: {
		call: () => comms.call(),
		sendRaw: (to, bytes) => comms.sendRaw(to, bytes),
		forgetPeer: (other) => comms.forgetPeer(other),
		ask: (other, text, options) => comms.ask(other, text, options),
	},
	devices,
	keysChanged,
	plainHub,
	forgetHub,
	confirm: (channel) => {
		state.confirmChannel(channel, store.configuration.channel);
		roles.channelConfirmed(channel);
	},
	name: () => (store.configuration.name === defaults.name ? "" : store.configuration.name),
	tuner: {
		get home() {
			return roles.home;
		},
		get allowed() {
			return roles.allowed;
		},
		// A phone on the access point is not put out for looking around.
		retune: (to) => (roles.clients > 0 ? "busy" : roles.retune(to)),
	},
	records,
	text: { decode, encode },
	clock: chip,
	timers: Timer,
	random: chip,
	trace: say,
});

const backup = new Backup({
	vault,
	capacity,
	devices,
	forgetPeer: (other) => comms.forgetPeer(other),
	decode,
	clock: chip,
	timers: Timer,
});

const reports = role === "hub" ? new DeviceReports() : null;

const handler = new Handler({
	timers: Timer,
	trace: say,
	commands: COMMANDS,
	context: context({
		clock: chip,
		relay,
		restarter,
		network: roles,
		store,
		reports: reports
			? {
					orphan: (mac, orphaned) => reports.orphan(mac, orphaned),
					// Only our firmware tells its country.
					country: (mac, country, own) => {
						house?.poller.saidOurs(mac);
						return reports.country(mac, country, own);
					},
				}
			: null,
		following: role === "device" ? { onAlive: (mac, intervalS) => follower?.onAlive(mac, intervalS) } : null,
		meter,
		joining: {
			join: (args) => joinCommand(joining, args),
			devices: (args) => devicesCommand(joining, args),
			letGo: (byRadio) => letGoCommand(joining, byRadio),
		},
		version,
		restartedByRadio: words?.cause === "radio",
	}),
	hub,
});

/** Boards without a key are spoken to in the original's texts. */
const plainText = new PlainText({ decode, encode });
const sealed = new Sealed({
	vault,
	mac,
	hub: () => sealedHub,
	decode,
	clock: chip,
	onJoin: (from, bytes, length, rssi) => joining.onJoin(from, bytes, length, rssi),
	onHubMoved: keysChanged,
});

const comms: Comms = new Comms({
	mac,
	openRadio: (onActivity) => {
		roles.espnowOpening();
		return new Radio({ onActivity });
	},
	clock: chip,
	timers: Timer,
	random: chip,
	// A device that was joined takes nothing but sealed frames, and a hub if people say so.
	codecOf: (other) => (sealedHub !== "" || store.configuration.plain === "off" || vault.find(other) >= 0 ? sealed : plainText),
	sealed,
	onCall: (from, rssi) => joining.onCall(from, rssi),
	handler,
	hub,
	memory,
	...(role === "device" ? { onAnswered: answered } : {}),
	onReplySent: () => restarter.replySent(),
	// A hub has nobody to keep contact with.
	...(role === "device"
		? {
				onContact: (sender: string, how: Contact) => follower?.onContact(sender, how),
				onDelivered: (to: string, acked: boolean) => follower?.onDelivered(to, acked),
				onNotice: (sender: string, text: string) => follower?.onNotice(sender, text),
			}
		: {}),
	turn: (startMs) => {
		if (!hasSent && comms.sending) {
			hasSent = true;
			meter.firstFrame();
		}
		// Turns come at least every 100 ms. A job for each turn would take a fifth of its time.
		if (++turns % FEED_TURNS !== 0) return;
		void alive.then(feed);
		comms.readCalls();
		meter.turn(startMs);
	},
	restartWiFi: () => bringUp(() => roles.restart()),
	restartBoard: (reason) => restarter.now("recovery", reason),
	restartedByRecovery: chip.recovered(),
	trace: say,
});

/** A device has answered a request. */
function answered(sender: string, request: string): void {
	joining.onAnswered();
	hubs?.answered(sender, request);
}

const hubs: HubWatch | null =
	role === "device" ? new HubWatch({ comms, hub, adopt: (sender) => state.setHub(sender), store, clock: chip }) : null;

const follower: Channels | null =
	role === "device"
		? new Channels({
				role,
				tuner: roles,
				comms,
				hub,
				memory: state,
				confirm: (channel) => {
					state.confirmChannel(channel, store.configuration.channel);
					roles.channelConfirmed(channel);
				},
				setup: roles,
				hubs,
				clock: chip,
				timers: Timer,
				random: chip,
				trace: say,
			})
		: null;

/** What a hub alone has. One object for all of them: each of its own would take memory. */
const house = devices ? hubParts(devices) : null;

function hubParts(known: Devices) {
	const common = { devices: known, comms, budget: memory, memory: state, clock: chip, timers: Timer, trace: say };
	const announcer = new Announcer(common);
	const poller = new Poller(Object.assign(common, { announcer }));
	/** How people's requests go: they wait for a device that is on its way to another channel. */
	const asker = new PatientAsk(Object.assign(common, { announcer, poller }));
	return { announcer, poller, asker };
}

const selfTest = new SelfTest({
	chip,
	timers: Timer,
	records,
	pins: store.configuration.pins,
	button: buttonPin(store.configuration.pins, usualButton),
	relay,
	figures: () => ({
		idfFree: figure(Figure.idfFree),
		idfLeast: figure(Figure.idfLeast),
		engineFree: figure(Figure.engineFree),
		engineUsed: figure(Figure.engineUsed),
		stackLeft: figure(Figure.stackLeft),
		espnowVersion: figure(Figure.espnowVersion),
		idf: idfVersion(),
	}),
	startTrouble: startTrouble(resetReason, words),
	resetReason: resetReasonName(resetReason),
});

const web: Web = new Web({
	listen,
	page,
	timers: Timer,
	clock: chip,
	mac,
	line,
	snapshot: parts,
	selfTest: () => selfTest.run(),
	store,
	housePassword: () => store.configuration.house.password,
	joining,
	backup,
	memory,
	handler,
	comms: house?.asker ?? comms,
	setup: roles,
	restarter,
	trace: say,
});

const leds = new Leds({ chip, timers: Timer, pin: store.configuration.pins.led, pattern: ledPattern, trace: complain });
const button = new FactoryButton({
	chip,
	timers: Timer,
	pin: buttonPin(store.configuration.pins, usualButton),
	onHeld: factory,
	trace: complain,
});

function ledPattern(): "window" | "hub" | "device" {
	return roles.isSetupOpen ? "window" : role;
}

/** The way back from a forgotten setup password. */
function factory(): void {
	joining.forget();
	store.factory();
	state.factory();
	restarter.now("button", "factory configuration");
}

/** What a change of the configuration does at once; everything else waits for the next start. */
function configurationChanged(before: Configuration, after: Configuration): void {
	if (before.router.ssid !== after.router.ssid || before.router.password !== after.router.password) roles.credentialsChanged();
}

/** The hub follows its router anywhere, its devices only where their country allows it. */
function channelTrouble(): string {
	const { country } = store.configuration;
	if (!roles.joined || allowedChannels(country).includes(roles.home)) return "";
	return `the router is on channel ${roles.home}, where devices with country ${country} cannot follow: set the country, or the router's channel`;
}

/** Nothing works without Wi-Fi. When its driver cannot be opened, only another start may help. */
function bringUp(start: () => void): void {
	try {
		start();
	} catch (error) {
		complain(`Wi-Fi: ${error instanceof Error ? error.message : error}`);
		restarter.request("recovery", lastError);
	}
}

/**
 * Everything a person or a program may know about this board, the body of `/api/status`, in parts: the whole at once would take more memory than
 * all else that a web request does.
 */
function* parts(): Generator<object> {
	yield {
		...line(),
		mac,
		version,
		hub: hub(),
		...(reports ? { orphans: reports.orphans } : { otherHub: hubs?.otherHub }),
		relay: relay.isFitted ? (relay.isOn ? "ON" : "OFF") : null,
		reset: { reason: resetReasonName(resetReason), words: words ?? null },
		...roles.snapshot(),
	};
	yield new JSONList("peers", comms.eachPeer());
	const { lastError: radioError, ...radio } = comms.snapshot();
	yield { ...radio, following: (follower ?? house?.announcer)?.snapshot(), ...(devices ? { devices: devices.snapshot() } : {}) };
	const kept = store.snapshot();
	const found = lastError || channelTrouble() || hubs?.trouble || roles.routerTrouble || vault.trouble;
	const known = found || radioError || kept.lastError || startTrouble(resetReason, words);
	// Last, as anybody on the radio can cause it: it must not hide what the board found itself.
	const trouble = known || hubs?.countryTrouble || reports?.countryTrouble(store.configuration.country) || "";
	const heap = { idf: figure(Figure.idfFree), engine: figure(Figure.engineFree), budget: memory.view() };
	yield { store: kept, state: state.snapshot(), web: web.snapshot(), heap, lastError: trouble };
}

function line() {
	return { name: store.configuration.name, role, uptimeS: Math.floor(chip.now() / 1000) };
}

/** The same as one object. */
export function snapshot(): object {
	const whole: Record<string, unknown> = {};
	for (const part of parts()) {
		if (part instanceof JSONList) whole[part.name] = [...part.items];
		else Object.assign(whole, part);
	}
	return whole;
}

declare global {
	/** The engine's hook before it ends the program (manifest: `defines.xs.abortHook`); in nobody's typings. */
	var abort: ((message: string, exception: unknown) => void) | undefined;
}

let ending = false;

/** Called by the engine for what nobody caught: the reason and the place are there after the restart. */
globalThis.abort = (message, exception) => {
	// An error in here calls this function again.
	if (ending) return;
	ending = true;
	// A full heap has no room for making words: these are in flash.
	if (message === "memory full") {
		chip.keep("error: memory full");
		return;
	}
	const place = exception instanceof Error ? (exception.stack ?? exception.message) : String(exception ?? "");
	chip.keep(encodeWords({ cause: "error", text: `${message} ${place}` }));
};

say(
	`RBR-Now ${version} ${mac} "${store.configuration.name}" ${role} channel ${state.channelUnder(store.configuration.channel) || store.configuration.channel}`,
);
say(`started by ${resetReasonName(resetReason)}${words ? `, last words: ${encodeWords(words)}` : ""}`);
if (chip.recovered()) Timer.set(() => chip.setRecovered(false), RECOVERED_MS);
leds.start();
button.start();
follower?.start();
house?.poller.start();
bringUp(() => roles.start());
Timer.set(() => {
	const trouble = selfTest.atStart();
	if (trouble === "") say("self-test: OK");
	else complain(trouble);
}, SELF_TEST_MS);
