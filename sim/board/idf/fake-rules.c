/*
	Which rules are switched off.
*/
#include <stdlib.h>
#include <string.h>

#include "rules.h"

#define OFF_BYTES 256

/* ",rule,rule," */
static char gOff[OFF_BYTES];

void ruleBreak(const char *rule)
{
	size_t length = strlen(gOff), more = strlen(rule) + 2;
	if (length + more >= sizeof(gOff))
		abort();
	if (!length)
		gOff[length++] = ',';
	memcpy(gOff + length, rule, more - 2);
	memcpy(gOff + length + more - 2, ",", 2);
}

static void readEnvironment(void)
{
	static bool read;
	if (read)
		return;
	read = true;
	const char *off = getenv("FAKE_BREAK");
	if (off && *off)
		ruleBreak(off);
}

bool ruleHolds(const char *rule)
{
	readEnvironment();
	if (!gOff[0])
		return true;
	size_t length = strlen(rule);
	for (const char *at = gOff; (at = strstr(at, rule)); at++)
		if (at[-1] == ',' && at[length] == ',')
			return false;
	return true;
}
