import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { differences, ON_A_DESKTOP, type Talk, talksOnVirtualBoard } from "../../sim/sdk/talking";
import type { TalkName } from "../../sim/sdk/talks";

/** Where an SDK is at hand, `make sdk-check` holds the same conversations with its own `http`; what comes of them here is what came of them there. */
let talks: ReadonlyMap<TalkName, Talk>;
let folder: string;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "stand-ins-http-"));
	talks = await talksOnVirtualBoard({ root: process.cwd(), out: folder });
});

afterAll(() => rmSync(folder, { recursive: true }));

const OK = "HTTP/1.1 200 OK\r\nconnection: close\r\n";
const HELLO = `${OK}X-Number: 7\r\ncontent-length: 5\r\n\r\nhello`;

const RULES: readonly [string, TalkName, Partial<Talk>][] = [
	["a string body is counted in characters", "text beyond ASCII is cut off", { got: `${OK}content-length: 3\r\n\r\nf\xc3\xbcr` }],
	[
		"a body over the free send buffer waits for the headers' acknowledgement",
		"a body that waits for the headers' acknowledgement",
		{ got: `${OK}content-length: 5700\r\n\r\n${"w".repeat(5700)}`, end: "closed" },
	],
	[
		"a body over the whole send buffer is never sent",
		"a body over the send buffer is never sent",
		{ got: `${OK}content-length: 6000\r\n\r\n` },
	],
	["a segment that ends with a line closes without an answer", "a segment that ends with a line closes", { got: "", end: "closed" }],
	["a cut within a line does no harm", "a segment that ends between \\r and \\n", { got: HELLO }],
	["a header may have 1,300 characters", "no limit on a header", { got: HELLO }],
	["a chunked request is not answered", "a chunked request closes", { got: "", end: "reset" }],
	["a bad request line is not answered", "a request line of two words closes", { got: "", end: "reset" }],
	["another protocol is not answered", "another protocol closes", { got: "", end: "reset" }],
	["an error of the application's closes without an answer", "a callback that throws in the response closes", { got: "", end: "closed" }],
	["without a body the client has to end", "an empty response", { end: "closed after the client's end" }],
	[
		"a streamed request body read to its end ends the answer in the next round",
		"a streamed body, read to its end, ends the answer in the next round",
		{ got: `${OK}transfer-encoding: chunked\r\n\r\n3\r\nxyz\r\n`, end: "closed" },
	],
	[
		"close() elsewhere than in the status restarts the board",
		"close() in a header restarts the board",
		{ end: "reset after the client's end" },
	],
	["close() in the status does not", "close() in the status", { told: ["1", '2 "/closes" "GET"'], end: "reset" }],
	["a reset is not told", "the client resets in the middle of a head: not told, kept among the connections", { told: ["1"] }],
	["a reset connection is counted as open", "what is counted as open", { got: `${OK}content-length: 6\r\n\r\n4 open` }],
	["what was written is lost when what came was not read", "two requests in one segment", { got: "", end: "reset" }],
	[
		"a detached socket hears segment by segment, and the end last",
		"detached: the socket is the application's",
		{
			told: ["1", '2 "/detach" "GET"', "socket 3", 'socket 2 4 reads "more"', 'socket 2 10 reads "still more"', "socket -1"],
		},
	],
];

test.each(RULES)("%s", (_, name, expected) => {
	expect(talks.get(name)).toMatchObject(expected);
});

test("a difference that comes up is told with both sides", () => {
	const talk = { told: ["1"], got: "", end: "closed" };
	const found = differences(new Map([["bytes", talk]]), new Map([["bytes", { ...talk, got: "x" }]]));
	expect([...found.values()].join()).toMatch(/^bytes:\n {2}SDK .*"got":"".*\n {2}stand-in .*"got":"x"/);
});

test("each conversation that a desktop is known to lead elsewhere exists", () => {
	expect(Object.keys(ON_A_DESKTOP).filter((name) => !talks.has(name as TalkName))).toEqual([]);
});
