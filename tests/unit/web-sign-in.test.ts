import { beforeEach, describe, expect, test } from "@jest/globals";
import { SignIn } from "web/sign-in";
import { basic, Desk } from "./web-fakes";

const far = "a0b1c2d3e4f4";
const PASSWORD = "Schlüssel-42";

describe("signing in", () => {
	let nowMs = 5000;
	let password = PASSWORD;
	let signIn: SignIn;
	const attempt = (shown: string, address = "10.0.0.50") => signIn.check(basic(shown).authorization, address);
	beforeEach(() => {
		nowMs = 5000;
		password = PASSWORD;
		signIn = new SignIn(() => password, { now: () => nowMs });
	});

	test("takes the house password under any name, and no other", () => {
		expect(attempt(PASSWORD)).toBe("yes");
		expect(signIn.check(basic(PASSWORD, "").authorization, "10.0.0.50")).toBe("yes");
		expect(signIn.check(basic(PASSWORD).authorization.replace("Basic", "bASIC"), "10.0.0.50")).toBe("yes");
		expect(signIn.check("", "10.0.0.50")).toBe("none");
		for (const wrong of [
			"",
			PASSWORD.slice(0, -1),
			`${PASSWORD}x`,
			`${PASSWORD}\0`,
			PASSWORD.toLowerCase(),
			`x${PASSWORD}`,
			"\0".repeat(PASSWORD.length),
		]) {
			expect([wrong, attempt(wrong)]).toEqual([wrong, "wrong"]);
			nowMs += 100_000;
		}
	});

	test("takes passwords with colons and of 63 bytes, as they are", () => {
		for (const each of ["a:b:c:d:e", "x".repeat(63), "日本語日本語日本語"]) {
			password = each;
			expect(attempt(each)).toBe("yes");
		}
	});

	test.each(["Bearer abc", "Basic", "Basic !!!!", "Basic bm9jb2xvbg==", `Basic ${"QQ".repeat(900)}`, "Basic ====", "x".repeat(2000)])(
		"%s is wrong",
		(authorization) => {
			expect(signIn.check(authorization, "10.0.0.50")).toBe("wrong");
		},
	);

	test("without a house password nobody is signed in, whatever is shown", () => {
		password = "";
		expect(attempt("")).toBe("none");
		expect(attempt("anything")).toBe("none");
		expect(signIn.isPossible).toBe(false);
	});

	test("a pause that grows to 32 s follows wrong ones, in which even the right one is not looked at", () => {
		const pauses: number[] = [];
		for (let i = 0; i < 8; i++) {
			expect(attempt("wrong one")).toBe("wrong");
			const start = nowMs;
			while (attempt(PASSWORD) === "paused") nowMs += 500;
			pauses.push(nowMs - start);
			// The right one clears the pause: count on from where a guesser would be.
			signIn = new SignIn(() => password, { now: () => nowMs });
			for (let k = 0; k <= i; k++) {
				attempt("wrong one");
				nowMs += 32_000;
			}
		}
		expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 32_000, 32_000]);
	});

	test("the right one ends the pauses, and so do ten minutes", () => {
		attempt("wrong one");
		nowMs += 1000;
		attempt("wrong one");
		nowMs += 2000;
		expect(attempt(PASSWORD)).toBe("yes");
		expect(attempt("wrong one")).toBe("wrong");
		expect(signIn.waitS("10.0.0.50")).toBe(1);
		nowMs += 700_000;
		attempt("wrong one");
		expect(signIn.waitS("10.0.0.50")).toBe(1);
	});

	test("a stranger's wrong tries do not lock out the owner: not the one who was here last, nor another address for longer than 32 s", () => {
		expect(attempt(PASSWORD, "10.0.0.20")).toBe("yes");
		for (let i = 0; i < 5000; i++) {
			attempt("wrong one", `10.0.0.${i % 250 === 20 ? 251 : i % 250}`);
			nowMs += 20;
		}
		expect(attempt(PASSWORD, "10.0.0.20")).toBe("yes");
		nowMs += 32_000;
		expect(attempt(PASSWORD, "10.0.0.33")).toBe("yes");
	});

	test("250 strangers together guess no more than a few thousand times an hour", () => {
		let guesses = 0;
		const end = nowMs + 3_600_000;
		for (; nowMs < end; nowMs += 1000) for (let i = 1; i < 250; i += 1) if (attempt("wrong one", `10.0.0.${i}`) === "wrong") guesses += 1;
		expect(guesses).toBeLessThan(2000);
	});
});

describe("the house side", () => {
	let desk: Desk;
	const lan = (line: string, headers: Record<string, string> = {}) => desk.request(line, { lan: true, headers });
	const changes = [
		"/?reset",
		"/?channel=11",
		`/?mac=${far}&msg=reset`,
		`/?mac=${far}&msg=delete:main.py`,
		`/?!${far},channel=11`,
		`/?mac=${far}&msg=!a0b1c2d3e4f8,reset`,
	];
	beforeEach(() => {
		desk = new Desk();
		desk.handle = () => "OK";
	});

	test.each(changes)("changes nothing without a house password, and says what to do: %s", async (path) => {
		for (const headers of [{}, basic(""), basic("00000000")])
			expect(await lan(`GET ${path}`, headers)).toMatchObject({
				status: 200,
				body: "Fail (not allowed: set a house password on the setup side)",
			});
		expect([desk.commands, desk.asked]).toEqual([[], []]);
	});

	test.each(changes)("with one asks for it, and changes what it was asked to once that was shown: %s", async (path) => {
		desk.password = PASSWORD;
		expect(await lan(`GET ${path}`)).toMatchObject({ status: 200, body: "Fail (not allowed: sign in with the house password)" });
		const posted = await desk.json(`POST ${path}`, {}, { lan: true });
		expect(posted).toMatchObject({
			status: 401,
			headers: { "www-authenticate": expect.stringMatching(/^Basic realm=".+", charset="UTF-8"$/) },
		});
		const wrong = await lan(`GET ${path}`, basic("not the one"));
		expect(wrong).toMatchObject({ status: 401, headers: { "www-authenticate": expect.stringMatching(/^Basic /) } });
		expect(await lan(`GET ${path}`, basic(PASSWORD))).toMatchObject({ status: 429, headers: { "retry-after": "1" } });
		expect([desk.commands, desk.asked]).toEqual([[], []]);
		desk.advance(1000);
		expect((await lan(`GET ${path}`, basic(PASSWORD))).body).toMatch(/^OK/);
		expect(desk.commands.length + desk.asked.length).toBe(1);
		expect(desk.commands.map(([, caller]) => caller.signedIn)).toEqual(desk.commands.map(() => true));
		expect(desk.mayChange).toEqual(desk.asked.map(() => true));
	});

	test("reads, switches and asks without a password as ever, and what it sends may change nothing", async () => {
		desk.password = PASSWORD;
		expect((await lan("GET /?on")).body).toBe("OK");
		expect((await lan("GET /?nobody-knows-this")).body).toBe("OK");
		expect((await lan(`GET /?mac=${far}&msg=on`)).body).toBe("OK ON 5+ -57");
		expect(desk.mayChange).toEqual([false]);
		expect((await lan("GET /api/config")).status).toBe(200);
	});

	test("/api/send refuses changes likewise", async () => {
		const send = (headers = {}) => desk.json("POST /api/send", { mac: far, msg: "reset" }, { lan: true, headers });
		expect(await send()).toMatchObject({
			status: 200,
			body: '{"ok":false,"reason":"not allowed: set a house password on the setup side"}',
		});
		desk.password = PASSWORD;
		expect(await send()).toMatchObject({ status: 401, body: '{"ok":false,"reason":"not allowed: sign in with the house password"}' });
		expect(desk.asked).toEqual([]);
		expect((await send(basic(PASSWORD))).status).toBe(200);
		expect(desk.asked).toEqual([[far, "reset"]]);
	});

	test("PUT /api/config and POST /api/restart are for who is signed in", async () => {
		const put = (headers = {}) => desk.json("PUT /api/config", { name: "Attic" }, { lan: true, headers });
		expect(JSON.parse((await put()).body)).toEqual({ error: expect.stringContaining("set a house password on the setup side") });
		desk.password = PASSWORD;
		expect(await put()).toMatchObject({ status: 401, headers: { "www-authenticate": expect.any(String) } });
		expect((await lan("POST /api/restart")).status).toBe(401);
		expect([desk.written, desk.ordered]).toEqual([[], []]);
		expect((await put(basic(PASSWORD))).status).toBe(200);
		expect((await lan("POST /api/restart", basic(PASSWORD))).status).toBe(200);
		expect([desk.written, desk.ordered]).toEqual([['{"name":"Attic"}'], ["restart lan", "reply sent"]]);
	});

	test("a browser that is signed in still does nothing by a link or a picture", async () => {
		desk.password = PASSWORD;
		expect((await lan("GET /?reset", { ...basic(PASSWORD), "accept-language": "en", accept: "image/*" })).status).toBe(403);
		expect(
			(await desk.json("POST /?reset", {}, { lan: true, headers: { ...basic(PASSWORD), origin: "http://evil.example" } })).status,
		).toBe(403);
		expect(desk.commands).toEqual([]);
	});
});

describe("the setup side", () => {
	let desk: Desk;
	beforeEach(() => {
		desk = new Desk();
		desk.handle = () => "OK";
	});

	test("may change its own board, and others only as the house may", async () => {
		expect((await desk.request("GET /?channel=11")).body).toBe("OK");
		expect((await desk.request(`GET /?mac=${far}&msg=channel=11`)).body).toMatch(/^Fail \(not allowed/);
		expect((await desk.request(`GET /?!${far},channel=11`)).body).toMatch(/^Fail \(not allowed/);
		expect(desk.asked).toEqual([]);
		desk.password = PASSWORD;
		expect((await desk.request(`GET /?mac=${far}&msg=channel=11`, { headers: basic(PASSWORD) })).body).toBe("OK ON 5+ -57");
		expect(desk.mayChange).toEqual([true]);
	});

	test("changes come at most a few times a second", async () => {
		let taken = 0;
		for (let i = 0; i < 200; i++) {
			if ((await desk.request("GET /?channel=11")).body === "OK") taken += 1;
			if ((await desk.json("PUT /api/config", { name: `${i}` })).status === 200) taken += 1;
			desk.advance(50);
		}
		// Ten seconds: a configuration in parts, and four a second.
		expect(taken).toBeLessThan(24 + 45);
		expect(taken).toBeGreaterThan(24 + 35);
		expect((await desk.request("GET /?on")).body).toBe("OK");
		expect(await desk.json("PUT /api/config", {})).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
	});
});
