/*
	The board like the chip. One machine stands for flash (flash.c); its memory is made read-only, and the board's machine is
	cloned from it. The board's heap has the room that the chip gives it: chunks grow upwards, slots downwards, until both
	together have used it up.
*/
#include "xsAll.h"
#include "xs.h"

#include <signal.h>
#include <sys/mman.h>

#include "chip.h"
#include "flash.h"
#include "host.h"

/* Room for flash, in bytes each for chunks and slots; only what is touched takes memory. */
#define FLASH_SIZE (32 * 1024 * 1024)
/* What the ESP32-C3 has in the SDK's manifests, in bytes. */
#define STATIC_SIZE 94208
/* Bytes of a slot on the chip; here it may have twice as many. */
#define CHIP_SLOT 16

typedef struct {
	uint8_t *low;
	uint8_t *high;
} Area;

static uint8_t *gFlashMemory;
static Area gFlashChunks;
static Area gFlashSlots;
static uint8_t *gBoardMemory;
static size_t gStatic;
static Area gBoardChunks; /* used from the start of the memory to `low` */
static Area gBoardSlots; /* used from `high` to the end of the memory */

static bool isFlash(const txMachine *the)
{
	return the->context != &gStatic;
}

/*
	What is left of the board's memory, in bytes of chunks. Slots are counted in the chip's size; chunks in their own, which is
	somewhat more than on the chip where they hold slots or pointers.
*/
static long roomLeft(void)
{
	size_t slots = (size_t)(gBoardMemory + gStatic * (1 + sizeof(txSlot) / CHIP_SLOT) - gBoardSlots.high) / sizeof(txSlot);
	return (long)gStatic - (long)(gBoardChunks.low - gBoardMemory) - (long)(slots * CHIP_SLOT);
}

/* As the SDK's platform keeps them: what neither chunks nor slots have taken. */
static void tellRoom(txMachine *the)
{
	long room = roomLeft();
	the->heap_ptr = gBoardMemory;
	the->heap_pend = gBoardMemory + (room > 0 ? room : 0);
}

/* One growing block: the engine asks for a block of its own, it gets what its last block lacks, behind that. */
void *chipAllocateChunks(txMachine *the, int size)
{
	Area *area = isFlash(the) ? &gFlashChunks : &gBoardChunks;
	long room = isFlash(the) ? (long)(area->high - area->low) : roomLeft();
	txBlock *block = the->firstBlock;
	if (!block) {
		if (size > room)
			return NULL;
		area->low += size;
		if (!isFlash(the))
			tellRoom(the);
		return area->low - size;
	}
	txSize body = size - (txSize)sizeof(txBlock);
	txSize grow = body - (txSize)(block->limit - block->current);
	if (grow > room)
		return NULL;
	area->low += grow;
	/* The engine adds `size` to the limit and `body` to the count, thinking that all of it is new. */
	block->limit = (txByte *)area->low - size;
	the->maximumChunksSize += grow - body;
	if (!isFlash(the))
		tellRoom(the);
	return block->limit;
}

static void *flashSlots(size_t size)
{
	if (size > (size_t)(gFlashSlots.high - gFlashSlots.low))
		return NULL;
	gFlashSlots.low += size;
	return gFlashSlots.low - size;
}

void *chipAllocateSlots(txMachine *the, int count)
{
	long needed = (long)count * CHIP_SLOT;
	if (isFlash(the))
		return flashSlots((size_t)count * sizeof(txSlot));
#if XS_MAJOR_VERSION >= 17
	the->growHeapDirection = -1; /* newer engines do not see by themselves that blocks touch */
#endif
#if !mxNoChunks
	txBlock *block = the->firstBlock;
	if (roomLeft() < needed && block) {
		/* Chunks give back what they do not need. */
		fxCollect(the, XS_COMPACT_FLAG | XS_ORGANIC_FLAG);
		the->maximumChunksSize -= (txSize)(block->limit - block->current);
		block->limit = block->current;
		gBoardChunks.low = (uint8_t *)block->current;
	}
#endif
	if (roomLeft() < needed)
		return NULL;
	gBoardSlots.high -= (size_t)count * sizeof(txSlot);
	tellRoom(the);
	return gBoardSlots.high;
}

/* Flash cannot be written: whatever tries dies here as it would there. */
static void onFault(int number, siginfo_t *info, void *context)
{
	static const char message[] = "board: write to flash (an object of a preloaded module or of the engine)\n";
	static const char test[] = "board: self-test: a collection reaches into flash\n";
	uint8_t *address = info->si_addr;
	(void)context;
	if (address >= gFlashMemory && address < gFlashMemory + 2 * FLASH_SIZE) {
		bool testing = chipTestFault();
		ssize_t ignored = testing ? write(2, test, sizeof(test) - 1) : write(2, message, sizeof(message) - 1);
		(void)ignored;
		if (testing)
			_exit(2);
	}
	signal(number, SIG_DFL);
	raise(number);
}

static void allocateMemory(void)
{
	gStatic = (size_t)jsonInt(gApp.creation, "static", 0);
	if (!gStatic)
		gStatic = STATIC_SIZE;
	size_t size = gStatic * (1 + sizeof(txSlot) / CHIP_SLOT);
	gFlashMemory = mmap(NULL, 2 * FLASH_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	gBoardMemory = malloc(size);
	if (gFlashMemory == MAP_FAILED || !gBoardMemory)
		abort();
	gFlashChunks = (Area){gFlashMemory, gFlashMemory + FLASH_SIZE};
	gFlashSlots = (Area){gFlashMemory + FLASH_SIZE, gFlashMemory + 2 * FLASH_SIZE};
	gBoardChunks = (Area){gBoardMemory, gBoardMemory + gStatic};
	gBoardSlots = (Area){gBoardMemory + gStatic, gBoardMemory + size};
}

txMachine *chipCreate(void)
{
	struct sigaction action = {.sa_sigaction = onFault, .sa_flags = SA_SIGINFO};
	sigaction(SIGSEGV, &action, NULL);
	allocateMemory();
	txMachine *flash = flashMake();
	if (!chipBreaks("flash") && mprotect(gFlashMemory, 2 * FLASH_SIZE, PROT_READ))
		abort();
	const Json *chunk = jsonGet(gApp.creation, "chunk"), *heap = jsonGet(gApp.creation, "heap");
	txCreation creation = {
		.initialChunkSize = (txSize)jsonInt(chunk, "initial", 1536),
		.incrementalChunkSize = (txSize)jsonInt(chunk, "incremental", 512),
		.initialHeapCount = (txSize)jsonInt(heap, "initial", 512),
		.incrementalHeapCount = (txSize)jsonInt(heap, "incremental", 64),
		.stackCount = (txSize)jsonInt(gApp.creation, "stack", 384),
		.initialKeyCount = 32,
		.incrementalKeyCount = 32,
		.nameModulo = MACHINE_NAME_MODULO,
		.symbolModulo = MACHINE_SYMBOL_MODULO,
		.parserBufferSize = 1024,
		.parserTableModulo = 17,
	};
	txMachine *the = fxCloneMachine(&creation, flash, "board", &gStatic);
	if (the)
		chipTest(the, gFlashMemory);
	return the;
}

void chipDelete(txMachine *the)
{
	fxDeleteMachine(the);
	mprotect(gFlashMemory, 2 * FLASH_SIZE, PROT_READ | PROT_WRITE);
	flashDelete();
	munmap(gFlashMemory, 2 * FLASH_SIZE);
	free(gBoardMemory);
}
