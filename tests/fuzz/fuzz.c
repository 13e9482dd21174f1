/*
	The board program as libFuzzer's target: the firmware runs in this process, the fuzzer's bytes become what its radio
	hears (FUZZ_TARGET=receive) or a text for its configuration (config). FUZZ_APP is the app, FUZZ_EVENTS the events to begin with.

	The board keeps its state from one input to the next. What it was given since it started is written to FUZZ_JOURNAL when
	it fails; FUZZ_REPLAY=<journal> gives it the same again, and shows what the board does.
*/
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "branches.h"
#include "host.h"
#include "nvs.h"

#define JOURNAL_BYTES (8 * 1024 * 1024)
#define OUTSTANDING 32
#define ROUNDS 40
#define LONGEST_MS 5000 /* that an input may take of the board's time */
#define FRAME_DIGITS (2 * 250)
#define CONFIG_BYTES 3900 /* a text in NVS */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Found by libFuzzer by the name of their section. */
__attribute__((section("__libfuzzer_extra_counters"))) uint8_t fuzzCounters[FUZZ_COUNTERS];
uintptr_t fuzzFrom;

static int64_t gNow = 1000000;
static uint32_t gOutstanding[OUTSTANDING];
static int gOutstandingCount;
static uint32_t gConnection, gHungUp;
static bool gConfig;
static bool gShow;

/* The hub, its access point, two devices, this board, its access point, everybody, a stranger. */
static const char *const gAddresses[] = {"34b4720a1000", "34b4720a1001", "34b4720a1008", "34b4720a100c", "34b4720a1004", "34b4720a1005",
	"ffffffffffff", "0a0b0c0d0e0f"};

/* Journal --------------------------------------------------------------------------------------------------------- */

static uint8_t *gJournal;
static size_t gJournalLength;
static const char *gJournalPath;

static void journalAdd(const uint8_t *data, size_t size)
{
	uint32_t length = (uint32_t)size;
	if (!gJournal || gJournalLength + sizeof(length) + size > JOURNAL_BYTES)
		return;
	memcpy(gJournal + gJournalLength, &length, sizeof(length));
	memcpy(gJournal + gJournalLength + sizeof(length), data, size);
	gJournalLength += sizeof(length) + size;
}

static void journalWrite(void)
{
	FILE *file = gJournalPath && gJournal ? fopen(gJournalPath, "wb") : NULL;
	if (!file)
		return;
	fwrite(gJournal, 1, gJournalLength, file);
	fclose(file);
	gJournal = NULL;
}

/* Called by the sanitizers before they end the process. */
void __asan_on_error(void);
void __asan_on_error(void)
{
	journalWrite();
}

static void fail(const char *why, const char *effects, size_t length)
{
	fprintf(stderr, "fuzz: %s: %.*s\n", why, (int)(length > 4000 ? 4000 : length), effects);
	journalWrite();
	abort();
}

/* Board ----------------------------------------------------------------------------------------------------------- */

/* Takes the effects of an event: frames that went out are outstanding now, each for one other board and no longer than a frame. */
static void takeEffects(void)
{
	static const char tx[] = "{\"do\":\"tx\",\"id\":";
	size_t length;
	traceFlush();
	const char *effects = effectsTake(&length);
	if (hostEnded())
		fail("the board has ended", effects, length);
	if (!length)
		return;
	if (gShow)
		fprintf(stderr, "%.*s\n", (int)length, effects);
	for (const char *at = effects; (at = strstr(at, tx)) && at < effects + length;) {
		at += sizeof(tx) - 1;
		if (gOutstandingCount < OUTSTANDING)
			gOutstanding[gOutstandingCount++] = (uint32_t)strtoul(at, NULL, 10);
		const char *to = strstr(at, "\"to\":\"") + 6;
		if (strchr("13579bdf", to[1]) || !strncmp(to, gAddresses[4], 12))
			fail("a frame to a group of boards or to itself went out", effects, length);
		const char *hex = strstr(at, "\"hex\":\"") + 7;
		if (strcspn(hex, "\"") > FRAME_DIGITS)
			fail("a frame of more than 250 bytes went out", effects, length);
	}
}

/* The text is changed by being read. */
static void give(char *text)
{
	Json *event = jsonParse(text, strlen(text));
	if (!event) {
		fprintf(stderr, "fuzz: not an event: %s\n", text);
		exit(2);
	}
	int64_t at = jsonInt(event, "t", 0);
	if (at > gNow)
		gNow = at;
	hostEvent(event);
	jsonFree(event);
	if (gMachine)
		machineRefuel();
	takeEffects();
}

static void wake(int64_t at)
{
	char text[64];
	snprintf(text, sizeof(text), "{\"t\":%" PRId64 ",\"type\":\"wake\"}", at);
	give(text);
}

/* Lets time pass, as the world does: from one thing that is due to the next. */
static void pass(int64_t ms)
{
	int64_t until = gNow + ms * 1000;
	for (int64_t due = hostNextDue(); due <= until; due = hostNextDue())
		wake(due);
	wake(until);
}

static void acknowledge(bool acked)
{
	char text[96];
	if (!gOutstandingCount)
		return;
	snprintf(text, sizeof(text), "{\"t\":%" PRId64 ",\"type\":\"tx-done\",\"id\":%" PRIu32 ",\"acked\":%s}", gNow, gOutstanding[0], acked ? "true" : "false");
	memmove(gOutstanding, gOutstanding + 1, (size_t)--gOutstandingCount * sizeof(gOutstanding[0]));
	give(text);
}

/* Receive --------------------------------------------------------------------------------------------------------- */

static void hexText(const uint8_t *data, size_t size, char *text)
{
	for (size_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", data[i]);
	text[2 * size] = 0;
}

static void frame(int from, int rssi, const uint8_t *data, size_t size)
{
	char hex[2 * 255 + 1], text[sizeof(hex) + 160];
	hexText(data, size, hex);
	snprintf(text, sizeof(text), "{\"t\":%" PRId64 ",\"type\":\"rx\",\"from\":\"%s\",\"to\":\"%s\",\"rssi\":%d,\"hex\":\"%s\"}", gNow, gAddresses[from],
		gAddresses[4], rssi, hex);
	give(text);
}

/* Somebody asks this board over HTTP to send a text to another one: so there are replies to wait for. */
static void request(int to, const uint8_t *data, size_t size)
{
	char body[600], http[900], hex[2 * sizeof(http) + 1], text[sizeof(hex) + 160];
	size_t length = (size_t)snprintf(body, sizeof(body), "{\"mac\":\"%s\",\"msg\":\"", gAddresses[to]);
	for (size_t i = 0; i < size; i++)
		if (data[i] >= 0x20 && data[i] < 0x7F && data[i] != '"' && data[i] != '\\')
			body[length++] = (char)data[i];
	length += (size_t)snprintf(body + length, sizeof(body) - length, "\"}");
	int total = snprintf(http, sizeof(http), "POST /api/send HTTP/1.1\r\nHost: 192.168.1.50\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		length, body);
	hexText((const uint8_t *)http, (size_t)total, hex);
	gConnection++;
	snprintf(text, sizeof(text), "{\"t\":%" PRId64 ",\"type\":\"tcp-open\",\"conn\":%" PRIu32 ",\"local\":\"192.168.1.50\",\"port\":80,\"remote\":\"192.168.1.60\"}",
		gNow, gConnection);
	give(text);
	snprintf(text, sizeof(text), "{\"t\":%" PRId64 ",\"type\":\"tcp-data\",\"conn\":%" PRIu32 ",\"hex\":\"%s\"}", gNow, gConnection, hex);
	give(text);
}

static void hangUp(void)
{
	char text[96];
	while (gHungUp < gConnection) {
		snprintf(text, sizeof(text), "{\"t\":%" PRId64 ",\"type\":\"tcp-reset\",\"conn\":%" PRIu32 "}", gNow, ++gHungUp);
		give(text);
	}
}

/*
	An input is a row of steps; each begins with a byte.
	0x00-0x7F  a frame: bits 0-2 from whom, bits 3-6 how strong; then its length and its bytes
	0x80-0x9F  the oldest frame that went out has been acknowledged (odd) or not
	0xA0-0xBF  time passes
	0xC0-0xFF  a request by HTTP: bits 0-2 to whom; then its length and its bytes
*/
static void receive(const uint8_t *data, size_t size)
{
	static const int16_t times[] = {1, 10, 50, 100, 200, 500, 1000, 2000};
	int left = LONGEST_MS;
	while (size) {
		uint8_t step = *data++;
		size--;
		if (step >= 0x80 && step < 0xA0)
			acknowledge(step & 1);
		else if (step >= 0xA0 && step < 0xC0) {
			int ms = times[step & 7];
			if (ms <= left) {
				left -= ms;
				pass(ms);
			}
		}
		else {
			size_t length = size ? *data : 0;
			if (size) {
				data++;
				size--;
			}
			if (length > size)
				length = size;
			if (step < 0x80)
				frame(step & 7, -20 - (step >> 3) * 5, data, length);
			else
				request(step & 7, data, length);
			data += length;
			size -= length;
		}
	}
	/* What went out comes through, and who asked goes away: the next input finds a board that has nothing to do. */
	for (int i = 0; i < ROUNDS && gOutstandingCount; i++) {
		acknowledge(true);
		pass(5);
	}
	hangUp();
	pass(300);
}

/* Configuration --------------------------------------------------------------------------------------------------- */

/* As the radio's and the pages' own checks see to it, the configuration is given nothing but text. */
static bool isText(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size;) {
		uint8_t c = data[i++];
		size_t more = c < 0x80 ? 0 : (c & 0xE0) == 0xC0 ? 1 : (c & 0xF0) == 0xE0 ? 2 : (c & 0xF8) == 0xF0 ? 3 : 9;
		if (!c || more > 3 || more > size - i)
			return false;
		uint32_t code = more ? c & (0x3F >> more) : c;
		static const uint32_t least[] = {1, 0x80, 0x800, 0x10000};
		for (size_t n = more; n; n--) {
			if ((data[i] & 0xC0) != 0x80)
				return false;
			code = code << 6 | (data[i++] & 0x3F);
		}
		if (code < least[more] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
			return false;
	}
	return true;
}

static void configure(const uint8_t *data, size_t size)
{
	char text[CONFIG_BYTES + 1];
	nvs_handle_t handle;
	if (size > CONFIG_BYTES || !isText(data, size))
		return;
	memcpy(text, data, size);
	text[size] = 0;
	if (nvs_open("fuzz", NVS_READWRITE, &handle))
		abort();
	if (nvs_set_str(handle, "text", text))
		abort();
	nvs_close(handle);
	char event[] = "{\"type\":\"snapshot\"}";
	give(event);
}

/* libFuzzer ------------------------------------------------------------------------------------------------------- */

static void run(const uint8_t *data, size_t size)
{
	journalAdd(data, size);
	fuzzFrom = 0;
	if (gConfig)
		configure(data, size);
	else
		receive(data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	run(data, size);
	return 0;
}

static void replay(const char *path)
{
	size_t size = 0;
	gShow = true;
	uint8_t *bytes = (uint8_t *)fileRead(path, &size);
	for (size_t at = 0; bytes && at + sizeof(uint32_t) <= size;) {
		uint32_t length;
		memcpy(&length, bytes + at, sizeof(length));
		at += sizeof(length);
		if (length > size - at)
			break;
		run(bytes + at, length);
		at += length;
	}
	fprintf(stderr, "fuzz: replayed %s\n", path);
	free(bytes);
	exit(0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *target = getenv("FUZZ_TARGET"), *app = getenv("FUZZ_APP"), *events = getenv("FUZZ_EVENTS"), *again = getenv("FUZZ_REPLAY");
	size_t size = 0;
	(void)argc;
	(void)argv;
	if (!target || !app || !events) {
		fprintf(stderr, "fuzz: start this with make fuzz\n");
		exit(2);
	}
	gConfig = !strcmp(target, "config");
	/* Running out of the chip's small heap is a failure too. */
	gApp.chip = true;
	setenv("TZ", "UTC", 1);
	appLoad(app);
	char *lines = fileRead(events, &size);
	if (!lines)
		exit(2);
	char *rest = NULL;
	for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		/* What is due before an event happens before it. */
		int64_t at = strtoll(line + sizeof("{\"t\":") - 1, NULL, 10);
		if (gMachine && at > gNow)
			pass((at - gNow) / 1000);
		give(line);
	}
	free(lines);
	pass(1);
	if (again)
		replay(again);
	gJournalPath = getenv("FUZZ_JOURNAL");
	gJournal = malloc(JOURNAL_BYTES);
	return 0;
}
