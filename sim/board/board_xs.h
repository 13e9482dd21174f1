/*
	Platform header of the XS engine in a board program (XSPLATFORM): what the engine takes from the C library, with
	everything that would let the desk show through (time, random numbers, standard output) led to the board.
*/
#ifndef BOARD_XS_H
#define BOARD_XS_H

#undef mxLittleEndian
#define mxLittleEndian 1
#undef mxLinux
#define mxLinux 1

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include <pthread.h>
#include <unistd.h>

#define mxExport extern
#define mxImport extern

typedef int txSocket;
#define mxNoSocket (-1)

/* One board, one machine (and, with preload, its root): what belongs to it is in the board's own statics. */
#define mxMachinePlatform \
	txSocket connection; \
	uint8_t *heap_ptr; \
	uint8_t *heap_pend; \
	void *waiterCondition; \
	void *waiterData; \
	void *waiterLink;

#define mxUseGCCAtomics 1
#define mxUsePOSIXThreads 1

/* fxBuildKeys is the engine's, renamed by the makefile: machine.c adds the natives' names after it. */
#define mxUseDefaultBuildKeys 1
#define mxUseDefaultParseScript 1
#define mxUseDefaultSharedChunks 1

/* Standard output is the protocol with the world: the engine's own reports go to standard error. */
int boardPrint(const char *format, ...) __attribute__((format(printf, 1, 2)));
int boardPrintList(const char *format, va_list list);
#define c_printf boardPrint
#define c_vprintf boardPrintList

/* Date and Math.random() follow the board's virtual clock and its seed. */
int boardGetTimeOfDay(struct timeval *now, void *zone);
int boardRandom(void);
typedef struct timeval c_timeval;
#define c_timezone timezone
#define c_gettimeofday boardGetTimeOfDay
#define c_rand boardRandom

#endif
