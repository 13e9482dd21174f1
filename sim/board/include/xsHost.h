/*
	What natives get from the SDK's xsHost.h on the device: messages to the machine and critical sections.
*/
#ifndef BOARD_XSHOST_H
#define BOARD_XSHOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xs.h"

typedef void (*modMessageDeliver)(void *the, void *refcon, uint8_t *message, uint16_t messageLength);

/* 0 posted, -1 no memory, -2 queue full. */
int modMessagePostToMachine(xsMachine *the, uint8_t *message, uint16_t messageLength, modMessageDeliver callback, void *refcon);
/* 0 posted, -1 queue full. */
int modMessagePostToMachineFromISR(xsMachine *the, modMessageDeliver callback, void *refcon);

/* One lock for all, as on the chip; a no-op in effect while everything runs on one thread. */
#define modCriticalSectionDeclare
#define modCriticalSectionBegin() boardCriticalBegin()
#define modCriticalSectionEnd() boardCriticalEnd()
void boardCriticalBegin(void);
void boardCriticalEnd(void);

uint32_t modMilliseconds(void);

#undef modLog
#define modLog(text) ((void)0)

#ifndef ICACHE_RODATA_ATTR
#define ICACHE_RODATA_ATTR
#endif
#ifndef ICACHE_RAM_ATTR
#define ICACHE_RAM_ATTR
#endif

#ifndef C_NULL
#define C_NULL NULL
#endif
#ifndef c_malloc
#define c_malloc malloc
#define c_calloc calloc
#define c_realloc realloc
#define c_free free
#endif
#ifndef c_memcpy
#define c_memcpy memcpy
#define c_memmove memmove
#define c_memset memset
#define c_memcmp memcmp
#endif
#ifndef c_strlen
#define c_strlen strlen
#define c_strcmp strcmp
#define c_strncmp strncmp
#define c_strcpy strcpy
#endif

#include <stdlib.h>
#include <string.h>

#endif
