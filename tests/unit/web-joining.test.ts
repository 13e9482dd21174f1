import { beforeEach, describe, expect, test } from "@jest/globals";
import { basic, Desk } from "./web-fakes";

let desk: Desk;
beforeEach(() => {
	desk = new Desk();
});

const MAC = "a0b1c2d3e4f4";
const CODE = "K7QF-2M9D-XA3T";

describe("joining over HTTP", () => {
	test("reading is open on both sides", async () => {
		desk.joinFound = [{ mac: MAC, name: '<b>"' }];
		for (const lan of [false, true]) {
			const answer = await desk.request("GET /api/join", { lan });
			expect(JSON.parse(answer.body)).toEqual({ role: "hub", state: "idle", found: desk.joinFound, joined: [] });
			expect(JSON.parse((await desk.request("GET /api/devices", { lan })).body)).toEqual({ devices: [{ mac: MAC, name: "Kitchen" }] });
		}
		expect((await desk.request("GET /join", { lan: true })).headers["content-type"]).toContain("text/html");
	});

	test("orders reach the board as they are meant", async () => {
		for (const order of [{ do: "start" }, { do: "accept", mac: MAC, code: CODE }, { do: "cancel" }, { do: "letGo" }])
			expect((await desk.json("POST /api/join", order)).body).toBe('{"ok":true}');
		await desk.json("POST /api/devices", { do: "rename", mac: "A0:B1:C2:D3:E4:F4", name: "Küche" });
		await desk.json("POST /api/devices", { do: "remove", mac: MAC });
		expect(desk.joinOrders).toEqual([["add"], ["accept", MAC, CODE], ["cancel"], ["letGo"], ["rename", MAC, "Küche"], ["remove", MAC]]);
	});

	test("what cannot be is told with its reason", async () => {
		desk.joinRefusal = "not adding devices now";
		expect(JSON.parse((await desk.json("POST /api/join", { do: "accept", mac: MAC, code: CODE })).body)).toEqual({
			ok: false,
			reason: "not adding devices now",
		});
	});

	test("from the house only who is signed in orders anything", async () => {
		expect((await desk.json("POST /api/join", { do: "start" }, { lan: true })).status).toBe(403);
		desk.password = "who lives here";
		expect((await desk.json("POST /api/join", { do: "start" }, { lan: true })).status).toBe(401);
		expect((await desk.json("POST /api/devices", { do: "remove", mac: MAC }, { lan: true })).status).toBe(401);
		expect(desk.joinOrders).toEqual([]);
		expect((await desk.json("POST /api/join", { do: "start" }, { lan: true, headers: basic("who lives here") })).status).toBe(200);
		expect(desk.joinOrders).toEqual([["add"]]);
	});

	test.each([
		["join", "{"],
		["join", "[]"],
		["join", { do: "start", x: [[]] }],
		["join", { do: 1 }],
		["join", {}],
		["join", { do: "accept", mac: 5, code: CODE }],
		["join", { do: "accept", mac: MAC }],
		["join", { do: "start", x: "x".repeat(700) }],
		["devices", { do: "remove" }],
		["devices", { do: "remove", mac: "ffffffffffff" }],
		["devices", { do: "rename", mac: MAC, name: "" }],
		["devices", { do: "rename", mac: MAC, name: 1 }],
		["devices", { do: "rename", mac: MAC, name: "x".repeat(33) }],
	])("/api/%s answers %j with 400 and does nothing", async (path, body) => {
		expect((await desk.json(`POST /api/${path}`, body)).status).toBe(400);
		expect(desk.joinOrders).toEqual([]);
	});
});

describe("the backup over HTTP", () => {
	test("is for the setup side only, whoever has signed in on the house side", async () => {
		desk.password = "who lives here";
		for (const line of ["GET /api/backup", "POST /api/backup"]) {
			const answer = await desk.json(line, { do: "save", passphrase: "ten letters" }, { lan: true, headers: basic("who lives here") });
			expect(answer.status).toBe(403);
		}
		expect(desk.joinOrders).toEqual([]);
		expect((await desk.request("GET /api/backup")).body).toBe('{"state":"idle"}');
	});

	test("orders reach the board as they are meant, and what is none does nothing", async () => {
		for (const order of [
			{ do: "save", passphrase: "ten letters" },
			{ do: "restore", passphrase: "ten letters", line: "52" },
			{ do: "take", line: "ab" },
			{ do: "end" },
		])
			expect((await desk.json("POST /api/backup", order)).body).toBe('{"ok":true}');
		expect(JSON.parse((await desk.json("POST /api/backup", { do: "line", number: 0 })).body)).toMatchObject({ ok: false });
		desk.backupLine = "52";
		expect((await desk.json("POST /api/backup", { do: "line", number: 1 })).body).toBe('{"ok":true,"line":"52"}');
		expect(desk.joinOrders.map(([what]) => what)).toEqual(["save", "restore", "take", "end", "line", "line"]);
		desk.joinOrders.length = 0;
		for (const order of [{}, { do: "save" }, { do: "restore", passphrase: "x" }, { do: "line", number: 1.5 }, { do: "take", line: 1 }])
			expect((await desk.json("POST /api/backup", order)).status).toBe(400);
		expect(desk.joinOrders).toEqual([]);
	});
});
