/* Scanning, and what connect takes from it. */
#include <stdio.h>

#include "harness.h"

static void beacon(int channel, int last, int rssi, const char *auth)
{
	char members[160];
	snprintf(members, sizeof(members), "'ssid':'House','bssid':'e4faed0000%02x','channel':%d,'rssi':%d,'auth':'%s'", last, channel, rssi, auth);
	give("beacon", members);
}

static wifi_config_t house(void)
{
	wifi_config_t config;
	memset(&config, 0, sizeof(config));
	memcpy(config.sta.ssid, "House", 5);
	memcpy(config.sta.password, "house-pass", 10);
	return config;
}

static void connectTo(wifi_config_t config)
{
	CHECK_IS(esp_wifi_set_config(WIFI_IF_STA, &config), ESP_OK);
	forget();
	CHECK_IS(esp_wifi_connect(), ESP_OK);
}

RULE(scanChecks, "scan_start: a channel outside the country INVALID_ARG, as access point only refused")
{
	wifi_scan_config_t config = {.channel = 14};
	startWiFi(WIFI_MODE_STA);
	CHECK_IS(esp_wifi_set_country_code("DE", true), ESP_OK);
	CHECK_IS(esp_wifi_scan_start(&config, false), ESP_ERR_INVALID_ARG);
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_AP), ESP_OK);
	CHECK_IS(esp_wifi_scan_start(NULL, false), ESP_ERR_WIFI_MODE);
}

static void scanBlocking(void)
{
	esp_wifi_scan_start(NULL, true);
}

RULE(scanBlocks, "strict: a blocking scan, which would stop the XS task for seconds, ends the board and says so")
{
	startWiFi(WIFI_MODE_STA);
	const char *reason = endOf(scanBlocking);
	CHECK(reason && !strcmp(reason, "panic"));
	CHECK(strstr(gWords, "blocking scan"));
}

RULE(scanCountry, "in a country with 13 channels all of them are asked on and none beyond is looked at")
{
	startWiFi(WIFI_MODE_STA);
	CHECK_IS(esp_wifi_set_country_code("DE", true), ESP_OK);
	CHECK_IS(esp_wifi_scan_start(NULL, false), ESP_OK);
	pass(13 * 120);
	CHECK_IS(timesSaid("{'do':'probe'"), 13);
	CHECK(said("'channel':13,'ssid':'','dwellMs':120,'passive':false"));
	CHECK(strstr(gSeen, "scan_done:0"));
}

RULE(scanCut, "SCAN_DONE comes too when a scan is stopped, or another one takes its place")
{
	startWiFi(WIFI_MODE_STA);
	forget();
	CHECK_IS(esp_wifi_scan_start(NULL, false), ESP_OK);
	CHECK_IS(esp_wifi_scan_start(NULL, false), ESP_OK);
	CHECK_IS(esp_wifi_scan_stop(), ESP_OK);
	settle();
	CHECK(!strcmp(gSeen, "scan_done:0 scan_done:0"));
}

RULE(scanHears, "what is sent while a scan has come home in between is not heard by it")
{
	wifi_scan_config_t config = {.show_hidden = true};
	startWiFi(WIFI_MODE_APSTA);
	CHECK_IS(esp_wifi_scan_start(&config, false), ESP_OK);
	pass(121);
	CHECK(said("{'do':'probe','channel':1,"));
	beacon(1, 1, -40, "wpa2");
	pass(11 * 150 + 3 * 390);
	CHECK(strstr(gSeen, "scan_done:0"));
}

RULE(connectBssid, "connect with a BSSID joins that one and no stronger one")
{
	wifi_config_t config = house();
	startWiFi(WIFI_MODE_STA);
	config.sta.bssid_set = true;
	memcpy(config.sta.bssid, "\xe4\xfa\xed\x00\x00\x02", 6);
	config.sta.scan_method = WIFI_ALL_CHANNEL_SCAN;
	connectTo(config);
	beacon(1, 1, -30, "wpa2");
	beacon(1, 2, -70, "wpa2");
	pass(11 * 120 + 3 * 360);
	CHECK(said("{'do':'join','ssid':'House','password':'house-pass','bssid':'e4faed000002'"));
}

RULE(connectChannel, "connect looks on the configured channel first, then on all of them")
{
	wifi_config_t config = house();
	startWiFi(WIFI_MODE_STA);
	config.sta.channel = 6;
	connectTo(config);
	CHECK(said("{'do':'probe','channel':6,"));
	pass(120);
	CHECK(said("{'do':'probe','channel':1,"));
}

RULE(connectFastScan, "connect: a fast scan ends on the channel of the first that answers, a scan of all channels takes the strongest")
{
	wifi_config_t config = house();
	startWiFi(WIFI_MODE_STA);
	connectTo(config);
	beacon(1, 1, -70, "wpa2");
	pass(120);
	CHECK(said("'bssid':'e4faed000001'"));
	CHECK_IS(esp_wifi_disconnect(), ESP_OK);
	config.sta.scan_method = WIFI_ALL_CHANNEL_SCAN;
	connectTo(config);
	beacon(1, 1, -70, "wpa2");
	pass(120);
	CHECK(!said("{'do':'join'"));
	beacon(2, 2, -40, "wpa2");
	pass(10 * 120 + 3 * 360);
	CHECK(said("'bssid':'e4faed000002'"));
}

RULE(silenceAndScan, "a scan starts the 6 s of a silent router anew")
{
	wifi_scan_config_t config = {.channel = 6};
	startWiFi(WIFI_MODE_STA);
	joinRouter(6);
	give("audible", "'audible':false");
	pass(5000);
	CHECK_IS(esp_wifi_scan_start(&config, false), ESP_OK);
	forget();
	pass(5999);
	CHECK(!strstr(gSeen, "beacon_timeout"));
	pass(1);
	CHECK(strstr(gSeen, "beacon_timeout"));
}

RULE(stationState, "sta_get_ap_info: without a station CONN, not joined NOT_CONNECT; sta_get_rssi FAIL; disconnect without a station FAIL")
{
	wifi_ap_record_t record;
	int rssi;
	startWiFi(WIFI_MODE_STA);
	CHECK_IS(esp_wifi_sta_get_ap_info(&record), ESP_ERR_WIFI_NOT_CONNECT);
	CHECK_IS(esp_wifi_sta_get_rssi(&rssi), ESP_FAIL);
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_AP), ESP_OK);
	CHECK_IS(esp_wifi_sta_get_ap_info(&record), ESP_ERR_WIFI_CONN);
	CHECK_IS(esp_wifi_disconnect(), ESP_FAIL);
}

RULE(channelWhileConnecting, "set_channel in the middle of the handshake FAILs, where no scan runs any more")
{
	startWiFi(WIFI_MODE_STA);
	connectTo(house());
	beacon(1, 1, -40, "wpa2");
	pass(200);
	CHECK(said("{'do':'join'"));
	CHECK_IS(esp_wifi_set_channel(6, WIFI_SECOND_CHAN_NONE), ESP_FAIL);
}

RULE(channelCurrent, "get_channel tells where the radio is: during a scan not where the board lives")
{
	uint8_t primary = 0;
	wifi_second_chan_t second;
	startWiFi(WIFI_MODE_STA);
	CHECK_IS(esp_wifi_scan_start(NULL, false), ESP_OK);
	pass(130);
	CHECK_IS(esp_wifi_get_channel(&primary, &second), ESP_OK);
	CHECK_IS(primary, 2);
}

static wifi_config_t everywhere(void)
{
	wifi_config_t config = house();
	config.sta.scan_method = WIFI_ALL_CHANNEL_SCAN;
	return config;
}

static void refuse(int last)
{
	char members[120];
	snprintf(members, sizeof(members), "'ok':false,'reason':15,'channel':1,'bssid':'e4faed0000%02x','rssi':-40", last);
	give("join-result", members);
	settle();
}

RULE(connectSort, "scanned on all channels: the strongest first, or the most secure first where that is asked for")
{
	wifi_config_t config = everywhere();
	startWiFi(WIFI_MODE_STA);
	connectTo(config);
	beacon(1, 1, -70, "wpa3");
	beacon(1, 2, -40, "wpa2");
	pass(3000);
	CHECK(said("'bssid':'e4faed000002'"));
	CHECK_IS(esp_wifi_disconnect(), ESP_OK);
	config.sta.sort_method = WIFI_CONNECT_AP_BY_SECURITY;
	config.sta.sae_pwe_h2e = WPA3_SAE_PWE_BOTH;
	connectTo(config);
	beacon(1, 1, -70, "wpa3");
	beacon(1, 2, -40, "wpa2");
	pass(3000);
	CHECK(said("'bssid':'e4faed000001'"));
}

RULE(connectNext, "a strongest access point that refuses is followed by the next one, and only the last failure is told")
{
	startWiFi(WIFI_MODE_STA);
	connectTo(everywhere());
	beacon(1, 1, -40, "wpa2");
	beacon(1, 2, -70, "wpa2");
	pass(3000);
	CHECK(said("'bssid':'e4faed000001'"));
	forget();
	refuse(1);
	CHECK(!gSeen[0]);
	CHECK(said("{'do':'join','ssid':'House','password':'house-pass','bssid':'e4faed000002'"));
	refuse(2);
	CHECK(!strcmp(gSeen, "lost:15"));
}

RULE(connectRetries, "failure_retry_cnt: so many tries more with the same access point, on a scan of all channels only")
{
	wifi_config_t config = everywhere();
	config.sta.failure_retry_cnt = 1;
	startWiFi(WIFI_MODE_STA);
	connectTo(config);
	beacon(1, 1, -40, "wpa2");
	pass(3000);
	refuse(1);
	CHECK_IS(timesSaid("{'do':'join'"), 2);
	refuse(1);
	CHECK(!strcmp(gSeen, "lost:15"));
	config.sta.scan_method = WIFI_FAST_SCAN;
	connectTo(config);
	beacon(1, 1, -40, "wpa2");
	pass(120);
	refuse(1);
	CHECK(!strcmp(gSeen, "lost:15"));
}

RULE(connectThresholds, "a network below the signal that was asked for: 212; without the PMF that was required: 210; WPA3 is above WPA2")
{
	wifi_config_t config = everywhere();
	config.sta.threshold.rssi = -60;
	config.sta.sae_pwe_h2e = WPA3_SAE_PWE_BOTH;
	startWiFi(WIFI_MODE_STA);
	connectTo(config);
	beacon(1, 1, -61, "wpa2");
	pass(3000);
	CHECK(!strcmp(gSeen, "lost:212"));
	config.sta.pmf_cfg.required = true;
	connectTo(config);
	beacon(1, 1, -50, "wpa2");
	pass(3000);
	CHECK(!strcmp(gSeen, "lost:210"));
	connectTo(config);
	beacon(1, 1, -50, "wpa3");
	pass(3000);
	CHECK(said("{'do':'join'"));
}

static void meet(wifi_sae_pwe_method_t ours, const char *theirs)
{
	char members[160];
	wifi_config_t config = everywhere();
	config.sta.sae_pwe_h2e = ours;
	esp_wifi_disconnect();
	settle();
	connectTo(config);
	snprintf(members, sizeof(members), "'ssid':'House','bssid':'e4faed000001','channel':1,'rssi':-50,'auth':'wpa3','pwe':'%s'", theirs);
	give("beacon", members);
	pass(3000);
}

RULE(connectPWE, "a WPA3 network that takes only hash to element, or only hunting and pecking: with BOTH both, unset the second only")
{
	startWiFi(WIFI_MODE_STA);
	meet(WPA3_SAE_PWE_UNSPECIFIED, "h2e");
	CHECK(!strcmp(gSeen, "lost:210"));
	meet(WPA3_SAE_PWE_UNSPECIFIED, "hnp");
	CHECK(said("{'do':'join'"));
	meet(WPA3_SAE_PWE_BOTH, "h2e");
	CHECK(said("{'do':'join'"));
	meet(WPA3_SAE_PWE_BOTH, "hnp");
	CHECK(said("{'do':'join'"));
}
