/*
	TCP of the board: events tcp-* and the natives behind sim/shim/socket.ts.
*/
#include "host.h"

bool socketEvent(const char *type, const Json *event)
{
	(void)type;
	(void)event;
	return false;
}
