/*
	Planted faults of the host's own: a message queue that refuses posts, a heap that is full when a callback begins. The
	driver's are in idf/fake-faults.c; sim/world/faults.ts says what each count means.
*/
#include "xsAll.h"
#include "xs.h"

#include "host.h"

/* Slots that are left, so that the callback begins before it fails. */
#define SLOTS_LEFT 8
/* Bytes of chunks that are left: a plain machine copies each literal, which lie in flash on the chip. */
#define CHUNKS_LEFT 512

static int64_t gRefuse;
static int64_t gRefuseSockets;
static int64_t gStop;
static int64_t gCallbacks; /* until the heap is full, this one included */

bool faultEvent(const Json *event)
{
	const char *kind = jsonString(event, "kind", "");
	int64_t count = jsonInt(event, "count", 1);
	if (!strcmp(kind, "queue-full"))
		gRefuse = count;
	else if (!strcmp(kind, "queue-full-sockets"))
		gRefuseSockets = count;
	else if (!strcmp(kind, "promises-stop"))
		gStop = count;
	else if (!strcmp(kind, "heap-full"))
		gCallbacks = count;
	else
		return false;
	return true;
}

static bool strikes(int64_t *left)
{
	if (*left <= 0)
		return false;
	--*left;
	return true;
}

bool faultRefusesPost(Poster poster)
{
	switch (poster) {
	case POSTER_DRIVER:
		return strikes(&gRefuse);
	case POSTER_SOCKETS:
		return strikes(&gRefuseSockets);
	default:
		return false;
	}
}

bool faultStopsPromises(void)
{
	return strikes(&gStop);
}

/* Room in the block that has most of it, behind what is in use. */
static txSize largestRoom(const txMachine *the)
{
	txSize largest = 0;
	for (const txBlock *block = the->firstBlock; block; block = block->nextBlock)
		if (block->limit - block->current > largest)
			largest = (txSize)(block->limit - block->current);
	return largest;
}

/* Everything that is free is taken and held for good, and the heap may not grow. */
static void fillHeap(txMachine *the)
{
	xsBeginHost(the);
	{
		fxCollect(the, XS_COMPACT_FLAG);
		the->minimumChunksSize = 0;
		the->minimumHeapCount = 0;
		txSlot *holder = fxNewInstance(the);
		static txSlot kept;
		kept = *the->stack;
		fxRemember(the, &kept);
		for (txSize room = largestRoom(the); room > CHUNKS_LEFT; room = largestRoom(the)) {
			txSlot *slot = holder->next = fxNewSlot(the);
			holder = slot;
			slot->flag = XS_INTERNAL_FLAG;
			slot->value.string = fxNewChunk(the, room - CHUNKS_LEFT / 2);
			slot->value.string[0] = 0;
			slot->kind = XS_STRING_KIND;
		}
		int count = -SLOTS_LEFT;
		for (const txSlot *slot = the->freeHeap; slot; slot = slot->next)
			count++;
		while (count-- > 0) {
			txSlot *slot = holder->next = fxNewSlot(the);
			holder = slot;
			slot->flag = XS_INTERNAL_FLAG;
			slot->kind = XS_INTEGER_KIND;
		}
	}
	xsEndHost(the);
}

void faultBeforeCallback(void)
{
	if (gCallbacks <= 0 || --gCallbacks > 0)
		return;
	fillHeap(gMachine);
}
