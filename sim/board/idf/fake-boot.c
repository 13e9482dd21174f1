/*
	Where boot and events go.
*/
#include <string.h>

#include "internal.h"

static const struct {
	const char *type;
	void (*handle)(const Json *event);
} gEvents[] = {
	{"rx", onReceived},
	{"tx-done", onTxDone},
	{"beacon", onBeacon},
	{"join-result", onJoinResult},
	{"dhcp", onDhcp},
	{"audible", onAudible},
	{"csa", onChannelSwitch},
	{"kicked", onKicked},
	{"client-auth", onClientAuth},
	{"client-leave", onClientLeave},
	{"pin", onPin},
	{"fault", onFault},
};

void idfBoot(const Json *boot)
{
	systemBoot(boot);
	nvsBoot(jsonGet(boot, "nvs"));
	gpioBoot(jsonGet(boot, "pins"));
}

int idfEvent(const char *type, const Json *event)
{
	for (size_t i = 0; i < sizeof(gEvents) / sizeof(gEvents[0]); i++) {
		if (!strcmp(gEvents[i].type, type)) {
			(*gEvents[i].handle)(event);
			return 1;
		}
	}
	return 0;
}
