import { sameBoard } from "common/mac";
import { CommandTable } from "./command-table";
import type { Context } from "./commands";

/** Where a request came from. */
export interface Caller {
	readonly side: "radio" | "setup" | "lan";
	/** The sender's MAC on the radio, "" over HTTP. */
	readonly mac: string;
	/** Of the request, in dBm; 0 when unknown. */
	readonly rssi: number;
	/** From the house: whether the caller has shown the house password. */
	readonly signedIn?: boolean;
}

/**
 * Who may use a command. `setup`: the setup side only. `owner`, for what changes the board or tells its configuration: also who has signed in on the
 * house side, and a device's own hub. `anyone`: strangers on the radio included.
 */
export type Who = "setup" | "owner" | "anyone";

/**
 * What follows a command's name: nothing; the argument at once (`channel=6`); one character and the argument
 * (`environ-6-…`); nothing, or a space and the argument (`help on`).
 */
export type Argument = "none" | "attached" | "separated" | "optional";

/**
 * A command. An app adds its own in one line:
 * `handler.add({ name: "beep", help: "beep sounds the buzzer", who: "anyone", run: () => buzzer.beep() })`.
 */
export interface Command {
	readonly name: string;
	/** One line for people, beginning with the command as one types it. */
	readonly help: string;
	/** Who may use it; a function where that depends on the argument. */
	readonly who: Who | ((args: string) => Who);
	/** "none" unless told. */
	readonly argument?: Argument;
	/** @returns the reply. What it throws is answered as `Fail (<message>)`. */
	run(args: string, from: Caller, handler: Handler): string | Promise<string>;
}

/** The part of the SDK's `timer` that is needed here. */
export interface Timers {
	set(callback: () => void, delayMs: number): unknown;
	clear(timer: unknown): void;
}

export interface HandlerOptions {
	/** Those that every board has, and what they act on. */
	commands: CommandTable;
	context: Context;
	/** MAC of this device's hub, "" for none. */
	hub(): string;
	timers: Timers;
	trace?(line: string): void;
}

/** How long a command may take, in ms. A caller gives up after 10 s. */
export const ANSWER_TIMEOUT_MS = 8000;
const LONGEST_REASON = 160;

/** The commands a board understands: one text in, one text out, whichever way it came. */
export class Handler {
	readonly #commands: CommandTable;
	/** What commands act on: the board's own do, an app's may. */
	readonly context: Context;
	readonly #hub: () => string;
	readonly #timers: Timers;
	readonly #trace: ((line: string) => void) | undefined;
	/** Those of the app, null as long as there are none. */
	#added: CommandTable | null = null;

	constructor(options: HandlerOptions) {
		this.#commands = options.commands;
		this.context = options.context;
		this.#hub = options.hub;
		this.#timers = options.timers;
		this.#trace = options.trace;
	}

	/**
	 * Adds a command.
	 * @throws RangeError when there is one of this name, or the name is none: empty, a space in it, `ping`, a leading `!`
	 */
	add(command: Command): void {
		if (this.#commands.named(command.name)) throw new RangeError(`command exists: ${command.name}`);
		this.#added ??= new CommandTable();
		this.#added.add(command);
	}

	/** Whether a text is exactly a registered command with its argument. The radio tells commands from replies by this. */
	isCommand(text: string): boolean {
		return this.find(withoutLineEnd(text)) !== undefined;
	}

	/**
	 * Whether a request changes nothing for good on the board that gets it: `ping`, a command that anyone may use, a reading. A command that this board does
	 * not know may change anything there.
	 * @param text a request, behind `!<mac>,` or not
	 */
	isHarmless(text: string): boolean {
		let inner = text;
		while (inner.startsWith("!")) {
			const comma = inner.indexOf(",");
			if (comma < 0) return false;
			inner = inner.slice(comma + 1);
		}
		inner = withoutLineEnd(inner);
		if (inner === "ping" || inner === "temp") return true;
		const command = this.find(inner);
		return command !== undefined && whoMay(command, argumentOf(command, inner)) === "anyone";
	}

	/** The names of all commands. */
	help(): string[] {
		return [...this.#commands.names(), ...(this.#added?.names() ?? [])];
	}

	/** The line for people about a command, given by its name or as one types it; undefined when there is none. */
	explain(text: string): string | undefined {
		return (this.#commands.named(text) ?? this.#added?.named(text) ?? this.find(text))?.help;
	}

	/**
	 * Runs a command. Never throws and never rejects.
	 * @param line the command; a line end behind it is left out
	 * @returns the reply, at once or within ANSWER_TIMEOUT_MS
	 */
	handle(line: string, from: Caller): string | Promise<string> {
		const text = withoutLineEnd(line);
		const command = this.find(text);
		if (!command) return `Unknown message: ${text}`;
		const args = argumentOf(command, text);
		const refusal = command.who === "anyone" ? "" : this.refusal(whoMay(command, args), from);
		if (refusal !== "") return refusal;
		try {
			const reply = command.run(args, from, this);
			return typeof reply === "string" ? reply : this.await(command, reply);
		} catch (error) {
			return this.fail(command, error);
		}
	}

	private find(text: string): Command | undefined {
		const added = this.#added;
		if (!added) return this.#commands.exact(text) ?? this.#commands.beginning(text);
		// An exact name goes before a name that the text only begins with.
		return this.#commands.exact(text) ?? added.exact(text) ?? this.#commands.beginning(text) ?? added.beginning(text);
	}

	/** Why a caller may not use a command; "" when it may. */
	private refusal(who: Who, from: Caller): string {
		if (who === "anyone" || from.side === "setup") return "";
		if (who === "setup") return "Fail (not allowed: only through the board's own access point)";
		if (from.side === "lan") return from.signedIn === true ? "" : "Fail (not allowed: sign in with the house password)";
		const hub = this.#hub();
		// A relayed request comes from the relay device's address. A plain network does not tell who made it.
		return hub !== "" && sameBoard(from.mac, hub) ? "" : "Fail (not allowed: relayed, or not from this device's hub)";
	}

	private await(command: Command, reply: Promise<string>): Promise<string> {
		return new Promise((resolve) => {
			const timer = this.#timers.set(() => {
				this.#trace?.(`${command.name}: no answer in ${ANSWER_TIMEOUT_MS} ms`);
				resolve("Fail (timeout)");
			}, ANSWER_TIMEOUT_MS);
			const settle = (text: string) => {
				this.#timers.clear(timer);
				resolve(String(text));
			};
			Promise.resolve(reply).then(settle, (error) => settle(this.fail(command, error)));
		});
	}

	private fail(command: Command, error: unknown): string {
		const message = error instanceof Error ? error.message : String(error);
		// The message of a driver or an app may be long or hold line ends: the reply must stay one short line.
		const reason = message.replace(/[^\x20-\x7e]/g, "?").slice(0, LONGEST_REASON);
		this.#trace?.(`${command.name}: ${reason}`);
		return `Fail (${reason})`;
	}
}

/** Terminals and scripts send one behind what is typed. */
function withoutLineEnd(text: string): string {
	let end = text.length;
	while (end > 0 && isLineEnd(text.charCodeAt(end - 1))) end -= 1;
	return end === text.length ? text : text.slice(0, end);
}

function isLineEnd(unit: number): boolean {
	return unit === 0x0a || unit === 0x0d;
}

function whoMay({ who }: Command, args: string): Who {
	return typeof who === "function" ? who(args) : who;
}

function argumentOf(command: Command, text: string): string {
	const start = command.name.length;
	if (text.length === start) return "";
	return text.slice(command.argument === "attached" ? start : start + 1);
}
