/**
 * Asks the modules of the SDK that the firmware uses what they do, one line for each question. `make sdk-check` runs this over the
 * SDK's own modules (desktop build) and over the stand-ins (virtual board), and compares.
 */
import Resource from "Resource";
import Preference from "preference";
import Timer from "timer";

const DOMAIN = "standins";

function tell(question: string, answer: unknown): void {
	trace(`same ${question}: ${typeof answer === "string" ? answer : JSON.stringify(answer)}\n`);
}

/** The answer, or that there was an error; its words are not part of what is promised. */
function attempt(question: string, action: () => unknown): void {
	let answer: unknown;
	try {
		answer = action();
	} catch (error) {
		answer = `throws ${error instanceof Error ? error.name : "no error"}`;
	}
	tell(question, answer === undefined ? "undefined" : answer);
}

function preferences(): void {
	const roundTrip = (value: unknown) => {
		Preference.set(DOMAIN, "key", value as string);
		const back: unknown = Preference.get(DOMAIN, "key");
		return back instanceof ArrayBuffer ? `bytes ${[...new Uint8Array(back)].join(" ")}` : back;
	};
	for (const key of Preference.keys(DOMAIN)) Preference.delete(DOMAIN, key);
	attempt("preference, missing", () => Preference.get(DOMAIN, "nothing"));
	attempt("preference, text", () => roundTrip("für ✓"));
	attempt("preference, empty text", () => roundTrip(""));
	attempt("preference, number", () => roundTrip(-2147483648));
	attempt("preference, true", () => roundTrip(true));
	attempt("preference, false", () => roundTrip(false));
	attempt("preference, bytes", () => roundTrip(Uint8Array.of(0, 1, 255).buffer));
	attempt("preference, another type over it", () => roundTrip("again"));
	attempt("preference, 1,900 characters", () => (roundTrip("x".repeat(1900)) as string).length);
	attempt("preference, deleting what is not there", () => Preference.delete(DOMAIN, "nothing"));
	attempt("preference, keys", () => {
		Preference.set(DOMAIN, "other", 1);
		return Preference.keys(DOMAIN).sort();
	});
	attempt("preference, keys of an unknown domain", () => Preference.keys("nobody"));
	attempt("preference, after deleting", () => {
		Preference.delete(DOMAIN, "key");
		return Preference.get(DOMAIN, "key");
	});
	attempt("preference, fraction", () => roundTrip(1.5));
	attempt("preference, null", () => roundTrip(null));
	attempt("preference, key of 16 characters", () => {
		Preference.set(DOMAIN, "0123456789abcdef", 1);
		return Preference.get(DOMAIN, "0123456789abcdef");
	});
}

function resources(): void {
	attempt("resource, there", () => Resource.exists("sample.txt"));
	attempt("resource, not there", () => Resource.exists("nothing.txt"));
	attempt("resource, opening what is not there", () => new Resource("nothing.txt").byteLength);
	const sample = new Resource("sample.txt");
	const text = (part: ArrayBufferLike) => String.fromArrayBuffer(part as ArrayBuffer);
	attempt("resource, length", () => sample.byteLength);
	attempt("resource, slice", () => text(sample.slice(2, 5)));
	attempt("resource, slice to the end", () => text(sample.slice(6)));
	attempt("resource, slice over the end", () => text(sample.slice(6, 100)));
	attempt("resource, empty slice", () => sample.slice(3, 3).byteLength);
	attempt("resource, bytes without a copy", () => new Uint8Array(sample.slice(1, 3, false)).join(" "));
	attempt("resource, a view of it all", () => new Uint8Array(sample as unknown as ArrayBuffer).join(" "));
}

/** Timers are asked in an order that gives the same answers however long a turn takes. */
function timers(done: () => void): void {
	const order: string[] = [];
	Timer.set(() => order.push("400 ms"), 400);
	Timer.set(() => order.push("10 ms"), 10);
	Timer.set(() => order.push("no time"));
	Promise.resolve().then(() => order.push("promise"));
	order.push("now");

	let repeats = 0;
	const repeating = Timer.repeat((timer) => {
		repeats += 1;
		if (repeats === 1) tell("timer, argument is the timer", timer === repeating);
		if (repeats === 3) Timer.clear(timer);
	}, 10);

	let rests = 0;
	const resting = Timer.set(
		(timer) => {
			rests += 1;
			Timer.schedule(timer);
		},
		5,
		5,
	);

	let forward = 0;
	const pulled = Timer.set(() => {
		forward += 1;
	}, 10_000);
	Timer.schedule(pulled, 10, 10_000);

	let cleared = 0;
	const never = Timer.set(() => {
		cleared += 1;
	}, 200);
	Timer.set(() => Timer.clear(never), 5);

	Timer.set(() => {
		tell("timer, order", order);
		tell("timer, repeats until cleared in its callback", repeats);
		tell("timer, rests when scheduled without a time", rests);
		tell("timer, pulled forward", forward);
		tell("timer, cleared before its time", cleared);
		attempt("timer, clearing one that was cleared", () => Timer.clear(never));
		attempt("timer, clearing undefined", () => Timer.clear(undefined));
		attempt("timer, scheduling one that was cleared", () => Timer.schedule(never, 10));
		Timer.clear(resting);
		Timer.clear(pulled);
		again(done);
	}, 800);
}

/** What becomes of a one-shot that its own callback schedules anew. */
function again(done: () => void): void {
	let runs = 0;
	const once = Timer.set((timer) => {
		runs += 1;
		if (runs < 3) Timer.schedule(timer, 10);
	}, 10);
	Timer.set(() => {
		tell("timer, one-shot scheduled again in its callback", runs);
		attempt("timer, one-shot scheduled after it ran", () => Timer.schedule(once, 10));
		done();
	}, 200);
}

preferences();
resources();
timers(() => trace("same end\n"));
