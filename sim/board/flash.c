/*
	What lies in flash on the chip, made at each start: the intrinsics, a function for each native, the code and names of all
	modules and the preloaded modules' objects, treated as the SDK's linker treats them.
*/
#include <stdio.h>

#include "xsAll.h"
#include "xsScript.h"
#include "xs.h"

#include "chip.h"
#include "flash.h"
#include "host.h"
#include "modules.h"

/* In the engine's xsRun.c, which declares it for itself. */
extern void fxRemapIDs(txMachine *the, txByte *codeBuffer, txSize codeSize, txID *theIDs);

typedef struct Module Module;

struct Module {
	Module *next;
	const char *specifier;
	txScript *script;
};

static txMachine *gFlash;
static bool gMaking;
static bool gJobs;
static Module *gModules;

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

txScript *flashScript(const char *specifier)
{
	for (const Module *module = gModules; module; module = module->next)
		if (!strcmp(module->specifier, specifier))
			return module->script;
	return NULL;
}

/* Preload --------------------------------------------------------------------------------------------------------- */

bool flashIs(const txMachine *the)
{
	return gMaking && the == gFlash;
}

void flashQueueJobs(void)
{
	gJobs = true;
}

static void preloadDone(txMachine *the)
{
	(void)the;
}

static void preload(const char *specifier)
{
	if (!moduleIsKnown(specifier)) {
		fprintf(stderr, "board: app.json preloads %s, which is none of its modules\n", specifier);
		exit(2);
	}
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
	/* Where a match is noted: without it the engine takes memory of the board for that. */
	else if (slot->kind == XS_REGEXP_KIND)
		slot->value.regexp.data = NULL;
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

/* Objects of the engine that no constructor has as its prototype, which the linker freezes too. */
static void freezeIntrinsics(txMachine *the)
{
	freezeInstance(mxAtomicsObject.value.reference);
	freezeInstance(mxJSONObject.value.reference);
	freezeInstance(mxMathObject.value.reference);
	freezeInstance(mxReflectObject.value.reference);
	freezeInstance(mxArrayIteratorPrototype.value.reference);
	freezeInstance(mxAsyncIteratorPrototype.value.reference);
	freezeInstance(mxGeneratorPrototype.value.reference);
	freezeInstance(mxIteratorPrototype.value.reference);
	freezeInstance(mxMapIteratorPrototype.value.reference);
	freezeInstance(mxSetIteratorPrototype.value.reference);
	freezeInstance(mxStringIteratorPrototype.value.reference);
	freezeInstance(mxRegExpStringIteratorPrototype.value.reference);
}

txMachine *flashMake(void)
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
		if (moduleIsKnown(MODULE_CONFIG) && !flashScript(MODULE_CONFIG))
			loadCode(the, MODULE_CONFIG);
	}
	xsEndHost(gFlash);
	for (const Json *item = jsonFirst(gApp.preload); item; item = jsonNext(item))
		preload(jsonText(item, ""));
	globalsLinkNatives();
	if (jsonFirst(gApp.preload)) {
		freezeIntrinsics(gFlash);
		eachSlot(gFlash, freeze);
	}
	dropGlobalCache(gFlash);
	fxShareMachine(gFlash);
	if (!chipBreaks("collection")) {
		eachSlot(gFlash, burn);
		for (txSlot *slot = gFlash->stack; slot < gFlash->stackTop; slot++)
			burn(gFlash, slot);
	}
	gMaking = false;
	return gFlash;
}

void flashListCode(void)
{
	for (const Module *module = gModules; module; module = module->next)
		printf("%s %ld\n", module->specifier, (long)module->script->codeSize);
}

void flashDelete(void)
{
	fxDeleteMachine(gFlash);
	while (gModules) {
		Module *module = gModules;
		gModules = module->next;
		free(module->script->codeBuffer);
		free(module->script);
		free(module);
	}
}
