/*
	flash.c: the machine that stands for flash.
*/
#ifndef BOARD_FLASH_H
#define BOARD_FLASH_H

#include <stdbool.h>

#include "xsAll.h"

/* Makes it, ready to be cloned; its memory is still to be made read-only. What is wrong with a module ends the board. */
txMachine *flashMake(void);
void flashDelete(void);
/* True for this machine while it is being made. */
bool flashIs(const txMachine *the);
/* Its promise jobs: they run before the next module is preloaded. */
void flashQueueJobs(void);
/* The code of a module, as it is in flash: it belongs to flash.c and runs in place. NULL for an unknown one. */
txScript *flashScript(const char *specifier);

#endif
