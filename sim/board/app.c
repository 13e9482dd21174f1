/*
	app.json: which modules, resources, configuration and machine this board runs.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

/* Of a debug build whose manifests say nothing (xsHost.c of the SDK). */
#define QUEUE_LENGTH 10
#define QUEUE_WAIT_MS 20

App gApp;

char *fileRead(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		return NULL;
	char *text = NULL;
	if (!fseek(file, 0, SEEK_END)) {
		long length = ftell(file);
		rewind(file);
		text = length < 0 ? NULL : malloc((size_t)length + 1);
		if (text) {
			*size = fread(text, 1, (size_t)length, file);
			text[*size] = 0;
		}
	}
	fclose(file);
	return text;
}

void appLoad(const char *path)
{
	size_t size = 0;
	char *text = fileRead(path, &size);
	if (!text) {
		fprintf(stderr, "board: cannot read %s\n", path);
		exit(2);
	}
	char *copy = malloc(size + 1);
	if (!copy)
		abort();
	memcpy(copy, text, size + 1);
	gApp.root = jsonParse(copy, size);
	if (!gApp.root) {
		fprintf(stderr, "board: %s is not JSON\n", path);
		exit(2);
	}
	gApp.text = text;
	gApp.modules = jsonGet(gApp.root, "modules");
	gApp.resources = jsonGet(gApp.root, "resources");
	gApp.creation = jsonGet(gApp.root, "creation");
	gApp.preload = jsonGet(gApp.root, "preload");
	const Json *task = jsonGet(jsonGet(gApp.root, "defines"), "task");
	gApp.queueLength = (int)jsonInt(task, "queueLength", QUEUE_LENGTH);
	gApp.queueWaitMs = (int)jsonInt(task, "queueWait", QUEUE_WAIT_MS);
	gApp.main = jsonString(gApp.root, "main", "main");
}
