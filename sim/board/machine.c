/*
	The XS machine of this board: creation, memory, main, figures.
*/
#include "xsAll.h"
#include "xs.h"
#include "xsHost.h"

#include "chip.h"
#include "flash.h"
#include "host.h"
#include "modules.h"

#if mxStress
extern int gxStress; /* in the engine's xsMemory.c */
#endif

txMachine *gMachine;

/* Counts of the engine's meter that one callback may spend: an endless loop ends within a tenth of a second. */
#define FUEL 50000000u
#define FUEL_STEP 1000000u

/* Marks slots of the stack that were never used; so many in a row are its end. */
#define STACK_PAINT 0xA5
#define STACK_GAP 16

/* A plain machine grows as it likes, up to here, in bytes. */
#define PLAIN_LIMIT (8 * 1024 * 1024)

static size_t gAllocated;
#if XS_MAJOR_VERSION >= 17
/* Newer engines count in fixed point and 64 bits. */
typedef txU8 Meter;
#define METER_SHIFT 16
#else
typedef txU4 Meter;
#define METER_SHIFT 0
#endif

static txSlot *gStackStart; /* what the machine itself keeps on the stack is above */
static uint32_t gSpent; /* of the present event, up to the last refuel */
static txSlot gMainSlot; /* main's namespace once it is loaded */
static bool gMainLoaded;

static txBoolean onMeter(txMachine *the, Meter count)
{
	(void)the;
	return count < FUEL;
}

/* A plain machine holds the intrinsics, which are in flash on the device, so it gets far more room. */
static txMachine *createPlain(void)
{
	txCreation creation = {
		.initialChunkSize = 256 * 1024,
		.incrementalChunkSize = 64 * 1024,
		.initialHeapCount = 16 * 1024,
		.incrementalHeapCount = 4 * 1024,
		.stackCount = 1024,
		.initialKeyCount = 2048,
		.incrementalKeyCount = 256,
		.nameModulo = MACHINE_NAME_MODULO,
		.symbolModulo = MACHINE_SYMBOL_MODULO,
		.parserBufferSize = 64 * 1024,
		.parserTableModulo = 1993,
	};
	txMachine *the = fxCreateMachine(&creation, "board", NULL, XS_NO_ID);
	if (!the)
		return NULL;
	xsBeginHost(the);
	{
		globalsDefine(the);
		globalsMakeNatives(the);
	}
	xsEndHost(the);
	globalsLinkNatives();
	return the;
}

void machineCreate(void)
{
	gMachine = gApp.chip ? chipCreate() : createPlain();
	if (!gMachine) {
		fprintf(stderr, "board: no memory for the machine\n");
		exit(2);
	}
	fxBeginMetering(gMachine, onMeter, FUEL_STEP);
#if mxStress
	gxStress = 1; /* from here on the collector runs at every allocation */
#endif
	gStackStart = gMachine->stack;
	memset(gMachine->stackBottom, STACK_PAINT, (size_t)(gStackStart - gMachine->stackBottom) * sizeof(txSlot));
}

static bool isPainted(const txSlot *slot)
{
	const uint8_t *bytes = (const uint8_t *)slot;
	for (size_t i = 0; i < sizeof(txSlot); i++)
		if (bytes[i] != STACK_PAINT)
			return false;
	return true;
}

/*
	Slots of the stack that were ever used, as the paint below them tells. The engine's regular expressions and number
	printing use the far end of the stack as scratch memory, so it is looked at from the top.
*/
static long stackPeak(void)
{
	static const txSlot *deepest;
	const txSlot *slot = deepest ? deepest : gStackStart;
	if (!gStackStart) /* the board ended before it had a machine of its own */
		return 0;
	for (int clean = 0; slot > gMachine->stackBottom && clean < STACK_GAP;) {
		slot--;
		clean = isPainted(slot) ? clean + 1 : 0;
		if (!clean)
			deepest = slot;
	}
	return gMachine->stackTop - (deepest ? deepest : gStackStart);
}

void machineDelete(void)
{
	if (!gMachine)
		return;
	if (gMainLoaded)
		fxForget(gMachine, &gMainSlot);
	fxEndMetering(gMachine);
	if (gApp.chip)
		chipDelete(gMachine);
	else
		fxDeleteMachine(gMachine);
	gMachine = NULL;
}

static void mainLoaded(txMachine *the)
{
	gMainSlot = *mxArgv(0);
	fxRemember(the, &gMainSlot);
	gMainLoaded = true;
	mxPushSlot(mxArgv(0));
	mxGetID(mxID(_default));
	if (fxIsCallable(the, the->stack)) {
		txSlot *function = the->stack;
		mxPushUndefined();
		mxPushSlot(function);
		mxCall();
		mxRunCount(0);
		mxPop();
	}
	mxPop();
}

void machineStartMain(void)
{
	xsBeginHost(gMachine);
	{
		moduleImport(the, gApp.main, mainLoaded);
	}
	xsEndHost(gMachine);
}

void machineSnapshot(void)
{
	if (!gMainLoaded)
		return;
	xsBeginHost(gMachine);
	{
		txID id = fxID(the, "snapshot");
		mxPushSlot(&gMainSlot);
		mxPushSlot(&gMainSlot);
		if (fxHasID(the, id)) {
			txSlot *text;
			mxPushUndefined();
			mxPush(mxGlobal);
			mxGetID(mxID(_JSON));
			text = the->stack;
			mxPushSlot(text);
			fxCallID(the, mxID(_stringify));
			mxPushSlot(&gMainSlot);
			fxCallID(the, id);
			mxRunCount(0);
			mxRunCount(1);
			if (the->stack->kind == XS_STRING_KIND || the->stack->kind == XS_STRING_X_KIND) {
				effectBegin("snapshot");
				effectString("json", the->stack->value.string);
				effectEnd();
			}
			mxPop();
			mxPop();
			mxPop();
		}
		mxPop();
	}
	xsEndHost(gMachine);
}

void machineCollect(void)
{
	xsBeginHost(gMachine);
	{
		fxCollectGarbage(the);
	}
	xsEndHost(gMachine);
}

void machineCheckRejections(void)
{
	xsBeginHost(gMachine);
	{
		fxCheckUnhandledRejections(the, 1);
	}
	xsEndHost(gMachine);
}

void machineRefuel(void)
{
	gSpent += (uint32_t)(gMachine->meterIndex >> METER_SHIFT);
	gMachine->meterIndex = 0;
	gMachine->meterCount = (Meter)FUEL_STEP << METER_SHIFT;
	gMachine->meterInterval = (Meter)FUEL_STEP << METER_SHIFT;
}

uint32_t boardMeter(void)
{
	return gMachine ? gSpent + (uint32_t)(gMachine->meterIndex >> METER_SHIFT) : 0;
}

void boardWorked(unsigned long counts)
{
	gSpent += (uint32_t)counts;
}

MachineFigures machineFigures(void)
{
	machineRefuel();
	MachineFigures figures = {
		.meter = gSpent,
		.slots = gMachine->currentHeapCount,
		.peakSlots = gMachine->peakHeapCount,
		.chunks = gMachine->currentChunksSize,
		.peakChunks = gMachine->peakChunksSize,
		.peakStack = stackPeak(),
	};
	gSpent = 0;
	return figures;
}

/* Platform -------------------------------------------------------------------------------------------------------- */

void fxBuildEngineKeys(txMachine *the);

/* After the engine's names come the natives', so that mc.xs.h holds constants. */
void fxBuildKeys(txMachine *the)
{
	fxBuildEngineKeys(the);
	if (chipBreaks("names"))
		fxID(the, "one too many");
	for (int i = 0; i < gExtraNameCount; i++) {
		txID id = fxID(the, (txString)gExtraNames[i]);
		if (id != XS_ID_COUNT + i) {
			fprintf(stderr, "board: self-test: the name %s has id %d instead of %d\n", gExtraNames[i], (int)id, XS_ID_COUNT + i);
			exit(2);
		}
	}
}

static void runPromiseJobs(void *machine, void *refcon, uint8_t *message, uint16_t length)
{
	(void)refcon;
	(void)message;
	(void)length;
	fxRunPromiseJobs(machine);
}

/* As on the chip, promise jobs take a place in the message queue. */
void fxQueuePromiseJobs(txMachine *the)
{
	if (flashIs(the))
		flashQueueJobs();
	else if (!faultStopsPromises())
		modMessagePostToMachine((xsMachine *)the, NULL, 0, runPromiseJobs, NULL);
}

/* xsPlatform.c of the SDK has it in debug builds. */
static bool gDebugged;

void machineAttach(bool attached)
{
	gDebugged = attached;
}

#ifndef mxDebug
unsigned char fxIsConnected(txMachine *the)
{
	(void)the;
	return gDebugged;
}
#endif

void fxCreateMachinePlatform(txMachine *the)
{
	the->connection = mxNoSocket;
}

void fxDeleteMachinePlatform(txMachine *the)
{
	(void)the;
}

/* NULL makes the engine collect, and end the board with "memory full" when that did not help. */
static void *allocate(size_t size)
{
	if (gAllocated + size > PLAIN_LIMIT)
		return NULL;
	gAllocated += size;
	return malloc(size);
}

void *fxAllocateChunks(txMachine *the, txSize size)
{
	return gApp.chip ? chipAllocateChunks(the, size) : allocate((size_t)size);
}

void fxFreeChunks(txMachine *the, void *chunks)
{
	(void)the;
	if (!gApp.chip)
		free(chunks);
}

txSlot *fxAllocateSlots(txMachine *the, txSize count)
{
	return gApp.chip ? chipAllocateSlots(the, count) : allocate((size_t)count * sizeof(txSlot));
}

void fxFreeSlots(txMachine *the, void *slots)
{
	(void)the;
	if (!gApp.chip)
		free(slots);
}
