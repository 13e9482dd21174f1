/*
	TCP of the board: the world's events tcp-* and the effects that answer them. lwIP's task sets pending bits; one message
	per socket brings them to the script.
*/
#include <stdlib.h>
#include <string.h>

#include "mc.xs.h"
#include "host.h"
#include "socket.h"

Socket *gSockets;

static void effectConnection(const char *name, const Socket *socket)
{
	effectBegin(name);
	effectInt("conn", socket->conn);
	effectEnd();
}

Socket *socketNew(void)
{
	Socket *socket = calloc(1, sizeof(Socket));
	if (!socket)
		return NULL;
	socket->the = (xsMachine *)gMachine;
	socket->next = gSockets;
	gSockets = socket;
	return socket;
}

static void freeSocket(Socket *socket)
{
	for (Socket **link = &gSockets; *link; link = &(*link)->next) {
		if (*link == socket) {
			*link = socket->next;
			break;
		}
	}
	while (socket->queue) {
		Segment *segment = socket->queue;
		socket->queue = segment->next;
		free(segment);
	}
	free(socket->reading);
	free(socket);
}

void socketOutput(Socket *socket)
{
	if (!socket->open || !socket->outputLength)
		return;
	effectBegin("tcp-data");
	effectInt("conn", socket->conn);
	effectHex("hex", socket->output, socket->outputLength);
	effectEnd();
	socket->outputLength = 0;
}

void socketShut(Socket *socket)
{
	if (socket->isListener) {
		if (!socket->deaf) {
			effectBegin("tcp-unlisten");
			effectInt("port", socket->port);
			effectString("address", socket->address);
			effectEnd();
		}
		for (int i = 0; i < ACCEPT_QUEUE; i++) {
			if (socket->accepts[i]) {
				socketShut(socket->accepts[i]);
				freeSocket(socket->accepts[i]);
				socket->accepts[i] = NULL;
			}
		}
		return;
	}
	if (!socket->open)
		return;
	if (socket->reading || socket->queue)
		effectConnection("tcp-abort", socket);
	else {
		socketOutput(socket);
		effectConnection("tcp-close", socket);
	}
	socket->open = false;
}

void socketRelease(Socket *socket)
{
	socket->closed = true;
	if (!socket->messages)
		freeSocket(socket);
}

void socketListen(Socket *listener)
{
	for (Socket *other = gSockets; other; other = other->next)
		if (other != listener && other->isListener && !other->closed && other->port == listener->port && !strcmp(other->address, listener->address))
			listener->deaf = true;
	if (listener->deaf)
		return;
	effectBegin("tcp-listen");
	effectInt("port", listener->port);
	effectString("address", listener->address);
	effectEnd();
}

/* Messages -------------------------------------------------------------------------------------------------------- */

static void call(Socket *socket, int message, int64_t value, bool hasValue)
{
	xsBeginHost(socket->the);
	{
		xsmcVars(2);
		xsmcSetInteger(xsVar(0), message);
		if (hasValue) {
			xsmcSetInteger(xsVar(1), (xsIntegerValue)value);
			xsCall2(xsAccess(socket->self), xsID_callback, xsVar(0), xsVar(1));
		}
		else
			xsCall1(xsAccess(socket->self), xsID_callback, xsVar(0));
	}
	xsEndHost(socket->the);
}

static void callReceive(Socket *socket)
{
	if (socket->reading)
		return; /* the script has not read the last one to its end */
	Segment *segment = socket->queue;
	if (!segment)
		return;
	socket->queue = segment->next;
	socket->reading = segment;
	socket->position = 0;
	call(socket, MESSAGE_RECEIVE, (int64_t)segment->length, true);
}

static void callAccept(Socket *listener)
{
	for (int i = 0; i < ACCEPT_QUEUE && !listener->closed; i++)
		if (listener->accepts[i])
			call(listener, MESSAGE_CONNECT, 0, false);
}

static void deliver(void *the, void *refcon, uint8_t *message, uint16_t length)
{
	Socket *socket = refcon;
	(void)the;
	(void)message;
	(void)length;
	/* What a callback sets from here on needs a message of its own. */
	uint32_t pending = socket->closed ? 0 : socket->pending;
	socket->pending = 0;
	if ((pending & PENDING_CONNECT) && !socket->closed && socket->open)
		call(socket, MESSAGE_CONNECT, 0, false);
	if ((pending & PENDING_RECEIVE) && !socket->closed)
		callReceive(socket);
	if ((pending & PENDING_SENT) && !socket->closed)
		call(socket, MESSAGE_SENT, socket->open ? (int64_t)socket->sendSpace : 0, true);
	if ((pending & PENDING_OUTPUT) && !socket->closed)
		socketOutput(socket);
	if ((pending & PENDING_DISCONNECT) && !socket->closed)
		call(socket, MESSAGE_DISCONNECT, 0, false);
	if ((pending & PENDING_ERROR) && !socket->closed)
		call(socket, MESSAGE_ERROR, 0, false);
	if ((pending & PENDING_ACCEPT) && !socket->closed)
		callAccept(socket);
	if (!--socket->messages && socket->closed)
		freeSocket(socket);
}

void socketSetPending(Socket *socket, uint32_t pending)
{
	if (socket->closed || (socket->pending & pending) == pending)
		return;
	bool first = !socket->pending;
	socket->pending |= pending;
	if (first && socket->constructed && !modMessagePostToMachine(socket->the, NULL, 0, deliver, socket))
		socket->messages++;
}

/* Events ---------------------------------------------------------------------------------------------------------- */

static Socket *findConnection(int64_t conn)
{
	for (Socket *socket = gSockets; socket; socket = socket->next)
		if (!socket->isListener && socket->open && socket->conn == conn)
			return socket;
	return NULL;
}

static Socket *findListener(int64_t port, const char *local)
{
	Socket *any = NULL;
	for (Socket *socket = gSockets; socket; socket = socket->next) {
		if (!socket->isListener || socket->closed || socket->deaf || socket->port != port)
			continue;
		if (!strcmp(socket->address, local))
			return socket;
		if (!socket->address[0])
			any = socket;
	}
	return any;
}

static int countOpen(void)
{
	int count = 0;
	for (Socket *socket = gSockets; socket; socket = socket->next)
		count += !socket->isListener && socket->open;
	return count;
}

/*
	With as many connections as it may have, lwIP lets a SYN fall, and the peer sends it again (esp-lwip 2.1.2, tcp_alloc and
	tcp_listen_input). Those that this side has closed count there, too, TIME-WAIT included, but the oldest of them gives way at
	once, so that only open ones keep others out. A full accept queue is another thing: modSocket's didAccept has lwIP reset.
*/
static void onOpen(const Json *event)
{
	Socket *listener = findListener(jsonInt(event, "port", 0), jsonString(event, "local", ""));
	Socket *connection = NULL;
	if (listener && (countOpen() >= CONNECTIONS || findConnection(jsonInt(event, "conn", 0))))
		return;
	for (int i = 0; listener && !connection && i < ACCEPT_QUEUE; i++) {
		if (!listener->accepts[i])
			connection = listener->accepts[i] = socketNew();
	}
	effectBegin(connection ? "tcp-accept" : "tcp-refuse");
	effectInt("conn", jsonInt(event, "conn", 0));
	effectEnd();
	if (!connection)
		return;
	connection->conn = jsonInt(event, "conn", 0);
	connection->open = true;
	connection->sendSpace = SEND_BUFFER;
	strncpy(connection->remote, jsonString(event, "remote", ""), sizeof(connection->remote) - 1);
	socketSetPending(listener, PENDING_ACCEPT);
}

static void onData(Socket *socket, const Json *event)
{
	size_t total = jsonHex(event, "hex", NULL, 0), done = 0;
	uint8_t *bytes = malloc(total + 1);
	if (!bytes)
		abort();
	jsonHex(event, "hex", bytes, total);
	Segment **link = &socket->queue;
	while (*link)
		link = &(*link)->next;
	while (done < total) {
		size_t length = total - done < SEGMENT ? total - done : SEGMENT;
		Segment *segment = calloc(1, sizeof(Segment) + length + 1);
		if (!segment)
			abort();
		segment->length = length;
		memcpy(segment->bytes, bytes + done, length);
		done += length;
		*link = segment;
		link = &segment->next;
	}
	free(bytes);
	if (total)
		socketSetPending(socket, PENDING_RECEIVE);
}

static void onAcked(Socket *socket, const Json *event)
{
	size_t bytes = (size_t)jsonInt(event, "bytes", 0);
	if (bytes > socket->outstanding)
		bytes = socket->outstanding;
	socket->sendSpace += bytes;
	socket->outstanding -= bytes;
	if (bytes && !socket->outstanding && !socket->finished)
		socketSetPending(socket, PENDING_SENT);
}

/* The SDK takes its callbacks off the control block on the peer's FIN: later send statuses are lost. */
static void onFinish(Socket *socket)
{
	socket->finished = true;
	if (socket->reading || socket->queue)
		socket->disconnectedWhileReading = true;
	else
		socketSetPending(socket, PENDING_DISCONNECT);
}

bool socketEvent(const char *type, const Json *event)
{
	if (strncmp(type, "tcp-", 4))
		return false;
	if (!strcmp(type, "tcp-open")) {
		onOpen(event);
		return true;
	}
	Socket *socket = findConnection(jsonInt(event, "conn", 0));
	if (!socket)
		return true; /* closed by this side in the meantime */
	if (!strcmp(type, "tcp-data") && !socket->finished)
		onData(socket, event);
	else if (!strcmp(type, "tcp-acked"))
		onAcked(socket, event);
	else if (!strcmp(type, "tcp-close") && !socket->finished)
		onFinish(socket);
	else if (!strcmp(type, "tcp-reset")) {
		socket->open = false;
		socketSetPending(socket, PENDING_ERROR);
	}
	return true;
}
