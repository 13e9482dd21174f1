/*
	The natives behind sim/shim/Resource.ts: the app's resource files, read-only, each read once and kept like flash.
*/
#include <stdlib.h>
#include <string.h>

#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "host.h"

typedef struct Flash Flash;

struct Flash {
	Flash *next;
	char *name;
	char *bytes;
	size_t size;
};

static Flash *gFlash;

static const Flash *findResource(const char *name)
{
	for (const Flash *flash = gFlash; flash; flash = flash->next)
		if (!strcmp(flash->name, name))
			return flash;
	const char *path = jsonString(gApp.resources, name, NULL);
	Flash *flash = path ? calloc(1, sizeof(Flash)) : NULL;
	if (!flash)
		return NULL;
	flash->name = strdup(name);
	flash->bytes = fileRead(path, &flash->size);
	if (!flash->name || !flash->bytes) {
		fprintf(stderr, "board: cannot read resource %s\n", path);
		free(flash->name);
		free(flash);
		return NULL;
	}
	flash->next = gFlash;
	gFlash = flash;
	return flash;
}

/* The bytes are flash: nothing to release. */
void xs_sim_resource_destructor(void *data)
{
	(void)data;
}

void xs_sim_resource(xsMachine *the)
{
	const Flash *flash = findResource(xsmcToString(xsArg(0)));
	if (!flash)
		xsURIError("Resource not found: %s", xsmcToString(xsArg(0)));
	xsmcSetHostBuffer(xsThis, flash->bytes, (xsIntegerValue)flash->size);
	xsmcPetrifyHostBuffer(xsThis);
}

void xs_sim_resource_exists(xsMachine *the)
{
	xsmcSetBoolean(xsResult, findResource(xsmcToString(xsArg(0))) != NULL);
}

void xs_sim_resource_byteLength(xsMachine *the)
{
	xsmcSetInteger(xsResult, xsmcGetHostBufferLength(xsThis));
}

/* slice(begin, end, copy = true): with copy false the result is a read-only view. */
void xs_sim_resource_slice(xsMachine *the)
{
	int argc = xsmcArgc;
	xsIntegerValue length = xsmcGetHostBufferLength(xsThis), begin = 0, end = length;
	xsBooleanValue copy = 1;
	if (argc > 0) {
		begin = xsmcToInteger(xsArg(0));
		if (begin < 0)
			begin = 0;
	}
	if (argc > 1 && xsmcTypeOf(xsArg(1)) != xsUndefinedType) {
		end = xsmcToInteger(xsArg(1));
		if (end > length)
			end = length;
	}
	if (argc > 2)
		copy = xsmcTest(xsArg(2));
	if (begin > length)
		begin = length;
	if (end < begin)
		end = begin;
	char *bytes = xsmcGetHostData(xsThis);
	if (copy) {
		xsmcSetArrayBuffer(xsResult, bytes + begin, end - begin);
		return;
	}
	xsResult = xsNewHostObject(NULL);
	xsmcSetHostBuffer(xsResult, bytes + begin, end - begin);
	xsmcPetrifyHostBuffer(xsResult);
	xsmcVars(1);
	xsmcSetInteger(xsVar(0), end - begin);
	xsmcDefine(xsResult, xsID_byteLength, xsVar(0), xsDontDelete | xsDontSet);
}
