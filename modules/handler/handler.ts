/** Where a request came from. */
export interface Caller {
	readonly side: "radio" | "setup" | "house";
	/** The sender's MAC on the radio, "" over HTTP. */
	readonly mac: string;
	/** Whether `mac` is this device's own hub. */
	readonly ownHub: boolean;
	/** Of the request, in dBm; 0 when unknown. */
	readonly rssi: number;
}

/**
 * Who may use a command. Each includes those before it: the setup side; this device's own hub; the house side of a hub;
 * anyone, strangers on the radio included.
 */
export type Who = "setup" | "ownHub" | "house" | "anyone";

/**
 * What follows a command's name: nothing; the argument at once (`channel=6`); one character and the argument
 * (`environ-6-…`); nothing, or a space and the argument (`help on`).
 */
export type Argument = "none" | "attached" | "separated" | "optional";

/**
 * One thing that a board can be told. An app adds its own in one line:
 * `handler.add({ name: "beep", help: "beep sounds the buzzer", who: "anyone", run: () => buzzer.beep() })`.
 */
export interface Command {
	readonly name: string;
	/** One line for people, beginning with the command as one types it. */
	readonly help: string;
	readonly who: Who;
	/** "none" unless told. */
	readonly argument?: Argument;
	/** @returns the reply. What it throws is answered as `Fail (<message>)`. */
	run(args: string, from: Caller): string | Promise<string>;
}

/** The part of the SDK's `timer` that is needed here. */
export interface Timers {
	set(callback: () => void, delayMs: number): unknown;
	clear(timer: unknown): void;
}

export interface HandlerOptions {
	commands?: readonly Command[];
	timers: Timers;
	trace?(line: string): void;
}

/** A caller gives up after 10 s; the answer must be on its way before. */
export const ANSWER_TIMEOUT_MS = 8000;
const LONGEST_REASON = 160;

/** The commands a board understands: one text in, one text out, whichever way it came. */
export class Handler {
	#commands = new Map<string, Command>();
	/** Those that take an argument, by the first character of their name: few are looked at for each text. */
	#withArgument = new Map<number, Command[]>();
	#timers: Timers;
	#trace: (line: string) => void;

	constructor(options: HandlerOptions) {
		this.#timers = options.timers;
		this.#trace = (line) => options.trace?.(line);
		for (const command of options.commands ?? []) this.add(command);
		this.add({
			name: "help",
			argument: "optional",
			help: "help [command] lists the commands or explains one",
			who: "anyone",
			run: (name) => this.#explain(name),
		});
	}

	/**
	 * Adds a command.
	 * @throws RangeError when there is one of this name, or the name is none: empty, a space in it, `ping`, a leading `!`
	 */
	add(command: Command): void {
		const { name } = command;
		if (name === "" || name === "ping" || name.startsWith("!") || name.includes(" "))
			throw new RangeError(`no name for a command: ${name}`);
		if (this.#commands.has(name)) throw new RangeError(`command exists: ${name}`);
		this.#commands.set(name, command);
		if (command.argument === undefined || command.argument === "none") return;
		const first = name.charCodeAt(0);
		const alike = this.#withArgument.get(first);
		if (alike) alike.push(command);
		else this.#withArgument.set(first, [command]);
	}

	/** Whether a text is exactly a registered command with its argument: how a command is told from a reply on the radio. */
	isCommand(text: string): boolean {
		return this.#find(text) !== undefined;
	}

	/** The names of all commands. */
	help(): string[] {
		return [...this.#commands.keys()];
	}

	/**
	 * Runs a command. Never throws and never rejects.
	 * @returns the reply, at once or within ANSWER_TIMEOUT_MS
	 */
	handle(text: string, from: Caller): string | Promise<string> {
		const command = this.#find(text);
		if (!command) return `Unknown message: ${text}`;
		if (!isAllowed(command.who, from)) return "Fail (not allowed)";
		try {
			const reply = command.run(argumentOf(command, text), from);
			return typeof reply === "string" ? reply : this.#await(command, reply);
		} catch (error) {
			return this.#fail(command, error);
		}
	}

	#find(text: string): Command | undefined {
		const exact = this.#commands.get(text);
		if (exact && takesNothing(exact)) return exact;
		const alike = this.#withArgument.get(text.charCodeAt(0));
		if (!alike) return undefined;
		// An iterator would cost more than the rest.
		for (let i = 0; i < alike.length; i++) {
			const command = alike[i];
			if (command && matches(command, text)) return command;
		}
		return undefined;
	}

	#await(command: Command, reply: Promise<string>): Promise<string> {
		return new Promise((resolve) => {
			let running = true;
			const timer = this.#timers.set(() => {
				running = false;
				this.#trace(`${command.name}: no answer in ${ANSWER_TIMEOUT_MS} ms`);
				resolve("Fail (timeout)");
			}, ANSWER_TIMEOUT_MS);
			const settle = (text: string) => {
				// The SDK's timer throws when one that has fired is cleared.
				if (running) this.#timers.clear(timer);
				running = false;
				resolve(String(text));
			};
			Promise.resolve(reply).then(settle, (error) => settle(this.#fail(command, error)));
		});
	}

	#fail(command: Command, error: unknown): string {
		const message = error instanceof Error ? error.message : String(error);
		// What a driver or an app says may be long or hold line ends, and the reply must stay one short line.
		const reason = message.replace(/[^\x20-\x7e]/g, "?").slice(0, LONGEST_REASON);
		this.#trace(`${command.name}: ${reason}`);
		return `Fail (${reason})`;
	}

	#explain(name: string): string {
		if (name === "") return `OK ${this.help().join(" ")}`;
		const command = this.#commands.get(name) ?? this.#find(name);
		return command ? `OK ${command.help}` : `Fail (no command ${name})`;
	}
}

function takesNothing(command: Command): boolean {
	return command.argument === undefined || command.argument === "none" || command.argument === "optional";
}

function matches(command: Command, text: string): boolean {
	const { name, argument } = command;
	if (argument === undefined || argument === "none" || text.length <= name.length || !text.startsWith(name)) return false;
	if (argument === "attached") return true;
	if (argument === "separated") return text.length > name.length + 1;
	return text.charAt(name.length) === " ";
}

function argumentOf(command: Command, text: string): string {
	const separator = command.argument === "separated" || command.argument === "optional" ? 1 : 0;
	return text.slice(command.name.length + separator);
}

function isAllowed(who: Who, from: Caller): boolean {
	if (who === "anyone" || from.side === "setup") return true;
	if (who === "setup") return false;
	return from.side === "radio" ? from.ownHub : who === "house";
}
