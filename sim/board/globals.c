/*
	Globals of the board: trace(), and native() / Native() over the table of the natives' C functions.
*/
#include "xsAll.h"
#include "xs.h"

#include "flash.h"
#include "host.h"

static char gLine[1024];
static size_t gLineLength;

void traceFlush(void)
{
	if (!gLineLength)
		return;
	effectBegin("trace");
	effectStringN("line", gLine, gLineLength);
	effectEnd();
	gLineLength = 0;
}

static void globalTrace(txMachine *the)
{
	if (flashIs(the))
		return;
	for (txInteger i = 0; i < mxArgc; i++) {
		for (const char *text = fxToString(the, mxArgv(i)); *text; text++) {
			if (*text == '\n') {
				if (!gLineLength) {
					effectBegin("trace");
					effectString("line", "");
					effectEnd();
				}
				traceFlush();
				continue;
			}
			gLine[gLineLength++] = *text;
			if (gLineLength == sizeof(gLine))
				traceFlush();
		}
	}
}

static const NativeEntry *find(txMachine *the, const char *name)
{
	int low = 0, high = gNativeCount - 1;
	while (low <= high) {
		int middle = (low + high) / 2, order = strcmp(name, gNatives[middle].name);
		if (!order)
			return &gNatives[middle];
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	mxTypeError("native \"%s\": no such C function in this board", name);
	return NULL;
}

/* One host function per native, made on first use: then a call of native() allocates nothing. */
static txSlot *gFunctions;

static void globalNative(txMachine *the)
{
	const NativeEntry *entry = find(the, mxArgc > 0 ? fxToString(the, mxArgv(0)) : "");
	if (!entry->function)
		mxTypeError("native \"%s\": is a destructor", entry->name);
	txSlot *slot = gFunctions + (entry - gNatives);
	if (slot->kind != XS_REFERENCE_KIND) {
		fxNewHostFunction(the, (txCallback)entry->function, 0, XS_NO_ID, XS_NO_ID);
		slot->kind = XS_REFERENCE_KIND;
		slot->value = the->stack->value;
		mxPop();
		fxRemember(the, slot);
	}
	mxResult->kind = slot->kind;
	mxResult->value = slot->value;
}

/* Reached by super(): a host object with this class's destructor, as an instance of new.target. */
static void constructHost(txMachine *the)
{
	if (mxIsUndefined(mxTarget))
		mxTypeError("Native: call without new");
	if (flashIs(the))
		mxTypeError("Native: no instance while modules are preloaded");
	mxPushSlot(mxFunction);
	mxGetID(mxID(_prototype));
	txDestructor destructor = fxGetHostDestructor(the, the->stack);
	mxPop();
	mxPushSlot(mxTarget);
	mxGetID(mxID(_prototype));
	fxNewHostObject(the, destructor);
	the->stack->value.reference->value.instance.prototype = (the->stack + 1)->value.reference;
	mxResult->kind = XS_REFERENCE_KIND;
	mxResult->value = the->stack->value;
	mxPop();
	mxPop();
}

static void globalNativeClass(txMachine *the)
{
	const NativeEntry *entry = find(the, mxArgc > 0 ? fxToString(the, mxArgv(0)) : "");
	if (!entry->destructor)
		mxTypeError("Native \"%s\": is no destructor", entry->name);
	fxNewHostObject(the, entry->destructor);
	fxNewHostConstructor(the, constructHost, 0, XS_NO_ID);
	mxResult->kind = the->stack->kind;
	mxResult->value = the->stack->value;
	mxPop();
}

static void notLinked(txMachine *the)
{
	mxTypeError("native: no call while modules are preloaded");
}

void globalsMakeNatives(txMachine *the)
{
	for (int i = 0; i < gNativeCount; i++) {
		if (!gNatives[i].function)
			continue;
		fxNewHostFunction(the, notLinked, 0, XS_NO_ID, XS_NO_ID);
		gFunctions[i].kind = XS_REFERENCE_KIND;
		gFunctions[i].value = the->stack->value;
		mxPop();
		fxRemember(the, &gFunctions[i]);
	}
}

void globalsLinkNatives(void)
{
	for (int i = 0; i < gNativeCount; i++)
		if (gNatives[i].function)
			gFunctions[i].value.reference->next->value.callback.address = (txCallback)gNatives[i].function;
}

static void define(txMachine *the, const char *name, txCallback function)
{
	txID id = fxID(the, (txString)name);
	fxNewHostFunction(the, function, 1, id, XS_NO_ID);
	mxPush(mxGlobal);
	fxDefineID(the, id, XS_DONT_ENUM_FLAG, XS_DONT_ENUM_FLAG);
	mxPop();
}

void globalsDefine(txMachine *the)
{
	if (!gFunctions)
		gFunctions = calloc((size_t)gNativeCount + 1, sizeof(txSlot));
	if (!gFunctions)
		abort();
	define(the, "trace", globalTrace);
	define(the, "native", globalNative);
	define(the, "Native", globalNativeClass);
}
