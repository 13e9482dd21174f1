/* Messages and critical sections between real threads. */
#ifndef STUB_XSHOST_H
#define STUB_XSHOST_H

#include "xsmc.h"

typedef void (*modMessageDeliver)(void *the, void *refcon, uint8_t *message, uint16_t messageLength);
int modMessagePostToMachine(xsMachine *the, uint8_t *message, uint16_t length, modMessageDeliver callback, void *refcon);

void criticalBegin(void);
void criticalEnd(void);
#define modCriticalSectionBegin() criticalBegin()
#define modCriticalSectionEnd() criticalEnd()

#define C_NULL NULL
#define c_calloc calloc
#define c_free free
#define c_memcpy memcpy
#define c_memcmp memcmp
#define c_memmove memmove
#define c_memset memset

#endif
