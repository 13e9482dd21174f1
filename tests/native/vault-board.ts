import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { transformSync } from "esbuild";
import { BoardProcess, makeWires } from "../../sim/world/board-process";
import type { BoardReply, Effect } from "../../sim/world/protocol";
import { openFrame, type SealedFrame, type SealedSession } from "../../sim/world/sealing";

/** A board whose vault a test steers call by call: the shipping C and its wrapper on the real engine, over the fake ESP-IDF. */

const SANITIZED = "build/board-asan/board";
const BUILD = resolve("build/tests-native");

/** Each received frame is a script; what it gives is told as JSON. */
const MAIN = `
import { Radio } from "espnow/radio";
import { WiFiDriver } from "wifi-roles/driver";
import { Vault } from "sealing/vault";
import { decode } from "common/utf8";
import config from "mc/config";
const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (each) => parseInt(each, 16));
const hex = (bytes, length = bytes.length) => Array.from(bytes.subarray(0, length), (each) => each.toString(16).padStart(2, "0")).join("");
const out = new Uint8Array(300);
const opened = new Int32Array(6);
const made = (length) => (length < 0 ? length : hex(out, length));
const framed = (text) => { const frame = bytes(text); out.set(frame); return frame.length; };
const open = (text, from) => {
	const length = framed(text);
	const slot = vault.open(out, length, from, opened);
	return slot < 0 ? { slot, untouched: hex(out, length) === text } : { slot, fields: Array.from(opened), text: hex(out.subarray(14), opened[4]) };
};
globalThis.tools = { bytes, hex, out, made, framed, open };
let vault;
const newVault = () => { globalThis.vault = vault = new Vault({ mac: config.mac, capacity: config.capacity }); };
globalThis.newVault = newVault;
export default function () {
	const wifi = new WiFiDriver({ country: "01", hostName: "rbr-hall", onEvent() {} });
	wifi.setMode(1);
	wifi.start();
	newVault();
	const frame = { from: "", rssi: 0, length: 0, bytes: new Uint8Array(1470) };
	const radio = new Radio({ frameBytes: 1470, onActivity() {
		while (radio.read(frame)) {
			if (frame.bytes[0] === 0xfe) {
				const slot = vault.open(frame.bytes, frame.length, frame.from, opened);
				trace("=" + slot + " " + opened.join(" ") + "\\n");
				if (slot < 0) continue;
				const length = vault.sealBytes(slot, 4, 0, opened[1], frame.bytes, 14, opened[4], out, 0);
				radio.addPeer(frame.from);
				radio.send(frame.from, out, length);
				continue;
			}
			let told;
			try { told = { value: (0, eval)("const {bytes, hex, out, made, framed, open} = tools; " + decode(frame.bytes, frame.length)) }; }
			catch (error) { told = { thrown: String(error) }; }
			trace("=" + JSON.stringify(told) + "\\n");
		}
	} });
}
export const snapshot = () => ({});
`;

const WRAPPERS = {
	"common/utf8": "modules/common/esp32/utf8-esp32.ts",
	"espnow/radio": "modules/espnow/esp32/espnow-esp32.ts",
	"wifi-roles/driver": "modules/wifi-roles/esp32/wifi-roles-esp32.ts",
	"wifi-roles/events": "modules/wifi-roles/events.ts",
	"sealing/vault": "modules/sealing/esp32/vault-esp32.ts",
} as const;

export interface Kept {
	readonly ns: string;
	readonly key: string;
	readonly type: string;
	readonly hex: string;
}

export interface OpenResult {
	readonly slot: number;
	readonly untouched?: boolean;
	readonly fields?: readonly number[];
	/** As hex. */
	readonly text?: string;
}

let count = 0;

export class VaultBoard {
	readonly mac: string;
	readonly #process: BoardProcess;
	/** What flash holds; kept over a restart by giving it to the next board. */
	readonly flash: Map<string, Kept>;
	#us = 0;
	/** Why the board has ended, if it has. */
	ended = "";

	constructor(options: { mac: string; capacity: number; seed?: number; flash?: Map<string, Kept>; program?: string }) {
		const { mac, capacity, seed = 1, flash = new Map(), program = SANITIZED } = options;
		if (!existsSync(program)) throw new Error(`${program} is missing: make board asan gc-stress`);
		this.mac = mac;
		this.flash = flash;
		const [wire] = makeWires(1);
		if (!wire) throw new Error("no wire");
		this.#process = BoardProcess.start({ name: mac, program, app: writeApp({ mac, capacity }), wire, awaitReport: true });
		this.#exchange({ type: "boot", mac, seed, reset: 1, nvs: [...flash.values()], rtc: null, pins: {} });
	}

	/** Runs a script of an expression. */
	// biome-ignore lint/suspicious/noExplicitAny: whatever the script gives
	run(script: string): any {
		const effects = this.#exchange({
			type: "rx",
			from: "020000000002",
			to: this.mac,
			rssi: -50,
			hex: Buffer.from(script).toString("hex"),
		});
		for (const effect of effects)
			if (effect.do === "trace" && effect.line.startsWith("=")) {
				const told = JSON.parse(effect.line.slice(1)) as { value?: unknown; thrown?: string };
				if (told.thrown !== undefined) throw new Error(told.thrown);
				return told.value;
			}
		throw new Error(`no answer: ${this.ended} ${JSON.stringify(effects)}`);
	}

	/** Gives it a sealed frame as its radio hears one. @returns slot and the fields of `Opened`, and the frame with the same text that it sends back */
	hear(frame: Uint8Array, from: string): { opened: string; echo: Buffer } {
		let opened = "";
		let echo = Buffer.alloc(0);
		for (const effect of this.#exchange({ type: "rx", from, to: this.mac, rssi: -50, hex: hexOf(frame) })) {
			if (effect.do === "trace" && effect.line.startsWith("=")) opened = effect.line.slice(1).trim();
			if (effect.do !== "tx") continue;
			echo = Buffer.from(effect.hex, "hex");
			this.#exchange({ type: "tx-done", id: effect.id, acked: true });
		}
		return { opened, echo };
	}

	/** All that it has said, but its answers to scripts. */
	said = "";

	wait(ms: number): void {
		this.#us += ms * 1000;
		this.#exchange({ type: "wake" });
	}

	/** @returns the frame's bytes, or a negative drop */
	hello(slot: number): Buffer {
		return bytesOf(this.run(`made(vault.hello(${slot}, out))`));
	}

	onHello(hello: Uint8Array, from = "020000000002"): Buffer {
		return bytesOf(this.tryHello(hello, from));
	}

	tryHello(hello: Uint8Array, from = "020000000002"): string | number {
		return this.run(`made(vault.onHello(out, framed("${hexOf(hello)}"), "${from}", out))`);
	}

	onWelcome(welcome: Uint8Array, from = "020000000002"): number {
		return this.run(`vault.onWelcome(out, framed("${hexOf(welcome)}"), "${from}")`);
	}

	trySeal(slot: number, kind: number, counter: number, reply: number, text: string): string | number {
		return this.run(`made(vault.seal(${slot}, ${kind}, ${counter}, ${reply}, ${JSON.stringify(text)}, out, 0))`);
	}

	seal(slot: number, kind: number, text: string, reply = 0): Buffer {
		return bytesOf(this.trySeal(slot, kind, 0, reply, text));
	}

	open(frame: Uint8Array, from: string): OpenResult {
		return this.run(`open("${hexOf(frame)}", "${from}")`);
	}

	close(): void {
		this.#process.close();
	}

	#exchange(event: Record<string, unknown>): readonly Effect[] {
		const reply = JSON.parse(this.#process.exchange(JSON.stringify({ t: this.#us, ...event }))) as BoardReply;
		for (const effect of reply.effects) {
			if (effect.do === "restart") this.ended = effect.reason;
			if (effect.do !== "nvs" && !(effect.do === "trace" && effect.line.startsWith("="))) this.said += JSON.stringify(effect);
			if (effect.do !== "nvs" || effect.key === undefined) continue;
			const name = `${effect.ns}/${effect.key}`;
			if (effect.op === "erase") this.flash.delete(name);
			else this.flash.set(name, { ns: effect.ns, key: effect.key, type: effect.type ?? "", hex: effect.hex ?? "" });
		}
		return reply.effects;
	}
}

function writeApp(config: { mac: string; capacity: number }): string {
	mkdirSync(`${BUILD}/vault`, { recursive: true });
	const modules: Record<string, string> = {};
	for (const [specifier, path] of Object.entries(WRAPPERS)) {
		const file = `${BUILD}/vault/${specifier.replace("/", "-")}.js`;
		writeFileSync(file, transformSync(readFileSync(path, "utf8"), { loader: "ts", target: "es2022" }).code);
		modules[specifier] = file;
	}
	const main = `vault-main${process.pid}-${count}`;
	modules[main] = `${BUILD}/vault/${main}.js`;
	writeFileSync(modules[main], MAIN);
	const app = `${BUILD}/vault/app${process.pid}-${count++}.json`;
	writeFileSync(app, JSON.stringify({ modules, resources: {}, config, creation: {}, preload: [], main }));
	return app;
}

export const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

function bytesOf(told: string | number): Buffer {
	if (typeof told === "number") throw new Error(`drop ${told}`);
	return Buffer.from(told, "hex");
}

export function mustOpen(session: SealedSession, frame: Uint8Array): SealedFrame {
	const opened = openFrame(session, frame);
	if (!opened) throw new Error("Node's crypto cannot open it");
	return opened;
}
