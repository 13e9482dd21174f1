/*
	Faces between the host's own files, not for the fake IDF.
*/
#ifndef BOARD_HOST_H
#define BOARD_HOST_H

#include <setjmp.h>
#include <stdbool.h>

#include "board.h"

struct sxMachine;

/* json.c: parses `text` (kept by the result, changed in place). NULL on a syntax error. */
Json *jsonParse(char *text, size_t length);
void jsonFree(Json *root);
/* Where a value stood in the text that was parsed. */
void jsonSpan(const Json *value, size_t *begin, size_t *end);

/* effects.c: takes and empties what the present event has collected: "{...},{...}" */
const char *effectsTake(size_t *length);

/* app.c: the program to run */
typedef struct {
	const Json *root;
	const char *text;
	const Json *modules;
	const Json *resources;
	const Json *creation;
	const Json *preload;
	const char *main;
	int queueLength; /* defines.task.queueLength */
	int queueWaitMs; /* defines.task.queueWait */
	bool chip; /* the machine is like the device's, not a plain one */
} App;
extern App gApp;
void appLoad(const char *path);
/* Reads a whole file; NULL when there is none. The result is free()d by the caller and has a NUL after its end. */
char *fileRead(const char *path, size_t *size);

/* host.c */
extern struct sxMachine *gMachine;
extern jmp_buf gHostJump;
/* One event, and all that it causes. */
void hostEvent(const Json *event);
/* Nothing of the machine may run any more: it has restarted, or stands still. */
bool hostEnded(void);
/* World time of what is due next in µs, INT64_MAX for nothing. */
int64_t hostNextDue(void);

/* machine.c */
/* Size of the tables of names: the same in every machine. */
#define MACHINE_NAME_MODULO 1993
#define MACHINE_SYMBOL_MODULO 127
void machineCreate(void);
void machineDelete(void);
void machineStartMain(void);
/* Calls the export `snapshot` of main and makes it an effect. */
void machineSnapshot(void);
void machineCollect(void);
/* Looks for rejected promises that nobody handles: they end the board. */
void machineCheckRejections(void);
/* Whether a debugger is there from now on. */
void machineAttach(bool attached);
/* Gives the next callback a full budget of computation. */
void machineRefuel(void);
typedef struct {
	uint32_t meter;
	long slots;
	long peakSlots;
	long chunks;
	long peakChunks;
	long peakStack;
} MachineFigures;
/* Figures of the present event; starts the next one's. */
MachineFigures machineFigures(void);

/* template.c: starts and ends copies of this process as stdin says. Returns in each copy; the template itself exits at the end of its input. */
void templateServe(void);

/* flash.c: prints a line "<specifier> <bytes of byte code>" for each module of the app. */
void flashListCode(void);

/* globals.c: trace, native, Native */
void globalsDefine(struct sxMachine *the);
/* Makes a function for each native, which throws until the natives are linked: flash is made without them. */
void globalsMakeNatives(struct sxMachine *the);
void globalsLinkNatives(void);
void traceFlush(void);

/* messages.c */
bool messagesPending(void);
bool messagesFull(void);
/* Delivers what waited on entry; returns how many. */
int messagesService(void);
/* Whose posts they are from now on. A full queue refuses another task's; the XS task would wait for itself. */
typedef enum { POSTER_SCRIPT, POSTER_SOCKETS, POSTER_DRIVER } Poster;
void messagesFrom(Poster poster);
uint32_t messagesRefused(void);
void messagesDrop(void);

/* faults.c */
/* Plants a fault of the host's own; false for any other. */
bool faultEvent(const Json *event);
/* Whether a post has to be refused although there is room. */
bool faultRefusesPost(Poster poster);
/* Whether the engine's post for its promise jobs is refused; it does not try again. */
bool faultStopsPromises(void);
/* A callback for the driver's message is about to run. */
void faultBeforeCallback(void);

/* timers.c: due at most once each; returns how many ran. */
int timersExecute(void);
/* World time of the next one in µs, INT64_MAX for none. */
int64_t timersNext(void);

/* socket.c: events tcp-*; returns false for any other. */
bool socketEvent(const char *type, const Json *event);

/* gen/nativeTable.c, written by genids.mjs */
typedef struct {
	const char *name;
	void (*function)(struct sxMachine *);
	void (*destructor)(void *);
} NativeEntry;
extern const NativeEntry gNatives[];
extern const int gNativeCount;
/* Names of mc.xs.h beyond the engine's own, in the order of their ids. */
extern const char *const gExtraNames[];
extern const int gExtraNameCount;

#endif
