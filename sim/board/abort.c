/*
	How a board ends: what the engine calls when it cannot go on, with the SDK's `abortHook` on (globalThis.abort).
*/
#include "xsAll.h"
#include "xs.h"

#include "host.h"

static const char *reasonOf(int status)
{
	switch (status) {
	case XS_NOT_ENOUGH_MEMORY_EXIT:
		return "memory full";
#if XS_MAJOR_VERSION >= 17
	case XS_JAVASCRIPT_STACK_OVERFLOW_EXIT:
	case XS_NATIVE_STACK_OVERFLOW_EXIT:
#else
	case XS_STACK_OVERFLOW_EXIT:
#endif
		return "stack overflow";
	case XS_NO_MORE_KEYS_EXIT:
		return "not enough keys";
	case XS_DEAD_STRIP_EXIT:
		return "dead strip";
	case XS_UNHANDLED_EXCEPTION_EXIT:
		return "unhandled exception";
	case XS_UNHANDLED_REJECTION_EXIT:
		return "unhandled rejection";
	default:
		return "panic";
	}
}

static void describe(txMachine *the, txSlot *exception, char *words, size_t size)
{
	mxTry(the) {
		mxPushSlot(exception);
		fxToString(the, the->stack);
		snprintf(words, size, "%s", the->stack->value.string);
		mxPop();
	}
	mxCatch(the) {
		snprintf(words, size, "?");
	}
}

static void callHook(txMachine *the, const char *reason, txSlot *exception)
{
	mxTry(the) {
		txID id = fxID(the, "abort");
		mxOverflow(-8);
		mxPush(mxGlobal);
		mxGetID(id);
		if (fxIsCallable(the, the->stack)) {
			txSlot *hook = the->stack;
			mxPush(mxGlobal);
			mxPushSlot(hook);
			mxCall();
			mxPushStringC((txString)reason);
			mxPushSlot(exception);
			mxRunCount(2);
			mxPop();
		}
		mxPop();
	}
	mxCatch(the) {
		fprintf(stderr, "board: the abort hook threw\n");
	}
}

void fxAbort(txMachine *the, int status)
{
	static bool aborting;
	static const char *first;
	static char words[256];
	const char *reason = reasonOf(status);
	/* The chip has no meter: there the script would go on, and the heartbeat end it. */
	if (status == XS_TOO_MUCH_COMPUTATION_EXIT)
		boardFreeze("endless loop");
	fprintf(stderr, "board: XS abort: %s\n", reason);
	if (aborting) /* the hook itself, or describing the exception, failed */
		boardRestart(first, words);
	aborting = true;
	first = reason;
	bool hasException = status == XS_UNHANDLED_EXCEPTION_EXIT || status == XS_UNHANDLED_REJECTION_EXIT;
	if (hasException || status == XS_NOT_ENOUGH_MEMORY_EXIT) {
		fxBeginHost(the);
		if (hasException)
			mxPushSlot(&mxException);
		else
			mxPushUndefined();
		txSlot *exception = the->stack;
		mxException = mxUndefined;
		machineRefuel();
		if (hasException)
			describe(the, exception, words, sizeof(words));
		callHook(the, reason, exception);
	}
	boardRestart(reason, words);
}
