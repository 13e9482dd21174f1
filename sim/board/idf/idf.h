/*
	The fake ESP-IDF as the board's host sees it. It keeps the rules, the order of checks and the result codes of v6.0;
	what it does to the world outside becomes effects, what the world does to it comes as events.
*/
#ifndef IDF_H
#define IDF_H

#include <stdint.h>

#include "board.h"

/* Takes over the chip's state from the boot event: mac, reset, nvs, rtc, pins. */
void idfBoot(const Json *boot);
/* 1 when the event was for the fake. Callbacks that it causes are queued, not run. */
int idfEvent(const char *type, const Json *event);
/* World time in µs at which idfRunOne has something to do; INT64_MAX for never. */
int64_t idfNextDue(void);
/* Runs one callback that is due: of the Wi-Fi task, of the event loop or of a timer. 0 when none is. */
int idfRunOne(int64_t now);
/* The chip goes down: says what RTC memory holds (unless the power is cut) and releases everything. */
void idfShutdown(void);

#endif
