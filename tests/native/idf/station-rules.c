/* The station's link: connecting, losing, following. */
#include <stdio.h>

#include "harness.h"

static void wantHouse(void)
{
	wifi_config_t config;
	memset(&config, 0, sizeof(config));
	memcpy(config.sta.ssid, "House", 5);
	memcpy(config.sta.password, "house-pass", 10);
	CHECK_IS(esp_wifi_set_config(WIFI_IF_STA, &config), ESP_OK);
}

RULE(connectChecks, "connect: access point mode MODE, no name SSID, twice CONN, joined OK and nothing happens")
{
	startWiFi(WIFI_MODE_AP);
	CHECK_IS(esp_wifi_connect(), ESP_ERR_WIFI_MODE);
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_STA), ESP_OK);
	CHECK_IS(esp_wifi_connect(), ESP_ERR_WIFI_SSID);
	wantHouse();
	CHECK_IS(esp_wifi_connect(), ESP_OK);
	CHECK_IS(esp_wifi_connect(), ESP_ERR_WIFI_CONN);
	CHECK_IS(esp_wifi_disconnect(), ESP_OK);
	joinRouter(1);
	forget();
	CHECK_IS(esp_wifi_connect(), ESP_OK);
	settle();
	CHECK(!gSeen[0] && !effects()[0]);
}

RULE(connectSequence, "connect: scan without SCAN_DONE, home to the router's channel, STA_CONNECTED, GOT_IP")
{
	startWiFi(WIFI_MODE_STA);
	forget();
	joinRouter(6);
	CHECK(!strcmp(gSeen, "home:1>6 connected:6 got_ip"));
	CHECK(said("{'do':'join','ssid':'House','password':'house-pass','bssid':'e4faed000001','channel':6}"));
	CHECK(said("{'do':'dhcp','hostname':'espressif'}"));
	CHECK(said("{'do':'log','event':'station-joined','channel':6}"));
	esp_netif_ip_info_t info;
	CHECK_IS(esp_netif_get_ip_info(esp_netif_get_handle_from_ifkey("WIFI_STA_DEF"), &info), ESP_OK);
	CHECK_IS(info.ip.addr, ESP_IP4TOADDR(192, 168, 1, 50));
	int rssi;
	CHECK_IS(esp_wifi_sta_get_rssi(&rssi), ESP_OK);
	CHECK_IS(rssi, -48);
}

RULE(connectSameChannel, "joining on the channel where the board is posts no channel change")
{
	startWiFi(WIFI_MODE_STA);
	forget();
	joinRouter(1);
	CHECK(!strcmp(gSeen, "connected:1 got_ip"));
}

RULE(scanOrder, "the scan of connect asks on each channel for 120 ms and only listens on 12 to 14, without moving home")
{
	startWiFi(WIFI_MODE_STA);
	wantHouse();
	forget();
	CHECK_IS(esp_wifi_connect(), ESP_OK);
	CHECK(said("{'do':'probe','channel':1,'ssid':'House','dwellMs':120,'passive':false}"));
	pass(119);
	CHECK_IS(timesSaid("{'do':'probe'"), 1);
	pass(1);
	CHECK(said("'channel':2,'ssid':'House'"));
	CHECK(said("{'do':'radio','on':true,'channel':2,'home':1"));
	pass(10 * 120);
	CHECK(said("{'do':'probe','channel':12,'ssid':'House','dwellMs':360,'passive':true}"));
	CHECK(!strcmp(gSeen, ""));
}

RULE(routerAbsent, "no router: reason 201 after all channels, and nothing tries again by itself")
{
	startWiFi(WIFI_MODE_STA);
	wantHouse();
	forget();
	CHECK_IS(esp_wifi_connect(), ESP_OK);
	pass(11 * 120 + 3 * 360 - 1);
	CHECK(!gSeen[0]);
	pass(1);
	CHECK(!strcmp(gSeen, "lost:201"));
	CHECK(said("{'do':'log','event':'station-lost','reason':201}"));
	pass(60000);
	CHECK(!strcmp(gSeen, "lost:201"));
}

RULE(scanWithAccessPoint, "with an access point up the scan comes home for 30 ms between channels")
{
	startWiFi(WIFI_MODE_APSTA);
	wantHouse();
	CHECK_IS(esp_wifi_connect(), ESP_OK);
	pass(120);
	forget();
	pass(29);
	CHECK(!said("{'do':'probe'"));
	pass(1);
	CHECK(said("{'do':'probe','channel':2,"));
}

RULE(wrongPassword, "a refused handshake: the reason the router gives, radio back home")
{
	startWiFi(WIFI_MODE_STA);
	wantHouse();
	CHECK_IS(esp_wifi_connect(), ESP_OK);
	pass(600);
	give("beacon", "'ssid':'House','bssid':'e4faed000001','channel':6,'rssi':-48,'auth':'wpa2'");
	pass(200);
	CHECK(said("{'do':'join'"));
	forget();
	pass(4000);
	give("join-result", "'ok':false,'reason':15,'channel':6,'bssid':'e4faed000001','rssi':-48");
	settle();
	CHECK(!strcmp(gSeen, "lost:15"));
	CHECK(said("{'do':'radio','on':true,'channel':1,'home':1"));
}

RULE(silentRouter, "a router that is heard but never answers: reason 2 after a time")
{
	startWiFi(WIFI_MODE_STA);
	wantHouse();
	CHECK_IS(esp_wifi_connect(), ESP_OK);
	give("beacon", "'ssid':'House','bssid':'e4faed000001','channel':1,'rssi':-48,'auth':'wpa2'");
	forget();
	pass(10000);
	CHECK(!strcmp(gSeen, "lost:2"));
}

RULE(unfitting, "a found network that does not fit: 211 open with a password, 210 secured without one")
{
	wifi_config_t config;
	startWiFi(WIFI_MODE_STA);
	wantHouse();
	forget();
	CHECK_IS(esp_wifi_connect(), ESP_OK);
	give("beacon", "'ssid':'House','bssid':'e4faed000001','channel':1,'rssi':-48,'auth':'open'");
	pass(5000);
	CHECK(!strcmp(gSeen, "lost:211"));
	forget();
	memset(&config, 0, sizeof(config));
	memcpy(config.sta.ssid, "House", 5);
	CHECK_IS(esp_wifi_set_config(WIFI_IF_STA, &config), ESP_OK);
	CHECK_IS(esp_wifi_connect(), ESP_OK);
	give("beacon", "'ssid':'House','bssid':'e4faed000001','channel':1,'rssi':-48,'auth':'wpa2'");
	pass(5000);
	CHECK(!strcmp(gSeen, "lost:210"));
}

RULE(ownDisconnect, "own disconnect: reason 8, the address is reported lost after 120 s only; idle it is OK and says nothing")
{
	startWiFi(WIFI_MODE_STA);
	joinRouter(6);
	forget();
	CHECK_IS(esp_wifi_disconnect(), ESP_OK);
	CHECK_IS(esp_wifi_disconnect(), ESP_OK);
	settle();
	CHECK(!strcmp(gSeen, "lost:8"));
	CHECK(said("{'do':'leave'}"));
	pass(119000);
	CHECK(!strcmp(gSeen, "lost:8"));
	pass(1000);
	CHECK(!strcmp(gSeen, "lost:8 lost_ip"));
}

RULE(silentLoss, "a router gone silently: beacon timeout after 6 s, reason 200 half a second later, not if it is heard again")
{
	startWiFi(WIFI_MODE_STA);
	joinRouter(6);
	forget();
	give("audible", "'audible':false");
	pass(5999);
	CHECK(!gSeen[0]);
	pass(1);
	CHECK(!strcmp(gSeen, "beacon_timeout"));
	give("audible", "'audible':true");
	pass(10000);
	CHECK(!strcmp(gSeen, "beacon_timeout"));
	forget();
	give("audible", "'audible':false");
	pass(6499);
	CHECK(!strcmp(gSeen, "beacon_timeout"));
	pass(1);
	CHECK(!strcmp(gSeen, "beacon_timeout lost:200"));
	pass(60000);
	CHECK(!strcmp(gSeen, "beacon_timeout lost:200"));
}

RULE(announcedMove, "an announced move: HOME_CHANNEL_CHANGE and nothing else, the access point goes along")
{
	startWiFi(WIFI_MODE_APSTA);
	joinRouter(6);
	forget();
	give("csa", "'channel':11");
	settle();
	CHECK(!strcmp(gSeen, "home:6>11"));
	CHECK(said("{'do':'ap','state':'on'"));
	CHECK(said("{'do':'radio','on':true,'channel':11,'home':11"));
	CHECK(said("{'do':'log','event':'channel','from':6,'to':11}"));
	wifi_ap_record_t record;
	CHECK_IS(esp_wifi_sta_get_ap_info(&record), ESP_OK);
	CHECK_IS(record.primary, 11);
}

RULE(apFollows, "the access point follows the station to the router's channel and stays there afterwards")
{
	startWiFi(WIFI_MODE_APSTA);
	CHECK(said("'state':'on'"));
	forget();
	joinRouter(11);
	CHECK(said("'password':'','channel':11,"));
	CHECK(!strstr(gSeen, "ap_st"));
}

RULE(kicked, "put out by the router: its reason, no leave")
{
	startWiFi(WIFI_MODE_STA);
	joinRouter(6);
	forget();
	give("kicked", "'reason':7");
	settle();
	CHECK(!strcmp(gSeen, "lost:7"));
	CHECK(!said("{'do':'leave'}"));
}

RULE(userScan, "scan_start: SCAN_DONE at the end, records by strength, each once, then ESP_FAIL")
{
	wifi_scan_config_t config;
	wifi_ap_record_t record;
	uint16_t count;
	memset(&config, 0, sizeof(config));
	config.ssid = (uint8_t *)"House";
	config.channel = 6;
	startWiFi(WIFI_MODE_STA);
	forget();
	CHECK_IS(esp_wifi_scan_start(&config, false), ESP_OK);
	CHECK_IS(timesSaid("{'do':'probe','channel':6,'ssid':'House'"), 1);
	give("beacon", "'ssid':'House','bssid':'e4faed000001','channel':6,'rssi':-70,'auth':'wpa2'");
	give("beacon", "'ssid':'House','bssid':'e4faed000001','channel':6,'rssi':-71,'auth':'wpa2'");
	give("beacon", "'ssid':'House','bssid':'e4faed000002','channel':7,'rssi':-40,'auth':'wpa2'");
	give("beacon", "'ssid':'Other','bssid':'e4faed000003','channel':6,'rssi':-30,'auth':'wpa2'");
	pass(120);
	CHECK(!strcmp(gSeen, "scan_done:2"));
	CHECK_IS(esp_wifi_scan_get_ap_num(&count), ESP_OK);
	CHECK_IS(count, 2);
	CHECK_IS(esp_wifi_scan_get_ap_record(&record), ESP_OK);
	CHECK_IS(record.rssi, -40);
	CHECK_IS(esp_wifi_scan_get_ap_record(&record), ESP_OK);
	CHECK_IS(record.rssi, -71);
	CHECK_IS(esp_wifi_scan_get_ap_record(&record), ESP_FAIL);
}

RULE(scanWhileConnecting, "scan_start while connecting is STATE, as is a new station configuration")
{
	wifi_config_t config;
	memset(&config, 0, sizeof(config));
	startWiFi(WIFI_MODE_STA);
	wantHouse();
	CHECK_IS(esp_wifi_connect(), ESP_OK);
	CHECK_IS(esp_wifi_scan_start(NULL, false), ESP_ERR_WIFI_STATE);
	CHECK_IS(esp_wifi_set_config(WIFI_IF_STA, &config), ESP_ERR_WIFI_STATE);
}
