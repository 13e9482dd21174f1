import { describe, expect, test } from "@jest/globals";
import "./web-fakes";
import { BODY_LIMIT, HEAD_LIMIT, type Progress, RequestReader } from "web/request-reader";

function feed(text: string | Uint8Array, piece = 4096): { progress: Progress; reader: RequestReader } {
	const reader = new RequestReader();
	const bytes = Buffer.from(text);
	let progress: Progress = "more";
	for (let i = 0; i < bytes.length && (progress === "more" || progress === "head"); i += piece) {
		progress = reader.feed(new Uint8Array(bytes.subarray(i, i + piece)));
		if (progress === "head" && reader.head.contentLength > 0) progress = reader.acceptBody();
	}
	return { progress, reader };
}

const status = (text: string | Uint8Array, piece?: number) => {
	const { progress } = feed(text, piece);
	return typeof progress === "object" ? progress.status : progress;
};

describe("a request", () => {
	test.each([1, 2, 3, 7, 100, 4096])("is the same in segments of %i bytes, one that ends at a line's end included", (piece) => {
		const { progress, reader } = feed(
			'PUT /api/config?x HTTP/1.1\r\nHost: 192.168.9.1\r\ncontent-TYPE:application/json\r\nContent-Length: 10\r\n\r\n{"a":"ä"}',
			piece,
		);
		expect(progress).toBe("body");
		expect(reader.head).toMatchObject({ method: "PUT", target: "/api/config?x", host: "192.168.9.1", contentType: "application/json" });
		expect(Buffer.from(reader.takeBody()).toString()).toBe('{"a":"ä"}');
	});

	test("may come with bare line feeds, an empty line first and a proxy's full address", () => {
		const { progress, reader } = feed("\r\nGET http://10.0.0.7/?on HTTP/1.0\nHost: a\n\n");
		expect(progress).toBe("head");
		expect(reader.head).toMatchObject({ method: "GET", target: "/?on", host: "10.0.0.7" });
	});

	test.each([
		["http://hub/?uptime", "hub", "/?uptime"],
		["http://hub?uptime", "hub", "/?uptime"],
		["HTTP://hub:80", "hub:80", "/"],
		["http://evil.example/api/config", "evil.example", "/api/config"],
	])("with the whole address %s: its host counts, whatever the header says", (address, host, target) => {
		expect(feed(`GET ${address} HTTP/1.1\r\nHost: 10.0.0.7\r\n\r\n`).reader.head).toMatchObject({ host, target });
	});

	test("ends with its body; what follows is ignored", () => {
		const { progress, reader } = feed("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nabGET /?reset HTTP/1.1\r\n\r\n");
		expect(progress).toBe("body");
		expect(Buffer.from(reader.takeBody()).toString()).toBe("ab");
	});
});

describe("a request that cannot be", () => {
	test("one endless line is refused at the limit of the head, not later", () => {
		const reader = new RequestReader();
		expect(reader.feed(new Uint8Array(HEAD_LIMIT).fill(65))).toBe("more");
		expect(reader.feed(new Uint8Array(1).fill(65))).toMatchObject({ status: 431 });
	});

	test("many short headers count as much as one long one", () => {
		expect(status(`GET / HTTP/1.1\r\n${"a: b\r\n".repeat(400)}\r\n`, 50)).toBe(431);
		expect(status(`GET / HTTP/1.1\r\n${"a: b\r\n".repeat(300)}\r\n`, 50)).toBe("head");
	});

	test("a body above the limit is refused by its announcement", () => {
		expect(status(`PUT / HTTP/1.1\r\nContent-Length: ${BODY_LIMIT + 1}\r\n\r\n`)).toBe(413);
		expect(status(`PUT / HTTP/1.1\r\nContent-Length: ${BODY_LIMIT}\r\n\r\n${"x".repeat(BODY_LIMIT)}`)).toBe("body");
	});

	test.each(["", "-1", "+5", "0x10", "5, 5", "5 5", "1e3", "99999999999", "abc"])("Content-Length %p is no number", (length) => {
		expect(status(`PUT / HTTP/1.1\r\nContent-Length: ${length}\r\n\r\n`)).toBe(400);
	});

	test("two lengths are one too many, unless they agree", () => {
		expect(status("PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")).toBe(400);
		expect(status("PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx")).toBe("body");
	});

	test("chunks are refused, alone or beside a length", () => {
		expect(status("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")).toBe(411);
		expect(status("PUT / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: gzip, chunked\r\n\r\nx")).toBe(411);
	});

	test.each([
		"GET /\r\n",
		"GET\r\n",
		" / HTTP/1.1\r\n",
		"GET / HTTP\r\n",
		"GET / http/1.1\r\n",
		"GET x HTTP/1.1\r\n",
		"GET / HTTP/1.1\r\nno colon\r\n",
		"GET / HTTP/1.1\r\nHost : a\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n",
		"GET / HTTP/1.1\r\n: a\r\n",
		"GET /\0 HTTP/1.1\r\n",
	])("%j is no request", (text) => {
		expect(status(text)).toBe(400);
	});

	test("bytes that are not UTF-8 are refused, in the address and in a header", () => {
		expect(status(Buffer.from("GET /?\xff HTTP/1.1\r\n\r\n", "latin1"))).toBe(400);
		expect(status(Buffer.from("GET / HTTP/1.1\r\nX: \xff\r\n\r\n", "latin1"))).toBe(400);
		expect(status(Buffer.from("GET /?\xc0\xaf HTTP/1.1\r\n\r\n", "latin1"))).toBe(400);
		expect(status("GET /?käse HTTP/1.1\r\n\r\n")).toBe("head");
	});

	test("another version of HTTP is named as such", () => {
		expect(status("GET / HTTP/2.0\r\n\r\n")).toBe(505);
	});
});
