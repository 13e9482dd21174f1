/*
	What the chip's other tasks do later: work queued to the Wi-Fi task and to the event loop, and alarms. One piece at a
	time, never inside the call that caused it, the Wi-Fi task first (its priority is 23, the event loop's 20).
*/
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "rules.h"

typedef struct Item {
	struct Item *next;
	Work work;
	size_t size;
	uint64_t payload[];
} Item;

static struct {
	Item *first;
	Item **last;
} gQueues[2];
static Item *gRunning;
static Alarm *gAlarms;
static uint64_t gOrder;

void *taskQueue(Task task, Work work, size_t size)
{
	Item *item = calloc(1, sizeof(Item) + size);
	if (!item)
		abort();
	item->work = work;
	item->size = size;
	if (!gQueues[task].first)
		gQueues[task].last = &gQueues[task].first;
	*gQueues[task].last = item;
	gQueues[task].last = &item->next;
	return item->payload;
}

void alarmClear(Alarm *alarm)
{
	for (Alarm **link = &gAlarms; *link; link = &(*link)->next) {
		if (*link == alarm) {
			*link = alarm->next;
			break;
		}
	}
	alarm->set = false;
}

void alarmSet(Alarm *alarm, int64_t at)
{
	alarmClear(alarm);
	Alarm **link = &gAlarms;
	while (*link && (*link)->at <= at)
		link = &(*link)->next;
	alarm->at = at;
	alarm->order = gOrder++;
	alarm->next = *link;
	alarm->set = true;
	*link = alarm;
}

int64_t idfNextDue(void)
{
	if (gQueues[TASK_WIFI].first || gQueues[TASK_EVENTS].first)
		return boardTimeUs();
	return gAlarms ? gAlarms->at : INT64_MAX;
}

/* What a callback was given is gone when it returns: whoever kept a pointer shall read rubbish. */
static void drop(Item *item)
{
	if (ruleHolds("callback-data-dies")) {
		memset(item->payload, 0xA5, item->size);
		free(item);
	}
}

int idfRunOne(int64_t now)
{
	/* A callback that ended in a jump (a frozen script) left its item. */
	if (gRunning) {
		drop(gRunning);
		gRunning = NULL;
	}
	for (int i = 0; i < 2; i++) {
		Task task = ruleHolds("task-wifi-first") ? (Task)i : (Task)(1 - i);
		Item *item = gQueues[task].first;
		if (!item)
			continue;
		gQueues[task].first = item->next;
		gRunning = item;
		(*item->work)(item->payload);
		gRunning = NULL;
		drop(item);
		return 1;
	}
	Alarm *alarm = gAlarms;
	if (!alarm || alarm->at > now)
		return 0;
	gAlarms = alarm->next;
	alarm->set = false;
	(*alarm->ring)(alarm);
	return 1;
}

static void tasksDown(void)
{
	for (int task = 0; task < 2; task++) {
		while (gQueues[task].first) {
			Item *item = gQueues[task].first;
			gQueues[task].first = item->next;
			free(item);
		}
	}
	free(gRunning);
	gRunning = NULL;
	gAlarms = NULL;
}

void idfShutdown(void)
{
	systemDown();
	timersDown();
	espnowDown();
	stationDown();
	netifDown();
	nvsDown();
	tasksDown();
}
