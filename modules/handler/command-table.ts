import type { Command } from "./handler";

/** Commands, found by the text that one types. What is the same for all boards can be made in flash. */
export class CommandTable {
	readonly #commands = new Map<string, Command>();
	/** Those that take an argument, by the first character of their name: few are looked at for each text. */
	readonly #withArgument = new Map<number, Command[]>();

	constructor(commands: readonly Command[] = []) {
		for (const command of commands) this.add(command);
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

	/** The names of all. */
	names(): string[] {
		return [...this.#commands.keys()];
	}

	/** The command of this name. */
	named(name: string): Command | undefined {
		return this.#commands.get(name);
	}

	/** The command whose name a text is, if that may stand alone. */
	exact(text: string): Command | undefined {
		const command = this.#commands.get(text);
		return command !== undefined && standsAlone(command) ? command : undefined;
	}

	/** The command that a text begins with, its argument behind its name. */
	beginning(text: string): Command | undefined {
		const alike = this.#withArgument.get(text.charCodeAt(0));
		if (!alike) return undefined;
		// An iterator would cost more than the rest.
		for (let i = 0; i < alike.length; i++) {
			const command = alike[i] as Command;
			if (text.startsWith(command.name) && hasArgument(command, text)) return command;
		}
		return undefined;
	}
}

function standsAlone({ argument }: Command): boolean {
	return argument === undefined || argument === "none" || argument === "optional";
}

/** Whether something is behind the name as the command wants it. */
function hasArgument(command: Command, text: string): boolean {
	const length = text.length - command.name.length;
	if (command.argument === "attached") return length > 0;
	if (command.argument === "separated") return length > 1;
	return text.charAt(command.name.length) === " ";
}
