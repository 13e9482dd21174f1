import { request } from "node:http";
import { numberAt, textAt } from "./look";

/** What became of a message to a board. */
export interface Outcome {
	readonly ok: boolean;
	/** The reply, or the reason why there is none. */
	readonly text: string;
	/** How well the hub heard the reply, in dBm; 0 when unknown. */
	readonly rssi: number;
	/** From the hub's call to the reply, as the hub measured it. */
	readonly ms: number;
	/** From opening the connection to its end. */
	readonly httpMs: number;
}

export interface HttpReply {
	readonly status: number;
	readonly body: string;
	readonly httpMs: number;
}

/** The hub has no more to give than this: lwIP's sockets are few, and a closed one is kept for a while. */
const PAUSE_MS = 25;
const TIMEOUT_MS = 20_000;
/** A board without a free socket refuses, resets, or answers 503. */
const TRIES = 6;
const RETRY_MS = 1_000;
const BUSY: readonly number[] = [429, 503];
const REFUSALS: readonly string[] = ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT"];

const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

export interface HubOptions {
	readonly url: URL;
	/** Of the house, "" for none. */
	readonly password: string;
}

/** The hub over HTTP, as scripts and controllers use it: a connection for each request, and no header that browsers send. */
export class Hub {
	readonly #url: URL;
	readonly #headers: Readonly<Record<string, string>>;
	/** Requests that had to be made again. */
	retries = 0;

	constructor(options: HubOptions) {
		this.#url = options.url;
		this.#headers =
			options.password === "" ? {} : { authorization: `Basic ${Buffer.from(`rbr-now:${options.password}`).toString("base64")}` };
	}

	/** @throws Error with a sentence when the hub cannot be reached */
	async get(path: string): Promise<HttpReply> {
		return this.#again("GET", path);
	}

	/** @throws Error with a sentence when the answer is no JSON or no success */
	async json(path: string): Promise<unknown> {
		const { status, body } = await this.get(path);
		if (status !== 200) throw new Error(`${path}: HTTP ${status}`);
		try {
			return JSON.parse(body) as unknown;
		} catch {
			throw new Error(`${path}: no JSON`);
		}
	}

	/** Sends a message to a board and waits for its reply. */
	async send(mac: string, msg: string): Promise<Outcome> {
		const { status, body, httpMs } = await this.#again("POST", "/api/send", JSON.stringify({ mac, msg }));
		let answer: unknown;
		try {
			answer = JSON.parse(body);
		} catch {
			answer = undefined;
		}
		if (status !== 200)
			return { ok: false, text: `HTTP ${status}${textAt(answer, "error") && ` ${textAt(answer, "error")}`}`, rssi: 0, ms: 0, httpMs };
		const reply = textAt(answer, "reply");
		const ok = reply !== "";
		return { ok, text: ok ? reply : textAt(answer, "reason"), rssi: numberAt(answer, "rssi"), ms: numberAt(answer, "ms"), httpMs };
	}

	async #again(method: string, path: string, body?: string): Promise<HttpReply> {
		for (let left = TRIES; ; left--) {
			try {
				const answer = await this.#once(method, path, body);
				if (left <= 1 || !BUSY.includes(answer.status)) return answer;
			} catch (error) {
				const code = (error as NodeJS.ErrnoException).code ?? "";
				if (left <= 1 || !REFUSALS.includes(code)) throw new Error(`${this.#url.origin} cannot be reached: ${(error as Error).message}`);
			}
			this.retries += 1;
			await sleep(RETRY_MS);
		}
	}

	async #once(method: string, path: string, body?: string): Promise<HttpReply> {
		const start = performance.now();
		const answer = await new Promise<HttpReply>((done, fail) => {
			const call = request(new URL(path, this.#url), {
				method,
				agent: false,
				timeout: TIMEOUT_MS,
				headers: {
					...this.#headers,
					connection: "close",
					...(body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
				},
			});
			call.on("timeout", () => call.destroy(Object.assign(new Error(`no answer in ${TIMEOUT_MS / 1000} s`), { code: "SLOW" })));
			call.on("error", fail);
			call.on("response", (response) => {
				const parts: Buffer[] = [];
				response.on("error", fail);
				response.on("data", (part: Buffer) => parts.push(part));
				response.on("end", () =>
					done({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString("utf8"), httpMs: performance.now() - start }),
				);
			});
			call.end(body);
		});
		await sleep(PAUSE_MS);
		return answer;
	}
}
