/*
	The board like the chip. A root machine stands for flash: it holds the intrinsics, a function for each native, the code and
	names of all modules and the preloaded modules' objects. It is frozen and shared as the SDK's linker does, its memory
	is then made read-only, and the board's machine is cloned from it. The board's heap is one block of the size that the
	chip gives it, chunks growing from below and slots from above.
*/
#include "xsAll.h"
#include "xsScript.h"
#include "xs.h"

#include <signal.h>
#include <sys/mman.h>

#include "chip.h"
#include "host.h"
#include "modules.h"

/* In the engine's xsRun.c, which declares it for itself. */
extern void fxRemapIDs(txMachine *the, txByte *codeBuffer, txSize codeSize, txID *theIDs);

/* Room for flash, in bytes each for chunks and slots; only what is touched takes memory. */
#define FLASH_SIZE (32 * 1024 * 1024)
/* What the ESP32-C3 has (CONFIG of the SDK's esp32c3): bytes of 32-bit machine words. */
#define STATIC_SIZE 94208
/* A slot of the desk's machine is so much larger than the chip's 16 bytes. */
#define WIDTH (sizeof(txSlot) / 16)

/* Modules that the SDK's own manifests preload. */
static const char *const gSdkPreload[] = {"mc/config", "timer", "time", "Resource", "preference", "socket", "http"};

typedef struct {
	uint8_t *low;
	uint8_t *high;
} Area;

typedef struct Module Module;

struct Module {
	Module *next;
	const char *specifier;
	txScript *script;
};

static txMachine *gFlash;
static bool gMaking; /* flash is being made */
static bool gJobs;
static uint8_t *gFlashMemory;
static Area gFlashChunks;
static Area gFlashSlots;
static uint8_t *gBoardMemory;
static Area gBoard;
static Module *gModules;

/* Memory ---------------------------------------------------------------------------------------------------------- */

static Area *areaOf(const txMachine *the, bool slots)
{
	if (the->context == &gBoard)
		return &gBoard;
	return slots ? &gFlashSlots : &gFlashChunks;
}

/* One growing block: the engine asks for a block of its own, it gets what its last block lacks, behind that. */
void *chipAllocateChunks(txMachine *the, int size)
{
	Area *area = areaOf(the, false);
	txBlock *block = the->firstBlock;
	if (!block) {
		if (area->low + size > area->high)
			return NULL;
		area->low += size;
		return area->low - size;
	}
	txSize body = size - (txSize)sizeof(txBlock);
	txSize grow = body - (txSize)(block->limit - block->current);
	if (area->low + grow > area->high)
		return NULL;
	area->low += grow;
	/* The engine adds `size` to the limit and `body` to the count, thinking that all of it is new. */
	block->limit = (txByte *)area->low - size;
	the->maximumChunksSize += grow - body;
	return block->limit;
}

void *chipAllocateSlots(txMachine *the, int count)
{
	Area *area = areaOf(the, true);
	size_t needed = (size_t)count * sizeof(txSlot);
	if (area == &gFlashSlots) {
		area->low += needed;
		return area->low > area->high ? NULL : area->low - needed;
	}
#if XS_MAJOR_VERSION >= 17
	the->growHeapDirection = -1; /* newer engines do not see by themselves that blocks touch */
#endif
#if !mxNoChunks
	txBlock *block = the->firstBlock;
	if ((size_t)(area->high - area->low) < needed && block) {
		/* Chunks give back what they do not need. */
		fxCollect(the, XS_COMPACT_FLAG | XS_ORGANIC_FLAG);
		the->maximumChunksSize -= (txSize)(block->limit - block->current);
		block->limit = block->current;
		area->low = (uint8_t *)block->current;
	}
#endif
	if ((size_t)(area->high - area->low) < needed)
		return NULL;
	area->high -= needed;
	return area->high;
}

/* Flash cannot be written: whatever tries dies here as it would there. */
static void onFault(int number, siginfo_t *info, void *context)
{
	static const char message[] = "board: write to flash (an object of a preloaded module or of the engine)\n";
	uint8_t *address = info->si_addr;
	(void)context;
	if (address >= gFlashMemory && address < gFlashMemory + 2 * FLASH_SIZE) {
		ssize_t ignored = write(2, message, sizeof(message) - 1);
		(void)ignored;
	}
	signal(number, SIG_DFL);
	raise(number);
}

static void allocateMemory(void)
{
	size_t size = (size_t)jsonInt(gApp.creation, "static", STATIC_SIZE);
	size = (size ? size : STATIC_SIZE) * WIDTH;
	gFlashMemory = mmap(NULL, 2 * FLASH_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	gBoardMemory = malloc(size);
	if (gFlashMemory == MAP_FAILED || !gBoardMemory)
		abort();
	gFlashChunks = (Area){gFlashMemory, gFlashMemory + FLASH_SIZE};
	gFlashSlots = (Area){gFlashMemory + FLASH_SIZE, gFlashMemory + 2 * FLASH_SIZE};
	gBoard = (Area){gBoardMemory, gBoardMemory + size};
}

/* Code ------------------------------------------------------------------------------------------------------------ */

static size_t instructionSize(const txByte *code)
{
	txS1 size = gxCodeSizes[*(const txU1 *)code];
	txU2 length2;
	txU4 length4;
	switch (size) {
	case 0:
		return 1 + sizeof(txID);
	case -1:
		return 2 + *((const txU1 *)code + 1);
	case -2:
		memcpy(&length2, code + 1, sizeof(length2));
		return 3 + (size_t)length2;
	case -4:
		memcpy(&length4, code + 1, sizeof(length4));
		return 5 + (size_t)length4;
	default:
		return (size_t)size;
	}
}

static txU1 inPlace(txU1 code)
{
	switch (code) {
	case XS_CODE_CODE_1:
		return XS_CODE_CODE_ARCHIVE_1;
	case XS_CODE_CODE_2:
		return XS_CODE_CODE_ARCHIVE_2;
	case XS_CODE_CODE_4:
		return XS_CODE_CODE_ARCHIVE_4;
	case XS_CODE_STRING_1:
		return XS_CODE_STRING_ARCHIVE_1;
	case XS_CODE_STRING_2:
		return XS_CODE_STRING_ARCHIVE_2;
	case XS_CODE_STRING_4:
		return XS_CODE_STRING_ARCHIVE_4;
	default:
		return code;
	}
}

/* What the linker does to code: names become ids of the whole app, function bodies and strings are used in place. */
static void linkScript(txMachine *the, txScript *script)
{
	txByte *p = script->symbolsBuffer;
	if (!p)
		return;
	txID count;
	mxDecodeID(p, count);
	txID *ids = calloc((size_t)count + 1, sizeof(txID));
	if (!ids)
		abort();
	for (txID i = 1; i < count; i++) {
		ids[i] = fxNewNameC(the, (txString)p);
		p += strlen((char *)p) + 1;
	}
	ids[0] = XS_NO_ID;
	fxRemapIDs(the, script->codeBuffer, script->codeSize, ids);
	free(ids);
	for (txByte *code = script->codeBuffer; code < script->codeBuffer + script->codeSize; code += instructionSize(code))
		*(txU1 *)code = inPlace(*(txU1 *)code);
	free(script->symbolsBuffer);
	script->symbolsBuffer = NULL; /* tells the engine that the code is linked and not its own */
}

static void loadCode(txMachine *the, const char *specifier)
{
	Module *module = calloc(1, sizeof(Module));
	if (!module)
		abort();
	module->specifier = specifier;
	module->next = gModules;
	gModules = module;
	fxNewNameC(the, (txString)specifier);
	module->script = moduleParse(the, specifier);
	linkScript(the, module->script);
}

txScript *chipScript(const char *specifier)
{
	for (const Module *module = gModules; module; module = module->next)
		if (!strcmp(module->specifier, specifier))
			return module->script;
	return NULL;
}

/* Flash ----------------------------------------------------------------------------------------------------------- */

bool chipIsFlash(const txMachine *the)
{
	return gMaking && the == gFlash;
}

void chipQueueJobs(void)
{
	gJobs = true;
}

static void preloadDone(txMachine *the)
{
	(void)the;
}

static void preload(const char *specifier)
{
	if (!moduleIsKnown(specifier))
		return;
	xsBeginHost(gFlash);
	{
		moduleImport(the, specifier, preloadDone);
	}
	xsEndHost(gFlash);
	while (gJobs) {
		gJobs = false;
		fxRunPromiseJobs(gFlash);
	}
}

static void freezeInstance(txSlot *instance)
{
	for (txSlot *property = instance->next; property; property = property->next) {
		if (property->kind != XS_ACCESSOR_KIND)
			property->flag |= XS_DONT_SET_FLAG;
		property->flag |= XS_DONT_DELETE_FLAG;
	}
	instance->flag |= XS_DONT_PATCH_FLAG;
}

static bool isFunctionSlot(const txSlot *slot)
{
	return slot->kind == XS_CALLBACK_KIND || slot->kind == XS_CALLBACK_X_KIND || slot->kind == XS_CODE_KIND || slot->kind == XS_CODE_X_KIND;
}

/* With preloads the SDK's linker freezes functions with their prototypes, environments, and what cannot have an alias in RAM. */
static void freezeOne(txSlot *instance)
{
	txSlot *internal = instance->next;
	if (!internal || !(internal->flag & XS_INTERNAL_FLAG))
		return;
	if (isFunctionSlot(internal)) {
		freezeInstance(instance);
		for (txSlot *property = internal->next; property && (instance->flag & XS_CAN_CONSTRUCT_FLAG); property = property->next)
			if (property->ID == mxID(_prototype) && property->kind == XS_REFERENCE_KIND)
				freezeInstance(property->value.reference);
		return;
	}
	switch (internal->kind) {
	case XS_PROMISE_KIND:
		freezeInstance(instance);
		freezeInstance(internal->next->value.reference);
		break;
	case XS_MAP_KIND:
	case XS_SET_KIND:
	case XS_WEAK_MAP_KIND:
	case XS_WEAK_SET_KIND:
	case XS_WEAK_REF_KIND:
	case XS_ARRAY_BUFFER_KIND:
	case XS_DATA_VIEW_KIND:
	case XS_TYPED_ARRAY_KIND:
	case XS_PROXY_KIND:
	case XS_REGEXP_KIND:
		freezeInstance(instance);
		break;
	default:
		if (internal->ID == XS_ENVIRONMENT_BEHAVIOR)
			freezeInstance(instance);
		break;
	}
}

/* Calls one function for each used slot of a machine. */
static void eachSlot(txMachine *the, void (*visit)(txMachine *, txSlot *))
{
	for (txSlot *heap = the->firstHeap; heap; heap = heap->next)
		for (txSlot *slot = heap + 1; slot < heap->value.reference; slot++)
			(*visit)(the, slot);
}

static void freeze(txMachine *the, txSlot *slot)
{
	(void)the;
	if (slot->kind == XS_INSTANCE_KIND)
		freezeOne(slot);
	else if (slot->kind == XS_CLOSURE_KIND) {
		txSlot *closure = slot->value.closure;
		if (closure && closure->kind == XS_REFERENCE_KIND && closure->value.reference->next && isFunctionSlot(closure->value.reference->next))
			closure->flag |= XS_DONT_SET_FLAG;
	}
}

/* A copy of this slot in RAM must not make the collector look for its chunk in the board's heap. */
static void toFlashKind(txSlot *slot)
{
	switch (slot->kind) {
	case XS_STRING_KIND:
		slot->kind = XS_STRING_X_KIND;
		break;
	case XS_BIGINT_KIND:
		slot->kind = XS_BIGINT_X_KIND;
		break;
	case XS_KEY_KIND:
		slot->kind = XS_KEY_X_KIND;
		break;
	case XS_CODE_KIND:
		slot->kind = XS_CODE_X_KIND;
		break;
	case XS_CALLBACK_KIND:
		slot->kind = XS_CALLBACK_X_KIND;
		break;
	default:
		break;
	}
}

static void burn(txMachine *the, txSlot *slot)
{
	toFlashKind(slot);
	if (slot->kind == XS_ARRAY_KIND && slot->value.array.address) {
		txIndex length = fxGetIndexSize(the, slot);
		for (txIndex i = 0; i < length; i++)
			toFlashKind(slot->value.array.address + i);
	}
}

/* The desk's engine caches the intrinsics in its global object; the linker's has an ordinary one, which needs no writing. */
static void dropGlobalCache(txMachine *the)
{
	txSlot *global = mxGlobal.value.reference;
	if (global->next && global->next->kind == XS_GLOBAL_KIND) {
		global->flag &= ~XS_EXOTIC_FLAG;
		global->next = global->next->next;
	}
}

static void makeFlash(void)
{
	txCreation creation = {
		.initialChunkSize = 64 * 1024,
		.incrementalChunkSize = 64 * 1024,
		.initialHeapCount = 8 * 1024,
		.incrementalHeapCount = 8 * 1024,
		.stackCount = 4096,
		.initialKeyCount = 4096,
		.incrementalKeyCount = 512,
		.nameModulo = MACHINE_NAME_MODULO,
		.symbolModulo = MACHINE_SYMBOL_MODULO,
		.parserBufferSize = 64 * 1024,
		.parserTableModulo = 1993,
	};
	gMaking = true;
	gFlash = fxCreateMachine(&creation, "flash", NULL, XS_NO_ID);
	if (!gFlash)
		abort();
	gMachine = gFlash;
	xsBeginHost(gFlash);
	{
		globalsDefine(the);
		globalsMakeNatives(the);
		for (const Json *module = jsonFirst(gApp.modules); module; module = jsonNext(module))
			loadCode(the, jsonKey(module));
		if (moduleIsKnown("mc/config") && !chipScript("mc/config"))
			loadCode(the, "mc/config");
	}
	xsEndHost(gFlash);
	for (size_t i = 0; i < sizeof(gSdkPreload) / sizeof(gSdkPreload[0]); i++)
		preload(gSdkPreload[i]);
	for (const Json *item = jsonFirst(gApp.preload); item; item = jsonNext(item))
		preload(jsonText(item, ""));
	globalsLinkNatives();
	if (jsonFirst(gApp.preload))
		eachSlot(gFlash, freeze);
	dropGlobalCache(gFlash);
	fxShareMachine(gFlash);
	eachSlot(gFlash, burn);
	for (txSlot *slot = gFlash->stack; slot < gFlash->stackTop; slot++)
		burn(gFlash, slot);
	gMaking = false;
	if (mprotect(gFlashMemory, 2 * FLASH_SIZE, PROT_READ))
		abort();
}

txMachine *chipCreate(void)
{
	struct sigaction action = {.sa_sigaction = onFault, .sa_flags = SA_SIGINFO};
	sigaction(SIGSEGV, &action, NULL);
	allocateMemory();
	makeFlash();
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
	txMachine *the = fxCloneMachine(&creation, gFlash, "board", &gBoard);
	/* A first collection finds at once what would reach from the board's heap into flash. */
	if (the)
		fxCollectGarbage(the);
	return the;
}

void chipDelete(txMachine *the)
{
	fxDeleteMachine(the);
	mprotect(gFlashMemory, 2 * FLASH_SIZE, PROT_READ | PROT_WRITE);
	fxDeleteMachine(gFlash);
	while (gModules) {
		Module *module = gModules;
		gModules = module->next;
		free(module->script->codeBuffer);
		free(module->script);
		free(module);
	}
	munmap(gFlashMemory, 2 * FLASH_SIZE);
	free(gBoardMemory);
}
