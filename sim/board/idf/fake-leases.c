/*
	What the access point's DHCP server remembers of its clients. A new one gets the address behind the last one's; when
	more than 8 are remembered, the one that was not seen for longest is forgotten (the real server does so once a minute).
*/
#include <string.h>

#include "internal.h"
#include "rules.h"

#define REMEMBERED 8 /* CONFIG_LWIP_DHCPS_MAX_STATION_NUM */
#define ADDRESSES 100 /* DHCPS_MAX_LEASE of dhcpserver.c */
#define PLACES (REMEMBERED + 4) /* some more, for when the limit is switched off */

typedef struct {
	uint8_t mac[MAC_BYTES];
	int number; /* from 1 on, 0 for none */
	uint64_t seen;
} Lease;

static Lease gLeases[PLACES];
static int gLast;
static uint64_t gSeen;

static bool taken(int number)
{
	for (int i = 0; i < PLACES; i++)
		if (gLeases[i].number == number)
			return true;
	return false;
}

static Lease *placeFor(const uint8_t *mac)
{
	Lease *oldest = NULL, *empty = NULL;
	int count = 0;
	for (int i = 0; i < PLACES; i++) {
		Lease *lease = &gLeases[i];
		if (!lease->number) {
			empty = empty ? empty : lease;
			continue;
		}
		if (!memcmp(lease->mac, mac, MAC_BYTES) && ruleHolds("ap-lease-kept"))
			return lease;
		count++;
		if (!oldest || lease->seen < oldest->seen)
			oldest = lease;
	}
	Lease *lease = !empty || (count >= REMEMBERED && ruleHolds("dhcps-leases")) ? oldest : empty;
	do
		gLast = gLast % ADDRESSES + 1;
	while (taken(gLast));
	memcpy(lease->mac, mac, MAC_BYTES);
	lease->number = gLast;
	return lease;
}

int leaseFor(const uint8_t *mac)
{
	Lease *lease = placeFor(mac);
	lease->seen = ++gSeen;
	return lease->number;
}

void leasesForget(void)
{
	if (!ruleHolds("dhcps-stop-forgets"))
		return;
	memset(gLeases, 0, sizeof(gLeases));
	gLast = 0;
}
