/** What the client does: sends a segment, ends its side, or resets the connection. */
export type Act = string | { readonly do: "end" | "reset" };

const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: board\r\n${more}\r\n`;
const post = (path: string, body: string, length: number | string = body.length) =>
	`POST ${path} HTTP/1.1\r\nContent-Length: ${length}\r\n\r\n${body}`;
const END = { do: "end" } as const;
const RESET = { do: "reset" } as const;

/**
 * Conversations with sim/sdk/http/main.ts: one connection each, in this order. The last one restarts the board and is left out where
 * that ends everything.
 */
export const TALKS = {
	"no response: open until the client ends": [get("/nothing")],
	"an empty response": [get("/empty")],
	"text, with a header": [get("/text")],
	"a String object": [get("/string-object")],
	"text beyond ASCII is cut off": [get("/umlaut")],
	bytes: [get("/bytes")],
	"a body in fragments, chunked": [get("/chunked")],
	"a body in fragments, counted": [get("/counted")],
	"a status with its phrase": [get("/status")],
	"a status without one": [get("/unknown-status")],
	"a reason of one's own": [get("/reason")],
	"a body of 900 bytes": [get("/full")],
	"a body that waits for the headers' acknowledgement": [get("/waits")],
	"a body over the send buffer is never sent": [get("/never")],
	"a request in two segments, cut in a line": ["GET /text HTTP/1.1\r\nHo", "st: board\r\n\r\n"],
	"a segment that ends with a line closes": ["GET /text HTTP/1.1\r\n", "Host: board\r\n\r\n"],
	"a segment that ends between \\r and \\n": ["GET /text HTTP/1.1\r", "\nHost: board\r\n\r\n"],
	"header names in lower case, values trimmed, without a colon": [get("/text", "X-MiXed:  a b  \r\nnothing\r\n: only\r\n")],
	"a path with blanks": [get("/a path with blanks")],
	"HTTP/1.0": ["GET /text HTTP/1.0\r\n\r\n"],
	"another protocol closes": ["GET /text HTTP/2\r\n\r\n"],
	"a request line of two words closes": ["GET /text\r\n\r\n"],
	"an empty line closes": ["\r\n\r\n"],
	"line feeds alone are never the end": ["GET /text HTTP/1.1\nHost: board\n\n "],
	"no limit on a header": [get("/text", `X: ${"x".repeat(1300)}\r\n`)],
	"a body as text": [post("/string", "abcdef")],
	"a body as bytes": [post("/buffer", "abcdef")],
	"a body as text in two segments": [post("/string", "abc", 6), "def"],
	"a body as bytes in two segments": [post("/buffer", "abc", 6), "def"],
	"a body that comes after its head": [post("/string", "", 6), "abcdef"],
	"a body that is ignored": [post("/ignored", "abcdef")],
	"a streamed body": [post("/stream", "abcdef")],
	"a streamed body, read to its end, ends the answer in the next round": [post("/stream-and-chunks", "abcdef")],
	"a streamed body in two segments": [post("/stream", "abc", 6), "def"],
	"more body than was said": [post("/string", "abcdef", 3)],
	"a length of nought": [post("/string", "", 0)],
	"a length that is none": [post("/string", "", "x")],
	"a chunked request closes": ["POST /string HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"],
	"two requests in one segment": [get("/text") + get("/bytes")],
	"a callback that throws in a header closes": [get("/throws-in-header")],
	"a callback that throws in the response closes": [get("/throws-in-response")],
	"a header without a value closes": [get("/half-header")],
	"close() in the status": [get("/closes")],
	"detached: the socket is the application's": [get("/detach"), "more", "still more", END],
	"the client ends in the middle of a head": ["GET /text HT", END],
	"the client ends in the middle of a body": [post("/string", "abc", 6), END],
	"the client ends after asking": [get("/nothing"), END],
	"the client resets in the middle of a head: not told, kept among the connections": ["GET /text HT", RESET],
	"what is counted as open": [get("/")],
	"close() in a header restarts the board": [get("/closes-late")],
} as const satisfies Readonly<Record<string, readonly Act[]>>;

export type TalkName = keyof typeof TALKS;

export const RESTARTS: TalkName = "close() in a header restarts the board";
