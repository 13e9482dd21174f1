import { createInterface } from "node:readline/promises";

/** `nobody`: there was nobody to ask, or no answer came. */
export type Reply = "yes" | "no" | "nobody";

/** Whoever can do what no program can: switch a board off, change the router's channel. */
export interface Owner {
	/** Whether something may be done to the boards. */
	may(question: string): Promise<Reply>;
	/** Asks for something to be done; `yes` means that it was. */
	do(deed: Deed, question: string): Promise<Reply>;
	close(): void;
}

/** `mac` is a device's. */
export type Deed = { readonly what: "off" | "on"; readonly mac: string } | { readonly what: "channel"; readonly channel: number };

/** A question that nobody answers in this time was not answered. */
const PATIENCE_MS = 120_000;

/** A person at a terminal. Without one, nobody answers. */
export class Person implements Owner {
	readonly #yes: boolean;
	readonly #lines =
		process.stdin.isTTY && process.stderr.isTTY ? createInterface({ input: process.stdin, output: process.stderr }) : undefined;

	/** @param yes what boards may be asked to do is granted without a question */
	constructor(yes: boolean) {
		this.#yes = yes;
	}

	async may(question: string): Promise<Reply> {
		return this.#yes ? "yes" : this.#ask(`${question} [y/n] `);
	}

	async do(_deed: Deed, question: string): Promise<Reply> {
		return this.#ask(`${question} Then type y; n leaves it out: `);
	}

	close(): void {
		this.#lines?.close();
	}

	async #ask(question: string): Promise<Reply> {
		if (!this.#lines) return "nobody";
		try {
			const answer = await this.#lines.question(question, { signal: AbortSignal.timeout(PATIENCE_MS) });
			return /^\s*y/i.test(answer) ? "yes" : "no";
		} catch {
			process.stderr.write("\n");
			return "nobody";
		}
	}
}

/** The desk: it does all that an owner is asked to do. */
export class DeskOwner implements Owner {
	readonly #world: URL;

	constructor(world: URL) {
		this.#world = world;
	}

	async may(): Promise<Reply> {
		return "yes";
	}

	async do(deed: Deed): Promise<Reply> {
		if (deed.what === "channel") await this.#post("/api/router", { channel: deed.channel, announce: true });
		else await this.#post(`/api/boards/${deed.mac}`, { power: deed.what === "on" });
		return "yes";
	}

	close(): void {}

	async #post(path: string, body: object): Promise<void> {
		const response = await fetch(new URL(path, this.#world), { method: "POST", body: JSON.stringify(body) });
		if (!response.ok) throw new Error(`the desk: ${await response.text()}`);
	}
}
