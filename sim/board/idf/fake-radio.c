/*
	The one radio: where the device lives (home channel) and where the radio stands now, which channels the country
	allows. HOME_CHANNEL_CHANGE is posted when home changes, and only then; scans never change it.
*/
#include <string.h>

#include "internal.h"
#include "rules.h"

#define WORLD_LAST 11

static char gCountry[4] = "01";
static uint8_t gLastChannel = WORLD_LAST;
static bool gAway;

typedef struct {
	bool on, station, accessPoint, sleepy;
	uint8_t channel, home;
	wifi_mode_t mode;
} Report;
static Report gReported;

/* Joined it sleeps between the router's beacons, idle only where the driver was told that it may; never with an access point. */
static bool sleeps(void)
{
	if (gWiFi.ps == WIFI_PS_NONE && ruleHolds("sleep-not-without-ps"))
		return false;
	if (gWiFi.accessPointUp && ruleHolds("sleep-not-with-ap"))
		return false;
	if (gWiFi.station == STATION_CONNECTED)
		return gWiFi.stationUp && ruleHolds("sleep-joined");
	bool may = gWiFi.idlePm || !ruleHolds("sleep-idle-switch");
	return gWiFi.stationUp && gWiFi.station == STATION_IDLE && may && ruleHolds("sleep-idle");
}

void radioReport(void)
{
	Report now;
	memset(&now, 0, sizeof(now));
	now.on = gWiFi.started && gWiFi.mode != WIFI_MODE_NULL;
	if (now.on) {
		now.channel = gWiFi.current;
		now.home = gWiFi.home;
		now.mode = gWiFi.mode;
		now.station = gWiFi.stationUp;
		now.accessPoint = gWiFi.accessPointUp;
		now.sleepy = sleeps();
	}
	if (!memcmp(&now, &gReported, sizeof(now)))
		return;
	gReported = now;
	effectBegin("radio");
	effectBool("on", now.on);
	effectInt("channel", now.channel);
	effectInt("home", now.home);
	effectInt("mode", now.mode);
	effectBool("sta", now.station);
	effectBool("ap", now.accessPoint);
	effectBool("sleepy", now.sleepy);
	effectEnd();
}

void radioAway(uint8_t channel)
{
	if (channel && !ruleHolds("radio-scan-keeps-home"))
		radioSetHome(channel);
	gAway = channel != 0 && channel != gWiFi.home;
	gWiFi.current = channel ? channel : gWiFi.home;
	radioReport();
}

void radioSetHome(uint8_t channel)
{
	uint8_t before = gWiFi.home;
	if (before == channel && (!channel || ruleHolds("radio-event-only-changed")))
		return;
	gWiFi.home = channel;
	if (!gAway || gWiFi.current == channel) {
		gAway = false;
		gWiFi.current = channel;
	}
	radioReport();
	if (!channel)
		return;
	wifi_event_home_channel_change_t change = {.old_chan = before, .new_chan = channel};
	if (ruleHolds("radio-event"))
		eventPost(WIFI_EVENT, WIFI_EVENT_HOME_CHANNEL_CHANGE, &change, sizeof(change));
	if (before) {
		logBegin("channel");
		effectInt("from", before);
		effectInt("to", channel);
		effectEnd();
	}
	if (gWiFi.accessPointUp && ruleHolds("ap-follows-home"))
		accessPointMoved();
}

/* Country --------------------------------------------------------------------------------------------------------- */

/* Last channel of the 2.4 GHz band per regulatory domain (esp_wifi_regulatory.txt); 14 is not for us (802.11b only). */
static uint8_t lastChannelOf(const char *code)
{
	static const char eleven[] = "01 US CA";
	static const char thirteen[] =
		"EU MX BR AU NZ JP KR CN HK TW IN CH LI IS NO GB AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK";
	char wanted[3] = {code[0], code[0] ? code[1] : 0, 0};
	if (!ruleHolds("country-codes"))
		return 13;
	if (strlen(wanted) != 2 || strchr(wanted, ' '))
		return 0;
	for (const char *list = eleven; (list = strstr(list, wanted)); list++)
		if ((list - eleven) % 3 == 0)
			return 11;
	for (const char *list = thirteen; (list = strstr(list, wanted)); list++)
		if ((list - thirteen) % 3 == 0)
			return ruleHolds("country-thirteen") ? 13 : 11;
	return 0;
}

bool channelAllowed(uint8_t channel)
{
	return channel >= 1 && (channel <= gLastChannel || !ruleHolds("country-eleven"));
}

int channelsToScan(uint8_t channels[14], bool passive[14])
{
	/* The world-wide domain may listen on 12 to 14, not call. */
	int count = strncmp(gCountry, "01", 2) && ruleHolds("country-scan") ? gLastChannel : 14;
	for (int i = 0; i < count; i++) {
		channels[i] = (uint8_t)(i + 1);
		passive[i] = i >= gLastChannel && ruleHolds("country-passive");
	}
	return count;
}

esp_err_t esp_wifi_set_country_code(const char *country, bool ieee80211d_enabled)
{
	(void)ieee80211d_enabled;
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	uint8_t last = country ? lastChannelOf(country) : 0;
	if (!last)
		return ESP_ERR_INVALID_ARG;
	memcpy(gCountry, country, 2);
	gCountry[2] = 0;
	gLastChannel = last;
	return ESP_OK;
}

esp_err_t esp_wifi_get_country_code(char *country)
{
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	if (wifiMissing(country))
		return ESP_ERR_INVALID_ARG;
	memcpy(country, gCountry, 3);
	return ESP_OK;
}

/* Channel --------------------------------------------------------------------------------------------------------- */

/* A pair of 40 MHz needs its second half inside the band. */
bool channelPair(uint8_t primary, int second)
{
	return primary >= 1 && primary <= 13 && second >= 0 && second <= WIFI_SECOND_CHAN_BELOW && !(second == WIFI_SECOND_CHAN_ABOVE && primary > 9) &&
		!(second == WIFI_SECOND_CHAN_BELOW && primary < 5);
}

esp_err_t esp_wifi_set_channel(uint8_t primary, wifi_second_chan_t second)
{
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	if (wifiNotStarted())
		return ESP_ERR_WIFI_NOT_STARTED;
	if (!channelPair(primary, second) && ruleHolds("channel-pair"))
		return ESP_ERR_INVALID_ARG;
	bool bound = modeHas(gWiFi.mode, WIFI_IF_AP) || !ruleHolds("channel-station-free");
	if (bound && !channelAllowed(primary) && ruleHolds("channel-country"))
		return ESP_ERR_INVALID_ARG;
	if ((gWiFi.station == STATION_CONNECTED && ruleHolds("channel-joined")) || (gWiFi.station == STATION_CONNECTING && ruleHolds("channel-connecting")) ||
		(scanRunning() && ruleHolds("channel-scanning")) || (accessPointClients() && ruleHolds("channel-client")))
		return ESP_FAIL;
	radioSetHome(primary);
	return ESP_OK;
}

esp_err_t esp_wifi_get_channel(uint8_t *primary, wifi_second_chan_t *second)
{
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	if (wifiMissing(primary) || wifiMissing(second))
		return ESP_ERR_INVALID_ARG;
	*primary = ruleHolds("channel-current") ? gWiFi.current : gWiFi.home;
	*second = WIFI_SECOND_CHAN_NONE;
	return ESP_OK;
}
