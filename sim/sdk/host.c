/*
	Runs a host build of the firmware (mc.so, as mcconfig makes it for `lin`) without a window: what the SDK's simulator
	does around the script, less the screen. Ends with 0 on SIGTERM and SIGINT, with 3 when the script ended itself.
*/

#define _GNU_SOURCE /* accept4 */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <glib.h>
#include <glib-unix.h>

#include "screen.h"

/* The script of a program without a screen draws nothing, but it may ask for the size. */
#define kWidth 240
#define kHeight 240
#define kScriptEnded 3
/* In ms, as lin/modSocket.c has it. */
#define kMessageDelay 1

static GMainLoop *gLoop;
static int gResult;
static guint gIdle;

static void screenAbort(txScreen *screen, int status)
{
	fprintf(stderr, "host: the script ended, status %d\n", status);
	gResult = kScriptEnded;
	g_main_loop_quit(gLoop);
	(void)screen;
}

static void screenNothing(txScreen *screen)
{
	(void)screen;
}

static gboolean idle(gpointer data)
{
	txScreen *screen = data;
	if (screen->idle)
		(*screen->idle)(screen);
	return G_SOURCE_CONTINUE;
}

static void screenStart(txScreen *screen, double interval)
{
	if (!gIdle)
		gIdle = g_timeout_add((guint)interval, idle, screen);
}

static void screenStop(txScreen *screen)
{
	if (gIdle)
		g_source_remove(gIdle);
	gIdle = 0;
	(void)screen;
}

typedef struct {
	txScreen *screen;
	int size;
	char bytes[];
} Message;

static gboolean invoke(gpointer data)
{
	Message *message = data;
	if (message->screen->invoke)
		(*message->screen->invoke)(message->screen, message->bytes, message->size);
	g_free(message);
	return G_SOURCE_REMOVE;
}

static void screenPost(txScreen *screen, char *buffer, int size)
{
	size_t length = size ? (size_t)size : strlen(buffer) + 1;
	Message *message = g_malloc(sizeof(Message) + length);
	message->screen = screen;
	message->size = size;
	memcpy(message->bytes, buffer, length);
	g_idle_add(invoke, message);
}

static gboolean terminate(gpointer data)
{
	(void)data;
	g_main_loop_quit(gLoop);
	return G_SOURCE_REMOVE;
}

/*
	These two take the place of the libraries' for the program. The SDK's socket on Linux (lin/modSocket.c) looks for data every 20 ms
	and posts a message for what it finds. After a busy moment it looks before the message of the time before is read: two are on
	their way then for one piece of data, and the second one stops the whole board in recv, or meets a socket that was freed. So messages
	come first, and nothing blocks.
*/
int accept(int listener, struct sockaddr *address, socklen_t *length)
{
	return accept4(listener, address, length, SOCK_NONBLOCK);
}

guint g_timeout_add(guint interval, GSourceFunc function, gpointer data)
{
	gint priority = (interval == kMessageDelay) ? G_PRIORITY_DEFAULT - 1 : G_PRIORITY_DEFAULT;
	return g_timeout_add_full(priority, interval, function, data, NULL);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s mc.so\n", argv[0]);
		return 2;
	}
	void *library = dlopen(argv[1], RTLD_NOW);
	txScreenLaunchProc launch = library ? (txScreenLaunchProc)dlsym(library, "fxScreenLaunch") : NULL;
	if (!launch) {
		fprintf(stderr, "host: %s\n", dlerror());
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	txScreen *screen = calloc(1, sizeof(txScreen) + kWidth * kHeight * screenBytesPerPixel);
	if (!screen)
		return 2;
	screen->abort = screenAbort;
	screen->bufferChanged = screenNothing;
	screen->formatChanged = screenNothing;
	screen->post = screenPost;
	screen->start = screenStart;
	screen->stop = screenStop;
	screen->width = kWidth;
	screen->height = kHeight;
	mxCreateMutex(&screen->workersMutex);
	gLoop = g_main_loop_new(NULL, FALSE);
	g_unix_signal_add(SIGTERM, terminate, NULL);
	g_unix_signal_add(SIGINT, terminate, NULL);
	(*launch)(screen);
	if (!gResult)
		g_main_loop_run(gLoop);
	if (screen->quit && !gResult)
		(*screen->quit)(screen);
	mxDeleteMutex(&screen->workersMutex);
	free(screen);
	return gResult;
}
