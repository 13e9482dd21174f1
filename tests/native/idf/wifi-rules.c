/* The Wi-Fi driver: states, codes, events. */
#include "harness.h"

static uint8_t current(void)
{
	uint8_t primary = 0;
	wifi_second_chan_t second;
	CHECK_IS(esp_wifi_get_channel(&primary, &second), ESP_OK);
	return primary;
}

RULE(wifiNotInit, "esp_wifi: calls before init answer NOT_INIT, calls that need start NOT_STARTED")
{
	wifi_mode_t mode;
	wifi_init_config_t config = WIFI_INIT_CONFIG_DEFAULT();
	CHECK_IS(esp_wifi_get_mode(&mode), ESP_ERR_WIFI_NOT_INIT);
	CHECK_IS(esp_wifi_start(), ESP_ERR_WIFI_NOT_INIT);
	CHECK_IS(esp_wifi_deinit(), ESP_ERR_WIFI_NOT_INIT);
	CHECK_IS(esp_wifi_set_channel(1, WIFI_SECOND_CHAN_NONE), ESP_ERR_WIFI_NOT_INIT);
	CHECK_IS(esp_wifi_init(&config), ESP_OK);
	CHECK_IS(esp_wifi_connect(), ESP_ERR_WIFI_NOT_STARTED);
	CHECK_IS(esp_wifi_disconnect(), ESP_ERR_WIFI_NOT_STARTED);
	CHECK_IS(esp_wifi_set_channel(1, WIFI_SECOND_CHAN_NONE), ESP_ERR_WIFI_NOT_STARTED);
	CHECK_IS(esp_wifi_scan_start(NULL, false), ESP_ERR_WIFI_NOT_STARTED);
	CHECK_IS(esp_wifi_set_ps(WIFI_PS_NONE), ESP_OK);
}

RULE(wifiInitTwice, "esp_wifi_init a second time is INVALID_STATE; deinit while started is NOT_STOPPED")
{
	wifi_init_config_t config = WIFI_INIT_CONFIG_DEFAULT();
	startWiFi(WIFI_MODE_STA);
	CHECK_IS(esp_wifi_init(&config), ESP_ERR_INVALID_STATE);
	CHECK_IS(esp_wifi_deinit(), ESP_ERR_WIFI_NOT_STOPPED);
	CHECK_IS(esp_wifi_stop(), ESP_OK);
	CHECK_IS(esp_wifi_deinit(), ESP_OK);
	CHECK_IS(esp_wifi_init(&config), ESP_OK);
}

static void secondInterface(void)
{
	esp_netif_create_default_wifi_sta();
}

RULE(duplicateNetif, "strict: a second default station interface ends the board and says so")
{
	openWiFi();
	const char *reason = endOf(secondInterface);
	CHECK(reason && !strcmp(reason, "panic"));
	CHECK(!strcmp(gWords, "duplicate network interface"));
}

RULE(startStation, "start as station: STA_START, then home 0 to 1")
{
	startWiFi(WIFI_MODE_STA);
	CHECK(!strcmp(gSeen, "sta_start home:0>1"));
	CHECK(said("{'do':'radio','on':true,'channel':1,'home':1,'mode':1,'sta':true,'ap':false,'sleepy':true}"));
	CHECK(said("'event':'station-up'"));
	CHECK(!said("'event':'channel'"));
}

RULE(startBoth, "start as both: the access point's channel is home")
{
	openWiFi();
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_APSTA), ESP_OK);
	configureAccessPoint(6);
	CHECK_IS(esp_wifi_start(), ESP_OK);
	settle();
	CHECK(!strcmp(gSeen, "sta_start home:0>6 ap_start"));
	CHECK(said("{'do':'ap','state':'on','ssid':'RBR','password':'00000000','channel':6,'hidden':false,'auth':3,'address':'192.168.4.1'}"));
	CHECK(said("'event':'ap-open','ssid':'RBR','channel':6"));
	CHECK_IS(current(), 6);
}

RULE(stopEvents, "stop while joined: STA_DISCONNECTED 8, STA_STOP, AP_STOP; the channel is not kept")
{
	openWiFi();
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_APSTA), ESP_OK);
	configureAccessPoint(6);
	CHECK_IS(esp_wifi_start(), ESP_OK);
	joinRouter(6);
	forget();
	CHECK_IS(esp_wifi_stop(), ESP_OK);
	settle();
	CHECK(!strcmp(gSeen, "lost:8 sta_stop ap_stop"));
	CHECK(said("{'do':'leave'}"));
	CHECK(said("{'do':'radio','on':false"));
	CHECK(said("'event':'ap-off'"));
	forget();
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_STA), ESP_OK);
	CHECK_IS(esp_wifi_start(), ESP_OK);
	settle();
	CHECK(!strcmp(gSeen, "sta_start home:0>1"));
}

RULE(setModeKeepsStation, "set_mode from both to station stops the access point and leaves the station's link alone")
{
	openWiFi();
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_APSTA), ESP_OK);
	configureAccessPoint(6);
	CHECK_IS(esp_wifi_start(), ESP_OK);
	joinRouter(6);
	forget();
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_STA), ESP_OK);
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_STA), ESP_OK);
	settle();
	CHECK(!strcmp(gSeen, "ap_stop"));
	wifi_ap_record_t record;
	CHECK_IS(esp_wifi_sta_get_ap_info(&record), ESP_OK);
	CHECK_IS(record.primary, 6);
}

RULE(apPullsHome, "starting or reconfiguring the access point of an unconnected board pulls home to its channel")
{
	startWiFi(WIFI_MODE_STA);
	forget();
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_APSTA), ESP_OK);
	configureAccessPoint(11);
	settle();
	CHECK_IS(current(), 11);
	CHECK(strstr(gSeen, "home:1>11"));
	CHECK(said("{'do':'log','event':'channel','from':1,'to':11}"));
}

RULE(apSameConfig, "set_config of the access point with the same content does nothing; with another it restarts and kicks its clients")
{
	wifi_config_t config;
	startWiFi(WIFI_MODE_APSTA);
	configureAccessPoint(1);
	settle();
	give("client-auth", "'client':'020000000001','password':'00000000'");
	settle();
	forget();
	configureAccessPoint(1);
	settle();
	CHECK(!gSeen[0] && !effects()[0]);
	CHECK_IS(esp_wifi_get_config(WIFI_IF_AP, &config), ESP_OK);
	config.ap.ssid_hidden = 1;
	CHECK_IS(esp_wifi_set_config(WIFI_IF_AP, &config), ESP_OK);
	settle();
	CHECK(!strcmp(gSeen, "client_left ap_stop ap_start"));
	CHECK(said("{'do':'client-kicked','client':'020000000001'}"));
}

RULE(apConfigErrors, "set_config of the access point: not in the mode MODE, short password PASSWORD, channel outside the country INVALID_ARG")
{
	wifi_config_t config;
	memset(&config, 0, sizeof(config));
	startWiFi(WIFI_MODE_STA);
	CHECK_IS(esp_wifi_set_config(WIFI_IF_AP, NULL), ESP_ERR_INVALID_ARG);
	CHECK_IS(esp_wifi_set_config(WIFI_IF_AP, &config), ESP_ERR_WIFI_MODE);
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_APSTA), ESP_OK);
	config.ap.authmode = WIFI_AUTH_WPA2_PSK;
	memcpy(config.ap.password, "1234567", 7);
	CHECK_IS(esp_wifi_set_config(WIFI_IF_AP, &config), ESP_ERR_WIFI_PASSWORD);
	memset(config.ap.password, 'z', 64);
	CHECK_IS(esp_wifi_set_config(WIFI_IF_AP, &config), ESP_ERR_WIFI_PASSWORD);
	memset(config.ap.password, 'a', 64);
	config.ap.channel = 12;
	CHECK_IS(esp_wifi_set_config(WIFI_IF_AP, &config), ESP_ERR_INVALID_ARG);
	CHECK_IS(esp_wifi_set_country_code("DE", true), ESP_OK);
	CHECK_IS(esp_wifi_set_config(WIFI_IF_AP, &config), ESP_OK);
}

RULE(hiddenName, "a hidden access point called - is logged as hidden")
{
	wifi_config_t config;
	startWiFi(WIFI_MODE_APSTA);
	configureAccessPoint(1);
	CHECK_IS(esp_wifi_get_config(WIFI_IF_AP, &config), ESP_OK);
	memset(config.ap.ssid, 0, sizeof(config.ap.ssid));
	config.ap.ssid[0] = '-';
	config.ap.ssid_len = 1;
	config.ap.ssid_hidden = 1;
	CHECK_IS(esp_wifi_set_config(WIFI_IF_AP, &config), ESP_OK);
	CHECK(said("'event':'ap-hidden','ssid':'-','channel':1"));
}

RULE(setChannel, "set_channel moves home, radio and access point, with the event only when it changes")
{
	startWiFi(WIFI_MODE_APSTA);
	forget();
	CHECK_IS(esp_wifi_set_channel(6, WIFI_SECOND_CHAN_NONE), ESP_OK);
	CHECK_IS(esp_wifi_set_channel(6, WIFI_SECOND_CHAN_NONE), ESP_OK);
	settle();
	CHECK(!strcmp(gSeen, "home:1>6"));
	CHECK_IS(timesSaid("{'do':'ap','state':'on'"), 1);
	CHECK_IS(current(), 6);
}

RULE(setChannelRefused, "set_channel: joined, connecting, scanning or with a client FAIL; not allowed INVALID_ARG")
{
	startWiFi(WIFI_MODE_APSTA);
	CHECK_IS(esp_wifi_set_channel(14, WIFI_SECOND_CHAN_NONE), ESP_ERR_INVALID_ARG);
	CHECK_IS(esp_wifi_set_channel(12, WIFI_SECOND_CHAN_NONE), ESP_ERR_INVALID_ARG);
	CHECK_IS(esp_wifi_set_channel(11, WIFI_SECOND_CHAN_ABOVE), ESP_ERR_INVALID_ARG);
	CHECK_IS(esp_wifi_scan_start(NULL, false), ESP_OK);
	CHECK_IS(esp_wifi_set_channel(6, WIFI_SECOND_CHAN_NONE), ESP_FAIL);
	CHECK_IS(esp_wifi_scan_stop(), ESP_OK);
	configureAccessPoint(1);
	settle();
	give("client-auth", "'client':'020000000001','password':'00000000'");
	CHECK_IS(esp_wifi_set_channel(6, WIFI_SECOND_CHAN_NONE), ESP_FAIL);
	give("client-leave", "'client':'020000000001'");
	CHECK_IS(esp_wifi_set_channel(6, WIFI_SECOND_CHAN_NONE), ESP_OK);
	joinRouter(6);
	CHECK_IS(esp_wifi_set_channel(1, WIFI_SECOND_CHAN_NONE), ESP_FAIL);
	CHECK_IS(esp_wifi_disconnect(), ESP_OK);
	CHECK_IS(esp_wifi_set_channel(1, WIFI_SECOND_CHAN_NONE), ESP_OK);
}

RULE(stationChannels, "a station alone may be set on 12 and 13 in any country")
{
	startWiFi(WIFI_MODE_STA);
	CHECK_IS(esp_wifi_set_channel(13, WIFI_SECOND_CHAN_NONE), ESP_OK);
	CHECK_IS(current(), 13);
}

RULE(country, "set_country_code: known codes OK, others INVALID_ARG")
{
	char code[3];
	openWiFi();
	CHECK_IS(esp_wifi_set_country_code("XX", true), ESP_ERR_INVALID_ARG);
	CHECK_IS(esp_wifi_set_country_code("", true), ESP_ERR_INVALID_ARG);
	CHECK_IS(esp_wifi_set_country_code("E ", true), ESP_ERR_INVALID_ARG);
	CHECK_IS(esp_wifi_set_country_code("SK", true), ESP_OK);
	CHECK_IS(esp_wifi_get_country_code(code), ESP_OK);
	CHECK(!strcmp(code, "SK"));
	CHECK_IS(esp_wifi_set_country_code("01", true), ESP_OK);
}

RULE(sleepy, "a joined station without an access point and with power save on sleeps; set_ps NONE keeps it awake")
{
	startWiFi(WIFI_MODE_STA);
	joinRouter(6);
	CHECK(said("'channel':6,'home':6,'mode':1,'sta':true,'ap':false,'sleepy':true"));
	forget();
	CHECK_IS(esp_wifi_set_ps(WIFI_PS_NONE), ESP_OK);
	CHECK(said("'sleepy':false"));
	CHECK_IS(esp_wifi_set_ps(3), ESP_ERR_INVALID_ARG);
}

RULE(idlePm, "an unconnected station rests its radio unless sta_disconnected_pm is off or an access point is up")
{
	wifi_init_config_t config = WIFI_INIT_CONFIG_DEFAULT();
	startWiFi(WIFI_MODE_STA);
	CHECK(said("'sleepy':true"));
	forget();
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_APSTA), ESP_OK);
	CHECK(said("'sleepy':false"));
	CHECK_IS(esp_wifi_stop(), ESP_OK);
	CHECK_IS(esp_wifi_deinit(), ESP_OK);
	config.sta_disconnected_pm = false;
	forget();
	CHECK_IS(esp_wifi_init(&config), ESP_OK);
	CHECK_IS(esp_wifi_start(), ESP_OK);
	CHECK(said("'sta':true"));
	CHECK(!said("'sleepy':true"));
}

RULE(wifiArguments, "esp_wifi: NULL, a mode, a storage or an interface that there is not are INVALID_ARG, a third interface IF")
{
	wifi_init_config_t config = WIFI_INIT_CONFIG_DEFAULT();
	wifi_config_t conf;
	uint8_t primary;
	CHECK_IS(esp_wifi_init(NULL), ESP_ERR_INVALID_ARG);
	config.magic = 0;
	CHECK_IS(esp_wifi_init(&config), ESP_ERR_INVALID_ARG);
	startWiFi(WIFI_MODE_APSTA);
	CHECK_IS(esp_wifi_get_mode(NULL), ESP_ERR_INVALID_ARG);
	CHECK_IS(esp_wifi_get_channel(&primary, NULL), ESP_ERR_INVALID_ARG);
	CHECK_IS(esp_wifi_get_config(WIFI_IF_AP, NULL), ESP_ERR_INVALID_ARG);
	CHECK_IS(esp_wifi_set_mode((wifi_mode_t)(WIFI_MODE_NAN + 1)), ESP_ERR_INVALID_ARG);
	CHECK_IS(esp_wifi_set_storage((wifi_storage_t)(WIFI_STORAGE_RAM + 1)), ESP_ERR_INVALID_ARG);
	CHECK_IS(esp_wifi_set_storage(WIFI_STORAGE_RAM), ESP_OK);
	CHECK_IS(esp_wifi_get_config((wifi_interface_t)(WIFI_IF_AP + 1), &conf), ESP_ERR_WIFI_IF);
}

RULE(sleepDefault, "power save is on until it is switched off, an invalid kind of it INVALID_ARG")
{
	wifi_ps_type_t type = WIFI_PS_NONE;
	openWiFi();
	CHECK_IS(esp_wifi_get_ps(&type), ESP_OK);
	CHECK_IS(type, WIFI_PS_MIN_MODEM);
	CHECK_IS(esp_wifi_set_ps((wifi_ps_type_t)(WIFI_PS_MAX_MODEM + 1)), ESP_ERR_INVALID_ARG);
}

RULE(modeSame, "set_mode to the mode that it is says and does nothing")
{
	startWiFi(WIFI_MODE_APSTA);
	forget();
	CHECK_IS(esp_wifi_set_mode(WIFI_MODE_APSTA), ESP_OK);
	settle();
	CHECK(!gSeen[0] && !effects()[0]);
}
