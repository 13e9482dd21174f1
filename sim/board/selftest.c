/*
	The test that every board of the chip's kind begins with. Sharing, cloning and freezing use the inner structures of the
	engine, which another version may change without a word: then all that runs on it proves nothing.
*/
#include "xsAll.h"
#include "xs.h"

#include <setjmp.h>

#include "chip.h"
#include "host.h"

/* Strings that a collection has to move, with garbage between; few, since the board's first memory has to do. */
#define STRINGS 12

static sigjmp_buf gProbe;
static volatile bool gProbing;
static const char *volatile gPart;

bool chipBreaks(const char *part)
{
	const char *wanted = getenv("BOARD_BREAK");
	return wanted && !strcmp(wanted, part);
}

static void fail(const char *sentence)
{
	fprintf(stderr, "board: self-test: %s\n", sentence);
	exit(2);
}

bool chipTestFault(void)
{
	if (gProbing)
		siglongjmp(gProbe, 1);
	return gPart != NULL;
}

static void testFlash(uint8_t *flash)
{
	volatile uint8_t *byte = flash;
	gProbing = true;
	if (sigsetjmp(gProbe, 1) == 0) {
		*byte = *byte;
		fail("flash can be written");
	}
	gProbing = false;
}

/* Constants of mc.xs.h hold in the board's machine, and it has no name of its own yet. */
static void testNames(txMachine *the)
{
	for (int i = 0; i < gExtraNameCount; i++)
		if (fxFindName(the, (txString)gExtraNames[i]) != XS_ID_COUNT + i)
			fail("a name has another id than in mc.xs.h");
	if (the->keyIndex != the->keyOffset)
		fail("the board's machine begins with names of its own");
}

static void text(char *buffer, size_t size, int i)
{
	snprintf(buffer, size, "string number %d", i);
}

/* Strings of the board survive being moved, and one that lies in flash is left there. */
static void testCollection(txMachine *the)
{
	char expected[32];
	xsBeginHost(the);
	{
		xsVars(2);
		xsVar(0) = xsNewArray(0);
		for (int i = 0; i < STRINGS; i++) {
			text(expected, sizeof(expected), i);
			xsSetAt(xsVar(0), xsInteger(i), xsString(expected));
			xsVar(1) = xsString("garbage between them");
		}
		/* A name, which is a string of flash. */
		xsVar(1) = xsGet(xsGlobal, xsID("Array"));
		xsVar(1) = xsGet(xsVar(1), xsID("name"));
		fxCollectGarbage(the);
		for (int i = 0; i < STRINGS; i++) {
			text(expected, sizeof(expected), i);
			if (strcmp(xsToString(xsGetAt(xsVar(0), xsInteger(i))), expected))
				fail("a collection spoils strings");
		}
		if (strcmp(xsToString(xsVar(1)), "Array"))
			fail("a collection spoils what lies in flash");
	}
	xsEndHost(the);
}

void chipTest(txMachine *the, uint8_t *flash)
{
	gPart = "collection";
	testFlash(flash);
	testNames(the);
	testCollection(the);
	gPart = NULL;
	/* Nothing of the test is left in the figures. */
	fxCollectGarbage(the);
	the->peakHeapCount = the->currentHeapCount;
	the->peakChunksSize = the->currentChunksSize;
}
