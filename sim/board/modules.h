/*
	modules.c: finding and loading the app's ES modules.
*/
#ifndef BOARD_MODULES_H
#define BOARD_MODULES_H

#include <stdbool.h>
#include <stddef.h>

#include "xsAll.h"

/* Longest specifier, with its NUL. */
#define SPECIFIER_MAX 256
/* The manifests' config, which has no file. */
#define MODULE_CONFIG "mc/config"

/* Resolves `name` as `importer` (NULL: the host) means it, into `specifier`. False when it cannot be resolved. */
bool moduleResolve(const char *importer, const char *name, char *specifier);
/* Path of a module of the app, NULL for an unknown one. */
const char *modulePath(const char *specifier);
/* Also true for mc/config, which has no file. */
bool moduleIsKnown(const char *specifier);

/*
	Imports a module from the host, inside of xsBeginHost: `done` is called with its namespace, now or in a promise job. What
	goes wrong ends the board as an unhandled exception.
*/
void moduleImport(txMachine *the, const char *specifier, txCallback done);
/* Compiles a known module; throws what is wrong with it. */
txScript *moduleParse(txMachine *the, const char *specifier);

#endif
