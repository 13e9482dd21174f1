/*
	The natives behind sim/shim/timer.ts and time.ts: the SDK's timers on the board's virtual milliseconds.

	A round first marks what is due and then runs it, so a timer that is added or rescheduled meanwhile waits for the next
	round. A one-shot is removed after its callback, even when the callback scheduled it again without a repeat.
*/
#include <stdlib.h>

#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "host.h"

typedef struct Timer Timer;

struct Timer {
	Timer *next;
	xsMachine *the;
	xsSlot self;
	xsSlot *callback; /* NULL once cleared */
	int64_t due; /* ms since boot */
	int32_t repeat; /* ms, 0 one-shot, -1 kept though unscheduled */
	bool scheduled;
	bool fire;
	int uses; /* 1 for being listed, 1 while its callback runs */
};

/* In the engine, though not in every version's xs.h. */
mxImport void *fxGetHostDataIf(xsMachine *the, xsSlot *slot);

static Timer *gTimers;

static void timerDelete(void *data);
static void timerMark(xsMachine *the, void *data, xsMarkRoot markRoot);

static const xsHostHooks timerHooks = {timerDelete, timerMark, NULL};

static int64_t milliseconds(void)
{
	return (boardTimeUs() - boardBootUs()) / 1000;
}

static void release(Timer *timer)
{
	timer->scheduled = false;
	timer->fire = false;
	if (--timer->uses > 0)
		return;
	for (Timer **link = &gTimers; *link; link = &(*link)->next) {
		if (*link == timer) {
			*link = timer->next;
			free(timer);
			return;
		}
	}
}

static void timerDelete(void *data)
{
	if (data)
		release(data);
}

static void timerMark(xsMachine *the, void *data, xsMarkRoot markRoot)
{
	Timer *timer = data;
	if (timer && timer->callback)
		(*markRoot)(the, timer->callback);
}

static void detach(Timer *timer)
{
	xsMachine *the = timer->the;
	xsForget(timer->self);
	xsmcSetHostData(timer->self, NULL);
	xsmcSetHostDestructor(timer->self, NULL);
}

static void runTimer(Timer *timer)
{
	machineRefuel();
	xsBeginHost(timer->the);
	{
		xsmcVars(1);
		xsVar(0) = xsReference(timer->callback);
		xsCallFunction1(xsVar(0), xsGlobal, xsAccess(timer->self));
		if (timer->callback && timer->repeat == 0)
			detach(timer);
	}
	xsEndHost(timer->the);
}

int timersExecute(void)
{
	int64_t now = milliseconds();
	int count = 0;
	for (Timer *timer = gTimers; timer; timer = timer->next)
		if (timer->scheduled && timer->due <= now)
			timer->fire = true;
	for (Timer *timer = gTimers; timer;) {
		if (!timer->fire) {
			timer = timer->next;
			continue;
		}
		timer->fire = false;
		timer->due += timer->repeat;
		timer->uses++;
		count++;
		runTimer(timer);
		bool gone = --timer->uses <= 0 || timer->repeat == 0;
		if (gone) {
			if (timer->uses <= 0)
				timer->uses = 1;
			release(timer);
			timer = gTimers;
		}
		else
			timer = timer->next;
	}
	return count;
}

int64_t timersNext(void)
{
	int64_t next = INT64_MAX;
	for (Timer *timer = gTimers; timer; timer = timer->next)
		if (timer->scheduled && timer->due < next)
			next = timer->due;
	return next == INT64_MAX ? next : boardBootUs() + next * 1000;
}

static void createTimer(xsMachine *the, int32_t delay, int32_t repeat)
{
	xsSlot *callback = xsmcToReference(xsArg(0));
	Timer *timer = calloc(1, sizeof(Timer));
	if (!timer)
		xsUnknownError("no memory");
	timer->the = the;
	timer->callback = callback;
	timer->due = milliseconds() + delay;
	timer->repeat = repeat;
	timer->scheduled = true;
	timer->uses = 1;
	timer->self = xsNewHostObject(NULL);
	Timer **link = &gTimers;
	while (*link)
		link = &(*link)->next;
	*link = timer;
	xsmcSetHostData(timer->self, timer);
	xsSetHostHooks(timer->self, &timerHooks);
	xsRemember(timer->self);
	xsResult = xsAccess(timer->self);
}

void xs_sim_timer_set(xsMachine *the)
{
	int argc = xsmcArgc;
	int32_t delay = argc > 1 ? xsmcToInteger(xsArg(1)) : 0;
	int32_t repeat = argc > 2 ? xsmcToInteger(xsArg(2)) : 0;
	createTimer(the, delay, repeat);
}

void xs_sim_timer_repeat(xsMachine *the)
{
	int32_t interval = xsmcToInteger(xsArg(1));
	createTimer(the, interval, interval);
}

void xs_sim_timer_schedule(xsMachine *the)
{
	int argc = xsmcArgc;
	Timer *timer = xsmcGetHostDataValidate(xsArg(0), (void *)&timerHooks);
	if (argc == 1) {
		timer->scheduled = false;
		timer->fire = false;
		timer->repeat = -1;
		return;
	}
	int32_t delay = xsmcToInteger(xsArg(1));
	int32_t repeat = argc > 2 ? xsmcToInteger(xsArg(2)) : 0;
	timer->due = milliseconds() + delay;
	timer->repeat = repeat;
	timer->scheduled = true;
}

void xs_sim_timer_clear(xsMachine *the)
{
	if (xsmcArgc == 0)
		return;
	/* A cleared timer or another object is no error here, in the SDK neither. */
	Timer *timer = fxGetHostDataIf(the, &xsArg(0));
	if (!timer || (const void *)fxGetHostHooks(the, &xsArg(0)) != &timerHooks)
		return;
	detach(timer);
	timer->callback = NULL;
	release(timer);
}

void xs_sim_timer_delay(xsMachine *the)
{
	int32_t ms = xsmcToInteger(xsArg(0));
	if (ms > 0)
		boardSpend((int64_t)ms * 1000);
}

void xs_sim_time_ticks(xsMachine *the)
{
	/* The chip's tick counter is read as a signed 32-bit number. */
	xsmcSetInteger(xsResult, (int32_t)(uint32_t)milliseconds());
}
