/*
	Faults planted from outside: what the real driver has been seen to do against its own rules, or may do at the worst
	moment. sim/world/faults.ts says what each count means; the queue's and the engine's own are in ../faults.c.
*/
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define LATE_US (400 * MS) /* longer than the firmware waits for a status */
#define AGAIN_US (3 * MS) /* the next frame to the same peer may be under way by then */
#define DELAYED 16
#define DELAYED_BYTES 32

/* In the order of Fault. */
static const char *const gNames[FAULTS] = {
	"mute",
	"status-lost",
	"status-late",
	"status-doubled",
	"no-mem",
	"no-mem-until-reinit",
	"callback-in-close",
	"event-storm",
	"random-stuck",
	"random-repeats",
	"pin-stuck",
	"flash-refuses",
	"flash-forgets",
	"clock-stops",
	"heap-low",
	"stack-low",
	"no-version",
};

/* Restarts that the chip makes by itself, as esp_reset_reason tells them afterwards. */
static const char *const gEnds[] = {"panic", "watchdog", "brown-out"};

static int64_t gLeft[FAULTS];

typedef struct {
	Alarm alarm; /* first, so that an alarm is its work */
	Work work;
	size_t size;
	uint8_t payload[DELAYED_BYTES];
} Delayed;

static Delayed gDelayed[DELAYED];

/* Planting and striking ------------------------------------------------------------------------------------------- */

bool faultStrikes(Fault fault)
{
	if (gLeft[fault] > 0) {
		gLeft[fault]--;
		return true;
	}
	return gLeft[fault] < 0;
}

bool faultHolds(Fault fault)
{
	return gLeft[fault] != 0;
}

static void plant(Fault fault, int64_t count)
{
	gLeft[fault] = count;
	if (fault == FAULT_NO_MEM_UNTIL_REINIT && count > 0)
		gLeft[fault] = -1;
	if (fault == FAULT_EVENT_STORM)
		eventStorm(count);
}

void onFault(const Json *event)
{
	const char *kind = jsonString(event, "kind", "");
	int64_t count = jsonInt(event, "count", 1);
	for (int fault = 0; fault < FAULTS; fault++)
		if (!strcmp(kind, gNames[fault]))
			plant((Fault)fault, count);
	for (size_t i = 0; i < sizeof gEnds / sizeof *gEnds; i++)
		if (!strcmp(kind, gEnds[i]) && count > 0)
			boardRestart(gEnds[i], "planted");
	if (!strcmp(kind, "burst"))
		espnowBurst(count);
	else if (!strcmp(kind, "power-cut-in-flash-write"))
		nvsFault(count);
}

/* A storm comes at once, and as many events again ahead of the next one that the driver itself has to tell. */
int64_t faultStormAhead(void)
{
	int64_t count = gLeft[FAULT_EVENT_STORM];
	gLeft[FAULT_EVENT_STORM] = 0;
	return count;
}

/* Statuses -------------------------------------------------------------------------------------------------------- */

static void ring(Alarm *alarm)
{
	Delayed *delayed = (Delayed *)alarm;
	memcpy(taskQueue(TASK_WIFI, delayed->work, delayed->size), delayed->payload, delayed->size);
}

/* With no place left it comes at once. */
static void delay(Work work, const void *payload, size_t size, int64_t us)
{
	if (size > DELAYED_BYTES)
		abort();
	for (int i = 0; i < DELAYED; i++) {
		Delayed *delayed = &gDelayed[i];
		if (delayed->alarm.set)
			continue;
		delayed->alarm.ring = ring;
		delayed->work = work;
		delayed->size = size;
		memcpy(delayed->payload, payload, size);
		alarmSet(&delayed->alarm, boardTimeUs() + us);
		return;
	}
	memcpy(taskQueue(TASK_WIFI, work, size), payload, size);
}

void faultTellStatus(Work work, const void *status, size_t size)
{
	if (faultStrikes(FAULT_STATUS_LOST))
		return;
	if (faultStrikes(FAULT_STATUS_LATE)) {
		delay(work, status, size, LATE_US);
		return;
	}
	memcpy(taskQueue(TASK_WIFI, work, size), status, size);
	if (faultStrikes(FAULT_STATUS_DOUBLED))
		delay(work, status, size, AGAIN_US);
}

/* A new driver knows nothing of what the old one still had to tell, and has memory again. */
void faultWifiDeinit(void)
{
	for (int i = 0; i < DELAYED; i++)
		if (gDelayed[i].alarm.set)
			alarmClear(&gDelayed[i].alarm);
	gLeft[FAULT_NO_MEM_UNTIL_REINIT] = 0;
}
