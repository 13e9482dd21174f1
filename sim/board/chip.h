/*
	chip.c: a machine as on the device, with what is in flash there kept out of the board's heap.
*/
#ifndef BOARD_CHIP_H
#define BOARD_CHIP_H

#include <stdbool.h>

#include "xsAll.h"

/* Makes flash and the board's machine over it; ends the program with a sentence when that machine is not as it should be. */
txMachine *chipCreate(void);
void chipDelete(txMachine *the);
/* Memory of the board's or the flash's machine; NULL when it is used up. */
void *chipAllocateChunks(txMachine *the, int size);
void *chipAllocateSlots(txMachine *the, int count);

/* selftest.c */
/* Looks whether flash, names and the collector work as chip.c makes the engine work; a fault ends the program with a sentence. */
void chipTest(txMachine *the, uint8_t *flash);
/* While the test tries to do what must not be possible: a fault is told by a jump instead of the program's end. */
bool chipTestFault(void);
/* True when BOARD_BREAK in the environment asks for this part to be made wrong, to see that the test finds it. */
bool chipBreaks(const char *part);

#endif
