/*
	The natives behind sim/shim/socket.ts: accepted connections and listeners.
*/
#include <stdlib.h>
#include <string.h>

#include "mc.xs.h"
#include "host.h"
#include "socket.h"

void xs_sim_socket_destructor(void *data)
{
	Socket *socket = data;
	if (!socket)
		return;
	socketShut(socket);
	socketRelease(socket);
}

void xs_sim_listener_destructor(void *data)
{
	xs_sim_socket_destructor(data);
}

static void constructed(xsMachine *the, Socket *socket)
{
	socket->self = xsThis;
	socket->constructed = true;
	xsmcSetHostData(xsThis, socket);
	xsRemember(socket->self);
}

/* Takes the script object off its record. */
static void forget(xsMachine *the, Socket *socket)
{
	xsmcSetHostDestructor(xsThis, NULL);
	xsmcSetHostData(xsThis, NULL);
	xsForget(socket->self);
}

void xs_sim_socket(xsMachine *the)
{
	xsmcVars(1);
	if (!xsmcHas(xsArg(0), xsID_listener))
		xsUnknownError("a virtual board has no outgoing connections");
	xsmcGet(xsVar(0), xsArg(0), xsID_listener);
	Socket *listener = xsmcGetHostDataValidate(xsVar(0), (void *)xs_sim_listener_destructor);
	Socket *socket = NULL;
	for (int i = 0; i < ACCEPT_QUEUE && !socket; i++) {
		socket = listener->accepts[i];
		listener->accepts[i] = NULL;
	}
	if (!socket)
		xsUnknownError("no socket available from listener");
	constructed(the, socket);
	/* What came before the script took the connection. */
	uint32_t pending = socket->pending | PENDING_CONNECT;
	socket->pending = 0;
	socketSetPending(socket, pending);
}

void xs_sim_socket_close(xsMachine *the)
{
	if (!xsmcGetHostData(xsThis))
		return;
	Socket *socket = xsmcGetHostDataValidate(xsThis, (void *)xs_sim_socket_destructor);
	forget(the, socket);
	socketShut(socket);
	socketRelease(socket);
}

void xs_sim_socket_get(xsMachine *the)
{
	Socket *socket = xsmcGetHostDataValidate(xsThis, (void *)xs_sim_socket_destructor);
	if (socket->open && !strcmp(xsmcToString(xsArg(0)), "REMOTE_IP"))
		xsmcSetString(xsResult, socket->remote);
}

/* How many of `available` bytes the second argument allows: a count, or up to and with a terminator. */
static size_t limit(xsMachine *the, const uint8_t *bytes, size_t available)
{
	xsType type = xsmcTypeOf(xsArg(1));
	if (type == xsNumberType || type == xsIntegerType) {
		uint16_t count = (uint16_t)xsmcToInteger(xsArg(1));
		return count < available ? count : available;
	}
	if (type == xsStringType || type == xsStringXType) {
		char terminator = xsmcToString(xsArg(1))[0];
		/* As strchr(): a NUL ends the search. */
		for (size_t i = 0; terminator && i < available && bytes[i]; i++)
			if (bytes[i] == (uint8_t)terminator)
				return i + 1;
	}
	return available;
}

static bool isGlobal(xsMachine *the, xsIdentifier id)
{
	xsmcGet(xsVar(0), xsGlobal, id);
	return xsmcToReference(xsVar(0)) == xsmcToReference(xsArg(0));
}

/* Makes the result in the wanted type; returns how many bytes it took. */
static size_t produce(xsMachine *the, const uint8_t *bytes, size_t count)
{
	xsType type = xsmcTypeOf(xsArg(0));
	if (type == xsNullType) {
		xsmcSetInteger(xsResult, (xsIntegerValue)count);
		return count;
	}
	if (type != xsReferenceType)
		return count;
	xsmcVars(1);
	if (isGlobal(the, xsID_String))
		xsmcSetStringBuffer(xsResult, (xsStringValue)bytes, (xsIntegerValue)count);
	else if (isGlobal(the, xsID_Number)) {
		xsmcSetInteger(xsResult, bytes[0]);
		return 1;
	}
	else if (isGlobal(the, xsID_ArrayBuffer))
		xsmcSetArrayBuffer(xsResult, (void *)bytes, (xsIntegerValue)count);
	else
		xsUnknownError("unsupported output type");
	return count;
}

void xs_sim_socket_read(xsMachine *the)
{
	Socket *socket = xsmcGetHostDataValidate(xsThis, (void *)xs_sim_socket_destructor);
	int argc = xsmcArgc;
	Segment *segment = socket->reading;
	if (!segment) {
		if (argc)
			xsUnknownError("nothing to read");
		xsmcSetInteger(xsResult, 0);
		return;
	}
	const uint8_t *bytes = segment->bytes + socket->position;
	size_t count = segment->length - socket->position;
	if (!argc) {
		xsmcSetInteger(xsResult, (xsIntegerValue)count);
		return;
	}
	if (argc > 1)
		count = limit(the, bytes, count);
	socket->position += produce(the, bytes, count);
	if (socket->position < segment->length)
		return;
	socket->reading = NULL;
	free(segment);
	if (socket->queue)
		socketSetPending(socket, PENDING_RECEIVE);
	else if (socket->disconnectedWhileReading)
		socketSetPending(socket, PENDING_DISCONNECT);
}

/* Bytes of one argument of write(). */
static xsUnsignedValue bytesOf(xsMachine *the, int index, void **bytes, uint8_t *single)
{
	xsUnsignedValue count = 0;
	switch (xsmcTypeOf(xsArg(index))) {
	case xsStringType:
	case xsStringXType:
		*bytes = xsmcToString(xsArg(index));
		return (xsUnsignedValue)strlen(*bytes);
	case xsNumberType:
	case xsIntegerType:
		*single = (uint8_t)xsmcToInteger(xsArg(index));
		*bytes = single;
		return 1;
	case xsReferenceType:
		xsmcGetBufferReadable(xsArg(index), bytes, &count);
		return count;
	default:
		xsUnknownError("unsupported type for write");
		return 0;
	}
}

void xs_sim_socket_write(xsMachine *the)
{
	Socket *socket = xsmcGetHostDataValidate(xsThis, (void *)xs_sim_socket_destructor);
	int argc = xsmcArgc;
	void *bytes = NULL;
	uint8_t single;
	size_t needed = 0;
	if (!socket->open || (socket->pending & (PENDING_ERROR | PENDING_DISCONNECT))) {
		if (argc)
			xsTrace("write on closed socket\n");
		else
			xsmcSetInteger(xsResult, 0);
		return;
	}
	if (!argc) {
		xsmcSetInteger(xsResult, (xsIntegerValue)socket->sendSpace);
		return;
	}
	for (int i = 0; i < argc; i++)
		needed += bytesOf(the, i, &bytes, &single);
	if (needed > socket->sendSpace) {
		socketOutput(socket);
		xsUnknownError("can't write all data");
	}
	for (int i = 0; i < argc; i++) {
		size_t count = bytesOf(the, i, &bytes, &single);
		memcpy(socket->output + socket->outputLength, bytes, count);
		socket->outputLength += count;
	}
	socket->sendSpace -= needed;
	socket->outstanding += needed;
	socketSetPending(socket, PENDING_OUTPUT);
}

void xs_sim_listener(xsMachine *the)
{
	Socket *listener = socketNew();
	if (!listener)
		xsUnknownError("out of memory");
	listener->isListener = true;
	constructed(the, listener);
	xsmcVars(1);
	if (xsmcHas(xsArg(0), xsID_port)) {
		xsmcGet(xsVar(0), xsArg(0), xsID_port);
		listener->port = (uint16_t)xsmcToInteger(xsVar(0));
	}
	if (xsmcHas(xsArg(0), xsID_address)) {
		xsmcGet(xsVar(0), xsArg(0), xsID_address);
		if (xsmcTest(xsVar(0)))
			xsmcToStringBuffer(xsVar(0), listener->address, sizeof(listener->address));
	}
	socketListen(listener);
}

void xs_sim_listener_close(xsMachine *the)
{
	if (!xsmcGetHostData(xsThis)) {
		xsTrace("close on closed listener");
		return;
	}
	Socket *listener = xsmcGetHostDataValidate(xsThis, (void *)xs_sim_listener_destructor);
	forget(the, listener);
	socketShut(listener);
	socketRelease(listener);
}
