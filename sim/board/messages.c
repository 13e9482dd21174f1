/*
	The bounded queue of messages to the XS task: as many places as the manifest says (defines.task.queueLength), shared by posts of
	other tasks and by the engine's promise jobs.

	A post waits for a place as long as the manifest says (defines.task.queueWait), then it is refused. Another task's
	wait is modelled by the host loop, which runs no driver callback while the queue is full. The XS task waits for itself,
	so in vain: if it was for its promise jobs, they are never run again, and the heartbeat has to notice.
*/
#include <stdlib.h>
#include <string.h>

#include "xsmc.h"
#include "xsHost.h"
#include "host.h"

typedef struct {
	modMessageDeliver deliver;
	void *refcon;
	uint8_t *bytes;
	uint16_t length;
	Poster poster;
} Message;

static Message *gQueue;
static int gCount;
static Poster gPoster;
static uint32_t gRefused;

static int post(const uint8_t *bytes, uint16_t length, modMessageDeliver deliver, void *refcon)
{
	if (faultRefusesPost(gPoster)) {
		gRefused++;
		return -2;
	}
	if (gCount == gApp.queueLength) {
		gRefused++;
		if (gPoster == POSTER_SCRIPT)
			boardSpend(gApp.queueWaitMs * INT64_C(1000));
		return -2;
	}
	Message message = {.deliver = deliver, .refcon = refcon, .length = length, .poster = gPoster};
	if (bytes && length) {
		message.bytes = malloc(length);
		if (!message.bytes)
			return -1;
		memcpy(message.bytes, bytes, length);
	}
	if (!gQueue) {
		gQueue = calloc((size_t)gApp.queueLength, sizeof(Message));
		if (!gQueue)
			abort();
	}
	gQueue[gCount++] = message;
	return 0;
}

int modMessagePostToMachine(xsMachine *the, uint8_t *message, uint16_t messageLength, modMessageDeliver callback, void *refcon)
{
	(void)the;
	return post(message, messageLength, callback, refcon);
}

int modMessagePostToMachineFromISR(xsMachine *the, modMessageDeliver callback, void *refcon)
{
	(void)the;
	if (gCount == gApp.queueLength) {
		gRefused++;
		return -1;
	}
	return post(NULL, 0, callback, refcon);
}

bool messagesPending(void)
{
	return gCount > 0;
}

bool messagesFull(void)
{
	return gCount == gApp.queueLength;
}

int messagesService(void)
{
	int waiting = gCount;
	for (int i = 0; i < waiting; i++) {
		Message message = gQueue[0];
		gCount--;
		memmove(gQueue, gQueue + 1, (size_t)gCount * sizeof(Message));
		machineRefuel();
		if (message.poster == POSTER_DRIVER)
			faultBeforeCallback();
		(*message.deliver)(gMachine, message.refcon, message.bytes, message.length);
		free(message.bytes);
	}
	return waiting;
}

void messagesFrom(Poster poster)
{
	gPoster = poster;
}

uint32_t messagesRefused(void)
{
	return gRefused;
}

void messagesDrop(void)
{
	while (gCount > 0)
		free(gQueue[--gCount].bytes);
	free(gQueue);
	gQueue = NULL;
}

/* Everything runs on one thread; the calls stay so that natives are the same text as on the chip. */
void boardCriticalBegin(void)
{
}

void boardCriticalEnd(void)
{
}
