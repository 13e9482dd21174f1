/*
	The board program's internal interfaces: what the host (sim/board), the fake ESP-IDF (sim/board/idf) and the stand-ins'
	natives owe each other. Everything runs on one thread, one event at a time.
*/
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

/* Clock ---------------------------------------------------------------------------------------------------------- */

/* World time in µs: the present event's, plus what this event has spent in Timer.delay(). Never goes back. */
int64_t boardTimeUs(void);
/* World time of this board's boot event in µs. */
int64_t boardBootUs(void);
/* Lets the board's clock run ahead within the present event (a blocking delay). */
void boardSpend(int64_t us);
/* Counts of the engine's meter that the present event has taken so far. */
uint32_t boardMeter(void);
/* Work that the engine does not count by itself. */
void boardWorked(unsigned long counts);
/* The seed of the boot event; every generator of the board is derived from it. */
uint32_t boardSeed(void);

/* Life ----------------------------------------------------------------------------------------------------------- */

/*
	Ends this board after the present answer: effect restart {reason, words}. Does not return (longjmp to the host loop,
	so nothing that needs a release may be held in the caller's C frame).
*/
void boardRestart(const char *reason, const char *words) __attribute__((noreturn));
/* A script that never ends: no other runs any more, callbacks of the IDF do. */
void boardFreeze(const char *why) __attribute__((noreturn));

/* Effects: one at a time, they nest not. effectBegin("tx"); effectInt("id", 1); effectEnd(); -------------------- */

void effectBegin(const char *name);
void effectInt(const char *key, int64_t value);
void effectBool(const char *key, int value);
void effectString(const char *key, const char *value);
void effectStringN(const char *key, const char *value, size_t length);
void effectHex(const char *key, const void *bytes, size_t count);
void effectEnd(void);

/* Events --------------------------------------------------------------------------------------------------------- */

typedef struct Json Json;

/* Member `key` of an object, or NULL. */
const Json *jsonGet(const Json *object, const char *key);
const char *jsonString(const Json *object, const char *key, const char *fallback);
int64_t jsonInt(const Json *object, const char *key, int64_t fallback);
int jsonBool(const Json *object, const char *key, int fallback);
/* Decodes a member of hex digits; at most max bytes are written. Returns the number of bytes that the text holds, 0 when it is no hex text. */
size_t jsonHex(const Json *object, const char *key, uint8_t *out, size_t max);
/* The same for a value instead of a member, for items of arrays. */
size_t jsonHexValue(const Json *value, uint8_t *out, size_t max);
/* Iteration over an array or object: for (item = jsonFirst(list); item; item = jsonNext(item)) */
const Json *jsonFirst(const Json *container);
const Json *jsonNext(const Json *item);
/* Name of an object's member ("" in an array), and the value itself. */
const char *jsonKey(const Json *item);
const char *jsonText(const Json *item, const char *fallback);
int64_t jsonNumber(const Json *item, int64_t fallback);
int jsonIsNull(const Json *item);

#endif
