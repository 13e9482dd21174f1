/*
	Scanning: one channel after the other, asking (active, 120 ms) or only listening (passive, 360 ms); home for 30 ms in
	between when somebody there counts on the radio. Used by scan_start and, without SCAN_DONE, by connect.
*/
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "rules.h"

#define ACTIVE_MS 120
#define PASSIVE_MS 360
#define HOME_MS 30
#define BEACONS 32

typedef void (*ScanDone)(const Beacon *beacons, int count);

static struct {
	bool running;
	bool atHome;
	ScanDone done; /* NULL for scan_start */
	bool stopAtFirst;
	char ssid[33];
	uint8_t channels[15];
	bool passive[15];
	int64_t dwellMs[15];
	int count;
	int at;
	uint8_t id;
	Beacon beacons[BEACONS];
	int beaconCount;
} gScan;

/* Results that wait to be fetched. */
static Beacon gRecords[BEACONS];
static int gRecordCount;

static void scanRing(Alarm *alarm);
static Alarm gAlarm = {.ring = scanRing};

bool scanRunning(void)
{
	return gScan.running;
}

static void scanStep(void)
{
	gScan.atHome = false;
	uint8_t channel = gScan.channels[gScan.at];
	radioAway(channel);
	effectBegin("probe");
	effectInt("channel", channel);
	effectString("ssid", gScan.ssid);
	effectInt("dwellMs", gScan.dwellMs[gScan.at]);
	effectBool("passive", gScan.passive[gScan.at]);
	effectEnd();
	alarmSet(&gAlarm, boardTimeUs() + gScan.dwellMs[gScan.at] * MS);
}

static void tellDone(uint32_t status)
{
	wifi_event_sta_scan_done_t event = {.status = status, .number = (uint8_t)gRecordCount, .scan_id = gScan.id};
	eventPost(WIFI_EVENT, WIFI_EVENT_SCAN_DONE, &event, sizeof(event));
}

static int byStrength(const void *a, const void *b)
{
	return ((const Beacon *)b)->rssi - ((const Beacon *)a)->rssi;
}

static void finish(void)
{
	gScan.running = false;
	if (ruleHolds("scan-sorted"))
		qsort(gScan.beacons, (size_t)gScan.beaconCount, sizeof(Beacon), byStrength);
	radioAway(0);
	if (gScan.done) {
		if (!ruleHolds("scan-connect-silent"))
			tellDone(0);
		(*gScan.done)(gScan.beacons, gScan.beaconCount);
		return;
	}
	memcpy(gRecords, gScan.beacons, sizeof(gRecords));
	gRecordCount = gScan.beaconCount;
	if (ruleHolds("scan-done"))
		tellDone(0);
}

static void scanRing(Alarm *alarm)
{
	if (gScan.atHome) {
		scanStep();
		return;
	}
	gScan.at++;
	if (gScan.at == gScan.count || (gScan.stopAtFirst && gScan.beaconCount)) {
		finish();
		return;
	}
	bool needed = gWiFi.station == STATION_CONNECTED || gWiFi.accessPointUp || !ruleHolds("scan-home-only-needed");
	if (needed && ruleHolds("scan-home")) {
		gScan.atHome = true;
		radioAway(0);
		alarmSet(alarm, boardTimeUs() + HOME_MS * MS);
		return;
	}
	scanStep();
}

static void begin(const char *ssid, ScanDone done)
{
	espnowComeHome();
	gScan.running = true;
	gScan.done = done;
	gScan.at = 0;
	gScan.beaconCount = 0;
	memset(gScan.ssid, 0, sizeof(gScan.ssid));
	memcpy(gScan.ssid, ssid, strnlen(ssid, 32));
	for (int i = 0; i < gScan.count; i++)
		gScan.dwellMs[i] = gScan.passive[i] && ruleHolds("scan-passive-time") ? PASSIVE_MS : ruleHolds("scan-active-time") ? ACTIVE_MS : 2 * ACTIVE_MS;
}

void scanForConnect(const char *ssid, uint8_t firstChannel, bool stopAtFirst, ScanDone done)
{
	int offset = 0;
	if (firstChannel && ruleHolds("connect-channel-hint")) {
		gScan.channels[0] = firstChannel;
		gScan.passive[0] = !channelAllowed(firstChannel);
		offset = 1;
	}
	gScan.count = offset + channelsToScan(gScan.channels + offset, gScan.passive + offset);
	gScan.stopAtFirst = stopAtFirst;
	begin(ssid, done);
	scanStep();
}

void scanAbort(bool tell)
{
	if (!gScan.running)
		return;
	alarmClear(&gAlarm);
	gScan.running = false;
	radioAway(0);
	if (tell && !gScan.done && ruleHolds("scan-done-when-cut"))
		tellDone(1);
}

void scanDown(void)
{
	alarmClear(&gAlarm);
	gScan.running = false;
	gRecordCount = 0;
}

void onBeacon(const Json *event)
{
	const char *ssid = jsonString(event, "ssid", "");
	if (!gScan.running || (gScan.atHome && ruleHolds("scan-away")) || (gScan.ssid[0] && strcmp(ssid, gScan.ssid) && ruleHolds("scan-name")))
		return;
	Beacon beacon = {.channel = (uint8_t)jsonInt(event, "channel", gScan.channels[gScan.at]), .rssi = (int)jsonInt(event, "rssi", -50)};
	memcpy(beacon.ssid, ssid, strnlen(ssid, 32));
	if (!macParse(jsonString(event, "bssid", ""), beacon.bssid))
		return;
	const char *auth = jsonString(event, "auth", "wpa2");
	const char *pwe = jsonString(event, "pwe", "both");
	beacon.auth = !strcmp(auth, "open") ? WIFI_AUTH_OPEN : !strcmp(auth, "wpa3") ? WIFI_AUTH_WPA3_PSK : WIFI_AUTH_WPA2_PSK;
	beacon.pwe = !strcmp(pwe, "h2e") ? WPA3_SAE_PWE_HASH_TO_ELEMENT : !strcmp(pwe, "hnp") ? WPA3_SAE_PWE_HUNT_AND_PECK : WPA3_SAE_PWE_BOTH;
	for (int i = 0; i < gScan.beaconCount; i++) {
		if (!memcmp(gScan.beacons[i].bssid, beacon.bssid, MAC_BYTES) && ruleHolds("scan-once")) {
			gScan.beacons[i] = beacon;
			return;
		}
	}
	if (gScan.beaconCount < BEACONS)
		gScan.beacons[gScan.beaconCount++] = beacon;
}

/* Calls ----------------------------------------------------------------------------------------------------------- */

esp_err_t esp_wifi_scan_start(const wifi_scan_config_t *config, bool block)
{
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	if (wifiNotStarted())
		return ESP_ERR_WIFI_NOT_STARTED;
	uint8_t only = config ? config->channel : 0;
	uint8_t channels[14];
	bool passive[14];
	int count = channelsToScan(channels, passive);
	if (only > count && ruleHolds("scan-channel"))
		return ESP_ERR_INVALID_ARG;
	if (gWiFi.station == STATION_CONNECTING && ruleHolds("scan-connecting"))
		return ESP_ERR_WIFI_STATE;
	if (!gWiFi.stationUp && ruleHolds("scan-ap-only"))
		return ESP_ERR_WIFI_MODE;
	if (block && ruleHolds("strict-blocking-scan"))
		idfPanic("a blocking scan is not for a virtual board");
	scanAbort(true);
	if (ruleHolds("lost-scan-resets"))
		stationScans();
	gScan.count = 0;
	for (int i = 0; i < count; i++) {
		if (only && channels[i] != only)
			continue;
		gScan.channels[gScan.count] = channels[i];
		gScan.passive[gScan.count++] = passive[i] || (config && config->scan_type == WIFI_SCAN_TYPE_PASSIVE);
	}
	gScan.stopAtFirst = false;
	gScan.id++;
	begin(config && config->ssid ? (const char *)config->ssid : "", NULL);
	for (int i = 0; config && i < gScan.count; i++) {
		int64_t ms = gScan.passive[i] ? config->scan_time.passive : config->scan_time.active.max;
		if (ms)
			gScan.dwellMs[i] = ms;
	}
	scanStep();
	return ESP_OK;
}

esp_err_t esp_wifi_scan_stop(void)
{
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	if (wifiNotStarted())
		return ESP_ERR_WIFI_NOT_STARTED;
	if (gWiFi.station == STATION_CONNECTING && ruleHolds("scan-connecting"))
		return ESP_ERR_WIFI_STATE;
	scanAbort(true);
	return ESP_OK;
}

static void fillRecord(const Beacon *beacon, wifi_ap_record_t *record)
{
	memset(record, 0, sizeof(*record));
	memcpy(record->bssid, beacon->bssid, MAC_BYTES);
	memcpy(record->ssid, beacon->ssid, sizeof(record->ssid));
	record->primary = beacon->channel;
	record->rssi = (int8_t)beacon->rssi;
	record->authmode = beacon->auth;
}

static esp_err_t recordsState(void)
{
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	return wifiNotStarted() ? ESP_ERR_WIFI_NOT_STARTED : ESP_OK;
}

esp_err_t esp_wifi_scan_get_ap_num(uint16_t *number)
{
	esp_err_t err = recordsState();
	if (err)
		return err;
	if (wifiMissing(number))
		return ESP_ERR_INVALID_ARG;
	*number = (uint16_t)gRecordCount;
	return ESP_OK;
}

esp_err_t esp_wifi_scan_get_ap_record(wifi_ap_record_t *record)
{
	esp_err_t err = recordsState();
	if (err)
		return err;
	if (wifiMissing(record))
		return ESP_ERR_INVALID_ARG;
	if (!gRecordCount)
		return ruleHolds("scan-records-end") ? ESP_FAIL : ESP_ERR_NOT_FOUND;
	fillRecord(&gRecords[0], record);
	gRecordCount--;
	memmove(gRecords, gRecords + 1, (size_t)gRecordCount * sizeof(Beacon));
	return ESP_OK;
}

esp_err_t esp_wifi_clear_ap_list(void)
{
	esp_err_t err = recordsState();
	if (!err)
		gRecordCount = 0;
	return err;
}
