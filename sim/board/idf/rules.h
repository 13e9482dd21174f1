/*
	The rules that the fake keeps, each under a name of its own: the table in ../README.md says what they are and where they come from.
	FAKE_BREAK=<rule>[,<rule>] in the environment switches rules off, so that their tests can be seen to fail.
*/
#ifndef IDF_RULES_H
#define IDF_RULES_H

#include "internal.h"

bool ruleHolds(const char *rule);
/* For tests of what only shows when another rule is off. */
void ruleBreak(const char *rule);

/* Checks that many calls have in common. */
static inline bool wifiNotInit(void)
{
	return !gWiFi.init && ruleHolds("wifi-not-init");
}

static inline bool wifiNotStarted(void)
{
	return !gWiFi.started && ruleHolds("wifi-not-started");
}

static inline bool wifiMissing(const void *argument)
{
	return !argument && ruleHolds("wifi-null");
}

#endif
