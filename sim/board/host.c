/*
	The board program: one JSON event per line in, everything it causes, one JSON answer per line out.
	README.md has the tables of events and effects.
*/
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "host.h"
#include "idf.h"

/*
	Rounds of one event before time must move on: each round costs the chip time, so a script that asks for the next turn
	at once for ever may not hold the clock.
*/
#define ROUNDS 200
#define ROUND_US 1000

/*
	Real time that one event may take, in seconds: scripts have their own limit, this one is for natives that hang, since
	the world waits for the answer and would wait for ever. Ample for a sanitized board on a busy computer.
*/
#define EVENT_SECONDS 60

jmp_buf gHostJump;

static int64_t gTime;
static int64_t gBoot;
static uint32_t gSeed;
static uint64_t gRandom;
static bool gEnded;
static bool gFrozen;
static bool gLate; /* the event ended for want of rounds */
static int gDelivered;

/* Clock and random ------------------------------------------------------------------------------------------------ */

int64_t boardTimeUs(void)
{
	return gTime;
}

int64_t boardBootUs(void)
{
	return gBoot;
}

void boardSpend(int64_t us)
{
	gTime += us;
}

uint32_t boardSeed(void)
{
	return gSeed;
}

uint32_t modMilliseconds(void);

/* The chip has no calendar: its clock starts at 1970 when it boots. */
int boardGetTimeOfDay(struct timeval *now, void *zone)
{
	(void)zone;
	int64_t us = gTime - gBoot;
	now->tv_sec = us / 1000000;
	now->tv_usec = us % 1000000;
	return 0;
}

/* Math.random(): splitmix64 from the seed, 31 bits at a time. */
int boardRandom(void)
{
	uint64_t x = gRandom += UINT64_C(0x9E3779B97F4A7C15);
	x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (int)((x ^ (x >> 31)) & 0x7FFFFFFF);
}

int boardPrintList(const char *format, va_list list)
{
	return vfprintf(stderr, format, list);
}

int boardPrint(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	int count = boardPrintList(format, list);
	va_end(list);
	return count;
}

/* Ends ------------------------------------------------------------------------------------------------------------ */

void boardRestart(const char *reason, const char *words)
{
	if (!gEnded) {
		gEnded = true;
		traceFlush();
		idfShutdown();
		effectBegin("restart");
		effectString("reason", reason);
		effectString("words", words ? words : "");
		effectEnd();
	}
	longjmp(gHostJump, 1);
}

void boardFreeze(const char *why)
{
	gFrozen = true;
	effectBegin("log");
	effectString("event", "frozen");
	effectString("why", why);
	effectEnd();
	longjmp(gHostJump, 1);
}

/* Events ---------------------------------------------------------------------------------------------------------- */

static bool runDriver(void)
{
	bool ran = false;
	messagesFrom(POSTER_DRIVER);
	while (!messagesFull() && idfRunOne(gTime))
		ran = true;
	messagesFrom(POSTER_SCRIPT);
	return ran;
}

/*
	Other tasks first (they have the higher priority), then by turns the messages that wait and the timers that are due, as main.c of
	the SDK calls them (modMessageService serves what waits when it is called): a promise waits for due timers. Until nothing is left.
*/
static void runToQuiescence(void)
{
	gLate = false;
	for (int round = 0; round < ROUNDS; round++) {
		bool ran = runDriver();
		if (!gFrozen) {
			int delivered = messagesService();
			gDelivered += delivered;
			if (delivered)
				ran = true;
			if (timersExecute())
				ran = true;
			if (!ran)
				machineCheckRejections();
			if (messagesPending())
				ran = true;
		}
		if (!ran)
			return;
	}
	gLate = true;
}

static void onBoot(const Json *event)
{
	gBoot = gTime;
	gSeed = (uint32_t)jsonInt(event, "seed", 1);
	gRandom = gSeed;
	if (!gMachine) /* a template's copy has one */
		machineCreate();
	idfBoot(event);
	machineStartMain();
	/* The loop of main.c begins with them. */
	timersExecute();
}

static void dispatch(const char *type, const Json *event)
{
	if (!strcmp(type, "wake"))
		return;
	if (!strcmp(type, "snapshot")) {
		if (!gFrozen)
			machineSnapshot();
		return;
	}
	if (!strcmp(type, "collect")) {
		if (!gFrozen)
			machineCollect();
		return;
	}
	if (!strcmp(type, "busy")) {
		for (const Json *each = jsonFirst(jsonGet(event, "events")); each; each = jsonNext(each))
			dispatch(jsonString(each, "type", ""), each);
		return;
	}
	if (!strcmp(type, "xsbug")) {
		machineAttach(jsonBool(event, "attached", 0));
		return;
	}
	if (!strcmp(type, "fault") && faultEvent(event))
		return;
	messagesFrom(POSTER_SOCKETS);
	if (!socketEvent(type, event) && !idfEvent(type, event))
		fprintf(stderr, "board: unknown event %s\n", type);
	messagesFrom(POSTER_SCRIPT);
}

void hostEvent(const Json *event)
{
	int64_t time = jsonInt(event, "t", gTime);
	if (time > gTime)
		gTime = time;
	const char *type = jsonString(event, "type", "");
	if (setjmp(gHostJump) == 0) {
		if (!strcmp(type, "boot"))
			onBoot(event);
		else
			dispatch(type, event);
		runToQuiescence();
	}
	else if (!gEnded) {
		/* Frozen in the middle of it: the other tasks go on. */
		if (setjmp(gHostJump) == 0)
			runToQuiescence();
	}
}

bool hostEnded(void)
{
	return gEnded || gFrozen;
}

int64_t hostNextDue(void)
{
	int64_t next = idfNextDue();
	if (!gFrozen && timersNext() < next)
		next = timersNext();
	int64_t earliest = gLate ? gTime + ROUND_US : gTime;
	return next < earliest ? earliest : next;
}

#ifndef BOARD_FUZZ /* there the events come from tests/fuzz */

static void answer(void)
{
	traceFlush();
	size_t length;
	const char *effects = effectsTake(&length);
	MachineFigures figures = machineFigures();
	int64_t next = gEnded ? INT64_MAX : hostNextDue();
	char due[24] = "null";
	if (next != INT64_MAX)
		snprintf(due, sizeof(due), "%" PRId64, next);
	printf("{\"t\":%" PRId64 ",\"effects\":[%.*s],\"next\":%s,\"meter\":%" PRIu32 ",\"heap\":{\"slots\":%ld,\"peakSlots\":%ld,\"chunks\":%ld,\"peakChunks\":%ld,\"peakStack\":%ld},\"messages\":%d,\"refused\":%" PRIu32 "}\n",
		gTime, (int)length, effects, due, figures.meter, figures.slots, figures.peakSlots, figures.chunks, figures.peakChunks, figures.peakStack,
		gDelivered, messagesRefused());
	fflush(stdout);
	gDelivered = 0;
}

static void onAlarm(int number)
{
	static const char message[] = "board: an event has taken longer than a minute: a native hangs\n";
	ssize_t ignored = write(2, message, sizeof(message) - 1);
	(void)ignored;
	(void)number;
	_exit(3);
}

static int listNatives(void)
{
	for (int i = 0; i < gNativeCount; i++)
		printf("%s\n", gNatives[i].name);
	return 0;
}

/* The machine that is asked for: as on the chip unless told otherwise. Exits over one that does not exist. */
static bool likeChip(const char *option)
{
	const char *machine = option ? option : getenv("BOARD_MACHINE");
	if (!machine || !*machine || !strcmp(machine, "chip"))
		return true;
	if (strcmp(machine, "plain")) {
		fprintf(stderr, "board: there is no machine %s, only chip and plain\n", machine);
		exit(2);
	}
	return false;
}

/* Makes the machine before there is a boot event, and becomes a copy. */
static void becomeCopy(void)
{
	if (setjmp(gHostJump) != 0) {
		fprintf(stderr, "board: the app's preloaded modules do not load\n");
		exit(2);
	}
	machineCreate();
	templateServe();
}

int main(int argc, char **argv)
{
	bool template = argc > 2 && !strcmp(argv[1], "--template");
	if (template) {
		argv++;
		argc--;
	}
	bool option = argc == 3 && !strncmp(argv[1], "--", 2);
	bool list = option && !strcmp(argv[1], "--code");
	if (argc != 2 && !option) {
		fprintf(stderr, "board: board [--template] [--chip | --plain | --code] <app.json> | board --natives\n");
		return 2;
	}
	if (!strcmp(argv[1], "--natives"))
		return listNatives();
	gApp.chip = likeChip(option && !list ? argv[1] + 2 : NULL);
	setenv("TZ", "UTC", 1);
	signal(SIGALRM, onAlarm);
	appLoad(argv[argc - 1]);
	if (list) {
		machineCreate();
		flashListCode();
		machineDelete();
		return 0;
	}
	if (template)
		becomeCopy();
	bool booted = false;
	char *line = NULL;
	size_t capacity = 0;
	ssize_t length;
	while ((length = getline(&line, &capacity, stdin)) > 0) {
		Json *event = jsonParse(line, (size_t)length);
		if (!event || (!booted && strcmp(jsonString(event, "type", ""), "boot"))) {
			fprintf(stderr, "board: %s\n", event ? "the first event must be boot" : "an event is not JSON");
			return 2;
		}
		booted = true;
		alarm(EVENT_SECONDS);
		hostEvent(event);
		alarm(0);
		answer();
		jsonFree(event);
		/* Its memory is as the jump left it: nothing of the machine may run again. */
		if (gEnded)
			_exit(0);
	}
	free(line);
	messagesDrop();
	machineDelete();
	idfShutdown();
	return 0;
}

#endif
