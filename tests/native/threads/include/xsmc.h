/*
	As much of XS as the radio's native uses, without an engine: values are numbers and texts, there is one object and
	nothing is collected. Only what happens between the tasks is under test here.
*/
#ifndef STUB_XSMC_H
#define STUB_XSMC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
	double number;
	char text[256];
} xsSlot;

typedef struct xsMachineRecord {
	xsSlot result, self, arguments[3], variables[2];
	void *data;
	void (*activity)(void);
} xsMachine;

typedef void (*xsMarkRoot)(xsMachine *, xsSlot *);
typedef struct {
	void (*destructor)(void *);
	void (*marker)(xsMachine *, void *, xsMarkRoot);
	void *unused;
} xsHostHooks;
typedef int xsIntegerValue;
typedef unsigned xsUnsignedValue;

/* The one buffer there is. */
extern uint8_t gBuffer[250];
/* What the last xsmcSet of a property was given, by id. */
extern xsSlot gProperties[32];

#define xsThis (the->self)
#define xsResult (the->result)
#define xsArg(index) (the->arguments[index])
#define xsVar(index) (the->variables[index])
#define xsmcVars(count) ((void)(count))

#define xsmcGetHostDataValidate(slot, hooks) ((void)(hooks), the->data)
#define xsmcSetHostData(slot, pointer) (the->data = (pointer))
#define xsSetHostHooks(slot, hooks) ((void)(hooks))
#define xsRemember(slot) ((void)(slot))
#define xsForget(slot) ((void)(slot))

#define xsmcGet(slot, object, id) ((slot) = (object))
#define xsmcSet(object, id, slot) (gProperties[id] = (slot))
#define xsmcHas(object, id) ((void)(object), (void)(id), 0)
#define xsmcToInteger(slot) ((int)(slot).number)
#define xsmcGetBufferReadable(slot, data, count) ((void)(slot), *(data) = gBuffer, *(count) = sizeof(gBuffer))
#define xsmcGetBufferWritable(slot, data, count) xsmcGetBufferReadable(slot, data, count)
#define xsmcIsCallable(slot) ((void)(slot), 1)
#define xsmcToReference(slot) (&(slot))
#define xsReference(slot) (*(slot))
#define xsmcSetInteger(slot, value) ((slot).number = (value))
#define xsmcSetUnsigned(slot, value) ((slot).number = (value))
#define xsmcSetBoolean(slot, value) ((slot).number = (value) != 0)
#define xsmcSetString(slot, value) ((void)the, strcpy((slot).text, (value)))
#define xsmcToStringBuffer(slot, buffer, size) ((void)the, (void)snprintf((buffer), (size), "%.*s", (int)(size)-1, (slot).text))

#define stubThrow(...) (fprintf(stderr, __VA_ARGS__), exit(3))
#define xsTypeError(...) stubThrow(__VA_ARGS__)
#define xsRangeError(...) stubThrow(__VA_ARGS__)
#define xsUnknownError(...) stubThrow(__VA_ARGS__)

#define xsBeginHost(machine) {
#define xsEndHost(machine) }
#define xsInteger(value) (value)
#define xsCallFunction2(function, self, frames, statuses) ((void)(function), (void)(frames), (void)(statuses), (*the->activity)())

#endif
