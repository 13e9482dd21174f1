/*
	chip.c: a machine as on the device, with what is in flash there kept out of the board's heap.
*/
#ifndef BOARD_CHIP_H
#define BOARD_CHIP_H

#include <stdbool.h>

#include "xsAll.h"

/* Makes "flash" (intrinsics, natives, code of all modules, preloaded modules) and the board's machine over it. */
txMachine *chipCreate(void);
void chipDelete(txMachine *the);
/* True for the machine that stands for flash, while it is being made. */
bool chipIsFlash(const txMachine *the);
void chipQueueJobs(void);
/* Memory of the board's or the flash's machine; NULL when it is used up. */
void *chipAllocateChunks(txMachine *the, int size);
void *chipAllocateSlots(txMachine *the, int count);
/* The code of a module, as it is in flash: it belongs to chip.c and runs in place. NULL for an unknown one. */
txScript *chipScript(const char *specifier);

#endif
