/*
	Sockets and listeners of the board, as the SDK has them over lwIP: events of the network set pending bits and post one
	message, the message calls the script.
*/
#ifndef BOARD_SOCKET_H
#define BOARD_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xsmc.h"
#include "xsHost.h"

/* lwIP's send buffer (TCP_SND_BUF) and longest segment on the smaller chips. */
#define SEND_BUFFER 5744
#define SEGMENT 1440
/* Accepted connections that wait for `new Socket({listener})`. */
#define ACCEPT_QUEUE 4
/* Open connections that lwIP may have: LWIP_MAX_ACTIVE_TCP of our sdkconfig, without the two listeners that it counts as well. */
#define CONNECTIONS 8

enum {
	PENDING_CONNECT = 1,
	PENDING_ERROR = 2,
	PENDING_DISCONNECT = 4,
	PENDING_RECEIVE = 8,
	PENDING_SENT = 16,
	PENDING_ACCEPT = 32,
	PENDING_CLOSE = 64,
	PENDING_OUTPUT = 128,
};

/* Messages of the script's callback. */
enum { MESSAGE_CONNECT = 1, MESSAGE_RECEIVE = 2, MESSAGE_SENT = 3, MESSAGE_DISCONNECT = -1, MESSAGE_ERROR = -2 };

typedef struct Segment Segment;

struct Segment {
	Segment *next;
	size_t length;
	uint8_t bytes[];
};

typedef struct Socket Socket;

struct Socket {
	Socket *next;
	xsMachine *the;
	xsSlot self;
	bool isListener;
	bool constructed; /* a script object exists */
	bool closed; /* by the script; freed when no message refers to it */
	int messages; /* that refer to it, the one being delivered included */
	uint32_t pending;

	/* connection */
	int64_t conn; /* the world's number */
	bool open; /* lwIP's control block exists */
	bool finished; /* the peer's FIN came: no send status any more */
	bool disconnectedWhileReading;
	char remote[16];
	Segment *reading; /* the segment that the script reads */
	size_t position;
	Segment *queue; /* segments behind it */
	uint8_t output[SEND_BUFFER]; /* written, not yet sent */
	size_t outputLength;
	size_t sendSpace;
	size_t outstanding; /* bytes written and not acknowledged */

	/* listener */
	uint16_t port;
	char address[16]; /* "" any */
	bool deaf; /* its address was in use */
	Socket *accepts[ACCEPT_QUEUE];
};

extern Socket *gSockets;

Socket *socketNew(void);
void socketSetPending(Socket *socket, uint32_t pending);
/* Sends what was written. */
void socketOutput(Socket *socket);
/* lwIP's tcp_close: FIN after what was written, or a reset when received data was not read. */
void socketShut(Socket *socket);
/* Releases it at once, or after the message that refers to it. */
void socketRelease(Socket *socket);
void socketListen(Socket *listener);

#endif
