/*
	For `make heap`: main, with calls of this between its statements, tells what the heap holds after each of them.
*/
#include "xsAll.h"
#include "xs.h"

#include "host.h"

#define LABEL_MAX 128

/* (label): a full collection, then effect log {event: "heap", label, slots, chunks} */
void xs_sim_heap(xsMachine *the)
{
	char label[LABEL_MAX];
	fxToStringBuffer(the, mxArgv(0), label, sizeof(label));
	fxCollectGarbage(the);
	effectBegin("log");
	effectString("event", "heap");
	effectString("label", label);
	effectInt("slots", (int64_t)the->currentHeapCount);
	effectInt("chunks", (int64_t)the->currentChunksSize);
	effectEnd();
}
