/*
	The station: idle, connecting (scan, then join), connected; and the ways in which it loses its router.
*/
#include <string.h>

#include "internal.h"
#include "rules.h"

#define JOIN_TIMEOUT_MS 6000 /* of a router that is heard, but answers nothing; longer than a failing handshake */
#define INACTIVE_MS 6000 /* esp_wifi_set_inactive_time: default of the station */
#define PROBES_MS 500 /* five probes before the link is given up */

#define CANDIDATES 32 /* as many as a scan keeps */

/* Access points that suit, in the order in which they are tried. */
static Beacon gCandidates[CANDIDATES];
static int gCandidateCount;
static int gCandidate;
static int gTries; /* of this one */
static Beacon gTarget;
static bool gJoining;
static bool gAudible;
static bool gTold; /* STA_BEACON_TIMEOUT is out, probing */

static void joinRing(Alarm *alarm);
static void silenceRing(Alarm *alarm);
static Alarm gJoinAlarm = {.ring = joinRing};
static Alarm gSilenceAlarm = {.ring = silenceRing};

/* The link, or the attempt at one, is over. */
static void lose(int reason, bool leave)
{
	wifi_event_sta_disconnected_t event = {.reason = (uint8_t)reason, .rssi = (int8_t)gWiFi.rssi};
	event.ssid_len = (uint8_t)strnlen((const char *)gWiFi.sta.ssid, sizeof(gWiFi.sta.ssid));
	memcpy(event.ssid, gWiFi.sta.ssid, event.ssid_len);
	memcpy(event.bssid, gWiFi.bssid, MAC_BYTES);
	alarmClear(&gJoinAlarm);
	alarmClear(&gSilenceAlarm);
	gJoining = false;
	gWiFi.station = STATION_IDLE;
	gWiFi.rssi = 0;
	if (leave) {
		effectBegin("leave");
		effectEnd();
	}
	radioAway(0);
	logBegin("station-lost");
	effectInt("reason", reason);
	effectEnd();
	radioReport();
	eventPost(WIFI_EVENT, WIFI_EVENT_STA_DISCONNECTED, &event, sizeof(event));
	if (!ruleHolds("lost-stays-lost"))
		esp_wifi_connect();
}

/* Connecting ------------------------------------------------------------------------------------------------------ */

static void join(const Beacon *beacon);

/* The same access point again, as often as was asked for, then the next one. Only the last failure is told. */
static void refused(int reason, bool leave)
{
	bool all = gWiFi.sta.scan_method == WIFI_ALL_CHANNEL_SCAN;
	if (gTries < gWiFi.sta.failure_retry_cnt && all && ruleHolds("connect-retries"))
		gTries++;
	else {
		gTries = 0;
		gCandidate++;
	}
	if (gCandidate >= gCandidateCount || !ruleHolds("connect-next")) {
		lose(reason, leave);
		return;
	}
	if (leave) {
		effectBegin("leave");
		effectEnd();
	}
	join(&gCandidates[gCandidate]);
}

static void joinRing(Alarm *alarm)
{
	(void)alarm;
	refused(WIFI_REASON_AUTH_EXPIRE, true);
}

static void join(const Beacon *beacon)
{
	char bssid[13];
	gTarget = *beacon;
	gJoining = true;
	memcpy(gWiFi.bssid, beacon->bssid, MAC_BYTES);
	gWiFi.rssi = beacon->rssi;
	radioAway(beacon->channel);
	macText(beacon->bssid, bssid);
	effectBegin("join");
	effectString("ssid", beacon->ssid);
	effectStringN("password", (const char *)gWiFi.sta.password, strnlen((const char *)gWiFi.sta.password, sizeof(gWiFi.sta.password)));
	effectString("bssid", bssid);
	effectInt("channel", beacon->channel);
	effectEnd();
	alarmSet(&gJoinAlarm, boardTimeUs() + JOIN_TIMEOUT_MS * MS);
}

/* Why an access point of the wanted name does not suit, 0 when it does. */
static int unsuited(const Beacon *beacon)
{
	const wifi_sta_config_t *sta = &gWiFi.sta;
	bool secured = strnlen((const char *)sta->password, sizeof(sta->password)) >= 8;
	/* A password raises the threshold to WPA2; without one a secured network cannot be joined. */
	wifi_auth_mode_t weakest = sta->threshold.authmode != WIFI_AUTH_OPEN ? sta->threshold.authmode : secured ? WIFI_AUTH_WPA2_PSK : WIFI_AUTH_OPEN;
	if (beacon->auth < weakest && ruleHolds("connect-threshold"))
		return WIFI_REASON_NO_AP_FOUND_IN_AUTHMODE_THRESHOLD;
	if (sta->threshold.rssi < 0 && beacon->rssi < sta->threshold.rssi && ruleHolds("connect-weak"))
		return WIFI_REASON_NO_AP_FOUND_IN_RSSI_THRESHOLD;
	if (!secured && beacon->auth != WIFI_AUTH_OPEN && ruleHolds("connect-security"))
		return WIFI_REASON_NO_AP_FOUND_W_COMPATIBLE_SECURITY;
	if (sta->pmf_cfg.required && beacon->auth < WIFI_AUTH_WPA3_PSK && ruleHolds("connect-pmf"))
		return WIFI_REASON_NO_AP_FOUND_W_COMPATIBLE_SECURITY;
	/* Both are bits of BOTH; where nothing is said it is the older way. */
	unsigned ours = sta->sae_pwe_h2e == WPA3_SAE_PWE_UNSPECIFIED ? WPA3_SAE_PWE_HUNT_AND_PECK : sta->sae_pwe_h2e;
	if (beacon->auth == WIFI_AUTH_WPA3_PSK && !(ours & beacon->pwe) && ruleHolds("connect-sae-pwe"))
		return WIFI_REASON_NO_AP_FOUND_W_COMPATIBLE_SECURITY;
	return 0;
}

/* Stable: those that are equal stay by strength. */
static void sortBySecurity(Beacon *beacons, int count)
{
	for (int i = 1; i < count; i++)
		for (int j = i; j > 0 && beacons[j - 1].auth < beacons[j].auth; j--) {
			Beacon swapped = beacons[j];
			beacons[j] = beacons[j - 1];
			beacons[j - 1] = swapped;
		}
}

/* The beacons are sorted, the strongest first. */
static void scanned(const Beacon *beacons, int count)
{
	bool all = gWiFi.sta.scan_method == WIFI_ALL_CHANNEL_SCAN;
	int reason = WIFI_REASON_NO_AP_FOUND;
	gCandidateCount = gCandidate = gTries = 0;
	for (int i = 0; i < count; i++) {
		if (gWiFi.sta.bssid_set && memcmp(gWiFi.sta.bssid, beacons[i].bssid, MAC_BYTES) && ruleHolds("connect-bssid"))
			continue;
		int why = unsuited(&beacons[i]);
		if (why)
			reason = why;
		else if (gCandidateCount < (all ? CANDIDATES : 1))
			gCandidates[gCandidateCount++] = beacons[i];
	}
	if (!gCandidateCount) {
		lose(ruleHolds("connect-absent") ? reason : WIFI_REASON_CONNECTION_FAIL, false);
		return;
	}
	if (all && gWiFi.sta.sort_method == WIFI_CONNECT_AP_BY_SECURITY && ruleHolds("connect-sort"))
		sortBySecurity(gCandidates, gCandidateCount);
	join(&gCandidates[0]);
}

esp_err_t esp_wifi_connect(void)
{
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	if (wifiNotStarted())
		return ESP_ERR_WIFI_NOT_STARTED;
	if (!modeHas(gWiFi.mode, WIFI_IF_STA) && ruleHolds("connect-mode"))
		return ESP_ERR_WIFI_MODE;
	if (!gWiFi.stationUp || (gWiFi.station == STATION_CONNECTING && ruleHolds("connect-once")))
		return ESP_ERR_WIFI_CONN;
	if (gWiFi.station == STATION_CONNECTED && ruleHolds("connect-joined"))
		return ESP_OK;
	if (!gWiFi.sta.ssid[0] && ruleHolds("connect-name"))
		return ESP_ERR_WIFI_SSID;
	char ssid[33] = "";
	memcpy(ssid, gWiFi.sta.ssid, sizeof(gWiFi.sta.ssid));
	scanAbort(true);
	gWiFi.station = STATION_CONNECTING;
	gWiFi.rssi = 0;
	memset(gWiFi.bssid, 0, MAC_BYTES);
	scanForConnect(ssid, gWiFi.sta.channel, gWiFi.sta.scan_method == WIFI_FAST_SCAN && ruleHolds("connect-fast-scan"), scanned);
	return ESP_OK;
}

void onJoinResult(const Json *event)
{
	if (!gJoining)
		return;
	if (!jsonBool(event, "ok", 0)) {
		refused(ruleHolds("connect-refused") ? (int)jsonInt(event, "reason", WIFI_REASON_CONNECTION_FAIL) : WIFI_REASON_CONNECTION_FAIL, false);
		return;
	}
	alarmClear(&gJoinAlarm);
	gJoining = false;
	gAudible = true;
	gTold = false;
	gWiFi.station = STATION_CONNECTED;
	gWiFi.auth = gTarget.auth;
	gWiFi.rssi = (int)jsonInt(event, "rssi", gTarget.rssi);
	macParse(jsonString(event, "bssid", ""), gWiFi.bssid);
	uint8_t channel = (uint8_t)jsonInt(event, "channel", gTarget.channel);
	/* One radio: the router's channel is the device's from now on, and its access point's. */
	if (ruleHolds("connect-home"))
		radioSetHome(channel);
	radioAway(0);
	radioReport();
	logBegin("station-joined");
	effectInt("channel", channel);
	effectEnd();
	espnowJoined(channel);
	wifi_event_sta_connected_t connected = {.channel = channel, .authmode = gTarget.auth, .aid = 1};
	connected.ssid_len = (uint8_t)strlen(gTarget.ssid);
	memcpy(connected.ssid, gTarget.ssid, connected.ssid_len);
	memcpy(connected.bssid, gWiFi.bssid, MAC_BYTES);
	eventPost(WIFI_EVENT, WIFI_EVENT_STA_CONNECTED, &connected, sizeof(connected));
}

esp_err_t esp_wifi_disconnect(void)
{
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	if (wifiNotStarted())
		return ESP_ERR_WIFI_NOT_STARTED;
	if (!modeHas(gWiFi.mode, WIFI_IF_STA) && ruleHolds("disconnect-mode"))
		return ESP_FAIL;
	if (gWiFi.station == STATION_IDLE && ruleHolds("disconnect-idle"))
		return ESP_OK;
	if (gWiFi.station == STATION_CONNECTING)
		scanAbort(false);
	lose(ruleHolds("disconnect-reason") ? WIFI_REASON_ASSOC_LEAVE : WIFI_REASON_AUTH_LEAVE, gWiFi.station == STATION_CONNECTED || gJoining);
	return ESP_OK;
}

/* Losing ---------------------------------------------------------------------------------------------------------- */

static void silenceRing(Alarm *alarm)
{
	if (gTold) {
		lose(ruleHolds("lost-reason") ? WIFI_REASON_BEACON_TIMEOUT : WIFI_REASON_CONNECTION_FAIL, true);
		return;
	}
	gTold = true;
	if (ruleHolds("lost-timeout-event"))
		eventPost(WIFI_EVENT, WIFI_EVENT_STA_BEACON_TIMEOUT, NULL, 0);
	alarmSet(alarm, boardTimeUs() + (ruleHolds("lost-probes") ? PROBES_MS * MS : 0));
}

void onAudible(const Json *event)
{
	bool audible = jsonBool(event, "audible", 1);
	if (gWiFi.station != STATION_CONNECTED || audible == gAudible)
		return;
	gAudible = audible;
	gTold = false;
	if (!audible)
		alarmSet(&gSilenceAlarm, boardTimeUs() + (ruleHolds("lost-after-6s") ? INACTIVE_MS : INACTIVE_MS / 2) * MS);
	else if (ruleHolds("lost-heard-again"))
		alarmClear(&gSilenceAlarm);
}

/* The driver counts the silence from its last scan. */
void stationScans(void)
{
	if (gSilenceAlarm.set && !gTold)
		alarmSet(&gSilenceAlarm, boardTimeUs() + INACTIVE_MS * MS);
}

/* The router announced its move and the station goes along, without a word but HOME_CHANNEL_CHANGE. */
void onChannelSwitch(const Json *event)
{
	if (gWiFi.station != STATION_CONNECTED)
		return;
	if (ruleHolds("csa-follows"))
		radioSetHome((uint8_t)jsonInt(event, "channel", gWiFi.home));
	if (!ruleHolds("csa-silent"))
		lose(WIFI_REASON_BEACON_TIMEOUT, false);
}

void onKicked(const Json *event)
{
	if (gWiFi.station == STATION_CONNECTED || gJoining)
		lose(ruleHolds("kicked-reason") ? (int)jsonInt(event, "reason", WIFI_REASON_AUTH_LEAVE) : WIFI_REASON_BEACON_TIMEOUT, false);
}

/* Start and stop -------------------------------------------------------------------------------------------------- */

void stationStart(void)
{
	gWiFi.stationUp = true;
	gWiFi.station = STATION_IDLE;
	logBegin("station-up");
	effectEnd();
	eventPost(WIFI_EVENT, WIFI_EVENT_STA_START, NULL, 0);
}

void stationStop(void)
{
	scanAbort(true);
	if ((gWiFi.station == STATION_CONNECTED || gJoining) && ruleHolds("stop-disconnects"))
		lose(WIFI_REASON_ASSOC_LEAVE, true);
	gWiFi.station = STATION_IDLE;
	gWiFi.stationUp = false;
	eventPost(WIFI_EVENT, WIFI_EVENT_STA_STOP, NULL, 0);
}

void stationDown(void)
{
	gJoining = false;
	scanDown();
}

/* State ----------------------------------------------------------------------------------------------------------- */

esp_err_t esp_wifi_sta_get_ap_info(wifi_ap_record_t *info)
{
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	if (wifiMissing(info))
		return ESP_ERR_INVALID_ARG;
	if (!gWiFi.stationUp && ruleHolds("ap-info-no-station"))
		return ESP_ERR_WIFI_CONN;
	if (gWiFi.station != STATION_CONNECTED && ruleHolds("ap-info-joined"))
		return ESP_ERR_WIFI_NOT_CONNECT;
	memset(info, 0, sizeof(*info));
	memcpy(info->bssid, gWiFi.bssid, MAC_BYTES);
	memcpy(info->ssid, gWiFi.sta.ssid, sizeof(gWiFi.sta.ssid));
	info->primary = gWiFi.home;
	info->rssi = (int8_t)gWiFi.rssi;
	info->authmode = gWiFi.auth;
	return ESP_OK;
}

esp_err_t esp_wifi_sta_get_rssi(int *rssi)
{
	if (wifiMissing(rssi))
		return ESP_ERR_INVALID_ARG;
	if ((!gWiFi.init || gWiFi.station != STATION_CONNECTED) && ruleHolds("rssi-joined"))
		return ESP_FAIL;
	*rssi = gWiFi.rssi;
	return ESP_OK;
}
