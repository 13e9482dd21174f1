/*
	The Wi-Fi driver's life: init, mode, configuration, start, stop. Checks in the order of the real one.
*/
#include <string.h>

#include "internal.h"
#include "rules.h"

#define AP_MAX_CLIENTS 10 /* ESP_WIFI_MAX_CONN_NUM of the ESP32-C3 */

WiFi gWiFi;

bool modeHas(wifi_mode_t mode, wifi_interface_t ifx)
{
	return mode == WIFI_MODE_APSTA || mode == (ifx == WIFI_IF_STA ? WIFI_MODE_STA : WIFI_MODE_AP);
}

esp_err_t esp_wifi_init(const wifi_init_config_t *config)
{
	if (wifiMissing(config) || (config->magic != WIFI_INIT_CONFIG_MAGIC && ruleHolds("wifi-init-magic")))
		return ESP_ERR_INVALID_ARG;
	if (gWiFi.init && ruleHolds("wifi-init-once"))
		return ESP_ERR_INVALID_STATE;
	memset(&gWiFi, 0, sizeof(gWiFi));
	gWiFi.init = true;
	gWiFi.mode = WIFI_MODE_STA;
	gWiFi.ps = ruleHolds("sleep-default") ? WIFI_PS_MIN_MODEM : WIFI_PS_NONE;
	gWiFi.idlePm = config->sta_disconnected_pm;
	memcpy(gWiFi.ap.ssid, "ESP_", 4);
	static const char digits[] = "0123456789ABCDEF";
	for (int i = 0; i < 3; i++) {
		gWiFi.ap.ssid[4 + 2 * i] = (uint8_t)digits[gAccessPointMac[3 + i] >> 4];
		gWiFi.ap.ssid[5 + 2 * i] = (uint8_t)digits[gAccessPointMac[3 + i] & 15];
	}
	gWiFi.ap.ssid_len = 10;
	gWiFi.ap.channel = 1;
	gWiFi.ap.max_connection = 4;
	gWiFi.ap.beacon_interval = 100;
	gWiFi.ap.csa_count = 3;
	gWiFi.ap.dtim_period = 1;
	gWiFi.sta.listen_interval = 3;
	return ESP_OK;
}

esp_err_t esp_wifi_deinit(void)
{
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	if (gWiFi.started && ruleHolds("wifi-deinit-stopped"))
		return ESP_ERR_WIFI_NOT_STOPPED;
	scanDown();
	faultWifiDeinit();
	memset(&gWiFi, 0, sizeof(gWiFi));
	return ESP_OK;
}

/* Brings the interfaces into line with the mode; the one that stays is not disturbed. */
static void applyMode(wifi_mode_t mode)
{
	bool whole = !ruleHolds("mode-keeps-other") || (mode == gWiFi.mode && !ruleHolds("mode-same"));
	gWiFi.mode = mode;
	bool station = gWiFi.started && modeHas(mode, WIFI_IF_STA);
	bool accessPoint = gWiFi.started && modeHas(mode, WIFI_IF_AP);
	if (gWiFi.stationUp && (!station || whole))
		stationStop();
	if (gWiFi.accessPointUp && (!accessPoint || whole))
		accessPointStop();
	if (station && !gWiFi.stationUp)
		stationStart();
	if (accessPoint && !gWiFi.accessPointUp)
		accessPointStart();
	if (gWiFi.started && !gWiFi.home && ruleHolds("start-home"))
		radioSetHome(1);
	radioReport();
}

esp_err_t esp_wifi_set_mode(wifi_mode_t mode)
{
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	if (mode > WIFI_MODE_NAN && ruleHolds("mode-range"))
		return ESP_ERR_INVALID_ARG;
	if (mode != gWiFi.mode || !ruleHolds("mode-same"))
		applyMode(mode);
	return ESP_OK;
}

esp_err_t esp_wifi_get_mode(wifi_mode_t *mode)
{
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	if (wifiMissing(mode))
		return ESP_ERR_INVALID_ARG;
	*mode = gWiFi.mode;
	return ESP_OK;
}

esp_err_t esp_wifi_start(void)
{
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	if (!gWiFi.started) {
		gWiFi.started = true;
		applyMode(gWiFi.mode);
	}
	return ESP_OK;
}

esp_err_t esp_wifi_stop(void)
{
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	if (gWiFi.started) {
		scanAbort(true);
		if (gWiFi.accessPointUp && !ruleHolds("stop-order"))
			accessPointStop();
		if (gWiFi.stationUp)
			stationStop();
		if (gWiFi.accessPointUp)
			accessPointStop();
		gWiFi.started = false;
		espnowWifiStopped();
		/* set_channel is not stored over a stop. */
		radioAway(0);
		if (ruleHolds("stop-forgets-channel"))
			radioSetHome(0);
		radioReport();
	}
	return ESP_OK;
}

esp_err_t esp_wifi_set_storage(wifi_storage_t storage)
{
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	return storage > WIFI_STORAGE_RAM && ruleHolds("storage-range") ? ESP_ERR_INVALID_ARG : ESP_OK;
}

esp_err_t esp_wifi_set_ps(wifi_ps_type_t type)
{
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	if (type > WIFI_PS_MAX_MODEM && ruleHolds("sleep-range"))
		return ESP_ERR_INVALID_ARG;
	gWiFi.ps = type;
	radioReport();
	return ESP_OK;
}

esp_err_t esp_wifi_get_ps(wifi_ps_type_t *type)
{
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	if (wifiMissing(type))
		return ESP_ERR_INVALID_ARG;
	*type = gWiFi.ps;
	return ESP_OK;
}

/* Configuration --------------------------------------------------------------------------------------------------- */

static bool isKey(const uint8_t *password)
{
	for (int i = 0; i < 64; i++)
		if (!password[i] || !strchr("0123456789abcdefABCDEF", password[i]))
			return false;
	return true;
}

static esp_err_t setAccessPoint(const wifi_ap_config_t *wanted)
{
	wifi_ap_config_t config = *wanted;
	size_t length = strnlen((const char *)config.password, sizeof(config.password));
	if (config.authmode != WIFI_AUTH_OPEN) {
		if (length < 8 && ruleHolds("ap-password-short")) {
			/* The real one has altered the mode by then. */
			if (ruleHolds("ap-authmode-altered"))
				gWiFi.ap.authmode = config.authmode;
			return ESP_ERR_WIFI_PASSWORD;
		}
		if (length == sizeof(config.password) && !isKey(config.password) && ruleHolds("ap-password-key"))
			return ESP_ERR_WIFI_PASSWORD;
	}
	if (config.channel && !channelAllowed(config.channel) && ruleHolds("ap-channel"))
		return ESP_ERR_INVALID_ARG;
	if (!config.channel && ruleHolds("ap-channel-lowest"))
		config.channel = 1;
	if (!config.ssid_len)
		config.ssid_len = (uint8_t)strnlen((const char *)config.ssid, sizeof(config.ssid));
	if (config.max_connection > AP_MAX_CLIENTS && ruleHolds("ap-places-clamped"))
		config.max_connection = AP_MAX_CLIENTS;
	/* Nothing happens for the same configuration; anything else restarts the access point. */
	if (!memcmp(&config, &gWiFi.ap, sizeof(config)) && ruleHolds("ap-same-config"))
		return ESP_OK;
	gWiFi.ap = config;
	if (gWiFi.accessPointUp && ruleHolds("ap-config-restarts"))
		accessPointRestart();
	return ESP_OK;
}

esp_err_t esp_wifi_set_config(wifi_interface_t interface, wifi_config_t *conf)
{
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	if (wifiMissing(conf))
		return ESP_ERR_INVALID_ARG;
	if (interface > WIFI_IF_AP && ruleHolds("wifi-interface"))
		return ESP_ERR_WIFI_IF;
	if (!modeHas(gWiFi.mode, interface) && ruleHolds("config-mode"))
		return ESP_ERR_WIFI_MODE;
	if (interface == WIFI_IF_AP)
		return setAccessPoint(&conf->ap);
	if (gWiFi.station == STATION_CONNECTING && ruleHolds("config-connecting"))
		return ESP_ERR_WIFI_STATE;
	gWiFi.sta = conf->sta;
	return ESP_OK;
}

esp_err_t esp_wifi_get_config(wifi_interface_t interface, wifi_config_t *conf)
{
	if (wifiNotInit())
		return ESP_ERR_WIFI_NOT_INIT;
	if (wifiMissing(conf))
		return ESP_ERR_INVALID_ARG;
	if (interface > WIFI_IF_AP && ruleHolds("wifi-interface"))
		return ESP_ERR_WIFI_IF;
	memset(conf, 0, sizeof(*conf));
	if (interface == WIFI_IF_AP)
		conf->ap = gWiFi.ap;
	else
		conf->sta = gWiFi.sta;
	return ESP_OK;
}
